"""Usage in memory: what `UsageStore` promises, written plainly, so that the core is tested without a database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from typing import NamedTuple

from ratebook.calendar import Instant, Interval, from_datetime
from ratebook.findings import Finding
from ratebook.money import EXACT, plain
from ratebook.usage.measure import ADDITIVE, OVER, VALUE_BAND, Aggregate, Condition, Measure
from ratebook.usage.rows import MeasureCount, SegmentRow, SubjectRow, Unbilled, UnbilledReason, UsageRow

Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Event:
    """Something that happened `quantity` times, or with that value."""

    meter: str
    at: Instant
    subject: str
    quantity: Decimal
    dimensions: Mapping[str, str | None]


def instant(text: str) -> Instant:
    """Read a time with its offset."""
    return from_datetime(datetime.fromisoformat(text))


def read_events(text: str) -> list[Event]:
    """Read an event a line: `requests 2026-10-05T12:00:00Z o1 1000 chain=eth method=NULL`."""
    events = []
    for row in filter(None, map(str.strip, text.splitlines())):
        meter, at, subject, quantity, *pairs = row.split()
        named = dict(pair.split("=", 1) for pair in pairs)
        dimensions = {name: None if value == "NULL" else value for name, value in named.items()}
        events.append(Event(meter, instant(at), subject, Decimal(quantity), dimensions))
    return events


@dataclass
class MemoryStore:
    """A `UsageStore` over a list of events.

    What it was asked for stays for tests to look at: `subjects`, `measures`, `segments` and `window`.
    """

    events: Sequence[Event] = ()
    subjects: list[SubjectRow] = field(default_factory=list)
    measures: Sequence[Measure] = ()
    segments: Sequence[Sequence[SegmentRow]] = ()
    window: Interval | None = None
    lost: list[Unbilled] = field(default_factory=list)

    def enroll(self, subjects: Iterable[SubjectRow]) -> None:
        self.subjects = list(subjects)

    def measure(
        self, measures: Sequence[Measure], segments: Sequence[Sequence[SegmentRow]], window: Interval
    ) -> "MemoryStore":
        self.measures, self.segments, self.window = measures, segments, window
        with localcontext(EXACT):
            self.metered = [self._meter(number) for number in range(len(measures))]
        return self

    def rows(self, measure: int) -> Iterator[UsageRow]:
        return iter(self.metered[measure])

    def findings(self) -> tuple[Finding, ...]:
        return ()

    def counts(self) -> tuple[MeasureCount, ...]:
        return ()

    def unbilled(self) -> tuple[Unbilled, ...]:
        return tuple(self.lost)

    def _meter(self, number: int) -> list[UsageRow]:
        measure = self.measures[number]
        groups: dict[tuple[int, int, int, Key], list[Metered]] = {}
        for event in self.events:
            if not _counts(measure, event):
                continue
            found = self._place(number, event)
            if found is None:
                continue
            subject, segment = found
            factor = _factor(measure, segment.variant, event)
            if factor is None:
                self._lose("no_multiplier", measure, event)
                continue
            key = tuple(_dimension(measure, name, event) for name in measure.keep)
            place = (subject.contract, segment.boundary, segment.segment, key)
            end = min(measure.slots.bounds[segment.last], subject.end)
            groups.setdefault(place, []).append(Metered(event, factor, end))
        ordered = sorted(
            groups, key=lambda one: (*one[:3], tuple((text is not None, text or "") for text in one[3]))
        )
        return [_row(measure, place, groups[place]) for place in ordered]

    def _place(self, number: int, event: Event) -> tuple[SubjectRow, SegmentRow] | None:
        own = [row for row in self.subjects if row.subject == event.subject]
        alive = [row for row in own if row.start <= event.at < row.end]
        if not alive:
            self._lose("outside_contract" if own else "unknown_subject", self.measures[number], event)
            return None
        (subject,) = alive
        rows = [row for row in self.segments[number] if row.timeline == subject.timeline]
        if not rows:
            self._lose("no_price", self.measures[number], event)
            return None
        slot = self.measures[number].slots.at(event.at)
        if any(row.first <= slot < row.last and not row.priced for row in rows):
            self._lose("no_price", self.measures[number], event)
            return None
        return next(((subject, row) for row in rows if row.first <= slot < row.last), None)

    def _lose(self, reason: UnbilledReason, measure: Measure, event: Event) -> None:
        assert self.window is not None
        if reason == "no_multiplier" or event.at in self.window:
            self.lost.append(
                Unbilled(
                    reason,
                    measure.name,
                    (event.subject,),
                    1,
                    event.quantity,
                    1,
                    event.at,
                    event.at,
                    "example",
                )
            )


class Metered(NamedTuple):
    """An event with its factor, and the end of the time in which it counts."""

    event: Event
    factor: Decimal
    end: Instant


def _row(measure: Measure, place: tuple[int, int, int, Key], group: Sequence[Metered]) -> UsageRow:
    contract, boundary, segment, key = place
    subjects = dict.fromkeys(one.event.subject for one in group)
    each = [[one for one in group if one.event.subject == subject] for subject in subjects]
    quantity = sum((_combine(measure.aggregate, metered) for metered in each), Decimal(0))
    units = (
        sum((one.event.quantity * one.factor for one in group), Decimal(0)) if measure.additive else quantity
    )
    return UsageRow(contract, boundary, segment, key, len(group), quantity, units)


def _combine(aggregate: Aggregate, metered: Sequence[Metered]) -> Decimal:
    values = [one.event.quantity for one in metered]
    if aggregate in ADDITIVE:
        return sum(values, Decimal(0))
    if aggregate == "latest":
        return values[-1]
    if aggregate == "time_weighted_sum":
        return sum((one.event.quantity * (one.end - one.event.at) for one in metered), Decimal(0))
    assert aggregate in {"max", "min"}, f"the double does not measure {aggregate}"
    return max(values) if aggregate == "max" else min(values)


def _counts(measure: Measure, event: Event) -> bool:
    if any(all(_holds(one, event) for one in billed) for billed in measure.unless):
        return False
    return event.meter == measure.meter and all(_holds(one, event) for one in measure.where)


def _holds(condition: Condition, event: Event) -> bool:
    value = event.dimensions.get(condition.column)
    if condition.operator == "eq":
        return value == condition.value
    assert isinstance(condition.value, tuple)
    return (value in condition.value) is (condition.operator == "in")


def _dimension(measure: Measure, name: str, event: Event) -> str | None:
    if name != VALUE_BAND:
        return event.dimensions.get(name)
    (band,) = [one.band for one in measure.dimensions if one.name == VALUE_BAND and one.band is not None]
    return next((plain(Decimal(bound)) for bound in band.up_to if event.quantity <= bound), OVER)


def _factor(measure: Measure, variant: int, event: Event) -> Decimal | None:
    """Multiply the factors of an event; None where a table has no row for it."""
    factor = Decimal(1)
    for table in measure.factors:
        version = table.versions[variant][measure.slots.at(event.at)]
        values = [event.dimensions.get(name) for name in table.by]
        key = tuple(
            value if value in names else None for value, names in zip(values, table.named, strict=True)
        )
        if (version, key) not in table.rows:
            return None
        factor *= Decimal(table.rows[version, key]).scaleb(-table.scale)
    return factor
