"""Fees: amounts due for the fee's own periods, whatever is used.

A fee's periods are those of its own cycle, from the same kind of anchor, clipped to the contract's life. In advance, a
boundary bills the periods that begin from it on and before the next boundary; in arrears, those that have ended since
the boundary before, this one included. `once` is due in full at the boundary that bills the period in which the first
part begins that has the fee. A period that a change of plan, a trial or a pause divides is billed part by part, all at
the same boundary; each part costs its share, at the amount in force when it begins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Agreement, Item
from tests.oracle.calendar import Period, Span, periods, share
from tests.oracle.exchange import Exchange
from tests.oracle.money import minor_unit, round_to
from tests.oracle.stages import Part, Stage, parts_of


@dataclass(frozen=True)
class Boundary:
    """An instant at which a contract is invoiced.

    Attributes:
        ending: the billing period that ends at it; None at the opening.
        beginning: the billing period that begins at it; None where the contract ends.
    """

    at: datetime
    ending: Period | None
    beginning: Period | None


def boundaries(agreement: Agreement, until: datetime) -> Iterator[Boundary]:
    """Go through a contract's boundaries that are not after an instant: the opening, then each end of a period."""
    upcoming = periods(agreement.cycle["every"], agreement.cycle["anchor"], agreement.life)
    ending: Period | None = None
    beginning = next(upcoming, None)
    at = agreement.life.start
    while at <= until:
        yield Boundary(at, ending, beginning)
        if beginning is None:
            return
        ending, at = beginning, beginning.billed.end
        beginning = next(upcoming, None)


@dataclass(frozen=True)
class FeeLine:
    """A fee of one part of one of its periods."""

    fee: Item
    part: Part
    amount: Fraction

    def line(self) -> dict[str, Any]:
        period = self.part.period
        quantity = self.fee.get_at("quantity", period.billed.start, self.part.terms.where, 1)
        return {
            "charge": self.fee.id,
            "kind": "fee",
            "quantity": Fraction(quantity),
            "unit": None,
            "billable": None,
            "amount": self.amount,
            "dimensions": {},
            "period": period.billed,
        }


def fee_lines(stages: Sequence[Stage], boundary: Boundary, exchange: Exchange) -> list[FeeLine]:
    """Bill all fees that fall due at a boundary, each part of each period of each fee on a line of its own."""
    lines = []
    for stage in stages:
        for fee in stage.terms.fees if accrues(stage) else ():
            for part in due(stages, stage, fee, boundary):
                amount = fee_amount(part, fee, exchange)
                if amount is not None:
                    lines.append(FeeLine(fee, part, amount))
    return lines


def accrues(stage: Stage) -> bool:
    return not stage.is_trial and not stage.is_pause


def due(stages: Sequence[Stage], stage: Stage, fee: Item, boundary: Boundary) -> list[Part]:
    """The parts of a fee's periods that belong to a stage and are billed at a boundary."""
    if fee.get("every") == "once":
        return due_once(stages, stage, fee, boundary)
    found = []
    for period in due_periods(stage.terms, fee, boundary):
        parts = [part for part in parts_of(stages, period) if accrues(part.stage)]
        if fee.get_at("prorate", period.billed.start, stage.terms.where, "days") == "none":
            parts = once_in(parts, fee)
        found += [part for part in parts if part.stage is stage]
    return found


def once_in(parts: Sequence[Part], fee: Item) -> list[Part]:
    """Of the parts of a period that charge a fee in full, the first if it bills in advance, else the last."""
    having = [
        (part, one.get("bill", "in_arrears"))
        for part in parts
        for one in part.terms.fees
        if one.id == fee.id and one.get_at("prorate", part.period.billed.start, part.terms.where) == "none"
    ]
    return [having[0][0] if having[0][1] == "in_advance" else having[-1][0]] if having else []


def due_once(stages: Sequence[Stage], stage: Stage, fee: Item, boundary: Boundary) -> list[Part]:
    """The first part of a contract's life that has a fee, where the boundary bills the period in which it begins."""
    first = next(one for one in stages if accrues(one) and fee.id in {other.id for other in one.terms.fees})
    in_advance = fee.get("bill", "in_arrears") == "in_advance"
    period = boundary.beginning if in_advance else boundary.ending
    if first is not stage or period is None or not period.billed.holds(stage.start):
        return []
    part = next(one for one in parts_of(stages, period) if one.stage is stage)
    return [Part(Period(part.period.billed, part.period.billed), stage)]


def due_periods(terms: Agreement, fee: Item, boundary: Boundary) -> list[Period]:
    """The periods of a fee that a boundary bills."""
    in_advance = fee.get("bill", "in_arrears") == "in_advance"
    span = served(boundary, in_advance=in_advance)
    if span is None:
        return []
    found = []
    for period in periods(fee.get("every", terms.cycle["every"]), terms.cycle["anchor"], terms.life):
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


def fee_amount(part: Part, fee: Item, exchange: Exchange) -> Fraction | None:
    """The amount in force when the fee's period begins, times its quantity and share, rounded once.

    None where no version of the amount is in force yet.
    """
    terms, begin = part.terms, part.period.billed.start
    own = fee.at("amount", begin, terms.where)
    if own is None:
        return None
    exact = exchange.amount(own) * Fraction(fee.get_at("quantity", begin, terms.where, 1))
    exact *= share(part.period, fee.get_at("prorate", begin, terms.where, "days"), terms.where)
    return round_to(exact, minor_unit(terms.currency), terms.rounding)
