"""A contract whose plan changes: each part of a period has its own terms, and nothing is billed twice or not at all."""

from decimal import Decimal

import pytest

from tests.billrun.plan_change import AFTER, BEFORE, CARRY, RULES, SAME, fee, lines
from tests.builders import bill, lines_of

# Fees


@pytest.mark.parametrize("when", ["in_arrears", "in_advance"])
def test_fees_are_prorated_both_ways_in_one_invoice(when: str) -> None:
    """31 a month for 10 of 31 days, then 62 for 21 of them."""
    period = "2026-10" if when == "in_arrears" else "2026-09"
    found = lines(fee(31, f"bill: {when}"), fee(62, f"bill: {when}"), "", "", period)
    assert found == [f"fee base 10.00 {BEFORE}", f"fee base 42.00 {AFTER}"]


def test_d44_by_days_the_day_of_a_change_at_noon_belongs_to_the_new_plan() -> None:
    """9 and 22 of 31 days; by seconds 9.5 and 21.5."""
    noon = ", phases: [{until: 2026-10-10T12:00:00Z, plan: starter}]"
    text = f"""
plans: {{starter: {{name: S, {fee(31)}}}, pro: {{name: P, {fee(31)}}}}}
contracts: {{acme: {{org: o1, type: hybrid, spec: global, start: 2026-01-01, plan: pro {noon}}}}}
"""
    assert bill(text, "2026-10").invoices()[0][:2] == ["fee base 9.00", "fee base 22.00"]
    by_seconds = text.replace("amount: 31,", "amount: 31, prorate: seconds")
    assert bill(by_seconds, "2026-10").invoices()[0][:2] == ["fee base 9.50", "fee base 21.50"]


def test_a_plan_of_a_morning_has_no_day_of_its_own() -> None:
    phases = "phases: [{until: 2026-10-10, plan: a}, {until: 2026-10-10T12:00:00Z, plan: b}]"
    text = f"""
plans: {{a: {{name: A, {fee(31)}}}, b: {{name: B, {fee(31)}}}, c: {{name: C, {fee(31)}}}}}
contracts: {{acme: {{org: o1, type: hybrid, spec: global, start: 2026-01-01, plan: c, {phases}}}}}
"""
    assert lines_of(bill(text, "2026-10").invoice) == [
        "fee base 9.00 10-01..10-10",
        "fee base 22.00 10-10T12:00..11-01",
    ]


def test_a_fee_in_full_is_due_once_by_the_first_plan_in_advance_and_by_the_last_in_arrears() -> None:
    full = "prorate: none"
    assert lines(fee(31, full), fee(62, full), "", "") == [f"fee base 62.00 {AFTER}"]
    early = f"bill: in_advance, {full}"
    assert lines(fee(31, early), fee(62, early), "", "", "2026-09") == [f"fee base 31.00 {BEFORE}"]


def test_a_fee_in_full_is_due_beside_a_part_of_it_on_another_plan() -> None:
    full = "bill: in_advance, prorate: none"
    assert lines(fee(31), fee(62, full), "", "", "2026-09")[-1:] == [f"fee base 62.00 {AFTER}"]
    assert lines(fee(31), fee(62, full), "", "")[:1] == [f"fee base 10.00 {BEFORE}"]


@pytest.mark.parametrize(
    ("starter", "pro", "line"),
    [
        ("in_arrears", "in_advance", f"fee base 62.00 {AFTER}"),
        ("in_advance", "in_arrears", f"fee base 31.00 {BEFORE}"),
    ],
)
def test_a_fee_in_full_is_due_once_though_one_plan_bills_it_in_advance_and_one_in_arrears(
    starter: str, pro: str, line: str
) -> None:
    """As the first plan says: in arrears by the last that has it, in advance by the first."""
    fees = [fee(31, f"prorate: none, bill: {starter}"), fee(62, f"prorate: none, bill: {pro}")]
    around = [one for period in ("2026-09", "2026-10") for one in lines(fees[0], fees[1], "", "", period)]
    assert [one for one in around if one.endswith((BEFORE, AFTER))] == [line]


def test_fees_of_other_names_are_other_fees() -> None:
    full = "prorate: none"
    assert lines(fee(31, full, "small"), fee(62, full, "large"), "", "") == [
        f"fee small 31.00 {BEFORE}",
        f"fee large 62.00 {AFTER}",
    ]


def test_what_the_contract_adds_is_divided_as_well() -> None:
    own = ", fees: [{id: support, name: S, amount: 31}]"
    assert lines(fee(31), fee(62), own, "") == [
        f"fee base 10.00 {BEFORE}",
        f"fee support 10.00 {BEFORE}",
        f"fee base 42.00 {AFTER}",
        f"fee support 21.00 {AFTER}",
    ]


