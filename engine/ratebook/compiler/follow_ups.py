"""Queries that run beside metering: what is defective in a source, and the details of what could not be billed."""

from dataclasses import dataclass, replace
from typing import Literal

from ratebook.calendar import Interval
from ratebook.compiler.conditions import conditions_sql, dimension_sql
from ratebook.compiler.expression_sql import given_sql, missing_sql, value_sql
from ratebook.compiler.factors import NONE_CODED, code_sql, dimension_text, factor_join
from ratebook.compiler.queries import (
    TEXT,
    Combination,
    combination_columns,
    in_window,
    met,
    relation_of,
    selected,
    slot_sql,
)
from ratebook.compiler.sql import (
    Dialect,
    MeteringQuery,
    Relation,
    Writer,
    indent,
    select,
    where,
    with_queries,
)
from ratebook.compiler.states import acts, example_id
from ratebook.usage.measure import EventSource, Measure

Missing = Literal["subject", "event_id", "event_time"]
"""A column without which an event cannot be counted."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What to look at closely, where usage could not be billed.

    Attributes:
        measure: what was measured.
        window: which of its time; None for all.
        subjects: whose usage; None for everyone's.
        uncovered: only what a multiplier does not cover, told apart by the measure's dimensions.
        combinations: where to look for that: values of `combination_columns`; None for everywhere.
    """

    measure: Measure
    window: Interval | None = None
    subjects: tuple[str, ...] | None = None
    uncovered: bool = False
    combinations: frozenset[Combination] | None = None


def detail_query(detail: Detail, dialect: Dialect, relation: Relation | None = None) -> MeteringQuery:
    """Write the query for details.

    Its columns are `subject`, `slot`, `events`, `quantity` (0 where it cannot be added up), `first_seen` and
    `last_seen` as instants, and `example`, an event's id. For uncovered usage the measure's dimensions `d0` … come
    too, and for each variant `lacking_0` …: the number of the first multiplier without an answer, or NULL.
    """
    writer = Writer(dialect)
    measure = detail.measure
    named = {"measured": _measured(detail, relation or relation_of(measure.source), writer)}
    columns = {"subject": dialect.text("m.subject", TEXT, writer), "slot": slot_sql(measure, writer)}
    table, joins, lacking = "measured", "", {}
    if detail.uncovered:
        join = factor_join(measure, NONE_CODED, writer)
        named |= join.queries
        table, joins = "keyed", join.sql
        for number in range(len(measure.dimensions)):
            columns[f"d{number}"] = dimension_text(measure, number, writer)
        lacking = {
            f"lacking_{variant}": _first_lacking(tables, writer) for variant, tables in enumerate(join.tables)
        }
    columns |= {"events": "m.events", "quantity": dialect.result("m.quantity")}
    columns |= {name: f"m.{name}" for name in ("first_seen", "last_seen", "example")} | lacking
    conditions = [f"{dialect.text('m.subject', TEXT, writer)} <> {writer.bind('text', '')}"]
    if lacking:
        conditions.append(f"({' OR '.join(f'{one} IS NOT NULL' for one in lacking.values())})")
    final = select(columns, f"FROM {table} AS m", joins, where(conditions))
    return writer.query(with_queries(named, final), columns)


def _measured(detail: Detail, relation: Relation, writer: Writer) -> str:
    measure, dialect = detail.measure, writer.dialect
    source = measure.source
    subject, time = writer.column(source.subject), writer.column(source.event_time)
    columns = {"subject": subject}
    if len(measure.slots) > 1:
        columns["slot"] = dialect.slot(time, measure.slots.bounds, writer)
    if detail.uncovered:
        for number, dimension in enumerate(measure.dimensions):
            columns[f"d{number}"] = dimension_sql(dimension, source, writer)[0]
    columns["events"] = "count(*)"
    if measure.aggregate == "sum":
        columns["quantity"] = dialect.total(*value_sql(measure, writer), writer)
    else:
        columns["quantity"] = "count(*)" if measure.additive else f"max({writer.bind('integer', 0)})"
    columns["first_seen"] = dialect.micros(f"min({time})")
    columns["last_seen"] = dialect.micros(f"max({time})")
    columns["example"] = example_id(source, writer)
    conditions = [*met(measure, writer)]
    if detail.window is not None:
        conditions += in_window(source, *detail.window, writer)
    if detail.subjects is not None:
        conditions.append(
            dialect.among(dialect.text(subject, TEXT, writer), writer.bind("texts", detail.subjects))
        )
    if detail.combinations is not None:
        conditions.append(_combined(measure, detail.combinations, writer))
    return select(columns, f"FROM {dialect.events(relation, writer)} AS e", where(conditions), "GROUP BY ALL")


