"""Levels that carry over from before the billed period, and values that are added and removed, on both engines."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from ratebook.book.expression import parse
from ratebook.calendar import BEGINNING, DAY, NEVER, SECOND, Instant
from ratebook.usage.measure import Condition, Dimension, Measure, Operation, Slots
from ratebook.usage.rows import SegmentRow, SubjectRow
from tests.sources.ask import Both, d, events, measuring
from tests.sources.cases import START, Row, moment

CALLS = Operation("method", ("add", "invite"), ("remove",))
FOUR_DAYS = [SegmentRow(0, 0, 4 - day, 1 + day, 2 + day, 0) for day in range(4)]
"""After a slot of history, four days, each with the number of days that are left."""
WHOLE = [SegmentRow(0, 0, 0, 1, 5, 0)]


def day(number: int, offset: int = 0) -> datetime:
    """Give a moment of the billed days, which are numbered from 1; 0 and less lie before them."""
    return moment(START + (number - 1) * DAY + offset)


def level(aggregate: str, prorate: Any = "none", value: str = "bytes", **more: Any) -> Measure:
    """A level over four days, with a history of a hundred."""
    history, *days = (Instant(START + number * DAY) for number in (-100, 0, 1, 2, 3, 4))
    measure = measuring(aggregate, value, recurring=True, prorate=prorate, since=START, **more)
    return replace(measure, slots=Slots((history, *days)))


def segments(measure: Measure) -> list[SegmentRow]:
    return FOUR_DAYS if measure.prorate == "days" else WHOLE


def quantity(both: Both, rows: list[Row], measure: Measure, **more: Any) -> Decimal:
    (row,) = both(rows, measure, segments=segments(measure), **more).rows
    assert row.segment == 0
    return row.quantity


# What carries over


@pytest.mark.parametrize(("aggregate", "expected"), [("sum", 12), ("latest", -3)])
def test_a_level_carries_over_into_the_period(aggregate: str, expected: int, both: Both) -> None:
    rows = events({"ts": day(-50), "bytes": 10}, {"ts": day(0), "bytes": 5}, {"ts": day(2), "bytes": -3})
    assert quantity(both, rows, level(aggregate)) == expected


@pytest.mark.parametrize(("prorate", "expected"), [("none", 7), ("days", 28), ("seconds", 28 * DAY)])
@pytest.mark.parametrize("aggregate", ["sum", "latest"])
def test_a_period_without_events_has_the_level_of_before(
    aggregate: str, prorate: str, expected: int, both: Both
) -> None:
    assert quantity(both, events({"ts": day(-3), "bytes": 7}), level(aggregate, prorate)) == expected


def test_what_comes_after_the_period_is_not_in_it(both: Both) -> None:
    rows = events({"ts": day(5, -1), "bytes": 1}, {"ts": day(5), "bytes": 100})
    assert quantity(both, rows, level("sum")) == 1


@pytest.mark.parametrize("prorate", ["none", "days", "seconds"])
@pytest.mark.parametrize("aggregate", ["sum", "latest"])
def test_a_level_without_events_is_no_row(aggregate: str, prorate: str, both: Both) -> None:
    """Pitfall 27: nothing is neither 0 in one engine nor NULL in the other."""
    measure = level(aggregate, prorate)
    assert both([], measure, segments=segments(measure)).rows == []


def test_a_level_begins_with_the_contract(both: Both) -> None:
    """Whose subject it was before is of no concern: a slot is cut at the contract's start, in history too."""
    start = Instant(START - 10 * DAY)
    subjects = [SubjectRow("a", 0, 0, BEGINNING, start), SubjectRow("a", 1, 0, start, NEVER)]
    rows = events(
        {"ts": day(-30), "bytes": 100}, {"ts": moment(start), "bytes": 7}, {"ts": day(1), "bytes": 1}
    )
    measure = level("sum")
    first, *others = measure.slots.bounds
    measure = replace(measure, slots=Slots((first, start, *others)))
    asked = both(rows, measure, subjects=subjects, segments=[SegmentRow(0, 0, 0, 2, 6, 0)])
    assert [(row.contract, row.quantity) for row in asked.rows] == [(1, d("8"))]


