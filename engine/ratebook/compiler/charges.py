"""A charge of an agreement: all its versions compiled once, and its program for one billed period."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from math import prod
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from ratebook.book.model import Matrix, Multiplier, Percentage, amounts_of
from ratebook.book.terms import ChargeSources, Term
from ratebook.calendar import BEGINNING, NEVER, Instant, Interval, local_days
from ratebook.compiler.measures import factor_tree, versions_at
from ratebook.compiler.prices import PriceTerms, compile_price, leaves_of, pick, scaled_price
from ratebook.compiler.pricing_units import Amount, PricingUnits, home_of, in_money
from ratebook.compiler.program import (
    Bound,
    ChargeProgram,
    ConversionRounding,
    Included,
    Ladder,
    Price,
    Segment,
)
from ratebook.compiler.reading import LateFactor, MeasureUse, Reading
from ratebook.compiler.spans import Part
from ratebook.compiler.terms import at_version
from ratebook.compiler.timed import Moment, Timed, layered
from ratebook.compiler.tree import Tree
from ratebook.money import EXACT, ROUNDING, ZERO
from ratebook.template import Template

_ONE: Final = Decimal(1)
_MICRO: Final = Decimal("0.000001")


Clock = Literal["none", "days", "seconds"]
"""In what a level over time is added up: local days, or microseconds."""


def length_of(nominal: Interval, clock: Clock, where: ZoneInfo) -> Decimal:
    """Give the length of a full period, by which what was added up is divided."""
    return Decimal(len(local_days(nominal, where)) if clock == "days" else nominal.length)


@dataclass(frozen=True, slots=True)
class Conversion:
    """How units become billable units."""

    divisor: Decimal
    rounding: ConversionRounding
    pointer: str

    @property
    def ladder_divisor(self) -> Decimal:
        """What the ladder's numbers are multiplied by, so that units need not be divided."""
        return self.divisor if self.rounding == "none" else _ONE


@dataclass(frozen=True, slots=True)
class LateMultiplier:
    """A multiplier of a meter that cannot be added up, or of events whose cost is bound."""

    name: str
    multiplier: Multiplier
    by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadingTerms:
    """A meter of a charge that adds up several, or that tells accounts apart; see `Reading`."""

    measure: int
    meter: str
    unit: str
    names: frozenset[str]
    places: tuple[int | None, ...]
    factor: Decimal
    late: tuple[LateMultiplier, ...]
    additive: bool
    clock: Clock
    pointer: str

    def reading(self, billed: Interval, lengths: Mapping[Clock, Decimal], where: ZoneInfo) -> Reading:
        """Give it for one billed period; `lengths` are those by which levels over time of the charge are multiplied."""
        return Reading(
            self.measure,
            self.meter,
            self.unit,
            self.names,
            self.places,
            self.factor,
            prod((length for clock, length in lengths.items() if clock != self.clock), start=_ONE),
            () if self.additive else late_factors(self.late, Instant(billed.end - 1), where),
            not self.additive,
            self.pointer,
        )


