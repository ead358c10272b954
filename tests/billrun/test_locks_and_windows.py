"""Price locks hold later versions back, dated overrides hold for a while: with both, no position is lost."""

import pytest

from tests.builders import bill, lines_of

TEXT = """
rating: {{rpc: {{meter: requests, price: {{per: 1, versions: [{{amount: 1}}, {{from: 2026-03-01, amount: 2}}]}}}}}}
plans:
  pro:
    name: P
    fees: [{{id: base, name: B, amount: {{versions: [{{value: 31}}, {{from: 2026-03-01, value: 62}}]}}}}]
    charges: [{{rating: rpc, {charge}}}]
    minimum: {{applies_to: [fee], versions: [{{amount: 0}}, {{from: 2026-03-01, amount: 100}}]}}
contracts: {{acme: {{org: o1, type: hybrid, spec: global, plan: pro, start: 2026-01-01, {contract}}}}}
"""
USAGE = "requests 2026-10-05T00:00:00Z o1 10\nrequests 2026-10-20T00:00:00Z o1 5"
OCTOBER = "10-01..11-01"


def lines(contract: str = "", usage: str = USAGE, period: str = "2026-10", charge: str = "") -> list[str]:
    text = TEXT.format(contract=contract, charge=charge)
    return [
        line.removesuffix(f" {OCTOBER}")
        for document in bill(text, period, usage).documents
        for line in lines_of(document)
    ]


# Locks


def test_until_a_lock_ends_prices_fees_and_minima_are_those_of_its_beginning() -> None:
    assert lines() == ["fee base 62.00", "usage rpc 30.00", "minimum minimum 38.00"]
    assert lines("price_lock: {until: 2027-01-10}") == ["fee base 31.00", "usage rpc 15.00"]


def test_a_lock_begins_with_the_contract_unless_it_says_when() -> None:
    assert lines("price_lock: {until: 2027-01-10, at: 2026-03-01}")[:2] == [
        "fee base 62.00",
        "usage rpc 30.00",
    ]
    assert lines("price_lock: {until: 2027-01-10, at: 2026-02-28}")[:2] == [
        "fee base 31.00",
        "usage rpc 15.00",
    ]


def test_a_lock_of_a_later_time_holds_nothing_back_before_it() -> None:
    """In February the price of January holds, though that of March is locked; before any version there is none."""
    usage = "requests 2026-02-05T00:00:00Z o1 10"
    assert lines("price_lock: {until: 2027-01-10, at: 2026-03-01}", usage, "2026-02")[1].startswith(
        "usage rpc 10.00"
    )
    text = TEXT.replace("[{{amount: 1}}, {{from: 2026-03-01", "[{{from: 2026-03-01")
    text = text.format(contract="price_lock: {until: 2027-01-10, at: 2026-03-01}", charge="")
    assert [one.code for one in bill(text, "2026-02", usage).findings] == ["RB506"]


def test_when_a_lock_ends_inside_a_period_the_waiting_price_begins_and_the_ladder_goes_on() -> None:
    """The fee of October is that of its beginning; usage from the 16th on costs 2 each."""
    assert lines("price_lock: {until: 2026-10-16}") == ["fee base 31.00", "usage rpc 20.00"]
    assert lines("price_lock: {until: 2026-10-16}", charge="included: 12")[1] == "usage rpc 6.00"


def test_included_units_discounts_and_bounds_of_the_plan_are_locked_too() -> None:
    dated = "{versions: [{value: 5}, {from: 2026-03-01, value: 0}]}"
    assert lines("price_lock: {until: 2027-01-10}", charge=f"included: {dated}")[1] == "usage rpc 10.00"
    capped = "{versions: [{value: 5}, {from: 2026-03-01, value: 9}]}"
    assert lines("price_lock: {until: 2027-01-10}", charge=f"maximum: {capped}")[2] == "maximum rpc -10.00"
    off = "{versions: [{percent: 20}, {from: 2026-03-01, percent: 0}]}"
    assert lines("price_lock: {until: 2027-01-10}", charge=f"discount: {off}")[2] == "discount rpc -3.00"


def test_what_the_contract_says_itself_is_not_locked() -> None:
    price = "{per: 1, versions: [{amount: 4}, {from: 2026-03-01, amount: 5}]}"
    lock = "price_lock: {until: 2027-01-10}"
    assert lines(f"{lock}, overrides: {{rpc: {{price: {price}}}}}")[1] == "usage rpc 75.00"
    fee = "{amount: {versions: [{value: 1}, {from: 2026-03-01, value: 7}]}}"
    assert lines(f"{lock}, overrides: {{base: {fee}}}")[0] == "fee base 7.00"


