"""Metering queries: a measure becomes one query, whose stages are the same on every engine.

`measured` filters events and aggregates them to one state for each subject, combination of dimensions and slot.
Where there are multipliers, `keyed` gives every group the codes of its keys and the versions in force in its slot;
small tables of integer factors are joined to it, states are multiplied, and dimensions that only a multiplier needs
are added up. Groups without a factor are counted apart (`bare`), never multiplied by 0 in silence.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ratebook.calendar import Interval
from ratebook.compiler.conditions import conditions_sql, dimension_sql
from ratebook.compiler.expression_sql import given_sql, value_band_sql, value_sql
from ratebook.compiler.factors import (
    Coded,
    FactorJoin,
    code_sql,
    coded_dimensions,
    dimension_text,
    factor_join,
)
from ratebook.compiler.sql import (
    Dialect,
    MeteringQuery,
    Relation,
    Reversals,
    Writer,
    indent,
    select,
    where,
    with_queries,
)
from ratebook.compiler.states import acts, extra_states, id_text, states, within_periods
from ratebook.usage.measure import VALUE_BAND, ColumnType, Dimension, EventSource, Measure

TEXT: Final[ColumnType] = "string"

Combination = tuple[str | int | None, ...]
"""Values of `combination_columns`, in order: texts, codes of keys, and None for a missing text."""


def relation_of(source: EventSource) -> Relation:
    """Give the events of a source as a table of its name, in which each event stands once."""
    named = (source.subject, source.event_id, source.event_time, source.reverses)
    columns = dict.fromkeys((*named, *source.columns))
    columns.pop("", None)
    return Relation((source.name,), tuple(columns), source.event_time, source.event_id)


def reversals_of(source: EventSource, window: Interval) -> Reversals | None:
    """Say how a source tells what takes back events of a window; None where it does not."""
    if not source.reverses:
        return None
    return Reversals(source.reverses, source.subject, window.start, source.dedupe == "exact")


def metering_query(measure: Measure, dialect: Dialect, relation: Relation | None = None) -> MeteringQuery:
    """Write the query that measures.

    Its columns are `subject`, `slot`, `k0` … (the kept dimensions as text), `events`, the state (`quantity`, and
    what else its aggregate needs), and for each variant of the multipliers `units_0`, `bare_events_0` and
    `bare_quantity_0`: multiplied units, and what no multiplier covers. `count` has no quantity beside `events`.
    Groups that a multiplier does not cover in some variant are told apart by `lacking`, and by `combination_columns`.

    Raises:
        ValueError: a name, an operator or a value does not fit the source.
    """
    writer = Writer(dialect)
    measured = measured_sql(measure, relation or relation_of(measure.source), writer)
    if measure.factors:
        join = factor_join(measure, coded_dimensions(measure), writer)
        return _multiplied(measure, measured, join, writer)
    columns = _keys(measure, writer) | {"events": "m.events"}
    if measure.aggregate != "count":
        columns |= {name: f"m.{name}" for name in extra_states(measure)}
        if measure.aggregate != "unique" or measure.operation is not None:
            columns["quantity"] = dialect.result("m.quantity")
        if measure.weighs_time:
            columns["level"] = dialect.result("m.level")
    final = select(columns, "FROM measured AS m", where([_has_subject(writer)]))
    return writer.query(with_queries({"measured": measured}, final), columns)


def measured_sql(measure: Measure, relation: Relation, writer: Writer) -> str:
    """Write the stage that reads events: filter, group, aggregate."""
    if measure.aggregate == "latest" and measure.weighs_time:
        return levels_sql(measure, relation, writer)
    columns = groups(measure, writer) | states(measure, writer)
    events = writer.dialect.events(relation, writer)
    return select(columns, f"FROM {events} AS e", where(met(measure, writer)), "GROUP BY ALL")


def groups(measure: Measure, writer: Writer) -> dict[str, str]:
    """Write what events are told apart by: subject, slot, dimensions, or codes of their keys."""
    source, coded = measure.source, coded_dimensions(measure)
    columns = {"subject": writer.column(source.subject)}
    if len(measure.slots) > 1:
        time = writer.column(source.event_time)
        columns["slot"] = writer.dialect.slot(time, measure.slots.bounds, writer)
    without_text = {one.dimension for one in coded.values()}
    for number, dimension in enumerate(measure.dimensions):
        if number not in without_text:
            columns[f"d{number}"] = _grouped(dimension, measure, writer)
    return columns | {name: code_sql(measure, one, writer) for name, one in coded.items()}


def levels_sql(measure: Measure, relation: Relation, writer: Writer) -> str:
    """Write the stage that weighs each value of a level with the time until the next one of its group.

    What lasts beyond a group's last value is weighed where groups are merged.
    """
    dialect, source = writer.dialect, measure.source
    grouped = groups(measure, writer)
    value, kind = value_sql(measure, writer)
    if kind not in {"integer", "decimal"}:
        raise ValueError(f"{measure.value} is {kind}: {measure.aggregate} needs a number")
    each = grouped | {
        "at": dialect.micros(writer.column(source.event_time)),
        "tie": id_text(source, writer),
        "value": dialect.integer(value, kind, writer),
    }
    events = select(each, f"FROM {dialect.events(relation, writer)} AS e", where(met(measure, writer)))
    partition = ", ".join(f"o.{name}" for name in grouped)
    following = f"lead(o.at, {writer.bind('integer', 1)}, o.at)"
    window = f"OVER (PARTITION BY {partition} ORDER BY o.at, o.tie, o.value)"
    ordered = select(
        {name: f"o.{name}" for name in each} | {"following": f"{following} {window}"},
        f"FROM (\n{indent(events)}\n) AS o",
    )
    start, end = (within_periods(measure, f"n.{name}", writer) for name in ("at", "following"))
    last = dialect.last(("n.at", "n.tie", "n.value"))
    state = {
        "events": "count(*)",
        "began": "min(n.at)",
        "moment": "max(n.at)",
        "quantity": dialect.fitting(dialect.integer(last, "integer", writer), writer),
        "level": dialect.fitting(dialect.added(f"n.value * ({end} - {start})"), writer),
    }
    kept = {name: f"n.{name}" for name in grouped}
    return select(kept | state, f"FROM (\n{indent(ordered)}\n) AS n", "GROUP BY ALL")


def _grouped(dimension: Dimension, measure: Measure, writer: Writer) -> str:
    if dimension.name == VALUE_BAND:
        return value_band_sql(measure, dimension, writer)
    return dimension_sql(dimension, measure.source, writer)[0]


def met(measure: Measure, writer: Writer) -> Iterator[str]:
    """Write what an event must meet to be counted: time, conditions, and a value to aggregate."""
    yield from selected(measure, writer)
    given = given_sql(measure, writer) if measure.aggregate != "count" else None
    if given is not None:
        yield given
    if measure.operation is not None:
        yield from conditions_sql(iter([acts(measure.operation)]), measure.source, writer)


def selected(measure: Measure, writer: Writer) -> Iterator[str]:
    """Write what tells a measure's events from others, whether they have a value or not."""
    source = measure.source
    yield from in_window(source, measure.slots.bounds[0], measure.slots.bounds[-1], writer)
    yield from conditions_sql(iter(measure.where), source, writer)
    for billed in measure.unless:
        false = writer.bind("boolean", value=False)
        every = " AND ".join(conditions_sql(iter(billed), source, writer))
        yield f"NOT coalesce({every}, {false})" if every else false