def _combined(measure: Measure, combinations: frozenset[Combination], writer: Writer) -> str:
    """Write that an event has one of these combinations; a missing value counts as "" here."""
    empty = writer.bind("text", "")
    keys, lists = [], {}
    rows = sorted(tuple("" if key is None else key for key in one) for one in combinations)
    for place, (_, number, coded) in enumerate(combination_columns(measure)):
        values = [row[place] for row in rows]
        if coded is not None:
            keys.append(code_sql(measure, coded, writer))
            lists[f"value_{place}"] = writer.bind("integers", tuple(map(int, values)))
            continue
        expression, kind = dimension_sql(measure.dimensions[number], measure.source, writer)
        text = writer.dialect.text(expression, kind, writer)
        missing = any(one[place] is None for one in combinations)
        keys.append(f"coalesce({text}, {empty})" if missing else text)
        lists[f"value_{place}"] = writer.bind("texts", tuple(map(str, values)))
    return f"({', '.join(keys)}) IN (\n{indent(writer.dialect.rows(lists, ''))}\n)"


def _first_lacking(tables: tuple[str, ...], writer: Writer) -> str:
    branches = " ".join(
        f"WHEN {table}.factor IS NULL THEN {writer.bind('integer', number)}"
        for number, table in enumerate(tables)
    )
    return f"CASE {branches} ELSE NULL END"


def missing_query(
    source: EventSource,
    missing: Missing,
    window: Interval,
    dialect: Dialect,
    relation: Relation | None = None,
) -> MeteringQuery:
    """Write the query that counts events without a subject, an id (in a window), or a time (ever).

    Each column stands alone in its query, so that the statistics of Parquet answer where nothing is missing.
    """
    writer = Writer(dialect)
    column = writer.column(getattr(source, missing))
    if missing == "event_time":
        conditions = [f"{column} IS NULL"]
    else:
        empty = f"{dialect.text(column, TEXT, writer)} = {writer.bind('text', '')}"
        conditions = [*in_window(source, *window, writer), f"({column} IS NULL OR {empty})"]
    return _count(source, conditions, relation, writer)


def valueless_query(measure: Measure, dialect: Dialect, relation: Relation | None = None) -> MeteringQuery:
    """Write the query that counts the events of a measure that have a subject, and no value to aggregate."""
    writer = Writer(dialect)
    missing = missing_sql(measure, writer) or writer.bind("boolean", value=False)
    conditions = [*selected(measure, writer), missing]
    conditions += _with_subject(measure.source, writer)
    return _count(measure.source, conditions, relation, writer)


def ignored_query(measure: Measure, dialect: Dialect, relation: Relation | None = None) -> MeteringQuery:
    """Write the query that counts the events of a measure whose operation neither adds nor removes their value."""
    writer = Writer(dialect)
    conditions = [*selected(measure, writer)]
    if measure.operation is not None:
        other = replace(acts(measure.operation), operator="not_in")
        conditions += conditions_sql(iter([other]), measure.source, writer)
    conditions += filter(None, (given_sql(measure, writer), *_with_subject(measure.source, writer)))
    return _count(measure.source, conditions, relation, writer)


def window_query(
    source: EventSource, window: Interval, dialect: Dialect, relation: Relation | None = None
) -> MeteringQuery:
    """Write the query that counts all events of a window that have a subject."""
    writer = Writer(dialect)
    conditions = [*in_window(source, *window, writer), *_with_subject(source, writer)]
    return _count(source, conditions, relation, writer, with_example=False)


def _with_subject(source: EventSource, writer: Writer) -> tuple[str, str]:
    """Write that an event has a subject: one without is reported as such, and belongs into no other count."""
    subject = writer.column(source.subject)
    given = f"{writer.dialect.text(subject, TEXT, writer)} <> {writer.bind('text', '')}"
    return f"{subject} IS NOT NULL", given


def _count(
    source: EventSource,
    conditions: list[str],
    relation: Relation | None,
    writer: Writer,
    *,
    with_example: bool = True,
) -> MeteringQuery:
    columns = {"events": "count(*)"}
    if with_example:
        columns["example"] = example_id(source, writer)
    events = writer.dialect.events(relation or relation_of(source), writer)
    return writer.query(select(columns, f"FROM {events} AS e", where(conditions)), columns)
