"""Money off and money promised in a contract: discounts, commitments, credits."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from ratebook.book.model.base import Model, problem
from ratebook.book.model.plan import FEE, USAGE, Bill
from ratebook.book.model.times import DurationField, WhenField
from ratebook.book.model.values import (
    Amount,
    Count,
    Id,
    LocalText,
    NotNegative,
    Percent,
    PlanId,
    Positive,
    Prorate,
)


def _exactly_one(value: Mapping[str, Any], keys: tuple[str, ...], expected: str) -> None:
    given = [key for key in keys if key in value]
    if len(given) > 1:
        both = f"`{given[0]}` and `{given[1]}`"
        raise problem("RB214", f"{both} exclude one another", expected=f"one of {expected}")
    if not given:
        raise problem("RB202", f"`{keys[0]}` is missing", expected=expected)


class ContractDiscount(Model):
    """A discount on lines of a contract, after rounding, in the order in which they are listed."""

    id: Id | None = None
    """Names it on the line; `discount-1`, `discount-2` … unless given."""
    name: LocalText | None = None
    """Text of its line."""
    percent: Percent | None = None
    """How much is taken off, in percent."""
    amount: Amount | None = None
    """How much is taken off each billing period, in the invoice's currency; what finds nothing lapses."""
    units: Positive | None = None
    """Billable units of each charge that cost nothing, in each billing period that the window touches."""
    applies_to: tuple[Id, ...] = Field(min_length=1)
    """Which lines: `usage`, `fee`, or ids of charges and fees; for `units` ids of charges."""
    from_: WhenField | None = Field(default=None, alias="from")
    """When it begins; with the contract unless given."""
    until: WhenField | None = None
    """When it ends, exclusive; with the contract unless given."""
    periods: Count | None = None
    """In how many billing periods, from that one on in which it begins: 1 is once."""
    plan: PlanId | None = None
    """Only for what the contract uses while it is on this plan."""
    of: Literal["rest", "whole"] | None = None
    """Percent of what the discounts before it left (`rest`, unless given), or of what there was before all of them."""

    @model_validator(mode="before")
    @classmethod
    def _one_measure(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(value, Mapping):
            _exactly_one(value, ("percent", "amount", "units"), "percent: 10, amount: 50 or units: 1000")
            if "of" in value and "percent" not in value:
                raise problem("RB214", "`of` says of what a percentage is", expected="`percent`, or no `of`")
        return value


class Overage(Model):
    """What is billed beyond a commitment costs less, or more."""

    percent_off: Percent | None = None
    """Taken off."""
    factor: Positive | None = None
    """Multiplied with."""

    @model_validator(mode="before")
    @classmethod
    def _one_measure(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(value, Mapping):
            _exactly_one(value, ("percent_off", "factor"), "percent_off: 20 or factor: 1.2")
        return value


class Rollover(Model):
    """What of an unused rest may still be used, and for how long."""

    percent: Percent
    """How much of it is carried on."""
    for_: DurationField = Field(alias="for")
    """How long."""


class Commitment(Model):
    """What the customer promises to spend: in each billing period, or over a term."""

    id: Id
    """Names it on lines and in balances."""
    name: LocalText | None = None
    """Text of its lines."""
    amount: Amount
    """How much, in the invoice's currency."""
    every: Literal["period"] | None = None
    """In each billing period; over the whole term from `from` until `until` unless given."""
    from_: WhenField | None = Field(default=None, alias="from")
    """When it begins; with the contract unless given."""
    until: WhenField | None = None
    """When it ends, exclusive; with the contract unless given."""
    applies_to: tuple[Id, ...] = Field(default=(USAGE,), min_length=1)
    """What counts towards it: `usage`, `fee`, or ids of charges and fees."""
    prorate: Prorate | None = None
    """With `every`: how a part of a period is treated; `days` unless given."""
    pay: Bill | None = None
    """Over a term: `in_advance` is billed when it begins and drawn down, `in_arrears` fills up what was not spent."""
    true_up: Literal["end", "period"] | None = None
    """In arrears: filled up when the term ends (unless given), or in each billing period by the days that passed."""
    overage: Overage | None = None
    """What is billed beyond it costs."""
    rollover: Rollover | None = None
    """In advance: what of an unused rest may still be used after `until`."""

    @model_validator(mode="before")
    @classmethod
    def _shape(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(value, Mapping):
            kind = "every" if "every" in value else str(value.get("pay"))
            for key in _MEANINGLESS.get(kind, ()):
                if key in value:
                    raise problem("RB214", f"`{key}` has no meaning {_WITH[kind]}", help_="leave it out")
            missing = [key for key in ("from", "until", "pay") if key not in value and "every" not in value]
            if missing:
                term = "every: period, or a term: from: …, until: …, pay: in_advance or in_arrears"
                raise problem("RB202", f"`{missing[0]}` is missing", expected=term)
        return value


_MEANINGLESS: Final = {
    "every": ("pay", "true_up", "overage", "rollover"),
    "in_advance": ("true_up", "prorate"),
    "in_arrears": ("rollover", "prorate"),
}
_WITH: Final = {
    "every": "where each billing period is filled up",
    "in_advance": "where all is billed in advance",
    "in_arrears": "where it is filled up in arrears",
}


class Credit(Model):
    """Money that pays for what is billed: for service time in [from, expires)."""

    id: Id
    """Names it on lines and in balances."""
    name: LocalText | None = None
    """Text of its lines."""
    amount: Amount
    """How much, in the invoice's currency."""
    from_: WhenField | None = Field(default=None, alias="from")
    """When it begins; with the contract unless given."""
    expires: WhenField | None = None
    """When it ends, exclusive; never unless given."""
    priority: NotNegative = Decimal(0)
    """Which is used first: the lower number, then what expires earlier, then the id."""
    applies_to: tuple[Id, ...] = Field(default=(USAGE, FEE), min_length=1)
    """What it pays for: `usage`, `fee`, or ids of charges and fees."""
    rollover: Rollover | None = None
    """What of an unused rest may still be used after `expires`."""

    @model_validator(mode="before")
    @classmethod
    def _shape(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(value, Mapping) and "rollover" in value and "expires" not in value:
            raise problem("RB214", "a credit that never expires cannot roll over", help_="add `expires`")
        return value