@pytest.mark.parametrize(("prorate", "expected"), [("none", None), ("days", 5 * 2), ("seconds", 5 * 2 * DAY)])
@pytest.mark.parametrize("aggregate", ["sum", "latest"])
def test_a_level_ends_where_its_subject_leaves_the_contract(
    aggregate: str, prorate: str, expected: int | None, both: Both
) -> None:
    """As a child account does; what is not there at the end of the period is not in its level."""
    left = [SubjectRow("a", 0, 0, BEGINNING, Instant(START + 2 * DAY))]
    measure = level(aggregate, prorate)
    asked = both(events({"ts": day(-9), "bytes": 5}), measure, subjects=left, segments=segments(measure))
    assert [row.quantity for row in asked.rows] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("prorate", "expected"), [("none", [5, 8]), ("days", [5, 16]), ("seconds", [5 * DAY, 16 * DAY])]
)
def test_a_level_goes_on_after_a_pause(prorate: str, expected: list[int], both: Both) -> None:
    """What happens in the pause belongs to nobody."""
    subjects = [
        SubjectRow("a", 0, 0, BEGINNING, Instant(START + DAY)),
        SubjectRow("a", 0, 0, Instant(START + 2 * DAY), NEVER),
    ]
    rows = events({"ts": day(-9), "bytes": 5}, {"ts": day(2), "bytes": 100}, {"ts": day(3), "bytes": 3})
    parts = [SegmentRow(0, 0, 1, 1, 2, 0), SegmentRow(0, 1, 2, 3, 4, 0), SegmentRow(0, 1, 1, 4, 5, 0)]
    if prorate != "days":
        parts = [SegmentRow(0, 0, 0, 1, 2, 0), SegmentRow(0, 1, 0, 3, 5, 0)]
    asked = both(rows, level("sum", prorate), subjects=subjects, segments=parts)
    assert [row.quantity for row in asked.rows] == expected
    assert asked.lost == {("outside_contract", ("a",)): 1}


def test_the_next_period_of_a_run_goes_on_from_the_one_before(both: Both) -> None:
    rows = events({"ts": day(-1), "bytes": 2}, {"ts": day(1), "bytes": 3}, {"ts": day(3), "bytes": 10})
    two = [SegmentRow(0, 0, 0, 1, 3, 0), SegmentRow(0, 1, 0, 3, 5, 0)]
    for aggregate, expected in (("sum", [5 * 2, 5 * 2 + 10 * 2]), ("latest", [3 * 2, 10 * 2])):
        asked = both(rows, level(aggregate, "seconds"), segments=two)
        assert [row.boundary for row in asked.rows] == [0, 1]
        assert [row.quantity / DAY for row in asked.rows] == expected


def test_each_subject_and_each_combination_of_dimensions_has_a_level(both: Both) -> None:
    rows = events(
        {"bytes": 5, "chain": "eth"},
        {"bytes": 7, "chain": None},
        {"org": "b", "bytes": 3, "chain": "eth", "ts": day(2)},
    )
    measure = level("latest", dimensions=(Dimension("chain"),), keep=("chain",))
    asked = both(rows, measure, segments=WHOLE)
    assert asked.told == [((None,), 1, 7), (("eth",), 2, 8)]
    assert both(rows, level("latest"), segments=WHOLE).told == [((), 3, 10)]


# By days


def test_a_day_counts_with_the_level_at_its_end(both: Both) -> None:
    """Pitfall 46: a microsecond before midnight is the day before; midnight is not."""
    rows = events({"ts": day(2, -1), "bytes": 10}, {"ts": day(3), "bytes": 1})
    assert quantity(both, rows, level("sum", "days")) == 10 * 4 + 1 * 2
    assert quantity(both, rows, level("latest", "days")) == 10 * 2 + 1 * 2


