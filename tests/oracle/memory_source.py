"""Usage measured in memory from raw events: a double of the SQL engines for tests, following the words of `usage`.

Unlike the rest of this folder it knows the engine's values (`Measure`, `SubjectRow`, `SegmentRow`), since it answers
with them; it shares nothing with what writes or runs queries. Events are dictionaries by column, as in the source.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from ratebook.calendar import NEVER, Instant, Interval
from ratebook.findings import Finding
from ratebook.usage.measure import Band, Condition, FactorTable, Measure
from ratebook.usage.rows import MeasureCount, SegmentRow, SubjectRow, Unbilled, UnbilledReason, UsageRow
from tests.oracle.expression import value_of
from tests.oracle.measure import band_of, deduplicate, holds, text

Row = Mapping[str, Any]
Keys = tuple[str | None, ...]
Place = tuple[int, int, int, Keys]
"""Contract, boundary, segment and kept dimensions of a usage row."""
Lost = tuple[UnbilledReason, int, str, tuple[str, ...]]
"""Why events are lost, the position and name of the measure that lost them, and what tells them apart."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Counted:
    """An event that a measure counts, its factor, and until when its subject belongs to the contract."""

    subject: str
    id: str
    at: Instant
    value: Any
    factor: Decimal
    until: Instant = NEVER
    adds: bool = True

    @property
    def amount(self) -> Decimal:
        return Decimal(0) if isinstance(self.value, str) else Decimal(self.value)


