"""Agreements and their programs: which version holds when, what splits usage, what contracts share."""

import pytest

from ratebook.calendar import iso, zone
from ratebook.compiler.program import ChargeProgram, Program
from ratebook.compiler.tax_programs import TaxProgram
from ratebook.money import plain
from tests.builders import bill

RULES = """
rating:
  rpc: {meter: requests, price: {amount: 1, per: 1}}
  other: {meter: requests, price: {amount: 1, per: 1}}
  seats: {meter: peak, price: {amount: 1, per: 1}}
"""
RISING = "{versions: [{amount: 1, per: 1}, {from: 2026-10-15, amount: 2, per: 1}]}"


def programs(text: str, period: str = "2026-10", terms: str = "start: 2026-01-01") -> list[Program]:
    contract = f"contracts: {{acme: {{org: o1, type: hybrid, spec: global, {terms}}}}}"
    return [outcome.program for outcome in bill(f"{text}\n{contract}", period).outcomes]


def charge(terms: str, period: str = "2026-10", dates: str = "start: 2026-01-01") -> ChargeProgram:
    (program,) = [
        one for one in programs(RULES, period, f"{dates}, {terms}") if one.boundary.kind == "period"
    ]
    return program.charges[0]


def cuts(of: ChargeProgram) -> list[str]:
    return [iso(one.interval.start, zone("UTC"))[5:10] for one in of.segments]


def unit_price(of: ChargeProgram, segment: int) -> str:
    ladder = of.segments[segment].price.ladder
    assert ladder is not None
    return plain(ladder.tiers[0].price) if ladder.tiers else ladder.word


# Which version holds


@pytest.mark.parametrize(
    ("terms", "cut"),
    [
        (
            "price: {versions: [{amount: 1, per: 1}, {from: 2026-10-15, amount: 2, per: 1}]}",
            ["10-01", "10-15"],
        ),
        ("discount: {versions: [{percent: 1}, {from: 2026-10-15, percent: 2}]}", ["10-01", "10-15"]),
        ("included: {versions: [{value: 1}, {from: 2026-10-15, value: 2}]}", ["10-01"]),
        ("maximum: {versions: [{value: 1}, {from: 2026-10-15, value: 2}]}", ["10-01"]),
        ("price: {versions: [{amount: 1, per: 1}, {from: 2026-10-01, amount: 2, per: 1}]}", ["10-01"]),
        ("price: {versions: [{amount: 1, per: 1}, {from: 2026-11-01, amount: 2, per: 1}]}", ["10-01"]),
    ],
)
def test_e50_prices_and_discounts_split_usage_and_nothing_else_does(terms: str, cut: list[str]) -> None:
    assert cuts(charge(f"charges: [{{rating: rpc, {terms}}}]")) == cut


def test_e50_each_side_has_its_own_version() -> None:
    of = charge(
        "charges: [{rating: rpc, price: {versions: [{amount: 1, per: 1}, {from: 2026-10-15, amount: 2, per: 1}]}}]"
    )
    assert [unit_price(of, 0), unit_price(of, 1)] == ["1", "2"]


def test_a_discount_window_of_the_contract_splits_usage() -> None:
    window = "discounts: [{percent: 10, applies_to: [usage], from: 2026-10-10, until: 2026-10-20}]"
    assert cuts(charge(f"charges: [{{rating: rpc}}], {window}")) == ["10-01", "10-10", "10-20"]


def test_charges_that_read_one_measure_share_its_segments_and_know_which_cuts_are_their_own() -> None:
    dated = "{versions: [{percent: 0}, {from: 2026-10-15, percent: 9}]}"
    of = charge(f"charges: [{{rating: rpc}}, {{rating: other, discount: {dated}}}]")
    assert cuts(of) == ["10-01", "10-15"]
    assert [segment.continues for segment in of.segments] == [False, True]


def test_a_meter_that_cannot_be_added_up_is_priced_at_the_version_of_the_periods_end() -> None:
    of = charge(
        "charges: [{rating: seats, price: {versions: [{amount: 1, per: 1}, {from: 2026-10-15, amount: 2, per: 1}]}}]"
    )
    assert cuts(of) == ["10-01"]
    assert unit_price(of, 0) == "2"


