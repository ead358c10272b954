"""Price programs: what a contract agreed to, resolved for one boundary, ready to rate without the book.

A program is shared by all contracts with equal terms and equal periods. It holds exact numbers, names and
pointers into the book, and no positions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from typing import Literal
from zoneinfo import ZoneInfo

from ratebook.book.model.times import Duration
from ratebook.calendar import EVERYTHING, Instant, Interval, Share
from ratebook.compiler.money_off_programs import CommitmentProgram, CreditProgram, DiscountProgram
from ratebook.compiler.reading import LateFactor, MeasureUse
from ratebook.compiler.tax_programs import TaxProgram, TaxRules
from ratebook.compiler.tree import Tree
from ratebook.money import RoundingMode
from ratebook.template import Template

LadderModel = Literal["graduated", "volume", "package", "free", "blocked"]
ConversionRounding = Literal["none", "up", "down", "half_up"]


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a ladder: units above the previous bound up to `up_to` (None: without end).

    A unit costs `price / ladder.denominator`; `flat`, an amount by itself, is due once the tier is entered.
    `base` is what the tiers below cost in full, with this tier's own flat, times the ladder's denominator.
    """

    lower: Decimal
    up_to: Decimal | None
    price: Decimal
    flat: Decimal
    base: Decimal
    pointer: str


@dataclass(frozen=True, slots=True)
class EventFee:
    """What an event costs by itself: `fixed`, but for the first `free` ones of a ladder in a billing period.

    `minimum` and `maximum` bound what it costs together with its units; where there is one, nothing is free.
    """

    fixed: Decimal
    free: int
    minimum: Decimal | None
    maximum: Decimal | None

    @property
    def is_bound(self) -> bool:
        """Whether what an event costs depends on how large it is."""
        return self.minimum is not None or self.maximum is not None


@dataclass(frozen=True, slots=True)
class Pricing:
    """The pricing unit in which the book lists a price, and what one is worth in the ladder's currency."""

    unit: str
    name: str
    value: Decimal
    pointer: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """One leaf price. `per_unit`, `flat`, `percentage` and `dynamic` are graduated ladders of one tier or two.

    `package` has one tier whose `flat` is the amount of a package of `size` units, of which started ones count, or with
    `rounds` down only full ones. Amounts are in `currency`.
    """

    model: LadderModel
    tiers: tuple[Tier, ...]
    bounds: tuple[Decimal, ...]
    denominator: Decimal
    size: Decimal
    flat_at_zero: bool
    currency: str
    pointer: str
    word: str
    rounds: Literal["up", "down"] = "up"
    event_fee: EventFee | None = None
    pricing: Pricing | None = None

    @property
    def costs_nothing(self) -> bool:
        """Whether nothing is ever due."""
        return self.event_fee is None and not any(tier.price or tier.flat for tier in self.tiers)


