"""Prices: what a quantity costs. `model` tells them apart; without one a price is per unit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from ratebook.book.model.base import MARK, Model, problem
from ratebook.book.model.percentage import Dynamic, GraduatedPercentage, Percentage
from ratebook.book.model.tree import MOST_LEVELS, read_tree
from ratebook.book.model.values import Amount, Column, Flag, Positive, named
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.money import ZERO

Word = Literal["free", "blocked"]
"""`free` bills nothing, on purpose; `blocked` makes usage beyond the included units a finding."""

MODELS: Final = (
    "per_unit",
    "flat",
    "graduated",
    "volume",
    "package",
    "percentage",
    "graduated_percentage",
    "dynamic",
    "matrix",
)


class PerUnit(Model):
    """Each unit costs the same."""

    model: Literal["per_unit"] = "per_unit"
    """How it is priced; may be left out here."""
    amount: Amount
    """What `per` units cost."""
    per: Positive
    """How many units the amount is for."""


class Flat(Model):
    """One amount, whatever the quantity, once there is any."""

    model: Literal["flat"]
    """How it is priced."""
    amount: Amount
    """What usage costs, once."""
    flat_at_zero: Flag = False
    """Whether it is due even without usage."""


class Tier(Model):
    """One step of a ladder."""

    up_to: Positive | None = None
    """Last quantity that belongs to the tier; absent on the last one."""
    amount: Amount
    """What `per` units in the tier cost."""
    per: Positive | None = None
    """How many units the amount is for; here, or on the price."""
    flat: Amount = ZERO
    """Due once the tier is entered, besides its units."""


class Tiered(Model):
    """What graduated and volume prices have in common."""

    per: Positive | None = None
    """How many units each tier's amount is for; here, or on every tier."""
    tiers: tuple[Tier, ...] = Field(min_length=1)
    """The steps, rising; the last one is open."""
    flat_at_zero: Flag = False
    """Whether the first tier's `flat` is due even without usage."""

    @model_validator(mode="after")
    def _say_per_once(self) -> "Tiered":
        unsaid = [tier.per is None for tier in self.tiers]
        if self.per is None and any(unsaid):
            raise problem(
                "RB209",
                "nothing says how many units an amount is for",
                expected="`per` on the price, or on every tier",
                help_="write per: 1 for the price of one unit, per: 1_000_000 for that of a million",
            )
        if self.per is not None and not all(unsaid):
            raise problem(
                "RB209",
                "`per` stands on the price and on a tier too",
                expected="`per` in one of the two places",
            )
        if self.per is not None:
            # Both ways of writing mean the same: after reading, `per` stands on every tier, and only there.
            # Around `frozen`, while the object is still being made.
            self.__dict__.update(
                tiers=tuple(tier.model_copy(update={"per": self.per}) for tier in self.tiers), per=None
            )
        return self


class Graduated(Tiered):
    """Each unit costs what its own tier says."""

    model: Literal["graduated"]
    """How it is priced."""


class Volume(Tiered):
    """All units cost what the tier says where the quantity ends."""

    model: Literal["volume"]
    """How it is priced."""


class Package(Model):
    """Packages of a size."""

    model: Literal["package"]
    """How it is priced."""
    size: Positive
    """How many units a package holds."""
    amount: Amount
    """What a package costs."""
    round: Literal["up", "down"] = "up"
    """Whether a package counts once it is started, or only once it is full."""


def _tag(value: object) -> str:
    if isinstance(value, str):
        return f"{MARK}word"
    if isinstance(value, Model):
        return f"{MARK}{getattr(value, 'model', '')}"
    model = value.get("model", "per_unit") if isinstance(value, Mapping) else None
    return f"{MARK}{model}" if model in MODELS else _OTHER


def _cell_tag(value: object) -> str:
    tag = _tag(value)
    return _OTHER if tag == f"{MARK}matrix" else tag


def _refuse(value: object) -> Any:  # noqa: ANN401 - it never returns
    if not isinstance(value, Mapping):
        raise problem(
            "RB209",
            f"{named(value)} is not a price: it does not say for how many units",
            expected="as in {amount: 0.45, per: 1_000_000}, or the word free or blocked",
        )
    model = value["model"]
    if model == "matrix":
        raise problem(
            "RB204", "a matrix stands inside a matrix", expected="one matrix with more dimensions in `by`"
        )
    help_ = did_you_mean(model, MODELS) if isinstance(model, str) else ""
    raise problem("RB204", f"{named(model)} is not a price model", expected=one_of(MODELS), help_=help_)


_OTHER: Final = f"{MARK}other"
Refused = Annotated[Any, PlainValidator(_refuse), WithJsonSchema({"not": {}})]

CellPrice = Annotated[
    Annotated[PerUnit, Tag("§per_unit")]
    | Annotated[Flat, Tag("§flat")]
    | Annotated[Graduated, Tag("§graduated")]
    | Annotated[Volume, Tag("§volume")]
    | Annotated[Package, Tag("§package")]
    | Annotated[Percentage, Tag("§percentage")]
    | Annotated[GraduatedPercentage, Tag("§graduated_percentage")]
    | Annotated[Dynamic, Tag("§dynamic")]
    | Annotated[Word, Tag("§word")]
    | Annotated[Refused, Tag("§other")],
    Discriminator(_cell_tag),
]
"""A price that may stand in a cell of a matrix."""

Cells = Mapping[str, Any]
"""A tree of prices as deep as the matrix has dimensions; each leaf is a `CellPrice`."""


class Matrix(Model):
    """A price for each combination of dimension values."""

    model: Literal["matrix"]
    """How it is priced."""
    by: tuple[Column, ...] = Field(min_length=1, max_length=MOST_LEVELS)
    """The dimensions, one for each level of `values`."""
    values: Cells
    """At each level the value of a dimension, or `default`; at the leaves prices."""

    @field_validator("values", mode="plain")
    @classmethod
    def _read_cells(cls, value: object, info: ValidationInfo) -> Cells:
        by = info.data.get("by")
        if by is None:
            return {}
        cells: Cells = read_tree(value, by, leaf=CellPrice, is_leaf=_is_price, what="a price")
        return cells


def _is_price(value: object) -> bool:
    return not isinstance(value, Mapping) or not value.keys().isdisjoint(
        {"amount", "tiers", "model", "per", "size", "percent", "markup_percent"}
    )


Price = Annotated[
    Annotated[PerUnit, Tag("§per_unit")]
    | Annotated[Flat, Tag("§flat")]
    | Annotated[Graduated, Tag("§graduated")]
    | Annotated[Volume, Tag("§volume")]
    | Annotated[Package, Tag("§package")]
    | Annotated[Percentage, Tag("§percentage")]
    | Annotated[GraduatedPercentage, Tag("§graduated_percentage")]
    | Annotated[Dynamic, Tag("§dynamic")]
    | Annotated[Matrix, Tag("§matrix")]
    | Annotated[Word, Tag("§word")]
    | Annotated[Refused, Tag("§other")],
    Discriminator(_tag),
]
"""What a quantity costs."""


def amounts_of(price: object) -> tuple[Decimal | Mapping[str, Decimal], ...]:
    """Give the amounts of a price that are charged together, and so in one currency; a matrix has none of its own."""
    if isinstance(price, Graduated | Volume):
        return tuple(amount for tier in price.tiers for amount in (tier.amount, tier.flat))
    return (price.amount,) if isinstance(price, PerUnit | Flat | Package) else ()
