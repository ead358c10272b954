"""Small questions to both engines: a few rows, one measure, one contract for everyone unless said otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from clickhouse_connect.driver.client import Client

from ratebook.calendar import BEGINNING, DAY, NEVER, Instant, Interval
from ratebook.sources.clickhouse_usage import ClickHouseUsage
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.sources.metering import Metered, MeteringStore
from ratebook.sources.protocol import UsageSource
from ratebook.usage.measure import Measure, Slots
from ratebook.usage.rows import SegmentRow, SubjectRow
from tests.sources.cases import CLICKHOUSE_COLUMNS, SCHEMA, SOURCE, START, Row, moment

_TABLES = count()
EVENT: Row = {
    "org": "a",
    "ts": moment(START),
    "chain": None,
    "method": None,
    "status": None,
    "bytes": None,
    "level": None,
    "paid": None,
    "undoes": None,
}
COUNT = Measure(
    name="requests",
    meter="requests",
    source=SOURCE,
    where=(),
    aggregate="count",
    value="",
    dimensions=(),
    keep=(),
    factors=(),
    variants=1,
    slots=Slots((START, Instant(START + DAY))),
)
EVERYONE = tuple(SubjectRow(name, 0, 0, BEGINNING, NEVER) for name in ("a", "b", "c"))


def events(*rows: Row) -> list[Row]:
    """Complete rows: what a row does not say is as in `EVENT`, and its id is its number."""
    return [{"id": f"e{number}", **EVENT, **row} for number, row in enumerate(rows)]


def measuring(aggregate: Any, value: str = "bytes", **changes: Any) -> Measure:
    return replace(COUNT, aggregate=aggregate, value="" if aggregate == "count" else value, **changes)


def whole(measure: Measure) -> list[SegmentRow]:
    """Give all slots to one period of one timeline."""
    return [SegmentRow(0, 0, 0, 0, len(measure.slots), 0)]


class Asked:
    """What both engines answered alike."""

    def __init__(self, metered: Metered) -> None:
        self.rows = list(metered.rows(0))
        self.unbilled = metered.unbilled()
        self.findings = metered.findings()
        self.counts = metered.counts()

    @property
    def told(self) -> list[tuple[Any, ...]]:
        return [(row.dimensions, row.events, row.quantity) for row in self.rows]

    @property
    def codes(self) -> list[str]:
        return sorted(one.code for one in self.findings)

    @property
    def lost(self) -> dict[tuple[str, tuple[str, ...]], int]:
        return {(one.reason, one.key): one.events for one in self.unbilled}


def ask(
    source: UsageSource,
    measure: Measure,
    subjects: Sequence[SubjectRow] = EVERYONE,
    segments: Sequence[SegmentRow] | None = None,
    window: Interval | None = None,
) -> Asked:
    with MeteringStore(source) as store:
        store.enroll(subjects)
        rows = whole(measure) if segments is None else segments
        return Asked(store.measure([measure], [rows], window or measure.slots.window))


def ask_parquet(folder: Path, rows: Sequence[Row], measure: Measure = COUNT, **more: Any) -> Asked:
    table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
    pyarrow.parquet.write_table(table, folder / "events.parquet")
    return ask(DuckDBUsage({"raw": "events.parquet"}, folder), measure, **more)


def ask_clickhouse(client: Client, rows: Sequence[Row], measure: Measure = COUNT, **more: Any) -> Asked:
    table = f"asked_{next(_TABLES)}"
    columns = CLICKHOUSE_COLUMNS.replace(
        "id String, org LowCardinality(String)", "id Nullable(String), org Nullable(String)"
    )
    columns = columns.replace("ts DateTime64(6, 'UTC')", "ts Nullable(DateTime64(6, 'UTC'))")
    client.command(f"CREATE TABLE {table} ({columns}) ENGINE = Memory")
    if rows:
        client.insert(table, [[row[name] for name in SCHEMA.names] for row in rows], SCHEMA.names)
    return ask(ClickHouseUsage("chdb", {"raw": table}, client=client), measure, **more)


class Both:
    """Asks both engines, and sees that they answer alike."""

    def __init__(self, folder: Path, client: Client) -> None:
        self._folder = folder
        self._client = client

    def __call__(self, rows: Sequence[Row], measure: Measure = COUNT, **more: Any) -> Asked:
        files = ask_parquet(self._folder, rows, measure, **more)
        table = ask_clickhouse(self._client, rows, measure, **more)
        assert table.rows == files.rows
        assert table.unbilled == files.unbilled
        assert table.findings == files.findings
        assert table.counts == files.counts
        return files


def d(text: str) -> Decimal:
    return Decimal(text)