@pytest.mark.parametrize("aggregate", ["sum", "latest"])
def test_lago_4399_a_unit_added_and_removed_on_one_day_is_no_day(aggregate: str, both: Both) -> None:
    """lago-api #4399: counted as two days."""
    removed = -1 if aggregate == "sum" else 0
    rows = events({"ts": day(2, 60 * SECOND), "bytes": 1}, {"ts": day(2, 7200 * SECOND), "bytes": removed})
    assert quantity(both, rows, level(aggregate, "days")) == 0


def test_lago_5906_a_negative_running_level_inflates_nothing(both: Both) -> None:
    """lago-api #5906: removed before it was added, the level of the second day is -2, and not 3."""
    rows = events({"ts": day(1), "bytes": -5}, {"ts": day(2), "bytes": 3}, {"ts": day(3), "bytes": 4})
    assert quantity(both, rows, level("sum", "days")) == -5 - 2 + 2 + 2


def test_lago_6019_an_event_that_came_late_counts_from_its_own_time_on(both: Both) -> None:
    """lago-api #6019: a backdated event was missing from a cached level; no order of rows matters here."""
    rows = events({"ts": day(3), "bytes": 2}, {"ts": day(-20), "bytes": 10}, {"ts": day(2), "bytes": 1})
    assert quantity(both, rows, level("sum", "days")) == 10 + 11 + 13 + 13
    assert quantity(both, rows, level("latest", "days")) == 10 + 1 + 2 + 2


@pytest.mark.parametrize("aggregate", ["sum", "latest"])
def test_lago_5616_days_without_events_count_once(aggregate: str, both: Both) -> None:
    """lago-api #5616: a hole in the daily usage was counted again on the next day."""
    rows = events({"ts": day(1), "bytes": 4}, {"ts": day(4), "bytes": 0})
    assert quantity(both, rows, level(aggregate, "days")) == (16 if aggregate == "sum" else 12)


def test_lago_5102_a_level_that_falls_is_no_negative_usage(both: Both) -> None:
    """lago-api #5102: differences of days became negative usage."""
    rows = events({"ts": day(-1), "bytes": 9}, {"ts": day(2), "bytes": -4}, {"ts": day(3), "bytes": -5})
    assert quantity(both, rows, level("sum", "days")) == 9 + 5 + 0 + 0


# By seconds


def test_lago_5651_5583_every_microsecond_counts(both: Both) -> None:
    """lago-api #5651, #5583: times that went through floats lost microseconds."""
    rows = events({"ts": day(1, 1), "bytes": 3}, {"ts": day(4, DAY - 1), "bytes": 5})
    assert quantity(both, rows, level("sum", "seconds")) == 3 * (4 * DAY - 1) + 5 * 1
    assert quantity(both, rows, level("latest", "seconds")) == 3 * (4 * DAY - 2) + 5 * 1


def test_decimal_levels_are_weighed_exactly(both: Both) -> None:
    rows = events({"ts": day(-9), "level": d("0.000001")}, {"ts": day(3), "level": d("99999.5")})
    assert (
        quantity(both, rows, level("sum", "seconds", "level")) == d("0.000004") * DAY + d("99999.5") * 2 * DAY
    )
    assert (
        quantity(both, rows, level("latest", "seconds", "level")) == d("0.000002") * DAY + d("199999") * DAY
    )


@pytest.mark.parametrize("prorate", ["none", "days", "seconds"])
def test_of_values_at_one_instant_that_with_the_greatest_id_is_the_newest(prorate: str, both: Both) -> None:
    rows = [
        {**row, "id": name} for row, name in zip(events({"bytes": 5}, {"bytes": 3}), ("b", "c"), strict=True)
    ]
    expected = {"none": 3, "days": 12, "seconds": 12 * DAY}[prorate]
    assert quantity(both, rows, level("latest", prorate)) == expected
    assert quantity(both, rows[::-1], level("latest", prorate)) == expected


