"""A book compiled for one run: contracts enroll one by one, then it is known what must be measured.

Contracts with equal terms share an agreement; those with equal periods besides share a timeline of programs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from ratebook.template import Template, compile_template

from ratebook.book import Book
from ratebook.book.model import Contract, ContractTerms, Meter, Minimum, Plan, RatingRule, Spec
from ratebook.calendar import (
    BEGINNING,
    NEVER,
    Calendar,
    Cycle,
    Instant,
    Interval,
    RunPeriod,
    instant_of,
    zone,
)
from ratebook.compiler.agreement import Agreed
from ratebook.compiler.boundaries import boundaries
from ratebook.compiler.charges import (
    ChargeTerms,
    Conversion,
    LateMultiplier,
    Timed,
    bounds,
    matrix_dimensions,
    price_versions,
    timed,
    without_price,
)
from ratebook.compiler.measures import MeasureDraft, MeasureSpec, event_source, finish
from ratebook.compiler.program import Agreement, FxPolicy, Price, Program, TaxProgram
from ratebook.compiler.terms import (
    ANY_CONTRACT,
    ChargeSources,
    Homes,
    Source,
    Sourced,
    charges_of,
    fees_of,
    nearest,
)
from ratebook.compiler.units import unit_divisor
from ratebook.money import minor_unit
from ratebook.usage.measure import ADDITIVE, Condition, Measure
from ratebook.usage.rows import SegmentRow

_DEFAULT_CYCLE: Final = Cycle()
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The programs of an agreement at each boundary of a run, in order; many contracts share one."""

    number: int
    agreed: Agreed
    programs: tuple[Program, ...]


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
        measures: one draft for each thing that must be measured, in the order in which contracts needed them.
    """

    book: Book
    period: RunPeriod
    measures: list[MeasureDraft] = field(default_factory=list)
    timelines: list[Timeline] = field(default_factory=list)
    _specs: dict[MeasureSpec, int] = field(default_factory=dict)
    _agreed: dict[int, tuple[ContractTerms, Agreed]] = field(default_factory=dict)
    _timelines: dict[tuple[int, Calendar, Interval], Timeline] = field(default_factory=dict)
    _horizons: dict[Calendar, Interval] = field(default_factory=dict)

    def enroll(self, contract: Contract) -> tuple[Timeline, Interval]:
        """Give a contract's timeline and its life."""
        agreed = self._agreement(contract.terms)
        where = agreed.header.zone
        start = instant_of(contract.start, where)
        life = Interval(start, NEVER if contract.end is None else instant_of(contract.end, where))
        calendar = Calendar.of(agreed.cycle, start, where)
        key = (
            agreed.number,
            calendar,
            life if agreed.depends_on_life else self._what_matters(calendar, life),
        )
        timeline = self._timelines.get(key)
        if timeline is None:
            timeline = self._timelines[key] = self._timeline(agreed, calendar, key[2])
        return timeline, life

    def _what_matters(self, calendar: Calendar, life: Interval) -> Interval:
        """Cut a life to what the run can see of it, so that contracts of different age share a timeline."""
        if calendar not in self._horizons:
            window = self.period.window(calendar.where)
            first = calendar.period(calendar.number_at(window.start))
            last = calendar.period(calendar.number_at(window.end) + 1)
            begun = first.start if first.start < window.start else Instant(window.start - 1)
            self._horizons[calendar] = Interval(begun, last.end)
        horizon = self._horizons[calendar]
        return Interval(
            BEGINNING if life.start <= horizon.start else life.start,
            NEVER if life.end >= horizon.end else life.end,
        )

    def _timeline(self, agreed: Agreed, calendar: Calendar, life: Interval) -> Timeline:
        window = self.period.window(calendar.where)
        programs = tuple(
            agreed.program(boundary, calendar, life) for boundary in boundaries(calendar, life, window)
        )
        timeline = Timeline(len(self.timelines), agreed, programs)
        self.timelines.append(timeline)
        for program in programs:
            for charge in program.charges:
                intervals = [segment.interval for segment in charge.segments]
                self.measures[charge.use.measure].add(intervals, agreed.header.zone)
        return timeline

    def plan(self) -> RunPlan:
        """Fix what must be measured, once all contracts are enrolled."""
        window = self._window()
        finished = []
        for draft in self.measures:
            meter = self.book.meters[draft.spec.meter]
            source = event_source(meter.source, self.book.settings.sources[meter.source])
            finished.append(finish(draft, meter, source, self.book.multipliers, window))
        segments = tuple(
            tuple(self._segments(number, measure, variants))
            for number, (measure, variants) in enumerate(finished)
        )
        return RunPlan(tuple(measure for measure, _ in finished), segments, window)

    def _window(self) -> Interval:
        zones = {timeline.agreed.header.zone for timeline in self.timelines} or {zone("UTC")}
        windows = [self.period.window(where) for where in zones]
        return Interval(min(window.start for window in windows), max(window.end for window in windows))

    def _segments(self, number: int, measure: Measure, variants: Mapping[str, int]) -> list[SegmentRow]:
        rows = []
        for timeline in self.timelines:
            agreed = timeline.agreed
            if agreed.bills_all or any(charge.measure == number for charge in agreed.charges):
                rows.append(SegmentRow(timeline.number, 0, 0, 0, 0, 0))
            variant = variants.get(agreed.header.zone.key, 0)
            for boundary, program in enumerate(timeline.programs):
                charge = next((one for one in program.charges if one.use.measure == number), None)
                for index, segment in enumerate(charge.segments if charge is not None else ()):
                    first, last = (measure.slots.at(edge) for edge in segment.interval)
                    rows.append(SegmentRow(timeline.number, boundary, index, first, last, variant))
        return rows

    def _agreement(self, terms: ContractTerms) -> Agreed:
        found = self._agreed.get(id(terms))
        if found is None:
            found = self._agreed[id(terms)] = (terms, self._agree(terms))
        return found[1]

    def _agree(self, terms: ContractTerms) -> Agreed:
        spec = self.book.specs[terms.spec]
        plan = self.book.plans[terms.plan] if terms.plan is not None else None
        currency = terms.currency or spec.currency
        book_currency = self.book.settings.currency
        homes = Homes(book_currency, (plan and plan.currency) or book_currency, currency)
        header = _header(terms, spec, currency)
        charges = [
            self._charge(sources, header) for sources in charges_of(terms, plan, self.book.rules, homes)
        ]
        charges += [self._report(rule, header) for rule in terms.report]
        cycle = terms.cycle or (plan and plan.cycle)
        return Agreed(
            number=len(self._agreed),
            header=header,
            cycle=Cycle(cycle.every, cycle.anchor) if cycle else _DEFAULT_CYCLE,
            fees=tuple(fees_of(terms, plan, homes)),
            charges=tuple(charges),
            discounts=terms.discounts,
            minimum=_minimum(terms, plan, homes, header),
            tax=_tax(terms.spec, spec, header),
            external_tax=spec.tax == "external",
            bills_all=terms.type == "fixed",
        )

    def _report(self, rule_id: str, header: Agreement) -> ChargeTerms:
        rule = self.book.rules[rule_id]
        sources = ChargeSources(rule_id, rule_id, rule, (Source(rule, header.currency, f"rating/{rule_id}"),))
        return self._charge(sources, header, report_only=True)

    def _charge(self, sources: ChargeSources, header: Agreement, *, report_only: bool = False) -> ChargeTerms:
        rule = sources.rule
        where = header.zone
        meter = self.book.meters[rule.meter or ""]
        additive = meter.aggregate in ADDITIVE
        late = () if additive else rule.multiply_by
        late_by = [name for multiplier in late for name in self.book.multipliers[multiplier].by]
        matrix = [] if report_only else matrix_dimensions(sources)
        keep = tuple(dict.fromkeys((*rule.lines_by, *rule.pool_by, *matrix, *late_by)))
        conditions = tuple(Condition(*one) for one in rule.conditions)
        spec = MeasureSpec(rule.meter or "", conditions, rule.multiply_by if additive else (), keep)
        conversion = self._conversion(sources.rule_id, rule, meter)
        each = nearest("included_each", sources.sources)
        prorate = nearest("prorate_included", sources.sources)
        prices: Timed[Price] = Timed(())
        if not report_only:
            prices = price_versions(sources, header.currency, conversion.ladder_divisor, keep, where)
        pointer = f"{ANY_CONTRACT}#report" if report_only else sources.sources[-2].pointer
        return ChargeTerms(
            charge=sources.charge,
            pointer=pointer,
            measure=self._measure(spec),
            keep=keep,
            lines_by=tuple(keep.index(name) for name in rule.lines_by),
            pool_by=tuple(keep.index(name) for name in rule.pool_by),
            late=tuple(self._late(name, keep) for name in late),
            quantity_unit=meter.unit,
            billable_unit=rule.unit or rule.convert.to or meter.unit,
            conversion=conversion,
            prices=prices,
            percents=timed(nearest("discount", sources.sources), where, lambda one, at: (one.percent, at)),
            included=timed(nearest("included", sources.sources), where, lambda units, at: (units, at)),
            included_each=bool(each and each.value),
            prorate_included=prorate.value if prorate is not None else "none",
            minimum=bounds("minimum", sources, header.currency, where),
            maximum=bounds("maximum", sources, header.currency, where),
            description=self._description(sources, header),
            report_only=report_only,
            otherwise=without_price(header.currency, pointer, report_only=report_only),
        )

    def _measure(self, spec: MeasureSpec) -> int:
        if spec not in self._specs:
            self._specs[spec] = len(self.measures)
            self.measures.append(MeasureDraft(spec))
        return self._specs[spec]

    def _late(self, name: str, keep: tuple[str, ...]) -> LateMultiplier:
        multiplier = self.book.multipliers[name]
        return LateMultiplier(name, multiplier, tuple(keep.index(one) for one in multiplier.by))

    def _conversion(self, rule_id: str, rule: RatingRule, meter: Meter) -> Conversion:
        pointer = f"rating/{rule_id}#convert"
        if rule.convert.to is not None:
            return Conversion(unit_divisor(meter.unit, rule.convert.to), rule.convert.round, pointer)
        return Conversion(rule.convert.divide_by or _ONE, rule.convert.round, pointer)

    def _description(self, sources: ChargeSources, header: Agreement) -> Template:
        found = nearest("description", sources.sources)
        text = header.say(found.value) if found is not None else sources.charge
        return compile_template(text, self._labels(header))

    def _labels(self, header: Agreement) -> dict[str, dict[str, str]]:
        return {
            name: {value: header.say(label) for value, label in labels.values.items()}
            for name, labels in self.book.labels.items()
        }

    def pointer_of(self, measure: str) -> str:
        """Give the place in the book of a measure, by its name."""
        return next(f"meters/{draft.spec.meter}" for draft in self.measures if draft.spec.name == measure)


