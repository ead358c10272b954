"""A source that is asked once: whoever asks again, and for whomever, gets what was measured the first time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from ratebook.calendar import DAY, Instant
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.sources.errors import SourceError
from ratebook.sources.remembered import RememberedSource
from ratebook.usage.measure import Condition, Measure, Slots
from tests.sources.ask import COUNT, ask, events, measuring
from tests.sources.cases import SCHEMA, START, Row

ROWS = events({"org": "a", "bytes": 10}, {"org": "a", "bytes": 20}, {"org": "b", "bytes": 5}, {"org": None})


class Counting(DuckDBUsage):
    """A source that counts how often it measures."""

    measured = 0

    def measure(self, measure: Measure) -> Iterator[pa.RecordBatch]:
        self.measured += 1
        return super().measure(measure)


class Remembering:
    """A remembered source over a file, and the sources that it opened."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "events.parquet"
        self.opened: list[Counting] = []
        self.source = RememberedSource(lambda: self._open(folder))

    def _open(self, folder: Path) -> Counting:
        self.opened.append(Counting({"raw": "events.parquet"}, folder))
        return self.opened[-1]

    def write(self, rows: Sequence[Row]) -> None:
        pyarrow.parquet.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), self.file)

    def told(self, measure: Measure) -> list[tuple[Any, ...]]:
        return ask(self.source, measure).told


@pytest.fixture
def remembering(tmp_path: Path) -> Iterator[Remembering]:
    found = Remembering(tmp_path)
    found.write(ROWS)
    yield found
    found.source.forget()


def of(measure: Measure, *subjects: str) -> Measure:
    return replace(measure, where=(*measure.where, Condition("org", "in", subjects)))


def test_the_same_question_is_answered_from_memory(remembering: Remembering) -> None:
    first = ask(remembering.source, COUNT)
    remembering.file.unlink()
    again = ask(remembering.source, COUNT)
    assert (again.rows, again.counts, again.findings) == (first.rows, first.counts, first.findings)
    assert again.told == [((), 3, 3)]


def test_usage_of_some_is_picked_from_that_of_all(remembering: Remembering) -> None:
    total = measuring("sum")
    assert remembering.told(of(total, "a")) == [((), 2, 30)]
    assert remembering.told(of(total, "b")) == [((), 1, 5)]
    assert remembering.told(of(total, "a", "b")) == [((), 3, 35)]
    assert remembering.told(of(total, "nobody")) == []
    assert remembering.opened[0].measured == 1


def test_another_question_is_asked_of_the_source_that_is_open(remembering: Remembering) -> None:
    remembering.told(COUNT)
    assert remembering.told(measuring("max")) == [((), 3, 20 + 5)]
    assert len(remembering.opened) == 1


def test_a_longer_time_opens_the_source_anew(remembering: Remembering) -> None:
    remembering.told(COUNT)
    later = replace(COUNT, slots=Slots((START, Instant(START + 2 * DAY))))
    remembering.told(later)
    assert len(remembering.opened) == 2


def test_a_shorter_time_does_not(remembering: Remembering) -> None:
    longer = replace(COUNT, slots=Slots((START, Instant(START + 2 * DAY))))
    remembering.told(longer)
    remembering.told(COUNT)
    remembering.told(longer)
    assert len(remembering.opened) == 1


def test_a_source_that_failed_is_asked_again(remembering: Remembering) -> None:
    remembering.file.rename(remembering.file.with_suffix(".away"))
    with pytest.raises(SourceError):
        remembering.told(COUNT)
    remembering.write(ROWS)
    assert remembering.told(COUNT) == [((), 3, 3)]
