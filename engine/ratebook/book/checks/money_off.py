"""Discounts, commitments and credits of contracts: what they apply to, what they are called, in which currency."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final

from ratebook.book.checks.currencies import Units
from ratebook.book.checks.plan_changes import plans_of
from ratebook.book.checks.references import applies_to
from ratebook.book.model import ContractTerms
from ratebook.book.model.plan import FEE, USAGE
from ratebook.book.suggest import one_of
from ratebook.findings import Finding
from ratebook.money import MINOR_UNITS

_KINDS: Final = {"discounts": "discount", "commitments": "commitment", "credits": "credit"}


def check_money_off(
    terms: ContractTerms, charges: set[str], pointer: str, ids: set[str]
) -> Iterator[Finding]:
    """Check what money off and money promised is called, and what it applies to.

    Args:
        terms: of the contract.
        charges: ids of its charges, on any of its plans.
        pointer: of the contract.
        ids: of its fees and charges.
    """
    for kind, what in _KINDS.items():
        parts = getattr(terms, kind)
        yield from _ids(what, [one.id for one in parts], f"{pointer}#{kind}")
        for index, one in enumerate(parts):
            yield from applies_to(one.applies_to, f"{pointer}#{kind}/{index}/applies_to", ids)
    for index, discount in enumerate(terms.discounts):
        place = f"{pointer}#discounts/{index}"
        if discount.units is not None:
            yield from _charges(discount.applies_to, ids - charges, charges, f"{place}/applies_to")


def check_plan_of(terms: ContractTerms, index: int, known: Container[str], pointer: str) -> Iterator[Finding]:
    """Check that the contract is at some time on the plan for which a discount waits."""
    plan = terms.discounts[index].plan
    plans = plans_of(terms)
    if plan is not None and plan in known and plan not in plans:
        message = f"the contract is never on the plan `{plan}`"
        expected = one_of(name for name in plans if name is not None) or "no `plan`"
        yield Finding("RB322", message, pointer, expected=expected)


def _ids(what: str, ids: Iterable[str | None], pointer: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(ids):
        known = name or f"{what}-{index + 1}"
        if known in seen:
            message = f"the id `{known}` is taken by another {what}"
            yield Finding(
                "RB317", message, f"{pointer}/{index}", help="give one of the two an `id` of its own"
            )
        seen.add(known)


def _charges(names: Iterable[str], others: set[str], charges: set[str], pointer: str) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name in others | {USAGE, FEE}:
            message = f"`{name}` is no charge, and only a charge has units"
            yield Finding("RB322", message, f"{pointer}/{index}", expected=one_of(charges))


def check_amounts(terms: ContractTerms, units: Units, currency: str, pointer: str) -> Iterator[Finding]:
    """Check that amounts are had in the invoice's currency: a balance is never exchanged.

    One in a pricing unit is worth what the unit is at its `from`.
    """
    for kind in _KINDS:
        for index, one in enumerate(getattr(terms, kind)):
            place = f"{pointer}#{kind}/{index}"
            if isinstance(one.amount, Mapping):
                yield from _amount(one.amount, units, currency, f"{place}/amount")
                if one.from_ is None and not units.keys().isdisjoint(one.amount):
                    message = "`from` is missing, and so the time at which a pricing unit's worth is taken"
                    yield Finding("RB202", message, place, expected="from: …, beside the amount")


def _amount(amount: Mapping[str, Any], units: Units, currency: str, pointer: str) -> Iterator[Finding]:
    unit = min(units.keys() & amount.keys(), default="")
    if currency in (units[unit] if unit else amount) or amount.keys() - units.keys() - MINOR_UNITS.keys():
        return
    message = f"the amount is listed in {', '.join(sorted(amount))}, and the invoice is in {currency}"
    help_ = f"list it in {currency} as well, as in {{{currency}: …}}"
    if unit:
        help_ = f"say what one of the pricing unit is worth in {currency}"
    yield Finding("RB308", message, pointer, help=help_)
