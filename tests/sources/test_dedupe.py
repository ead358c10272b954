"""Events that are delivered again: pitfall 71, and what a day and a content are."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ratebook.calendar import DAY, Instant
from ratebook.usage.measure import Slots
from tests.sources.ask import COUNT, Both, events, measuring
from tests.sources.cases import START, Row, moment, trusted


def again(row: Row, **changes: object) -> Row:
    return {**row, **changes}


def test_an_exact_duplicate_counts_once(both: Both) -> None:
    first, second = events({"bytes": 5, "chain": None}, {"bytes": 7})
    asked = both([first, second, again(first), again(first)], measuring("sum"))
    assert asked.told == [((), 2, 12)]
    assert asked.codes == ["RB413"]
    assert asked.findings[0].details == {"events": 2, "example": "e0"}
    assert asked.counts[0].duplicates == 2


@pytest.mark.parametrize(
    "change", [{"bytes": 6}, {"chain": "eth"}, {"paid": False}, {"org": "b"}, {"ts": moment(START + 1)}]
)
def test_an_id_with_two_contents_counts_not_at_all(change: Row, both: Both) -> None:
    first, second = events({"bytes": 5}, {"bytes": 7})
    asked = both([first, second, again(first, **change), again(first)], measuring("sum"))
    assert asked.told == [((), 1, 7)]
    assert asked.codes == ["RB411"]
    assert asked.findings[0].details == {"ids": 1, "events": 3, "example": "e0"}


def test_an_id_of_another_day_is_another_event(both: Both) -> None:
    (first,) = events({"bytes": 5})
    slots = Slots((START, Instant(START + 3 * DAY)))
    asked = both([first, again(first, ts=moment(START + DAY))], measuring("sum", slots=slots))
    assert asked.told == [((), 2, 10)]
    assert asked.codes == ["RB412"]


def test_a_day_is_a_day_in_utc_even_at_the_edge_of_what_is_measured(both: Both) -> None:
    """An id is judged by all of its UTC day, of which a period that begins at another midnight has only a part."""
    (inside,) = events({"ts": moment(START + DAY // 2)})
    measure = replace(COUNT, slots=Slots((Instant(START + DAY // 4), Instant(START + DAY))))
    asked = both([inside, again(inside, ts=moment(START + 1))], measure)
    assert asked.rows == []
    assert asked.codes == ["RB411"]


def test_what_is_repeated_elsewhere_is_no_concern_of_this_period(both: Both) -> None:
    (first,) = events({"ts": moment(START - 5 * DAY)})
    asked = both([first, again(first), *events({}, {})[1:]])
    assert asked.told == [((), 1, 1)]
    assert asked.codes == []


def test_null_equals_null_and_decimals_equal_by_value(both: Both) -> None:
    (first,) = events({"level": Decimal("1.500000"), "bytes": 1})
    asked = both([first, again(first, level=Decimal("1.5"))], measuring("sum", "level"))
    assert asked.told == [((), 1, Decimal("1.5"))]
    assert asked.codes == ["RB413"]


def test_a_trusted_source_counts_every_row(both: Both) -> None:
    (first,) = events({"bytes": 5})
    measure = measuring("sum", source=trusted(COUNT.source))
    asked = both([first, again(first), again(first, bytes=6)], measure)
    assert asked.told == [((), 3, 16)]
    assert asked.codes == []


def test_events_without_an_id_do_not_count(both: Both) -> None:
    rows = events({"bytes": 1}, {"bytes": 2}, {"bytes": 4})
    asked = both([rows[0], again(rows[1], id=None), again(rows[2], id="")], measuring("sum"))
    assert asked.told == [((), 1, 1)]
    assert asked.codes == ["RB406"]
    assert asked.findings[0].details["events"] == 2
