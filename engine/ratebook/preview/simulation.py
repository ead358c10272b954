"""A book over past months, beside the book that it changes: revenue, cost and margin, and who would change the plan.

One run measures all months once. In it each contract stands several times: as the book before has it, as the book has
it, as what it costs, and on each plan that it might change to.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple

from ratebook import SEMANTICS, __version__
from ratebook.billrun.outcomes import BillRun, Outcome
from ratebook.book import Book
from ratebook.book.model import Contract
from ratebook.calendar import tzdata_version
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding
from ratebook.fx import RateTable
from ratebook.money import ZERO, total_of
from ratebook.preview.as_if import as_if
from ratebook.preview.cheapest import Bill, Meters, Offers, cheaper
from ratebook.preview.costs import CostTerms, cost_book, cost_of
from ratebook.preview.diff import Side
from ratebook.preview.distribution import Distribution
from ratebook.preview.exchange import Exchange, converted
from ratebook.preview.figures import NOTHING, Figures, Key, Known, Table, amount_text, figures_document
from ratebook.preview.months import Months, month_of
from ratebook.preview.revenue import Parts, revenue_of
from ratebook.usage.rows import UsageStore

_MARK: Final = "\x1f"
"""Stands in the ids of a run between a contract's own id and the role in which it stands there."""
_ROLE: Final = re.compile(f"{_MARK}[a-z]+{_MARK}(both|was|will_be)")
_COSTS: Final = "costs"
_OFFER: Final = "offer"

Axis = str
_AXES: Final[tuple[Axis, ...]] = ("totals", "months", "plans", "values", "contracts")


class Pair(NamedTuple):
    """A contract as the book before has it, and as the book has it; one of the two may be missing."""

    was: Contract | None
    will_be: Contract | None

    @property
    def contract(self) -> Contract:
        """The newer of the two."""
        found = self.will_be if self.will_be is not None else self.was
        assert found is not None  # noqa: S101 - a pair is of one contract at least
        return found


@dataclass(slots=True)
class _Tally:
    """What one contract comes to, as its outcomes come in."""

    cells: dict[Axis, dict[Key, Figures]] = field(default_factory=lambda: {axis: {} for axis in _AXES})
    now: Bill = field(default_factory=Bill)
    offers: dict[str, Bill] = field(default_factory=dict)
    plan: str = ""

    def add(self, keys: dict[Axis, str | None], currency: str, figures: Figures) -> None:
        """Add figures to a row of each table."""
        for axis, key in keys.items():
            cells = self.cells[axis]
            cells[key, currency] = cells.get((key, currency), NOTHING).plus(figures)


