"""An invoice: fees and charges, then the contract's discounts, the plan's minimum, and tax.

Everything here starts from rounded amounts, so that what is printed adds up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Agreement
from tests.oracle.book import Own, in_force, own_at
from tests.oracle.calendar import instant, share
from tests.oracle.charge import RatedCharge
from tests.oracle.exchange import Exchange
from tests.oracle.fees import Boundary, FeeLine, accrues
from tests.oracle.money import divide_up, minor_unit, round_to
from tests.oracle.stages import Part, Stage

ZERO = Fraction(0)


@dataclass
class Piece:
    """A part of a fee or charge that the window of a contract discount covers or does not cover, as a whole.

    Attributes:
        at: the instant that is in the window or not.
        left: what contract discounts have left of it, exactly.
    """

    at: datetime
    left: Fraction


@dataclass
class Billed:
    """A fee line or a whole charge on an invoice, as contract discounts and the plan's minimum see it.

    Attributes:
        kind: `fee` or `usage`.
        left: what contract discounts have left of it, rounded; its pieces add up to it.
    """

    kind: str
    id: str
    left: Fraction
    pieces: list[Piece]
    stage: Stage


def items_of(fees: Sequence[FeeLine], charges: Sequence[RatedCharge]) -> list[Billed]:
    return [
        *(
            Billed(
                "fee",
                one.fee.id,
                one.amount,
                [Piece(one.part.period.billed.start, one.amount)],
                one.part.stage,
            )
            for one in fees
        ),
        *(Billed("usage", one.id, one.net, pieces_of(one), one.part.stage) for one in charges),
    ]


def pieces_of(charge: RatedCharge) -> list[Piece]:
    """Divide a charge over the segments of its period, in proportion to what they cost before its own discount.

    A segment counts where it begins. What costs nothing (and has a minimum) counts as a whole where the period begins.
    A meter that does not add up has one segment, which counts at the period's last instant, whatever it costs.
    """
    whole = sum(charge.gross, ZERO)
    if whole == 0:
        return [Piece(charge.segments[0].priced_at, charge.net)]
    return [
        Piece(segment.priced_at, charge.net * gross / whole)
        for segment, gross in zip(charge.segments, charge.gross, strict=True)
    ]


def applies(applies_to: Sequence[str], item: Billed) -> bool:
    return item.kind in applies_to or item.id in applies_to


def pieces_in_window(item: Billed, discount: Mapping[str, Any], agreement: Agreement) -> list[Piece]:
    """The pieces of an item that a discount's window [from, until) covers; a fee is one, where its period begins."""

    def inside(moment: datetime) -> bool:
        begun = "from" not in discount or instant(discount["from"], agreement.where) <= moment
        over = "until" in discount and instant(discount["until"], agreement.where) <= moment
        return begun and not over

    return [piece for piece in item.pieces if inside(piece.at)]


@dataclass(frozen=True)
class Reduction:
    """What one contract discount takes off, rounded."""

    name: str
    amount: Fraction


def reductions_of(agreement: Agreement, items: Sequence[Billed]) -> list[Reduction]:
    """Apply the contract's discounts in their order, each to what the earlier ones left in its window.

    Each is rounded once. What it takes is divided over the items by largest remainder, in minor units, in proportion to
    what it takes of each exactly; that part reduces the item, and in it the pieces in the window by the same factor.
    """
    unit = minor_unit(agreement.currency)
    found = []
    for number, discount in enumerate(agreement.contract.get("discounts", []), start=1):
        reduced = [item for item in items if applies(discount["applies_to"], item)]
        covered = [pieces_in_window(item, discount, agreement) for item in reduced]
        bases = [sum((piece.left for piece in pieces), ZERO) for pieces in covered]
        exact = [base * Fraction(discount["percent"]) / 100 for base in bases]
        amount = round_to(sum(exact, ZERO), unit, agreement.rounding)
        parts = divide_up(amount, exact, unit)
        for item, pieces, base, part in zip(reduced, covered, bases, parts, strict=True):
            item.left -= part
            for piece in pieces if part else []:
                piece.left -= part * piece.left / base
        found.append(Reduction(discount.get("id", f"discount-{number}"), amount))
    return found


@dataclass(frozen=True)
class Due:
    """What a boundary bills.

    Attributes:
        parts: the parts of the period that ended.
        reported: lines of usage that is only shown.
    """

    parts: Sequence[Part]
    fees: Sequence[FeeLine]
    charges: Sequence[RatedCharge]
    reported: list[dict[str, Any]]


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
        return [self.line(one.name, "discount", -one.amount) for one in reductions if one.amount]

    def minimum_lines(self, items: Sequence[Billed], parts: Sequence[Part]) -> list[dict[str, Any]]:
        """What is missing to the plan's minimum in each part: its items are worth less than its share of it."""
        found = []
        for part in parts:
            missing = self.missing(items, part) if accrues(part.stage) else ZERO
            if missing > 0:
                found.append(self.line("minimum", "minimum", missing) | {"period": part.period.billed})
        return found

    def missing(self, items: Sequence[Billed], part: Part) -> Fraction:
        own = own_at(part.terms.minimum, part.period.billed.start, self.agreement.where)
        if own is None:
            return ZERO
        least = self.exchange.amount(Own(own.node["amount"], own.currency))
        least *= share(part.period, own.node.get("prorate", "days"), self.agreement.where)
        reached = [
            item.left for item in items if item.stage is part.stage and applies(own.node["applies_to"], item)
        ]
        return self.round(least) - sum(reached, ZERO)

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
    agreement: Agreement, boundary: Boundary, due: Due, exchange: Exchange
) -> dict[str, Any] | None:
    """Put an invoice together; None where there is nothing to bill, that is, no line, and nothing to report."""
    books = Bookkeeping(agreement, boundary, exchange)
    items = items_of(due.fees, due.charges)
    reductions = reductions_of(agreement, items)
    lines = [*(fee.line() for fee in due.fees), *(line for one in due.charges for line in one.lines)]
    lines += books.discount_lines(reductions)
    lines += books.minimum_lines(items, due.parts)
    if not lines and not due.reported:
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
        "appendix": due.reported,
        "subtotal": subtotal,
        "tax": tax,
        "total": subtotal + tax,
    }
