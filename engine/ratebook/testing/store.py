"""Events of cases as Parquet files that DuckDB measures, as it measures everything else.

An event that happened many times is written at most 999 times: what happened a thousand times, or a million times, is
written into files of its own, and what is measured of those is multiplied.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ratebook.book.model import Source
from ratebook.calendar import Interval
from ratebook.compiler.follow_ups import Detail
from ratebook.sources.assignment import Assignment
from ratebook.sources.duckdb_usage import DuckDBUsage, Limits
from ratebook.sources.errors import failure
from ratebook.sources.metering import MeteringStore
from ratebook.sources.protocol import Prepared, UsageSource
from ratebook.testing.usage import Event
from ratebook.usage.measure import DECIMAL_SCALE, EventSource, Measure

_BASE: Final = 1000
_LIMITS: Final = Limits(memory="500MB", threads=1)
_TYPES: Final = {
    "string": pa.string(),
    "integer": pa.decimal128(38, 0),
    "decimal": pa.decimal128(38, DECIMAL_SCALE),
    "boolean": pa.bool_(),
}
_COUNTED: Final = frozenset({"count", "sum"})
_AT_ONCE: Final = frozenset({"max", "min", "unique", "latest"})


def open_store(
    sources: Mapping[str, Source],
    events: Mapping[str, Sequence[Event]],
    files: Mapping[str, str],
    folder: Path,
) -> MeteringStore:
    """Open the store that measures events and recorded files.

    Args:
        sources: the book's sources; those without events or files have none.
        events: source → events, whose ids tell them apart.
        files: source → files.
        folder: where files may be written; it must stay until the store is closed.
    """
    most = max((event.times for rows in events.values() for event in rows), default=1)
    weights = [1]
    while weights[-1] * _BASE <= most:
        weights.append(weights[-1] * _BASE)
    parts: list[tuple[int, UsageSource]] = []
    for weight in weights:
        patterns = {}
        for name, source in sources.items():
            path = folder / f"{name}-{weight}.parquet"
            pq.write_table(_table(source, events.get(name, ()), weight), path, compression="none")
            patterns[name] = str(path)
        parts.append((weight, DuckDBUsage(patterns | (dict(files) if weight == 1 else {}), folder, _LIMITS)))
    usage = parts[0][1] if len(parts) == 1 else RepeatedUsage(parts)
    return MeteringStore(usage, Assignment(_LIMITS))


def _table(source: Source, events: Sequence[Event], weight: int) -> pa.Table:
    """Write the events of a source, each as often as the digit of its number of times at this weight says."""
    times = [event.times // weight % _BASE for event in events]
    repeated = pa.array([row for row, number in enumerate(times) for _ in range(number)], pa.int64())
    columns: dict[str, pa.Array] = {source.subject: pa.array([one.subject for one in events], pa.string())}
    columns[source.event_time] = pa.array([one.at for one in events], pa.timestamp("us", "UTC"))
    if source.reverses is not None:
        columns[source.reverses] = pa.array([one.reverses or None for one in events], pa.string())
    for name, kind in source.columns.items():
        values = [_value(one.values.get(name)) for one in events]
        columns[name] = pa.array(values, _TYPES[kind])
    table = pa.table(columns).take(repeated)
    if source.event_id is None or source.event_id in columns:
        return table
    ids = [
        event.id if event.times == 1 else f"{event.id}-{weight}-{number}"
        for event, number in zip(events, times, strict=True)
        for number in range(number)
    ]
    return table.append_column(source.event_id, pa.array(ids, pa.string()))


def _value(value: Any) -> Any:  # noqa: ANN401 - a value of a column
    return Decimal(value) if type(value) is int else value


class RepeatedUsage:
    """Usage in several parts, in each of which every event stands for as many as its weight says.

    Args:
        parts: weight → usage.
    """

    def __init__(self, parts: Sequence[tuple[int, UsageSource]]) -> None:
        self._parts = parts

    def prepare(self, sources: Sequence[tuple[EventSource, Interval]]) -> Sequence[Prepared]:
        """Prepare all parts; only the first holds events that may be defective or stand twice."""
        first, *_ = [usage.prepare(sources) for _, usage in self._parts]
        return first

    def measure(self, measure: Measure) -> Iterator[pa.RecordBatch]:
        """Measure all parts, and multiply what adds up."""
        if measure.aggregate not in _COUNTED | _AT_ONCE or measure.operation is not None:
            raise failure(
                "RB416",
                f"{measure.meter} is a {measure.aggregate}, of which an event cannot happen {_BASE:,} times",
                help_=f"write rows with a `count` below {_BASE:,}",
            )
        for weight, usage in self._parts:
            for batch in usage.measure(measure):
                yield _multiplied(batch, weight, additive=measure.additive)

    def valueless(self, measure: Measure) -> tuple[int, str]:
        """Count events without a value, as often as they happened."""
        return self._added([(weight, usage.valueless(measure)) for weight, usage in self._parts])

    def ignored(self, measure: Measure) -> tuple[int, str]:
        """Count events whose operation is unknown, as often as they happened."""
        return self._added([(weight, usage.ignored(measure)) for weight, usage in self._parts])

    def _added(self, found: Sequence[tuple[int, tuple[int, str]]]) -> tuple[int, str]:
        example = next((example for _, (_, example) in found if example), "")
        return sum(weight * events for weight, (events, _) in found), example

    def events_in(self, source: EventSource, window: Interval) -> int:
        """Count events, as often as they happened."""
        return sum(weight * usage.events_in(source, window) for weight, usage in self._parts)

    def details(self, detail: Detail) -> Iterator[pa.RecordBatch]:
        """Look closely at what could not be billed, as often as it happened."""
        for weight, usage in self._parts:
            for batch in usage.details(detail):
                yield _multiplied(batch, weight, additive=True)

    def describe(self) -> str:
        """Say where usage comes from."""
        return self._parts[0][1].describe()

    def close(self) -> None:
        """Close all parts."""
        for _, usage in self._parts:
            usage.close()


_ADDITIVE: Final = ("events", "quantity", "units_", "bare_")


def _multiplied(batch: pa.RecordBatch, weight: int, *, additive: bool) -> pa.RecordBatch:
    """Multiply the numbers of a batch that add up; of a state that does not, only its events are counted."""
    names = _ADDITIVE if additive else _ADDITIVE[:1]
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name.startswith(names):
            numbers = [None if one is None else Decimal(int(one)) * weight for one in column.to_pylist()]
            columns.append(pa.array(numbers, pa.decimal128(38, 0)))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
