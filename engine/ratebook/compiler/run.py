"""A book compiled for one run: contracts enroll one by one, then it is known what must be measured.

Contracts with equal terms share an agreement; those with equal periods besides share a timeline of programs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import localcontext
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from ratebook.book import Book
from ratebook.book.accounts import Account, accounts_of, edges_inside
from ratebook.book.model import Contract, Meter
from ratebook.calendar import (
    NEVER,
    Calendar,
    Instant,
    Interval,
    RunPeriod,
    When,
    instant_of,
    local_date,
    midnight,
    shift,
    zone,
)
from ratebook.compiler.agree import Agreements
from ratebook.compiler.agreement import Agreed
from ratebook.compiler.boundaries import boundaries
from ratebook.compiler.measures import MeasureDraft, Measures, finish
from ratebook.compiler.program import ChargeProgram, Program
from ratebook.compiler.stages import Stages, clip, life_of, seen
from ratebook.money import EXACT
from ratebook.usage.measure import Condition, Measure
from ratebook.usage.rows import SegmentRow


@dataclass(frozen=True)
class Timeline:
    """The programs of an agreement at each boundary of a run, in order; many contracts share one.

    The parts of all its billed periods are numbered through: usage comes by these numbers. `stages` are those of the
    lives that share it, as far as the run can see. `carrying` are the measures
    whose level carries over from before the billed periods. The first `closed` programs are those of boundaries before
    the run's period, which are only compared with what was issued for them.
    """

    number: int
    agreed: Agreed
    programs: tuple[Program, ...]
    stages: Stages
    carrying: tuple[int, ...]
    closed: int

    @cached_property
    def numbered(self) -> tuple[tuple[int, Program], ...]:
        """The programs, each with the number of its first part."""
        firsts = accumulate((len(program.parts) for program in self.programs), initial=0)
        return tuple(zip(firsts, self.programs, strict=False))

    @cached_property
    def billed(self) -> tuple[tuple[int, Program], ...]:
        """The numbered programs of the boundaries in the run's period."""
        return self.numbered[self.closed :]

    @cached_property
    def has_balances(self) -> bool:
        """Whether what was billed before matters at any boundary."""
        return any(program.has_balances for program in self.programs)


class RunPlan(NamedTuple):
    """What must be measured, and how slots belong to the periods of timelines."""

    measures: tuple[Measure, ...]
    segments: tuple[tuple[SegmentRow, ...], ...]
    window: Interval


