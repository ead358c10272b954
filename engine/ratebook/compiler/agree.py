"""From the book's terms to agreements: each compiled once, with what must be measured for it."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from math import prod
from typing import Final
from zoneinfo import ZoneInfo

from ratebook.book import Book
from ratebook.book.model import Charge, ContractTerms, Meter, Minimum, Plan, RatingRule, Spec
from ratebook.book.model.meter import Condition as BookCondition
from ratebook.book.overlap import Claim, claims_of, left_out
from ratebook.book.terms import ChargeSources, Homes, Saying, Sources, Term
from ratebook.book.units import unit_divisor
from ratebook.calendar import Cycle, Instant, zone
from ratebook.compiler.agreement import Agreed
from ratebook.compiler.charges import (
    ChargeTerms,
    Conversion,
    LateMultiplier,
    Timed,
    bounds,
    bounds_events,
    matrix_dimensions,
    price_versions,
    timed,
    without_price,
)
from ratebook.compiler.event_bounds import bands_of
from ratebook.compiler.measures import MeasureDraft, MeasureSpec
from ratebook.compiler.prices import PriceTerms, leaves_of
from ratebook.compiler.program import Agreement, FxPolicy, Price
from ratebook.compiler.tax import tax_terms
from ratebook.compiler.terms import ANY_CONTRACT, begins
from ratebook.money import minor_unit
from ratebook.template import Template, compile_template
from ratebook.usage.measure import ADDITIVE, VALUE_BAND, Condition

_DEFAULT_CYCLE: Final = Cycle()
_ONE: Final = Decimal(1)


@dataclass(slots=True)
class Agreements:
    """The agreements of a run, one for all contracts with equal terms.

    Attributes:
        book: the rate book.
        detailed: keeps every dimension of the multipliers and splits usage where they change, so that each row
            has one factor. No amount depends on it.
        measures: one draft for each thing that must be measured, in the order in which contracts needed them.
    """

    book: Book
    detailed: bool = False
    measures: list[MeasureDraft] = field(default_factory=list)
    _specs: dict[MeasureSpec, int] = field(default_factory=dict)
    _agreed: dict[int, tuple[ContractTerms, Agreed]] = field(default_factory=dict)

    def of(self, terms: ContractTerms) -> Agreed:
        """Give the agreement of a contract's terms."""
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
        sources = Sources(ANY_CONTRACT, terms, plan, f"plans/{terms.plan}", self.book.rules, homes)
        billed = list(sources.charges())
        claims = claims_of(billed)
        charges = [self._charge(charge, header, claims) for charge in billed]
        charges += [self._report(rule, header) for rule in terms.report]
        cycle = terms.cycle or (plan and plan.cycle)
        return Agreed(
            number=len(self._agreed),
            header=header,
            cycle=Cycle(cycle.every, cycle.anchor) if cycle else _DEFAULT_CYCLE,
            fees=tuple(sources.fees()),
            charges=tuple(charges),
            discounts=terms.discounts,
            minimum=_minimum(terms, plan, homes, header),
            tax=tax_terms(terms.spec, spec, terms.tax, sources, header),
            external_tax=spec.tax == "external",
            bills_all=terms.type == "fixed",
            meters=frozenset(self.measures[charge.measure].spec.meter for charge in charges),
            uncovered=frozenset(self._uncovered(charges, {one.charge.charge.id for one in claims})),
        )

    def _uncovered(self, charges: Sequence[ChargeTerms], claiming: Container[str]) -> Iterator[int]:
        """Measure what is left of meters of which each charge bills only a part.

        A surcharge is no price of what it is added to: it counts only where a meter has nothing else.
        """
        found: dict[str, dict[bool, dict[tuple[Condition, ...], None]]] = {}
        for charge in charges:
            spec = self.measures[charge.measure].spec
            besides = not charge.report_only and charge.charge not in claiming
            found.setdefault(spec.meter, {}).setdefault(besides, {})[spec.where] = None
        for meter, kinds in found.items():
            conditions = kinds.get(False) or kinds[True]
            if all(conditions):
                yield self._measure(MeasureSpec(meter, (), (), (), tuple(sorted(conditions, key=repr))))

    def _report(self, rule_id: str, header: Agreement) -> ChargeTerms:
        rule = self.book.rules[rule_id]
        pointer = f"{ANY_CONTRACT}#report"
        says = Saying(rule, header.currency, f"rating/{rule_id}")
        sources = ChargeSources(Charge(rating=rule_id, id=rule_id), pointer, rule, (says,))
        return self._charge(sources, header, (), report_only=True)

    def _charge(
        self, sources: ChargeSources, header: Agreement, claims: Sequence[Claim], *, report_only: bool = False
    ) -> ChargeTerms:
        rule = sources.rule
        narrower = [one for claim in claims if claim.charge is sources for one in left_out(claim, claims)]
        where = header.zone
        meter = self.book.meters[rule.meter or ""]
        additive = meter.aggregate in ADDITIVE
        is_bound = not report_only and bounds_events(sources)
        late = rule.multiply_by if is_bound or not additive else ()
        matrix = [] if report_only else matrix_dimensions(sources)
        factor_by = [name for multiplier in rule.multiply_by for name in self.book.multipliers[multiplier].by]
        one_factor = bool(late) or self.detailed
        late_by = factor_by if one_factor else []
        keep = tuple(dict.fromkeys((*rule.lines_by, *rule.pool_by, *matrix, *late_by)))
        conversion = self._conversion(sources.charge.rating, rule, meter)
        each = sources.nearest("included_each")
        prorate = sources.nearest("prorate_included")
        billable_unit = rule.unit or rule.convert.to or meter.unit
        price_terms = PriceTerms(
            header.currency, header.currency, conversion.ladder_divisor, keep, billable_unit
        )
        prices: Timed[Price] = Timed(())
        if not report_only:
            prices = price_versions(sources, price_terms, where)
        bands = self._bands(prices, rule) if is_bound else ()
        if bands:
            keep = (*keep, VALUE_BAND)
        spec = MeasureSpec(
            rule.meter or "",
            _conditions(rule.conditions),
            () if late else rule.multiply_by,
            keep,
            tuple(sorted((_conditions(one.conditions) for one in narrower), key=repr)),
            bands,
        )
        labels = self._labels(header)
        description = self._description(sources, header, labels)
        return ChargeTerms(
            charge=sources.charge.id,
            pointer=sources.pointer,
            measure=self._measure(spec),
            keep=keep,
            lines_by=tuple(keep.index(name) for name in rule.lines_by),
            pool_by=tuple(keep.index(name) for name in rule.pool_by),
            late=tuple(self._late(name, keep) for name in late),
            quantity_unit=meter.unit,
            billable_unit=billable_unit,
            conversion=conversion,
            prices=prices,
            percents=timed(sources.nearest("discount"), where, lambda one, at: (one.percent, at)),
            included=timed(sources.nearest("included"), where, lambda units, at: (units, at)),
            included_each=bool(each and each.value),
            prorate_included=prorate.value if prorate is not None else "none",
            minimum=bounds("minimum", sources, header.currency, where),
            maximum=bounds("maximum", sources, header.currency, where),
            description=description,
            labels={name: labels[name] for name in sorted(description.labels & labels.keys())},
            report_only=report_only,
            additive=additive,
            over_time=meter.aggregate == "time_weighted_sum",
            factor_changes=self._factor_changes(rule, where) if one_factor and additive else frozenset(),
            bands=bands,
            leaves_out=tuple(one.charge.charge.id for one in narrower),
            otherwise=without_price(header.currency, sources.pointer, report_only=report_only),
        )

    def _measure(self, spec: MeasureSpec) -> int:
        if spec not in self._specs:
            self._specs[spec] = len(self.measures)
            self.measures.append(MeasureDraft(spec))
        return self._specs[spec]

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
        used = [self.book.multipliers[name] for name in rule.multiply_by]
        return frozenset(begins(version, where) for one in used for version in one.factors.versions)

    def _late(self, name: str, keep: tuple[str, ...]) -> LateMultiplier:
        multiplier = self.book.multipliers[name]
        return LateMultiplier(name, multiplier, tuple(keep.index(one) for one in multiplier.by))

    def _conversion(self, rule_id: str, rule: RatingRule, meter: Meter) -> Conversion:
        pointer = f"rating/{rule_id}#convert"
        if rule.convert.to is not None:
            return Conversion(unit_divisor(meter.unit, rule.convert.to), rule.convert.round, pointer)
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


def _conditions(written: Iterable[BookCondition]) -> tuple[Condition, ...]:
    return tuple(Condition(*one) for one in written)


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
    term = Term(plan.minimum, homes.plan, f"plans/{terms.plan}#minimum")
    return timed(term, header.zone, lambda minimum, pointer: (minimum, homes.plan, pointer))
