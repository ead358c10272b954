"""Exact deduplication in ClickHouse: what stands more than once is counted here, and left out in each query.

The queries leave it out by themselves (`Relation.once`), as the user may write nothing, not even a temporary table.
"""

from collections.abc import Callable, Sequence

from ratebook.calendar import Interval
from ratebook.compiler.clickhouse_sql import CLICKHOUSE
from ratebook.compiler.sql import MeteringQuery, Relation, Writer, indent, select, where
from ratebook.sources.dedupe import NOTHING, Deduplicated, judged, utc_days
from ratebook.usage.measure import EventSource

Rows = Callable[[MeteringQuery, EventSource], Sequence[Sequence[object]]]
"""Runs a query of a source."""


def judge(source: EventSource, relation: Relation, window: Interval, run: Rows) -> Deduplicated:
    """Count what stands more than once: dropped duplicates, contradictions, ids of several days."""
    days = utc_days(window)
    ((repeated,),) = run(_repeated_query(source, relation, days), source)
    if not repeated:
        return NOTHING
    ((dropped, conflicting, ids, dropped_id, conflict_id, reused, reused_id),) = run(
        _judgement_query(source, relation, days, window), source
    )
    found = [int(str(number)) for number in (dropped, conflicting, ids, reused)]
    return judged(
        source,
        (found[0], str(dropped_id)),
        (found[2], found[1], str(conflict_id)),
        (found[3], str(reused_id)),
    )


def _in_days(source: EventSource, days: Interval, writer: Writer) -> list[str]:
    time, event_id = f"r.{writer.name(source.event_time)}", f"r.{writer.name(source.event_id)}"
    return [
        f"{time} >= {writer.bind('instant', days.start)}",
        f"{time} < {writer.bind('instant', days.end)}",
        f"toString({event_id}) != {writer.bind('text', '')}",
    ]


def _hashes(source: EventSource, relation: Relation, days: Interval, writer: Writer) -> str:
    """Write the query of the hashes that stand more than once: they nominate, the whole id decides."""
    hashed = f"cityHash64(r.{writer.name(source.event_id)})"
    return select(
        {"id_hash": hashed},
        f"FROM {CLICKHOUSE.events(relation, writer)} AS r",
        where(_in_days(source, days, writer)),
        f"GROUP BY {hashed}",
        f"HAVING count() > {writer.bind('integer', 1)}",
    )


def _repeated_query(source: EventSource, relation: Relation, days: Interval) -> MeteringQuery:
    writer = Writer(CLICKHOUSE)
    hashes = indent(_hashes(source, relation, days, writer))
    return writer.query(select({"repeated": "count()"}, f"FROM (\n{hashes}\n)"), ["repeated"])


def _judgement_query(
    source: EventSource, relation: Relation, days: Interval, window: Interval
) -> MeteringQuery:
    """Write the query that judges: copies of a content, contents of an id and day, days of an id."""
    writer = Writer(CLICKHOUSE)
    zero, one = writer.bind("integer", 0), writer.bind("integer", 1)
    ids = select(
        {
            "an_id": "d.an_id",
            "dropped": f"sumIf(d.copies - {one}, d.contents = {one} AND d.inside)",
            "conflicting": f"sumIf(d.copies_inside, d.contents > {one})",
            "conflicts": f"countIf(d.contents > {one} AND d.inside)",
            "reused": f"count() > {one} AND max(d.inside)",
        },
        f"FROM (\n{indent(_days_of_ids(_copies(source, relation, days, writer), window, writer))}\n) AS d",
        "GROUP BY d.an_id",
    )
    columns = {
        "dropped": "sum(i.dropped)",
        "conflicting": "sum(i.conflicting)",
        "conflicts": "sum(i.conflicts)",
        "dropped_id": f"minIf(i.an_id, i.dropped > {zero})",
        "conflict_id": f"minIf(i.an_id, i.conflicts > {zero})",
        "reused": "sum(i.reused)",
        "reused_id": "minIf(i.an_id, i.reused)",
    }
    return writer.query(select(columns, f"FROM (\n{indent(ids)}\n) AS i"), columns)


def _copies(source: EventSource, relation: Relation, days: Interval, writer: Writer) -> str:
    """Write the query of the contents whose id stands more than once, with how often each does."""
    event_id, time = f"r.{writer.name(source.event_id)}", f"r.{writer.name(source.event_time)}"
    nominated = f"cityHash64({event_id}) IN (\n{indent(_hashes(source, relation, days, writer))}\n)"
    contents = ", ".join(f"r.{writer.name(column)}" for column in relation.columns)
    return select(
        {
            "an_id": f"toString(any({event_id}))",
            "a_day": f"any(toStartOfDay({time}, {writer.bind('text', 'UTC')}))",
            "a_time": f"any({time})",
            "copies": "count()",
        },
        f"FROM {CLICKHOUSE.events(relation, writer)} AS r",
        where([*_in_days(source, days, writer), nominated]),
        f"GROUP BY {contents}",
    )


def _days_of_ids(copies: str, window: Interval, writer: Writer) -> str:
    """Write the query of each id's days: how many contents it has there, and what of them lies in the window."""
    start, end = writer.bind("instant", window.start), writer.bind("instant", window.end)
    inside = f"(c.a_time >= {start} AND c.a_time < {end})"
    return select(
        {
            "an_id": "c.an_id",
            "copies": "sum(c.copies)",
            "copies_inside": f"sumIf(c.copies, {inside})",
            "inside": f"max({inside})",
            "contents": "count()",
        },
        f"FROM (\n{indent(copies)}\n) AS c",
        "GROUP BY c.an_id, c.a_day",
    )