def test_lago_6194_a_quarterly_fee_is_divided_by_the_days_of_the_quarter_on_both_sides() -> None:
    """October to December has 92 days: 10 of the old plan, 82 of the new."""
    quarter = "cycle: {every: quarter}, "
    found = lines(quarter + fee(92), quarter + fee(184), "", "", "2026-Q4")
    assert found == ["fee base 10.00 10-01..10-11", "fee base 164.00 10-11..01-01"]


def test_a_yearly_fee_in_a_monthly_contract_is_divided_where_its_year_is_billed() -> None:
    """In 2026 the old plan held for 283 of 365 days (1 January to 10 October), the new one for 82."""
    found = lines(fee(365, "every: year"), fee(730, "every: year"), "", "", "2026-12")
    assert found == ["fee base 283.00 01-01..10-11", "fee base 164.00 10-11..01-01"]
    ahead = "every: year, bill: in_advance"
    found = lines(fee(365, ahead), fee(730, ahead), "", "", "2025-12-31/2026-01-02")
    assert found == ["fee base 283.00 01-01..10-11", "fee base 164.00 10-11..01-01"]


@pytest.mark.parametrize("when", ["in_arrears", "in_advance"])
def test_set_up_is_due_once_by_the_first_plan_that_asks_for_it(when: str) -> None:
    once = f"every: once, bill: {when}"
    both = lines(fee(100, once, "setup"), fee(500, once, "setup"), "", "", "2026-01-01/2027-01-01")
    assert both == ["fee setup 100.00 01-01..02-01"]
    later = lines("charges: [{rating: rpc}]", fee(500, once, "setup"), "", "", "2026")
    assert later == ["fee setup 500.00 10-11..11-01"]


def test_lago_1834_going_from_a_yearly_to_a_monthly_fee_bills_each_by_its_own_period() -> None:
    """The yearly fee for 283 of its 365 days, billed as its year ends; the monthly one for 21 of 31 days of October."""
    starter, pro = fee(365, "every: year"), fee(31)
    assert lines(starter, pro, "", "") == [f"fee base 21.00 {AFTER}"]
    assert lines(starter, pro, "", "", "2026-12") == [
        "fee base 283.00 01-01..10-11",
        "fee base 31.00 12-01..01-01",
    ]


# Usage, where ladders begin anew


def test_each_part_is_rated_by_its_own_plan_over_its_own_time() -> None:
    found = lines("charges: [{rating: rpc}]", "charges: [{rating: dear, id: rpc}]")
    assert found == [f"usage rpc 20.00 {BEFORE}", f"usage rpc 15.00 {AFTER}"]


def test_usage_is_cut_at_the_instant() -> None:
    usage = "requests 2026-10-10T23:59:59.999999Z o1 1\nrequests 2026-10-11T00:00:00Z o1 1"
    found = lines("charges: [{rating: rpc}]", "charges: [{rating: dear}]", "", usage)
    assert found == [f"usage rpc 2.00 {BEFORE}", f"usage dear 3.00 {AFTER}"]


def test_e64_each_part_has_included_units_of_its_own_prorated_as_the_charge_says() -> None:
    """10 and 5 used. In full 8 are free on both sides; by days 31 × 10/31 and 31 × 21/31: all."""
    found = lines("charges: [{rating: rpc, included: 8}]", SAME)
    assert found == [f"usage rpc 4.00 {BEFORE}", f"usage rpc 0.00 {AFTER}"]
    found = lines("charges: [{rating: rpc, included: 31, prorate_included: days}]", SAME)
    assert found == [f"usage rpc 0.00 {BEFORE}", f"usage rpc 0.00 {AFTER}"]


def test_each_part_has_tiers_of_its_own() -> None:
    """10 at 2 each up to 10; then again 5 at 2."""
    price = "{model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}"
    found = lines(f"charges: [{{rating: rpc, price: {price}}}]", SAME)
    assert found == [f"usage rpc 20.00 {BEFORE}", f"usage rpc 10.00 {AFTER}"]


def test_bounds_of_a_charge_are_those_of_each_part() -> None:
    found = lines("charges: [{rating: rpc, maximum: 12}]", "charges: [{rating: rpc, minimum: 25}]")
    assert found == [
        f"usage rpc 20.00 {BEFORE}",
        f"maximum rpc -8.00 {BEFORE}",
        f"usage rpc 10.00 {AFTER}",
        f"minimum rpc 15.00 {AFTER}",
    ]


