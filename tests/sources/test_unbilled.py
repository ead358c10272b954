"""Usage that has no place: whose it is, when, and that each event is on the right side of a contract's life."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ratebook.calendar import BEGINNING, DAY, NEVER, Instant, Interval
from ratebook.sources import unbilled
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.sources.metering import MeteringStore, reports
from ratebook.usage.measure import Condition, Slots
from ratebook.usage.rows import SegmentRow, SubjectRow
from tests.sources.ask import COUNT, EVERYONE, Both, ask_parquet, events, whole
from tests.sources.cases import START, moment

NOON = Instant(START + DAY // 2)


def test_a_subject_that_nobody_knows(both: Both) -> None:
    rows = events({"org": "x", "ts": moment(START + 5)}, {"org": "x", "ts": moment(START + 9)}, {})
    asked = both(rows)
    (lost,) = asked.unbilled
    assert lost.reason == "unknown_subject"
    assert (lost.key, lost.events, lost.subjects, lost.example) == (("x",), 2, 1, "e0")
    assert (lost.first_seen, lost.last_seen) == (START + 5, START + 9)


def test_a_life_that_begins_within_a_slot_cuts_it_for_reports(both: Both) -> None:
    """A contract that is not yet billed has no bound among the slots, and still what is before it is outside."""
    rows = events({"ts": moment(NOON - 1)}, {"ts": moment(NOON)})
    asked = both(rows, subjects=[SubjectRow("a", 0, 7, NOON, NEVER)], segments=[SegmentRow(7, 0, 0, 0, 0, 0)])
    assert asked.lost == {("outside_contract", ("a",)): 1}


def test_usage_of_another_billing_period_is_none_of_this_run(both: Both) -> None:
    """A contract of years has its price, and its period ends later."""
    asked = both(events({}), segments=[SegmentRow(0, 0, 0, 0, 0, 0)])
    assert asked.rows == []
    assert asked.unbilled == ()


def test_a_contract_without_a_price_for_the_meter(both: Both) -> None:
    subjects = [SubjectRow("a", 0, 0, BEGINNING, NEVER), SubjectRow("b", 1, 1, BEGINNING, NEVER)]
    asked = both(events({}, {"org": "b"}), subjects=subjects, segments=whole(COUNT))
    assert asked.told == [((), 1, 1)]
    assert asked.lost == {("no_price", ("b",)): 1}


def test_a_subject_that_changes_its_contract(both: Both) -> None:
    """Pitfall 79: whose an event is depends on its time, not on today's contract."""
    subjects = [SubjectRow("a", 0, 0, BEGINNING, NOON), SubjectRow("a", 1, 0, NOON, NEVER)]
    measure = replace(COUNT, slots=Slots((START, NOON, Instant(START + DAY))))
    rows = events({"ts": moment(NOON - 1)}, {"ts": moment(NOON)}, {"ts": moment(NOON + 1)})
    asked = both(rows, measure, subjects=subjects)
    assert [(row.contract, row.events) for row in asked.rows] == [(0, 1), (1, 2)]


def test_only_the_window_of_the_run_is_reported(both: Both) -> None:
    rows = events({"org": "x", "ts": moment(NOON - 1)}, {"org": "x", "ts": moment(NOON)})
    asked = both(rows, window=Interval(NOON, Instant(START + DAY)))
    assert asked.lost == {("unknown_subject", ("x",)): 1}


def test_subjects_that_only_look_like_others_are_pointed_at(both: Both) -> None:
    """Pitfall 19: a space at the end, an e with its accent apart, a space of no width."""
    rows = events(
        {"org": "a "}, {"org": "e\N{COMBINING ACUTE ACCENT}"}, {"org": "a\N{ZERO WIDTH SPACE}"}, {"org": "é"}
    )
    asked = both(rows)
    (finding,) = asked.findings
    assert finding.code == "RB414"
    assert finding.details["subjects"] == 3
    assert len(asked.unbilled) == 4


def test_many_unknown_subjects_are_summed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbilled, "MOST", 2)
    rows = events(*({"org": name} for name in "xxxyyzw"))
    asked = ask_parquet(tmp_path, rows)
    assert asked.lost == {
        ("unknown_subject", ("x",)): 3,
        ("unknown_subject", ("y",)): 2,
        ("unknown_subject", ("2 other subjects",)): 2,
    }


def test_one_measure_of_a_meter_reports_for_all(tmp_path: Path) -> None:
    narrow = replace(COUNT, name="narrow", where=(Condition("chain", "eq", "eth"),))
    other = replace(COUNT, name="other", where=(Condition("chain", "eq", "sol"),))
    rest = replace(COUNT, name="rest", unless=(narrow.where, other.where))
    measures = [narrow, COUNT, other, replace(COUNT, name="same"), replace(COUNT, name="else", meter="else")]
    assert [reports(number, measures) for number in range(5)] == [False, True, False, False, True]
    assert [reports(number, [narrow, other, rest]) for number in range(3)] == [True, True, True]
    ask_parquet(tmp_path, events({"org": "x", "chain": "eth"}))
    with MeteringStore(DuckDBUsage({"raw": "events.parquet"}, tmp_path)) as store:
        store.enroll(EVERYONE)
        segments: Any = [whole(one) for one in measures]
        metered = store.measure(measures, segments, COUNT.slots.window)
        assert [one.measure for one in metered.unbilled()] == ["requests", "else"]
