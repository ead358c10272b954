"""A run: contracts share timelines only where nothing tells them apart, and runs divide time among them."""

import re
from typing import Any

from hypothesis import given

from ratebook.compiler.plan import describe_plan, draw_plan
from ratebook.compiler.sql import MeteringQuery
from tests.builders import Billed, bill
from tests.random_runs import RATES, runs

RULES = "rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}\n"


def timelines(contracts: str, plan: str = "", period: str = "2026-10") -> list[int]:
    """Give the timeline of each contract, in order."""
    text = RULES + f"plans: {{pro: {{name: Pro, {plan}}}}}\ncontracts:\n{contracts}"
    return [row.timeline for row in bill(text, period).store.subjects]


def contract(name: str, start: str, end: str = "") -> str:
    until = f", end: {end}" if end else ""
    return f"  {name}: {{org: {name}, type: hybrid, spec: global, plan: pro, start: {start}{until}}}\n"


# Which contracts share a timeline


def test_contracts_that_differ_only_in_age_share_one() -> None:
    old = (
        contract("a", "2024-03-05") + contract("b", "2025-01-01", "2030-01-01") + contract("c", "2026-09-30")
    )
    assert timelines(old) == [0, 0, 0]


def test_contracts_that_begin_or_end_in_the_window_do_not() -> None:
    some = (
        contract("a", "2024-03-05") + contract("b", "2026-10-02") + contract("c", "2024-03-05", "2026-10-31")
    )
    assert timelines(some) == [0, 1, 2]


def test_an_end_in_the_next_period_matters_to_what_is_billed_in_advance() -> None:
    """It is billed at the end of October, for the days that November still has."""
    fee = "fees: [{id: base, name: B, amount: 30, bill: in_advance}]"
    some = contract("a", "2024-03-05") + contract("b", "2024-03-05", "2026-11-16")
    assert timelines(some, fee) == [0, 1]
    text = f"plans: {{pro: {{name: Pro, {fee}}}}}\ncontracts:\n{some}"
    assert bill(text, "2026-10").invoices() == [
        ["fee base 30.00", "total 30.00"],
        ["fee base 15.00", "total 15.00"],
    ]


def test_a_set_up_fee_tells_apart_only_contracts_in_their_first_period() -> None:
    fee = "cycle: {every: quarter}, fees: [{id: s, name: S, amount: 5, every: once}]"
    some = "".join(
        contract(*one)
        for one in [("a", "2024-01-01"), ("b", "2025-07-05"), ("c", "2026-07-01"), ("d", "2026-08-05")]
    )
    assert timelines(some, fee, "2026-09") == [0, 0, 1, 2]
    text = f"plans: {{pro: {{name: Pro, {fee}}}}}\ncontracts:\n{some}"
    assert [invoice["contract"] for invoice in bill(text, "2026-09").documents] == ["c", "d"]


def test_a_fee_that_repeats_the_contracts_cycle_tells_nobody_apart() -> None:
    fee = "fees: [{id: seat, name: S, amount: 5, every: month}]"
    assert timelines(contract("a", "2024-01-01") + contract("b", "2025-07-05"), fee) == [0, 0]


def test_a_yearly_fee_is_counted_from_each_contracts_own_start() -> None:
    fee = (
        "cycle: {every: month, anchor: contract_start}, fees: [{id: year, name: Y, amount: 120, every: year}]"
    )
    some = contract("a", "2024-10-05") + contract("b", "2024-11-05")
    assert timelines(some, fee) == [0, 1]
    text = f"plans: {{pro: {{name: Pro, {fee}}}}}\ncontracts:\n{some}"
    assert [invoice["contract"] for invoice in bill(text, "2026-10").documents] == ["a"]


def test_a_yearly_fee_is_cut_where_a_contract_began_though_that_is_long_ago() -> None:
    """It began on 1 July: half of the year, 184 of 365 days, falls due at the end of December."""
    fee = "fees: [{id: year, name: Y, amount: 365, every: year}]"
    text = (
        f"plans: {{pro: {{name: Pro, {fee}}}}}\ncontracts:\n"
        + contract("a", "2020-01-01")
        + contract("b", "2026-07-01")
    )
    assert bill(text, "2026-12").invoices() == [
        ["fee year 365.00", "total 365.00"],
        ["fee year 184.00", "total 184.00"],
    ]