def test_a_peak_is_that_of_each_part() -> None:
    usage = "peak 2026-10-05T00:00:00Z o1 7\npeak 2026-10-20T00:00:00Z o1 4"
    assert lines("charges: [{rating: seats}]", SAME, "", usage) == [
        f"usage seats 7.00 {BEFORE}",
        f"usage seats 4.00 {AFTER}",
    ]


def test_a_plans_minimum_is_prorated_and_counts_what_lies_in_its_part() -> None:
    """310 for 10 of 31 days: 100, of which 20 are used; the new plan asks for nothing."""
    found = lines(
        "charges: [{rating: rpc}], minimum: {amount: 310, applies_to: [usage]}", "charges: [{rating: rpc}]"
    )
    assert found == [
        f"usage rpc 20.00 {BEFORE}",
        f"usage rpc 10.00 {AFTER}",
        f"minimum minimum 80.00 {BEFORE}",
    ]


def test_lago_6123_a_change_minutes_after_a_period_leaves_its_minimum_alone() -> None:
    text = f"""{RULES}
plans:
  big: {{name: B, charges: [{{rating: rpc}}], minimum: {{amount: 100, applies_to: [usage]}}}}
  small: {{name: S, charges: [{{rating: rpc}}]}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, plan: small,
         phases: [{{until: 2026-11-01T00:07:00Z, plan: big}}]}}
"""
    assert bill(text, "2026-10", "").invoices() == [["minimum minimum 100.00", "total 100.00"]]


def test_discounts_count_on_both_plans() -> None:
    off = ", discounts: [{percent: 10, applies_to: [rpc], from: 2026-10-11}]"
    found = lines("charges: [{rating: rpc}]", SAME, off)
    assert found[2] == "discount discount-1 -1.00 10-01..11-01"


# What else must stay true


def test_contracts_share_what_is_equal() -> None:
    text = f"""{RULES}
plans: {{starter: {{name: S, charges: [{{rating: rpc}}]}}, pro: {{name: P, charges: [{{rating: dear}}]}}}}
contracts:
""" + "".join(
        f"  c{number}: {{org: o{number}, type: metered, spec: global, start: 202{number}-01-01, plan: pro,"
        " phases: [{until: 2026-10-11, plan: starter}]}\n"
        for number in range(4)
    )
    run = bill(text, "2026-10-01/2026-12-01")
    assert {row.timeline for row in run.store.subjects} == {0}
    assert len({id(one.program) for one in run.outcomes}) == 2


def test_a_phase_that_ended_before_the_period_leaves_no_trace() -> None:
    charge = "charges: [{rating: rpc}]"
    usage = "requests 2026-11-05T00:00:00Z o1 1"
    assert lines(charge, "charges: [{rating: dear}]", "", usage, "2026-11") == [
        "usage dear 3.00 11-01..12-01"
    ]


def test_polar_6625_the_parts_of_a_period_bill_its_usage_exactly_once() -> None:
    usage = "".join(f"requests 2026-10-{day:02}T12:00:00Z o1 1\n" for day in range(1, 32))
    found = lines("charges: [{rating: rpc}]", SAME, "", usage)
    assert sum(Decimal(line.split()[2]) for line in found) == 62


def test_a_plan_that_comes_back_begins_anew_unless_tiers_carry_on() -> None:
    """A until 2 October, B until the 16th, then A: a minimum of 10 and a tier of 5 at 2 for each part of A."""
    text = """
rating: {rpc: {meter: requests, price: {model: graduated, per: 1, tiers: [{up_to: 5, amount: 2}, {amount: 1}]}}}
plans:
  a: {name: A, charges: [{rating: rpc, minimum: 10}]}
  b: {name: B, charges: [{rating: rpc, price: {amount: 3, per: 1}}]}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, plan: a,
         phases: [{until: 2026-10-02, plan: a}, {until: 2026-10-16, plan: b}] MORE}
"""
    usage = "".join(
        f"requests 2026-10-{day}T00:00:00Z o1 {count}\n" for day, count in (("01", 3), ("05", 1), ("20", 6))
    )
    (document,) = bill(text.replace("MORE", ""), "2026-10", usage).documents
    assert lines_of(document) == [
        "usage rpc 6.00 10-01..10-02",
        "minimum rpc 4.00 10-01..10-02",
        "usage rpc 3.00 10-02..10-16",
        "usage rpc 11.00 10-16..11-01",
    ]
    (document,) = bill(text.replace("MORE", CARRY), "2026-10", usage).documents
    assert lines_of(document) == [
        "usage rpc 6.00 10-01..10-02",
        "usage rpc 3.00 10-02..10-16",
        "usage rpc 7.00 10-16..11-01",
    ]
