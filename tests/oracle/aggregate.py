"""From events to a quantity: what a meter says of the events of one subject and one combination of dimensions.

A meter that carries over (`recurring`) counts from the contract's start on. Its level at an instant is what it says of
all events before it; how long which level held is what `prorate` asks for.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.agreement import Agreement
from tests.oracle.calendar import Period, Span, days_had, days_touched, local_date, microseconds, midnight
from tests.oracle.measure import Event

ZERO = Fraction(0)
Events = Sequence[Event]


def is_additive(meter: Mapping[str, Any]) -> bool:
    """Whether parts of a period add up, so that each may be multiplied and priced for itself."""
    return meter["aggregate"] in {"count", "sum"} and not meter.get("recurring", False)


def counted_span(meter: Mapping[str, Any], agreement: Agreement, period: Period) -> Span:
    """The time whose events count for a billing period."""
    start = agreement.life.start if meter.get("recurring", False) else period.billed.start
    return Span(start, period.billed.end)


def aggregate(
    meter: Mapping[str, Any], events: Events, period: Period, where: ZoneInfo, left: datetime | None = None
) -> Fraction:
    """Aggregate events over a billing period; where their account has left in it, its level is gone from then on."""
    billed = period.billed if left is None else Span(period.billed.start, min(left, period.billed.end))
    if meter["aggregate"] == "time_weighted_sum":
        return weighted_sum(events, period._replace(billed=billed))
    if meter.get("prorate", "none") == "days":
        return level_by_days(meter, events, period, where, billed.end)
    if meter.get("prorate", "none") == "seconds":
        return level_by_time(meter, events, period._replace(billed=billed))
    return level(meter, events)


def level(meter: Mapping[str, Any], events: Events) -> Fraction:
    """What a meter says of some events, whenever they happened."""
    if not events:
        return ZERO
    if meter["aggregate"] == "percentile":
        return percentile(events, Fraction(meter["percent"]))
    if "operation" in meter:
        return members(events, meter["operation"])
    return LEVELS[meter["aggregate"]](events)


def latest(events: Events) -> Fraction:
    """The last value; of equally late events that with the greatest id, then the greatest value."""
    return max(events, key=lambda event: (event.time, event.id, event.quantity)).quantity


LEVELS: Mapping[str, Callable[[Events], Fraction]] = {
    "count": lambda events: Fraction(len(events)),
    "sum": lambda events: sum((event.quantity for event in events), ZERO),
    "max": lambda events: max(event.quantity for event in events),
    "min": lambda events: min(event.quantity for event in events),
    "unique": lambda events: Fraction(len({event.value for event in events})),
    "latest": latest,
}


def percentile(events: Events, percent: Fraction) -> Fraction:
    """The nearest rank: of n values in order, that at rank ⌈percent × n / 100⌉, counted from 1."""
    values = sorted(event.quantity for event in events)
    return values[max(1, ceil(percent * len(values) / 100)) - 1]


def members(events: Events, operation: Mapping[str, Any]) -> Fraction:
    """How many values were added last, not removed; of operations at one instant the one with the greatest id."""
    last: dict[Any, bool] = {}
    for event in sorted(events, key=lambda one: (one.time, one.id)):
        if event.operation in operation["add"]:
            last[event.value] = True
        elif event.operation in operation["remove"]:
            last[event.value] = False
    return Fraction(sum(last.values()))


def weighted_sum(events: Events, period: Period) -> Fraction:
    """Events change a level that begins the period at 0; each level counts as long as it lasts."""
    weighted = sum(
        (event.quantity * microseconds(Span(event.time, period.billed.end)) for event in events), ZERO
    )
    return weighted / microseconds(period.nominal)


def level_by_days(
    meter: Mapping[str, Any], events: Events, period: Period, where: ZoneInfo, last: datetime
) -> Fraction:
    """Each local day of the billed period counts with the level at its end, over the nominal days."""
    total = ZERO
    first = local_date(period.billed.start, where)
    for number in range(days_had(period, where)):
        end = min(midnight(first + timedelta(days=number + 1), where), period.billed.end)
        if end <= last:
            total += level(meter, [event for event in events if event.time < end])
    return total / days_touched(period.nominal, where)


def level_by_time(meter: Mapping[str, Any], events: Events, period: Period) -> Fraction:
    """Each level counts as long as it holds in the billed period, over the nominal length."""
    billed = period.billed
    edges = sorted({*billed, *(event.time for event in events if billed.holds(event.time))})
    total = ZERO
    for start, end in pairwise(edges):
        held = level(meter, [event for event in events if event.time <= start])
        total += held * microseconds(Span(start, end))
    return total / microseconds(period.nominal)
