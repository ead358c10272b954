"""Where measured usage meets contracts: an embedded DuckDB of its own, which spills instead of growing.

Subjects stream in before anything is measured. Each measure's groups stream in from its source and are joined at once
with subjects and segments; rows stream out in the order of contracts.
"""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ratebook.calendar import Interval
from ratebook.compiler.queries import Combination, combination_columns
from ratebook.sources.assignment_sql import (
    SEGMENTS,
    SUBJECTS,
    UNPRICED,
    additive_sql,
    keys,
    merged_sql,
    rows_sql,
    states_sql,
)
from ratebook.sources.duckdb_usage import Limits, connect, translated
from ratebook.sources.errors import SourceError
from ratebook.usage.measure import Measure
from ratebook.usage.rows import SegmentRow, SubjectRow, UsageRow

_CHUNK: Final = 100_000
_OUT: Final = 50_000


@dataclass(frozen=True, slots=True)
class Assigned:
    """What a measure's assignment met.

    Attributes:
        events: all its events.
        bare: billed events that no multiplier covers.
        lacking: keys, as `combination_columns` have them, for which some variant has no factor.
        unplaced: whether any usage has no place.
    """

    events: int
    bare: int
    lacking: frozenset[Combination]
    unplaced: bool


class Assignment:
    """Joins measured usage with subjects and segments."""

    def __init__(self, limits: Limits | None = None) -> None:
        folder = Path(tempfile.mkdtemp(prefix="ratebook-assignment-"))
        self.connection = connect(folder, limits or Limits(memory="700MB"))
        # Usage streams past subjects and segments, which are small; its unknown length would make it the table.
        self.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        self.connection.execute(f"CREATE TABLE subjects ({SUBJECTS})")
        self._unpriced: dict[int, bool] = {}
        self._release = weakref.finalize(self, _release, self.connection, folder)

    def close(self) -> None:
        """Close the engine and remove its files."""
        self._release()

    def add_subjects(self, rows: Iterable[SubjectRow]) -> None:
        """Take subjects, as a stream."""
        self._insert("subjects", rows)

    def _insert(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows in chunks, through Arrow."""
        stream = iter(rows)
        described = self.connection.execute(f"DESCRIBE {table}").fetchall()
        names = [name for name, *_ in described]
        types = [{"VARCHAR": pa.string(), "INTEGER": pa.int32()}.get(row[1], pa.int64()) for row in described]
        while chunk := list(islice(stream, _CHUNK)):
            columns = zip(zip(*chunk, strict=True), types, strict=True)
            batch = pa.table([pa.array(values, type_) for values, type_ in columns], names=names)
            self.connection.register("chunk", batch)
            self.connection.execute(f"INSERT INTO {table} SELECT * FROM chunk")
            self.connection.unregister("chunk")

    def add_measure(
        self,
        number: int,
        measure: Measure,
        segments: Iterable[SegmentRow],
        priced: Iterable[int],
        reported: Interval | None,
    ) -> None:
        """Take what belongs to a measure, before its usage.

        Args:
            number: of the measure.
            measure: what is measured.
            segments: which slots belong to which period of which timeline.
            priced: the timelines that have a price for the meter.
            reported: where usage that belongs to no segment is kept to be reported; None for nowhere.
        """
        some = [row for row in segments if row.first < row.last]
        self.connection.execute(f"CREATE TABLE segments_{number} ({SEGMENTS})")
        self._insert(f"segments_{number}", (row[:-1] for row in some if row.priced))
        self.connection.execute(f"CREATE TABLE unpriced_{number} ({UNPRICED})")
        unpriced = [row for row in some if not row.priced]
        self._insert(f"unpriced_{number}", ((row.timeline, *_edges(measure, row)) for row in unpriced))
        self._unpriced[number] = bool(unpriced)
        self.connection.execute(f"CREATE TABLE priced_{number} (timeline INTEGER)")
        self._insert(f"priced_{number}", ((timeline,) for timeline in priced))
        bounds = measure.slots.bounds
        self.connection.execute(
            f"CREATE TABLE slots_{number} (slot INTEGER, slot_start BIGINT, slot_end BIGINT, reported BOOLEAN)"
        )
        window = reported or Interval(bounds[0], bounds[0])
        slots = enumerate(pairwise(bounds))
        rows = [[slot, start, end, start < window.end and end > window.start] for slot, (start, end) in slots]
        self.connection.executemany(f"INSERT INTO slots_{number} VALUES (?, ?, ?, ?)", rows)
        if not measure.additive:
            self.connection.execute(
                f"CREATE TABLE periods_{number} AS SELECT timeline, boundary, min(first) AS first, max(last) AS last, "
                "max(segment) AS days, min(f.slot_start) AS period_start, max(l.slot_end) AS period_end "
                f"FROM segments_{number} JOIN slots_{number} AS f ON f.slot = first "
                f"JOIN slots_{number} AS l ON l.slot = last - 1 GROUP BY timeline, boundary"
            )
        if measure.prorate == "days":
            self.connection.execute(
                f"CREATE TABLE days_{number} AS SELECT g.*, f.slot_start AS day_start, l.slot_end AS day_end "
                f"FROM segments_{number} AS g JOIN slots_{number} AS f ON f.slot = first "
                f"JOIN slots_{number} AS l ON l.slot = last - 1"
            )

    def assign(self, number: int, measure: Measure, batches: Iterable[pa.RecordBatch]) -> Assigned:
        """Join a measure's usage, as it streams in, with its contracts."""
        counted = _Counter([column.name for column in combination_columns(measure)])
        stream = counted.through(batches)
        first = next(stream, None)
        if first is None:
            first = _nothing(measure)
        reader = pa.RecordBatchReader.from_batches(first.schema, _chained(first, stream))
        self.connection.register("measured", reader)
        with counted.unwrapped(), translated(measure.source.name):
            write = additive_sql if measure.additive else states_sql
            self.connection.execute(write(measure, number, unpriced=self._unpriced[number]))
            self.connection.unregister("measured")
            if not measure.additive:
                self.connection.execute(merged_sql(measure, number))
                self.connection.execute(f"DROP TABLE states_{number}")
        bare = "coalesce(sum(bare) FILTER (WHERE boundary IS NOT NULL), 0)" if measure.factors else "0"
        ((uncovered, unplaced),) = self.connection.execute(
            f"SELECT {bare}, count(*) FILTER (WHERE boundary IS NULL) FROM rows_{number}"
        ).fetchall()
        return Assigned(counted.events, int(uncovered), frozenset(counted.lacking), bool(unplaced))

    def rows(self, number: int, measure: Measure) -> Iterator[UsageRow]:
        """Stream a measure's rows, ordered by contract, boundary, segment and dimensions."""
        width = len(measure.keep)
        quantity, units = _scaled(measure.value_scale), _scaled(measure.unit_scale)
        cursor = self.connection.cursor()
        try:
            for batch in cursor.sql(rows_sql(measure, number)).to_arrow_reader(_OUT):
                columns = [column.to_pylist() for column in batch.columns]
                dimensions = (
                    zip(*columns[3 : 3 + width], strict=True) if width else iter([()] * batch.num_rows)
                )
                quantities = [quantity(text) for text in columns[-2]]
                multiplied = [units(text) for text in columns[-1]] if measure.factors else quantities
                yield from map(
                    UsageRow._make,
                    zip(*columns[:3], dimensions, columns[-3], quantities, multiplied, strict=True),
                )
        finally:
            cursor.close()


def _edges(measure: Measure, row: SegmentRow) -> tuple[int, int]:
    return measure.slots.bounds[row.first], measure.slots.bounds[row.last]


class _Counter:
    """Looks at batches that pass through, and keeps what their source raises: DuckDB would wrap it."""

    def __init__(self, combination: list[str]) -> None:
        self.events = 0
        self.lacking: set[Combination] = set()
        self._combination = combination
        self.error: SourceError | None = None

    def through(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for batch in batches:
                self.events += int(pc.sum(batch.column("events")).as_py() or 0)
                if self._combination:
                    self._collect(batch)
                yield batch
        except SourceError as error:
            self.error = error
            raise

    def _collect(self, batch: pa.RecordBatch) -> None:
        lacking = batch.filter(batch.column("lacking").cast(pa.bool_())).select(self._combination)
        found = pa.Table.from_batches([lacking]).group_by(self._combination).aggregate([])
        self.lacking.update(zip(*(column.to_pylist() for column in found.columns), strict=True))

    @contextmanager
    def unwrapped(self) -> Iterator[None]:
        try:
            yield
        except SourceError:
            if self.error is not None:
                raise self.error from None
            raise


def _chained(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _nothing(measure: Measure) -> pa.RecordBatch:
    """Stand in for the batches of a source that has no events."""
    names = {"subject": pa.string(), "slot": pa.int32()} | dict.fromkeys(keys(measure), pa.string())
    names |= dict.fromkeys(("events", "quantity", "level", "began", "moment"), pa.int64()) | {
        "value": pa.string()
    }
    for variant in range(measure.variants):
        names |= {f"{name}_{variant}": pa.int64() for name in ("units", "bare_events", "bare_quantity")}
    schema = pa.schema(list(names.items()))
    return pa.RecordBatch.from_pylist([], schema=schema)


def _scaled(scale: int) -> Callable[[str], Decimal]:
    """Give how an integer's text becomes a number of a decimal scale."""
    if not scale:
        return Decimal
    exponent = f"E-{scale}"
    return lambda text: Decimal(text + exponent)


def _release(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.close()
    shutil.rmtree(folder, ignore_errors=True)
