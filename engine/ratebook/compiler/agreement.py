"""Agreements: the book's terms for contracts that agreed to the same, and their programs boundary by boundary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Literal, NamedTuple

from ratebook.book.model import Duration
from ratebook.book.model.plan import FeeCycle
from ratebook.book.model.spec import LateUsage
from ratebook.book.terms import FeeSources
from ratebook.calendar import (
    BEGINNING,
    NEVER,
    NOTHING,
    Calendar,
    Cycle,
    Instant,
    Interval,
    from_datetime,
    shift,
    to_datetime,
)
from ratebook.compiler.boundaries import fee_periods
from ratebook.compiler.charges import ChargeTerms
from ratebook.compiler.fees import fee_part, first_span
from ratebook.compiler.meaning import meaning_digest
from ratebook.compiler.money_off import MoneyOff
from ratebook.compiler.plan_terms import PlanTerms
from ratebook.compiler.prices import pick
from ratebook.compiler.pricing_units import PricingUnits, home_of, in_money
from ratebook.compiler.program import (
    Agreement,
    Bound,
    Boundary,
    ChargeProgram,
    FeeProgram,
    MinimumProgram,
    Program,
)
from ratebook.compiler.spans import Part, Span
from ratebook.compiler.stages import Stage, Stages, clip, divide, life_of
from ratebook.compiler.tax import TaxTerms
from ratebook.compiler.tax_programs import TaxRules
from ratebook.compiler.terms import at_version, in_force


class Phase(NamedTuple):
    """The terms of a plan, and when they end: NEVER for the last."""

    until: Instant
    terms: PlanTerms


@dataclass(frozen=True, slots=True)
class Agreed:
    """What contracts with equal terms agreed to, compiled, whatever the period.

    Attributes:
        number: of the agreement in a run.
        header: the spec's rules and the currency.
        cycle: when it is billed.
        phases: the terms of its plans, one after the other.
        trial: how long everything costs nothing from the start on, or until when; None for no trial.
        pauses: when nothing accrues.
        tiers: whether charges go on in their ladders where another plan begins.
        units: what the book's pricing units are worth.
        money_off: discounts, commitments and credits of the contract.
        tax: its rates in time; None where there is none, or somebody else adds it.
        external_tax: whether somebody else adds it.
        bills_all: whether all usage counts as billed, as a fixed price does.
        late_usage: how long after a period its invoice is corrected, and by which document.
    """

    number: int
    header: Agreement
    cycle: Cycle
    phases: tuple[Phase, ...]
    trial: Duration | Instant | None
    trial_pointer: str
    pauses: tuple[Interval, ...]
    tiers: Literal["reset", "carry"]
    units: PricingUnits
    money_off: MoneyOff
    tax: TaxTerms | None
    external_tax: bool
    bills_all: bool
    late_usage: LateUsage
    _trials: dict[PlanTerms, PlanTerms] = field(default_factory=dict)
    _programs: dict[tuple[Boundary, Calendar, Stages], Program] = field(default_factory=dict)

    @property
    def terms(self) -> tuple[PlanTerms, ...]:
        """The terms of its plans."""
        return tuple(phase.terms for phase in self.phases)

    @property
    def depends_on_life(self) -> bool:
        """Whether more of a contract's life matters than the periods that a run bills: fees have other periods.

        What is due once is so by the first plan that has it.
        """
        is_divided = len(self.phases) > 1 or self.pauses
        own = {None, self.cycle.every} if is_divided else {None, self.cycle.every, "once"}
        cycles = any(source.fee.every not in own for terms in self.terms for source in terms.fees)
        return cycles or self.money_off.counts_periods_of_life

    @property
    def bills_once(self) -> bool:
        """Whether it matters which period is the first."""
        return any(source.fee.every == "once" for terms in self.terms for source in terms.fees)

    def stages(self, life: Interval) -> Stages:
        """Divide a contract's life: by its plans, its trial and its pauses."""
        last = self.phases[-1].terms
        if (len(self.phases) == 1 and self.trial is None and not self.pauses) or life.end <= life.start:
            return (Stage(Span(life, life), last),)
        trial_end = self._trial_end(life.start)
        edges = [trial_end, *(phase.until for phase in self.phases), *chain(*self.pauses)]

        def holds(moment: Instant) -> PlanTerms | None:
            if any(moment in pause for pause in self.pauses):
                return None
            terms = next((phase.terms for phase in self.phases if moment < phase.until), last)
            return self._in_trial(terms) if moment < trial_end else terms

        return divide(life, edges, holds, self.header.zone)

    def _trial_end(self, start: Instant) -> Instant:
        """Give the end of a contract's trial; one that is counted in days ends at the local time of the start."""
        if self.trial is None:
            return start
        if not isinstance(self.trial, Duration):
            return self.trial
        begun = to_datetime(start, self.header.zone)
        last = shift(begun.date(), self.trial.number, self.trial.unit)
        return from_datetime(begun.replace(year=last.year, month=last.month, day=last.day))

    def _in_trial(self, terms: PlanTerms) -> PlanTerms:
        if terms not in self._trials:
            self._trials[terms] = terms.in_trial(self.trial_pointer)
        return self._trials[terms]

    def accrues(self, life: Interval) -> tuple[Interval, ...]:
        """Give when in a life usage belongs to the contract: always but in pauses."""
        if not self.pauses:
            return (life,)
        return tuple(stage.span.interval for stage in self.stages(life) if stage.terms is not None)

    def program(self, boundary: Boundary, calendar: Calendar, stages: Stages) -> Program:
        """Give the program of a boundary; contracts that differ in nothing that matters share it."""
        matters = self.depends_on_life or self.bills_once
        reach = Interval(boundary.billed.start, (boundary.following or boundary.billed).end)
        key = (boundary, calendar, stages if matters else clip(stages, reach))
        if key not in self._programs:
            self._programs[key] = self._compile(*key)
        return self._programs[key]

    def _compile(self, boundary: Boundary, calendar: Calendar, stages: Stages) -> Program:
        fees = tuple(self._fees(boundary, calendar, stages))
        parts, charges = self._charges(boundary, calendar, stages)
        minimums = tuple(self._minimums(boundary, stages))
        discounts = tuple(self.money_off.discount_programs(calendar, stages))
        commitments = tuple(self.money_off.commitment_programs(boundary, stages))
        credits_ = tuple(self.money_off.credit_programs())
        ahead = any(one.bills for one in commitments)
        tax = self.tax.program(boundary, fees, bills_ahead=ahead) if self.tax is not None else None
        bills = bool(fees or charges or minimums or commitments)
        owed = {tax.currency} if isinstance(tax, TaxRules) and bills else set()
        currencies = sorted((_currencies(fees, charges, minimums) | owed) - {self.header.currency, ""})
        minimum = minimums[0] if len(minimums) == 1 else minimums or None
        meaning = (self.header, boundary, fees, charges, discounts, minimum, tax, self.external_tax)
        balanced = (commitments, credits_) if commitments or credits_ else ()
        return Program(
            self.header,
            boundary,
            parts,
            fees,
            charges,
            discounts,
            minimums,
            tax,
            self.external_tax,
            tuple(currencies),
            meaning_digest((*meaning, *balanced)),
            commitments,
            credits_,
        )

    def _fees(self, boundary: Boundary, calendar: Calendar, stages: Stages) -> Iterator[FeeProgram]:
        for span, terms in stages:
            for source in terms.fees if terms is not None else ():
                for nominal, part in self._due(source, span, boundary, calendar, stages):
                    program = self._fee(source, nominal, part)
                    if program is not None:
                        yield program

    def _due(
        self, source: FeeSources, span: Span, boundary: Boundary, calendar: Calendar, stages: Stages
    ) -> Iterator[tuple[Interval, Span]]:
        """Give the parts of a fee's periods that are due at a boundary by one stage, each with the full period."""
        fee = source.fee
        if fee.every == "once":
            first = span.interval if span == first_span(fee, stages) else NOTHING
            for nominal, clipped in fee_periods(None, first, boundary, fee.bill):
                yield nominal, Span(clipped, clipped)
            return
        life = life_of(stages)
        own = self._calendar_of(fee.every, calendar, life)
        for nominal, clipped in fee_periods(own, life, boundary, fee.bill):
            part = fee_part(fee, clipped, span, stages)
            if part is not None:
                yield nominal, part

    def _fee(self, source: FeeSources, nominal: Interval, span: Span) -> FeeProgram | None:
        where = self.header.zone
        source = source.at(span.interval.start, where)
        fee, lock = source.fee, source.lock
        moment = lock.start if lock is not None and span.interval.start in lock else span.interval.start
        version = in_force(source.amount.value, moment, where)
        part = span.share_of(nominal, fee.prorate, where)
        worths = self.units.at(span.interval.start)
        money = in_money(version.value, worths) if version is not None else None
        if version is None or money is None or not part.numerator:
            return None
        amount, currency = pick(
            money, self.header.currency, home_of(version.value, source.amount.home, worths)
        )
        return FeeProgram(
            fee=fee.id,
            name=self.header.say(fee.name),
            amount=amount,
            quantity=fee.quantity,
            share=part,
            currency=currency,
            period=span.interval,
            pointer=at_version(source.amount.pointer, version),
            share_pointer=source.pointer,
        )

    def _calendar_of(self, every: FeeCycle | None, billing: Calendar, life: Interval) -> Calendar:
        if every is None or every in {"once", self.cycle.every}:
            return billing
        return Calendar.of(Cycle(every, self.cycle.anchor), life.start, self.header.zone)

    def _window_edges(self, billed: Interval, calendar: Calendar, stages: Stages) -> set[Instant]:
        edges = self.money_off.edges(calendar, stages)
        if self.tax is not None:
            edges |= self.tax.changes(billed)
        return {edge for edge in edges if billed.start < edge < billed.end}

    def _charges(
        self, boundary: Boundary, calendar: Calendar, stages: Stages
    ) -> tuple[tuple[Interval, ...], tuple[ChargeProgram, ...]]:
        """Give the parts of a boundary's billed period, and the programs of charges in them."""
        inside = [stage for stage in clip(stages, boundary.billed) if stage.terms is not None]
        programs: list[ChargeProgram] = []
        for number, (span, terms) in enumerate(inside):
            charges = terms.charges if terms is not None else ()
            windows = self._window_edges(span.interval, calendar, stages)
            cuts = self._cuts(charges, span.interval, windows)
            for charge in charges:
                part = self._chained(charge, Part(number, boundary.nominal, span), inside)
                program = charge.program(part, cuts[charge.measure], windows, self.header.zone)
                free = self.money_off.free_units(charge.charge, span.interval, calendar, stages)
                programs.append(with_free_units(program, free))
        return tuple(span.interval for span, _ in inside), tuple(programs)

    def _cuts(
        self, charges: Sequence[ChargeTerms], billed: Interval, windows: set[Instant]
    ) -> dict[int, set[Instant]]:
        """Give, for each measure, the instants inside a part of a period that split its usage."""
        found: dict[int, set[Instant]] = {}
        for charge in charges:
            share_cuts(found, charge.measures, windows | charge.changes(billed))
        return found

    def _chained(self, charge: ChargeTerms, part: Part, inside: Sequence[Stage]) -> Part:
        """Say from which earlier parts a charge goes on, and whether a later one goes on from it.

        Where tiers are reset it goes on after a pause, and not after another plan, though its own comes back.
        """
        if len(inside) == 1:
            return part
        carry = self.tiers == "carry"
        chains = [
            terms is not None
            and any(
                one.goes_on_in(charge, carry=carry) or charge.goes_on_in(one, carry=carry)
                for one in terms.charges
            )
            for _, terms in inside
        ]
        others = [number for number, goes_on in enumerate(chains) if not goes_on and not carry]
        first = max((number + 1 for number in others if number < part.number), default=0)
        last = min((number for number in others if number > part.number), default=len(inside))
        before = [inside[number].span for number in range(first, part.number) if chains[number]]
        return part._replace(before=tuple(before), is_continued=any(chains[part.number + 1 : last]))

    def _minimums(self, boundary: Boundary, stages: Stages) -> Iterator[MinimumProgram]:
        inside = clip(stages, boundary.billed)
        for index, (span, terms) in enumerate(inside):
            found = terms.minimum.at(span.interval.start) if terms is not None else None
            if found is None:
                continue
            minimum, home, pointer = found
            worths = self.units.at(span.interval.start)
            money = in_money(minimum.amount, worths)
            if money is None:
                continue
            amount, currency = pick(money, self.header.currency, home_of(minimum.amount, home, worths))
            part = span.share_of(boundary.nominal, minimum.prorate, self.header.zone)
            program = MinimumProgram(Bound(amount, currency, pointer), part, frozenset(minimum.applies_to))
            if len(inside) > 1:
                begin = span.interval.start if index else BEGINNING
                end = NEVER if index == len(inside) - 1 else span.interval.end
                program = replace(program, period=span.interval, counts=Interval(begin, end))
            yield program


def share_cuts(found: dict[int, set[Instant]], measures: Sequence[int], cuts: set[Instant]) -> None:
    """Add cuts to measures that one charge reads: all of these, and all that share their cuts already, get the same."""
    together = [found[measure] for measure in measures if measure in found]
    others = [measure for measure, own in found.items() if any(own is one for one in together)]
    joined = cuts.union(*together)
    found.update(dict.fromkeys((*measures, *others), joined))


def with_free_units(program: ChargeProgram, units: Decimal) -> ChargeProgram:
    """Add billable units that cost nothing to the included ones."""
    if not units:
        return program
    included = program.included
    return replace(program, included=replace(included, units=included.units + units * program.ladder_divisor))


def _currencies(
    fees: Sequence[FeeProgram], charges: Sequence[ChargeProgram], minimums: Sequence[MinimumProgram]
) -> set[str]:
    found = {fee.currency for fee in fees if fee.amount}
    for charge in charges:
        found |= {bound.currency for bound in (charge.minimum, charge.maximum) if bound is not None}
        found |= {ladder.currency for ladder in charge.all_ladders}
    return found | {minimum.bound.currency for minimum in minimums}
