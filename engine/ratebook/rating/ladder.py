"""What the units of one ladder cost: graduated, volume and package prices, exactly.

A position is a number of net billable units since the beginning of the billing period. A segment of the period
covers the positions `(start, end]`, so splitting a period at a change that changes nothing changes nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from ratebook.compiler.program import Ladder, Tier
from ratebook.money import EXACT, ZERO


class TierPart(NamedTuple):
    """Units that fell into one tier, and how often its flat amount fell due with them."""

    tier: Tier
    units: Decimal
    flats: int


def ladder_numerator(ladder: Ladder, start: Decimal, end: Decimal, period_end: Decimal) -> Decimal:
    """Give what positions `(start, end]` cost, times `ladder.denominator`.

    Args:
        ladder: the price.
        start: position before the segment.
        end: position after it.
        period_end: position at the end of the billing period, which decides the tier of a volume price.
    """
    if ladder.model == "graduated":
        return cost(ladder, end) - cost(ladder, start) if start else cost(ladder, end)
    if end < start:  # corrections outweigh what a segment used
        return -ladder_numerator(ladder, end, start, period_end)
    amount = ZERO
    for tier, units, flats in tier_parts(ladder, start, end, period_end):
        amount += units * tier.price + flats * tier.flat * ladder.denominator
    return amount


def cost(ladder: Ladder, position: Decimal) -> Decimal:
    """Give what the positions up to one cost on a graduated ladder, times its denominator."""
    if not position:
        return ZERO
    tier = ladder.tiers[bisect_left(ladder.bounds, position)]
    return tier.base + (position - tier.lower) * tier.price


def tier_parts(ladder: Ladder, start: Decimal, end: Decimal, period_end: Decimal) -> Iterator[TierPart]:
    """Divide positions `(start, end]` over the tiers that price them."""
    if end <= start or ladder.model in {"free", "blocked"}:
        return
    if ladder.model == "graduated":
        yield from _graduated(ladder, start, end)
    elif ladder.model == "volume":
        yield TierPart(tier_at(ladder, period_end), end - start, int(not start))
    else:
        yield TierPart(ladder.tiers[0], ZERO, packages_of(ladder, start, end))


def _graduated(ladder: Ladder, start: Decimal, end: Decimal) -> Iterator[TierPart]:
    for tier in ladder.tiers[bisect_right(ladder.bounds, start) :]:
        top = end if tier.up_to is None or end < tier.up_to else tier.up_to
        yield TierPart(tier, top - max(start, tier.lower), int(start <= tier.lower))
        if top == end:
            return


def tier_at(ladder: Ladder, position: Decimal) -> Tier:
    """Give the tier in which a position lies; a bound belongs to the lower tier."""
    return ladder.tiers[bisect_left(ladder.bounds, position)]


def packages_of(ladder: Ladder, start: Decimal, end: Decimal) -> int:
    """Count the packages that are started in positions `(start, end]`, or filled, where only full ones count."""
    return _packages(ladder, end) - _packages(ladder, start)


def _packages(ladder: Ladder, units: Decimal) -> int:
    whole, rest = EXACT.divmod(units, ladder.size)
    return int(whole) + (rest > 0 and ladder.rounds == "up")