@dataclass(frozen=True, slots=True)
class ChargeTerms:
    """A charge of an agreement, whatever the period.

    Usage of a meter that cannot be added up is not split: it is priced at the version of the period's end. A level
    over time is measured times microseconds or days, as its `clocks` say; the nominal period's length is put into
    divisor and ladder.
    `factor_changes` split usage besides prices, where a row has one factor: because an explanation wants that, or
    because factors come late. `bands` cut the value of events where prices bound what one costs. With `readings` it
    reads them instead of `measure`, which is that of the first.
    """

    charge: str
    pointer: str
    measure: int
    keep: tuple[str, ...]
    lines_by: tuple[int, ...]
    pool_by: tuple[int, ...]
    late: tuple[LateMultiplier, ...]
    quantity_unit: str
    billable_unit: str
    conversion: Conversion
    prices: Timed[Price]
    percents: Timed[tuple[Decimal, str]]
    included: Timed[tuple[Decimal, str]]
    included_each: bool
    prorate_included: Literal["days", "seconds", "none"]
    minimum: Timed[Bound | None]
    maximum: Timed[Bound | None]
    description: Template
    labels: Mapping[str, Mapping[str, str]]
    report_only: bool
    otherwise: Price
    additive: bool
    clocks: tuple[Clock, ...]
    factor_changes: frozenset[Instant]
    bands: tuple[Decimal, ...]
    leaves_out: tuple[str, ...]
    readings: tuple[ReadingTerms, ...]
    tells_accounts: bool

    @property
    def measures(self) -> tuple[int, ...]:
        """The numbers of its measures."""
        return tuple(reading.measure for reading in self.readings) or (self.measure,)

    is_trial: bool = False

    def program(
        self, part: Part, cuts: set[Instant], windows: set[Instant], where: ZoneInfo
    ) -> ChargeProgram:
        """Give the charge's program for one part of a billed period.

        Args:
            part: of the billed period.
            cuts: instants at which the measure's segments begin, shared by all charges that read it.
            windows: those at which a contract discount begins or ends.
            where: the spec's zone.
        """
        billed = part.billed
        lengths = {clock: length_of(part.nominal, clock, where) for clock in self.clocks}
        length = prod(lengths.values(), start=_ONE)
        if self.additive:
            edges = (billed.start, *sorted(cuts), billed.end)
            own = {billed.start} | windows | self.prices.changes(billed) | self.percents.changes(billed)
            segments = tuple(
                replace(
                    self._segment(Interval(*edge), edge[0], continues=edge[0] not in own),
                    late_factors=late_factors(self.late, edge[0], where),
                )
                for edge in pairwise(edges)
            )
        else:
            segments = (self._segment(billed, Instant(billed.end - 1), continues=False),)
        if self.clocks:
            in_ladder = self._in_ladder(length) / self.conversion.ladder_divisor
            segments = tuple(replace(one, price=scaled_price(one.price, in_ladder)) for one in segments)
        if part.is_continued:
            segments = tuple(replace(one, price=without_flat_at_zero(one.price)) for one in segments)
        return ChargeProgram(
            charge=self.charge,
            pointer=self.pointer,
            use=self._use(billed, lengths, where),
            quantity_unit=self.quantity_unit,
            quantity_divisor=length,
            billable_unit=self.billable_unit,
            divisor=self.conversion.divisor * length,
            conversion_rounding=self.conversion.rounding,
            conversion_pointer=self.conversion.pointer,
            included=self._included(part, length, where),
            segments=segments,
            maximum=self.maximum.at(billed.start),
            minimum=self.minimum.at(billed.start) if not part.is_continued else None,
            description=self.description,
            labels=self.labels,
            report_only=self.report_only,
            leaves_out=self.leaves_out,
            part=part.number,
            carries=bool(part.before),
            is_continued=part.is_continued,
            days=local_days(part.span.counted, where) if "days" in self.clocks else (),
        )

    def for_nothing(self, pointer: str) -> "ChargeTerms":
        """Give the charge of a trial: it counts, and asks for nothing."""
        free = free_price(self.otherwise, "trial", pointer)
        never: Timed[Any] = Timed(())
        return replace(
            self,
            prices=Timed((Moment(BEGINNING, free),)),
            percents=never,
            included=never,
            minimum=never,
            maximum=never,
            is_trial=True,
        )

    def goes_on_in(self, later: "ChargeTerms", *, carry: bool) -> bool:
        """Tell whether another charge, later in a billing period, goes on in the ladders of this one.

        After a pause the same charge does; where another plan begins, one of the same id if the contract says `carry`.
        """
        if self.report_only or self.is_trial or later.report_only or later.is_trial:
            return False
        return later is self or (carry and later.charge == self.charge)

    def changes(self, billed: Interval) -> set[Instant]:
        """Give the instants inside a billed period that split its usage."""
        factors = {change for change in self.factor_changes if billed.start < change < billed.end}
        return self.prices.changes(billed) | self.percents.changes(billed) | factors

    def _segment(self, interval: Interval, at: Instant, *, continues: bool) -> Segment:
        price = self.prices.at(at)
        percent, pointer = self.percents.at(at) or (ZERO, "")
        chosen = price if price is not None else self.otherwise
        return Segment(interval, at, chosen, percent, pointer, continues)

    def _included(self, part: Part, length: Decimal, where: ZoneInfo) -> Included:
        units, pointer = self.included.at(part.billed.start) or (ZERO, "")
        numerator, denominator = part.share(self.prorate_included, where)
        if numerator != denominator:
            exact = EXACT.divide(units * numerator, Decimal(denominator))
            units = exact.quantize(_MICRO, rounding=ROUNDING["half_up"], context=EXACT)
        return Included(units * self._in_ladder(length), self.included_each, pointer)

    def _in_ladder(self, length: Decimal) -> Decimal:
        return self.conversion.ladder_divisor * (length if self.conversion.rounding == "none" else _ONE)

    def _use(self, billed: Interval, lengths: Mapping[Clock, Decimal], where: ZoneInfo) -> MeasureUse:
        return MeasureUse(
            self.measure,
            self.keep,
            self.lines_by,
            self.pool_by,
            () if self.additive else late_factors(self.late, Instant(billed.end - 1), where),
            self.bands,
            tuple(one.reading(billed, lengths, where) for one in self.readings),
            self.tells_accounts,
        )