def in_window(source: EventSource, start: int, end: int, writer: Writer) -> Iterator[str]:
    """Write that an event happened in `[start, end)`."""
    time = writer.column(source.event_time)
    yield f"{time} >= {writer.bind('instant', start)}"
    yield f"{time} < {writer.bind('instant', end)}"


def slot_sql(measure: Measure, writer: Writer) -> str:
    """Write a group's slot; where there is but one, nothing was grouped by it."""
    return "m.slot" if len(measure.slots) > 1 else writer.bind("integer", 0)


def _keys(measure: Measure, writer: Writer) -> dict[str, str]:
    names = [dimension.name for dimension in measure.dimensions]
    columns = {"subject": writer.dialect.text("m.subject", TEXT, writer), "slot": slot_sql(measure, writer)}
    for number, name in enumerate(measure.keep):
        columns[f"k{number}"] = dimension_text(measure, names.index(name), writer)
    return columns


class Combined(NamedTuple):
    """A column of the keys for which a multiplier may have no answer: of a dimension, as text or as a code of keys."""

    name: str
    dimension: int
    coded: Coded | None


def combination_columns(measure: Measure) -> list[Combined]:
    """Name the columns that hold the keys of the multipliers.

    What is not kept has columns of its own, which are filled only where a multiplier has no answer.
    """
    used = {name for table in measure.factors for name in table.by}
    coded = coded_dimensions(measure)
    columns = []
    for number, dimension in enumerate(measure.dimensions):
        own = [Combined(name, number, one) for name, one in coded.items() if one.dimension == number]
        if dimension.name in measure.keep:
            own = [Combined(f"k{measure.keep.index(dimension.name)}", number, None)]
        if dimension.name in used:
            columns += own or [Combined(f"x{number}", number, None)]
    return columns


