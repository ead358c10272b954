"""Usage that was measured and cannot be billed: looked at closely, once it is known that there is some.

The assignment says which subjects have usage without a place; the source is then asked again for these alone, over
slots that are cut at the lives of their contracts, so that each event falls on the right side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from ratebook.calendar import Instant, Interval
from ratebook.compiler.follow_ups import Detail
from ratebook.compiler.queries import Combination
from ratebook.findings import Finding
from ratebook.sources.assignment import Assignment
from ratebook.sources.duckdb_attach import literal
from ratebook.sources.duckdb_usage import translated
from ratebook.sources.errors import pointer
from ratebook.sources.protocol import UsageSource
from ratebook.usage.measure import Measure, Slots
from ratebook.usage.rows import Unbilled, UnbilledReason

MOST: Final = 1_000
"""So many subjects, or combinations of keys, are reported one by one for each measure; the others in one sum."""

_SOUGHT: Final = 10_000
"""So many combinations are looked for by name; where there are more, all usage is looked at."""

_ROW: Final = "first_seen BIGINT, last_seen BIGINT, example VARCHAR"
_SUMS: Final = (
    "CAST(sum(d.events) AS BIGINT), CAST(sum(CAST(d.quantity AS HUGEINT)) AS VARCHAR), "
    "count(DISTINCT d.subject), min(d.first_seen), max(d.last_seen), min(d.example)"
)
_ODD_SPACE: Final = r"^[\s\p{Z}]|[\s\p{Z}]$|[\x{200B}-\x{200D}\x{FEFF}]"


def unplaced_usage(
    assignment: Assignment, source: UsageSource, number: int, measure: Measure, window: Interval
) -> Iterator[Unbilled]:
    """Give usage of unknown subjects, outside of contracts, and without a price."""
    connection = assignment.connection
    suspects = connection.execute(
        f"SELECT subject, CAST(sum({_all_events(measure)}) AS BIGINT) AS events FROM rows_{number} "
        "WHERE boundary IS NULL GROUP BY subject ORDER BY events DESC, subject"
    ).fetchall()
    shown = tuple(subject for subject, _ in suspects[:MOST])
    lives = connection.execute(
        "SELECT DISTINCT life_start, life_end FROM subjects WHERE subject IN (SELECT unnest($shown))",
        {"shown": list(shown)},
    ).fetchall()
    seen = Interval(*measure.slots.window).clip(window)
    unpriced = connection.execute(f"SELECT unpriced_start, unpriced_end FROM unpriced_{number}").fetchall()
    inside = {edge for life in (*lives, *unpriced) for edge in life if seen.start < edge < seen.end}
    edges = tuple(Instant(edge) for edge in sorted({*seen, *inside}))
    close = replace(measure, slots=Slots(edges), factors=(), variants=1)
    table = f"details_{number}"
    _load(assignment, table, measure, source.details(Detail(close, subjects=shown)))
    slots = pa.table(
        {"slot": list(range(len(edges) - 1)), "slot_start": list(edges[:-1]), "slot_end": list(edges[1:])}
    )
    connection.register("edges", slots)
    rows = connection.execute(
        f"SELECT reason, d.subject, {_SUMS} FROM (SELECT d.*, {_REASON.format(number=number)} AS reason "
        f"FROM {table} AS d JOIN edges AS t USING (slot)) AS d WHERE reason IS NOT NULL "
        "GROUP BY ALL ORDER BY reason, sum(d.events) DESC, d.subject"
    ).fetchall()
    connection.unregister("edges")
    connection.execute(f"DROP TABLE {table}")
    for reason, subject, *sums in rows:
        yield _unbilled(reason, measure, (subject,), sums)
    if len(suspects) > MOST:
        others = len(suspects) - MOST
        events = sum(events for _, events in suspects[MOST:])
        key = (f"{others} other subjects",)
        yield Unbilled("unknown_subject", measure.name, key, events, Decimal(0), others, None, None, "")


_REASON: Final = (
    "CASE WHEN NOT EXISTS (SELECT 1 FROM subjects AS s WHERE s.subject = d.subject) THEN 'unknown_subject' "
    "WHEN NOT EXISTS (SELECT 1 FROM subjects AS s WHERE s.subject = d.subject "
    "AND s.life_start <= t.slot_start AND s.life_end >= t.slot_end) THEN 'outside_contract' "
    "WHEN NOT EXISTS (SELECT 1 FROM subjects AS s JOIN priced_{number} AS p ON p.timeline = s.timeline "
    "WHERE s.subject = d.subject AND s.life_start <= t.slot_start AND s.life_end >= t.slot_end) "
    "OR EXISTS (SELECT 1 FROM subjects AS s JOIN unpriced_{number} AS u ON u.timeline = s.timeline "
    "WHERE s.subject = d.subject AND s.life_start <= t.slot_start AND s.life_end >= t.slot_end "
    "AND u.unpriced_start <= t.slot_start AND u.unpriced_end >= t.slot_end) THEN 'no_price' END"
)


def _all_events(measure: Measure) -> str:
    return "all_events" if measure.factors else "events"


def uncovered_usage(
    assignment: Assignment,
    source: UsageSource,
    number: int,
    measure: Measure,
    combinations: frozenset[Combination],
) -> Iterator[Unbilled]:
    """Give usage in billing periods that no multiplier covers, by the keys of the first that has no answer."""
    connection = assignment.connection
    table = f"uncovered_{number}"
    where = combinations if 0 < len(combinations) <= _SOUGHT else None
    detail = Detail(measure, uncovered=True, combinations=where)
    _load(assignment, table, measure, source.details(detail))
    lacking = " ".join(f"WHEN {variant} THEN d.lacking_{variant}" for variant in range(measure.variants))
    connection.execute(
        f"CREATE TABLE lacking_{number} AS SELECT d.*, CASE g.variant {lacking} END AS multiplier "
        f"FROM {table} AS d JOIN slots_{number} AS t ON t.slot = d.slot "
        "JOIN subjects AS s ON s.subject = d.subject AND t.slot_start < s.life_end AND t.slot_end > s.life_start "
        f"JOIN segments_{number} AS g ON g.timeline = s.timeline AND d.slot >= g.first AND d.slot < g.last"
    )
    rows = connection.execute(
        f"SELECT {_key(measure)} AS key, {_SUMS} FROM lacking_{number} AS d WHERE d.multiplier IS NOT NULL "
        "GROUP BY key ORDER BY sum(d.events) DESC, key"
    ).fetchall()
    for key, *sums in rows[:MOST]:
        yield _unbilled("no_multiplier", measure, tuple(key), sums)
    if len(rows) > MOST:
        yield _others(measure, [sums for _, *sums in rows[MOST:]])
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"DROP TABLE lacking_{number}")


def _key(measure: Measure) -> str:
    """Write the keys of the multiplier that has no answer, as a list of `name=value`."""
    names = [dimension.name for dimension in measure.dimensions]
    branches = []
    for index, factors in enumerate(measure.factors):
        pairs = [
            f"{literal(f'{name}=')} || coalesce(d.d{names.index(name)}, '(none)')" for name in factors.by
        ]
        branches.append(f"WHEN {index} THEN CAST([{', '.join(pairs)}] AS VARCHAR[])")
    return f"CASE d.multiplier {' '.join(branches)} END"


def _load(assignment: Assignment, table: str, measure: Measure, batches: Iterator[pa.RecordBatch]) -> None:
    """Keep details as a table; without any, an empty one."""
    found = list(batches)
    connection = assignment.connection
    if found:
        connection.register("found", pa.Table.from_batches(found))
        with translated(measure.source.name):
            connection.execute(
                f"CREATE TABLE {table} AS SELECT * REPLACE (CAST(slot AS INTEGER) AS slot) FROM found"
            )
        connection.unregister("found")
        return
    dimensions = "".join(f"d{index} VARCHAR, " for index in range(len(measure.dimensions)))
    variants = "".join(f", lacking_{variant} INTEGER" for variant in range(measure.variants))
    connection.execute(
        f"CREATE TABLE {table} (subject VARCHAR, slot INTEGER, {dimensions}"
        f"events BIGINT, quantity HUGEINT, {_ROW}{variants})"
    )


def _unbilled(
    reason: UnbilledReason, measure: Measure, key: tuple[str, ...], sums: Sequence[Any]
) -> Unbilled:
    events, quantity, subjects, first, last, example = sums
    number = Decimal(f"{quantity}E-{measure.value_scale}") if measure.additive else Decimal(0)
    return Unbilled(reason, measure.name, key, events, number, subjects, first, last, example or "")


def _others(measure: Measure, rows: Sequence[Sequence[Any]]) -> Unbilled:
    events = sum(int(str(row[0])) for row in rows)
    quantity = sum((Decimal(f"{row[1]}E-{measure.value_scale}") for row in rows), Decimal(0))
    subjects = max(int(str(row[2])) for row in rows)
    key = (f"{len(rows)} other combinations",)
    return Unbilled("no_multiplier", measure.name, key, events, quantity, subjects, None, None, "")


def odd_subjects(assignment: Assignment, number: int, measure: Measure) -> Iterator[Finding]:
    """Report unknown subjects that look like others: with spaces around them, or not in Unicode's NFC."""
    ((count, example),) = assignment.connection.execute(
        f"SELECT count(DISTINCT subject), min(subject) FROM rows_{number} WHERE boundary IS NULL "
        "AND (nfc_normalize(subject) <> subject OR regexp_matches(subject, $space))",
        {"space": _ODD_SPACE},
    ).fetchall()
    if count:
        yield Finding(
            "RB414",
            f"{count} subject(s) of {measure.source.name} have spaces around them, invisible characters, or are not "
            f"in Unicode's NFC, as {example!r}",
            pointer(measure.source.name, "subject"),
            expected="subjects byte for byte as contracts name them",
            help="correct them where events are recorded; they are compared as they are",
            details={"subjects": count, "example": example},
        )
