"""What contracts would pay on the other plans: each is rated on them as they are listed, over the same usage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ratebook.billrun.outcomes import Outcome
from ratebook.book import Book
from ratebook.book.draft import Draft
from ratebook.book.model import Contract, ContractTerms, TrialUntil
from ratebook.book.validity import could_agree, draft_of
from ratebook.calendar import EARLIEST_YEAR, add_months, instant_of, midnight, zone
from ratebook.compiler.run import RunCompiler
from ratebook.money import EXACT, ZERO
from ratebook.preview.figures import amount_text
from ratebook.preview.months import Months

_OWN: Final = (
    "overrides",
    "fees",
    "charges",
    "discounts",
    "commitments",
    "credits",
    "price_fixed",
    "price_lock",
    "phases",
    "pauses",
    "trial",
)
_AGES: Final = 36
"""Months; longer ago than the longest cycle."""
_LONG_AGO: Final = TrialUntil(until=date(EARLIEST_YEAR, 1, 1))
"""A trial that is over: who changes the plan gets no new one."""


def own_terms(terms: ContractTerms) -> list[str]:
    """Name the keys by which a contract has terms of its own, which it would leave behind with its plan."""
    return [name for name in _OWN if getattr(terms, name)]


@dataclass(slots=True)
class Offers:
    """The plans that a contract may change to: the newest version of each, but its own.

    Attributes:
        book: the book whose plans are offered.
        months: of the simulation; who has left by their end is offered nothing.
    """

    book: Book
    months: Months
    _plans: tuple[str, ...] = ()
    _carries: bool = False
    _terms: dict[tuple[int, str], tuple[ContractTerms, ContractTerms | None]] = field(default_factory=dict)
    _draft: Draft = field(init=False)

    def __post_init__(self) -> None:
        """Find the newest versions."""
        self._draft = draft_of(self.book)
        newest: dict[str, tuple[int, str]] = {}
        for plan in self.book.plans:
            name, _, version = plan.partition("@")
            newest[name] = max(newest.get(name, (0, "")), (int(version or 1), plan))
        self._plans = tuple(sorted(plan for _, plan in newest.values()))
        self._carries = any(meter.recurring for meter in self.book.meters.values())

    def of(self, contract: Contract) -> Iterator[tuple[str, Contract]]:
        """Give the contract as it would be on each plan: only who is billed, where and when stays of its own."""
        where = zone(self.book.specs[contract.terms.spec].time_zone)
        end = contract.end
        if end is not None and instant_of(end, where) <= midnight(self.months.end, where):
            return
        is_old = instant_of(contract.start, where) < midnight(self.months.first, where)
        for plan in self._plans:
            terms = None if plan == contract.terms.plan else self._on(contract.terms, plan)
            if terms is not None:
                offered = replace(contract, terms=terms)
                is_ageless = is_old and self._is_ageless(offered)
                yield plan, replace(offered, start=self._long_ago) if is_ageless else offered

    @property
    def _long_ago(self) -> date:
        return add_months(self.months.first, -_AGES).replace(month=1)

    def _is_ageless(self, contract: Contract) -> bool:
        """Tell whether it does not matter how old a contract is: all old ones then share what is compiled for them.

        It does where periods are counted from its start, and where levels carry over from before.
        """
        terms = contract.terms
        cycle = terms.cycle or self.book.plans[terms.plan or ""].cycle
        return not self._carries and (cycle is None or cycle.anchor == "calendar")

    def _on(self, terms: ContractTerms, plan: str) -> ContractTerms | None:
        """Give the terms on a plan, one object for those who share terms; None where they could not be agreed on."""
        found = self._terms.get((id(terms), plan))
        if found is None:
            listed = self._listed(terms, plan)
            offered = listed if could_agree(self._draft, listed) else None
            found = self._terms[id(terms), plan] = (terms, offered)
        return found[1]

    def _listed(self, terms: ContractTerms, plan: str) -> ContractTerms:
        return ContractTerms(
            type="fixed",  # what the plan has no price for is found by comparing, and is not reported
            spec=terms.spec,
            plan=plan,
            currency=terms.currency,
            cycle=terms.cycle,
            tax=terms.tax,
            trial=_LONG_AGO if self.book.plans[plan].trial is not None else None,
        )


@dataclass(slots=True)
class Bill:
    """What a contract comes to on one plan.

    Attributes:
        amounts: month → revenue.
        events: meter → how many events are billed.
        is_whole: whether all of it could be billed.
    """

    amounts: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    is_whole: bool = True

    def add(self, key: tuple[str, str], amount: Decimal, outcome: Outcome, meters: "Meters") -> None:
        """Add an invoice: its month and currency, and what it brings in."""
        self.amounts[key] = self.amounts.get(key, ZERO) + amount
        self.is_whole = self.is_whole and outcome.status != "failed" and not outcome.findings
        for meter, events in meters.billed(outcome):
            self.events[meter] = self.events.get(meter, 0) + events

    def covers(self, other: "Bill") -> bool:
        """Tell whether it bills all usage that another bill does."""
        events = (self.events.get(meter, 0) >= count for meter, count in other.events.items())
        return self.is_whole and all(events) and self.amounts.keys() >= other.amounts.keys()

    @property
    def total(self) -> Decimal:
        """All months together."""
        return sum(self.amounts.values(), ZERO)


@dataclass(frozen=True, slots=True)
class Meters:
    """Counts the events of each meter that invoices bill; what a surcharge adds to others is not counted anew."""

    compiler: RunCompiler
    surcharges: frozenset[str]

    @classmethod
    def of(cls, compiler: RunCompiler) -> "Meters":
        """Know which charges of a run's book are surcharges."""
        book = compiler.book
        own = {
            charge.id
            for plan in book.plans.values()
            for charge in plan.charges
            if (book.rules[charge.rating].surcharge if charge.surcharge is None else charge.surcharge)
        }
        return cls(compiler, frozenset(own))

    def billed(self, outcome: Outcome) -> Iterator[tuple[str, int]]:
        """Give the events that an invoice bills or reports, charge by charge."""
        for rated, rows in outcome.used:
            use = rated.program.use
            if rated.program.charge in self.surcharges:
                continue
            for row in rows:
                measure = use.reading_of(row.dimensions).measure if use.readings else use.measure
                yield self.compiler.measures[measure].spec.meter, row.events


def cheaper(
    contract: Contract, now: Bill, offers: Mapping[str, Bill], currency: str
) -> dict[str, Any] | None:
    """Say which plan would be the cheapest for a contract; None where none is cheaper than its own.

    Args:
        contract: as the book has it.
        now: what it pays.
        offers: plan → what it would pay there.
        currency: of the amounts.
    """
    possible = [(bill.total, plan) for plan, bill in offers.items() if bill.covers(now)]
    if not possible or min(possible)[0] >= now.total:
        return None
    total, plan = min(possible)
    months = [now.amounts[key] > offers[plan].amounts.get(key, ZERO) for key in now.amounts]
    own = own_terms(contract.terms)
    return {
        "contract": contract.id,
        "plan": contract.terms.plan,
        "cheapest": plan,
        "currency": currency,
        "pays": amount_text(now.total, currency),
        "would_pay": amount_text(total, currency),
        "saves": amount_text(EXACT.subtract(now.total, total), currency),
        "months_cheaper": sum(months),
        "months": len(months),
        "own_terms": own,
        "would_leave": not own,
    }