@dataclass
class MemorySource:
    """A `UsageStore` over raw events in memory, and the usage that it has measured."""

    events: Mapping[str, Sequence[Row]]
    subjects: dict[str, list[SubjectRow]] = field(default_factory=dict)
    _rows: list[list[UsageRow]] = field(default_factory=list)
    _lost: dict[Lost, list[Counted]] = field(default_factory=dict)

    def enroll(self, subjects: Iterable[SubjectRow]) -> None:
        for row in subjects:
            self.subjects.setdefault(row.subject, []).append(row)

    def measure(
        self, measures: Sequence[Measure], segments: Sequence[Sequence[SegmentRow]], window: Interval
    ) -> "MemorySource":
        for measure, rows in zip(measures, segments, strict=True):
            self._rows.append(self._measure(measure, rows, window))
        return self

    def rows(self, measure: int) -> Iterator[UsageRow]:
        return iter(self._rows[measure])

    def findings(self) -> tuple[Finding, ...]:
        return ()

    def counts(self) -> tuple[MeasureCount, ...]:
        return ()

    def unbilled(self) -> tuple[Unbilled, ...]:
        return tuple(
            Unbilled(
                reason=reason,
                measure=measure,
                key=key,
                events=len(lost),
                quantity=sum((one.amount for one in lost), Decimal(0)),
                subjects=len({one.subject for one in lost}),
                first_seen=min(one.at for one in lost),
                last_seen=max(one.at for one in lost),
                example=min(one.id for one in lost),
            )
            for (reason, _, measure, key), lost in self._lost.items()
        )

    def _measure(self, measure: Measure, segments: Sequence[SegmentRow], window: Interval) -> list[UsageRow]:
        groups: dict[Place, list[Counted]] = {}
        for row in once(measure, self.events.get(measure.source.name, ())):
            at = Instant((row[measure.source.event_time] - EPOCH) // timedelta(microseconds=1))
            if at not in measure.slots.window or not counts(measure, row):
                continue
            value = 1 if measure.aggregate == "count" else value_of(measure.value, row)
            if value is None or not acts(measure, row):
                continue
            event_id = str(row.get(measure.source.event_id, ""))
            event = Counted(
                str(row[measure.source.subject]), event_id, at, value, Decimal(1), adds=adds(measure, row)
            )
            keys = dimensions(measure, row)
            for subject, segment in self._owners(measure, segments, event, window):
                factor = self._factor(measure, segment, event, keys)
                if factor is not None:
                    kept = tuple(keys[name] for name in measure.keep)
                    place = (subject.contract, segment.boundary, segment.segment, kept)
                    billed = replace(event, factor=factor, until=self._until(measure, subject))
                    groups.setdefault(place, []).append(billed)
        spans: dict[tuple[int, int], list[Interval]] = {}
        for one in (row for row in segments if row.first < row.last and row.priced):
            span = Interval(measure.slots.bounds[one.first], measure.slots.bounds[one.last])
            spans.setdefault((one.timeline, one.boundary), []).append(span)
        timelines = {row.contract: row.timeline for rows in self.subjects.values() for row in rows}
        return [
            usage_row(measure, place, groups[place], sorted(spans[timelines[place[0]], place[1]]))
            for place in sorted(groups, key=order)
        ]

    def _stays(
        self, measure: Measure, subject: SubjectRow, of: SegmentRow, own: Sequence[SegmentRow]
    ) -> bool:
        """Whether a subject is still in its contract when a billing period counts: at its end, or at any time in it."""
        edges = [row for row in own if row.boundary == of.boundary and row.first < row.last]
        bounds, until = measure.slots.bounds, self._until(measure, subject)
        if measure.prorate == "none":
            return until >= bounds[max(row.last for row in edges)]
        return until > bounds[min(row.first for row in edges)]

    def _until(self, measure: Measure, subject: SubjectRow) -> Instant:
        """When a subject leaves its contract; a level goes on after a pause."""
        if not measure.recurring:
            return subject.end
        rows = self.subjects[subject.subject]
        return max(row.end for row in rows if row.contract == subject.contract)

    def _owners(
        self, measure: Measure, segments: Sequence[SegmentRow], event: Counted, window: Interval
    ) -> list[tuple[SubjectRow, SegmentRow]]:
        """Find who is billed for an event in which segment; where nobody ever is, it is lost."""
        known = self.subjects.get(event.subject, [])
        alive = [row for row in known if row.start <= event.at < row.end]
        if not alive:
            self._lose("outside_contract" if known else "unknown_subject", measure, event, window)
        owners = []
        for subject in alive:
            slot = measure.slots.at(event.at)
            own = [row for row in segments if row.timeline == subject.timeline and row.priced]
            unpriced = [row for row in segments if row.timeline == subject.timeline and not row.priced]
            is_level = measure.recurring and any(slot < row.last for row in own)
            if not own or (any(row.first <= slot < row.last for row in unpriced) and not is_level):
                self._lose("no_price", measure, event, window)
            if measure.recurring:
                rows = {row.boundary: row._replace(segment=0) for row in own if slot < row.last}
                owners += [(subject, row) for row in rows.values() if self._stays(measure, subject, row, own)]
            else:
                owners += [(subject, row) for row in own if row.first <= slot < row.last]
        return owners

    def _lose(self, reason: UnbilledReason, measure: Measure, event: Counted, window: Interval) -> None:
        if event.at in window:
            self._lost.setdefault((reason, len(self._rows), measure.name, (event.subject,)), []).append(event)

    def _factor(
        self, measure: Measure, segment: SegmentRow, event: Counted, keys: Mapping[str, str | None]
    ) -> Decimal | None:
        """Multiply the factors of all tables; the first that has none loses the event."""
        product = Decimal(1)
        for table in measure.factors:
            version = table.versions[segment.variant][measure.slots.at(event.at)]
            factor = factor_of(table, version, keys)
            if factor is None:
                pairs = tuple(f"{name}={keys[name]}" for name in table.by)
                lost: Lost = ("no_multiplier", len(self._rows), measure.name, pairs)
                self._lost.setdefault(lost, []).append(event)
                return None
            product *= factor
        return product


def once(measure: Measure, rows: Iterable[Row]) -> list[Row]:
    """Each event of the source once; none of those that contradict one another."""
    source = measure.source
    names = {"subject": source.subject, "event_id": source.event_id, "event_time": source.event_time}
    return deduplicate({**names, "dedupe": source.dedupe, "columns": source.columns}, rows).rows


def counts(measure: Measure, row: Row) -> bool:
    """Whether all conditions of the measure hold, and those of no part of its meter that it leaves out."""
    left_out = any(all(meets(row, one) for one in part) for part in measure.unless)
    return all(meets(row, one) for one in measure.where) and not left_out


def meets(row: Row, condition: Condition) -> bool:
    return holds(row.get(condition.column), condition.operator, condition.value)


def dimensions(measure: Measure, row: Row) -> dict[str, str | None]:
    return {one.name: key_of(row, one.name, one.band) for one in measure.dimensions}


def key_of(row: Row, name: str, band: Band | None) -> str | None:
    return text(row.get(name)) if band is None else band_of(row.get(band.of), band.up_to)


def factor_of(table: FactorTable, version: int, keys: Mapping[str, str | None]) -> Decimal | None:
    """Look a factor up; a key that is not named at its level stands as None in the table."""
    values = [keys[name] for name in table.by]
    combination = tuple(
        value if value in named else None for value, named in zip(values, table.named, strict=True)
    )
    factor = table.rows.get((version, combination))
    return None if factor is None else Decimal(factor).scaleb(-table.scale)


def acts(measure: Measure, row: Row) -> bool:
    """Whether an event is one of the operations that count."""
    operation = measure.operation
    return operation is None or row.get(operation.column) in (*operation.add, *operation.remove)


def adds(measure: Measure, row: Row) -> bool:
    return measure.operation is None or row.get(measure.operation.column) in measure.operation.add


def usage_row(
    measure: Measure, place: Place, group: Sequence[Counted], spans: Sequence[Interval]
) -> UsageRow:
    """Aggregate; what does not add up is aggregated for each subject of a contract, then added up."""
    if measure.additive:
        quantity = sum((one.amount for one in group), Decimal(0))
        units = sum((one.amount * one.factor for one in group), Decimal(0))
        return UsageRow(*place, len(group), quantity, units)
    subjects = sorted({one.subject for one in group})
    quantity = sum(
        (aggregate(measure, [one for one in group if one.subject == subject], spans) for subject in subjects),
        Decimal(0),
    )
    return UsageRow(*place, len(group), quantity, quantity)


def aggregate(measure: Measure, group: Sequence[Counted], spans: Sequence[Interval]) -> Decimal:
    """Aggregate events of one subject over a whole billing period, which consists of spans (days, or one).

    `time_weighted_sum` gives the integral of the level over time, in value × microseconds until the period's end, and
    so does what is prorated by seconds; by days it is the sum of the levels at the days' ends.
    """
    end = spans[-1].end
    if measure.prorate == "days":
        return sum((level(measure, group, span.end) for span in spans), Decimal(0))
    if measure.prorate == "seconds":
        return integral(measure, group, Interval(spans[0].start, end))
    if measure.recurring:
        return level(measure, group, end)
    if measure.operation is not None:
        return level(measure, [replace(one, until=end) for one in group], end)
    return of_events(measure, group, end)


def of_events(measure: Measure, group: Sequence[Counted], end: Instant) -> Decimal:
    """Aggregate events of one subject that have no level before them."""
    if measure.aggregate == "unique":
        return Decimal(len({one.value for one in group}))
    if measure.aggregate == "max":
        return max(one.amount for one in group)
    if measure.aggregate == "min":
        return min(one.amount for one in group)
    if measure.aggregate == "percentile":
        values = sorted(one.amount for one in group)
        return values[ceil(Fraction(measure.percent) * len(values) / 100) - 1]
    if measure.aggregate == "latest":
        return max(group, key=lambda one: (one.at, one.id, one.amount)).amount
    assert measure.aggregate == "time_weighted_sum", measure.aggregate
    return sum((one.amount * (min(end, one.until) - one.at) for one in group), Decimal(0))


def level(measure: Measure, group: Sequence[Counted], before: Instant) -> Decimal:
    """Give a level just before an instant: the sum so far, the newest value, or how many values are there."""
    past = sorted(
        (one for one in group if one.at < before <= one.until),
        key=lambda one: (one.at, one.id, one.adds, one.amount),
    )
    if measure.aggregate == "sum":
        return sum((one.amount for one in past), Decimal(0))
    if measure.aggregate == "latest":
        return past[-1].amount if past else Decimal(0)
    there = {one.value: one.adds for one in past}
    return Decimal(sum(there.values()))


def integral(measure: Measure, group: Sequence[Counted], period: Interval) -> Decimal:
    """Add up a level times microseconds, from one change to the next."""
    changes = {edge for one in group for edge in (one.at, one.until) if edge in period}
    edges = sorted({period.start, period.end, *changes})
    return sum(
        (level(measure, group, Instant(start + 1)) * (end - start) for start, end in pairwise(edges)),
        Decimal(0),
    )


def order(place: Place) -> tuple[int, int, int, tuple[tuple[bool, str], ...]]:
    return (*place[:3], tuple((key is not None, key or "") for key in place[3]))
