"""`specs/rating/*.yaml`, `specs/multipliers/*.yaml`, `specs/labels/*.yaml`: how usage becomes money."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ratebook.book.model.base import MARK, Model, problem
from ratebook.book.model.dated import Dated
from ratebook.book.model.meter import Condition, Where, conditions
from ratebook.book.model.price import Price
from ratebook.book.model.tree import MOST_LEVELS, read_tree
from ratebook.book.model.values import Column, Flag, Id, LocalText, NotNegative, Positive, Text

Factors = Mapping[str, Any]
"""A tree as deep as the multiplier has dimensions; each leaf is a `Decimal`, zero or more."""


class Convert(Model):
    """How units become billable units, after multiplying and over the whole period."""

    divide_by: Positive | None = None
    """How many units make a billable one; 1 unless given."""
    to: Text | None = None
    """The unit to convert to, as in `GiB`, where the meter counts a smaller unit of the same kind."""
    round: Literal["none", "up", "down", "half_up"] = "none"
    """Whether billable units are rounded to whole ones."""

    @model_validator(mode="after")
    def _say_one(self) -> "Convert":
        if self.to is not None and self.divide_by is not None:
            raise problem("RB214", "`to` and `divide_by` exclude one another", expected="one of the two")
        return self


class MeterUse(Model):
    """A meter whose units count on the ladder of a rule."""

    meter: Id
    """The meter."""
    multiply_by: tuple[Id, ...] = ()
    """Multipliers that scale its quantity."""
    factor: Positive = Decimal(1)
    """How many units of the ladder one of it is, after its multipliers."""


class RatingRule(Model):
    """How the usage of a meter, or of several together, becomes money."""

    meter: Id | None = None
    """The meter."""
    meters: tuple[MeterUse, ...] | None = Field(default=None, min_length=1)
    """Several meters whose units are added up: they share tiers and included units, and each has lines of its own."""
    where: Where = Field(default_factory=dict)
    """Narrows the rule to some of the meter's events: column → condition; all must hold."""
    multiply_by: tuple[Id, ...] = ()
    """Multipliers that scale the quantity, and so tiers and included units."""
    unit: Text | None = None
    """What a billable unit is; the meter's unit, or that of `convert`, unless given."""
    convert: Convert = Convert()
    """How units become billable units."""
    pool_by: tuple[Column, ...] = ()
    """Dimensions whose values each have a ladder of their own; none: one ladder for all usage."""
    lines_by: tuple[Column, ...] = ()
    """Dimensions whose values each have a line of their own."""
    price: Dated[Price] | None = None
    """The list price; a plan's charge or a contract's override may replace it whole."""
    description: LocalText | None = None
    """Template of a line's text."""
    tax: Id | None = None
    """One of the `rates` of the spec's tax; its standard rate unless given."""
    surcharge: Flag = False
    """Whether it bills besides: events that another charge of the contract bills too."""

    @model_validator(mode="after")
    def _say_meter(self) -> "RatingRule":
        if self.meters is not None:
            self._say_several()
        elif self.meter is None:
            raise problem("RB202", "`meter` is missing", expected="the meter whose usage the rule prices")
        return self

    def _say_several(self) -> None:
        if self.meter is not None:
            raise problem("RB214", "`meter` and `meters` exclude one another", expected="one of the two")
        if self.multiply_by:
            text = "`multiply_by` and `meters` exclude one another"
            raise problem("RB214", text, expected="multiply_by: […] at each of the meters")
        if self.convert.to is not None:
            text = "`meters` and `to` exclude one another: a ladder has one unit"
            raise problem("RB214", text, expected="a `factor` at each of the meters")
        if self.unit is None:
            raise problem("RB202", "`unit` is missing, in which the meters are added up", expected="unit: …")

    @property
    def uses(self) -> tuple[MeterUse, ...]:
        """The meters whose units it adds up: often one."""
        if self.meters is not None:
            return self.meters
        return (
            MeterUse.model_construct(meter=self.meter or "", multiply_by=self.multiply_by, factor=Decimal(1)),
        )

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of `where`."""
        return conditions(self.where)


_COMMON: Final = frozenset({"description", "by"})


class Multiplication(Model):
    """One version of a multiplier's factors."""

    by: tuple[Column, ...] = Field(min_length=1, max_length=MOST_LEVELS, exclude=True)
    values: Factors
    """At each level the value of a dimension, or `default`; at the leaves factors."""
    table: Text | None = Field(default=None, exclude=True)
    """A CSV file beside this one that holds the values: the dimensions' columns, then `factor`."""

    @field_validator("values", mode="plain")
    @classmethod
    def _read_values(cls, value: object, info: ValidationInfo) -> Factors:
        by = info.data.get("by")
        if by is None:
            return {}
        factors: Factors = read_tree(value, by, leaf=NotNegative, is_leaf=_is_factor, what="a factor")
        return factors


def _is_factor(value: object) -> bool:
    return not isinstance(value, Mapping)


class Multiplier(Model):
    """Factors that scale a quantity, by dimension."""

    description: LocalText | None = None
    """What it is for, for people."""
    by: tuple[Column, ...] = Field(min_length=1, max_length=MOST_LEVELS)
    """The dimensions, one for each level of the values."""
    factors: Dated[Multiplication] = Field(alias="§here")
    """The factors; in the file `values` or `table` stands beside `by`, or in each of `versions`."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: object) -> object:
        if not isinstance(value, Mapping) or "factors" in value:
            return value
        common = {key: item for key, item in value.items() if key in _COMMON}
        here = {key: item for key, item in value.items() if key not in _COMMON}
        return common | {f"{MARK}here": here | {key: value[key] for key in ("by",) if key in value}}


class Labels(Model):
    """What dimension values are called on a line."""

    values: dict[str, LocalText]
    """Dimension value → its label."""
