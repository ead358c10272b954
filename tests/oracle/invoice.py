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
        supplied: the instant whose tax counts for it.
        left: what contract discounts have left of it, rounded; its pieces add up to it.
    """

    kind: str
    id: str
    left: Fraction
    pieces: list[Piece]
    stage: Stage
    supplied: datetime


def items_of(fees: Sequence[FeeLine], charges: Sequence[RatedCharge], boundary: Boundary) -> list[Billed]:
    return [
        *(
            Billed(
                "fee",
                one.fee.id,
                one.amount,
                [Piece(one.part.period.billed.start, one.amount)],
                one.part.stage,
                supplied(one.line(), boundary),
            )
            for one in fees
        ),
        *(
            Billed("usage", one.id, one.net, pieces_of(one), one.part.stage, last_of(boundary))
            for one in charges
        ),
    ]


def last_of(boundary: Boundary) -> datetime:
    """The instant whose tax counts for usage: the last of its period; at an opening, that of the opening."""
    return boundary.at if boundary.ending is None else boundary.ending.billed.last_instant


def supplied(line: Mapping[str, Any], boundary: Boundary) -> datetime:
    """The instant whose tax counts for a line: for a fee that is paid in advance its beginning, else its last."""
    if line["kind"] != "fee":
        return last_of(boundary)
    period = line["period"]
    start: datetime = period.start
    return start if start >= boundary.at else period.last_instant


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
    parts: list[tuple[datetime, Fraction]]


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
        taken = [(item.supplied, part) for item, part in zip(reduced, parts, strict=True)]
        found.append(Reduction(discount.get("id", f"discount-{number}"), amount, taken))
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
        return [
            {**self.line(one.name, "discount", -one.amount), "of_contract": True}
            for one in reductions
            if one.amount
        ]

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

    def tax_lines(
        self, lines: Sequence[Mapping[str, Any]], reductions: Sequence[Reduction]
    ) -> list[dict[str, Any]]:
        """A line for each percentage, on the sum or line by line, in the order in which they stand on the invoice.

        A discount counts where what it is taken off does; before the first version there is no tax.
        """
        if not isinstance(self.agreement.spec.get("tax"), Mapping):
            return []
        taken = {one.name: one.parts for one in reductions}
        bases: dict[Fraction, list[Fraction]] = {}
        for line in lines:
            parts = [(supplied(line, self.boundary), line["amount"])]
            if line["kind"] == "discount" and line.get("of_contract"):
                parts = [(at, -part) for at, part in taken[line["charge"]] if part]
            here: dict[Fraction, Fraction] = {}
            for at, part in parts:
                percent = self.percent(at)
                if percent is not None:
                    here[percent] = here.get(percent, ZERO) + part
            for percent, amount in here.items():
                bases.setdefault(percent, []).append(amount)
        if not lines and (percent := self.percent(last_of(self.boundary))) is not None:
            bases[percent] = []
        return [self.line("tax", "tax", self.tax(percent, amounts)) for percent, amounts in bases.items()]

    def percent(self, moment: datetime) -> Fraction | None:
        tax = in_force(self.agreement.spec["tax"], moment, self.agreement.where)
        return None if tax is None else Fraction(tax["percent"])

    def tax(self, percent: Fraction, amounts: Sequence[Fraction]) -> Fraction:
        if self.agreement.spec["tax"].get("round_on", "rate_group") == "line":
            return sum((self.round(one * percent / 100) for one in amounts), ZERO)
        return self.round(sum(amounts, ZERO) * percent / 100)

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
    items = items_of(due.fees, due.charges, boundary)
    reductions = reductions_of(agreement, items)
    lines = [*(fee.line() for fee in due.fees), *(line for one in due.charges for line in one.lines)]
    lines += books.discount_lines(reductions)
    lines += books.minimum_lines(items, due.parts)
    if not lines and not due.reported:
        return None
    taxes = books.tax_lines(lines, reductions)
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
