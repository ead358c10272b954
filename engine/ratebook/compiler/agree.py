"""From the book's terms to agreements: each compiled once, with what must be measured for it."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product
from math import prod
from typing import Final
from zoneinfo import ZoneInfo

from ratebook.book import Book
from ratebook.book.model import (
    Charge,
    ContractTerms,
    Duration,
    MeterUse,
    Minimum,
    RatingRule,
    Spec,
    TrialUntil,
)
from ratebook.book.model.meter import Condition as BookCondition
from ratebook.book.overlap import Claim, claims_of, left_out
from ratebook.book.terms import ChargeSources, Homes, Saying, Sources, Term
from ratebook.book.units import unit_divisor
from ratebook.calendar import BEGINNING, NEVER, Cycle, Instant, Interval, When, instant_of, zone
from ratebook.compiler.agreement import Agreed, Phase
from ratebook.compiler.charges import (
    ChargeTerms,
    Conversion,
    LateMultiplier,
    ReadingTerms,
    bounds,
    bounds_events,
    matrix_dimensions,
    price_versions,
    without_price,
)
from ratebook.compiler.coverage import Counted, Covered, covered, in_turn, left_over
from ratebook.compiler.event_bounds import bands_of
from ratebook.compiler.kept import Kept, ahead_of, keep_dimensions, pools_of
from ratebook.compiler.measures import Measures, MeasureSpec
from ratebook.compiler.money_off import MoneyOff
from ratebook.compiler.plan_terms import PlanTerms
from ratebook.compiler.prices import PriceTerms, leaves_of
from ratebook.compiler.pricing_units import PricingUnits, balances_in_money
from ratebook.compiler.program import Agreement, FxPolicy, Price
from ratebook.compiler.reading import METER
from ratebook.compiler.tax import tax_terms
from ratebook.compiler.terms import ANY_CONTRACT, begins
from ratebook.compiler.timed import Timed, layered, timed
from ratebook.money import minor_unit
from ratebook.template import Template, compile_template
from ratebook.usage.measure import Condition

_DEFAULT_CYCLE: Final = Cycle()
_ONE: Final = Decimal(1)


@dataclass(slots=True)
class Agreements:
    """The agreements of a run, one for all contracts with equal terms.

    Attributes:
        book: the rate book.
        detailed: keeps every dimension of the multipliers and splits usage where they change, so that each row
            has one factor. No amount depends on it.
        measures: what must be measured; several books of a run share it.
    """

    book: Book
    detailed: bool = False
    measures: Measures = field(default_factory=Measures)
    _worths: dict[tuple[str, str], PricingUnits] = field(default_factory=dict)
    _agreed: dict[tuple[int, bool, Interval | None], tuple[ContractTerms, Agreed]] = field(
        default_factory=dict
    )

    def of(self, terms: ContractTerms, start: When, *, accounts: bool = False) -> Agreed:
        """Give the agreement of a contract's terms, which may tell the usage of child accounts apart.

        Args:
            terms: of the contract.
            start: when it begins, from which on a lock may hold.
            accounts: whether it has child accounts.
        """
        key = (id(terms), accounts, self._lock(terms, start))
        found = self._agreed.get(key)
        if found is None:
            found = self._agreed[key] = (terms, self._agree(terms, key[2], accounts=accounts))
        return found[1]

    def _agree(self, terms: ContractTerms, lock: Interval | None, *, accounts: bool) -> Agreed:
        spec = self.book.specs[terms.spec]
        header = replace(_header(terms, spec, terms.currency or spec.currency), tells_accounts=accounts)
        terms = balances_in_money(terms, self._units(header), header.zone)
        plan = self.book.plans[terms.plan] if terms.plan is not None else None
        cycle = terms.cycle or (plan and plan.cycle)
        plans = (
            *((one.plan, instant_of(one.until, header.zone)) for one in terms.phases),
            (terms.plan, NEVER),
        )
        sources = {plan: self._sources(terms, plan, header, lock) for plan, _ in plans}
        compiled = {plan: self._plan_terms(one, header) for plan, one in sources.items()}
        fees = tuple(source for one in compiled.values() for source in one.fees)
        told = self._told_covered([compiled[plan] for plan, _ in plans])
        phases = tuple(Phase(until, terms) for (_, until), terms in zip(plans, told, strict=True))
        trial, trial_pointer = self._trial(terms, phases[0].terms.plan)
        return Agreed(
            number=len(self._agreed),
            header=header,
            cycle=Cycle(cycle.every, cycle.anchor) if cycle else _DEFAULT_CYCLE,
            phases=phases,
            trial=instant_of(trial.until, header.zone) if isinstance(trial, TrialUntil) else trial,
            trial_pointer=trial_pointer,
            pauses=tuple(
                Interval(instant_of(pause.from_, header.zone), instant_of(pause.until, header.zone))
                for pause in terms.pauses
            ),
            tiers=terms.plan_change.tiers,
            units=self._units(header),
            money_off=MoneyOff.of(header, fees, terms, after_tax=spec.credits.tax == "after"),
            tax=tax_terms(terms.spec, spec, terms.tax, tuple(sources.values()), header),
            external_tax=spec.tax == "external",
            bills_all=terms.type == "fixed",
            late_usage=spec.late_usage,
        )

    def _lock(self, terms: ContractTerms, start: When) -> Interval | None:
        """Give the lock of terms: from the last of the versions that it holds on, so that contracts may share it."""
        if terms.price_lock is None:
            return None
        spec = self.book.specs[terms.spec]
        header = _header(terms, spec, terms.currency or spec.currency)
        at = instant_of(terms.price_lock.at or start, header.zone)
        held = [
            dated
            for plan in (*(phase.plan for phase in terms.phases), terms.plan)
            for dated in self._sources(terms, plan, header, None).locked()
        ]
        starts = {begins(version, header.zone) for dated in held for version in dated.versions}
        last = max((one for one in starts if one <= at), default=BEGINNING)
        return Interval(last, instant_of(terms.price_lock.until, header.zone))

    def _sources(
        self, terms: ContractTerms, plan_id: str | None, header: Agreement, lock: Interval | None
    ) -> Sources:
        plan = self.book.plans[plan_id] if plan_id is not None else None
        book_currency = self.book.settings.currency
        homes = Homes(book_currency, (plan and plan.currency) or book_currency, header.currency)
        return Sources(ANY_CONTRACT, terms, plan, f"plans/{plan_id}", self.book.rules, homes, lock)

    def _plan_terms(self, sources: Sources, header: Agreement) -> PlanTerms:
        billed = list(sources.charges())
        claims = claims_of(billed)
        charges = [self._charge(charge, header, claims) for charge in billed]
        charges += [self._report(rule, header) for rule in (sources.terms.report if sources.terms else ())]
        return PlanTerms(
            plan=sources.plan_pointer.removeprefix("plans/") if sources.plan else "",
            fees=tuple(sources.fees()),
            charges=tuple(charges),
            minimum=_minimum(sources, header),
            covered=self._covered(charges, {one.charge.charge.id for one in claims}),
        )

    def _trial(self, terms: ContractTerms, plan_id: str) -> tuple[Duration | TrialUntil | None, str]:
        """Find the trial: the contract's, else that of the plan with which it begins."""
        plan = self.book.plans.get(plan_id)
        if terms.trial is not None or plan is None:
            return terms.trial, f"{ANY_CONTRACT}#trial"
        return plan.trial, f"plans/{plan_id}#trial"

    def _covered(self, charges: Sequence[ChargeTerms], claiming: Container[str]) -> Covered:
        return covered(
            Counted(
                self.measures.drafts[measure].spec, not charge.report_only and charge.charge not in claiming
            )
            for charge in charges
            for measure in charge.measures
        )

    def _told_covered(self, plans: Sequence[PlanTerms]) -> list[PlanTerms]:
        """Say of each phase's plan what it leaves without a price, and have that measured; equal terms stay one."""
        levels = frozenset(name for name, meter in self.book.meters.items() if meter.recurring)
        told: dict[object, PlanTerms] = {}
        keys = []
        for terms, whole in zip(plans, in_turn([one.covered for one in plans], levels), strict=True):
            keys.append((terms, frozenset(whole.items())))
            if keys[-1] not in told:
                rest = frozenset(self._measure(spec) for spec in left_over(whole))
                told[keys[-1]] = replace(terms, covered=whole, uncovered=rest)
        return [told[key] for key in keys]

    def _report(self, rule_id: str, header: Agreement) -> ChargeTerms:
        rule = self.book.rules[rule_id]
        pointer = f"{ANY_CONTRACT}#report"
        says = Saying(rule, header.currency, f"rating/{rule_id}")
        sources = ChargeSources(Charge(rating=rule_id, id=rule_id), pointer, rule, (says,))
        return self._charge(sources, header, (), report_only=True)

    def _charge(
        self, sources: ChargeSources, header: Agreement, claims: Sequence[Claim], *, report_only: bool = False
    ) -> ChargeTerms:
        rule, where = sources.rule, header.zone
        narrower = [one for claim in claims if claim.charge is sources for one in left_out(claim, claims)]
        kept = self._kept(sources, header, report_only=report_only)
        unit = self.book.meters[rule.uses[0].meter].unit
        conversion = self._conversion(sources.charge.rating, rule, unit)
        each = sources.nearest("included_each")
        prorate = sources.nearest("prorate_included")
        billable_unit = rule.unit or rule.convert.to or unit
        price_terms = PriceTerms(
            header.currency, header.currency, conversion.ladder_divisor, kept.keep, billable_unit
        )
        prices: Timed[Price] = Timed(())
        if not report_only:
            prices = price_versions(sources, price_terms, self._units(header), where)
        if kept.is_bound:
            kept = kept.with_bands(self._bands(prices, rule))
        readings = tuple(self._reading(sources, use, kept, narrower) for use in rule.uses)
        first = readings[0]
        labels = self._labels(header)
        description = self._description(sources, header, labels)
        return ChargeTerms(
            charge=sources.charge.id,
            pointer=sources.pointer,
            measure=first.measure,
            keep=kept.keep,
            lines_by=kept.lines_by,
            pool_by=kept.pool_by,
            late=first.late if first.additive or not kept.ahead else (),
            quantity_unit=first.unit,
            billable_unit=billable_unit,
            conversion=conversion,
            prices=prices,
            percents=layered(sources.layers("discount"), where, lambda one, at, _: (one.percent, at)),
            included=layered(sources.layers("included"), where, lambda units, at, _: (units, at)),
            included_each=bool(each and each.value),
            prorate_included=prorate.value if prorate is not None else "none",
            minimum=bounds("minimum", sources, header.currency, self._units(header), where),
            maximum=bounds("maximum", sources, header.currency, self._units(header), where),
            description=description,
            labels={name: labels[name] for name in sorted(description.labels & labels.keys())},
            report_only=report_only,
            additive=any(reading.additive for reading in readings),
            clocks=tuple(sorted({reading.clock for reading in readings} - {"none"})),
            factor_changes=self._factor_changes(rule, where)
            if self.detailed or kept.is_bound
            else frozenset(),
            bands=kept.bands,
            leaves_out=tuple(dict.fromkeys(one.charge.charge.id for one in narrower)),
            readings=readings if kept.ahead else (),
            tells_accounts=header.tells_accounts,
            otherwise=without_price(header.currency, sources.pointer, report_only=report_only),
        )

    def _kept(self, sources: ChargeSources, header: Agreement, *, report_only: bool) -> Kept:
        """Say which dimensions a charge tells its usage apart by, whichever of its meters has them."""
        rule = sources.rule
        meters = [self.book.meters[use.meter] for use in rule.uses]
        pool_by = sources.nearest("pool_by")
        is_bound = not report_only and bounds_events(sources)
        kept = keep_dimensions(
            rule.lines_by,
            pools_of(pool_by.value if pool_by else (), meters, accounts=header.tells_accounts),
            () if report_only else matrix_dimensions(sources),
            (name for use in rule.uses for name in self._factors_by(use, is_bound=is_bound)),
            ahead_of(several_meters=rule.meters is not None, accounts=header.tells_accounts),
        )
        return kept._replace(is_bound=is_bound)

    def _is_late(self, use: MeterUse, *, is_bound: bool) -> bool:
        """Tell whether multipliers come after measuring."""
        return is_bound or not self.book.meters[use.meter].adds_up

    def _factors_by(self, use: MeterUse, *, is_bound: bool) -> list[str]:
        """Give the dimensions that multipliers need after measuring, or that an explanation shows."""
        if not self.detailed and not self._is_late(use, is_bound=is_bound):
            return []
        return [name for multiplier in use.multiply_by for name in self.book.multipliers[multiplier].by]

    def _reading(
        self, sources: ChargeSources, use: MeterUse, kept: Kept, narrower: Sequence[Claim]
    ) -> ReadingTerms:
        """Measure a meter of a charge."""
        rule = sources.rule
        meter = self.book.meters[use.meter]
        is_late = self._is_late(use, is_bound=kept.is_bound)
        own = kept.names
        if rule.meters is not None:
            needed = kept.common.union(self._factors_by(use, is_bound=kept.is_bound))
            own = tuple(name for name in own if name in needed and meter.dimension(name) is not None)
        unless = (_conditions(one.conditions) for one in narrower if one.meter == use.meter)
        spec = MeasureSpec(
            use.meter,
            _conditions(rule.conditions),
            () if is_late else use.multiply_by,
            own,
            tuple(sorted(unless, key=repr)),
            kept.bands,
        )
        return ReadingTerms(
            measure=self._measure(spec),
            meter=use.meter,
            unit=meter.unit,
            names=frozenset((*own, *kept.keep[: kept.ahead])) - {METER},
            places=kept.places(own),
            factor=use.factor,
            late=tuple(self._late(name, kept) for name in use.multiply_by) if is_late else (),
            additive=meter.adds_up,
            clock="seconds" if meter.aggregate == "time_weighted_sum" else meter.prorate,
            pointer=f"rating/{sources.charge.rating}#meters/{rule.uses.index(use)}" if rule.meters else "",
        )

    def _units(self, header: Agreement) -> PricingUnits:
        key = (header.zone.key, header.language)
        if key not in self._worths:
            self._worths[key] = PricingUnits.of(self.book.settings, header.zone, header.say)
        return self._worths[key]

    def _measure(self, spec: MeasureSpec) -> int:
        return self.measures.number(spec, self.book)

    def _bands(self, prices: Timed[Price], rule: RatingRule) -> tuple[Decimal, ...]:
        """Cut the value of events where any price of a charge, after any factors, changes how it prices one."""
        used = [self.book.multipliers[name].factors.versions for name in rule.multiply_by]
        factors = [
            {factor for version in versions for factor in leaves_of(version.value.values)}
            for versions in used
        ]
        ladders = [ladder for moment in prices.moments for ladder in moment.value.all_ladders]
        return bands_of(ladders, {prod(one, start=_ONE) for one in product(*factors)})

    def _factor_changes(self, rule: RatingRule, where: ZoneInfo) -> frozenset[Instant]:
        names = [name for use in rule.uses if self.book.meters[use.meter].adds_up for name in use.multiply_by]
        used = [self.book.multipliers[name] for name in names]
        return frozenset(begins(version, where) for one in used for version in one.factors.versions)

    def _late(self, name: str, kept: Kept) -> LateMultiplier:
        multiplier = self.book.multipliers[name]
        return LateMultiplier(name, multiplier, kept.numbers(multiplier.by))

    def _conversion(self, rule_id: str, rule: RatingRule, unit: str) -> Conversion:
        pointer = f"rating/{rule_id}#convert"
        if rule.convert.to is not None:
            return Conversion(unit_divisor(unit, rule.convert.to), rule.convert.round, pointer)
        return Conversion(rule.convert.divide_by or _ONE, rule.convert.round, pointer)

    def _description(
        self, sources: ChargeSources, header: Agreement, labels: Mapping[str, Mapping[str, str]]
    ) -> Template:
        found = sources.nearest("description")
        return compile_template(header.say(found.value) if found is not None else sources.charge.id, labels)

    def _labels(self, header: Agreement) -> dict[str, dict[str, str]]:
        return {
            name: {value: header.say(label) for value, label in labels.values.items()}
            for name, labels in self.book.labels.items()
        }


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


def _minimum(sources: Sources, header: Agreement) -> Timed[tuple[Minimum, str, str]]:
    plan, home = sources.plan, sources.homes.plan
    if plan is None or plan.minimum is None:
        return Timed(())
    term = Term(plan.minimum, home, f"{sources.plan_pointer}#minimum")
    found = timed(term, header.zone, lambda minimum, pointer: (minimum, home, pointer))
    return found.locked(sources.lock)


def _conditions(written: Iterable[BookCondition]) -> tuple[Condition, ...]:
    return tuple(Condition(*one) for one in written)
