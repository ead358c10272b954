"""The tax of a price program: one plain rate, or rules for several; see `compiler/tax.py` for how they come about."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ratebook.calendar import Instant, Share


@dataclass(frozen=True, slots=True)
class TaxProgram:
    """A tax at the version in force: `percent` of the rounded subtotal, or line by line."""

    name: str
    percent: Decimal
    round_on: Literal["rate_group", "line"]
    pointer: str


@dataclass(frozen=True, slots=True)
class RateGroup:
    """What is taxed and rounded together: a rate at one percentage, or an exemption by its code.

    `rate` is its name in the book, `code` that of the exemption or reverse charge, else "".
    """

    rate: str
    percent: Decimal
    code: str
    reason: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Withholding:
    """The part of the tax that the customer pays to the authority itself."""

    code: str
    share: Share
    pointer: str


@dataclass(frozen=True, slots=True)
class TaxRules:
    """A tax of several rates, or one that is not simply added to the subtotal.

    Attributes:
        name: of the tax.
        round_on: whether it is rounded on each group, or on each line.
        inclusive: whether amounts contain it.
        split: whether each part of a period is taxed at its own rate, else all of it at that of its end.
        rates: by name, what they are from each instant on.
        named: fee or charge, as `taxed_part` names it → its rate.
        otherwise: the rate of everything else.
        last: the instant whose rates count for usage, and for what is no fee.
        withholding: what of it is withheld.
        currency: in which it is owed, where that is not the invoice's; else "".
    """

    name: str
    round_on: Literal["rate_group", "line"]
    inclusive: bool
    split: bool
    rates: Mapping[str, tuple[tuple[Instant, RateGroup], ...]]
    named: Mapping[str, str]
    otherwise: str
    last: Instant
    withholding: Withholding | None
    currency: str
    pointer: str

    def rate_of(self, pointer: str, part: str) -> str:
        """Name the rate of a fee or charge: by its place, for plans of one contract may have others of the same id."""
        return self.named.get(taxed_part(pointer, part), self.otherwise)

    def versions(self, rate: str) -> tuple[tuple[Instant, RateGroup], ...]:
        """Give what a rate is from each instant on; of a contract that has only one, whatever it is called."""
        return self.rates.get(rate) or self.rates[self.otherwise]

    def group(self, rate: str, at: Instant) -> RateGroup | None:
        """Give the group of a rate at an instant; None: it is not taxed yet."""
        return next((group for start, group in reversed(self.versions(rate)) if start <= at), None)


def taxed_part(pointer: str, part: str) -> str:
    """Name a fee or charge of a plan or contract, wherever it stands in its list: `plans/pro#base`."""
    return f"{pointer.partition('#')[0]}#{part}"
