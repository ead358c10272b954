"""Agreements: the book's terms for contracts that agreed to the same, and their programs boundary by boundary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ratebook.book.model import ContractDiscount, Minimum
from ratebook.book.model.plan import FeeCycle
from ratebook.book.terms import FeeSources
from ratebook.calendar import BEGINNING, NEVER, Calendar, Cycle, Instant, Interval, instant_of, share
from ratebook.compiler.boundaries import fee_periods
from ratebook.compiler.charges import ChargeTerms, Timed
from ratebook.compiler.meaning import meaning_digest
from ratebook.compiler.prices import pick
from ratebook.compiler.program import (
    Agreement,
    Bound,
    Boundary,
    ChargeProgram,
    DiscountProgram,
    FeeProgram,
    MinimumProgram,
    Program,
    TaxRules,
)
from ratebook.compiler.tax import TaxTerms
from ratebook.compiler.terms import at_version, in_force


@dataclass(frozen=True, slots=True)
class Agreed:
    """What contracts with equal terms agreed to, compiled, whatever the period.

    Attributes:
        number: of the agreement in a run.
        header: the spec's rules and the currency.
        cycle: when it is billed.
        fees: with where they stand.
        charges: with all their versions.
        discounts: of the contract, in order.
        minimum: of the plan, with its pointer and home currency.
        tax: its rates in time; None where there is none, or somebody else adds it.
        external_tax: whether somebody else adds it.
        bills_all: whether all usage counts as billed, as a fixed price does.
        meters: those whose usage some charge bills.
        uncovered: measures of what all its rules on a meter, being narrowed, do not bill.
    """

    number: int
    header: Agreement
    cycle: Cycle
    fees: tuple[FeeSources, ...]
    charges: tuple[ChargeTerms, ...]
    discounts: tuple[ContractDiscount, ...]
    minimum: Timed[tuple[Minimum, str, str]]
    tax: TaxTerms | None
    external_tax: bool
    bills_all: bool
    meters: frozenset[str]
    uncovered: frozenset[int]
    _programs: dict[tuple[Boundary, Calendar, Interval], Program] = field(default_factory=dict)

    @property
    def depends_on_life(self) -> bool:
        """Whether more of a contract's life matters than the periods that a run bills: fees have other periods."""
        return any(source.fee.every not in {None, self.cycle.every, "once"} for source in self.fees)

    @property
    def bills_once(self) -> bool:
        """Whether it matters which period is the first."""
        return any(source.fee.every == "once" for source in self.fees)

    def program(self, boundary: Boundary, calendar: Calendar, life: Interval) -> Program:
        """Give the program of a boundary; contracts that differ in nothing that matters share it."""
        matters = self.depends_on_life or self.bills_once
        key = (boundary, calendar, life if matters else Interval(BEGINNING, NEVER))
        if key not in self._programs:
            self._programs[key] = self._compile(boundary, calendar, life)
        return self._programs[key]

    def _compile(self, boundary: Boundary, calendar: Calendar, life: Interval) -> Program:
        where = self.header.zone
        fees = tuple(self._fees(boundary, calendar, life))
        charges = self._charges(boundary) if boundary.kind == "period" else ()
        minimum = self._minimum(boundary) if boundary.kind == "period" else None
        discounts = tuple(self._discounts(where))
        tax = self.tax.program(boundary, fees) if self.tax is not None else None
        owed = {tax.currency} if isinstance(tax, TaxRules) else set()
        currencies = sorted((_currencies(fees, charges, minimum) | owed) - {self.header.currency, ""})
        meaning = (self.header, boundary, fees, charges, discounts, minimum, tax, self.external_tax)
        return Program(
            self.header,
            boundary,
            fees,
            charges,
            discounts,
            minimum,
            tax,
            self.external_tax,
            tuple(currencies),
            meaning_digest(meaning),
        )

    def _fees(self, boundary: Boundary, calendar: Calendar, life: Interval) -> Iterator[FeeProgram]:
        for source in self.fees:
            fee = source.fee
            own = self._calendar_of(fee.every, calendar, life)
            for nominal, clipped in fee_periods(own, life, boundary, fee.bill):
                version = in_force(source.amount.value, clipped.start, self.header.zone)
                if version is None:
                    continue
                amount, currency = pick(version.value, self.header.currency, source.amount.home)
                yield FeeProgram(
                    fee=fee.id,
                    name=self.header.say(fee.name),
                    amount=amount,
                    quantity=fee.quantity,
                    share=share(clipped, nominal, fee.prorate, self.header.zone),
                    currency=currency,
                    period=clipped,
                    pointer=at_version(source.amount.pointer, version),
                    share_pointer=source.pointer,
                )

    def _calendar_of(self, every: FeeCycle | None, billing: Calendar, life: Interval) -> Calendar | None:
        if every is None or every == self.cycle.every:
            return billing
        if every == "once":
            return None
        return Calendar.of(Cycle(every, self.cycle.anchor), life.start, self.header.zone)

    def cuts(self, billed: Interval) -> dict[int, set[Instant]]:
        """Give, for each measure, the instants inside a billed period that split its usage."""
        found: dict[int, set[Instant]] = {}
        for charge in self.charges:
            share_cuts(found, charge.measures, self._window_edges(billed) | charge.changes(billed))
        return found

    def _window_edges(self, billed: Interval) -> set[Instant]:
        edges = {edge for discount in self._discounts(self.header.zone) for edge in discount.window}
        if self.tax is not None:
            edges |= self.tax.changes(billed)
        return {edge for edge in edges if billed.start < edge < billed.end}

    def _charges(self, boundary: Boundary) -> tuple[ChargeProgram, ...]:
        nominal, billed = boundary.nominal, boundary.billed
        cuts, windows = self.cuts(billed), self._window_edges(billed)
        return tuple(
            charge.program(nominal, billed, cuts[charge.measure], windows, self.header.zone)
            for charge in self.charges
        )

    def _discounts(self, where: ZoneInfo) -> Iterator[DiscountProgram]:
        for index, discount in enumerate(self.discounts):
            start = BEGINNING if discount.from_ is None else instant_of(discount.from_, where)
            end = NEVER if discount.until is None else instant_of(discount.until, where)
            yield DiscountProgram(
                discount.id or f"discount-{index + 1}",
                self.header.say(discount.name) if discount.name is not None else "",
                discount.percent,
                frozenset(discount.applies_to),
                Interval(start, end),
                f"contracts/*#discounts/{index}",
            )

    def _minimum(self, boundary: Boundary) -> MinimumProgram | None:
        found = self.minimum.at(boundary.billed.start)
        if found is None:
            return None
        minimum, home, pointer = found
        amount, currency = pick(minimum.amount, self.header.currency, home)
        part = share(boundary.billed, boundary.nominal, minimum.prorate, self.header.zone)
        return MinimumProgram(Bound(amount, currency, pointer), part, frozenset(minimum.applies_to))


def share_cuts(found: dict[int, set[Instant]], measures: Sequence[int], cuts: set[Instant]) -> None:
    """Add cuts to measures that one charge reads: all of these, and all that share their cuts already, get the same."""
    together = [found[measure] for measure in measures if measure in found]
    others = [measure for measure, own in found.items() if any(own is one for one in together)]
    joined = cuts.union(*together)
    found.update(dict.fromkeys((*measures, *others), joined))


def _currencies(
    fees: Sequence[FeeProgram], charges: Sequence[ChargeProgram], minimum: MinimumProgram | None
) -> set[str]:
    found = {fee.currency for fee in fees if fee.amount}
    for charge in charges:
        found |= {bound.currency for bound in (charge.minimum, charge.maximum) if bound is not None}
        found |= {ladder.currency for ladder in charge.all_ladders}
    if minimum is not None:
        found.add(minimum.bound.currency)
    return found