@dataclass(slots=True)
class Simulation:
    """What is simulated: iterate nothing, ask for the `document`.

    Attributes:
        side: the book.
        base: the book that it changes; None for none.
        months: over which it runs.
        store: where usage is measured.
        rates: exchange rates.
        by: a dimension of usage lines by which revenue and cost are told apart; "" for none.
        currency: into which all figures are converted; "" leaves each invoice in its own.
        day: runs both books as if the versions of this day held already; None as they are.
    """

    side: Side
    base: Side | None
    months: Months
    store: UsageStore
    rates: RateTable
    by: str = ""
    currency: str = ""
    day: date | None = None
    _tables: dict[Axis, Table] = field(default_factory=lambda: {axis: Table() for axis in _AXES})
    _distribution: Distribution = field(default_factory=Distribution)
    _plans: dict[str, str] = field(default_factory=dict)
    _cheaper: list[dict[str, Any]] = field(default_factory=list)
    _findings: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    _exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        """Begin without any rate, with the books as they are taken to hold."""
        self.side = self._as_if(self.side)
        self.base = None if self.base is None else self._as_if(self.base)
        self._exchange = Exchange(self.rates, self.currency)

    def _as_if(self, side: Side) -> Side:
        if self.day is None:
            return side
        return replace(side, book=as_if(side.book, self.day, self.months.first))

    @property
    def known(self) -> Known:
        """What there is to tell."""
        return Known(self.base is not None, not self.side.book.costs.is_empty)

    def document(self) -> dict[str, Any]:
        """Simulate, and write down what came of it (`docs/reference/simulation.md`)."""
        compiler = RunCompiler(self.side.book, self.months.run_period(), editions=tuple(self._editions()))
        run = BillRun(compiler, self._contracts, self.store, self.rates)
        meters = Meters.of(compiler)
        pairs = self._pairs()
        for name, outcomes in groupby(self._noted(run), key=lambda one: one.contract.partition(_MARK)[0]):
            pair = next(pair for pair in pairs if pair.contract.id == name)
            self._count(pair, self._tallied(outcomes, meters))
        return self._written()

    def _editions(self) -> Iterator[Book]:
        """Give the other books of the run: the one before, if there is one, and that of costs."""
        base = self.base.book if self.base is not None else None
        if base is not None:
            yield base
        if self.known.costs:
            yield cost_book(self.side.book, base, self.by)

    def _pairs(self) -> Iterator[Pair]:
        """Stream the contracts of both books side by side, in order of ids."""
        return paired(self.base.book.contracts if self.base is not None else None, self.side.book.contracts)

    def _contracts(self) -> Iterator[Contract]:
        offers, costs = Offers(self.side.book, self.months), CostTerms()
        for pair in self._pairs():
            if pair.was is not None:
                yield replace(pair.was, edition=1)
            if self.known.costs:
                yield from self._costs(pair, costs)
            if pair.will_be is not None:
                yield pair.will_be
                for plan, contract in offers.of(pair.will_be):
                    yield replace(contract, id=_MARK.join((contract.id, _OFFER, plan)))

    def _costs(self, pair: Pair, costs: CostTerms) -> Iterator[Contract]:
        """Give the contracts that bill what a contract costs: one for both books where both mean the same."""
        edition = 1 + int(self.base is not None)
        found = {
            side: costs.contract(contract, edition, "")
            for side, contract in (("was", pair.was), ("will_be", pair.will_be))
            if contract is not None
        }
        same = len(found) == 2 and found["was"] == found["will_be"]  # noqa: PLR2004 - both sides
        for side, contract in [("both", found["will_be"])] if same else found.items():
            yield replace(contract, id=_MARK.join((pair.contract.id, _COSTS, side)))

    def _noted(self, run: BillRun) -> Iterator[Outcome]:
        """Give the outcomes as they come, and note what was found in them, so that a run keeps none of it."""
        for outcome in run.outcomes():
            found = run.findings[: len(run.findings) - len(outcome.findings)]
            run.findings.clear()
            self._note("usage", found)
            role = _role(outcome, has_base=self.base is not None)[0]
            if role != _OFFER:
                self._note(role, outcome.findings)
            yield outcome

    def _note(self, role: str, found: Iterable[Finding]) -> None:
        for finding in found:
            self._findings.setdefault((finding.code, role), [0, finding])[0] += 1

    def _tallied(self, outcomes: Iterable[Outcome], meters: Meters) -> _Tally:
        tally = _Tally()
        for outcome in outcomes:
            role, detail = _role(outcome, has_base=self.base is not None)
            currency, rate = self._exchange.of(outcome.program, is_counted=role == "will_be")
            parts = cost_of(outcome, self.by) if role == _COSTS else self._revenue(outcome)
            parts = {value: converted(amount, rate) for value, amount in parts.items()}
            month = month_of(outcome.program)
            if role == _OFFER:
                bill = tally.offers.setdefault(detail, Bill())
                bill.add((month, currency), total_of(parts.values()), outcome, meters)
                continue
            if role == "will_be":
                tally.now.add((month, currency), total_of(parts.values()), outcome, meters)
            plan = outcome.program.agreement.plan
            tally.plan = plan if role == "will_be" else tally.plan or plan
            keys = {"totals": None, "months": month, "plans": plan or None, "contracts": _own_id(outcome)}
            for value, amount in parts.items():
                tally.add(keys | {"values": value}, currency, _figures(role, detail, amount))
        return tally

    def _revenue(self, outcome: Outcome) -> Parts:
        invoice = outcome.document
        if invoice is None:
            return {None: ZERO}
        return revenue_of(invoice, self.by, outcome.program.agreement.minor_unit)

    def _count(self, pair: Pair, tally: _Tally) -> None:
        """Add what a contract comes to, once all of it is known."""
        for axis, cells in tally.cells.items():
            self._tables[axis].add(cells)
        name = pair.contract.id
        self._plans[name] = tally.plan
        for (_, currency), figures in tally.cells["contracts"].items():
            if self.base is not None:
                self._distribution.add(figures, currency)
        currencies = {currency for _, currency in tally.now.amounts}
        if pair.will_be is not None and len(currencies) == 1:
            found = cheaper(pair.will_be, tally.now, tally.offers, currencies.pop())
            if found is not None:
                self._cheaper.append(found)

    def _written(self) -> dict[str, Any]:
        return {
            "format_version": "1.0",
            "kind": "simulation",
            "months": list(self.months.names),
            "as_if": None if self.day is None else self.day.isoformat(),
            "base": None if self.base is None else _side(self.base),
            "head": _side(self.side),
            "engine": {"ratebook": __version__, "semantics": SEMANTICS, "tzdata": tzdata_version()},
            "by": self.by or None,
            "currency": self.currency or None,
            "rates": self._exchange.documents(),
            "rates_missing": [
                {"pair": pair, "date": day, "invoices": count}
                for (pair, day), count in sorted(self._exchange.missing.items())
            ],
            "totals": [self._row(*row) for row in self._tables["totals"].sorted()],
            "by_month": [{"month": row[0][0], **self._row(*row)} for row in self._tables["months"].sorted()],
            "by_plan": [{"plan": row[0][0], **self._row(*row)} for row in self._tables["plans"].sorted()],
            "by_value": [{"value": row[0][0], **self._row(*row)} for row in self._tables["values"].sorted()]
            if self.by
            else [],
            "by_contract": [self._contract(*row) for row in self._tables["contracts"].sorted()],
            "distribution": self._distribution.document() if self.base is not None else [],
            "cheaper_plans": self._cheaper,
            "plan_changes": plan_changes(self._cheaper),
            "findings": [self._finding(*key) for key in sorted(self._findings)],
        }

    def _row(self, key: Key, figures: Figures, contracts: int) -> dict[str, Any]:
        return {"currency": key[1], "contracts": contracts, **figures_document(figures, key[1], self.known)}

    def _contract(self, key: Key, figures: Figures, _: int) -> dict[str, Any]:
        name, currency = key
        plan = self._plans[name or ""] or None
        return {"contract": name, "plan": plan, "currency": currency} | figures_document(
            figures, currency, self.known
        )

    def _finding(self, code: str, role: str) -> dict[str, Any]:
        count, finding = self._findings[code, role]
        return {
            "code": code,
            "severity": finding.severity,
            "of": role,
            "count": count,
            "example": _ROLE.sub("", finding.message),
        }


