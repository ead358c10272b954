"""What events cost by themselves: the fixed fee of a percentage, and bounds on what one of them costs."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from ratebook.compiler.event_bounds import thresholds
from ratebook.compiler.program import ChargeProgram, Ladder
from ratebook.money import ZERO
from ratebook.rating.ladders import LadderUsage, Use, late_factor


class Events(NamedTuple):
    """The events of a ladder in one segment.

    Attributes:
        fixed: how many carry the fixed fee.
        free: how many carry none.
        at_minimum: how many cost the minimum, where events are bound.
        at_maximum: how many cost the maximum.
        units: what carries the percentage, where events are bound; else the ladder's position says it.
    """

    fixed: int = 0
    free: int = 0
    at_minimum: int = 0
    at_maximum: int = 0
    units: Decimal = ZERO

    def numerator(self, price: Ladder) -> Decimal:
        """Give what they cost, times the ladder's denominator."""
        fee = price.event_fee
        if fee is None:
            return ZERO
        least, most = fee.minimum or ZERO, fee.maximum or ZERO
        own = self.fixed * fee.fixed + self.at_minimum * least + self.at_maximum * most
        return own * price.denominator + self.units * price.tiers[0].price


def events_of(ladder: LadderUsage, segment: int, price: Ladder, program: ChargeProgram) -> Events:
    """Count the events of a segment by what they cost."""
    fee = price.event_fee
    if fee is not None and fee.is_bound:
        return _together(_bound(use, price, program) for use in ladder.uses if use[1].segment == segment)
    free = fee.free if fee is not None else 0
    earlier = (row.events for _, row, _ in ladder.uses if row.segment < segment)
    before = sum(earlier, ladder.start.events)
    here = sum(row.events for _, row, _ in ladder.uses if row.segment == segment)
    fixed = max(before + here, free) - max(before, free)
    return Events(fixed, here - fixed)


def _together(events: Iterable[Events]) -> Events:
    return Events(*(sum(column) for column in zip(Events(), *events, strict=True)))


def row_numerator(use: Use, price: Ladder, program: ChargeProgram) -> Decimal:
    """Give what the events of a row cost under a price that bounds each, times its denominator."""
    return _bound(use, price, program).numerator(price)


def _bound(use: Use, price: Ladder, program: ChargeProgram) -> Events:
    """Tell what each event of a row costs: the minimum, the maximum or neither, as all are of one band."""
    _, row, units = use
    lower, upper = program.use.band_of(row.dimensions)
    factor, _ = late_factor(program.late_factors(row.segment, row.dimensions), row)
    reach = thresholds(price, factor)
    if upper <= reach.minimum:
        return Events(at_minimum=row.events)
    if lower >= reach.maximum:
        return Events(at_maximum=row.events)
    return Events(fixed=row.events, units=units)
