"""Exact deduplication in DuckDB: each event id counts once a UTC day.

A hash nominates the ids that stand more than once, anywhere in the days that are looked at: that reads the id alone,
and spills to disk instead of growing. Only of those are whole rows compared. What is the same several times in a day
stays once, in a table; an id with several contents in a day is left out. All else is read where it is.
"""

import duckdb

from ratebook.calendar import DAY, Interval
from ratebook.sources.dedupe import NOTHING, Deduplicated, judged, utc_days
from ratebook.sources.duckdb_attach import ATTACHED, columns_of, quoted
from ratebook.usage.measure import EventSource


def clean_rows(source: EventSource, unreadable: str, *, ids: bool) -> str:
    """Write the query of a source's rows that are not defective by themselves.

    Args:
        source: the source.
        unreadable: the column that marks rows that could not be read, or "".
        ids: whether rows without an id have to be left out (looking costs as much as reading all ids).
    """
    conditions = [f"{unreadable} IS NULL"] if unreadable else []
    if ids:
        event_id = quoted(source.event_id)
        conditions.append(f"{event_id} IS NOT NULL AND CAST({event_id} AS VARCHAR) <> ''")
    listed = ", ".join(map(quoted, columns_of(source)))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {listed} FROM {ATTACHED}.{quoted(source.name)}{where}"


def deduplicate(
    connection: duckdb.DuckDBPyConnection, source: EventSource, rows: str, window: Interval
) -> tuple[str, Deduplicated]:
    """Find what stands more than once, and give the query of rows in which each event stands once.

    Args:
        connection: holds the source; tables are created there.
        source: the source.
        rows: the query of its clean rows.
        window: the time that is measured.
    """
    days, name = utc_days(window), quoted(source.name)
    event_id, time = quoted(source.event_id), f"epoch_us({quoted(source.event_time)})"
    bounds = {"start": days.start, "end": days.end}
    at = quoted(source.event_time)
    in_days = f"{at} >= make_timestamp($start) AND {at} < make_timestamp($end)"
    connection.execute("CREATE SCHEMA IF NOT EXISTS repeated")
    connection.execute("CREATE SCHEMA IF NOT EXISTS judged")
    (repeated,) = connection.execute(
        f"CREATE TABLE repeated.{name} AS SELECT id_hash FROM (SELECT hash({event_id}) AS id_hash "
        f"FROM ({rows}) WHERE {in_days}) GROUP BY id_hash HAVING count(*) > 1",
        bounds,
    ).fetchone() or (0,)
    if not repeated:
        return rows, NOTHING
    listed = ", ".join(map(quoted, columns_of(source)))
    connection.execute(
        f"CREATE TABLE judged.{name} AS SELECT *, {time} // {DAY} AS utc_day_, "
        f"count(*) OVER (PARTITION BY {event_id}, {time} // {DAY}) AS contents_ FROM ("
        f"SELECT {listed}, count(*) AS copies_ FROM ({rows}) AS r "
        f"SEMI JOIN repeated.{name} AS n ON n.id_hash = hash(r.{event_id}) WHERE {in_days} GROUP BY ALL)",
        bounds,
    )
    once = (
        f"SELECT {listed} FROM ({rows}) AS r WHERE hash(r.{event_id}) NOT IN (SELECT id_hash FROM repeated.{name}) "
        f"UNION ALL SELECT {listed} FROM judged.{name} WHERE contents_ = 1"
    )
    return once, _judgement(connection, source, window)


def _judgement(connection: duckdb.DuckDBPyConnection, source: EventSource, window: Interval) -> Deduplicated:
    """Count what was judged, so far as it lies in the window."""
    name, event_id = quoted(source.name), f"CAST({quoted(source.event_id)} AS VARCHAR)"
    time = f"epoch_us({quoted(source.event_time)})"
    bounds = {"start": window.start, "end": window.end}
    in_window = f"{time} >= $start AND {time} < $end"
    ((dropped, conflicting, ids, example, in_conflict),) = connection.execute(
        f"SELECT coalesce(sum(copies_ - 1) FILTER (WHERE contents_ = 1), 0), "
        f"coalesce(sum(copies_) FILTER (WHERE contents_ > 1), 0), "
        f"count(DISTINCT ({event_id}, utc_day_)) FILTER (WHERE contents_ > 1), "
        f"min({event_id}) FILTER (WHERE contents_ = 1 AND copies_ > 1), "
        f"min({event_id}) FILTER (WHERE contents_ > 1) FROM judged.{name} WHERE {in_window}",
        bounds,
    ).fetchall()
    ((reused, reused_example),) = connection.execute(
        f"SELECT count(*), min(id_) FROM (SELECT {event_id} AS id_ FROM judged.{name} GROUP BY id_ "
        f"HAVING count(DISTINCT utc_day_) > 1 AND bool_or({in_window}))",
        bounds,
    ).fetchall()
    return judged(
        source,
        (int(dropped), example),
        (int(ids), int(conflicting), in_conflict),
        (int(reused), reused_example),
    )
