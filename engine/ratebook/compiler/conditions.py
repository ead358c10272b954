"""Conditions and dimensions of a measure as SQL, over any dialect."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from ratebook.compiler.sql import ParameterKind, Writer
from ratebook.money import EXACT, plain
from ratebook.usage.measure import OVER, Band, ColumnType, Condition, Dimension, EventSource, Scalar

_SYMBOLS: Final = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_KINDS: Final[dict[ColumnType, ParameterKind]] = {
    "string": "text",
    "integer": "integer",
    "decimal": "decimal",
    "boolean": "boolean",
}
_CEILED: Final = frozenset({"lt", "gte"})


def column_type(source: EventSource, column: str) -> ColumnType:
    """Give the type of a column; the subject and the event's id are texts.

    Raises:
        ValueError: the source declares no such column.
    """
    if column in source.columns:
        return source.columns[column]
    if column in {source.subject, source.event_id}:
        return "string"
    raise ValueError(f"the source {source.name} declares no column {column}")


def condition_sql(condition: Condition, source: EventSource, writer: Writer) -> str | None:
    """Write a condition; None where it always holds.

    Raises:
        ValueError: the operator or the value does not fit the column.
    """
    kind = column_type(source, condition.column)
    column = writer.column(condition.column)
    operator, value = condition.operator, condition.value
    if operator == "exists":
        return f"{column} IS NOT NULL" if value else f"{column} IS NULL"
    if condition.column not in source.columns:
        column = writer.dialect.text(column, "string", writer)
    if operator == "starts_with":
        if kind != "string":
            raise _unfit(condition, kind)
        return writer.dialect.starts_with(column, _bind(condition, value, kind, writer))
    if isinstance(value, tuple):
        return _membership(condition, value, kind, column, writer)
    if kind == "boolean" and operator != "eq":
        raise _unfit(condition, kind)
    if kind == "integer" and isinstance(value, Decimal):
        if operator == "eq":
            return _membership(condition, (value,), kind, column, writer)
        rounding = ROUND_CEILING if operator in _CEILED else ROUND_FLOOR
        value = int(value.to_integral_value(rounding))
    return f"{column} {_SYMBOLS[operator]} {_bind(condition, value, kind, writer)}"


def _membership(
    condition: Condition, values: tuple[Scalar, ...], kind: ColumnType, column: str, writer: Writer
) -> str | None:
    """Write `in` and `not_in`; a fraction is never among integers."""
    if kind == "integer":
        values = tuple(value for value in values if not isinstance(value, Decimal) or value == int(value))
    negated = condition.operator == "not_in"
    if not values:
        return None if negated else writer.bind("boolean", value=False)
    listed = ", ".join(_bind(condition, value, kind, writer) for value in dict.fromkeys(values))
    if negated:
        return f"({column} IS NULL OR {column} NOT IN ({listed}))"
    return f"{column} IN ({listed})"


def _bind(condition: Condition, value: Scalar | tuple[Scalar, ...], kind: ColumnType, writer: Writer) -> str:
    if kind == "string" and isinstance(value, str):
        return writer.bind("text", value)
    if kind == "boolean" and isinstance(value, bool):
        return writer.bind("boolean", value)
    if kind in {"integer", "decimal"} and isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = int(value) if kind == "integer" else Decimal(value)
        return writer.bind(_KINDS[kind], number)
    raise _unfit(condition, kind)


def _unfit(condition: Condition, kind: ColumnType) -> ValueError:
    return ValueError(
        f"{condition.column} is {kind}: {condition.operator} {condition.value!r} does not fit it"
    )


def conditions_sql(conditions: Iterator[Condition], source: EventSource, writer: Writer) -> Iterator[str]:
    """Write the conditions that do not always hold."""
    for condition in conditions:
        written = condition_sql(condition, source, writer)
        if written is not None:
            yield written


def dimension_sql(dimension: Dimension, source: EventSource, writer: Writer) -> tuple[str, ColumnType]:
    """Write the value by which a dimension groups events, and its type."""
    if dimension.band is None:
        return writer.column(dimension.name), column_type(source, dimension.name)
    return _band_sql(dimension.band, source, writer), "string"


def _band_sql(band: Band, source: EventSource, writer: Writer) -> str:
    kind = column_type(source, band.of)
    if kind not in {"integer", "decimal"}:
        raise ValueError(f"{band.of} is {kind}: only a number can be cut into bands")
    limits = [floor_of(bound) if kind == "integer" else Decimal(bound) for bound in band.up_to]
    bound = [writer.bind(_KINDS[kind], limit) for limit in limits]
    return band_sql(writer.column(band.of), band, bound, writer)


def floor_of(number: int | Decimal) -> int:
    """Round down to a whole number."""
    return int(Decimal(number).to_integral_value(ROUND_FLOOR, EXACT))


def band_sql(value: str, band: Band, limits: Sequence[str], writer: Writer) -> str:
    """Write the key of the band in which a value is; a limit for each bound is bound already."""
    branches = [f"WHEN {value} IS NULL THEN NULL"]
    for bound, limit in zip(band.up_to, limits, strict=True):
        branches.append(f"WHEN {value} <= {limit} THEN {writer.bind('text', plain(Decimal(bound)))}")
    return f"CASE {' '.join(branches)} ELSE {writer.bind('text', OVER)} END"
