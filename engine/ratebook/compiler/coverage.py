"""Which usage of each meter a plan has a price for, and how the rest is measured, so that none is lost in silence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ratebook.compiler.measures import MeasureSpec
from ratebook.usage.measure import Condition

Conditions = tuple[Condition, ...]

Covered = Mapping[str, frozenset[Conditions]]
"""For each meter that has a price the conditions, one of which an event must meet to have it."""


class Counted(NamedTuple):
    """A measure that a charge reads, and whether the charge is a surcharge: no price of what it is added to."""

    spec: MeasureSpec
    besides: bool


def covered(counted: Iterable[Counted]) -> Covered:
    """Give what charges cover. A surcharge counts only where a meter has nothing else."""
    found: dict[str, dict[bool, set[Conditions]]] = {}
    for spec, besides in counted:
        found.setdefault(spec.meter, {}).setdefault(besides, set()).add(spec.where)
    return {meter: frozenset(kinds.get(False) or kinds[True]) for meter, kinds in found.items()}


def in_turn(plans: Sequence[Covered], levels: frozenset[str]) -> list[Covered]:
    """Add to what each plan covers what later ones do of meters whose level carries over: they bill what changes it."""
    return [_with_levels(one, plans[number:], levels) for number, one in enumerate(plans, start=1)]


def _with_levels(own: Covered, later: Iterable[Covered], levels: frozenset[str]) -> Covered:
    plans = [own, *({meter: some for meter, some in one.items() if meter in levels} for one in later)]
    meters = dict.fromkeys(meter for plan in plans for meter in plan)
    return {meter: frozenset().union(*(plan.get(meter, ()) for plan in plans)) for meter in meters}


def left_over(found: Covered) -> Iterator[MeasureSpec]:
    """Measure what is left of meters of which each charge covers only a part."""
    for meter, conditions in found.items():
        if all(conditions):
            yield MeasureSpec(meter, (), (), (), tuple(sorted(conditions, key=repr)))
