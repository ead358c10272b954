"""Fees: amounts due for the fee's own periods, whatever is used.

A fee's periods are those of its own cycle, from the same kind of anchor, clipped to the contract's life. In advance, a
boundary bills the periods that begin from it on and before the next boundary; in arrears, those that have ended since
the boundary before, this one included. `once` is due in full at the opening, or in arrears at the first period's end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.book import Agreement, Item, Own, in_force
from tests.oracle.calendar import Period, Span, periods, share
from tests.oracle.exchange import Exchange
from tests.oracle.money import minor_unit, round_to


@dataclass(frozen=True)
class Boundary:
    """An instant at which a contract is invoiced.

    Attributes:
        ending: the billing period that ends at it; None at the opening.
        beginning: the billing period that begins at it; None where the contract ends.
        is_first_end: whether the first billing period ends at it.
    """

    at: datetime
    ending: Period | None
    beginning: Period | None
    is_first_end: bool


def boundaries(agreement: Agreement, until: datetime) -> Iterator[Boundary]:
    """Go through a contract's boundaries that are not after an instant: the opening, then each end of a period."""
    upcoming = periods(agreement.cycle["every"], agreement.cycle["anchor"], agreement.life)
    ending: Period | None = None
    beginning = next(upcoming, None)
    at = agreement.life.start
    number = 0
    while at <= until:
        yield Boundary(at, ending, beginning, is_first_end=number == 1)
        if beginning is None:
            return
        ending, at = beginning, beginning.billed.end
        beginning = next(upcoming, None)
        number += 1


def fee_lines(agreement: Agreement, boundary: Boundary, exchange: Exchange) -> list[dict[str, Any]]:
    """Bill all fees that fall due at a boundary, each period of each fee on a line of its own."""
    lines = []
    for fee in agreement.fees:
        for period in due(agreement, fee, boundary):
            amount = fee_amount(agreement, fee, period, exchange)
            if amount is None:
                continue
            lines.append(
                {
                    "charge": fee.id,
                    "kind": "fee",
                    "quantity": Fraction(fee.get("quantity", 1)),
                    "unit": None,
                    "billable": None,
                    "amount": amount,
                    "dimensions": {},
                    "period": period.billed,
                }
            )
    return lines


def due(agreement: Agreement, fee: Item, boundary: Boundary) -> list[Period]:
    """The periods of a fee that a boundary bills."""
    in_advance = fee.get("bill", "in_arrears") == "in_advance"
    if fee.get("every") == "once":
        is_due = boundary.ending is None if in_advance else boundary.is_first_end
        first = next(periods(agreement.cycle["every"], agreement.cycle["anchor"], agreement.life))
        return [Period(first.billed, first.billed)] if is_due else []
    span = served(boundary, in_advance=in_advance)
    if span is None:
        return []
    found = []
    for period in periods(
        fee.get("every", agreement.cycle["every"]), agreement.cycle["anchor"], agreement.life
    ):
        if period.billed.start >= span.end:
            break
        if in_advance and span.start <= period.billed.start < span.end:
            found.append(period)
        if not in_advance and span.start < period.billed.end <= span.end:
            found.append(period)
    return found


def served(boundary: Boundary, *, in_advance: bool) -> Span | None:
    """The time whose fees are due: the billing period that begins, or the one that ended."""
    period = boundary.beginning if in_advance else boundary.ending
    return None if period is None else period.billed


def fee_amount(agreement: Agreement, fee: Item, period: Period, exchange: Exchange) -> Fraction | None:
    """The amount in force when the fee's period begins, times its quantity and share, rounded once.

    None where no version of the amount is in force yet.
    """
    own = fee.keys["amount"]
    node = in_force(own.node, period.billed.start, agreement.where)
    if node is None:
        return None
    exact = exchange.amount(Own(node, own.currency)) * Fraction(fee.get("quantity", 1))
    exact *= share(period, fee.get("prorate", "days"), agreement.where)
    return round_to(exact, minor_unit(agreement.currency), agreement.rounding)