def paired(
    was: Callable[[], Iterator[Contract]] | None, will_be: Callable[[], Iterator[Contract]]
) -> Iterator[Pair]:
    """Stream the contracts of two books side by side; both streams are in order of ids.

    Args:
        was: gives those of the book before; None for no such book.
        will_be: gives those of the book.
    """
    before, after = iter(was()) if was is not None else iter(()), will_be()
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        is_old = old is not None and (new is None or old.id <= new.id)
        is_new = new is not None and (old is None or new.id <= old.id)
        yield Pair(old if is_old else None, new if is_new else None)
        old = next(before, None) if is_old else old
        new = next(after, None) if is_new else new


def plan_changes(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add up who would leave which plan for which other, the most contracts first; own terms keep a contract out."""
    moves: dict[tuple[str, str, str], list[Decimal]] = {}
    for one in found:
        if one["would_leave"]:
            key = (one["plan"] or "", one["cheapest"], one["currency"])
            moves.setdefault(key, []).append(Decimal(one["saves"]))
    ordered = sorted(moves.items(), key=lambda move: (-len(move[1]), move[0]))
    return [
        {
            "from": old or None,
            "to": new,
            "currency": currency,
            "contracts": len(saved),
            "saves": amount_text(total_of(saved), currency),
        }
        for (old, new, currency), saved in ordered
    ]


def _role(outcome: Outcome, *, has_base: bool) -> tuple[str, str]:
    """Tell in which role a contract stands in the run: `was`, `will_be`, or `costs` and `offer` with a detail."""
    _, role, detail = (*outcome.contract.split(_MARK), "", "")[:3]
    if role:
        return role, detail
    is_before = has_base and outcome.rated is not None and outcome.rated.edition == 1
    return "was" if is_before else "will_be", ""


def _own_id(outcome: Outcome) -> str:
    return outcome.contract.partition(_MARK)[0]


def _figures(role: str, detail: str, amount: Decimal) -> Figures:
    if role == _COSTS:
        return Figures(
            cost_was=ZERO if detail == "will_be" else amount, cost=ZERO if detail == "was" else amount
        )
    return Figures(was=amount) if role == "was" else Figures(will_be=amount)


def _side(side: Side) -> dict[str, str]:
    return {"name": side.name, "book": side.book.digest, "source": side.book.source_digest}
