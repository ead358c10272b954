"""Amounts as sums of fractions that are divided once, so that a tie at the rounding point stays a tie."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ratebook.money import ZERO


class Amount(NamedTuple):
    """An exact amount that is not divided yet."""

    numerator: Decimal
    denominator: Decimal

    @property
    def fraction(self) -> Fraction:
        """The amount as a fraction."""
        return Fraction(self.numerator) / Fraction(self.denominator)


def add_up(amounts: Sequence[Amount]) -> Decimal:
    """Add amounts up and divide once."""
    if len(amounts) == 1:
        numerator, denominator = amounts[0]
        return (ZERO + numerator) / denominator
    by_denominator: dict[Decimal, Decimal] = {}
    for numerator, denominator in amounts:
        by_denominator[denominator] = by_denominator.get(denominator, ZERO) + numerator
    if not by_denominator:
        return ZERO
    if len(by_denominator) == 1:
        denominator, numerator = by_denominator.popitem()
        return numerator / denominator
    return decimal_of(sum((Amount(n, d).fraction for d, n in by_denominator.items()), Fraction(0)))


def decimal_of(number: Fraction) -> Decimal:
    """Give a fraction to 60 digits, by one division."""
    return Decimal(number.numerator) / Decimal(number.denominator)