def test_what_is_fixed_for_a_period_is_that_of_its_start() -> None:
    dated = "{versions: [{value: 1}, {from: 2026-10-15, value: 2}, {from: 2026-11-01, value: 3}]}"
    terms = f"charges: [{{rating: rpc, included: {dated}, minimum: {dated}, maximum: {dated}}}]"
    october, november = charge(terms), charge(terms, "2026-11")
    for of, value in ((october, 1), (november, 3)):
        assert (of.minimum and of.minimum.amount) == value
        assert (of.maximum and of.maximum.amount) == value
        assert of.included.units == value


def test_e53_before_its_first_version_a_price_is_not_free_but_blocked() -> None:
    of = charge("charges: [{rating: rpc, price: {versions: [{from: 2026-10-15, amount: 2, per: 1}]}}]")
    assert [unit_price(of, 0), unit_price(of, 1)] == ["no price", "2"]


def test_a_fee_takes_the_version_of_its_own_periods_start() -> None:
    fees = (
        "fees: [{id: base, name: B, amount: {versions: [{value: 10}, {from: 2026-10-15, value: 20}]}, BILL}]"
    )
    for bill_when, amounts in (("bill: in_arrears", ["10", "20"]), ("bill: in_advance", ["20", "20"])):
        found = programs("", "2026-10-01/2026-12-01", f"start: 2026-01-01, {fees.replace('BILL', bill_when)}")
        assert [plain(one.fees[0].amount) for one in found] == amounts


def test_a_fee_of_a_part_of_a_period_takes_the_version_of_that_parts_start() -> None:
    fees = "fees: [{id: base, name: B, amount: {versions: [{value: 10}, {from: 2026-10-15, value: 20}]}}]"
    (period,) = [one for one in programs("", "2026-10", f"start: 2026-10-20, {fees}") if one.fees]
    assert plain(period.fees[0].amount) == "20"


def test_a_plans_minimum_is_that_of_the_periods_start() -> None:
    minimum = "{applies_to: [usage], versions: [{amount: 10}, {from: 2026-10-15, amount: 20}]}"
    plan = f"plans: {{pro: {{name: P, minimum: {minimum}, charges: [{{rating: rpc}}]}}}}"
    october, november = programs(RULES + plan, "2026-10-01/2026-12-01", "plan: pro, start: 2026-01-01")
    assert [str(one.minimums[0].bound.amount) for one in (october, november)] == ["10", "20"]


def test_a_fee_that_is_not_priced_yet_is_not_due() -> None:
    fees = "fees: [{id: base, name: B, amount: {versions: [{from: 2026-11-01, value: 20}]}}]"
    assert [len(one.fees) for one in programs("", "2026-Q4", f"start: 2026-01-01, {fees}")] == [0, 1, 1]


def percent(program: Program) -> str:
    """The one plain rate of a program."""
    assert isinstance(program.tax, TaxProgram)
    return str(program.tax.percent)


def test_f84_the_tax_is_that_of_the_last_instant_of_the_period() -> None:
    """Turkey raised KDV to 20 % on 10 July 2023: all of July's invoice has 20 %, June's has 18."""
    spec = """
specs:
  global: {time_zone: Europe/Istanbul, currency: TRY,
           tax: {name: KDV, versions: [{percent: 18}, {from: 2023-07-10, percent: 20}]}}
"""
    found = programs(
        spec, "2023-06-01/2023-08-01", "start: 2022-01-01, fees: [{id: base, name: B, amount: {TRY: 10}}]"
    )
    assert [percent(one) for one in found] == ["18", "20"]


def test_d48_a_month_that_ends_at_the_change_has_the_old_tax() -> None:
    tax = "{name: T, versions: [{percent: 1}, {from: 2026-11-01, percent: 2}]}"
    spec = f"specs: {{global: {{time_zone: UTC, currency: USD, tax: {tax}}}}}"
    (october,) = programs(spec, "2026-10", "start: 2026-01-01, fees: [{id: base, name: B, amount: 10}]")
    assert percent(october) == "1"