def _has_subject(writer: Writer) -> str:
    """Leave out groups without a subject: they are reported apart."""
    return f"{writer.dialect.text('m.subject', TEXT, writer)} <> {writer.bind('text', '')}"


def _multiplied(measure: Measure, measured: str, join: FactorJoin, writer: Writer) -> MeteringQuery:
    """Write the stage that multiplies; it adds up again only where it drops dimensions."""
    drops = len(measure.keep) < len(measure.dimensions)
    columns = _keys(measure, writer) | _lacking(measure, join, writer)
    columns["events"] = "sum(m.events)" if drops else "m.events"
    if measure.aggregate != "count":
        columns["quantity"] = _number("m.quantity", writer, drops=drops)
    for variant, tables in enumerate(join.tables):
        numbers = _units(measure, tables, writer)
        columns |= {f"{name}_{variant}": _number(one, writer, drops=drops) for name, one in numbers.items()}
    final = select(
        columns,
        "FROM keyed AS m",
        join.sql,
        where([_has_subject(writer)]),
        "GROUP BY ALL" if drops else "",
    )
    return writer.query(with_queries({"measured": measured} | join.queries, final), columns)


def _number(expression: str, writer: Writer, *, drops: bool) -> str:
    """Write a number of a group, added up where groups are put together."""
    dialect = writer.dialect
    return dialect.result(dialect.fitting(dialect.added(expression), writer) if drops else expression)


def _lacking(measure: Measure, join: FactorJoin, writer: Writer) -> dict[str, str]:
    """Tell groups apart that some multiplier does not cover, and give the keys for which it has no answer."""
    tables = dict.fromkeys(table for tables in join.tables for table in tables)
    nowhere = " OR ".join(f"{table}.factor IS NULL" for table in tables)
    yes, no = writer.bind("integer", 1), writer.bind("integer", 0)
    columns = {"lacking": f"CASE WHEN {nowhere} THEN {yes} ELSE {no} END"}
    for name, number, coded in combination_columns(measure):
        if not name.startswith("k"):
            key = dimension_text(measure, number, writer) if coded is None else f"m.{name}"
            columns[name] = f"CASE WHEN {nowhere} THEN {key} END"
    return columns


def _units(measure: Measure, tables: tuple[str, ...], writer: Writer) -> dict[str, str]:
    """Multiply a group's state by all factors of a variant; without one of them it is `bare`."""
    dialect, zero = writer.dialect, writer.bind("integer", 0)
    state = units = "m.events" if measure.aggregate == "count" else "m.quantity"
    for table in tables:
        units = dialect.fitting(f"{dialect.wide(units)} * coalesce({table}.factor, {zero})", writer)
    lacking = " OR ".join(f"{table}.factor IS NULL" for table in tables)

    def bare(expression: str) -> str:
        return f"CASE WHEN {lacking} THEN {dialect.wide(expression)} ELSE {dialect.wide(zero)} END"

    numbers = {"units": units, "bare_events": bare("m.events")}
    return numbers if measure.aggregate == "count" else numbers | {"bare_quantity": bare(state)}
