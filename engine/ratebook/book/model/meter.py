"""`meters/*.yaml`: what is counted, of which events, and by which dimensions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from ratebook.book.expression import Expression, parse
from ratebook.book.model.base import MARK, Model, problem
from ratebook.book.model.values import (
    Column,
    Flag,
    LocalText,
    Number,
    PositivePercent,
    Prorate,
    Text,
    named,
)

Aggregate = Literal["count", "sum", "max", "min", "unique", "latest", "time_weighted_sum", "percentile"]
Operator = Literal["eq", "in", "not_in", "lt", "lte", "gt", "gte", "exists", "starts_with"]
Scalar = str | int | Decimal | bool

OVER: Final = "over"
"""Key of the band above the last bound."""


def _scalar(value: object) -> Scalar:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, str | int | Decimal | bool):
        return value
    raise problem(
        "RB203",
        f"{named(value)} stands where a single value is expected",
        expected="a text, number or true/false",
    )


ScalarField = Annotated[
    Scalar,
    PlainValidator(_scalar),
    WithJsonSchema({"title": "text, number or true/false", "type": ["string", "number", "boolean"]}),
]


class Condition(NamedTuple):
    """One condition on a column; all of them must hold."""

    column: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]


class ColumnConditions(Model):
    """What must hold for one column. A bare value means `eq`, a list means `in`."""

    eq: ScalarField | None = None
    """Equal to the value."""
    in_: tuple[ScalarField, ...] | None = Field(default=None, alias="in", min_length=1)
    """Equal to one of the values."""
    not_in: tuple[ScalarField, ...] | None = Field(default=None, min_length=1)
    """Equal to none of the values; holds where the column is NULL."""
    lt: ScalarField | None = None
    """Less than the value."""
    lte: ScalarField | None = None
    """Less than the value, or equal."""
    gt: ScalarField | None = None
    """Greater than the value."""
    gte: ScalarField | None = None
    """Greater than the value, or equal."""
    exists: Flag | None = None
    """Whether the column has a value (is not NULL)."""
    starts_with: Text | None = None
    """The text begins so, byte for byte."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        if isinstance(value, Mapping):
            if not value:
                raise problem("RB217", "there is no condition here", expected="as in {lt: 500}")
            return value
        return {"in": value} if isinstance(value, list | tuple) else {"eq": value}

    def conditions(self, column: str) -> tuple[Condition, ...]:
        """Give the conditions one by one, in one fixed order."""
        found = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is not None:
                operator: Any = field.alias or name
                found.append(Condition(column, operator, value))
        return tuple(found)


Where = dict[Column, ColumnConditions]


def conditions(where: Mapping[str, ColumnConditions]) -> tuple[Condition, ...]:
    """Give the conditions of a `where` in order of columns, so that the order of writing has no meaning."""
    return tuple(one for column in sorted(where) for one in where[column].conditions(column))


class Band(Model):
    """A number cut into bands: bounds 100 and 500 give the keys `100`, `500` and `over`."""

    of: Column
    """The column that is cut."""
    up_to: Annotated[tuple[Number, ...], Field(min_length=1)]
    """Upper bounds, rising; a bound belongs to the band that it names."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The band's keys, as they stand in multipliers, matrices and on lines."""
        return (*(f"{bound:f}" for bound in self.up_to), OVER)


class Dimension(Model):
    """What usage is told apart by: a column, or a band of one under a name of its own."""

    name: Column
    """Name of the dimension; without a band the column's."""
    band: Band | None = Field(default=None, alias="§only")

    @property
    def column(self) -> str:
        """The column it comes from."""
        return self.band.of if self.band else self.name


def _dimension(value: object) -> object:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, band),) = value.items()
        return {"name": name, f"{MARK}only": band}
    if isinstance(value, Dimension):
        return value
    raise problem(
        "RB203",
        f"{named(value)} is not a dimension",
        expected="a column, or {latency: {of: latency_ms, up_to: [100]}}",
    )


DimensionField = Annotated[Dimension, BeforeValidator(_dimension)]


class Operation(Model):
    """The column that says whether an event adds its value or removes it; all other events do not count."""

    column: Column
    """The column of the operation."""
    add: Annotated[tuple[ScalarField, ...], Field(min_length=1)]
    """Its values that add."""
    remove: Annotated[tuple[ScalarField, ...], Field(min_length=1)]
    """Its values that remove."""


class Meter(Model):
    """What is counted: which events of a source, how they add up, and what they are told apart by."""

    description: LocalText | None = None
    """What it counts, for people."""
    source: Column
    """A source of `specs/book.yaml`."""
    where: Where = Field(default_factory=dict)
    """Which events count: column → condition; all must hold."""
    aggregate: Aggregate
    """How events become a quantity."""
    value: Text | None = None
    """The column that is aggregated, or an expression, as `ceil(bytes / 4096) * copies`; not for `count`."""
    percent: PositivePercent | None = None
    """Which percentile, as in 95; only for `percentile`."""
    operation: Operation | None = None
    """What adds and removes values, as `{column: op, add: [add], remove: [remove]}`; only for `unique`."""
    recurring: Flag = False
    """Whether the level carries over from before the billing period (`sum`, `latest`, `unique` with operation)."""
    prorate: Prorate = "none"
    """How a recurring level counts: at the end of the period (`none`), at the end of each day, or at every moment."""
    unit: Text
    """What one of the quantity is, as in `request` or `byte`."""
    dimensions: tuple[DimensionField, ...] = ()
    """What usage may be told apart by in prices, multipliers, pools and lines."""

    @property
    def expression(self) -> Expression | None:
        """What `value` says; a column alone is an expression too.

        Raises:
            ExpressionError: it cannot be understood.
        """
        return None if self.value is None else parse(self.value)

    @property
    def adds_up(self) -> bool:
        """Whether what is measured of parts of a period may be added up."""
        return self.aggregate in {"count", "sum"} and not self.recurring

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of `where`."""
        return conditions(self.where)

    def dimension(self, name: str) -> Dimension | None:
        """Find a dimension by its name."""
        return next((dimension for dimension in self.dimensions if dimension.name == name), None)
