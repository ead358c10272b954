"""Prices of an amount of money: a percentage of it, by tiers or not, or the amount itself with a markup.

What is measured is money, and its unit says in which currency; every amount of such a price is in that currency.
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ratebook.book.model.base import Model, problem
from ratebook.book.model.values import Flag, NotNegative, Percent, Positive
from ratebook.money import ZERO


class PercentageAllowance(Model):
    """What a percentage price leaves out in each billing period, whichever events it was."""

    events: Positive | None = None
    """How many events carry no fixed fee."""
    amount: Positive | None = None
    """How much of the amount carries no percentage."""

    @field_validator("events")
    @classmethod
    def _count(cls, value: Decimal | None) -> Decimal | None:
        if value is not None and value != int(value):
            raise problem("RB205", f"{value} events cannot be counted", expected="a whole number above zero")
        return value

    @model_validator(mode="after")
    def _say_something(self) -> "PercentageAllowance":
        if self.events is None and self.amount is None:
            raise problem(
                "RB202", "`free` says neither what nor how much", expected="events, amount, or both"
            )
        return self


class EventBounds(Model):
    """What one event costs at least and at most, percentage and fixed fee together."""

    minimum: Positive | None = None
    """The least."""
    maximum: Positive | None = None
    """The most."""

    @model_validator(mode="after")
    def _say_something(self) -> "EventBounds":
        if self.minimum is None and self.maximum is None:
            raise problem("RB202", "`each` says no bound", expected="minimum, maximum, or both")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise problem(
                "RB312",
                f"the minimum of {self.minimum} is above the maximum of {self.maximum}",
                expected=f"at most {self.maximum}",
            )
        return self


class Percentage(Model):
    """A percentage of what was measured, and a fixed fee for each event."""

    model: Literal["percentage"]
    """How it is priced."""
    percent: Percent
    """How much of the amount it costs."""
    fixed: NotNegative = ZERO
    """What each event costs besides."""
    free: PercentageAllowance | None = None
    """What is left out in each billing period."""
    each: EventBounds | None = None
    """Bounds on what one event costs."""

    @model_validator(mode="after")
    def _say_one(self) -> "Percentage":
        if self.free is not None and self.each is not None:
            raise problem(
                "RB214",
                "`free` and `each` exclude one another",
                expected="one of the two",
                help_="which events are free would depend on their order, and so would what `each` bounds",
            )
        return self


class PercentTier(Model):
    """One step of a ladder of percentages."""

    up_to: Positive | None = None
    """Last of the amount that belongs to the tier; absent on the last one."""
    percent: Percent
    """How much of the amount in the tier it costs."""
    flat: NotNegative = ZERO
    """Due once the tier is entered, besides its percentage."""


class GraduatedPercentage(Model):
    """Each part of the amount costs the percentage of its own tier."""

    model: Literal["graduated_percentage"]
    """How it is priced."""
    tiers: tuple[PercentTier, ...] = Field(min_length=1)
    """The steps, rising; the last one is open."""
    flat_at_zero: Flag = False
    """Whether the first tier's `flat` is due even without usage."""


class Dynamic(Model):
    """What was measured is what it costs, as where each event carries its own price."""

    model: Literal["dynamic"]
    """How it is priced."""
    markup_percent: NotNegative = ZERO
    """What is added to it, in percent of it."""


Share = Percentage | GraduatedPercentage | Dynamic
"""A price that is a share of an amount of money."""
