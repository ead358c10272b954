"""Parts of lines gathered into rate groups, taxed there, and the tax shared out again.

A line is taxed in one group, or in several: a discount is taken off what has different rates, and a period may
contain a change of a rate. Everything here starts from rounded amounts, so what is printed adds up: the taxes of all
parts of a group are the group's tax, and those of all groups the invoice's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final, NamedTuple

from ratebook.compiler.tax_programs import RateGroup, TaxRules, Withholding
from ratebook.money import ZERO, allocate, total_of

_HUNDRED: Final = Decimal(100)
_NOTHING: Final = Fraction(0)

Key = tuple[str, Decimal, str] | None
Shares = Sequence[tuple[RateGroup | None, Fraction]]
"""Groups, each with its exact share of something, in any measure."""


class Part(NamedTuple):
    """A part of a line that is taxed in one group.

    Attributes:
        line: number of the line on the invoice, from 0.
        group: where it is taxed; None before the tax's first version.
        amount: as it stands on the line, tax and all where prices contain it.
        of: position of an entry → what of the amount is its own.
    """

    line: int
    group: RateGroup | None
    amount: Decimal
    of: Mapping[int, Decimal]


@dataclass(slots=True)
class Taxed:
    """A group and what it comes to.

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

    groups: Sequence[Taxed]
    taxes: Sequence[Decimal]

    @property
    def amount(self) -> Decimal:
        """The tax of all groups, before withholding."""
        return total_of(one.amount for one in self.groups)


NO_GROUPS: Final = Taxation((), ())


def key_of(group: RateGroup | None) -> Key:
    """Tell groups apart: by rate, percentage and code, so that 0 percent, exemptions and reverse charge never meet."""
    return (group.rate, group.percent, group.code) if group is not None else None


def divide(amount: Decimal, shares: Shares, unit: Decimal) -> list[tuple[RateGroup | None, Decimal]]:
    """Divide a rounded amount over groups by largest remainder; all of it goes to the last where no share is any.

    Args:
        amount: what the parts add up to.
        shares: what each group has of it; equal groups are one.
        unit: the currency's minor unit.
    """
    groups = {key_of(group): group for group, _ in shares}
    if len(groups) == 1:
        return [(shares[0][0], amount)]
    weights = dict.fromkeys(groups, _NOTHING)
    for group, share in shares:
        weights[key_of(group)] += share
    whole = sum(weights.values(), _NOTHING)
    if not whole:
        return [(shares[-1][0], amount)]
    sign = -1 if (amount < 0) != (whole < 0) else 1
    parts = allocate(amount, [sign * weight for weight in weights.values()], unit)
    return [(groups[key], part) for (key, weight), part in zip(weights.items(), parts, strict=True) if weight]


def tax_groups(
    parts: Sequence[Part], rules: TaxRules, rounded: Callable[[Decimal], Decimal], unit: Decimal
) -> Taxation:
    """Tax the parts of all lines.

    Args:
        parts: in order of the lines, at most one a line and group.
        rules: the tax.
        rounded: rounds to the invoice's currency.
        unit: the currency's minor unit.
    """
    groups: dict[Key, Taxed] = {}
    for number, part in enumerate(parts):
        if part.group is not None:
            groups.setdefault(key_of(part.group), Taxed(part.group)).parts.append(number)
    taxes = [rounded(ZERO)] * len(parts)
    for one in groups.values():
        amounts = [parts[number].amount for number in one.parts]
        shares = _taxes(amounts, one.group, rules, rounded, unit)
        for number, share in zip(one.parts, shares, strict=True):
            taxes[number] = share
        one.amount = total_of(shares)
        one.base = total_of(amounts) - one.amount if rules.inclusive else total_of(amounts)
        one.withheld = rounded(_withheld(one.amount, rules.withholding))
    return Taxation(list(groups.values()), taxes)


def _taxes(
    amounts: Sequence[Decimal],
    group: RateGroup,
    rules: TaxRules,
    rounded: Callable[[Decimal], Decimal],
    unit: Decimal,
) -> list[Decimal]:
    """Give the tax of each part of a group, rounded part by part, or rounded once and shared out."""
    whole = _HUNDRED + group.percent if rules.inclusive else _HUNDRED
    if rules.round_on == "line":
        return [rounded(amount * group.percent / whole) for amount in amounts]
    tax = rounded(total_of(amounts) * group.percent / whole)
    factor = Fraction(group.percent) / Fraction(whole)
    return share_out(tax, [Fraction(amount) * factor for amount in amounts], unit)


def share_out(total: Decimal, exact: Sequence[Fraction], unit: Decimal) -> list[Decimal]:
    """Cut exact amounts to the unit; what is left of their rounded sum goes, one unit each, to the largest remainders.

    A part that needs no rounding stays what it is, whatever signs the others have. A negative total mirrors the
    positive one.

    >>> share_out(Decimal("13.33"), [Fraction(20), Fraction(-6666, 1000)], Decimal("0.01"))
    [Decimal('20.00'), Decimal('-6.67')]
    """
    if total < 0:
        return [-part for part in share_out(-total, [-part for part in exact], unit)]
    steps = [part / Fraction(unit) for part in exact]
    parts = [floor(step) for step in steps]
    left = int(total / unit) - sum(parts)
    largest = sorted(range(len(steps)), key=lambda number: steps[number] - parts[number], reverse=True)
    for number in largest[:left]:
        parts[number] += 1
    return [unit * part for part in parts]


def _withheld(amount: Decimal, withholding: Withholding | None) -> Decimal:
    if withholding is None:
        return ZERO
    return amount * withholding.share.numerator / withholding.share.denominator


def taxes_of_entries(
    parts: Sequence[Part], taxes: Sequence[Decimal], count: int, unit: Decimal
) -> list[Decimal]:
    """Give the tax of what is left of each of so many fees and charges: that of its lines and of what was taken off."""
    found = [ZERO] * count
    for part, tax in zip(parts, taxes, strict=True):
        weights = list(part.of.values()) if part.amount else [Decimal(1)] * len(part.of)
        if tax and (tax < 0) != (part.amount < 0):
            weights = [-weight for weight in weights]
        shares = allocate(tax, weights, unit) if tax else [ZERO] * len(part.of)
        for entry, share in zip(part.of, shares, strict=True):
            found[entry] += share
    return found
