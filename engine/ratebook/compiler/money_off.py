"""A contract's discounts, commitments and credits: what each means at one boundary."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from ratebook.book.model import ContractDiscount, ContractTerms
from ratebook.book.model.money_off import Commitment, Credit, Overage, Rollover
from ratebook.book.model.plan import FEE
from ratebook.book.model.values import LocalText
from ratebook.book.terms import FeeSources
from ratebook.calendar import (
    BEGINNING,
    NEVER,
    WHOLE,
    Calendar,
    Instant,
    Interval,
    Share,
    When,
    from_datetime,
    instant_of,
    share,
    shift,
    to_datetime,
)
from ratebook.compiler.money_off_programs import (
    CommitmentProgram,
    CreditProgram,
    DiscountProgram,
    Expiry,
    OverageProgram,
)
from ratebook.compiler.prices import pick
from ratebook.compiler.program import Agreement, Boundary
from ratebook.compiler.stages import Stages, clip, life_of
from ratebook.compiler.terms import ANY_CONTRACT
from ratebook.money import ZERO, round_money

_NOTHING: Final = Share(0, 1)
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class MoneyOff:
    """What contracts with equal terms agreed to about money off and money promised.

    Attributes:
        header: the spec's rules and the currency.
        fees: of all its plans, of which some may be billed in advance.
        discounts: in order.
        commitments: in the order in which they are drawn on: what ends earlier first, then by id.
        credits: in the order in which they are used: by priority, then what expires earlier first, then by id.
        after_tax: whether credits pay for what is billed with its tax.
    """

    header: Agreement
    fees: tuple[FeeSources, ...]
    discounts: tuple[ContractDiscount, ...]
    commitments: tuple[tuple[int, Commitment], ...]
    credits: tuple[tuple[int, Credit], ...]
    after_tax: bool

    @classmethod
    def of(
        cls, header: Agreement, fees: tuple[FeeSources, ...], terms: ContractTerms, *, after_tax: bool
    ) -> "MoneyOff":
        """Bring commitments and credits into the order in which they are used."""

        def end(when: When | None) -> Instant:
            return NEVER if when is None else instant_of(when, header.zone)

        drawn = sorted(enumerate(terms.commitments), key=lambda one: (end(one[1].until), one[1].id))
        used = sorted(
            enumerate(terms.credits), key=lambda one: (one[1].priority, end(one[1].expires), one[1].id)
        )
        return cls(header, fees, terms.discounts, tuple(drawn), tuple(used), after_tax)

    @property
    def counts_periods_of_life(self) -> bool:
        """Whether something lasts a number of billing periods from the contract's start on."""
        return any(one.periods is not None and one.from_ is None for one in self.discounts)

    def edges(self, calendar: Calendar, stages: Stages) -> set[Instant]:
        """Give the instants at which a window begins or ends; a stage does so at the edge of a part, for itself."""
        windows = [self._window(one, calendar, stages) for one in self.discounts if one.units is None]
        for _, one in self.credits:
            own = self._interval(one.from_, one.expires)
            windows += [own, Interval(own.end, self._expiry(own.end, one.rollover).rolled)]
        return {edge for window in windows for edge in window}

    def free_units(self, charge: str, part: Interval, calendar: Calendar, stages: Stages) -> Decimal:
        """Give the units of a charge that cost nothing in a part of a billing period, if their windows touch it."""
        found = ZERO
        for one in self.discounts:
            if one.units is not None and charge in one.applies_to:
                windows = (window.clip(part) for window in self._windows(one, calendar, stages))
                found += one.units if any(window.start < window.end for window in windows) else ZERO
        return found

    def discount_programs(self, calendar: Calendar, stages: Stages) -> Iterator[DiscountProgram]:
        """Give the discounts that reduce amounts, in order."""
        for index, one in enumerate(self.discounts):
            windows = self._windows(one, calendar, stages)
            if one.units is not None or not windows:
                continue
            amount = None if one.amount is None else self._money(one.amount)
            names = frozenset(one.applies_to)
            yield DiscountProgram(
                discount=one.id or f"discount-{index + 1}",
                name=self._say(one.name),
                percent=one.percent if one.percent is not None else ZERO,
                amount=amount,
                of_whole=one.of == "whole",
                applies_to=names,
                windows=windows,
                meets_twice=amount is not None and self._meets_twice(names),
                pointer=f"{ANY_CONTRACT}#discounts/{index}",
            )

    def _windows(self, one: ContractDiscount, calendar: Calendar, stages: Stages) -> tuple[Interval, ...]:
        """Give when a discount holds: in its window, and if it is for a plan, while the contract is on that."""
        window = self._window(one, calendar, stages)
        if one.plan is None:
            return (window,)
        on_plan = (stage.span.interval for stage in stages if stage.terms and stage.terms.plan == one.plan)
        clipped = (window.clip(interval) for interval in on_plan)
        return tuple(part for part in clipped if part.start < part.end)

    def _window(self, one: ContractDiscount, calendar: Calendar, stages: Stages) -> Interval:
        window = self._interval(one.from_, one.until)
        if one.periods is None:
            return window
        begin = life_of(stages).start if one.from_ is None else window.start
        last = calendar.period(calendar.number_at(begin) + one.periods - 1)
        return Interval(window.start, min(window.end, last.end))

    def _meets_twice(self, names: frozenset[str]) -> bool:
        """Tell whether an amount is taken off fees in advance, and off something that is billed when a period ends."""
        named = [source.fee for source in self.fees if source.fee.id in names or FEE in names]
        ahead = {fee.id for fee in named if fee.bill == "in_advance"}
        others = names - {FEE} - {fee.id for fee in named}
        return bool(ahead) and (bool(others) or len(ahead) < len(named))

    def commitment_programs(self, boundary: Boundary, stages: Stages) -> Iterator[CommitmentProgram]:
        """Give what the commitments mean at a boundary."""
        for index, one in self.commitments:
            term = self._interval(one.from_, one.until)
            before, at = boundary.billed.start, boundary.at
            expiry = self._expiry(term.end, one.rollover)
            prepaid = one.pay == "in_advance"
            yield CommitmentProgram(
                commitment=one.id,
                name=self._say(one.name),
                kind="period" if one.every else "prepaid" if prepaid else "arrears",
                amount=self._money(one.amount),
                term=term,
                applies_to=frozenset(one.applies_to),
                due=self._due(one, term, boundary, stages),
                due_before=self._elapsed(one, term, before),
                bills=prepaid and boundary.following is not None and term.start in boundary.following,
                counts=bool(one.every) or term.start < at <= term.end,
                draws_rolled=prepaid and expiry.end < at <= expiry.rolled,
                overage=_overage(one.overage),
                expiry=expiry,
                pointer=f"{ANY_CONTRACT}#commitments/{index}",
            )

    def _due(self, one: Commitment, term: Interval, boundary: Boundary, stages: Stages) -> Share | None:
        """Give the share of a commitment that must be reached at a boundary, if anything is filled up there."""
        if one.pay == "in_advance" or boundary.kind == "opening":
            return None
        if one.every is not None:
            return self._accrued(one, boundary, clip(clip(stages, boundary.billed), term))
        if boundary.billed.start >= term.end:
            return None
        if boundary.at >= term.end or (boundary.following is None and boundary.at > term.start):
            return WHOLE
        return self._elapsed(one, term, boundary.at) if one.true_up == "period" else None

    def _accrued(self, one: Commitment, boundary: Boundary, stages: Stages) -> Share | None:
        """Give the share of a billing period in which the contract is neither on trial nor paused."""
        spans = [span for span, terms in stages if terms is not None and not terms.is_trial]
        by, where = one.prorate or "days", self.header.zone
        shares = [span.share_of(boundary.nominal, by, where) for span in spans]
        if not shares or WHOLE in shares:
            return WHOLE if shares else None
        return Share(sum(part.numerator for part in shares), shares[0].denominator)

    def _elapsed(self, one: Commitment, term: Interval, at: Instant) -> Share:
        """Give the share of a term's days that are over."""
        if one.true_up != "period" or at <= term.start:
            return _NOTHING
        return share(Interval(term.start, min(at, term.end)), term, "days", self.header.zone)

    def credit_programs(self) -> Iterator[CreditProgram]:
        """Give the credits."""
        for index, one in self.credits:
            own = self._interval(one.from_, one.expires)
            expiry = self._expiry(own.end, one.rollover)
            yield CreditProgram(
                credit=one.id,
                name=self._say(one.name),
                amount=self._money(one.amount),
                applies_to=frozenset(one.applies_to),
                window=(own,),
                rolled=(Interval(own.end, expiry.rolled),),
                after_tax=self.after_tax,
                expiry=expiry,
                pointer=f"{ANY_CONTRACT}#credits/{index}",
            )

    def _expiry(self, end: Instant, rollover: Rollover | None) -> Expiry:
        if rollover is None:
            return Expiry(end, end, ZERO)
        last = to_datetime(end, self.header.zone)
        try:
            day = shift(last.date(), rollover.for_.number, rollover.for_.unit)
        except (OverflowError, ValueError):  # beyond the calendar
            return Expiry(end, NEVER, rollover.percent)
        rolled = from_datetime(datetime.combine(day, last.time(), last.tzinfo))
        return Expiry(end, min(rolled, NEVER), rollover.percent)

    def _interval(self, begin: When | None, end: When | None) -> Interval:
        where = self.header.zone
        return Interval(
            BEGINNING if begin is None else instant_of(begin, where),
            NEVER if end is None else instant_of(end, where),
        )

    def _money(self, amount: Decimal | dict[str, Decimal]) -> Decimal:
        exact, _ = pick(amount, self.header.currency, self.header.currency)
        return round_money(exact, self.header.minor_unit, self.header.rounding)

    def _say(self, name: LocalText | None) -> str:
        return "" if name is None else self.header.say(name)


def _overage(overage: Overage | None) -> OverageProgram | None:
    if overage is None:
        return None
    if overage.percent_off is not None:
        return OverageProgram(-overage.percent_off / _HUNDRED, "discount")
    return OverageProgram((overage.factor or Decimal(1)) - 1, "commitment")
