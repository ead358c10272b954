"""What exact deduplication meets, whatever engine does it: an event id counts once a UTC day."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ratebook.calendar import DAY, Instant, Interval
from ratebook.findings import Finding
from ratebook.sources.errors import pointer
from ratebook.usage.measure import EventSource


class Deduplicated(NamedTuple):
    """What was dropped (the same again) and left out (contradictory), and what to say about it."""

    duplicates: int
    conflicting: int
    findings: tuple[Finding, ...]


NOTHING: Final = Deduplicated(0, 0, ())
"""Nothing stands twice."""


def utc_days(window: Interval) -> Interval:
    """Widen a window to whole UTC days, as an id is judged by all of its day."""
    return Interval(Instant(window.start // DAY * DAY), Instant(-(-window.end // DAY) * DAY))


def judged(
    source: EventSource,
    dropped: tuple[int, str],
    conflicts: tuple[int, int, str],
    reused: tuple[int, str],
) -> Deduplicated:
    """Say what deduplication met.

    Args:
        source: the source.
        dropped: how many events were dropped as exact duplicates, and the id of one.
        conflicts: how many ids contradict themselves, in how many events, and one of the ids.
        reused: how many ids stand on several UTC days, and one of them.
    """
    findings = (*_conflicts(source, *conflicts), *_reuse(source, *reused), *_duplicates(source, *dropped))
    return Deduplicated(dropped[0], conflicts[1], findings)


def _conflicts(source: EventSource, ids: int, events: int, example: str) -> Iterator[Finding]:
    if ids:
        yield Finding(
            "RB411",
            f"{ids} event id(s) of {source.name} stand in one UTC day with different content, as {example}: "
            f"none of these {events} events counts",
            pointer(source.name, "event_id"),
            help="find out which one is right, and remove the others from the source",
            details={"ids": ids, "events": events, "example": example},
        )


def _reuse(source: EventSource, ids: int, example: str) -> Iterator[Finding]:
    if ids:
        yield Finding(
            "RB412",
            f"{ids} event id(s) of {source.name} stand on several UTC days, as {example}: each day counts",
            pointer(source.name, "event_id"),
            help="if these are re-deliveries, see to it that they carry the time of the event",
            details={"ids": ids, "example": example},
        )


def _duplicates(source: EventSource, events: int, example: str) -> Iterator[Finding]:
    if events:
        yield Finding(
            "RB413",
            f"{events} event(s) of {source.name} were delivered again and count once, as {example}",
            pointer(source.name, "event_id"),
            details={"events": events, "example": example},
        )
