"""An invoice: fees and charges, contract discounts, the plan's minimum, commitments, credits, and tax.

Everything here starts from rounded amounts, so that what is printed adds up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Agreement
from tests.oracle.balances import Balances
from tests.oracle.book import Own, own_at
from tests.oracle.calendar import share
from tests.oracle.charge import RatedCharge
from tests.oracle.commitments import Committing
from tests.oracle.credits import Crediting
from tests.oracle.discounts import Discounting
from tests.oracle.entries import Entry, entries_of
from tests.oracle.exchange import Exchange
from tests.oracle.fees import Boundary, FeeLine, accrues
from tests.oracle.money import minor_unit, round_to
from tests.oracle.posting import Posting, standing
from tests.oracle.stages import Part
from tests.oracle.tax import (
    STANDARD,
    Portion,
    TaxGroup,
    portions_in_time,
    tax_amounts,
    tax_document,
    tax_groups,
)

ZERO = Fraction(0)


@dataclass(frozen=True)
class Due:
    """What a boundary bills.

    Attributes:
        parts: the parts of the period that ended.
        reported: lines of usage that is only shown.
        balances: of commitments and credits, before and then after it.
    """

    parts: Sequence[Part]
    fees: Sequence[FeeLine]
    charges: Sequence[RatedCharge]
    reported: list[dict[str, Any]]
    balances: Balances


@dataclass(frozen=True)
class Invoicing:
    """Puts one invoice together."""

    terms: Agreement
    boundary: Boundary
    due: Due
    exchange: Exchange

    def invoice(self) -> dict[str, Any] | None:
        """The invoice; None where there is nothing to bill, that is, no line, and nothing to report."""
        due, terms = self.due, self.terms
        entries = entries_of(due.fees, due.charges, self.supplied())
        lines = [*(fee.line() for fee in due.fees), *(line for one in due.charges for line in one.lines)]
        owners = [
            entry for entry, count in zip(entries, self.line_counts(), strict=True) for _ in range(count)
        ]
        portions = [
            portion
            for number, (entry, line) in enumerate(zip(owners, lines, strict=True))
            for portion in portions_in_time(terms, number, entry, line["amount"], line.get("supplies"))
        ]
        postings = Discounting(terms, self.boundary, entries, self.exchange, due.balances).postings()
        postings += self.minimums(entries)
        postings += Committing(
            terms, self.boundary, due.parts, entries, self.exchange, due.balances, standing(postings)
        ).postings()
        before_tax = terms.spec.get("credits", {}).get("tax", "before") == "before"
        besides = standing(postings)
        crediting = Crediting(terms, self.boundary, entries, self.exchange, due.balances, besides)
        postings += crediting.postings() if before_tax else []
        for posting in postings:
            portions += self.portions_of(len(lines), posting)
            lines.append(posting.line(self.period()))
        if not lines and not due.reported:
            return None
        portions = portions or [Portion(0, STANDARD, self.supplied(), ZERO)]
        return self.document(lines, tax_groups(terms, portions))

    def line_counts(self) -> list[int]:
        """How many lines each entry has."""
        return [*(1 for _ in self.due.fees), *(len(one.lines) for one in self.due.charges)]

    def portions_of(self, number: int, posting: Posting) -> list[Portion]:
        if posting.of:
            return [
                portion
                for one in posting.of
                for portion in portions_in_time(self.terms, number, one.entry, one.amount, one.supplies)
            ]
        return [Portion(number, STANDARD, self.supplied(), posting.amount)]

    def supplied(self) -> datetime:
        """When what stands for itself is taxed."""
        ending = self.boundary.ending
        return self.boundary.at if ending is None else ending.billed.last_instant

    def minimums(self, entries: Sequence[Entry]) -> list[Posting]:
        """What is missing to the plan's minimum in each part: its entries are worth less than its share of it.

        The first one also counts what is of stages before, the last one what is of later ones.
        """
        found = []
        for part in self.due.parts:
            missing = self.missing(entries, part) if accrues(part.stage) else ZERO
            if missing > 0:
                found.append(Posting("minimum", "minimum", missing))
        return found

    def missing(self, entries: Sequence[Entry], part: Part) -> Fraction:
        own = own_at(part.terms.minimum, part.period.billed.start, self.terms.where)
        if own is None:
            return ZERO
        least = self.exchange.amount(Own(own.node["amount"], own.currency))
        least *= share(part.period, own.node.get("prorate", "days"), self.terms.where)
        counted = [one for one in entries if one.is_in(own.node["applies_to"]) and self.is_of(one, part)]
        reached = sum((entry.left for entry in counted), ZERO)
        return round_to(least, minor_unit(self.terms.currency), self.terms.rounding) - reached

    def is_of(self, entry: Entry, part: Part) -> bool:
        """Whether an entry counts in a part: of its stage, in the first of those before, in the last of later ones."""
        stage, parts = part.stage, self.due.parts
        is_earlier = entry.stage.start < stage.start and part is parts[0]
        is_later = entry.stage.start > stage.start and part is parts[-1]
        return entry.stage is stage or is_earlier or is_later

    def period(self) -> Any:
        """The billed period that ended; at the opening that which begins."""
        period = self.boundary.ending or self.boundary.beginning
        return None if period is None else period.billed

    def document(self, lines: list[dict[str, Any]], groups: Sequence[TaxGroup]) -> dict[str, Any]:
        terms = self.terms
        taxes = [Posting("tax", "tax", one).line(self.period()) for one in tax_amounts(groups)]
        amount = sum((line["amount"] for line in lines), ZERO)
        tax = sum((line["amount"] for line in taxes), ZERO)
        total = amount + tax
        if is_inclusive(terms):
            included = sum((one.amount for one in groups), ZERO)
            amount, total = amount - included, amount - included + tax
        return {
            "contract": terms.id,
            "boundary": self.boundary.at,
            "kind": "opening" if self.boundary.ending is None else "period",
            "currency": terms.currency,
            "lines": [*lines, *taxes],
            "appendix": self.due.reported,
            "subtotal": amount,
            "tax": tax,
            "total": total,
            "taxes": [tax_document(terms, one) for one in groups] if lines else [],
            "carry_forward": self.due.balances.document(),
        }


def is_inclusive(terms: Agreement) -> bool:
    tax: Any = terms.spec.get("tax")
    return isinstance(tax, Mapping) and tax.get("prices", "exclusive") == "inclusive"