@dataclass(frozen=True, slots=True)
class Price:
    """A price at one version: a ladder, or a matrix of ladders by dimension values."""

    ladder: Ladder | None
    matrix: Tree[Ladder] | None
    by: tuple[int, ...]
    pointer: str

    @property
    def all_ladders(self) -> tuple[Ladder, ...]:
        """The ladder, or those of all cells."""
        if self.matrix is not None:
            return tuple(self.matrix.leaves.values())
        return () if self.ladder is None else (self.ladder,)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a billed period in which one price and one charge discount hold, those that are in force at `at`.

    `continues` says that nothing of this charge's own changes at its start: what splits the usage there is a change
    of another charge that reads the same measure. Lines then share the segment and the one before as if they were one.
    """

    interval: Interval
    at: Instant
    price: Price
    percent_off: Decimal
    percent_pointer: str
    continues: bool
    late_factors: tuple[LateFactor, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """A minimum or maximum of a charge or of a plan."""

    amount: Decimal
    currency: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Included:
    """Units that cost nothing: how many, after proration, and whether each ladder gets them all."""

    units: Decimal
    each: bool
    pointer: str


@dataclass(frozen=True)
class ChargeProgram:
    """A charge in one billed period: from units to exact nets.

    `divisor` converts multiplied units to billable ones, `quantity_divisor` what was measured to the quantity: the
    length of the nominal period, in microseconds or `days`, for a level over time, else 1. `segments` tile the part of
    the billed period in which the charge holds, `part` of the program's parts. One that `carries` goes on in the
    ladders of the charge of this name in a part before, one that `is_continued` is gone on with.
    `leaves_out` names the narrower charges that bill some events of its meter in its stead.
    """

    charge: str
    pointer: str
    use: MeasureUse
    quantity_unit: str
    quantity_divisor: Decimal
    billable_unit: str
    divisor: Decimal
    conversion_rounding: ConversionRounding
    conversion_pointer: str
    included: Included
    segments: tuple[Segment, ...]
    maximum: Bound | None
    minimum: Bound | None
    description: Template
    labels: Mapping[str, Mapping[str, str]]
    report_only: bool
    leaves_out: tuple[str, ...] = ()
    part: int = 0
    carries: bool = False
    is_continued: bool = False
    days: tuple[Interval, ...] = ()

    @cached_property
    def period(self) -> Interval:
        """The part of the billed period in which it holds."""
        return Interval(self.segments[0].interval.start, self.segments[-1].interval.end)

    @cached_property
    def ladders(self) -> tuple[Ladder, ...] | None:
        """The ladder of each segment, where no segment has a matrix."""
        ladders = tuple(one.price.ladder for one in self.segments if one.price.ladder is not None)
        return ladders if len(ladders) == len(self.segments) else None

    @cached_property
    def has_one_ladder(self) -> bool:
        """Whether all usage of the period shares one ladder at one version, and each row is a line's."""
        use = self.use
        return (
            self.ladders is not None
            and len(self.segments) == 1
            and not use.pool_by
            and not use.multiplies_late
            and not self.segments[0].late_factors
        )

    def late_factors(self, segment: int, key: tuple[str | None, ...]) -> tuple[LateFactor, ...]:
        """Give the multipliers that are applied after measuring: those of the whole period, or of a segment."""
        return self.use.late_factors_of(key) or self.segments[segment].late_factors

    def intervals(self, measure: int) -> list[Interval]:
        """Give the parts of the billed period in which a measure's usage is told apart."""
        if measure in self.use.whole:
            return [Interval(self.segments[0].interval.start, self.segments[-1].interval.end)]
        return [segment.interval for segment in self.segments]

    @cached_property
    def stretches(self) -> tuple[int, ...]:
        """For each segment the number of the stretch that it belongs to; see `Segment.continues`."""
        return tuple(accumulate(int(not one.continues) for one in self.segments))

    @cached_property
    def is_discounted(self) -> bool:
        """Whether any segment has a discount."""
        return any(segment.percent_off for segment in self.segments)

    @cached_property
    def ladder_divisor(self) -> Decimal:
        """How many units of the ladder make a billable one: rounded units are counted as such, others undivided."""
        return self.divisor if self.conversion_rounding == "none" else Decimal(1)

    @cached_property
    def shares_by_units(self) -> bool:
        """Whether lines share what a ladder costs by their units: nothing rounds them, no change divides them."""
        return len(self.segments) == 1 and self.conversion_rounding == "none" and not self.counts_events

    @cached_property
    def changes_gross(self) -> bool:
        """Whether anything comes between the charge's gross and its net."""
        return self.is_discounted or self.maximum is not None or self.minimum is not None

    @cached_property
    def blocks(self) -> bool:
        """Whether any price is `blocked`."""
        return any(ladder.model == "blocked" for ladder in self.all_ladders)

    @cached_property
    def counts_events(self) -> bool:
        """Whether any price asks how many events there were."""
        return any(ladder.event_fee is not None for ladder in self.all_ladders)

    @cached_property
    def pricing_unit(self) -> str:
        """The pricing unit of all its prices that cost anything, or ""."""
        units = {
            ladder.pricing.unit if ladder.pricing is not None else ""
            for ladder in self.all_ladders
            if not ladder.costs_nothing
        }
        return units.pop() if len(units) == 1 else ""

    @property
    def all_ladders(self) -> Iterator[Ladder]:
        """The ladders of all segments, those of matrix cells among them."""
        for segment in self.segments:
            yield from segment.price.all_ladders

    @cached_property
    def starts(self) -> tuple[Instant, ...]:
        """When each segment begins."""
        return tuple(segment.interval.start for segment in self.segments)

    @cached_property
    def divides(self) -> bool:
        """Whether billable units are others than multiplied ones."""
        return self.divisor != 1


