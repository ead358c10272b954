"""Bounds on what one event costs, as bounds on how large it is: so a query can tell apart what is priced alike.

An event of `value` measured units costs `percent × value × factor + fixed`, which rises with its value. The value up to
which it costs no more than a bound is cut to the decimals that a value can have, and so compares as the exact one does.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from ratebook.compiler.program import EventFee, Ladder
from ratebook.money import EXACT
from ratebook.usage.measure import DECIMAL_SCALE, FARTHEST


class Thresholds(NamedTuple):
    """Values up to which an event costs the minimum, and from which on it costs the maximum."""

    minimum: Decimal
    maximum: Decimal


def thresholds(ladder: Ladder, factor: Decimal) -> Thresholds:
    """Give the values of an event, before its multipliers, at which what it costs meets its bounds."""
    if ladder.event_fee is None:
        return Thresholds(-FARTHEST, FARTHEST)
    return _thresholds(ladder.event_fee, ladder.tiers[0].price * factor, ladder.denominator)


@cache
def _thresholds(fee: EventFee, price: Decimal, denominator: Decimal) -> Thresholds:
    def reach(bound: Decimal) -> Decimal:
        if not price:
            return FARTHEST if fee.fixed <= bound else -FARTHEST
        exact = Fraction(bound - fee.fixed) * Fraction(denominator) / Fraction(price)
        steps = exact * 10**DECIMAL_SCALE
        cut = Decimal(steps.numerator // steps.denominator).scaleb(-DECIMAL_SCALE, EXACT)
        return max(-FARTHEST, min(cut, FARTHEST))

    least = -FARTHEST if fee.minimum is None else reach(fee.minimum)
    return Thresholds(least, FARTHEST if fee.maximum is None else reach(fee.maximum))


def bands_of(ladders: Iterable[Ladder], factors: Iterable[Decimal]) -> tuple[Decimal, ...]:
    """Give the bounds of the bands in which all events are priced alike, whatever price and factor hold for them."""
    bound = [ladder for ladder in ladders if ladder.event_fee is not None and ladder.event_fee.is_bound]
    found = {edge for factor in factors for ladder in bound for edge in thresholds(ladder, factor)}
    return tuple(sorted(edge for edge in found if abs(edge) < FARTHEST))
