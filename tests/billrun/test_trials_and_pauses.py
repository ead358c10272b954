"""Trials and pauses: what accrues, what is shown for nothing, and what is reported."""

import pytest

from tests.builders import bill, lines_of

TEXT = """
rating:
  rpc: {{meter: requests, price: {{model: graduated, per: 1, tiers: [{{up_to: 10, amount: 2}}, {{amount: 1}}]}}}}
plans:
  pro:
    name: P
    fees: [{{id: base, name: B, amount: 31, {fee}}}]
    charges: [{{rating: rpc, {charge}}}]
    {plan}
contracts: {{acme: {{org: o1, type: hybrid, spec: global, plan: pro, {contract}}}}}
"""
USAGE = "requests 2026-10-05T00:00:00Z o1 10\nrequests 2026-10-20T00:00:00Z o1 5"
OLD = "start: 2026-01-01, "


def lines(
    contract: str,
    usage: str = USAGE,
    period: str = "2026-10",
    *,
    fee: str = "",
    charge: str = "",
    plan: str = "",
) -> list[str]:
    text = TEXT.format(contract=contract, fee=fee, charge=charge, plan=plan)
    return [line for document in bill(text, period, usage).documents for line in lines_of(document)]


# Trials


def test_in_a_trial_usage_is_shown_and_costs_nothing_and_fees_do_not_accrue() -> None:
    """The month begins with 10 days of trial; 21 of 31 days remain, and a ladder of their own."""
    found = lines("start: 2026-10-01, trial: 10 days")
    assert found == [
        "fee base 21.00 10-11..11-01",
        "usage rpc 0.00 10-01..10-11",
        "usage rpc 10.00 10-11..11-01",
    ]


@pytest.mark.parametrize("trial", ["trial: {until: 2026-10-11}", "trial: 10 days"])
def test_a_trial_is_the_plans_unless_the_contract_has_one(trial: str) -> None:
    assert lines("start: 2026-10-01", plan=trial)[0] == "fee base 21.00 10-11..11-01"
    assert lines("start: 2026-10-01, trial: 0 days", plan=trial)[0] == "fee base 31.00 10-01..11-01"
    assert lines("start: 2026-10-01, trial: 1 week", plan=trial)[0] == "fee base 24.00 10-08..11-01"


def test_minima_and_bounds_do_not_accrue_in_a_trial() -> None:
    """310 for 21 of 31 days is 210, of which usage after the trial is 10."""
    found = lines(
        "start: 2026-10-01, trial: 10 days",
        charge="minimum: 3",
        plan="minimum: {amount: 310, applies_to: [usage]}",
    )
    assert found[1:] == [
        "usage rpc 0.00 10-01..10-11",
        "usage rpc 10.00 10-11..11-01",
        "minimum minimum 200.00 10-11..11-01",
    ]


def test_lago_1246_a_trial_ends_by_the_clocks_of_the_spec() -> None:
    """Istanbul is at +03:00: the trial ends on the 11th at 00:00 there, 21:00 of the 10th in UTC."""
    istanbul = "specs: {global: {time_zone: Europe/Istanbul, currency: USD}}"
    usage = "requests 2026-10-10T20:59:59Z o1 1\nrequests 2026-10-10T21:00:00Z o1 1"
    text = TEXT.format(contract="start: 2026-10-01, trial: 10 days", fee="", charge="", plan="") + istanbul
    assert [line for line in bill(text, "2026-10", usage).invoice["lines"] if line["kind"] == "usage"] != []
    assert lines_of(bill(text, "2026-10", usage).invoice)[1:] == [
        "usage rpc 0.00 10-01..10-11",
        "usage rpc 2.00 10-11..11-01",
    ]


def test_a_trial_that_begins_at_noon_ends_at_noon() -> None:
    """Ten days from noon of the 1st; by days the day of its end is paid for."""
    usage = "requests 2026-10-11T11:59:59Z o1 1\nrequests 2026-10-11T12:00:00Z o1 1"
    assert lines("start: 2026-10-01T12:00:00Z, trial: 10 days", usage) == [
        "fee base 21.00 10-11T12:00..11-01",
        "usage rpc 0.00 10-01T12:00..10-11T12:00",
        "usage rpc 2.00 10-11T12:00..11-01",
    ]


def test_a_trial_keeps_its_clock_when_clocks_change() -> None:
    """25 October has 25 hours in Berlin: 20 days from noon of the 10th are noon of the 30th, 11:00 in UTC."""
    berlin = "specs: {global: {time_zone: Europe/Berlin, currency: USD}}"
    usage = "requests 2026-10-30T10:59:59Z o1 1\nrequests 2026-10-30T11:00:00Z o1 1"
    text = TEXT.format(
        contract="start: 2026-10-10T12:00:00+02:00, trial: 20 days", fee="", charge="", plan=""
    )
    assert [line.split()[2] for line in lines_of(bill(text + berlin, "2026-10", usage).invoice)] == [
        "2.00",
        "0.00",
        "2.00",
    ]


