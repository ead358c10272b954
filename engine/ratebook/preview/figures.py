"""Revenue and cost before and after a change, added up by month, plan, dimension and contract."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.money import EXACT, MINOR_UNITS, ZERO, decimals, minor_unit, plain

Key = tuple[str | None, str]
"""What a row of figures is about (None: what belongs to no value), and its currency."""

_HUNDRED: Final = Decimal(100)
_PERCENT: Final = Decimal("0.01")


class Figures(NamedTuple):
    """Revenue without tax and cost, with the book as it was and as it will be."""

    was: Decimal = ZERO
    will_be: Decimal = ZERO
    cost_was: Decimal = ZERO
    cost: Decimal = ZERO

    def plus(self, other: "Figures") -> "Figures":
        """Add two up, exactly."""
        return Figures(*(EXACT.add(one, more) for one, more in zip(self, other, strict=True)))


NOTHING: Final = Figures()


@dataclass(slots=True)
class Table:
    """Figures by one thing: added up contract by contract, with how many contracts each row has."""

    rows: dict[Key, tuple[Figures, int]] = field(default_factory=dict)

    def add(self, of_contract: Mapping[Key, Figures]) -> None:
        """Add what one contract comes to."""
        for key, figures in of_contract.items():
            before, contracts = self.rows.get(key, (NOTHING, 0))
            self.rows[key] = (before.plus(figures), contracts + 1)

    def sorted(self) -> Iterator[tuple[Key, Figures, int]]:
        """Give the rows by currency and name; what belongs to no value comes last."""
        for key in sorted(self.rows, key=lambda key: (key[1], key[0] is None, key[0] or "")):
            yield key, *self.rows[key]


class Known(NamedTuple):
    """What a simulation knows: whether there is a book to compare with, and whether there are costs."""

    base: bool
    costs: bool


def figures_document(figures: Figures, currency: str, known: Known) -> dict[str, Any]:
    """Write figures down; what is not known is null."""

    def pair(was: Decimal, will_be: Decimal) -> dict[str, str | None]:
        return {
            "was": amount_text(was, currency) if known.base else None,
            "will_be": amount_text(will_be, currency),
        }

    difference = figures.will_be - figures.was
    margins = (figures.was - figures.cost_was, figures.will_be - figures.cost)
    return {
        "revenue": pair(figures.was, figures.will_be),
        "difference": amount_text(difference, currency) if known.base else None,
        "percent": percent_text(figures.was, figures.will_be) if known.base else None,
        "cost": pair(figures.cost_was, figures.cost) if known.costs else None,
        "margin": pair(*margins) if known.costs else None,
    }


def amount_text(amount: Decimal, currency: str) -> str:
    """Write an amount exactly, with at least the decimals of its currency.

    >>> amount_text(Decimal("1.5"), "EUR"), amount_text(Decimal("0.000100"), "EUR")
    ('1.50', '0.0001')
    """
    if decimals(amount) <= MINOR_UNITS[currency]:
        return str(EXACT.add(amount, ZERO).quantize(minor_unit(currency), context=EXACT))
    return plain(amount)


def percent_of(was: Decimal, will_be: Decimal) -> Decimal | None:
    """Give by how many percent an amount moves; None where it was nothing."""
    if not was:
        return None
    return EXACT.divide(EXACT.multiply(will_be - was, _HUNDRED), abs(was))


def percent_text(was: Decimal, will_be: Decimal) -> str | None:
    """Write by how many percent an amount moves, with two decimals; None where it was nothing."""
    percent = percent_of(was, will_be)
    return None if percent is None else str(percent.quantize(_PERCENT, context=EXACT))
