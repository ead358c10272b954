"""Expectations are rewritten where they stand; comments, order and all else stay as they were typed."""

from datetime import date
from pathlib import Path

import pytest

from ratebook.testing.files import read_cases
from ratebook.testing.rating import prepare, rate_jobs
from ratebook.testing.rewriting import Why, rewrite
from tests.testing.small import small_book

WHY = Why("A. Person", date(2026, 11, 25), "prices rose, PRICE-90")
HISTORY = 'history:\n  - {date: 2026-11-25, by: A. Person, because: "prices rose, PRICE-90", cases: [case]}\n'

HEAD = """# Cases of acme
cases:
  case:   # the one
    contract: acme
    period: 2026-10
    usage: [{count: 1_000, chain: eth}]
"""


def rewritten(text: str) -> str:
    file = read_cases(Path("a.yaml"), "a.yaml", text.encode())
    assert file.findings == ()
    jobs, findings = prepare(small_book(), list(file.cases()))
    assert findings == []
    outcomes = {job.case.name: (job.contract.id, rated) for job, rated in rate_jobs(small_book(), jobs)}
    new = rewrite(file, outcomes, WHY).text
    again = read_cases(Path("a.yaml"), "a.yaml", new.encode())
    assert again.findings == ()
    assert [case.name for case in again.cases()] == [case.name for case in file.cases()]
    assert rewrite(again, outcomes, WHY).text == new, "what was rewritten passes"
    return new


def test_figures_are_replaced_where_they_stand() -> None:
    before = """    expect:
      # the whole
      total: 60        # with tax
      subtotal: "50.00"
      lines:
        - {charge: base, amount: 50}   # a fee
        - {charge: calls, amount: 2, quantity: 999}
"""
    after = """    expect:
      # the whole
      total: 61.20        # with tax
      subtotal: "51.00"
      lines:
        - {charge: base, amount: 49}   # a fee
        - {charge: calls, amount: 2, quantity: 1_000}
"""
    assert rewritten(HEAD + before) == f"{HEAD}{after}\n{HISTORY}"


def test_where_lines_come_or_go_the_expectation_is_written_anew() -> None:
    before = "    expect:\n      lines:\n        - {charge: seats, amount: 5}\n      tax: 10\n  # the end\n"
    after = (
        "    expect:\n      lines:\n        - {charge: base, kind: fee, amount: 49}\n"
        "        - {charge: calls, kind: usage, dimensions: {chain: eth}, amount: 2}\n      tax: 10.20\n  # the end\n"
    )
    assert rewritten(HEAD + before) == f"{HEAD}{after}\n{HISTORY}"


def test_an_expectation_in_braces_stays_in_braces() -> None:
    before = "    expect: {total: 1, partial: true, lines: [{charge: calls, amount: 2}, {charge: seats}]}\n"
    after = "    expect: {partial: true, lines: [{charge: calls, amount: 2}], total: 61.20}\n"

    assert rewritten(HEAD + before) == f"{HEAD}{after}\n{HISTORY}"


def test_a_case_without_expectation_gets_the_findings_that_it_has() -> None:
    text = HEAD.replace("chain: eth", "chain: solana")

    assert rewritten(text) == f"{text}    expect:\n      findings: [RB505]\n\n{HISTORY}"


def test_what_passes_is_not_touched() -> None:
    text = HEAD + "    expect: {total: 61.20}\n"

    assert rewritten(text) == text


@pytest.mark.parametrize("style", ["block", "flow"])
def test_history_grows_at_its_end(style: str) -> None:
    entry = "{date: 2026-10-01, by: B, because: first, cases: [case]}"
    old = f"history:\n- {entry}   # once\n" if style == "block" else f"history: [{entry}]\n"
    new = HISTORY.partition("- ")[2].rstrip()

    text = rewritten(f"{old}{HEAD}    expect: {{total: 1}}\n")

    grown = f"history:\n- {entry}   # once\n- {new}\n" if style == "block" else f"history: [{entry}, {new}]\n"
    assert text == f"{grown}{HEAD}    expect: {{total: 61.20}}\n"


def test_several_invoices_are_written_one_by_one() -> None:
    head = "cases:\n  case: {contract: acme, period: 2026-10-01/2026-12-02, expect: {invoices: "

    assert rewritten(head + "[{total: 1}, {total: 2}]}}\n") == (
        f"{head}[{{total: 58.80}}, {{total: 58.80}}]}}}}\n\n{HISTORY}"
    )
    assert rewritten(head + "[]}}\n") == f"{head}[{{total: 58.80}}, {{total: 58.80}}]}}}}\n\n{HISTORY}"


def test_a_file_in_braces_gets_its_history_in_braces() -> None:
    case = "case: {contract: acme, period: 2026-10, expect: {total: "
    entry = HISTORY.partition("- ")[2].rstrip()

    assert rewritten(f"{{cases: {{{case}1}}}}}}}}\n") == (
        f"{{cases: {{{case}58.80}}}}}}, history: [{entry}]}}\n"
    )
