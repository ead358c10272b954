"""Reversals in DuckDB: they are judged once, into a small table, and left out of the source's view with its help."""

from ratebook.calendar import DAY, Interval
from ratebook.compiler.duckdb_sql import DUCKDB
from ratebook.compiler.queries import relation_of
from ratebook.compiler.reversals import COLUMNS, judged_sql
from ratebook.compiler.sql import Writer
from ratebook.sources.duckdb_attach import columns_of, quoted
from ratebook.sources.reversals import NONE, Failed, Rows, failed, sought
from ratebook.usage.measure import EventSource


def take_back(source: EventSource, rows: str, window: Interval, run: Rows) -> tuple[str, Failed]:
    """Give the query of events that are neither a reversal nor taken back, and what takes back nothing.

    Args:
        source: the source, whose view still has all clean rows.
        rows: the query of the events that stand once.
        window: the time that is measured.
        run: runs a query; a table is created by it.
    """
    relation = relation_of(source)
    reversals = sought(source, relation, window, DUCKDB, run)
    if reversals is None:
        return rows, NONE
    table, writer = f"reversals.{quoted(source.name)}", Writer(DUCKDB)
    judged = judged_sql(relation, reversals, writer)
    run(Writer(DUCKDB).query("CREATE SCHEMA IF NOT EXISTS reversals", ()), source)
    run(writer.query(f"CREATE TABLE {table} AS {judged}", COLUMNS), source)
    undoes, event_id, subject = (
        f"coalesce(CAST(r.{quoted(name)} AS VARCHAR), '')"
        for name in (source.reverses, source.event_id, source.subject)
    )
    day = f"divide(epoch_us(r.{quoted(source.event_time)}), {DAY})"
    listed = ", ".join(f"r.{quoted(column)}" for column in columns_of(source))
    remaining = (
        f"SELECT {listed} FROM ({rows}) AS r "
        f"ANTI JOIN (SELECT undoes, subject, day FROM {table} WHERE found = 1) AS j "
        f"ON j.undoes = {event_id} AND j.subject = {subject} AND j.day = {day} WHERE {undoes} = ''"
    )
    return remaining, failed(source, table, window, Writer(DUCKDB), run)
