"""Events that take back others: which they are, what they take back, and a source's events without either.

A reversal names the id of an event; both are left out, so each aggregate is as if neither had been. Of an id that
stands on several UTC days the last one up to the reversal is meant.
"""

from collections.abc import Iterator
from dataclasses import replace

from ratebook.calendar import DAY, Instant
from ratebook.compiler.sql import MeteringQuery, Relation, Reversals, Writer, indent, select, where

COLUMNS = ("id", "subject", "at", "undoes", "day", "found", "of_reversal", "of_other")
"""Columns of the judged reversals: see `judged_sql`."""


def reversals_query(relation: Relation, reversals: Reversals, writer: Writer) -> MeteringQuery:
    """Write the query that counts reversals from an instant on: reading the one column that says so."""
    source = _events(relation, writer)
    conditions = _is_reversal_since(relation, reversals, writer)
    return writer.query(select({"events": "count(*)"}, source, where(conditions)), ["events"])


def judged_sql(relation: Relation, reversals: Reversals, writer: Writer) -> str:
    """Write the query of reversals and what they take back, wherever in the source that lies.

    Columns: `id`, `subject` and instant (`at`) of the reversal; `undoes`, the id it names; `found` is 1 where it takes
    back the event of that id and its own subject on the UTC day `day` (counted from 1970); where it does not,
    `of_reversal` and `of_other` are 1 if what has that id is a reversal, or is of another subject.
    """
    made, originals = _made(relation, reversals, writer), _originals(relation, reversals, writer)
    one, zero, never = (writer.bind("integer", number) for number in (1, 0, -DAY))
    named = "o.id = r.undoes"
    own = f"{named} AND o.reversal = {zero} AND o.subject = r.subject AND o.at <= r.at"
    columns = {column: f"r.{column}" for column in ("id", "subject", "at", "undoes")} | {
        "day": f"max(CASE WHEN {own} THEN o.day ELSE {never} END)",
        "found": f"max(CASE WHEN {own} THEN {one} ELSE {zero} END)",
        "of_reversal": f"max(CASE WHEN {named} AND o.reversal = {one} THEN {one} ELSE {zero} END)",
        "of_other": f"max(CASE WHEN {named} AND o.subject <> r.subject THEN {one} ELSE {zero} END)",
    }
    empty = writer.bind("text", "")
    conditions = [f"r.subject <> {empty}"]
    if reversals.exact:
        conditions.append(f"r.id <> {empty}")
        contradictory = indent(_contradictory(relation, reversals, writer))
        conditions.append(f"(r.id, r.day) NOT IN (\n{contradictory}\n)")
    return select(
        columns,
        f"FROM (\n{indent(made)}\n) AS r",
        f"LEFT JOIN (\n{indent(originals)}\n) AS o ON {named}",
        where(conditions),
        "GROUP BY r.id, r.subject, r.at, r.undoes",
    )


def failed_query(judged: str, start: Instant, end: Instant, writer: Writer) -> MeteringQuery:
    """Write the query that counts the reversals of a window that take nothing back, by why, with one of each.

    Args:
        judged: the table, or the query in parentheses, of `judged_sql`.
        start: where the window begins.
        end: where it ends.
        writer: collects the parameters.
    """
    one = writer.bind("integer", 1)
    columns = {
        "of_reversal": "j.of_reversal",
        "of_other": "j.of_other",
        "events": "count(*)",
        "example": "min(j.id)",
        "undoes": "min(j.undoes)",
    }
    conditions = [
        f"j.found <> {one}",
        f"j.at >= {writer.bind('integer', start)}",
        f"j.at < {writer.bind('integer', end)}",
    ]
    text = select(columns, f"FROM {judged} AS j", where(conditions), "GROUP BY j.of_reversal, j.of_other")
    return writer.query(text, columns)


