"""Two books over the same usage and period: who pays what, before and after, and which change of the book is why.

Every change is made by itself, in the order in which an amount comes about; it carries what the bill moves by when it
is made after those before it. So the parts add up to the whole, exactly. `docs/explanation/diff.md` explains the rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from ratebook import SEMANTICS, __version__
from ratebook.billrun.issued import Issued, NothingIssued
from ratebook.billrun.outcomes import BillRun, Outcome
from ratebook.book import Book
from ratebook.book.changes import Change, book_changes
from ratebook.book.model import Contract, Policy, When
from ratebook.book.pointers import is_below
from ratebook.calendar import RunPeriod, iso, tzdata_version, zone
from ratebook.canonical import digest
from ratebook.fx import RateTable
from ratebook.money import ZERO
from ratebook.preview.amounts import amounts, by_size, line_change, totals, written
from ratebook.preview.as_if import as_if
from ratebook.preview.bills import NOTHING, Bill, balanced_by, bill_of, differing
from ratebook.preview.categories import categories
from ratebook.preview.causes import Causes
from ratebook.preview.policy import verdict
from ratebook.preview.price_sheet import price_sheets
from ratebook.preview.shields import Shielded
from ratebook.preview.sources_read import read_otherwise
from ratebook.preview.steps import way
from ratebook.preview.touched import Touched, Tracer
from ratebook.preview.words import said, title
from ratebook.usage.rows import UsageStore

_MOST_SUBJECTS: Final = 10_000
"""Up to so many subjects are named in the metering query; with more, all usage is measured."""


@dataclass(frozen=True, slots=True)
class Side:
    """A book and what it is called."""

    name: str
    book: Book


@dataclass(slots=True)
class Comparison:
    """What is compared: two books, over one period's usage.

    Attributes:
        first: the book as it was.
        second: the book as it will be.
        period: the period whose usage is rated.
        store: where usage is measured.
        rates: exchange rates.
        on: the day of judgement: periods before it are closed, so that a change which reaches back restates them.
        day: rates both books as if the versions of this day held already; None as they are.
        issued: invoices whose balances are brought forward.
    """

    first: Side
    second: Side
    period: RunPeriod
    store: UsageStore
    rates: RateTable
    on: date
    day: date | None = None
    issued: Issued = field(default_factory=NothingIssued)

    def document(self) -> dict[str, Any]:
        """Compare, and write down what was found (`docs/reference/diff.md`)."""
        causes = Causes()
        first, second = (self._as_if(side.book) for side in (self.first, self.second))
        tracer = Tracer(way(first, second, causes), second, causes, self.period)
        touched = list(tracer.touched())
        begins = self._begins(causes) if self.day is not None else {}
        report = _Report(self, causes, tracer, begins)
        run = self._run(tracer, touched)
        report.read(touched, run)
        return report.document(run)

    def _as_if(self, book: Book) -> Book:
        return book if self.day is None else as_if(book, self.day, self.period.first)

    def _begins(self, causes: Causes) -> dict[str, When | None]:
        """Tell when changes begin in truth, and add those that begin only after the day: they move nothing yet."""
        found = {change.pointer: change.begins for change in causes.changes}
        for change in book_changes(self.first.book, self.second.book):
            near = [one for one in found if is_below(one, change.pointer) or is_below(change.pointer, one)]
            if not near:
                causes.add(change)
            for pointer in near or [change.pointer]:
                found[pointer] = change.begins
        return found

    def _run(self, tracer: Tracer, touched: Sequence[Touched]) -> BillRun:
        subjects = {subject for one in touched for state in one.rated for subject in state.all_subjects}
        compiler = tracer.compiler
        compiler.subjects = tuple(sorted(subjects)) if len(subjects) <= _MOST_SUBJECTS else ()

        def contracts() -> Iterator[Contract]:
            return (state for one in touched for state in one.rated)

        return BillRun(compiler, contracts, self.store, self.rates, self.issued, looks_for_unbilled=False)


@dataclass(slots=True)
class _Moved:
    """What a cause moves: money by currency, and for each contract which ways: both where its currency changes."""

    money: dict[str, Decimal] = field(default_factory=dict)
    directions: dict[str, set[int]] = field(default_factory=dict)

    @property
    def ways(self) -> set[int]:
        """Tell which ways it moves all of them together."""
        return {way for ways in self.directions.values() for way in ways}


@dataclass(slots=True)
class _Report:
    """The result while it is put together."""

    asked: Comparison
    causes: Causes
    tracer: Tracer
    begins: Mapping[str, When | None]
    touched: int = 0
    contracts: list[dict[str, Any]] = field(default_factory=list)
    moved: dict[int, _Moved] = field(default_factory=dict)
    events: dict[str, dict[str, list[tuple[str, int]]]] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    digests: list[list[str]] = field(default_factory=list)
    quotes: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def read(self, touched: Sequence[Touched], run: BillRun) -> None:
        """Rate all states of what is touched, and note what differs."""
        self.touched = len(touched)
        if not touched:
            return
        groups = groupby(run.outcomes(), key=lambda outcome: outcome.contract)
        following = iter(touched)
        for name, outcomes in groups:
            one = next(one for one in following if one.pair.id == name)
            self._contract(one, _by_state(outcomes))

    def _contract(self, touched: Touched, outcomes: Mapping[int, list[Outcome]]) -> None:
        bills = [self._bill(state.contract, outcomes) for state in touched.states]
        shares: dict[str, dict[int, Decimal]] = {}
        for before, after, state in zip(bills, bills[1:], touched.states[1:], strict=False):
            cause = self.causes.root(state.causes[0])
            for currency, amount in _moves(before, after):
                found = shares.setdefault(currency, {})
                found[cause] = found.get(cause, ZERO) + amount
        self._note(touched.pair.id, shares)
        for currency in sorted({*shares, bills[0].currency, bills[-1].currency} - {""}):
            entry = self._entry(touched, bills[0], bills[-1], currency, shares.get(currency, {}))
            if entry["lines"] or entry["causes"] or entry["shielded"]:
                self.contracts.append(entry)
        self._usage(touched.pair.id, bills[0], bills[-1])
        known = {(one.code, one.pointer) for one in bills[0].findings}
        self.findings += [
            one.document() for one in bills[-1].findings if (one.code, one.pointer) not in known
        ]
        self._digest(outcomes)

    def _bill(self, contract: Contract | None, outcomes: Mapping[int, list[Outcome]]) -> Bill:
        if contract is None or id(contract) not in outcomes:
            return NOTHING
        return bill_of(outcomes[id(contract)], self.tracer.books[contract.edition])

    def _note(self, contract: str, shares: Mapping[str, Mapping[int, Decimal]]) -> None:
        for currency, found in shares.items():
            for cause, amount in found.items():
                moved = self.moved.setdefault(cause, _Moved())
                moved.money[currency] = moved.money.get(currency, ZERO) + amount
                if amount:
                    moved.directions.setdefault(contract, set()).add(1 if amount > 0 else -1)

    def _entry(
        self, touched: Touched, was: Bill, now: Bill, currency: str, shares: Mapping[int, Decimal]
    ) -> dict[str, Any]:
        was, now = (bill if bill.currency == currency else NOTHING for bill in (was, now))
        pair = touched.pair
        contract = pair.now or pair.was
        terms = contract.terms if contract is not None else None
        customer = contract.customer if contract is not None else None
        return {
            "contract": pair.id,
            "customer": customer.name if customer is not None else None,
            "spec": terms.spec if terms is not None else None,
            "plan": terms.plan if terms is not None else None,
            "currency": currency,
            "status": "new" if pair.was is None else "gone" if pair.now is None else "changed",
            **amounts(was.total, now.total, currency),
            "causes": [
                {"cause": cause, "difference": written(amount, currency)}
                for cause, amount in sorted(shares.items())
                if amount
            ],
            "lines": [line_change(line, old, new, currency) for line, old, new in differing(was, now)],
            "shielded": [self._shielded(one) for one in (*touched.shielded, *balanced_by(pair.id, was, now))],
        }

    def _shielded(self, one: Shielded) -> dict[str, Any]:
        place = self._place(one.pointer)
        return {"by": one.by, "pointer": one.pointer, "place": place, "cause": one.cause}

    def _place(self, pointer: str) -> str | None:
        for side in (self.asked.second, self.asked.first):
            position = side.book.position(pointer)
            if position is not None:
                return f"{position.file}:{position.line}"
        return None

    def _usage(self, contract: str, was: Bill, now: Bill) -> None:
        for meter in sorted({*was.events, *now.events}):
            more = now.events.get(meter, 0) - was.events.get(meter, 0)
            if more:
                kind = "newly_billed" if more > 0 else "newly_unbilled"
                self.events.setdefault(kind, {}).setdefault(meter, []).append((contract, abs(more)))

    def _digest(self, outcomes: Mapping[int, Sequence[Outcome]]) -> None:
        for found in outcomes.values():
            for one in found:
                if one.document is not None:
                    self.digests.append([one.contract, one.document["digests"]["usage"]])
                    self.quotes |= {digest(quote): quote for quote in one.document["fx"]}

    def document(self, run: BillRun) -> dict[str, Any]:
        """Write everything down."""
        numbers = {root: number for number, root in enumerate(self.causes.groups())}
        for entry in self.contracts:
            for one in (*entry["causes"], *entry["shielded"]):
                if one["cause"] is not None:
                    one["cause"] = numbers[self.causes.root(one["cause"])]
        self.contracts.sort(key=by_size)
        asked = self.asked
        document: dict[str, Any] = {
            "format_version": "1.0",
            "kind": "diff",
            "period": asked.period.text,
            "as_if": asked.day.isoformat() if asked.day is not None else None,
            "closed_until": asked.on.isoformat(),
            "base": _side(asked.first),
            "head": _side(asked.second),
            "engine": {"ratebook": __version__, "semantics": SEMANTICS, "tzdata": tzdata_version()},
            "usage": self._usage_document(run),
            "fx": {"digest": digest(sorted(self.quotes))},
            "contracts_compared": self.tracer.compared,
            "contracts_touched": self.touched,
            "totals": totals(self.contracts),
            "causes": list(self._causes()),
            "contracts": self.contracts,
            "usage_changes": {
                kind: [
                    {
                        "meter": meter,
                        "events": sum(n for _, n in found),
                        "contracts": [name for name, _ in found],
                    }
                    for meter, found in sorted(self.events.get(kind, {}).items())
                ]
                for kind in ("newly_billed", "newly_unbilled")
            },
            "price_sheets": price_sheets(asked.first.book, asked.second.book),
            "findings": [*self._sources(), *self.findings],
            "policy": None,
        }
        policies = [side.book.policy for side in (asked.first, asked.second)]
        if any(policy != Policy() for policy in policies):
            first, second = policies
            document["policy"] = verdict(first, document, asked.on, head=second, places=self._place)
        return document

    def _sources(self) -> Iterator[dict[str, Any]]:
        for one in read_otherwise(self.asked.first.book, self.asked.second.book):
            yield one.document()

    def _usage_document(self, run: BillRun) -> dict[str, Any]:
        window = self.asked.period.window(zone("UTC")) if run.plan is None else run.plan.window
        return {
            "window": {"from": iso(window.start, zone("UTC")), "to": iso(window.end, zone("UTC"))},
            "digest": digest(self.digests),
            "measures": [{"measure": one.measure, "events": one.events} for one in run.counts],
        }

    def _causes(self) -> Iterator[dict[str, Any]]:
        for root, changes in self.causes.groups().items():
            moved = self.moved.get(root, _Moved())
            since = min(
                (self.begins.get(one.pointer, one.begins) for one in changes),
                key=lambda when: str(when or ""),
            )
            first, *others = [self._change(one) for one in changes]
            yield {
                **first,
                "with": others,
                "categories": list(categories(changes, since, moved.ways, self.asked.on)),
                "begins": since.isoformat() if since is not None else None,
                "reference": next((one.reference for one in changes if one.reference), None),
                "adds_version": all(one.adds_version for one in changes),
                "contracts": len(moved.directions),
                "money": [
                    {"currency": currency, "difference": written(amount, currency)}
                    for currency, amount in sorted(moved.money.items())
                    if amount
                ],
            }

    def _change(self, change: Change) -> dict[str, Any]:
        return {
            "pointer": change.pointer,
            "place": self._place(change.pointer),
            "title": title(change, self.asked.first.book, self.asked.second.book),
            "was": said(change.was),
            "now": said(change.now),
        }


def _by_state(outcomes: Iterable[Outcome]) -> dict[int, list[Outcome]]:
    found: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(id(outcome.rated), []).append(outcome)
    return found


def _moves(before: Bill, after: Bill) -> Iterator[tuple[str, Decimal]]:
    """Give what a bill moves by; in another currency the old bill goes and the new one comes."""
    if before.currency == after.currency or not after.currency or not before.currency:
        yield after.currency or before.currency, after.total - before.total
    else:
        yield before.currency, -before.total
        yield after.currency, after.total


def _side(side: Side) -> dict[str, str]:
    return {"name": side.name, "book": side.book.digest, "source": side.book.source_digest}
