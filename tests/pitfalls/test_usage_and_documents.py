"""Usage that is counted, amounts and documents that come of it, as other engines got them wrong; worked out by hand."""

from pathlib import Path
from typing import Any

import pytest

from tests.book.small_book import check
from tests.builders import amounts, bill
from tests.example import ratebook
from tests.test_rating_examples import files_of, rate, write

RULE = "rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}\n"
ACME = "org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]"


def used(*events: str) -> str:
    """Write events as `10-05 3`: three requests of 5 October."""
    return "".join(f"requests 2026-{day}T12:00:00Z o1 {n}\n" for day, n in (one.split() for one in events))


def rated(folder: Path, **example: Any) -> tuple[dict[str, Any], list[str]]:
    """Rate a situation with the real engine, and give its invoice and the codes of findings."""
    write(folder, files_of(example))
    (document,), codes = rate(folder, "2026-10")
    return document, codes


# Usage


def test_lago_5651_5583_5244_3274_times_keep_their_microseconds(tmp_path: Path) -> None:
    """The price rises at noon: 3 at 1 in the microsecond before it, 2 at 10 from it on."""
    price = {"per": 1, "versions": [{"amount": 1}, {"from": "2026-10-15T12:00:00Z", "amount": 10}]}
    usage = [{"at": "2026-10-15T11:59:59.999999Z", "n": 3}, {"at": "2026-10-15T12:00:00.000000Z", "n": 2}]
    assert rated(tmp_path, rule={"price": price}, usage=usage)[0]["total"] == "23.00"


def test_lago_4225_4227_what_is_missing_is_one_value_and_no_way_to_count_twice(tmp_path: Path) -> None:
    usage = [
        {"id": "a", "n": 3},
        {"id": "a", "n": 3},
        {"id": "b", "n": 1},
        {"id": "c", "n": 4, "chain": "eth"},
    ]
    rule = {"lines_by": ["chain"], "price": {"amount": 1, "per": 1}}
    document, codes = rated(tmp_path, rule=rule, usage=usage)
    assert [(line["dimensions"], line["amount"]) for line in document["lines"]] == [
        ({"chain": None}, "4.00"),
        ({"chain": "eth"}, "4.00"),
    ]
    assert codes == ["RB413"]


def test_lago_6019_an_event_of_an_earlier_day_that_comes_later_counts() -> None:
    """Of 10 seats for all of October 4 are given back at noon of the 16th: 10 × 31 days, less 4 × 15.5."""
    text = f"""
meters: {{seats: {{source: raw, aggregate: time_weighted_sum, value: level, unit: seat}}}}
rating: {{rpc: {{meter: seats, price: {{amount: 31, per: 1}}}}}}
contracts: {{acme: {{{ACME}}}}}
"""
    before = "seats 2026-10-01T00:00:00Z o1 10\n"
    assert bill(text, "2026-10", before).invoices() == [["usage rpc 310.00", "total 310.00"]]
    later = f"{before}seats 2026-10-16T12:00:00Z o1 -4\n"
    assert bill(text, "2026-10", later).invoices() == [["usage rpc 248.00", "total 248.00"]]


def test_lago_5616_days_add_up_to_the_month_and_a_day_without_usage_is_no_hole() -> None:
    daily = f"{RULE}contracts: {{acme: {{{ACME}, cycle: {{every: day}}}}}}"
    monthly = f"{RULE}contracts: {{acme: {{{ACME}}}}}"
    usage = used("10-01 1", "10-02 2", "10-04 4")
    assert [one["total"] for one in bill(daily, "2026-10", usage).documents] == ["1.00", "2.00", "4.00"]
    assert [one["total"] for one in bill(monthly, "2026-10", usage).documents] == ["7.00"]


def test_lago_5102_a_charge_that_is_taken_away_makes_nothing_negative() -> None:
    """The day after it is taken away: its usage has no price, and what was billed before stays."""
    other = RULE.replace("rpc:", "eg: {meter: egress, price: {amount: 1, per: 1}}, rpc:")
    both = ACME.replace("{rating: rpc}", "{rating: rpc}, {rating: eg}")
    text = f"""
{other}
contracts:
  a: {{{both}, end: 2026-10-03}}
  b: {{{both.replace("{rating: rpc}, ", "").replace("2026-01-01", "2026-10-03")}}}
  c: {{{ACME.replace("o1", "o2")}}}
"""
    usage = used("10-01 1", "10-02 2", "10-04 4") + "egress 2026-10-04T12:00:00Z o1 5\n"
    run = bill(text, "2026-10", usage)
    assert run.invoices() == [["usage rpc 3.00", "total 3.00"], ["usage eg 5.00", "total 5.00"]]
    assert [one.code for one in run.findings] == ["RB503"]