def test_multipliers_are_not_locked() -> None:
    text = """
multipliers: {double: {by: [chain], versions: [{values: {default: 1}}, {from: 2026-03-01, values: {default: 2}}]}}
rating: {rpc: {meter: requests, multiply_by: [double],
         price: {per: 1, versions: [{amount: 1}, {from: 2026-03-01, amount: 9}]}}}
plans: {pro: {name: P, charges: [{rating: rpc}]}}
contracts: {acme: {org: o1, type: metered, spec: global, plan: pro, start: 2026-01-01,
                   price_lock: {until: 2027-01-10}}}
"""
    assert bill(text, "2026-10", USAGE).invoices() == [["usage rpc 30.00", "total 30.00"]]


def test_contracts_that_a_lock_gives_the_same_versions_share_their_programs() -> None:
    terms = "type: hybrid, spec: global, plan: pro, price_lock: {until: 2027-01-10}"
    text = (
        TEXT.format(contract="", charge="").partition("contracts:")[0]
        + f"""
contracts:
  a: {{org: a, start: 2026-01-01, {terms}}}
  b: {{org: b, start: 2026-02-15, {terms}}}
  c: {{org: c, start: 2026-05-01, {terms}}}
"""
    )
    run = bill(text, "2026-10")
    assert [row.timeline for row in run.store.subjects] == [0, 0, 1]
    assert [one[0] for one in run.invoices()] == ["fee base 31.00", "fee base 31.00", "fee base 62.00"]


# Overrides for a time


@pytest.mark.parametrize(
    ("when", "amount"),
    [
        ("from: 2026-10-16", "45.00"),  # 10 × 2, then 5 × 5
        ("until: 2026-10-16", "60.00"),  # 10 × 5, then 5 × 2
        ("from: 2026-10-06, until: 2026-10-20", "30.00"),
        ("from: 2026-10-05, until: 2026-10-06", "60.00"),
        ("from: 2025-01-01, until: 2026-01-01", "30.00"),
    ],
)
def test_outside_of_its_time_the_plans_price_holds(when: str, amount: str) -> None:
    assert lines(f"overrides: {{rpc: {{price: {{amount: 5, per: 1}}, {when}}}}}")[1] == f"usage rpc {amount}"


def test_versions_inside_the_time_of_an_override_are_its_own() -> None:
    price = "{per: 1, versions: [{amount: 5}, {from: 2026-10-18, amount: 7}, {from: 2026-10-25, amount: 9}]}"
    usage = USAGE + "\nrequests 2026-10-22T00:00:00Z o1 1\nrequests 2026-10-26T00:00:00Z o1 1"
    found = lines(f"overrides: {{rpc: {{price: {price}, from: 2026-10-06, until: 2026-10-24}}}}", usage)
    assert found[1] == "usage rpc 64.00"  # 10 × 2, then 6 × 7, then 1 × 2


def test_the_position_goes_on_through_an_override() -> None:
    """12 are free: the 10 before it, and 2 of the 5 in it."""
    override = "overrides: {rpc: {price: {amount: 5, per: 1}, from: 2026-10-16}}"
    assert lines(override, charge="included: 12")[1] == "usage rpc 15.00"


def test_a_discount_or_bound_for_a_time_ends_with_it() -> None:
    off = "overrides: {rpc: {discount: {percent: 50}, from: 2026-10-16, until: 2026-10-18}}"
    usage = "requests 2026-10-17T00:00:00Z o1 10\nrequests 2026-10-20T00:00:00Z o1 5"
    assert lines(off, usage)[1:3] == ["usage rpc 30.00", "discount rpc -10.00"]
    least = "overrides: {rpc: {minimum: 99, until: 2026-10-01}}"
    assert lines(least)[1:] == ["usage rpc 30.00", "minimum minimum 38.00"]
    assert "minimum rpc 99.00 09-01..10-01" in lines(least, "", "2026-09")


def test_a_fee_takes_the_override_that_holds_when_its_period_begins() -> None:
    override = "overrides: {base: {amount: 5, quantity: 3, name: X, from: 2026-10-01, until: 2026-10-16}}"
    assert lines(override, "")[0] == "fee base 15.00"
    assert lines(override, "", "2026-11")[0] == "fee base 62.00 11-01..12-01"


def test_included_units_of_an_override_are_those_of_the_periods_start() -> None:
    assert lines("overrides: {rpc: {included: 3, from: 2026-10-02}}")[1] == "usage rpc 30.00"
    assert lines("overrides: {rpc: {included: 3, from: 2026-10-01}}")[1] == "usage rpc 24.00"


def test_a_lock_and_an_override_for_a_time_hold_together() -> None:
    """Locked at 1; 5 from the 16th until the 18th; then 1 again."""
    window = "from: 2026-10-16, until: 2026-10-18"
    terms = (
        f"price_lock: {{until: 2027-01-10}}, overrides: {{rpc: {{price: {{amount: 5, per: 1}}, {window}}}}}"
    )
    usage = USAGE + "\nrequests 2026-10-17T00:00:00Z o1 1"
    assert lines(terms, usage)[1] == "usage rpc 20.00"
