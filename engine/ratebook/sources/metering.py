"""A run's usage: sources are prepared and measured, and what they gave is assigned to contracts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Self

from ratebook.calendar import NEVER, SECOND, Instant, Interval
from ratebook.findings import Finding
from ratebook.sources.assignment import Assignment
from ratebook.sources.defects import future_finding, ignored_finding, valueless_finding
from ratebook.sources.protocol import Prepared, UsageSource
from ratebook.sources.unbilled import odd_subjects, uncovered_usage, unplaced_usage
from ratebook.usage.measure import EventSource, Measure
from ratebook.usage.rows import MeasureCount, SegmentRow, SubjectRow, Unbilled, UsageRow

_FAST: Final = 600 * SECOND
"""So far ahead the clock of a source may be."""


class MeteringStore:
    """Meters usage for a run; a context manager, as it holds temporary files.

    Args:
        source: where usage comes from.
        assignment: where it meets contracts; one of its own unless given.
    """

    def __init__(self, source: UsageSource, assignment: Assignment | None = None) -> None:
        self._source = source
        self._assignment = assignment or Assignment()
        self._windows: dict[str, tuple[EventSource, Interval]] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of connections and temporary files."""
        self.close()

    def close(self) -> None:
        """Let go of connections and temporary files."""
        self._source.close()
        self._assignment.close()

    def enroll(self, subjects: Iterable[SubjectRow]) -> None:
        """Take the subjects of all contracts, as a stream."""
        self._assignment.add_subjects(subjects)

    def measure(
        self,
        measures: Sequence[Measure],
        segments: Sequence[Sequence[SegmentRow]],
        window: Interval,
    ) -> "Metered":
        """Measure usage and hand it out by contract.

        Raises:
            SourceError: a source cannot be read, reached or trusted.
        """
        windows = self._windows = source_windows(measures)
        found = self._source.prepare(list(windows.values())) if windows else ()
        prepared = dict(zip(windows, found, strict=True))
        metered = Metered(self._source, self._assignment, measures, prepared)
        for number in range(len(measures)):
            priced = {row.timeline for row in segments[number]}
            metered.meter(number, segments[number], priced, window)
        return metered

    def events_after(self, now: Instant) -> Iterator[Finding]:
        """Report events of what was measured that are of a time after now, but for clocks that are a little fast.

        Args:
            now: the time of the run; where it is after all that was measured, nothing is looked at.
        """
        for source, window in self._windows.values():
            ahead = window.clip(Interval(Instant(now + _FAST), NEVER))
            events = self._source.events_in(source, ahead) if ahead.length else 0
            if events:
                yield future_finding(source, events, now)


def source_windows(measures: Iterable[Measure]) -> dict[str, tuple[EventSource, Interval]]:
    """Give each source with all the time in which it is measured."""
    windows: dict[str, tuple[EventSource, Interval]] = {}
    for measure in measures:
        window = measure.slots.window
        if measure.source.name in windows:
            _, known = windows[measure.source.name]
            window = Interval(min(known.start, window.start), max(known.end, window.end))
        windows[measure.source.name] = (measure.source, window)
    return windows


def reports(number: int, measures: Sequence[Measure]) -> bool:
    """Tell whether a measure reports usage without a contract: unless another of its meter has all its events.

    Of measures of one meter with equal conditions, the first reports. One of what no rule bills always does.
    """
    measure = measures[number]
    own = set(measure.where)
    return bool(measure.unless) or not any(
        other.meter == measure.meter
        and not other.unless
        and (set(other.where) < own or (set(other.where) == own and index < number))
        for index, other in enumerate(measures)
    )


class Metered:
    """Usage of a run after metering."""

    def __init__(
        self,
        source: UsageSource,
        assignment: Assignment,
        measures: Sequence[Measure],
        prepared: Mapping[str, Prepared],
    ) -> None:
        self._source = source
        self._assignment = assignment
        self._measures = measures
        self._prepared = prepared
        self._findings = [finding for one in prepared.values() for finding in one.findings]
        self._unbilled: list[Unbilled] = []
        self._events: dict[int, int] = {}
        self._valueless: dict[int, int] = {}
        self._ignored: dict[int, int] = {}

    def meter(
        self, number: int, segments: Sequence[SegmentRow], priced: Iterable[int], window: Interval
    ) -> None:
        """Measure one measure, and look closely at what cannot be billed."""
        measure, assignment = self._measures[number], self._assignment
        if measure.aggregate != "count":
            self._valueless[number], example = self._source.valueless(measure)
            if self._valueless[number]:
                self._findings.append(valueless_finding(measure, self._valueless[number], example))
        reported = window if window.length and reports(number, self._measures) else None
        if measure.operation is not None:
            ignored, example = self._source.ignored(measure)
            self._ignored[number] = ignored
            if ignored and reported is not None:
                self._findings.append(ignored_finding(measure, measure.operation, ignored, example))
        assignment.add_measure(number, measure, segments, priced, reported)
        assigned = assignment.assign(number, measure, self._source.measure(measure))
        self._events[number] = assigned.events
        if assigned.unplaced and reported is not None:
            self._findings += odd_subjects(assignment, number, measure)
            self._unbilled += unplaced_usage(assignment, self._source, number, measure, reported)
        if assigned.bare:
            self._unbilled += uncovered_usage(assignment, self._source, number, measure, assigned.lacking)

    def rows(self, measure: int) -> Iterator[UsageRow]:
        """Stream the rows of a measure, ordered by contract, boundary, segment and dimensions."""
        return self._assignment.rows(measure, self._measures[measure])

    def unbilled(self) -> tuple[Unbilled, ...]:
        """Give what was measured and cannot be billed."""
        return tuple(self._unbilled)

    def findings(self) -> tuple[Finding, ...]:
        """Say what is wrong with the sources' events, or worth knowing of them."""
        return tuple(self._findings)

    def counts(self) -> tuple[MeasureCount, ...]:
        """Count, for each measure, the events that it met: that costs a look at all of them."""
        return tuple(self._count(number, measure) for number, measure in enumerate(self._measures))

    def _count(self, number: int, measure: Measure) -> MeasureCount:
        prepared = self._prepared[measure.source.name]
        events = self._events[number]
        filtered = 0
        if measure.where or measure.unless:
            met = self._source.events_in(measure.source, measure.slots.window)
            filtered = met - events - self._valueless.get(number, 0) - self._ignored.get(number, 0)
        return MeasureCount(measure.name, events, filtered, prepared.duplicates)
