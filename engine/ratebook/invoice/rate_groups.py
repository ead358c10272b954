"""The tax of an invoice: parts of lines gathered into rate groups, taxed there, and shared out again.

A line is taxed in one group, or in several: a discount is taken off what has different rates, and a period may
contain a change of a rate. Everything here starts from rounded amounts, so what is printed adds up: the taxes of all
parts of a group are the group's tax, and those of all groups the invoice's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from ratebook.compiler.program import RateGroup, TaxRules, Withholding
from ratebook.money import ZERO, allocate, total_of

_HUNDRED: Final = Decimal(100)


class Part(NamedTuple):
    """A part of a line that is taxed in one group.

    Attributes:
        line: number of the line on the invoice, from 0.
        entry: number of the fee or charge that it is part of, or is taken off; -1 for none.
        group: where it is taxed; None before the tax's first version.
        amount: as it stands on the line, tax and all where prices contain it.
    """

    line: int
    entry: int
    group: RateGroup | None
    amount: Decimal


@dataclass(slots=True)
class Taxed:
    """A group with what it comes to.

    Attributes:
        group: its rate.
        parts: numbers of the parts in it.
        base: what is taxed, without the tax.
        amount: the tax.
        withheld: what of it the customer does not pay to the seller.
    """

    group: RateGroup
    parts: list[int] = field(default_factory=list)
    base: Decimal = ZERO
    amount: Decimal = ZERO
    withheld: Decimal = ZERO


class Taxation(NamedTuple):
    """All groups in order of their first parts, and the tax of each part."""

    groups: list[Taxed]
    taxes: list[Decimal]

    def of_lines(self, parts: Sequence[Part], count: int) -> list[Decimal]:
        """Give the tax of each of so many lines."""
        found = [ZERO] * count
        for part, tax in zip(parts, self.taxes, strict=True):
            found[part.line] += tax
        return found

    def of_entries(self, parts: Sequence[Part], count: int) -> list[Decimal]:
        """Give the tax of each of so many fees and charges, with what was taken off them."""
        found = [ZERO] * count
        for part, tax in zip(parts, self.taxes, strict=True):
            if part.entry >= 0:
                found[part.entry] += tax
        return found

    @property
    def amount(self) -> Decimal:
        """The tax of all groups, before withholding."""
        return total_of(one.amount for one in self.groups)

    @property
    def withheld(self) -> Decimal:
        """What of it is withheld."""
        return total_of(one.withheld for one in self.groups)


def divide(
    amount: Decimal, shares: Sequence[tuple[RateGroup | None, Fraction]], unit: Decimal
) -> list[tuple[RateGroup | None, Decimal]]:
    """Divide a rounded amount over groups by exact shares, by largest remainder; equal groups are one.

    Args:
        amount: what the parts add up to.
        shares: what each group has of it, in any measure; all of it goes to the first where they come to nothing.
        unit: the currency's minor unit.
    """
    groups: dict[tuple[str, Decimal, str] | None, tuple[RateGroup | None, Fraction]] = {}
    for group, share in shares:
        key = _key(group)
        before = groups[key][1] if key in groups else Fraction(0)
        groups[key] = (groups[key][0] if key in groups else group, before + share)
    merged = list(groups.values())
    weights = [abs(share) for _, share in merged]
    if not any(weights):
        return [(merged[0][0], amount)]
    signed = [-weight for weight in weights] if amount < 0 else weights
    parts = allocate(amount, signed, unit)
    return [(group, part) for (group, _), part, weight in zip(merged, parts, weights, strict=True) if weight]


def tax(
    parts: Sequence[Part], rules: TaxRules, rounded: Callable[[Decimal], Decimal], unit: Decimal
) -> Taxation:
    """Tax the parts of all lines.

    Args:
        parts: in order of the lines.
        rules: the tax.
        rounded: rounds to the invoice's currency.
        unit: the currency's minor unit.
    """
    groups: dict[tuple[str, Decimal, str], Taxed] = {}
    for number, part in enumerate(parts):
        if part.group is not None:
            key = (part.group.rate, part.group.percent, part.group.code)
            groups.setdefault(key, Taxed(part.group)).parts.append(number)
    taxes = [ZERO] * len(parts)
    for one in groups.values():
        amounts = [parts[number].amount for number in one.parts]
        total = total_of(amounts)
        if rules.round_on == "line":
            shares = [rounded(_exact(amount, one.group, rules)) for amount in amounts]
        else:
            shares = _shared(rounded(_exact(total, one.group, rules)), amounts, unit)
        for number, share in zip(one.parts, shares, strict=True):
            taxes[number] = share
        one.amount = total_of(shares)
        one.base = total - one.amount if rules.inclusive else total
        one.withheld = _withheld(one.amount, rules.withholding, rounded)
    return Taxation(list(groups.values()), taxes)


def _key(group: RateGroup | None) -> tuple[str, Decimal, str] | None:
    return (group.rate, group.percent, group.code) if group is not None else None


def _exact(amount: Decimal, group: RateGroup, rules: TaxRules) -> Decimal:
    whole = _HUNDRED + group.percent if rules.inclusive else _HUNDRED
    return amount * group.percent / whole


def _shared(amount: Decimal, over: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Share a group's tax over its parts; where they cancel out, or none comes of them, none has any."""
    if not amount:
        return [amount] * len(over)
    return allocate(amount, over, unit)


def _withheld(
    amount: Decimal, withholding: Withholding | None, rounded: Callable[[Decimal], Decimal]
) -> Decimal:
    if withholding is None:
        return ZERO
    return rounded(amount * withholding.share.numerator / withholding.share.denominator)