def test_f84_the_tax_of_an_opening_is_that_of_its_own_instant() -> None:
    tax = "{name: T, versions: [{percent: 1}, {from: 2026-10-10, percent: 2}]}"
    spec = f"specs: {{global: {{time_zone: UTC, currency: USD, tax: {tax}}}}}"
    opening, period = programs(spec, "2026-10", "start: 2026-10-10, fees: [{id: base, name: B, amount: 10}]")
    assert [percent(one) for one in (opening, period)] == ["2", "2"]


# What is prorated


@pytest.mark.parametrize(
    ("prorate", "units"),
    [("none", "1000"), ("days", "709.677419"), ("seconds", "693.548387")],
)
def test_f68_included_units_of_a_part_of_a_month(prorate: str, units: str) -> None:
    """From noon of 10 October on: 22 of 31 days are touched, 21.5 of 31 days of seconds are lived through."""
    terms = f"charges: [{{rating: rpc, included: 1000, prorate_included: {prorate}}}]"
    of = charge(terms, dates="start: 2026-10-10T12:00:00Z")
    assert plain(of.included.units) == units


def test_f68_prorated_units_are_rounded_half_up_to_six_places() -> None:
    """10 of 31 days of 100 units: 32.2580645…."""
    of = charge("charges: [{rating: rpc, included: 100, prorate_included: days}]", dates="start: 2026-10-22")
    assert plain(of.included.units) == "32.258065"


def test_f65_a_plans_minimum_is_prorated() -> None:
    plan = "plans: {pro: {name: P, minimum: {amount: 1000, applies_to: [usage]}, charges: [{rating: rpc}]}}"
    of = programs(RULES + plan, "2026-11", "plan: pro, start: 2026-11-16")[1]
    (minimum,) = of.minimums
    assert (minimum.share, str(minimum.bound.amount)) == ((15, 30), "1000")


def test_an_opening_has_neither_charges_nor_minimum() -> None:
    plan = "plans: {pro: {name: P, minimum: {amount: 1000, applies_to: [usage]}, charges: [{rating: rpc}]}}"
    opening = programs(RULES + plan, "2026-11", "plan: pro, start: 2026-11-16")[0]
    assert (opening.boundary.kind, opening.charges, opening.minimums) == ("opening", (), ())


# Currencies


def test_e55_a_program_knows_which_rates_its_amounts_need() -> None:
    fees = "fees: [{id: a, name: A, amount: {EUR: 1}}]"
    terms = f"start: 2026-01-01, currency: TRY, {fees}, charges: [{{rating: rpc, maximum: {{GBP: 1}}}}]"
    (program,) = programs(RULES, "2026-10", terms)
    assert program.currencies == ("EUR", "GBP", "USD")


def test_what_costs_nothing_needs_no_rate() -> None:
    rules = "rating: {rpc: {meter: requests, price: free}}"
    fees = "fees: [{id: a, name: A, amount: {EUR: 1, TRY: 40}}]"
    terms = f"start: 2026-01-01, currency: TRY, {fees}, charges: [{{rating: rpc, minimum: 0}}]"
    (program,) = programs(rules, "2026-10", terms)
    assert program.currencies == ()


# What contracts share


def test_contracts_of_different_age_share_a_program() -> None:
    run = bill(
        RULES
        + """
contracts:
  a: {org: o1, type: metered, spec: global, start: 2024-03-05, charges: [{rating: rpc}]}
  b: {org: o2, type: metered, spec: global, start: 2026-01-01, end: 2027-01-01, charges: [{rating: rpc}]}
  c: {org: o3, type: metered, spec: global, start: 2026-10-10, charges: [{rating: rpc}]}
""",
        "2026-10",
    )
    old, older, opening, young = (outcome.program for outcome in run.outcomes)
    assert old is older
    assert len({id(one) for one in (old, opening, young)}) == 3
    assert young.boundary.billed != old.boundary.billed
