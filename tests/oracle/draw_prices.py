"""Draws prices and other numbers of a book, biased to where mistakes are made: ties, bounds, changes in a period."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.oracle.choices import Chooser
from tests.oracle.draw_shares import share_price

When = date | datetime

AMOUNTS = ("1", "0.005", "0.015", "0.125", "0.333", "2.5", "10.005", "7", "100", "33.335", "0", "0.0000012")
PERS = ("1", "1", "10", "3", "0.5", "1000", "1000000")
BOUNDS = ("1", "2", "3", "5", "10", "100", "1000", "1000000", "0.5", "2.5")
SIZES = ("1", "2", "10", "1000", "2.5", "0.1")
INCLUDED = ("1", "0", "2", "5", "2.5", "10", "100", "1000000000000")
PERCENTS = ("10", "0", "50", "100", "33.3", "12.5")
BOUNDARIES = ("0", "0.5", "10", "10.005", "33.333", "1000")


@dataclass(frozen=True)
class Money:
    """Whose money an amount is in, and other currencies it may be listed in besides; or a pricing unit."""

    own: str
    others: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Prices:
    """Draws what a charge or fee says about money and units.

    Attributes:
        moments: when dated values may change.
        dimensions: what matrices may go by, with the keys that usage has there.
        features: what is drawn besides (see `tests.oracle.features`).
        shares: `share` where units are money, `bounded` where besides nothing is included; else "".
    """

    chooser: Chooser
    moments: Sequence[When]
    dimensions: dict[str, tuple[str, ...]]
    shares: str = ""
    features: Sequence[str] = ()

    def dated(self, percent: int, value: Callable[[], Any], *, scalar: bool) -> Any:
        """A value, or versions of it; the first has mostly always held, else nothing does before it."""
        if not self.chooser.often(percent):
            return value()
        changes = sorted_moments(self.chooser.some(self.moments, 1)[:2])
        versions = [
            {**({} if number == 0 else {"from": when})} for number, when in enumerate([None, *changes])
        ]
        if self.chooser.often(12):
            versions = versions[1:]
        return {"versions": [version | ({"value": value()} if scalar else value()) for version in versions]}

    def amount(self, money: Money, options: Sequence[str] = AMOUNTS) -> Any:
        number = self.chooser.number(options)
        if money.unit:
            return {money.unit: number}
        if not money.others:
            return number
        return {money.own: number, **{currency: self.chooser.number(options) for currency in money.others}}

    def price(self, money: Money) -> Any:
        """A price, perhaps dated, perhaps a matrix; all versions of a matrix have the same cells."""
        if self.chooser.often(10):
            return self.chooser.one(("free", "blocked"))
        listed = self.listed(money)
        if self.dimensions and self.chooser.often(30):
            by, shape = self.tree_shape()
            return self.dated(
                30,
                lambda: {"model": "matrix", "by": by, "values": fill(shape, lambda: self.cell(listed))},
                scalar=False,
            )
        return self.dated(35, lambda: self.plain_price(listed), scalar=False)

    def listed(self, money: Money) -> Money:
        """How amounts are written: in one currency, in several, or in a pricing unit that has a value in its own."""
        if "units" in self.features and money.own in {"USD", "EUR"} and self.chooser.often(40):
            return Money(money.own, unit="credit")
        return money if self.chooser.often(25) else Money(money.own)

    def cell(self, money: Money) -> Any:
        return self.chooser.one(("free", "blocked")) if self.chooser.often(10) else self.plain_price(money)

    def plain_price(self, money: Money) -> dict[str, Any]:
        if self.shares and self.chooser.often(70):
            return share_price(self.chooser, bounded=self.shares == "bounded")
        model = self.chooser.one(("per_unit", "graduated", "volume", "package", "flat"))
        if model == "per_unit":
            named = {"model": "per_unit"} if self.chooser.often(50) else {}
            return {**named, "amount": self.amount(money), "per": self.chooser.number(PERS)}
        if model == "package":
            percent = 30 if "package_round" in self.features else 0
            rounded = self.chooser.maybe(percent, "round", lambda: self.chooser.one(("down", "up")))
            size = self.chooser.number(SIZES)
            return {"model": model, "size": size, "amount": self.amount(money), **rounded}
        at_zero = self.chooser.maybe(20, "flat_at_zero", value=True)
        if model == "flat":
            return {"model": model, "amount": self.amount(money), **at_zero}
        return {"model": model, **self.tiers(money), **at_zero}

    def tiers(self, money: Money) -> dict[str, Any]:
        bounds = sorted({self.chooser.number(BOUNDS) for _ in range(self.chooser.count(0, 3))})
        on_price = self.chooser.often(70)
        tiers = []
        for bound in [*bounds, None]:
            tier: dict[str, Any] = {} if bound is None else {"up_to": bound}
            tier["amount"] = self.amount(money)
            tier.update({} if on_price else {"per": self.chooser.number(PERS)})
            tier.update(self.chooser.maybe(30, "flat", lambda: self.amount(money)))
            tiers.append(tier)
        return {**({"per": self.chooser.number(PERS)} if on_price else {}), "tiers": tiers}

    def tree_shape(self) -> tuple[list[str], dict[str, Any]]:
        by = self.chooser.some(sorted(self.dimensions), 1)[:2]
        return by, self.shape_below(by)

    def shape_below(self, by: Sequence[str]) -> dict[str, Any]:
        """Some keys of a level, usually with a `default`; each leads to a level of its own."""
        keys: list[str] = self.chooser.some(self.dimensions[by[0]])[:2]
        if not keys or self.chooser.often(70):
            keys = [*keys, "default"]
        return {key: self.shape_below(by[1:]) if len(by) > 1 else {} for key in keys}

    def pricing(self, money: Money) -> dict[str, Any]:
        """What a charge, or an override of one, says besides its price."""
        one = self.chooser
        return {
            **({} if self.shares == "bounded" else one.maybe(40, "included", self.included)),
            **one.maybe(25, "included_each", value=True),
            **one.maybe(25, "prorate_included", lambda: one.one(("days", "seconds", "none"))),
            **one.maybe(25, "discount", lambda: self.dated(40, self.discount, scalar=False)),
            **self.bounds(money),
        }

    def included(self) -> Any:
        return self.dated(20, lambda: self.chooser.number(INCLUDED), scalar=True)

    def bounds(self, money: Money) -> dict[str, Any]:
        """A minimum and a maximum that do not cross, or neither: an override's must fit those of its charge."""
        if not self.chooser.often(25):
            return {}
        lowest, low, high, highest = sorted(self.chooser.number(BOUNDARIES) for _ in range(4))
        return {
            "minimum": self.dated(40, lambda: self.same(money, self.chooser.one((low, lowest))), scalar=True),
            "maximum": self.dated(
                40, lambda: self.same(money, self.chooser.one((high, highest))), scalar=True
            ),
        }

    def same(self, money: Money, number: Any) -> Any:
        return dict.fromkeys((money.own, *money.others), number) if money.others else number

    def discount(self) -> dict[str, Any]:
        return {"percent": self.chooser.number(PERCENTS)}


def fill(shape: dict[str, Any], leaf: Callable[[], Any]) -> Any:
    """Put leaves into a tree's shape."""
    return {key: fill(below, leaf) if below else leaf() for key, below in shape.items()}


def sorted_moments(moments: Sequence[When]) -> list[When]:
    """In order of time wherever the dates' zones are: those that are too near to one another are left out."""
    kept: list[When] = []
    for when in sorted(moments, key=lambda one: (one.toordinal(), isinstance(one, datetime))):
        if not kept or when.toordinal() - kept[-1].toordinal() > 1:
            kept.append(when)
    return kept


def is_later(when: When, begin: When) -> bool:
    """Whether a moment comes after another in every zone."""
    return when.toordinal() > begin.toordinal() + 1