@dataclass(slots=True)
class RunCompiler:
    """Compiles a book for the contracts and the period of one run.

    Attributes:
        book: the rate book.
        period: the period that was asked for.
        subjects: measures only these, where an explanation needs no others; () measures all.
        detailed: see `Agreements`.
        corrects: compiles closed boundaries too, as far back as late usage may be billed.
        editions: other states of the book, in which contracts that name them are read: 1 is the first.
    """

    book: Book
    period: RunPeriod
    subjects: tuple[str, ...] = ()
    detailed: bool = False
    corrects: bool = False
    editions: tuple[Book, ...] = ()
    timelines: list[Timeline] = field(default_factory=list)
    _agreements: list[Agreements] = field(default_factory=list)
    _measures: Measures = field(default_factory=Measures)
    _enrolled: dict[tuple[int, int, When, When | None, bool], tuple[Timeline, Interval]] = field(
        default_factory=dict
    )
    _timelines: dict[tuple[int, int, Calendar, Stages], Timeline] = field(default_factory=dict)
    _horizons: dict[tuple[Calendar, Interval], Interval] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin without any agreement."""
        self._agreements = [
            Agreements(book, self.detailed, self._measures) for book in (self.book, *self.editions)
        ]

    @property
    def measures(self) -> list[MeasureDraft]:
        """What must be measured, in the order in which contracts needed it."""
        return self._measures.drafts

    def enroll(self, contract: Contract) -> tuple[Timeline, Interval]:
        """Give a contract's timeline and its life."""
        terms = id(contract.terms)
        key = (contract.edition, terms, contract.start, contract.end, bool(contract.children))
        if key not in self._enrolled:
            with localcontext(EXACT):
                self._enrolled[key] = self._enroll(contract)
        return self._enrolled[key]

    def accounts(self, contract: Contract) -> tuple[Account, ...]:
        """Give the accounts of a contract, and have its usage measured so that each gets its own."""
        timeline, life = self.enroll(contract)
        accounts = accounts_of(contract, life, timeline.agreed.header.zone)
        for program in timeline.programs if contract.children else ():
            edges = edges_inside(accounts, program.boundary.billed)
            for measure in {measure for charge in program.charges for measure in charge.use.measures}:
                self.measures[measure].bounds |= edges
        for measure in timeline.carrying:
            times = timeline.agreed.accrues(life)
            lives = (one for account in accounts for one in account.within(times))
            self.measures[measure].lives.update(edge for one in lives for edge in one)
        return accounts

    def _enroll(self, contract: Contract) -> tuple[Timeline, Interval]:
        agreements = self._agreements[contract.edition]
        agreed = agreements.of(contract.terms, contract.start, accounts=bool(contract.children))
        where = agreed.header.zone
        start = instant_of(contract.start, where)
        life = Interval(start, NEVER if contract.end is None else instant_of(contract.end, where))
        calendar = Calendar.of(agreed.cycle, start, where)
        stages = agreed.stages(life)
        if not agreed.depends_on_life:
            stages = self._what_matters(agreed, calendar, stages)
        key = (contract.edition, agreed.number, calendar, stages)
        timeline = self._timelines.get(key)
        if timeline is None:
            timeline = self._timelines[key] = self._timeline(agreed, calendar, stages)
        return timeline, life

    def _what_matters(self, agreed: Agreed, calendar: Calendar, stages: Stages) -> Stages:
        """Cut a life to what the run can see of it, so that contracts of different age share a timeline.

        A start in the first period or later stays: it says where the period is cut, and which period is the first.
        """
        window = Interval(self._closed(agreed, calendar).start, self.period.window(calendar.where).end)
        key = calendar, window
        if key not in self._horizons:
            first = calendar.period(calendar.number_at(window.start))
            last = calendar.period(calendar.number_at(window.end) + 1)
            self._horizons[key] = Interval(first.start, last.end)
        return seen(stages, self._horizons[key])

    def _closed(self, agreed: Agreed, calendar: Calendar) -> Interval:
        """Give the time before the run's period whose boundaries it compares: up to `until` before its end.

        It is empty where the run corrects nothing.
        """
        start, end = self.period.window(calendar.where)
        if not self.corrects:
            return Interval(start, start)
        until = agreed.late_usage.until
        earliest = shift(local_date(end, calendar.where), -until.number, until.unit)
        just_before = Instant(
            midnight(earliest, calendar.where) - 1
        )  # a boundary that is as old as that belongs to it
        return Interval(min(start, just_before), start)

    def _timeline(self, agreed: Agreed, calendar: Calendar, stages: Stages) -> Timeline:
        life = life_of(stages)
        closed = list(boundaries(calendar, life, self._closed(agreed, calendar)))
        billed = boundaries(calendar, life, self.period.window(calendar.where))
        programs = tuple(agreed.program(boundary, calendar, stages) for boundary in (*closed, *billed))
        used = [
            (charge, one) for program in programs for charge in program.charges for one in charge.use.measures
        ]
        carrying = tuple({measure: None for _, measure in used if self._meter(measure).recurring})
        timeline = Timeline(len(self.timelines), agreed, programs, stages, carrying, len(closed))
        self.timelines.append(timeline)
        for charge, measure in used:
            days = charge.days if self._meter(measure).prorate == "days" else ()
            self.measures[measure].add((*charge.intervals(measure), *days), agreed.header.zone)
        return timeline

    def _meter(self, measure: int) -> Meter:
        return self.measures[measure].inputs.meter

    def plan(self) -> RunPlan:
        """Fix what must be measured, once all contracts are enrolled."""
        window = self._window()
        for timeline in self.timelines:
            self._tell_plans_apart(timeline, window)
        finished = []
        for draft in self.measures:
            with localcontext(EXACT):
                measure, variants = finish(draft, window)
            if self.subjects:
                only = Condition(measure.source.subject, "in", self.subjects)
                measure = replace(measure, where=(*measure.where, only))
            finished.append((measure, variants))
        segments = tuple(
            tuple(self._segments(number, measure, variants, window))
            for number, (measure, variants) in enumerate(finished)
        )
        return RunPlan(tuple(measure for measure, _ in finished), segments, window)

    def _window(self) -> Interval:
        zones = {timeline.agreed.header.zone for timeline in self.timelines} or {zone("UTC")}
        windows = [self.period.window(where) for where in zones]
        return Interval(min(window.start for window in windows), max(window.end for window in windows))

    def _tell_plans_apart(self, timeline: Timeline, window: Interval) -> None:
        """Cut slots where one plan follows another, so that usage without a price on its own plan is found."""
        agreed = timeline.agreed
        if len(agreed.phases) == 1:
            return
        meters = {meter for terms in agreed.terms for meter in terms.covered}
        spans = [span.interval for span, _ in clip(timeline.stages, window)]
        for draft in self.measures:
            if draft.spec.meter in meters:
                draft.bounds.update(edge for span in spans for edge in span)

    def _segments(
        self, number: int, measure: Measure, variants: Mapping[str, int], window: Interval
    ) -> list[SegmentRow]:
        rows = []
        for timeline in self.timelines:
            agreed = timeline.agreed
            if agreed.bills_all or any(terms.bills(measure.meter, number) for terms in agreed.terms):
                rows.append(SegmentRow(timeline.number, 0, 0, 0, 0, 0))
                for interval in _unpriced(timeline, measure.meter, number, window):
                    first, last = (measure.slots.at(edge) for edge in interval)
                    rows.append(SegmentRow(timeline.number, 0, 0, first, last, 0, priced=False))
            variant = variants.get(agreed.header.zone.key, 0)
            for first_part, program in timeline.numbered:
                for charge in _readers(program, number):
                    for index, interval in _told_apart(charge, number, measure):
                        first, last = (measure.slots.at(edge) for edge in interval)
                        part = first_part + charge.part
                        rows.append(SegmentRow(timeline.number, part, index, first, last, variant))
        return rows

    def meter_of(self, measure: str) -> str:
        """Give the meter of a measure, by the measure's name."""
        return next(draft.spec.meter for draft in self.measures if draft.spec.name == measure)


def _unpriced(timeline: Timeline, meter: str, measure: int, window: Interval) -> Iterator[Interval]:
    """Give when a contract is on a plan that has no price for a meter that others of its plans have one for."""
    if timeline.agreed.bills_all or len(timeline.agreed.phases) == 1:
        return
    for span, terms in clip(timeline.stages, window):
        if terms is not None and not terms.bills(meter, measure):
            yield span.interval


def _readers(program: Program, measure: int) -> Iterable[ChargeProgram]:
    """Give a charge for each part in which a measure is read: all that read it there share their segments."""
    return {charge.part: charge for charge in program.charges if measure in charge.use.measures}.values()


def _told_apart(charge: ChargeProgram, number: int, measure: Measure) -> Iterable[tuple[int, Interval]]:
    """Number the intervals in which usage is told apart; days of a level that counts by them by how many are left."""
    if measure.prorate == "days":
        return zip(range(len(charge.days), 0, -1), charge.days, strict=True)
    return enumerate(charge.intervals(number))
