"""Random usage with everything that makes metering hard, and the ways it may lie in a source.

Events fall on bounds of slots and a microsecond before them; ids are delivered again, contradict themselves or come
back on another day; dimensions are NULL; subjects are unknown or change their contract.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from clickhouse_connect.driver.client import Client

from ratebook.book.expression import parse
from ratebook.calendar import BEGINNING, DAY, NEVER, SECOND, Instant, Interval
from ratebook.usage.measure import (
    Aggregate,
    Band,
    Condition,
    Dimension,
    EventSource,
    FactorTable,
    Measure,
    Operation,
    Slots,
)
from ratebook.usage.rows import SegmentRow, SubjectRow

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = Instant(1_780_272_000 * SECOND)
"""2026-06-01T00:00Z."""

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("org", pa.string()),
        ("ts", pa.timestamp("us", "UTC")),
        ("chain", pa.string()),
        ("method", pa.string()),
        ("status", pa.int32()),
        ("bytes", pa.int64()),
        ("level", pa.decimal128(24, 6)),
        ("paid", pa.bool_()),
        ("undoes", pa.string()),
    ]
)
CLICKHOUSE_COLUMNS = (
    "id String, org LowCardinality(String), ts DateTime64(6, 'UTC'), chain LowCardinality(Nullable(String)), "
    "method Nullable(String), status Nullable(Int32), bytes Nullable(Int64), level Nullable(Decimal(24, 6)), "
    "paid Nullable(Bool), undoes Nullable(String)"
)
SOURCE = EventSource(
    name="raw",
    subject="org",
    event_id="id",
    event_time="ts",
    event_time_zone="",
    ingested_at="",
    dedupe="exact",
    columns={
        "chain": "string",
        "method": "string",
        "status": "integer",
        "bytes": "integer",
        "level": "decimal",
        "paid": "boolean",
    },
)
AGGREGATES: list[Aggregate] = [
    *("count", "count", "sum", "sum", "max"),
    *("min", "unique", "latest", "time_weighted_sum", "percentile"),
]
EXPRESSIONS = [
    "ceil(bytes / 4096) * 3 - status",
    "floor((bytes - 4) / 7) + 1",
    "-bytes",
    "min(level, status)",
    "max(coalesce(status, 0), level)",
    "ceil(-level / 2)",
    "floor(level / 3)",
    "coalesce(level, 0.25) * status",
    "coalesce(bytes, 1)",
    "0.5 * (status - 200)",
]
WIDE_EXPRESSIONS = [*EXPRESSIONS, "level * level", "(level + 0.1) * (level - status)", "level * -level * 2"]
"""These are too large to be multiplied with microseconds besides."""
CHAINS = ["eth", "sol", "it's; --", None]
METHODS = ["call", "logs", "", None]
CONDITIONS = [
    Condition("status", "lt", 500),
    Condition("status", "in", (200, 404)),
    Condition("chain", "eq", "eth"),
    Condition("chain", "not_in", ("sol", "it's; --")),
    Condition("method", "starts_with", "c"),
    Condition("method", "exists", value=True),
    Condition("chain", "exists", value=False),
    Condition("level", "gte", Decimal("0.5")),
    Condition("level", "gt", 1),
    Condition("bytes", "lte", 1000),
    Condition("paid", "eq", value=True),
    Condition("status", "gt", Decimal("403.5")),
    Condition("org", "in", ("a", "b", "nobody")),
]
DIMENSIONS = [
    Dimension("chain"),
    Dimension("method"),
    Dimension("status"),
    Dimension("paid"),
    Dimension("level"),
    Dimension("size", Band("bytes", (10, 1000))),
    Dimension("height", Band("level", (Decimal("0.5"), 3))),
]


@dataclass(frozen=True)
class Case:
    """Events of one source, and what is asked about them."""

    rows: Sequence[Row]
    subjects: Sequence[SubjectRow]
    measures: Sequence[Measure]
    segments: Sequence[Sequence[SegmentRow]]
    window: Interval


def moment(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant)


def random_case(seed: int) -> Case:
    """Make a case; equal seeds make equal cases."""
    random = Random(seed)
    source = SOURCE if random.random() < 0.7 else trusted(SOURCE)
    bounds = random_bounds(random)
    rows = [random_row(random, number, bounds) for number in range(random.choice([0, 1, 30, 120]))]
    rows += [again(random, random.choice(rows), bounds) for _ in range(len(rows) // 4)]
    random.shuffle(rows)
    cut = random.choice(bounds)
    subjects = [
        SubjectRow("a", 0, 0, BEGINNING, cut),
        SubjectRow("a", 1, 1, cut, NEVER),
        SubjectRow("b", 2, 0, BEGINNING, NEVER),
        SubjectRow("c", 2, 0, BEGINNING, NEVER),
        SubjectRow("ş ü", 3, 2, bounds[1], NEVER),
    ]
    needed = {bounds[0], bounds[1], cut, bounds[-1]}
    measures, segments = [], []
    for number in range(4):
        measure = random_measure(random, source, bounds, needed, number)
        rows_of = random_segments(random, measure)
        first = min(row.first for row in rows_of if row.first < row.last)
        measures.append(replace(measure, since=measure.slots.bounds[first]))
        segments.append(rows_of)
    return Case(rows, subjects, measures, segments, Interval(START, bounds[-2]))


def trusted(source: EventSource) -> EventSource:
    return EventSource(
        source.name, source.subject, source.event_id, source.event_time, "", "", "trusted", source.columns
    )


def random_bounds(random: Random) -> tuple[Instant, ...]:
    steps = [random.choice([1, 3 * SECOND, DAY, DAY + 1, 5 * DAY]) for _ in range(random.randint(2, 6))]
    return tuple(Instant(START + sum(steps[:number])) for number in range(len(steps) + 1))


def random_time(random: Random, bounds: Sequence[Instant]) -> datetime:
    if random.random() < 0.5:
        return moment(random.choice(bounds) + random.choice([-1, 0, 1]))
    return moment(random.randrange(START - DAY, bounds[-1] + DAY))


def random_row(random: Random, number: int, bounds: Sequence[Instant]) -> Row:
    return {
        "id": f"e{number}",
        "org": random.choice(["a", "a", "b", "c", "ş ü", "nobody", "stranger "]),
        "ts": random_time(random, bounds),
        "chain": random.choice(CHAINS),
        "method": random.choice(METHODS),
        "status": random.choice([200, 404, 500, None]),
        "bytes": random.choice([0, 10, 11, 1000, -7, 2**62, None]),
        "level": random.choice(
            [Decimal("0.5"), Decimal("-1.250000"), Decimal(3), Decimal("99999.000001"), None]
        ),
        "paid": random.choice([True, False, None]),
        "undoes": None,
    }


def again(random: Random, row: Row, bounds: Sequence[Instant]) -> Row:
    """Deliver an event again: just so, with another content, or on another day."""
    return {
        **row,
        **random.choice([{}, {}, {"status": 418}, {"chain": None}, {"ts": random_time(random, bounds)}]),
    }


def random_measure(
    random: Random, source: EventSource, bounds: tuple[Instant, ...], needed: set[Instant], number: int
) -> Measure:
    """Ask something; as in every run, no life begins or ends within a slot."""
    aggregate = random.choice(AGGREGATES)
    if aggregate == "unique":
        value = random.choice(["method", "bytes", "level", "paid"])
    else:
        weighed = aggregate in {"sum", "latest", "time_weighted_sum"}
        computed = EXPRESSIONS if weighed else WIDE_EXPRESSIONS
        columns = ["bytes", "level", "status", random.choice(computed), random.choice(computed)]
        value = "" if aggregate == "count" else random.choice(columns)
    dimensions = random.sample(DIMENSIONS, random.randint(0, 4))
    names = [one.name for one in dimensions]
    keep = tuple(random.sample(names, random.randint(0, len(names))))
    slots = Slots(tuple(sorted({*needed, *random.sample(bounds, random.randint(0, len(bounds)))})))
    level = random_level(random, aggregate)
    variants = 1
    factors: tuple[FactorTable, ...] = ()
    if aggregate in {"count", "sum"} and not level.get("recurring") and random.random() < 0.8:
        variants = random.choice([1, 2])
        factors = tuple(
            random_factors(random, names, slots, variants) for _ in range(random.choice([1, 1, 2]))
        )
    used = {name for table in factors for name in table.by}
    return Measure(
        name=f"m{number}",
        meter=f"meter{number}",
        source=source,
        where=tuple(random.sample(CONDITIONS, random.choice([0, 0, 1, 2]))),
        aggregate=aggregate,
        value=value,
        expression=None if not value or value.isidentifier() else parse(value),
        percent=random.choice([Decimal(50), Decimal(95), Decimal("99.9"), Decimal(100), Decimal("0.001")]),
        dimensions=tuple(one for one in dimensions if one.name in used or one.name in keep),
        keep=keep,
        factors=factors,
        variants=variants,
        slots=slots,
        unless=random.choice([(), (), ((Condition("status", "gt", 403), Condition("chain", "eq", "eth")),)]),
        **level,
    )


def random_level(random: Random, aggregate: Aggregate) -> dict[str, Any]:
    """Let what can be a level carry over from before the billed period, and what is unique be added and removed."""
    operation = None
    if aggregate == "unique" and random.random() < 0.7:
        operation = random.choice(
            [Operation("method", ("call",), ("logs", "")), Operation("status", (200,), (404, 500))]
        )
    if aggregate not in {"sum", "latest"} and operation is None:
        return {}
    prorates = ["none"] if aggregate == "unique" else ["none", "days", "seconds"]
    recurring = random.random() < (0.3 if aggregate == "sum" else 0.8)
    return {
        "operation": operation,
        "recurring": recurring,
        "prorate": random.choice(prorates) if recurring else "none",
    }


def random_factors(random: Random, names: Sequence[str], slots: Slots, variants: int) -> FactorTable:
    by = tuple(random.sample(names, random.randint(0, min(2, len(names)))))
    keys = ["eth", "sol", "call", "200", "true", "10", "over", "0.5", "it's; --"]
    named = tuple(frozenset(random.sample(keys, 4)) for _ in by)
    combinations: list[tuple[str | None, ...]] = [()]
    for level in named:
        combinations = [(*one, key) for one in combinations for key in (*sorted(level), None)]
    rows = {
        (version, one): random.choice([0, 1, 125, 10**7])
        for version in range(2)
        for one in combinations
        if random.random() < 0.8
    }
    versions = tuple(tuple(random.choice([0, 0, 1, -1]) for _ in range(len(slots))) for _ in range(variants))
    return FactorTable("weights", by, named, rows, random.choice([0, 2]), versions)


def random_segments(random: Random, measure: Measure) -> list[SegmentRow]:
    """Tile the slots of timeline 0 with periods and segments, those of 1 by one, and give 2 a price without any."""
    if measure.recurring:
        return random_periods(random, measure)
    edges = sorted({0, len(measure.slots), *random.choices(range(len(measure.slots) + 1), k=2)})
    variants = [random.randrange(measure.variants) for _ in range(2)]
    periods = list(pairwise(edges))
    if measure.additive and len(periods) > 1:
        segmented = [(0, index, first, last) for index, (first, last) in enumerate(periods)]
    else:
        segmented = [(index, 0, first, last) for index, (first, last) in enumerate(periods)]
    rows = [
        SegmentRow(0, boundary, segment, first, last, variants[0])
        for boundary, segment, first, last in segmented
    ]
    rows.append(SegmentRow(1, 0, 0, 0, len(measure.slots), variants[1]))
    return rows + random.choice([[], [SegmentRow(2, 0, 0, 0, 0, 0)]])


def random_periods(random: Random, measure: Measure) -> list[SegmentRow]:
    """Give both timelines periods with a history before them, each slot a day where days are counted."""
    rows = []
    for timeline in (0, 1):
        begin = random.randrange(len(measure.slots))
        edges = sorted({begin, len(measure.slots), random.randint(begin, len(measure.slots))})
        for boundary, (first, last) in enumerate(pairwise(edges)):
            if measure.prorate == "days":
                rows += [
                    SegmentRow(timeline, boundary, last - day, day, day + 1, 0) for day in range(first, last)
                ]
            else:
                rows.append(SegmentRow(timeline, boundary, 0, first, last, 0))
    return rows


def write_parquet(case: Case, folder: Path, files: int = 2) -> str:
    """Write the events as Parquet files, and give their pattern."""
    for number in range(files):
        part = case.rows[number::files]
        table = pa.Table.from_pylist(list(part), schema=SCHEMA)
        pyarrow.parquet.write_table(table, folder / f"part{number}.parquet", row_group_size=40)
    return "*.parquet"


def write_csv(case: Case, folder: Path) -> str:
    table = pa.Table.from_pylist([as_text(row) for row in case.rows], schema=TEXT_SCHEMA)
    pyarrow.csv.write_csv(table, folder / "events.csv")
    return "events.csv"


def write_json_lines(case: Case, folder: Path) -> str:
    numbers = ("status", "bytes", "level")
    with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
        for row in case.rows:
            text = as_text(row)
            pairs = {
                name: value if name in numbers and value is not None else json.dumps(value)
                for name, value in text.items()
            }
            file.write("{" + ", ".join(f'"{name}": {value}' for name, value in pairs.items()) + "}\n")
    return "events.jsonl"


TEXT_SCHEMA = pa.schema([(name, pa.string()) for name in SCHEMA.names])


def as_text(row: Row) -> dict[str, str | None]:
    text = {name: None if row[name] is None else str(row[name]) for name in SCHEMA.names}
    text["ts"] = row["ts"].isoformat().replace("+00:00", "Z")
    text["paid"] = {True: "true", False: "false", None: None}[row["paid"]]
    return text


def fill_clickhouse(case: Case, client: Client, table: str) -> None:
    """Make a table of the events."""
    client.command(f"CREATE TABLE {table} ({CLICKHOUSE_COLUMNS}) ENGINE = MergeTree ORDER BY ts")
    if case.rows:
        client.insert(table, [[row[name] for name in SCHEMA.names] for row in case.rows], SCHEMA.names)
