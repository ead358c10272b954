"""The mergeable state of a group of events: what each aggregate needs to be put together over slots and periods."""

from ratebook.compiler.conditions import condition_sql
from ratebook.compiler.expression_sql import value_sql
from ratebook.compiler.sql import Writer
from ratebook.usage.measure import ColumnType, Condition, EventSource, Measure, Operation


def extra_states(measure: Measure) -> tuple[str, ...]:
    """Name the parts of a state that are no wide integers."""
    if measure.operation is not None:
        return ("value", "moment")
    if measure.aggregate == "latest" and measure.weighs_time:
        return ("began", "moment")
    return {"unique": ("value",), "latest": ("moment",)}.get(measure.aggregate, ())


def states(measure: Measure, writer: Writer) -> dict[str, str]:
    """Write the mergeable state of a group."""
    count = {"events": "count(*)"}
    if measure.aggregate == "count":
        return count
    dialect = writer.dialect
    column, kind = value_sql(measure, writer)
    if measure.aggregate == "unique":
        return {"value": dialect.text(column, kind, writer)} | count | _operated(measure, writer)
    if kind not in {"integer", "decimal"}:
        raise ValueError(f"{measure.value} is {kind}: {measure.aggregate} needs a number")
    if measure.aggregate == "sum" and not measure.weighs_time:
        return count | {"quantity": dialect.total(column, kind, writer)}
    return _of_many(measure, column, kind, writer) | count


def _of_many(measure: Measure, column: str, kind: ColumnType, writer: Writer) -> dict[str, str]:
    """Write the state of a group that does not add up."""
    dialect, source = writer.dialect, measure.source
    if measure.aggregate in {"max", "min"}:
        best = dialect.integer(f"{measure.aggregate}({column})", kind, writer)
        return {"quantity": dialect.fitting(best, writer)}
    if measure.aggregate == "percentile":
        return {"quantity": dialect.fitting(dialect.integer(column, kind, writer), writer)}
    time = dialect.micros(writer.column(source.event_time))
    if measure.weighs_time:
        elapsed = f"({within_periods(measure, time, writer)} - {writer.bind('integer', measure.origin)})"
        weighted = dialect.added(f"{dialect.integer(column, kind, writer)} * {elapsed}")
        return {
            "quantity": dialect.fitting(weighted, writer),
            "level": dialect.total(column, kind, writer),
        }
    order = (time, id_text(source, writer), column)
    latest = dialect.integer(dialect.last(order), kind, writer)
    return {"moment": f"max({time})", "quantity": dialect.fitting(latest, writer)}


def within_periods(measure: Measure, moment: str, writer: Writer) -> str:
    """Write the moment from which something weighs: what lies before all billed periods weighs from their start."""
    return f"greatest({moment}, {writer.bind('integer', measure.origin)})" if measure.recurring else moment


def _operated(measure: Measure, writer: Writer) -> dict[str, str]:
    """Write whether the last operation on a value adds it, and when that was."""
    operation, source, dialect = measure.operation, measure.source, writer.dialect
    if operation is None:
        return {}
    yes, no = writer.bind("integer", 1), writer.bind("integer", 0)
    adds = condition_sql(Condition(operation.column, "in", operation.add), source, writer)
    added = f"CASE WHEN {adds} THEN {yes} ELSE {no} END"
    time = dialect.micros(writer.column(source.event_time))
    last = dialect.integer(dialect.last((time, id_text(source, writer), added)), "integer", writer)
    return {"moment": f"max({time})", "quantity": dialect.fitting(last, writer)}


def id_text(source: EventSource, writer: Writer) -> str:
    """Write an event's id as text, "" where it has none."""
    return (
        _text_or_empty(writer.column(source.event_id), writer) if source.event_id else writer.bind("text", "")
    )


def example_id(source: EventSource, writer: Writer) -> str:
    """Write an aggregate that gives one id of a group as text, the same one every time."""
    if not source.event_id:
        return writer.bind("text", "")
    return _text_or_empty(f"min({writer.column(source.event_id)})", writer)


def _text_or_empty(expression: str, writer: Writer) -> str:
    return f"coalesce({writer.dialect.text(expression, 'string', writer)}, {writer.bind('text', '')})"


def acts(operation: Operation) -> Condition:
    """Give the condition that an event adds or removes its value."""
    return Condition(operation.column, "in", (*operation.add, *operation.remove))