@dataclass(frozen=True, slots=True)
class FeeProgram:
    """One fee for one of its periods: `amount × quantity × share`, in `currency`."""

    fee: str
    name: str
    amount: Decimal
    quantity: Decimal
    share: Share
    currency: str
    period: Interval
    pointer: str
    share_pointer: str


@dataclass(frozen=True, slots=True)
class MinimumProgram:
    """A plan's minimum, prorated, over what `applies_to` names.

    `period` is the part of the billed period in which the plan holds, None where it is all of it. What begins in
    `counts` counts towards it.
    """

    bound: Bound
    share: Share
    applies_to: frozenset[str]
    period: Interval | None = None
    counts: Interval = EVERYTHING


@dataclass(frozen=True, slots=True)
class FxPolicy:
    """Where a spec takes exchange rates from, for which date, and what happens without one."""

    source: str
    date: Literal["invoice_date", "period_end"]
    bulletin: Literal["same_day", "before"]
    max_age: Duration
    on_failure: Literal["fail", "estimate"]
    pointer: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What does not change from one boundary to the next: the spec's rules and the contract's currency.

    `tells_accounts` says that usage of child accounts is told apart from the contract's own.
    """

    spec: str
    region: str
    language: str
    zone: ZoneInfo
    currency: str
    minor_unit: Decimal
    rounding: RoundingMode
    fx: FxPolicy | None
    issue_after: Duration
    due: Duration
    contract_type: str
    plan: str
    tells_accounts: bool = False

    def say(self, text: str | Mapping[str, str]) -> str:
        """Choose a text in the spec's language, else the first that is written."""
        if isinstance(text, str):
            return text
        return text[self.language] if self.language in text else next(iter(text.values()))


@dataclass(frozen=True, slots=True)
class Boundary:
    """A moment at which a contract is invoiced: its opening, or the end of a billing period.

    `nominal` is the full period, `billed` what of it the contract lived through; an opening bills no usage.
    """

    kind: Literal["opening", "period"]
    at: Instant
    nominal: Interval
    billed: Interval
    following: Interval | None


def supply_of(fee_period: Interval, boundary: Boundary) -> Instant:
    """Give the date of supply of a fee: when its period begins if it is paid in advance, else the last of it."""
    return fee_period.start if fee_period.start >= boundary.at else Instant(fee_period.end - 1)


@dataclass(frozen=True, eq=False)
class Program:
    """Everything that rating a contract at one boundary needs to know; one object for all who share it.

    `parts` are the stretches of the billed period in which charges hold: one, where no stage divides it.
    `currencies` are those of its amounts that are not the invoice's; `digest` covers its meaning, not its pointers.
    """

    agreement: Agreement
    boundary: Boundary
    parts: tuple[Interval, ...]
    fees: tuple[FeeProgram, ...]
    charges: tuple[ChargeProgram, ...]
    discounts: tuple[DiscountProgram, ...]
    minimums: tuple[MinimumProgram, ...]
    tax: TaxProgram | TaxRules | None
    external_tax: bool
    currencies: tuple[str, ...]
    digest: str
    commitments: tuple[CommitmentProgram, ...] = ()
    credits: tuple[CreditProgram, ...] = ()

    @cached_property
    def has_steps(self) -> bool:
        """Whether anything comes between the rounded charges and the tax, or after it."""
        return bool(self.discounts or self.minimums or self.commitments or self.credits)

    @cached_property
    def has_balances(self) -> bool:
        """Whether what was billed before matters."""
        carried = any(one.kind != "period" for one in self.commitments)
        return carried or bool(self.credits) or any(one.meets_twice for one in self.discounts)