def remaining_sql(relation: Relation, reversals: Reversals, writer: Writer) -> str:
    """Write the query of the events that are neither a reversal nor taken back by one."""
    everything = replace(relation, once=None, reversals=None)
    taken = select(
        {column: f"j.{column}" for column in ("undoes", "subject", "day")},
        f"FROM (\n{indent(judged_sql(everything, reversals, writer))}\n) AS j",
        where([f"j.found = {writer.bind('integer', 1)}"]),
    )
    place = ", ".join(
        (
            _text(relation.event_id, writer),
            _text(reversals.subject, writer),
            _day(writer.column(relation.time), writer),
        )
    )
    columns = {writer.name(column): writer.column(column) for column in relation.columns}
    conditions = [
        f"{_text(reversals.column, writer)} = {writer.bind('text', '')}",
        f"({place}) NOT IN (\n{indent(taken)}\n)",
    ]
    return select(columns, _events(replace(relation, reversals=None), writer), where(conditions))


def _made(relation: Relation, reversals: Reversals, writer: Writer) -> str:
    """Write the query of the reversals that were made from an instant on."""
    columns = _named(relation, reversals, writer) | {"undoes": _text(reversals.column, writer)}
    conditions = _is_reversal_since(relation, reversals, writer)
    return select(columns, _events(relation, writer), where(conditions))


def _originals(relation: Relation, reversals: Reversals, writer: Writer) -> str:
    """Write the query of all events whose id a reversal names."""
    empty, one, zero = writer.bind("text", ""), writer.bind("integer", 1), writer.bind("integer", 0)
    reversal = f"CASE WHEN {_text(reversals.column, writer)} = {empty} THEN {zero} ELSE {one} END"
    columns = _named(relation, reversals, writer) | {"reversal": reversal}
    conditions = _has_id_of(reversals.column, relation, reversals, writer)
    return select(columns, _events(relation, writer), where(conditions))


def _contradictory(relation: Relation, reversals: Reversals, writer: Writer) -> str:
    """Write the query of the ids of reversals, and their UTC days, that stand there with several contents.

    All of the source is judged as deduplication judges a window, so that no reversal counts in one run alone.
    """
    every = {writer.name(column): writer.column(column) for column in relation.columns}
    conditions = _has_id_of(relation.event_id, relation, reversals, writer)
    contents = select(every, _events(relation, writer), where(conditions))
    contents = contents.replace("SELECT", "SELECT DISTINCT", 1)
    columns = {
        "id": _text(relation.event_id, writer),
        "day": _day(writer.column(relation.time), writer),
    }
    days = select(columns, f"FROM (\n{indent(contents)}\n) AS e")
    return select(
        {"id": "d.id", "day": "d.day"},
        f"FROM (\n{indent(days)}\n) AS d",
        "GROUP BY d.id, d.day",
        f"HAVING count(*) > {writer.bind('integer', 1)}",
    )


def _has_id_of(column: str, relation: Relation, reversals: Reversals, writer: Writer) -> Iterator[str]:
    """Write that an event, of any time, has the id that stands in a column of some reversal."""
    since = _is_reversal_since(relation, reversals, writer)
    ids = select({"named": _text(column, writer)}, _events(relation, writer), where(since))
    yield f"{writer.column(relation.time)} IS NOT NULL"
    yield f"{_text(relation.event_id, writer)} IN (\n{indent(ids)}\n)"


def _is_reversal_since(relation: Relation, reversals: Reversals, writer: Writer) -> Iterator[str]:
    yield f"{writer.column(reversals.column)} IS NOT NULL"
    yield f"{_text(reversals.column, writer)} <> {writer.bind('text', '')}"
    yield f"{writer.column(relation.time)} >= {writer.bind('instant', reversals.since)}"


def _named(relation: Relation, reversals: Reversals, writer: Writer) -> dict[str, str]:
    time = writer.column(relation.time)
    return {
        "id": _text(relation.event_id, writer),
        "subject": _text(reversals.subject, writer),
        "at": writer.dialect.micros(time),
        "day": _day(time, writer),
    }


def _day(time: str, writer: Writer) -> str:
    return writer.dialect.quotient(writer.dialect.micros(time), writer.bind("integer", DAY))


def _text(column: str, writer: Writer) -> str:
    text = writer.dialect.text(writer.column(column), "string", writer)
    return f"coalesce({text}, {writer.bind('text', '')})"


def _events(relation: Relation, writer: Writer) -> str:
    """Write where to read a source's events from."""
    return f"FROM {writer.dialect.events(relation, writer)} AS e"
