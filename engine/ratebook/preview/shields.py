"""What keeps a change away from a contract that it would reach: its own terms, named with their place."""

from collections.abc import Iterator
from typing import NamedTuple

from ratebook.book.changes import Change
from ratebook.book.model import Contract, Plan
from ratebook.preview.causes import Causes
from ratebook.preview.steps import Step


class Shielded(NamedTuple):
    """A cause, None for all, that a contract does not feel as others do, and what of it stands before it."""

    by: str
    pointer: str
    cause: int | None


def shields(causes: Causes, step: Step, contract: Contract) -> Iterator[Shielded]:
    """Name the contract's own terms because of which a step changes nothing for it."""
    for number in step.causes:
        change = causes.changes[number]
        about = {one for plan in _plans(step, contract) for one in _parts(change, plan)}
        own = sorted(about & contract.terms.overrides.keys())
        if own:
            yield Shielded("override", f"{contract.pointer}#overrides/{own[0]}", number)
        elif about and contract.terms.price_lock is not None:
            yield Shielded("price_lock", f"{contract.pointer}#price_lock", number)


def _plans(step: Step, contract: Contract) -> Iterator[tuple[str, Plan]]:
    names = {contract.terms.plan, *(phase.plan for phase in contract.terms.phases)}
    for name in sorted(filter(None, names)):
        if name in step.book.plans:
            yield name, step.book.plans[name]


def _parts(change: Change, named: tuple[str, Plan]) -> Iterator[str]:
    """Give the fees and charges of a plan that a change is about, by their ids."""
    name, plan = named
    if change.document.startswith("rating/"):
        rule = change.document.removeprefix("rating/")
        yield from (charge.id for charge in plan.charges if charge.rating == rule)
    elif change.document == f"plans/{name}" and change.path[:1] in {("fees",), ("charges",)}:
        listed = plan.fees if change.path[0] == "fees" else plan.charges
        if len(change.path) > 1 and int(change.path[1]) < len(listed):
            yield listed[int(change.path[1])].id