def test_what_is_due_in_advance_waits_for_the_end_of_the_trial_within_its_period() -> None:
    """At the opening of 1 October the part from the 11th on is billed, then November."""
    found = lines("start: 2026-10-01, trial: 10 days", "", fee="bill: in_advance")
    assert found == ["fee base 21.00 10-11..11-01", "fee base 31.00 11-01..12-01"]


def test_a_trial_longer_than_a_period_bills_a_month_for_nothing() -> None:
    assert lines("start: 2026-10-01, trial: 6 weeks") == ["usage rpc 0.00 10-01..11-01"]
    assert lines("start: 2026-10-01, trial: 6 weeks", "", "2026-11") == ["fee base 19.63 11-12..12-01"]


def test_set_up_is_due_when_the_trial_is_over() -> None:
    found = lines("start: 2026-10-01, trial: 10 days", "", fee="every: once, bill: in_advance")
    assert found == ["fee base 31.00 10-11..11-01"]


def test_a_trial_ends_before_a_plan_begins_or_after_it() -> None:
    text = """
plans: {a: {name: A, fees: [{id: f, name: F, amount: 31}]}, b: {name: B, fees: [{id: f, name: F, amount: 62}]}}
contracts:
  acme: {org: o1, type: hybrid, spec: global, plan: b, start: 2026-10-01, trial: 14 days,
         phases: [{until: 2026-10-11, plan: a}]}
"""
    assert lines_of(bill(text, "2026-10").invoice) == ["fee f 34.00 10-15..11-01"]


# Pauses

PAUSED = OLD + "pauses: [{from: 2026-10-11, until: 2026-10-18}]"


def test_nothing_accrues_in_a_pause_and_usage_in_it_is_reported() -> None:
    text = TEXT.format(contract=PAUSED, fee="", charge="", plan="")
    run = bill(text, "2026-10", USAGE + "\nrequests 2026-10-11T00:00:00Z o1 7")
    assert lines_of(run.invoice)[:2] == ["fee base 10.00 10-01..10-11", "fee base 14.00 10-18..11-01"]
    assert [(one.code, one.details["events"]) for one in run.findings] == [("RB502", 1)]


def test_after_a_pause_a_charge_goes_on_in_its_ladder() -> None:
    """10 at 2 each filled the first tier before the pause."""
    assert lines(PAUSED)[2:] == ["usage rpc 20.00 10-01..10-11", "usage rpc 5.00 10-18..11-01"]


def test_included_units_and_bounds_of_a_period_with_a_pause_are_given_once() -> None:
    """12 free: 10, then 2 of 5. 31 for 24 of 31 days, 10 up to the pause: all of 10, then 14 more in reach of 5."""
    assert lines(PAUSED, charge="included: 12")[2:] == [
        "usage rpc 0.00 10-01..10-11",
        "usage rpc 6.00 10-18..11-01",
    ]
    days = "included: 31, prorate_included: days"
    assert lines(PAUSED, charge=days)[2:] == ["usage rpc 0.00 10-01..10-11", "usage rpc 0.00 10-18..11-01"]
    assert lines(PAUSED, charge="minimum: 40")[-1] == "minimum rpc 15.00 10-18..11-01"


def test_a_period_that_is_paused_throughout_has_nothing_to_bill() -> None:
    paused = OLD + "pauses: [{from: 2026-09-15, until: 2026-11-10}]"
    assert lines(paused) == []
    assert lines(paused, "", "2026-09") == ["fee base 14.47 09-01..09-15"]
    assert lines(paused, "", "2026-11") == ["fee base 21.70 11-10..12-01"]


@pytest.mark.parametrize(
    ("when", "period", "part"),
    [("in_arrears", "2026-10", "10-18..11-01"), ("in_advance", "2026-09", "10-01..10-11")],
)
def test_a_fee_in_full_is_not_due_twice_because_of_a_pause(when: str, period: str, part: str) -> None:
    assert lines(PAUSED, "", period, fee=f"prorate: none, bill: {when}") == [f"fee base 31.00 {part}"]


def test_a_pause_from_noon_to_noon_takes_its_first_day_and_gives_its_last_back() -> None:
    """9 days before, the 10th to the 19th paused, 12 from the 20th on."""
    noon = OLD + "pauses: [{from: 2026-10-10T12:00:00Z, until: 2026-10-20T12:00:00Z}]"
    assert [line.split()[2] for line in lines(noon, "")] == ["9.00", "12.00"]


def test_lago_4399_a_pause_within_a_day_takes_no_day() -> None:
    lunch = OLD + "pauses: [{from: 2026-10-10T12:00:00Z, until: 2026-10-10T13:00:00Z}]"
    assert [line.split()[2] for line in lines(lunch, "")] == ["9.00", "22.00"]
