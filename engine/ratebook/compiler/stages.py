"""A contract's life as stages: from when to when which terms hold, and when nothing accrues.

A billing period is divided by the stages that touch it. Each part is rated by its own terms over its own time.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ratebook.calendar import BEGINNING, NEVER, NOTHING, Instant, Interval, local_date, midnight
from ratebook.compiler.plan_terms import PlanTerms
from ratebook.compiler.spans import Span


class Stage(NamedTuple):
    """A span of a contract's life and the terms that hold in it; None while it is paused."""

    span: Span
    terms: PlanTerms | None


Stages = tuple[Stage, ...]
"""They tile a life, in order of time; stages that touch have different terms."""


def life_of(stages: Stages) -> Interval:
    """Give the life that stages tile; of none it is empty."""
    if not stages:
        return NOTHING
    return Interval(stages[0].span.interval.start, stages[-1].span.interval.end)


def divide(
    life: Interval, edges: Iterable[Instant], holds: Callable[[Instant], PlanTerms | None], where: ZoneInfo
) -> Stages:
    """Divide a life at edges.

    Args:
        life: from the contract's start to its end.
        edges: instants at which its terms may change.
        holds: gives the terms at an instant, None where it is paused.
        where: the zone whose days count.
    """
    inside = sorted({life.start, life.end, *(edge for edge in edges if edge in life)})
    pieces: list[tuple[Interval, PlanTerms | None]] = []
    for piece in map(Interval._make, pairwise(inside)):
        terms = holds(piece.start)
        if pieces and pieces[-1][1] is terms:
            pieces[-1] = (Interval(pieces[-1][0].start, piece.end), terms)
        else:
            pieces.append((piece, terms))
    return tuple(Stage(Span(piece, _counted(piece, life, where)), terms) for piece, terms in pieces)


def _counted(piece: Interval, life: Interval, where: ZoneInfo) -> Interval:
    if piece.end == life.end:
        return piece
    return Interval(piece.start, midnight(local_date(piece.end, where), where))


def clip(stages: Stages, inside: Interval) -> Stages:
    """Keep what stages have inside an interval."""
    clipped = (Stage(stage.span.clip(inside), stage.terms) for stage in stages)
    return tuple(stage for stage in clipped if not stage.span.is_empty)


def seen(stages: Stages, horizon: Interval) -> Stages:
    """Keep what can be seen from inside a horizon: what begins before or ends after it does so at any time.

    A stage that ends where the horizon begins stays, so that what follows it is not taken for the contract's opening.
    """
    return tuple(
        Stage(Span(_opened(stage.span.interval, horizon), _opened(stage.span.counted, horizon)), stage.terms)
        for stage in stages
        if not stage.span.clip(horizon).is_empty or stage.span.interval.end == horizon.start
    )


def _opened(interval: Interval, horizon: Interval) -> Interval:
    start = BEGINNING if interval.start < horizon.start else interval.start
    return Interval(start, NEVER if interval.end >= horizon.end else interval.end)
