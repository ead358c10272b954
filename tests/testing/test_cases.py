"""Cases are rated by the engine, many in one run, and each as if it were alone."""

from pathlib import Path

from ratebook.book import load
from ratebook.testing.files import read_cases
from ratebook.testing.rating import groups_of, prepare
from ratebook.testing.running import run_jobs
from tests.testing.small import FILES, run, small_book, texts

CASE = """
cases:
  case:
    contract: acme
    period: 2026-10
    usage:
      - {count: 1_500, chain: eth, size: 250}
      - {count: 4_000, chain: base}
    expect:
"""


def test_a_case_passes_whose_expectations_hold() -> None:
    expect = """
      lines:
        - {charge: base, kind: fee, amount: 49}
        - {charge: calls, dimensions: {chain: eth}, quantity: 1_500, amount: 3}
        - {charge: calls, dimensions: {chain: base}, amount: "4.00"}
        - {charge: largest, billable: 250, amount: 2.5, description: largest}
      subtotal: 58.50
      tax: 11.70
      total: 70.20
      currency: USD
"""
    assert texts(CASE + expect) == []


def test_a_difference_is_money_with_its_place() -> None:
    text = CASE + "      total: 60\n      lines: [{charge: calls, amount: 8}]\n      partial: true\n"

    line, total = run(text)["case"].failures

    assert line.difference.text == "acme calls: expected 8.00 USD, billed 7.00 USD (-1.00)"
    assert (line.position.line, line.position.column) == (11, 39)
    assert total.difference.text == "acme total: expected 60.00 USD, billed 70.20 USD (+10.20)"
    assert total.position[:3] == ("a.yaml", 10, 14)


def test_lines_that_nobody_expects_and_lines_that_are_missing_are_differences() -> None:
    assert texts(
        CASE + "      lines: [{charge: calls, amount: 7}, {charge: seats, kind: fee, amount: 5}]\n"
    ) == [
        "acme fee seats: expected 5 USD, not billed (-5)",
        "acme fee base: not expected, billed 49.00 USD (+49.00)",
        "acme usage largest: not expected, billed 2.50 USD (+2.50)",
    ]


def test_an_exact_expectation_takes_its_line_before_a_broad_one() -> None:
    lines = "[{charge: calls, amount: 4}, {charge: calls, dimensions: {chain: eth}, amount: 3}]"
    expect = f"      partial: true\n      lines: {lines}\n"

    assert texts(CASE + expect) == []


def test_a_quantity_that_differs_is_told_in_its_unit() -> None:
    expect = (
        "      partial: true\n      lines: [{charge: calls, dimensions: {chain: eth}, billable: 1_400}]\n"
    )

    assert texts(CASE + expect) == [
        "acme calls (chain eth) billable: expected 1,400 call, measured 1,500 call"
    ]


def test_several_invoices_are_added_up_or_told_apart() -> None:
    case = "cases: {case: {contract: acme, period: 2026-10-01/2026-12-02, expect: "

    assert texts(case + "{total: 117.60, lines: [{charge: base, amount: 98}]}}}") == []
    assert texts(case + "{invoices: [{total: 58.80}, {total: 58}]}}}") == [
        "acme total: expected 58.00 USD, billed 58.80 USD (+0.80)"
    ]
    assert texts(case + "{invoices: []}}}") == ["acme invoices: expected 0, found 2: 58.80 USD, 58.80 USD"]


def test_a_row_may_stand_for_more_events_than_anyone_could_write_down() -> None:
    case = """
cases:
  case:
    plan: pro
    period: 2026-10
    usage: [{count: 3_000_000_345, chain: eth}, {chain: base, size: 7}]
    expect:
      partial: true
      lines:
        - {charge: calls, dimensions: {chain: eth}, quantity: 3_000_000_345, amount: 6_000_000.69}
        - {charge: calls, dimensions: {chain: base}, quantity: 1, amount: 0}
        - {charge: largest, amount: 0.07}
"""
    assert texts(case) == []