def test_a_level_may_be_an_expression(both: Both) -> None:
    rows = events({"ts": day(0), "bytes": 4097, "status": 2})
    text = "ceil(bytes / 4096) * status"
    assert quantity(both, rows, level("sum", "days", text, expression=parse(text))) == 16
    assert quantity(both, rows, level("latest", "seconds", text, expression=parse(text))) == 16 * DAY


# Values that are added and removed


def operated(**more: Any) -> Measure:
    return measuring("unique", "chain", operation=CALLS, **more)


def test_the_last_operation_on_a_value_decides(both: Both) -> None:
    rows = events(
        {"ts": day(1, 1), "chain": "ada", "method": "add"},
        {"ts": day(1, 2), "chain": "ada", "method": "add"},
        {"ts": day(1, 3), "chain": "bob", "method": "invite"},
        {"ts": day(1, 4), "chain": "bob", "method": "remove"},
        {"ts": day(1, 5), "chain": "cyd", "method": "remove"},
        {"ts": day(1, 6), "chain": "dan", "method": "remove"},
        {"ts": day(1, 7), "chain": "dan", "method": "add"},
    )
    assert both(rows, operated()).told == [((), 7, 2)]


def test_operations_at_one_instant_follow_each_other_by_id(both: Both) -> None:
    added, removed = events({"chain": "ada", "method": "add"}, {"chain": "ada", "method": "remove"})
    assert both([{**added, "id": "1"}, {**removed, "id": "2"}], operated()).told == [((), 2, 0)]
    assert both([{**added, "id": "2"}, {**removed, "id": "1"}], operated()).told == [((), 2, 1)]


def test_other_operations_are_ignored_and_counted(both: Both) -> None:
    rows = events(
        {"chain": "ada", "method": "add"},
        {"chain": "ada", "method": "ADD"},
        {"chain": "bob", "method": None},
        {"chain": None, "method": "seen"},
        {"chain": "eve", "method": "seen", "org": None},
    )
    asked = both(rows, operated(where=(Condition("paid", "exists", value=False),)))
    assert asked.told == [((), 1, 1)]
    assert asked.codes == ["RB407", "RB409", "RB417"]
    finding = next(one for one in asked.findings if one.code == "RB417")
    assert finding.message == "2 event(s) of requests have another method, as e1: they are not counted"
    assert asked.counts[0].filtered_out == 0


def test_values_that_were_added_before_are_there_until_they_are_removed(both: Both) -> None:
    rows = events(
        {"ts": day(-60), "chain": "ada", "method": "add"},
        {"ts": day(-50), "chain": "bob", "method": "add"},
        {"ts": day(2), "chain": "ada", "method": "remove"},
        {"ts": day(3), "chain": "cyd", "method": "add"},
    )
    measure = level("unique", value="chain", operation=CALLS)
    assert quantity(both, rows, measure) == 2
    only_new = replace(operated(), slots=measure.slots)
    assert both(rows, only_new, segments=WHOLE).told == [((), 2, 1)]


def test_many_values_are_counted_exactly(both: Both) -> None:
    """Pitfall 28: with a hundred thousand values an approximate count would be off by hundreds."""
    rows = events(*({"bytes": number * 7919, "method": "add"} for number in range(20_000)))
    assert both(rows, replace(operated(), value="bytes")).told == [((), 20_000, 20_000)]


def test_operations_may_be_numbers(both: Both) -> None:
    numbers = Operation("status", (1, 2), (0,))
    rows = events({"chain": "a", "status": 2}, {"chain": "b", "status": 0}, {"chain": "c", "status": 9})
    asked = both(rows, measuring("unique", "chain", operation=numbers))
    assert asked.told == [((), 2, 1)]
    assert asked.codes == ["RB417"]
