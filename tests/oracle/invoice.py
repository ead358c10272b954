"""An invoice: fees and charges, then the contract's discounts, the plan's minimum, and tax.

Everything here starts from rounded amounts, so that what is printed adds up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.book import Agreement, Own, in_force
from tests.oracle.calendar import Period, instant, share
from tests.oracle.charge import RatedCharge
from tests.oracle.exchange import Exchange
from tests.oracle.fees import Boundary
from tests.oracle.money import minor_unit, round_to

ZERO = Fraction(0)


@dataclass
class Billed:
    """A fee line or a whole charge on an invoice, as contract discounts and the plan's minimum see it.

    Attributes:
        kind: `fee` or `usage`.
        left: what contract discounts have left of it, exactly.
        begins: when its period begins.
    """

    kind: str
    id: str
    amount: Fraction
    left: Fraction
    begins: datetime
    charge: RatedCharge | None


def items_of(
    fee_lines: Sequence[Mapping[str, Any]], charges: Sequence[RatedCharge], period: Period | None
) -> list[Billed]:
    fees = [
        Billed("fee", line["charge"], line["amount"], line["amount"], line["period"].start, None)
        for line in fee_lines
    ]
    if period is None:
        return fees
    begins = period.billed.start
    return [*fees, *(Billed("usage", one.id, one.net, one.net, begins, one) for one in charges)]


def applies(applies_to: Sequence[str], item: Billed) -> bool:
    return item.kind in applies_to or item.id in applies_to


def part_in_window(item: Billed, discount: Mapping[str, Any], agreement: Agreement) -> Fraction:
    """How much of an item a discount's window [from, until) covers.

    A fee counts as a whole, where its period begins. Of a charge it is what the segments in the window cost, as a part
    of what all of them cost; without cost it counts as a whole, where the billing period begins.
    """

    def inside(moment: datetime) -> bool:
        begun = "from" not in discount or instant(discount["from"], agreement.where) <= moment
        over = "until" in discount and instant(discount["until"], agreement.where) <= moment
        return begun and not over

    if item.charge is None:
        return Fraction(inside(item.begins))
    whole = sum(item.charge.gross, ZERO)
    if whole == 0:
        return Fraction(inside(item.begins))
    covered = ZERO
    for segment, gross in zip(item.charge.segments, item.charge.gross, strict=True):
        if inside(segment.priced_at):
            covered += gross
    return covered / whole


@dataclass(frozen=True)
class Reduction:
    """What one contract discount takes off each item, exactly."""

    name: str
    of: list[tuple[Billed, Fraction]]


def reductions_of(agreement: Agreement, items: Sequence[Billed]) -> list[Reduction]:
    """Apply the contract's discounts in their order, each to what the earlier ones left."""
    found = []
    for number, discount in enumerate(agreement.contract.get("discounts", []), start=1):
        taken = []
        for item in items:
            if applies(discount["applies_to"], item):
                base = item.left * part_in_window(item, discount, agreement)
                taken.append((item, base * Fraction(discount["percent"]) / 100))
        for item, amount in taken:
            item.left -= amount
        found.append(Reduction(discount.get("id", f"discount-{number}"), taken))
    return found


class Bookkeeping:
    """Adds the lines to an invoice that depend on its other lines."""

    def __init__(self, agreement: Agreement, boundary: Boundary, exchange: Exchange) -> None:
        self.agreement = agreement
        self.boundary = boundary
        self.exchange = exchange
        self.unit = minor_unit(agreement.currency)

    def round(self, amount: Fraction) -> Fraction:
        return round_to(amount, self.unit, self.agreement.rounding)

    def discount_lines(self, reductions: Sequence[Reduction]) -> list[dict[str, Any]]:
        amounts = [(one.name, -self.round(sum((amount for _, amount in one.of), ZERO))) for one in reductions]
        return [self.line(name, "discount", amount) for name, amount in amounts if amount]

    def minimum_lines(self, items: Sequence[Billed], reductions: Sequence[Reduction]) -> list[dict[str, Any]]:
        """What is missing to the plan's minimum: of the lines it applies to, less the discounts they had."""
        period = self.boundary.ending
        if self.agreement.minimum is None or period is None:
            return []
        own = self.agreement.minimum
        minimum = in_force(own.node, period.billed.start, self.agreement.where)
        if minimum is None:
            return []
        least = self.exchange.amount(Own(minimum["amount"], own.currency))
        least *= share(period, minimum.get("prorate", "days"), self.agreement.where)
        reached = sum((item.amount for item in items if applies(minimum["applies_to"], item)), ZERO)
        for one in reductions:
            taken = (amount for item, amount in one.of if applies(minimum["applies_to"], item))
            reached -= self.round(sum(taken, ZERO))
        missing = self.round(least) - reached
        return [self.line("minimum", "minimum", missing)] if missing > 0 else []

    def tax_lines(self, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The tax in force at the period's last instant (at the opening: then), on the sum or line by line."""
        written = self.agreement.spec.get("tax")
        if written is None or written == "external":
            return []
        period = self.boundary.ending
        moment = self.boundary.at if period is None else period.billed.last_instant
        tax = in_force(written, moment, self.agreement.where)
        if tax is None:
            return []
        rate = Fraction(tax["percent"]) / 100
        amounts = [line["amount"] for line in lines]
        if tax.get("round_on", "rate_group") == "line":
            amount = sum((self.round(one * rate) for one in amounts), ZERO)
        else:
            amount = self.round(sum(amounts, ZERO) * rate)
        return [self.line("tax", "tax", amount)]

    def line(self, charge: str, kind: str, amount: Fraction) -> dict[str, Any]:
        ending, beginning = self.boundary.ending, self.boundary.beginning
        period = ending if ending is not None else beginning
        return {
            "charge": charge,
            "kind": kind,
            "quantity": None,
            "unit": None,
            "billable": None,
            "amount": amount,
            "dimensions": {},
            "period": None if period is None else period.billed,
        }


def invoice_of(
    agreement: Agreement,
    boundary: Boundary,
    fee_lines: list[dict[str, Any]],
    charges: Sequence[RatedCharge],
    reported: list[dict[str, Any]],
    exchange: Exchange,
) -> dict[str, Any] | None:
    """Put an invoice together; None where there is nothing to bill, that is, no line, and nothing to report."""
    books = Bookkeeping(agreement, boundary, exchange)
    items = items_of(fee_lines, charges, boundary.ending)
    reductions = reductions_of(agreement, items)
    lines = [*fee_lines, *(line for one in charges for line in one.lines)]
    lines += books.discount_lines(reductions)
    lines += books.minimum_lines(items, reductions)
    if not lines and not reported:
        return None
    taxes = books.tax_lines(lines)
    subtotal = sum((line["amount"] for line in lines), ZERO)
    tax = sum((line["amount"] for line in taxes), ZERO)
    return {
        "contract": agreement.id,
        "boundary": boundary.at,
        "kind": "opening" if boundary.ending is None else "period",
        "currency": agreement.currency,
        "lines": [*lines, *taxes],
        "appendix": reported,
        "subtotal": subtotal,
        "tax": tax,
        "total": subtotal + tax,
    }