def test_a_date_is_a_midnight_of_the_spec_and_the_middle_of_the_period_unless_given() -> None:
    case = """
cases:
  case:
    plan: pro
    period: 2026-10
    usage:
      - {count: 500, at: 2026-10-01, chain: eth}
      - {count: 70, at: 2026-10-31T20:59:59Z, chain: eth}
      - {count: 3, at: 2026-10-31T21:00:00Z, chain: eth}
      - {count: 9_000, chain: eth}
    expect: {partial: true, lines: [{charge: calls, quantity: 9_570}]}
"""
    assert texts(case) == []


def test_a_contract_may_stand_in_the_case() -> None:
    case = """
cases:
  case:
    contract:
      type: hybrid
      spec: world
      plan: pro
      start: 2026-01-01
      overrides: {base: {amount: 10}}
    period: 2026-10
    expect: {total: 12}
"""
    assert texts(case) == []


def test_what_is_found_belongs_to_the_case_whose_usage_it_is_in() -> None:
    text = """
cases:
  good: {contract: acme, period: 2026-10, expect: {total: 58.80}}
  stranger: {contract: acme, period: 2026-10, usage: [{org: nobody, chain: eth}], expect: {total: 58.80}}
  known: {contract: acme, period: 2026-10, usage: [{chain: solana}], expect: {total: 58.80, findings: [RB505]}}
  expected: {contract: acme, period: 2026-10, usage: [{org: nobody, chain: eth}], expect: {findings: [RB501]}}
  absent: {contract: acme, period: 2026-10, expect: {findings: [RB501]}}
"""
    results = run(text)

    assert {name: result.status for name, result in results.items()} == {
        "good": "passed",
        "stranger": "failed",
        "known": "passed",
        "expected": "passed",
        "absent": "failed",
    }
    (found,) = results["stranger"].failures
    assert found.difference.text.startswith("acme finding RB501: not expected: 1 event(s) of calls")
    (absent,) = results["absent"].failures
    assert absent.difference.text == "acme finding RB501: expected, not found"


def test_cases_share_a_run_but_never_one_anothers_rates() -> None:
    text = """
cases:
  own: {contract: euro, period: 2026-10, fx: ["2026-11-01,ecb,EUR/USD,1.25"], expect: {total: 47.04}}
  later: {contract: euro, period: 2026-10, fx: ["2026-10-31,ecb,EUR/USD,1.00"], expect: {total: 58.80}}
  none: {contract: euro, period: 2026-10, expect: {findings: [RB508], invoices: []}}
"""
    file = read_cases(Path("a.yaml"), "a.yaml", text.encode())
    jobs, _ = prepare(small_book(), list(file.cases()))

    assert [len(group) for group in groups_of(jobs)] == [3]
    assert {result.status for result in run(text).values()} == {"passed"}


def test_events_are_delivered_twice_and_taken_back_as_in_real_usage() -> None:
    files = FILES | {"specs/book.yaml": FILES["specs/book.yaml"].replace("ts\n", "ts\n    reverses: back\n")}
    book = load({path: text.encode() for path, text in files.items()}).book
    assert book is not None
    text = """
cases:
  case:
    contract: acme
    period: 2026-10
    usage:
      - {id: once, chain: eth}
      - {id: once, chain: eth}
      - {id: gone, chain: eth}
      - {back: gone, chain: eth}
      - {count: 2_000_000, chain: eth}
    expect: {partial: true, lines: [{charge: calls, quantity: 2_000_001}]}
"""
    jobs, _ = prepare(book, list(read_cases(Path("a.yaml"), "a.yaml", text.encode()).cases()))

    (result,) = run_jobs(book, jobs)

    assert result.failures == ()


def test_a_recorded_file_is_read_as_usage_is(tmp_path: Path) -> None:
    (tmp_path / "october.csv").write_text(
        "id,org,ts,chain,size,weight,ok\n1,org_acme,2026-10-05T00:00:00Z,eth,100,,\n"
    )
    text = "cases: {case: {contract: acme, period: 2026-10, usage: october.csv, expect: {subtotal: 50}}}"
    file = read_cases(tmp_path / "a.yaml", "a.yaml", text.encode())
    jobs, findings = prepare(small_book(), list(file.cases()))
    (result,) = run_jobs(small_book(), jobs)

    assert (findings, result.failures) == ([], ())
