"""Closed periods are rated again: what changed since is billed by the document that the spec names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Billed, bill, summary

BOOK = """
rating:
  rpc:
    meter: requests
    lines_by: [chain]
    price: {model: graduated, per: 1, tiers: [{up_to: 100, amount: 1}, {amount: 0.50}]}
specs:
  global: {time_zone: UTC, currency: USD, tax: {name: VAT, percent: 20}, late_usage: {policy: next_invoice}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]}
"""
OCTOBER = "requests 2026-10-05T00:00:00Z o1 90 chain=eth\n"
LATE = "requests 2026-10-31T23:59:59Z o1 20 chain=sol\n"
NOVEMBER = "requests 2026-11-05T00:00:00Z o1 10 chain=eth\n"


def billed(book: str = BOOK, usage: str = OCTOBER, period: str = "2026-10") -> list[dict[str, Any]]:
    return bill(book, period, usage).documents


def again(issued: list[dict[str, Any]], usage: str, book: str = BOOK, period: str = "2026-11") -> Billed:
    return bill(book, period, usage, issued=issued, corrects=True)


def test_where_nothing_changed_the_next_invoice_is_as_ever() -> None:
    (document,) = again(billed(), OCTOBER + NOVEMBER).documents
    assert document == bill(BOOK, "2026-11", OCTOBER + NOVEMBER).invoice


def test_late_usage_is_a_line_of_the_next_invoice_at_the_prices_of_its_period() -> None:
    """October's 110 cost 100 + 10 × 0.50 = 105.00, and 90.00 are billed: 15.00 more, with 20 % of tax."""
    document = again(billed(), OCTOBER + LATE + NOVEMBER).invoice
    assert summary(document) == [
        "usage rpc chain=eth 10.00",
        "correction rpc chain=sol 15.00",
        "tax tax 2.00",
        "tax tax 3.00",
        "total 30.00",
    ]
    line = document["lines"][1]
    assert (line["dimensions"], line["quantity"], line["period"]["from"]) == (
        {"chain": "sol"},
        "20",
        "2026-10-01T00:00:00Z",
    )
    assert line["corrects"] | {"invoice": ""} == {
        "invoice": "",
        "kind": "usage",
        "was": "0",
        "is": "15.00",
        "cause": ["usage"],
    }
    assert (document["subtotal"], document["tax"]) == ("25.00", "5.00")


def test_late_usage_of_a_child_or_of_one_of_several_meters_is_a_line_of_just_that() -> None:
    """20 more requests of its own, and 100 bytes of the child at 0.25; the sections are November's."""
    meters = "    meters: [{meter: requests}, {meter: egress, factor: 0.25}]\n    unit: u\n"
    children = "charges: [{rating: rpc}], children: [{id: eu, org: o2}]"
    book = BOOK.replace("    meter: requests\n", meters).replace("charges: [{rating: rpc}]", children)
    both = OCTOBER.replace("90", "5") + "egress 2026-10-05T00:00:00Z o1 40 chain=eth\n"
    late = LATE.replace("sol", "eth") + "egress 2026-10-31T23:59:59Z o2 100 chain=eth\n"
    document = again(billed(book, both), both + late + NOVEMBER, book).invoice
    lines = [line for line in document["lines"] if line["kind"] == "correction"]
    assert [(line["meter"], line["dimensions"]["account"], line["amount"]) for line in lines] == [
        ("requests", None, "20.00"),
        ("egress", "eu", "25.00"),
    ]
    assert document["sections"] == [{"account": "eu", "name": "eu", "amount": "0.00"}]


def test_a_correction_is_made_once() -> None:
    first = billed()
    second = again(first, OCTOBER + LATE + NOVEMBER).documents
    third = again([*first, *second], OCTOBER + LATE + NOVEMBER, period="2026-12").documents
    assert third == []


def test_a_back_dated_price_is_corrected_and_names_the_book_as_its_cause() -> None:
    cheaper = BOOK.replace("amount: 1}", "amount: 0.90}")
    document = again(billed(), OCTOBER + NOVEMBER, cheaper).invoice
    assert summary(document)[:2] == ["usage rpc chain=eth 9.00", "correction rpc chain=eth -9.00"]
    assert document["lines"][1]["corrects"]["cause"] == ["book"]


def test_d94_corrections_beyond_the_invoice_make_it_a_credit_note() -> None:
    document = again(billed(), NOVEMBER).invoice
    assert (document["total"], document["document"]) == ("-96.00", "credit_note")


def test_a_credit_note_is_a_document_of_its_own_and_mirrors_the_tax() -> None:
    book = BOOK.replace("next_invoice", "credit_note")
    first = billed(book)
    note, invoice = again(first, "requests 2026-10-05T00:00:00Z o1 60 chain=eth\n" + NOVEMBER, book).documents
    assert summary(note) == ["correction rpc chain=eth -30.00", "tax tax -6.00", "total -36.00"]
    assert (note["document"], note["refers_to"]) == ("credit_note", first[0]["invoice"])
    assert note["boundary"] == invoice["boundary"]
    assert summary(invoice) == ["usage rpc chain=eth 10.00", "tax tax 2.00", "total 12.00"]


