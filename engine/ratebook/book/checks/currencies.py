"""Currencies: every amount that a contract may bill must be had in the invoice's currency."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from ratebook.book import pointers
from ratebook.book.checks.walk import walk
from ratebook.book.model import Dated, Minimum, amounts_of
from ratebook.book.terms import Sources, Term
from ratebook.findings import Finding
from ratebook.money import MINOR_UNITS

Money = Decimal | Mapping[str, Decimal]


Units = Mapping[str, frozenset[str]]
"""The currencies in which each pricing unit has a value."""


def check_currencies(sources: Sources, units: Units, *, exchanged: bool) -> Iterator[Finding]:
    """Check the amounts of a contract's terms.

    Args:
        sources: the terms.
        units: the book's pricing units.
        exchanged: whether the spec names exchange rates; without them each amount must be listed as it is billed.
    """
    for fee in sources.fees():
        yield from _amounts(fee.amount, sources, units, exchanged=exchanged)
        if fee.override is not None:
            yield from _amounts(fee.override[1].amount, sources, units, exchanged=exchanged)
    for charge in sources.charges():
        for name in ("price", "minimum", "maximum"):
            for layer in charge.layers(name):
                yield from _amounts(layer.term, sources, units, exchanged=exchanged)
    if sources.plan is not None and sources.plan.minimum is not None:
        term = Term(sources.plan.minimum, sources.homes.plan, f"{sources.plan_pointer}#minimum")
        yield from _amounts(term, sources, units, exchanged=exchanged)


def _amounts(term: Term, sources: Sources, units: Units, *, exchanged: bool) -> Iterator[Finding]:
    currency, contract = sources.homes.contract, sources.pointer
    for group, pointer in _groups(term.value, term.pointer):
        listed = [set(amount) if isinstance(amount, Mapping) else {term.home} for amount in group if amount]
        if not listed:
            continue
        common = set.intersection(*listed)
        if not common:
            names = " and ".join(sorted(set().union(*listed)))
            message = f"the amounts of one price are listed in {names}, but not all of them in one currency"
            yield Finding(
                "RB308", message, pointer, help="list each amount of the price in the same currencies"
            )
        elif exchanged or common - units.keys() - MINOR_UNITS.keys():
            continue  # the exchange rate is known, or the unit is not, which is said elsewhere
        elif unit := min(common & units.keys(), default=""):
            if currency not in units[unit]:
                message = (
                    f"the pricing unit `{unit}` has no value in {currency}, in which an invoice needs it"
                )
                help_ = f"for {contract}, say what one is worth in {currency}, or give the billing spec `fx`"
                yield Finding("RB308", message, pointer, help=help_)
        elif currency not in common:
            message = (
                f"the amount is listed in {', '.join(sorted(common))}, and an invoice needs it in {currency}"
            )
            as_well = f"{{{min(common)}: …, {currency}: …}}"
            help_ = f"for {contract}, list it in {currency} as well, as in {as_well}, or give the billing spec `fx`"
            yield Finding("RB308", message, pointer, help=help_)


def _groups(value: object, pointer: str) -> Iterator[tuple[list[Money], str]]:
    """Give the amounts that are charged together, and so in one currency, price by price."""
    if isinstance(value, Dated) and all(_is_money(version.value) for version in value.versions):
        for version in value.versions:
            if _is_money(version.value):
                yield [version.value], pointers.at(pointer, version.path)
        return
    for part in walk(value, pointer):
        one = part.value
        if isinstance(one, Minimum):
            yield [one.amount], pointers.at(part.pointer, "amount")
        elif amounts := list(amounts_of(one)):
            yield amounts, pointers.at(part.pointer, "amount") if len(amounts) == 1 else part.pointer


def _is_money(value: object) -> bool:
    return isinstance(value, Decimal | Mapping)
