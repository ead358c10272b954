"""The whole document: what stands on it, that it adds up, and that it is a function of its digests."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from ratebook.money import MINOR_UNITS
from ratebook.template import TemplateError, compile_template
from tests.builders import amounts, bill
from tests.random_runs import RATES, runs

BOOK = """
labels: {chain: {values: {eth: Ethereum}}}
rating:
  rpc:
    meter: requests
    lines_by: [chain]
    price: {amount: 0.45, per: 1000}
    description: "{{ chain | label }} - {{ quantity | compact }} {{ unit }}"
plans:
  pro: {name: Pro, fees: [{id: base, name: Base fee, amount: 49}], charges: [{rating: rpc}]}
specs:
  eu: {time_zone: Europe/Berlin, currency: EUR, fx: {source: ecb}, invoice: {issue_after: 1 day, due: 14 days},
       tax: {name: VAT, percent: 19}}
contracts:
  acme: {org: o1, type: hybrid, spec: eu, plan: pro, start: 2026-01-01, report: [rpc],
         customer: {name: Acme GmbH, email: ap@acme.example, country: DE}}
"""
USAGE = """
    requests 2026-10-05T00:00:00Z o1 1234567 chain=eth
    requests 2026-10-05T00:00:00Z o1 2600 chain=NULL
"""
RATE = "2026-09-30,ecb,EUR/USD,1.16\n2026-10-30,ecb,EUR/USD,1.17"


def invoice(text: str = BOOK, usage: str = USAGE) -> dict[str, Any]:
    return bill(text, "2026-10", usage, rates=RATE).invoice


def test_a_document_has_a_head_lines_totals_and_digests() -> None:
    document = invoice()
    assert {
        name: document[name] for name in ("contract", "spec", "kind", "boundary", "revision", "currency")
    } == {
        "contract": "acme",
        "spec": "eu",
        "kind": "period",
        "boundary": "2026-11-01T00:00:00+01:00",
        "revision": 0,
        "currency": "EUR",
    }
    assert document["period"] == {
        "from": "2026-10-01T00:00:00+02:00",
        "to": "2026-11-01T00:00:00+01:00",
        "time_zone": "Europe/Berlin",
    }
    assert (document["issue_date"], document["due_date"]) == ("2026-11-02", "2026-11-16")
    assert document["customer"] == {"name": "Acme GmbH", "email": "ap@acme.example", "country": "DE"}
    assert set(document["digests"]) == {"usage", "terms", "fx", "brought_forward", "tzdata", "semantics"}
    assert re.fullmatch(r"inv_[0-9a-f]{24}", document["invoice"])


def test_a_usage_line_says_everything() -> None:
    """1,234,567 × 0.45 / 1000 / 1.17 = 474.8334… EUR, and 1.00 for what has no chain."""
    nothing, ethereum = invoice()["lines"][1:3]
    assert ethereum == {
        "charge": "rpc",
        "kind": "usage",
        "description": "Ethereum - 1.23 M request",
        "quantity": "1234567",
        "unit": "request",
        "billable": "1234567",
        "billable_unit": "request",
        "amount": "474.83",
        "currency": "EUR",
        "dimensions": {"chain": "eth"},
        "period": {"from": "2026-10-01T00:00:00+02:00", "to": "2026-11-01T00:00:00+01:00"},
    }
    assert (nothing["dimensions"], nothing["amount"]) == ({"chain": None}, "1.00")


def test_what_changed_an_amount_says_of_what() -> None:
    """100 less 10 % is 90; the maximum cuts 80 from it, and the minimum adds 15."""
    text = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
contracts:
  a: {org: o1, type: metered, spec: global, start: 2026-01-01, discounts: [{percent: 4, applies_to: [usage]}],
      charges: [{rating: rpc, discount: {percent: 10}, maximum: 10, minimum: 25}]}
"""
    lines = bill(text, "2026-10", "requests 2026-10-05T00:00:00Z o1 100").invoice["lines"]
    assert [(line["description"], line["amount"]) for line in lines[1:]] == [
        ("Discount on rpc", "-10.00"),
        ("Maximum of rpc", "-80.00"),
        ("Minimum of rpc", "15.00"),
        ("Discount 4 %", "-1.00"),
    ]


def test_a10_a_description_prints_the_number_that_was_computed() -> None:
    """A template that rounds, as `'%.2f' | format(2.675)`, would print 2.67; here it gets texts, and cannot round."""
    text = BOOK.replace("{{ quantity | compact }}", "{{ billable }}").replace(
        "per: 1000}", "per: 1000}\n    convert: {divide_by: 1000}"
    )
    assert invoice(text)["lines"][2]["description"] == "Ethereum - 1234.567 request"
    with pytest.raises(TemplateError):
        compile_template("{{ quantity | round }}")


