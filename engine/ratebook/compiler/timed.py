"""Dated terms in a zone: their values in order of time, one term over another for a while, and versions held back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from ratebook.book.terms import Layer, Term
from ratebook.calendar import NEVER, Instant, Interval
from ratebook.compiler.terms import at_version, begins

T = TypeVar("T")


class Moment(NamedTuple, Generic[T]):
    """A value from an instant on."""

    start: Instant
    value: T


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """A dated term in a zone: its values in order of time, and the times in which it has none."""

    moments: tuple[Moment[T], ...]
    gaps: tuple[Interval, ...] = ()

    def at(self, moment: Instant) -> T | None:
        """Give the value in force at an instant, or None before the first, and in gaps."""
        if any(moment in gap for gap in self.gaps):
            return None
        return next((value for start, value in reversed(self.moments) if start <= moment), None)

    def changes(self, inside: Interval) -> set[Instant]:
        """Give the instants inside an interval at which the value changes."""
        starts = (*(start for start, _ in self.moments), *(gap.start for gap in self.gaps))
        return {start for start in starts if inside.start < start < inside.end}

    def locked(self, lock: Interval | None) -> "Timed[T]":
        """Hold values back that begin inside a lock, until its end."""
        if lock is None or not self.changes(lock):
            return self
        kept = tuple(one for one in self.moments if not lock.start < one.start < lock.end)
        return _in_order(kept, {lock.end: self.at(lock.end)}, self.gaps)

    def overlaid(self, other: "Timed[T]", window: Interval) -> "Timed[T]":
        """Put another term in the place of this one in a window; where that has no value yet, there is none."""
        outside = tuple(one for one in self.moments if one.start not in window)
        inside = tuple(one for one in other.moments if window.start < one.start < window.end)
        edges = {window.start: other.at(window.start)}
        gaps = self.gaps
        if edges[window.start] is None:
            gaps += (Interval(window.start, min([one.start for one in inside], default=window.end)),)
        if window.end < NEVER:
            edges[window.end] = self.at(window.end)
            later = [one.start for one in outside if one.start > window.end]
            gaps += (
                () if edges[window.end] is not None else (Interval(window.end, min(later, default=NEVER)),)
            )
        return _in_order((*outside, *inside), edges, gaps)


def _in_order(
    moments: Sequence[Moment[T]], more: Mapping[Instant, T | None], gaps: tuple[Interval, ...]
) -> Timed[T]:
    """Put moments in order, with what holds at some more instants, where anything does."""
    found = dict(moments) | {start: value for start, value in more.items() if value is not None}
    return Timed(tuple(Moment(start, found[start]) for start in sorted(found)), gaps)


def layered(layers: Sequence[Layer], where: ZoneInfo, compile_: Callable[[Any, str, str], T]) -> Timed[T]:
    """Compile a term that stands at several places: each version with its pointer and home currency."""
    found: Timed[T] = Timed(())
    for layer in reversed(layers):
        own = _compiled(layer, where, compile_)
        found = found.overlaid(own, layer.window(where)) if layer.is_dated else own
    return found


def _compiled(layer: Layer, where: ZoneInfo, compile_: Callable[[Any, str, str], T]) -> Timed[T]:
    home = layer.term.home
    return timed(layer.term, where, lambda value, pointer: compile_(value, pointer, home)).locked(layer.lock)


def timed(term: Term | None, where: ZoneInfo, compile_: Callable[[Any, str], T]) -> Timed[T]:
    """Compile each version of a dated term, with its pointer."""
    if term is None:
        return Timed(())
    return Timed(
        tuple(
            Moment(begins(version, where), compile_(version.value, at_version(term.pointer, version)))
            for version in term.value.versions
        )
    )