def late_factors(
    multipliers: Iterable[LateMultiplier], at: Instant, where: ZoneInfo
) -> tuple[LateFactor, ...]:
    """Give multipliers that come after measuring, at the versions in force at an instant."""
    factors = []
    for late in multipliers:
        (version,) = versions_at(late.multiplier, [at], where)
        pointer = at_version(f"multipliers/{late.name}", late.multiplier.factors.versions[max(version, 0)])
        factors.append(LateFactor(late.name, late.by, factor_tree(late.multiplier, version), pointer))
    return tuple(factors)


def without_price(currency: str, pointer: str, *, report_only: bool) -> Price:
    """Give the price of a time for which none is written: free where usage is only reported, else blocked.

    Usage before the first version of a price begins is then a finding, and never free by accident.
    """
    model: Literal["free", "blocked"] = "free" if report_only else "blocked"
    ladder = Ladder(
        model, (), (), _ONE, _ONE, flat_at_zero=False, currency=currency, pointer=pointer, word="no price"
    )
    return Price(ladder, None, (), pointer)


def free_price(like: Price, word: str, pointer: str) -> Price:
    """Give a price that asks for nothing, in the currency of another one that is no matrix."""
    ladder = None if like.ladder is None else replace(like.ladder, model="free", pointer=pointer, word=word)
    return Price(ladder, None, (), pointer)


def without_flat_at_zero(price: Price) -> Price:
    """Give a price for a part that is gone on with: whether there was no usage at all is known in the last part."""
    if price.matrix is not None:
        leaves = {path: replace(leaf, flat_at_zero=False) for path, leaf in price.matrix.leaves.items()}
        return replace(price, matrix=Tree.of(price.matrix.depth, leaves))
    return price if price.ladder is None else replace(price, ladder=replace(price.ladder, flat_at_zero=False))


def price_versions(
    sources: ChargeSources, terms: PriceTerms, units: PricingUnits, where: ZoneInfo
) -> Timed[Price]:
    """Compile every version of a charge's price; what `terms` lack is its home currency, and worths."""
    written = _written("price", sources, units, where)
    moments = (
        Moment(at, compile_price(one.value, replace(terms, home=one.home, worths=units.at(at)), one.pointer))
        for at, one in written.moments
    )
    return Timed(tuple(moments), written.gaps)


def bounds(
    name: str, sources: ChargeSources, currency: str, units: PricingUnits, where: ZoneInfo
) -> Timed[Bound | None]:
    """Compile every version of a charge's minimum or maximum; one in a unit without value is none."""
    written = _written(name, sources, units, where)
    amounts = [(at, in_money(one.value, units.at(at)), one) for at, one in written.moments]
    homes = [home_of(one.value, one.home, units.at(at)) for at, one in written.moments]
    moments = (
        Moment(at, None if amount is None else Bound(*pick(amount, currency, home), one.pointer))
        for (at, amount, one), home in zip(amounts, homes, strict=True)
    )
    return Timed(tuple(moments), written.gaps)


def _written(name: str, sources: ChargeSources, units: PricingUnits, where: ZoneInfo) -> Timed[Term]:
    """Give the versions of a price or amount, and each again from when what its pricing unit is worth changes."""
    found = layered(sources.layers(name), where, lambda value, pointer, home: Term(value, home, pointer))
    starts = [start for start, _ in found.moments]
    moments: list[Moment[Term]] = []
    for (start, term), end in zip(found.moments, [*starts[1:], NEVER], strict=False):
        inside = {change for change in units.changes(_amounts(term.value)) if start < change < end}
        moments += (Moment(at, term) for at in sorted({start, *inside}))
    return Timed(tuple(moments), found.gaps)


def _amounts(written: Any) -> list[Amount]:  # noqa: ANN401 - an amount, or a price of any model
    if isinstance(written, Decimal | Mapping):
        return [written]
    leaves = leaves_of(written.values if isinstance(written, Matrix) else written)
    return [amount for leaf in leaves for amount in amounts_of(leaf)]


def _prices(sources: ChargeSources) -> list[Any]:
    """Give every price that a charge has at some time, as the book writes it."""
    return [version.value for layer in sources.layers("price") for version in layer.term.value.versions]


def bounds_events(sources: ChargeSources) -> bool:
    """Tell whether any price of a charge bounds what one event costs."""
    trees = [price.values if isinstance(price, Matrix) else price for price in _prices(sources)]
    leaves = [leaf for tree in trees for leaf in leaves_of(tree)]
    return any(isinstance(leaf, Percentage) and leaf.each is not None for leaf in leaves)


def matrix_dimensions(sources: ChargeSources) -> list[str]:
    """Give the dimensions that a charge's matrix prices need."""
    return [name for price in _prices(sources) if isinstance(price, Matrix) for name in price.by]