def test_reported_usage_is_an_appendix_without_amounts() -> None:
    document = invoice()
    assert [line["amount"] for line in document["appendix"]] == [None, None]
    assert [line["description"] for line in document["appendix"]] == [
        " - 2.6 k request",
        "Ethereum - 1.23 M request",
    ]


def test_a_fixed_contract_may_be_all_appendix() -> None:
    text = BOOK.replace("type: hybrid, spec: eu, plan: pro,", "type: fixed, spec: eu,")
    document = invoice(text)
    assert (document["total"], len(document["appendix"])) == ("0.00", 2)


def test_a_charge_named_like_a_reported_rule_keeps_its_own_unit() -> None:
    text = """
rating:
  rpc: {meter: requests, price: {amount: 1, per: 1}}
  eg: {meter: egress, price: {amount: 1, per: 1}}
contracts:
  a: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: eg, id: rpc}], report: [rpc]}
"""
    usage = "requests 2026-10-05T00:00:00Z o1 3\negress 2026-10-05T00:00:00Z o1 5"
    document = bill(text, "2026-10", usage).invoice
    lines = [*document["lines"], *document["appendix"]]
    assert [(line["quantity"], line["unit"], line["amount"]) for line in lines] == [
        ("5", "byte", "5.00"),
        ("3", "request", None),
    ]


def test_no_number_of_a_document_is_a_float() -> None:
    numbers: list[str] = []
    json.loads(json.dumps(invoice()), parse_float=numbers.append)
    assert numbers == []


# What the id and the digests depend on


def digests(document: dict[str, Any]) -> dict[str, Any]:
    return {"invoice": document["invoice"], **document["digests"]}


def changed(text: str = BOOK, usage: str = USAGE) -> set[str]:
    """Name the digests that differ from those of the plain invoice."""
    before, after = digests(invoice()), digests(invoice(text, usage))
    return {name for name in before if before[name] != after[name]}


def test_e59_the_form_of_a_book_changes_no_digest() -> None:
    assert changed(BOOK.replace("0.45", "0.450").replace("per: 1000", "per: 1_000")) == set()


def test_an_edit_elsewhere_in_the_book_changes_no_digest() -> None:
    other = "\n  zeta: {org: o9, type: metered, spec: eu, start: 2026-03-01, charges: [{rating: eg}]}\n"
    more = BOOK.replace("plans:", "  eg: {meter: egress, price: {amount: 1, per: 1}}\nplans:") + other
    assert bill(more, "2026-10", USAGE, rates=RATE).documents[0] == invoice()


def test_e52_a_price_changes_the_digest_of_the_terms() -> None:
    assert changed(BOOK.replace("0.45", "0.46")) == {"terms"}


def test_a_label_changes_the_digest_of_the_terms() -> None:
    assert changed(BOOK.replace("eth: Ethereum", "eth: ETH")) == {"terms"}


def test_usage_changes_the_digest_of_the_usage() -> None:
    assert changed(usage=USAGE.replace("1234567", "1234568")) == {"usage"}


def test_the_order_of_events_changes_nothing() -> None:
    turned = "\n".join(reversed(USAGE.strip().splitlines()))
    assert invoice(usage=turned) == invoice()


def test_an_id_is_that_of_contract_boundary_and_kind() -> None:
    text = BOOK.replace("start: 2026-01-01", "start: 2026-10-01")
    opened = bill(
        text.replace("amount: 49}", "amount: 49, bill: in_advance}"), "2026-10", rates=RATE
    ).documents
    ids = [document["invoice"] for document in opened]
    assert len(set(ids)) == 2
    assert bill(text.replace("0.45", "0.46"), "2026-10", USAGE, rates=RATE).invoice["invoice"] == ids[1]


# Whatever the book and the usage


@given(runs())
def test_a1_every_document_adds_up(drawn: tuple[str, str]) -> None:
    book, usage = drawn
    for document in bill(book, "2026-Q4", usage, rates=RATES).documents:
        lines = amounts(document)
        subtotal = [Decimal(line["amount"]) for line in document["lines"] if line["kind"] != "tax"]
        assert sum(lines) == Decimal(document["total"])
        assert sum(subtotal) == Decimal(document["subtotal"])
        assert Decimal(document["subtotal"]) + Decimal(document["tax"] or 0) == Decimal(document["total"])


@given(runs())
def test_a9_every_amount_has_the_places_of_its_currency_and_no_zero_is_negative(
    drawn: tuple[str, str],
) -> None:
    book, usage = drawn
    for document in bill(book, "2026-Q4", usage, rates=RATES).documents:
        places = MINOR_UNITS[document["currency"]]
        pattern = r"-?\d+" + (rf"\.\d{{{places}}}" if places else "")
        for amount in (
            *(line["amount"] for line in document["lines"]),
            document["subtotal"],
            document["total"],
        ):
            assert re.fullmatch(pattern, amount)
            assert not amount.startswith("-") or Decimal(amount) < 0
        assert {line["currency"] for line in document["lines"]} == {document["currency"]}
