"""When a contract is invoiced, and which periods its fees fall into."""

from collections.abc import Iterator
from typing import Literal

from ratebook.calendar import Calendar, Interval
from ratebook.compiler.program import Boundary


def boundaries(calendar: Calendar, life: Interval, window: Interval) -> Iterator[Boundary]:
    """Give the moments at which a contract is invoiced in a run's window.

    Openings `s` with `window.start <= s < window.end` and ends of billing periods `b` with
    `window.start < b <= window.end`. The last billing period ends with the contract.

    Args:
        calendar: the contract's billing periods.
        life: from the contract's start to its end.
        window: the period that the run was asked for.
    """
    if life.end <= life.start:
        return
    if life.start in window:
        nominal = calendar.period(calendar.number_at(life.start))
        empty = Interval(life.start, life.start)
        yield Boundary("opening", life.start, nominal, empty, nominal.clip(life))
    first = max(life.start, window.start)
    if first >= life.end:
        return
    number = calendar.number_at(first)
    while True:
        nominal = calendar.period(number)
        billed = nominal.clip(life)
        if billed.end > window.end or billed.end <= billed.start:
            return
        if billed.end > window.start:
            following = calendar.period(number + 1).clip(life)
            goes_on = following.start < following.end
            yield Boundary("period", billed.end, nominal, billed, following if goes_on else None)
        number += 1


def fee_periods(
    calendar: Calendar | None, life: Interval, boundary: Boundary, bill: Literal["in_advance", "in_arrears"]
) -> Iterator[tuple[Interval, Interval]]:
    """Give the periods of a fee that are billed at a boundary, as (nominal, clipped to the contract's life).

    In advance: the periods that begin in `[boundary, next boundary)`. In arrears: those that end in
    `(previous boundary, boundary]`. Without a calendar the fee is due once: at the boundary whose period its life
    begins in.
    """
    span = boundary.following if bill == "in_advance" else boundary.billed
    if span is None or span.end <= span.start:
        return
    if calendar is None:
        if life.start in span:
            yield span.clip(life), span.clip(life)
        return
    number = calendar.number_at(span.start)
    while (nominal := calendar.period(number)).start < span.end:
        clipped = nominal.clip(life)
        begins_here = span.start <= clipped.start < span.end
        ends_here = span.start < clipped.end <= span.end
        if clipped.start < clipped.end and (begins_here if bill == "in_advance" else ends_here):
            yield nominal, clipped
        number += 1
