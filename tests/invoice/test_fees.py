"""Fees on invoices: in advance or in arrears, of their own cycle or once, prorated, rounded once."""

import pytest

from tests.builders import bill, periods


def invoices(
    fee: str, period: str = "2026-10", contract: str = "start: 2026-01-01", spec: str = ""
) -> list[list[str]]:
    return bill(
        f"""
specs: {{global: {{time_zone: UTC, currency: USD, {spec}}}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: global, {contract}, fees: [{{id: base, name: Base fee, {fee}}}]}}
""",
        period,
    ).invoices()


def test_an_opening_bills_what_is_due_in_advance() -> None:
    """From 10 October on 22 of 31 days: 34.77419; then the whole of November."""
    assert invoices("amount: 49, bill: in_advance", contract="start: 2026-10-10") == [
        ["fee base 34.77", "total 34.77"],
        ["fee base 49.00", "total 49.00"],
    ]


def test_in_arrears_nothing_is_due_at_the_opening() -> None:
    assert invoices("amount: 49", contract="start: 2026-10-10") == [["fee base 34.77", "total 34.77"]]


@pytest.mark.parametrize(("prorate", "total"), [("days", "22.00"), ("seconds", "21.50"), ("none", "31.00")])
def test_d44_a_start_at_noon_counts_by_policy(prorate: str, total: str) -> None:
    """10 October, noon: 22 of 31 days are touched, 21.5 lived through."""
    (invoice,) = invoices(f"amount: 31, prorate: {prorate}", contract="start: 2026-10-10T12:00:00Z")
    assert invoice[-1] == f"total {total}"


def test_lago_6194_a_quarterly_fee_is_divided_by_the_days_of_the_quarter() -> None:
    """1 April to 13 May 2026: 42 of 91 days of 910."""
    plan = "start: 2026-01-01, end: 2026-05-13, cycle: {every: quarter}"
    assert invoices("amount: 910", "2026-Q2", plan) == [["fee base 420.00", "total 420.00"]]


def test_d43_a_day_of_a_leap_year_is_a_366th() -> None:
    plan = "start: 2028-12-31, cycle: {every: year}"
    assert invoices("amount: 366", "2028", plan) == [["fee base 1.00", "total 1.00"]]


def test_d45_a_contract_of_one_day_pays_one_day() -> None:
    """Lago #4399: not two."""
    day = "start: 2026-10-05T09:00:00Z, end: 2026-10-05T18:00:00Z"
    assert invoices("amount: 31", contract=day) == [["fee base 1.00", "total 1.00"]]


def test_killbill_2133_a_contract_of_the_31st_pays_whole_months() -> None:
    plan = "start: 2026-01-31, cycle: {every: month, anchor: contract_start}"
    assert invoices("amount: 30", "2026-Q1", plan) == [["fee base 30.00", "total 30.00"]] * 2
    assert invoices("amount: 30", "2026-03-31", plan) == []


def test_the_parts_of_a_month_add_up_to_it() -> None:
    """31.00 a month in three contracts that follow one another: 10, 11 and 10 days."""
    lives = [("2026-10-01", "2026-10-11"), ("2026-10-11", "2026-10-22"), ("2026-10-22", "2026-11-01")]
    found = [invoices("amount: 31", contract=f"start: {start}, end: {end}") for start, end in lives]
    assert [one[-1][-1] for one in found] == ["total 10.00", "total 11.00", "total 10.00"]


def test_d38_a_month_with_a_change_of_clocks_is_a_month() -> None:
    """October has 745 hours in Berlin; half of it, by seconds, is 372.5 hours."""
    fee = "fees: [{id: f, name: F, amount: 745, prorate: seconds}]"
    text = f"""
specs: {{berlin: {{time_zone: Europe/Berlin, currency: USD}}}}
contracts:
  a: {{org: o1, type: hybrid, spec: berlin, start: 2026-01-01, {fee}}}
  b: {{org: o2, type: hybrid, spec: berlin, start: 2026-10-16T10:30:00Z, {fee}}}
"""
    assert bill(text, "2026-10").invoices() == [
        ["fee f 745.00", "total 745.00"],
        ["fee f 372.50", "total 372.50"],
    ]


def test_a_yearly_fee_in_a_monthly_contract_is_due_when_its_year_begins() -> None:
    plan = "start: 2024-11-10, cycle: {every: month, anchor: contract_start}"
    run = invoices("amount: 1200, every: year, bill: in_advance", "2026-Q4", plan)
    assert run == [["fee base 1200.00", "total 1200.00"]]


def test_a_weekly_fee_in_a_monthly_contract_has_a_line_for_each_week() -> None:
    (invoice,) = invoices("amount: 7, every: week")
    assert invoice == [*["fee base 7.00"] * 4, "total 28.00"]


def test_set_up_is_billed_once() -> None:
    assert invoices("amount: 100, every: once, bill: in_advance", "2026-Q4", "start: 2026-10-10") == [
        ["fee base 100.00", "total 100.00"]
    ]
    assert invoices("amount: 100, every: once", "2026-Q4", "start: 2026-10-10") == [
        ["fee base 100.00", "total 100.00"]
    ]


def test_a_quantity_is_multiplied_before_rounding() -> None:
    """12 × 9.999 × 22/31 = 85.1527…."""
    assert invoices("amount: 9.999, quantity: 12", contract="start: 2026-10-10") == [
        ["fee base 85.15", "total 85.15"]
    ]


@pytest.mark.parametrize(
    ("currency", "total"), [("JPY", "35"), ("KWD", "34.774"), ("CLF", "34.7742"), ("TRY", "34.77")]
)
def test_a11_a_fee_has_as_many_places_as_its_currency(currency: str, total: str) -> None:
    contract = f"start: 2026-10-10, currency: {currency}"
    (invoice,) = invoices("amount: 49", contract=contract)
    assert invoice[-1] == f"total {total}"


@pytest.mark.parametrize(
    ("mode", "total"), [("half_up", "0.13"), ("half_even", "0.12"), ("up", "0.13"), ("down", "0.12")]
)
def test_a5_the_spec_says_how_to_round(mode: str, total: str) -> None:
    (invoice,) = invoices("amount: 0.125", spec=f"rounding: {{mode: {mode}}}")
    assert invoice[-1] == f"total {total}"


def test_lines_carry_the_periods_of_their_fees_and_invoices_those_of_the_contract() -> None:
    run = bill(
        """
contracts:
  acme:
    {org: o1, type: hybrid, spec: global, start: 2026-10-10,
     fees: [{id: base, name: B, amount: 49, bill: in_advance}]}
""",
        "2026-10",
    )
    assert periods(run.documents) == ["opening 2026-10-10 2026-11-01", "period 2026-10-10 2026-11-01"]
    assert [one["lines"][0]["period"]["from"][:10] for one in run.documents] == ["2026-10-10", "2026-11-01"]


def test_a_fee_of_nothing_has_a_line() -> None:
    assert invoices("amount: 0") == [["fee base 0.00", "total 0.00"]]
