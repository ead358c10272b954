"""What units cost: one price, applied to one stretch of one ladder.

A ladder counts net units (after included ones) from 0 at the start of the period. A stretch `(a, b]` holds the units of
one segment of the period; `end` is where the ladder ends in the whole period.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.oracle.book import Own
from tests.oracle.exchange import Exchange

NOTHING = Fraction(0)


@dataclass(frozen=True)
class Stretch:
    after: Fraction
    until: Fraction
    end: Fraction

    @property
    def units(self) -> Fraction:
        return self.until - self.after

    @property
    def is_first_with_usage(self) -> bool:
        return self.after == 0 and self.until > 0


@dataclass(frozen=True)
class Cost:
    """What a stretch costs, told apart by how its lines share it.

    Attributes:
        by_units: shared by their units.
        by_events: shared by their events.
        by_line: what each line costs for itself.
    """

    by_units: Fraction = NOTHING
    by_events: Fraction = NOTHING
    by_line: Mapping[Any, Fraction] = field(default_factory=dict)

    @property
    def total(self) -> Fraction:
        return self.by_units + self.by_events + sum(self.by_line.values(), NOTHING)


@dataclass(frozen=True)
class Tier:
    """Units above `lower`, up to and with `upper` (None: without end)."""

    lower: Fraction
    upper: Fraction | None
    unit_amount: Fraction
    flat: Fraction


def is_blocked(price: Any) -> bool:
    return bool(price == "blocked")


def cost(price: Own, stretch: Stretch, exchange: Exchange) -> Fraction:
    """Price a stretch, exactly, in the currency of the invoice."""
    if isinstance(price.node, str):
        assert price.node in {"free", "blocked"}, price.node
        return NOTHING
    model = price.node.get("model", "per_unit")
    if model == "package":
        size = Fraction(price.node["size"])
        count = floor if price.node.get("round") == "down" else ceil
        packages = count(stretch.until / size) - count(stretch.after / size)
        return packages * exchange.amount(Own(price.node["amount"], price.currency))
    tiers = tiers_of(price, exchange)
    return volume(tiers, stretch) if model == "volume" else graduated(tiers, stretch)


def graduated(tiers: list[Tier], stretch: Stretch) -> Fraction:
    """Each unit costs what its tier says; a tier's flat is due where the ladder enters the tier."""
    total = NOTHING
    for tier in tiers:
        begin = max(stretch.after, tier.lower)
        finish = stretch.until if tier.upper is None else min(stretch.until, tier.upper)
        if finish > begin:
            total += (finish - begin) * tier.unit_amount
        if stretch.after <= tier.lower < stretch.until:
            total += tier.flat
    return total


def volume(tiers: list[Tier], stretch: Stretch) -> Fraction:
    """All units cost what the tier says in which the whole period's quantity ends; its flat is due once."""
    if stretch.units == 0:
        return NOTHING
    for tier in tiers:
        if tier.upper is None or stretch.end <= tier.upper:
            flat = tier.flat if stretch.is_first_with_usage else NOTHING
            return stretch.units * tier.unit_amount + flat
    raise AssertionError("the last tier is open")


def tiers_of(price: Own, exchange: Exchange) -> list[Tier]:
    """The tiers of a price; one amount per unit is one tier, and a flat price is one tier with nothing but its flat."""
    node = price.node
    model = node.get("model", "per_unit")
    if model == "flat":
        return [Tier(NOTHING, None, NOTHING, exchange.amount(Own(node["amount"], price.currency)))]
    if model == "per_unit":
        return [Tier(NOTHING, None, per_unit(node, node, price.currency, exchange), NOTHING)]
    tiers: list[Tier] = []
    lower = NOTHING
    for written in node["tiers"]:
        upper = Fraction(written["up_to"]) if "up_to" in written else None
        flat = exchange.amount(Own(written.get("flat", 0), price.currency))
        tiers.append(Tier(lower, upper, per_unit(written, node, price.currency, exchange), flat))
        lower = upper if upper is not None else lower
    return tiers


def per_unit(written: Any, price: Any, currency: str, exchange: Exchange) -> Fraction:
    """An amount is for `per` units, which stands beside it or on the whole price."""
    amount = exchange.amount(Own(written["amount"], currency))
    return amount / Fraction(written["per"] if "per" in written else price["per"])


def cost_at_zero(price: Own, exchange: Exchange) -> Fraction:
    """What a ladder without any net units costs: the first tier's flat where the price says `flat_at_zero`."""
    if isinstance(price.node, str) or not price.node.get("flat_at_zero", False):
        return NOTHING
    return tiers_of(price, exchange)[0].flat