def test_what_a_credit_note_gave_back_is_not_given_back_again() -> None:
    book = BOOK.replace("next_invoice", "credit_note")
    less = "requests 2026-10-05T00:00:00Z o1 60 chain=eth\n"
    first = billed(book)
    second = again(first, less + NOVEMBER, book).documents
    assert again([*first, *second], less + NOVEMBER, book, "2026-12").documents == []


def test_with_credit_notes_more_is_still_a_line_of_the_next_invoice() -> None:
    book = BOOK.replace("next_invoice", "credit_note")
    (document,) = again(billed(book), OCTOBER + LATE + NOVEMBER, book).documents
    assert "correction rpc chain=sol 15.00" in summary(document)


def test_what_is_only_reported_is_a_finding_with_what_was_and_is() -> None:
    book = BOOK.replace("next_invoice", "report_only")
    run = again(billed(book), OCTOBER + LATE + NOVEMBER, book)
    assert summary(run.invoice) == ["usage rpc chain=eth 10.00", "tax tax 2.00", "total 12.00"]
    (finding,) = [one for one in run.findings if one.code == "RB512"]
    assert finding.details["lines"] == [
        {"charge": "rpc", "kind": "usage", "dimensions": {"chain": "sol"}, "was": "0", "is": "15.00"}
    ]


@pytest.mark.parametrize(("days", "lines"), [(30, 2), (29, 1)], ids=["as old as allowed", "older"])
def test_older_periods_than_the_spec_allows_are_left_alone(days: int, lines: int) -> None:
    """October ended 30 days before November does."""
    book = BOOK.replace("policy: next_invoice", f"policy: next_invoice, until: {days} days")
    document = again(billed(book), OCTOBER + LATE + NOVEMBER, book).invoice
    assert len([line for line in document["lines"] if line["kind"] != "tax"]) == lines


def test_a_contract_that_ended_is_corrected_by_a_document_of_its_own() -> None:
    book = BOOK.replace("start: 2026-01-01", "start: 2026-01-01, end: 2026-11-01")
    (document,) = again(billed(book), OCTOBER + LATE, book).documents
    assert summary(document) == ["correction rpc chain=sol 15.00", "tax tax 3.00", "total 18.00"]
    assert document["document"] == "debit_note"


def test_a_corrected_period_is_taxed_at_the_rate_of_its_own_time() -> None:
    book = BOOK.replace("percent: 20", "versions: [{percent: 18}, {from: 2026-11-01, percent: 20}]")
    document = again(billed(book), OCTOBER + LATE + NOVEMBER, book).invoice
    assert summary(document)[2:] == ["tax tax 2.00", "tax tax 2.70", "total 29.70"]


@given(
    st.lists(
        st.tuples(st.integers(1, 200), st.sampled_from(["eth", "sol", "ton"]), st.booleans()), max_size=8
    )
)
def test_two_runs_with_a_correction_bill_what_one_run_bills(events: list[tuple[int, str, bool]]) -> None:
    written = [
        (f"requests 2026-10-05T00:00:00Z o1 {units} chain={chain}\n", late) for units, chain, late in events
    ]
    known = "".join(text for text, late in written if not late)
    every = "".join(text for text, _ in written) + NOVEMBER
    base = NOVEMBER + "requests 2026-10-01T00:00:00Z o1 1 chain=eth\n"
    first = billed(usage=known + base)
    second = again(first, every + base).documents
    whole = [*billed(usage=every + base), *bill(BOOK, "2026-11", every + base).documents]
    assert net([*first, *second]) == net(whole)


def net(documents: list[dict[str, Any]]) -> int:
    return sum(int(one["subtotal"].replace(".", "")) for one in documents)


def test_an_invoice_sums_up_what_it_corrects_of_each_earlier_one() -> None:
    first = billed()
    document = again(first, OCTOBER + LATE + NOVEMBER).invoice
    assert document["corrections"] == [
        {
            "invoice": first[0]["invoice"],
            "period": first[0]["period"],
            "cause": ["usage"],
            "subtotal": "15.00",
            "tax": "3.00",
        }
    ]
    assert document["lines"][-1]["corrects"] == {"invoice": first[0]["invoice"]}


def test_a_note_says_its_cause_and_its_tax() -> None:
    book = BOOK.replace("next_invoice", "credit_note")
    note, _ = again(billed(book), NOVEMBER, book).documents
    assert (note["document"], note["cause"], note["tax"], note["total"]) == (
        "credit_note",
        ["usage"],
        "-18.00",
        "-108.00",
    )