def _header(terms: ContractTerms, spec: Spec, currency: str) -> Agreement:
    fx = None
    if spec.fx is not None:
        policy = spec.fx
        fx = FxPolicy(
            policy.source,
            policy.date,
            policy.bulletin,
            policy.max_age,
            policy.on_failure,
            f"specs/{terms.spec}#fx",
        )
    return Agreement(
        spec=terms.spec,
        region=spec.region or "",
        language=spec.language,
        zone=zone(spec.time_zone),
        currency=currency,
        minor_unit=minor_unit(currency),
        rounding=spec.rounding.mode,
        fx=fx,
        issue_after=spec.invoice.issue_after,
        due=spec.invoice.due,
        contract_type=terms.type,
        plan=terms.plan or "",
    )


def _minimum(
    terms: ContractTerms, plan: Plan | None, homes: Homes, header: Agreement
) -> Timed[tuple[Minimum, str, str]]:
    if plan is None or plan.minimum is None:
        return Timed(())
    term = Sourced(plan.minimum, homes.plan, f"plans/{terms.plan}#minimum")
    return timed(term, header.zone, lambda minimum, pointer: (minimum, homes.plan, pointer))


def _tax(spec_id: str, spec: Spec, header: Agreement) -> Timed[TaxProgram]:
    if spec.tax is None or isinstance(spec.tax, str):
        return Timed(())
    term = Sourced(spec.tax, header.currency, f"specs/{spec_id}#tax")
    return timed(
        term, header.zone, lambda tax, at: TaxProgram(header.say(tax.name), tax.percent, tax.round_on, at)
    )
