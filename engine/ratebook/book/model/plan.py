"""`plans/*.yaml`: what a customer of a plan pays: fees, charges for usage, and a minimum."""

from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from ratebook.book.model.base import Model
from ratebook.book.model.dated import Dated
from ratebook.book.model.price import Price
from ratebook.book.model.times import Trial
from ratebook.book.model.values import (
    Amount,
    Anchor,
    Column,
    Currency,
    Every,
    Flag,
    Id,
    LocalText,
    NotNegative,
    Percent,
    Positive,
    Prorate,
)

Bill = Literal["in_advance", "in_arrears"]
FeeCycle = Literal["day", "week", "month", "quarter", "year", "once"]

USAGE: Final = "usage"
FEE: Final = "fee"

ACCOUNT: Final = "account"
"""A dimension that every rule may pool by: the child account of a contract."""


class Cycle(Model):
    """How often a contract is billed, and what its periods are counted from."""

    every: Every = "month"
    """Length of a billing period."""
    anchor: Anchor = "calendar"
    """`calendar`: Mondays, the first of a month, quarter or year; `contract_start`: the day it starts on."""


class Fee(Model):
    """An amount that is due whatever is used."""

    id: Id
    """Names the fee in overrides, discounts and minimums."""
    name: LocalText
    """Text of its line."""
    amount: Dated[Amount]
    """What one costs, for each of its periods."""
    quantity: Positive = Decimal(1)
    """How many."""
    bill: Bill = "in_arrears"
    """Whether it is billed when its period begins or when it ends."""
    prorate: Prorate = "days"
    """How a part of a period is charged: by days, by seconds, or in full."""
    every: FeeCycle | None = None
    """A cycle of its own, or `once`; the contract's cycle unless given."""
    tax: Id | None = None
    """One of the `rates` of the spec's tax; its standard rate unless given."""


class Discount(Model):
    """A discount of one charge."""

    percent: Percent
    """How much of the charge is taken off."""


class Pricing(Model):
    """What a charge says about its rating rule, and an override about its charge; the nearest wins whole."""

    pool_by: tuple[Column, ...] | None = None
    """Replaces the rule's `pool_by`; `account`: each child account of a contract has a ladder of its own."""
    included: Dated[NotNegative] | None = None
    """Billable units that cost nothing, in each billing period."""
    included_each: Flag | None = None
    """Whether each pool has all of them, instead of all pools together."""
    prorate_included: Prorate | None = None
    """How a part of a period is treated; `none` unless given."""
    price: Dated[Price] | None = None
    """Replaces the rule's price whole."""
    discount: Dated[Discount] | None = None
    """Taken off the charge, before its maximum and minimum."""
    minimum: Dated[Amount] | None = None
    """The charge is at least this, in each billing period."""
    maximum: Dated[Amount] | None = None
    """The charge is at most this, in each billing period."""
    description: LocalText | None = None
    """Replaces the rule's template of a line's text."""
    tax: Id | None = None
    """One of the `rates` of the spec's tax."""
    surcharge: Flag | None = None
    """Whether it bills besides: events that another charge of the contract bills too; as the rule says unless given."""


class Charge(Pricing):
    """Usage that is billed by a rating rule."""

    rating: Id
    """The rating rule."""
    id: Id
    """Names the charge in overrides, discounts and minimums; its rating rule's unless given."""

    @model_validator(mode="before")
    @classmethod
    def _name(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(value, dict) and "id" not in value:
            rating = value.get("rating")
            return value | {"id": rating if isinstance(rating, str) else "unnamed"}
        return value


class Minimum(Model):
    """What the lines of a billing period come to at least."""

    amount: Amount
    """The least."""
    applies_to: tuple[Id, ...] = Field(min_length=1)
    """Which lines count: `usage`, `fee`, or ids of charges and fees."""
    prorate: Prorate = "days"
    """How a part of a period is treated."""


class Plan(Model):
    """What everyone on the plan pays, unless a contract overrides it."""

    name: LocalText
    """Name of the plan."""
    description: LocalText | None = None
    """What it is for, for people."""
    currency: Currency | None = None
    """Currency of its amounts; the book's unless given."""
    cycle: Cycle | None = None
    """How often it is billed; each calendar month unless given."""
    fees: tuple[Fee, ...] = ()
    """Amounts that are due whatever is used."""
    charges: tuple[Charge, ...] = ()
    """Usage that is billed."""
    minimum: Dated[Minimum] | None = None
    """What its lines come to at least."""
    trial: Trial | None = None
    """A first time of contracts that begin on it, in which usage costs nothing and nothing else accrues."""
