"""What a measure aggregates as SQL: a column in its own type, or an expression as a wide integer.

Decimals of an expression are integers scaled by `DECIMAL_SCALE` throughout, so every step is exact on every engine:
one that does not fit 128 bits, or has more places than the scale, fails.
"""

from decimal import Decimal

from ratebook.book.expression import (
    Chosen,
    Column,
    Combined,
    Constant,
    Divided,
    Expression,
    Kind,
    Negated,
    is_product_of_decimals,
    kind,
    parts,
)
from ratebook.compiler.conditions import band_sql, column_type, dimension_sql, floor_of
from ratebook.compiler.sql import Dialect, Writer
from ratebook.money import EXACT
from ratebook.usage.measure import DECIMAL_SCALE, ColumnType, Dimension, Measure

_UNIT = 10**DECIMAL_SCALE


def value_sql(measure: Measure, writer: Writer) -> tuple[str, ColumnType]:
    """Write the value of an event, and as what type it is to be read: an expression is an integer, scaled already.

    Raises:
        ValueError: the source has no such column, or it is no number.
    """
    if measure.expression is None:
        return writer.column(measure.value), column_type(measure.source, measure.value)
    return _Written(measure, writer).value(measure.expression), "integer"


def value_band_sql(measure: Measure, dimension: Dimension, writer: Writer) -> str:
    """Write the band in which the value of an event is."""
    if dimension.band is None or measure.expression is None:
        return dimension_sql(dimension, measure.source, writer)[0]
    scaled = [Decimal(bound).scaleb(measure.value_scale, EXACT) for bound in dimension.band.up_to]
    limits = [writer.bind("integer", floor_of(bound)) for bound in scaled]
    return band_sql(value_sql(measure, writer)[0], dimension.band, limits, writer)


def missing_sql(measure: Measure, writer: Writer) -> str | None:
    """Write that an event has no value; None where every event has one."""
    if measure.expression is None:
        return f"{writer.column(measure.value)} IS NULL"
    return _missing(measure.expression, writer)


def given_sql(measure: Measure, writer: Writer) -> str | None:
    """Write that an event has a value; None where every event has one."""
    if measure.expression is None:
        return f"{writer.column(measure.value)} IS NOT NULL"
    missing = _missing(measure.expression, writer)
    return missing and f"NOT {missing}"


def _missing(expression: Expression, writer: Writer) -> str | None:
    """Write that an expression is NULL, by its columns alone."""
    if isinstance(expression, Column):
        return f"{writer.column(expression.name)} IS NULL"
    found = [_missing(part, writer) for part in parts(expression)]
    written = list(dict.fromkeys(one for one in found if one is not None))
    if isinstance(expression, Chosen) and expression.function == "coalesce":
        return f"({' AND '.join(written)})" if None not in found else None
    return f"({' OR '.join(written)})" if len(written) > 1 else next(iter(written), None)


class _Written:
    """Writes the parts of one measure's expression."""

    def __init__(self, measure: Measure, writer: Writer) -> None:
        self._source = measure.source
        self._writer = writer
        for name in dict.fromkeys(measure.columns):
            column = column_type(measure.source, name)
            if column not in {"integer", "decimal"}:
                raise ValueError(f"{name} is {column}: an expression needs numbers")

    def value(self, expression: Expression) -> str:
        """Write an expression as an integer, scaled if it is a decimal."""
        if isinstance(expression, Column):
            column = self._writer.column(expression.name)
            return self._dialect.integer(column, column_type(self._source, expression.name), self._writer)
        if isinstance(expression, Constant):
            return self._constant(expression.value)
        if isinstance(expression, Negated):
            return self._dialect.checked(f"(-{self.value(expression.of)})", self._writer)
        if isinstance(expression, Divided):
            return self._divided(expression)
        if isinstance(expression, Chosen):
            return self._chosen(expression)
        return self._combined(expression)

    @property
    def _dialect(self) -> Dialect:
        return self._writer.dialect

    def _kind(self, expression: Expression) -> Kind:
        return kind(expression, self._source.columns)

    def _as(self, expression: Expression, wanted: Kind) -> str:
        """Write an operand at the scale of its neighbour."""
        written = self.value(expression)
        if self._kind(expression) == wanted:
            return written
        unit = self._writer.bind("integer", _UNIT)
        return self._dialect.checked(f"({written} * {unit})", self._writer)

    def _constant(self, number: int | Decimal) -> str:
        scaled = int(number.scaleb(DECIMAL_SCALE)) if isinstance(number, Decimal) else number
        return self._dialect.wide(self._writer.bind("integer", scaled))

    def _combined(self, expression: Combined) -> str:
        left, right = expression.left, expression.right
        if expression.symbol != "*":
            wanted = self._kind(expression)
            text = f"({self._as(left, wanted)} {expression.symbol} {self._as(right, wanted)})"
            return self._dialect.checked(text, self._writer)
        if is_product_of_decimals(expression, self._source.columns):
            return self._dialect.product(self.value(left), self.value(right), self._writer)
        return self._dialect.checked(f"({self.value(left)} * {self.value(right)})", self._writer)

    def _chosen(self, expression: Chosen) -> str:
        wanted = self._kind(expression)
        both = f"{self._as(expression.left, wanted)}, {self._as(expression.right, wanted)}"
        if expression.function == "coalesce":
            return f"coalesce({both})"
        best = f"{'least' if expression.function == 'min' else 'greatest'}({both})"
        missing = _missing(expression, self._writer)
        return best if missing is None else f"CASE WHEN {missing} THEN NULL ELSE {best} END"

    def _divided(self, expression: Divided) -> str:
        scaled = expression.divisor * (_UNIT if self._kind(expression.of) == "decimal" else 1)
        of, divisor = self.value(expression.of), self._dialect.wide(self._writer.bind("integer", scaled))
        over = self._dialect.remainder(of, divisor)
        if expression.rounding == "floor":
            whole = f"({of} - {self._dialect.remainder(f'({over} + {divisor})', divisor)})"
        else:
            whole = f"({of} + {self._dialect.remainder(f'({divisor} - {over})', divisor)})"
        return self._dialect.quotient(whole, divisor)