def test_meteroid_1056_what_is_shown_counts_events_as_what_is_billed_does(tmp_path: Path) -> None:
    usage = [{"id": "a", "n": 3}, {"id": "a", "n": 3}, {"id": "b", "n": 4}]
    document, _ = rated(tmp_path, rule={"price": {"amount": 1, "per": 1}}, usage=usage)
    assert document["total"] == "7.00"
    words = ("explain", "--book", str(tmp_path), "--period", "2026-10", "--contract", "acme")
    assert "Meter calls: 2 events = 7 call" in ratebook(*words).stdout


# Amounts


@pytest.mark.parametrize(
    "price",
    [
        "{amount: 1, per: 1}",
        "{model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}",
        "{model: volume, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}",
        "{model: package, size: 10, amount: 5}",
    ],
)
def test_lago_3676_no_units_cost_nothing_and_are_a_number(price: str) -> None:
    text = f"{RULE.replace('{amount: 1, per: 1}', price)}contracts: {{acme: {{{ACME}}}}}"
    (invoice,) = bill(
        text.replace("meter: requests", "meter: egress, lines_by: [chain]"), "2026-10", nothing()
    ).invoices()
    assert invoice == ["usage rpc chain=eth 0.00", "usage rpc chain=sol 0.00", "total 0.00"]


def nothing() -> str:
    return "".join(f"egress 2026-10-05T12:00:00Z o1 0 chain={chain}\n" for chain in ("eth", "sol"))


def test_meteroid_848_a_tax_keeps_its_digits_until_it_is_rounded_once() -> None:
    """8.875 % of 100.01 are 8.8758…; 20 % of 90,071,992,547,409.93, which is no float, are ….986."""
    for percent, amount, tax in (
        ("8.875", "100.01", "8.88"),
        ("20", "90071992547409.93", "18014398509481.99"),
    ):
        text = f"""
specs: {{taxed: {{time_zone: UTC, currency: USD, tax: {{name: T, percent: {percent}}}}}}}
contracts: {{a: {{org: o1, type: fixed, spec: taxed, start: 2026-01-01, price_fixed: {{name: All, amount: {amount}}}}}}}
"""
        assert bill(text, "2026-10").invoice["tax"] == tax


def test_flexprice_2549_digits_after_the_sixth_count() -> None:
    """10,000,001 × 0.0000001234567 = 1.234567…, and 31 × 0.00000645 = 0.00019995, which is nothing."""
    text = f"{RULE.replace('amount: 1,', 'amount: 0.0000001234567,')}contracts: {{acme: {{{ACME}}}}}"
    assert bill(text, "2026-10", used("10-05 10000001")).invoice["total"] == "1.23"
    assert bill(text, "2026-10", used("10-05 31")).invoice["total"] == "0.00"


def test_meteroid_956_sums_beyond_64_bits_do_not_overflow() -> None:
    fee = "{id: base, name: Base, amount: 123456789012345678901234567.89, quantity: 3}"
    text = f"contracts: {{a: {{org: o1, type: fixed, spec: global, start: 2026-01-01, fees: [{fee}]}}}}"
    assert bill(text, "2026-10").invoice["total"] == "370370367037037036703703703.67"


def test_lago_4639_4641_5525_5564_5121_a_credit_and_what_it_pays_are_rounded_alike() -> None:
    """Three months of 3.335, which is 3.34: a credit of 10.00 pays 3.34, 3.34 and 3.32, and 0.02 are left to pay."""
    text = RULE.replace("amount: 1,", "amount: 3.335,")
    text += f"contracts: {{acme: {{{ACME}, credits: [{{id: gift, amount: 10}}]}}}}"
    run = bill(text, "2026-01-01/2026-04-01", "".join(used(f"0{month}-05 1") for month in (1, 2, 3)))
    paid = [amount for one in run.documents for amount in amounts(one, "credit")]
    assert [str(amount) for amount in paid] == ["-3.34", "-3.34", "-3.32"]
    assert [one["total"] for one in run.documents] == ["0.00", "0.00", "0.02"]
    left = [one["carry_forward"]["credits"]["gift"]["left"] for one in run.documents]
    assert left == ["6.66", "3.32", "0.00"]


# Documents


def test_lago_5305_5523_flexprice_41568f4ae_billed_again_documents_and_ids_are_the_same() -> None:
    text = f"{RULE}contracts: {{acme: {{{ACME}}}, beta: {{{ACME.replace('o1', 'o2')}}}}}"
    usage = used("10-05 3", "11-05 4") + used("10-06 5").replace("o1", "o2")
    whole = bill(text, "2026-10-01/2026-12-01", usage).documents
    assert bill(text, "2026-10-01/2026-12-01", usage).documents == whole
    ids = [one["invoice"] for one in whole]
    assert len(ids) == len(set(ids)) == 3
    alone = [one["invoice"] for month in ("2026-11", "2026-10") for one in bill(text, month, usage).documents]
    assert sorted(alone) == sorted(ids)


def test_lago_3809_a_second_contract_of_a_customer_is_refused() -> None:
    same = "org: org_acme\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n"
    assert check({"contracts/again.yaml": same}) == [
        "contracts/again.yaml:1:6 RB309 `org_acme` is billed by `acme` too from 2026-01-01 on"
    ]
