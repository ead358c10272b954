"""Pitfalls E 53 and 54: two prices or none for an event, two contracts or none for a subject."""

from pathlib import Path

from tests.pitfalls.situation import rated, refused

TWO_RULES = """
rules:
  calls: {{where: {{method: {first}}}, price: {{amount: 1, per: 1}}}}
  others: {{where: {second}, price: {{amount: 10, per: 1}}}}
usage: [{{n: 1, method: call, age: old}}, {{n: 2, method: call, age: new}}, {{n: 4, method: trace, age: old}}]
"""


def test_53_equal_and_overlapping_conditions_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, TWO_RULES.format(first="call", second="{method: [call]}")) == ["RB314"]
    assert refused(tmp_path, TWO_RULES.format(first="call", second="{age: old}")) == ["RB314"]


def test_53_of_a_condition_and_a_narrower_one_each_event_has_one_price(tmp_path: Path) -> None:
    narrower = rated(tmp_path, TWO_RULES.format(first="call", second="{method: call, age: old}"))
    assert narrower.amounts == [["2.00", "10.00"]]
    assert narrower.codes == ["RB503"]


def test_53_usage_in_a_gap_of_prices_is_a_finding_and_not_free(tmp_path: Path) -> None:
    gap = rated(tmp_path, TWO_RULES.format(first="call", second="{method: stream}"))
    assert gap.amounts == [["3.00"]]
    assert gap.codes == ["RB503"]


TWO_CONTRACTS = """
rule: {price: {amount: 1, per: 1}}
contracts:
  first: {org: acme, end: 2026-10-10}
  second: {org: acme, start: START}
usage: [{n: 1, at: 2026-10-09T23:59:59Z}, {n: 2, at: 2026-10-12T00:00:00Z}, {n: 4, at: 2026-10-15T00:00:00Z}]
"""


def test_54_usage_between_two_contracts_of_a_subject_is_reported(tmp_path: Path) -> None:
    gap = rated(tmp_path, TWO_CONTRACTS.replace("START", "2026-10-15"))
    assert (gap.totals, gap.codes) == ({"first": "1.00", "second": "4.00"}, ["RB502"])


def test_54_contracts_that_overlap_are_refused_and_those_that_touch_are_not(tmp_path: Path) -> None:
    assert refused(tmp_path / "overlap", TWO_CONTRACTS.replace("START", "2026-10-09")) == ["RB309"]
    touch = rated(tmp_path / "touch", TWO_CONTRACTS.replace("START", "2026-10-10"))
    assert (touch.totals, touch.codes) == ({"first": "1.00", "second": "6.00"}, [])