def test_anchors_of_the_contracts_start_share_one_where_their_days_are_the_same() -> None:
    cycle = "cycle: {every: month, anchor: contract_start}, charges: [{rating: rpc}]"
    some = contract("a", "2024-05-14") + contract("b", "2025-05-14") + contract("c", "2025-05-15")
    assert timelines(some, cycle) == [0, 0, 1]


def test_contracts_with_other_terms_never_share() -> None:
    other = "  b: {org: b, type: hybrid, spec: global, plan: pro, start: 2024-03-05, currency: EUR}\n"
    assert timelines(contract("a", "2024-03-05") + other) == [0, 1]


def test_several_subjects_of_a_contract_are_one() -> None:
    text = (
        RULES
        + """
contracts:
  acme: {subjects: [o1, o2], type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]}
"""
    )
    usage = "requests 2026-10-05T00:00:00Z o1 3\nrequests 2026-10-05T00:00:00Z o2 4"
    assert bill(text, "2026-10", usage).invoices() == [["usage rpc 7.00", "total 7.00"]]


def test_peaks_of_several_subjects_are_added_up() -> None:
    text = """
rating: {seats: {meter: peak, price: {amount: 1, per: 1}}}
contracts:
  acme: {subjects: [o1, o2], type: metered, spec: global, start: 2026-01-01, charges: [{rating: seats}]}
"""
    usage = "peak 2026-10-05T00:00:00Z o1 3\npeak 2026-10-05T00:00:00Z o2 4\npeak 2026-10-06T00:00:00Z o1 2"
    assert bill(text, "2026-10", usage).invoices() == [["usage seats 7.00", "total 7.00"]]


# Whatever contracts there are


def by_contract(run: Billed) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["contract"], one["invoice"]): one for one in run.documents}


@given(runs())
def test_what_contracts_share_changes_none_of_their_invoices(drawn: tuple[str, str]) -> None:
    book, usage = drawn
    head, rows = book.split("contracts:\n")
    contracts = re.findall(r"  c\d:\n(?:    .*\n?)+", rows)
    together = bill(book, "2026-10-01/2026-12-01", usage, rates=RATES)
    alone: dict[tuple[str, str], dict[str, Any]] = {}
    for one in contracts:
        alone |= by_contract(bill(f"{head}contracts:\n{one}\n", "2026-10-01/2026-12-01", usage, rates=RATES))
    assert by_contract(together) == alone


@given(runs())
def test_two_runs_over_parts_of_a_time_give_the_invoices_of_one_run_over_all(drawn: tuple[str, str]) -> None:
    book, usage = drawn
    whole = bill(book, "2026-09-20/2026-11-20", usage, rates=RATES)
    parts = [
        bill(book, part, usage, rates=RATES) for part in ("2026-09-20/2026-10-15", "2026-10-15/2026-11-20")
    ]
    assert by_contract(whole) == by_contract(parts[0]) | by_contract(parts[1])
    assert len(whole.outcomes) == sum(len(part.outcomes) for part in parts)


@given(runs())
def test_an_explanation_measures_more_finely_and_changes_no_line(drawn: tuple[str, str]) -> None:
    book, usage = drawn
    plain, detailed = (bill(book, "2026-Q4", usage, rates=RATES, detailed=one) for one in (False, True))
    lines = [
        [(one["invoice"], one["lines"], one["total"]) for one in run.documents] for run in (plain, detailed)
    ]
    assert lines[0] == lines[1]


def test_the_plan_of_a_run_names_the_plans_of_phases_and_the_parts_of_charges() -> None:
    text = (
        RULES
        + """
plans: {starter: {name: S, charges: [{rating: rpc}]}, pro: {name: P, charges: [{rating: rpc}]}}
contracts:
  acme: {org: o1, type: metered, spec: global, plan: pro, start: 2026-01-01,
         phases: [{until: 2026-10-11, plan: starter}]}
"""
    )
    run = bill(text, "2026-10").run
    assert run.plan is not None
    queries = [MeteringQuery("duckdb", "SELECT 1", (), ()) for _ in run.plan.measures]
    document = describe_plan(run.compiler, run.plan, queries, {0: ["acme"]})
    (timeline,) = document["timelines"]
    assert timeline["phases"] == [
        {"plan": "starter", "until": "2026-10-11T00:00:00Z"},
        {"plan": "pro", "until": None},
    ]
    drawn = draw_plan(document)
    assert "spec global, plan starter, then pro, USD" in drawn
    assert "rpc until 2026-10-11T00:00:00Z: per_unit of requests [plans/starter#charges/0]" in drawn
