"""What is due once is so in one run only, whatever part of the contract's life a run sees."""

import pytest

from tests.builders import bill, summary

BOOK = """
contracts:
  acme:
    org: o1
    type: fixed
    spec: global
    start: 2026-01-01
    pauses: [{from: 2026-03-10, until: 2026-04-10}]
    fees: [{id: setup, name: Setup, amount: 100, every: once}]
"""


@pytest.mark.parametrize(
    ("month", "lines"), [("2026-01", ["fee setup 100.00", "total 100.00"]), ("2026-04", [])]
)
def test_a_fee_that_is_due_once_is_not_due_again_after_a_pause(month: str, lines: list[str]) -> None:
    assert [line for document in bill(BOOK, month).documents for line in summary(document)] == lines


@pytest.mark.parametrize(
    ("period", "terms"),
    [
        ("2026-01", "start: 2025-12-01, trial: 1 month"),
        ("2026-10", "start: 2026-01-01, pauses: [{from: 2026-08-15, until: 2026-10-01}]"),
    ],
    ids=["after a trial", "after a pause"],
)
def test_a_trial_or_pause_that_ends_at_a_boundary_opens_nothing_again(period: str, terms: str) -> None:
    """The fee of the period that begins there was billed at the boundary before, by an earlier run."""
    fee = "fees: [{id: base, name: Base, amount: 31, bill: in_advance}]"
    book = f"contracts: {{acme: {{org: o1, type: fixed, spec: global, {terms}, {fee}}}}}"
    assert [one["kind"] for one in bill(book, period).documents] == ["period"]
