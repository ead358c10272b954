"""Costs are rated like prices: a book whose plans bill what usage and contracts cost, for the same contracts."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from ratebook.billrun.outcomes import Outcome
from ratebook.book import Book
from ratebook.book.interning import Terms
from ratebook.book.model import Charge, Contract, ContractTerms, Costs, Dated, Fee, Plan, RatingRule
from ratebook.money import EXACT, ZERO, allocate
from ratebook.preview.exchange import STEP
from ratebook.preview.revenue import Parts

_NO_PLAN: Final = ""
"""Stands for the plan of contracts that have none."""


def cost_book(book: Book, base: Book | None, by: str) -> Book:
    """Make the book that bills costs.

    Args:
        book: the book whose costs count.
        base: the book before, whose plans and specs may be gone.
        by: the dimension by which costs are told apart, where a meter has it; "" for none.
    """
    plans = {**(base.plans if base is not None else {}), **book.plans}
    specs = {**(base.specs if base is not None else {}), **book.specs}
    return replace(
        book,
        rules={name: _rule(book, name, by) for name in book.costs.usage},
        plans={name: _plan(book.costs, name, plan) for name, plan in ({_NO_PLAN: None} | plans).items()},
        specs=specs,
    )


def _rule(book: Book, name: str, by: str) -> RatingRule:
    cost = book.costs.usage[name]
    lines_by = (by,) if book.meters[cost.meter].dimension(by) is not None else ()
    return RatingRule(meter=cost.meter, multiply_by=cost.multiply_by, lines_by=lines_by)


def _plan(costs: Costs, name: str, plan: Plan | None) -> Plan:
    """Make a plan of costs; all its charges are surcharges, so that several may count the same events."""
    charges = tuple(
        Charge(rating=one, id=one, price=cost.price, surcharge=True) for one, cost in costs.usage.items()
    )
    monthly = {"contract": costs.contract, "plan": costs.plans.get(name)}
    fees = tuple(_fee(one, amount) for one, amount in monthly.items() if amount is not None)
    return Plan(
        name="costs", currency=costs.currency, cycle=plan.cycle if plan else None, charges=charges, fees=fees
    )


def _fee(name: str, amount: Dated[Any]) -> Fee:
    return Fee.model_validate({"id": name, "name": name, "amount": amount, "every": "month"})


@dataclass(slots=True)
class CostTerms:
    """Gives the terms by which a contract's costs are billed: equal ones are one object."""

    _known: Terms = field(default_factory=Terms)
    _of: dict[int, tuple[ContractTerms, ContractTerms]] = field(default_factory=dict)

    def of(self, terms: ContractTerms) -> ContractTerms:
        """Give the terms of costs: those that say by which plan, in which periods and in which currency."""
        found = self._of.get(id(terms))
        if found is None:
            found = self._of[id(terms)] = (terms, self._known.shared(_cost_terms(terms)))
        return found[1]

    def contract(self, contract: Contract, edition: int, id_: str) -> Contract:
        """Give the contract by which the costs of another are billed."""
        return replace(contract, id=id_, terms=self.of(contract.terms), edition=edition)


def _cost_terms(terms: ContractTerms) -> ContractTerms:
    named = ContractTerms(
        type="fixed",  # all usage counts as billed
        spec=terms.spec,
        currency=terms.currency,
        cycle=terms.cycle,
        phases=terms.phases,
    )
    return named.model_copy(update={"plan": terms.plan or _NO_PLAN})


def cost_of(outcome: Outcome, by: str) -> Parts:
    """Add up what a contract costs at a boundary, by the values of a dimension; None for what belongs to none."""
    parts: Parts = {}
    for rated, _ in outcome.used:
        total = rated.gross.quantize(STEP, context=EXACT)
        names = rated.program.use.line_names
        place = names.index(by) if by in names else None
        amounts = allocate(total, rated.lines.weights, STEP) if rated.lines.keys else []
        for key, amount in zip(rated.lines.keys, amounts, strict=True):
            value = None if place is None else key[place]
            parts[value] = parts.get(value, ZERO) + amount
    document = outcome.document
    fees = [line["amount"] for line in document["lines"] if line["kind"] == "fee"] if document else []
    if fees:
        parts[None] = sum(map(Decimal, fees), parts.get(None, ZERO))
    return parts
