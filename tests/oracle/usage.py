"""Units: a rule's events in one billing period, split at dated changes, and multiplied.

A meter that adds up is split at every change of the price, the charge's discount or the contract's discounts, and each
event is multiplied by the version in force when it happened. Every other meter is measured over the whole period, for
each subject and each combination of the dimensions that the charge needs, priced and multiplied by what is in force at
the period's last instant; the combinations are then added up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.book import Agreement, Item, changes, in_force, price_of, values_of, walk
from tests.oracle.calendar import Period, Span, instant
from tests.oracle.findings import Findings
from tests.oracle.measure import ADDITIVE, Event, aggregate


@dataclass(frozen=True)
class Segment:
    """A part of a billing period in which one version of everything holds; `priced_at` says which."""

    span: Span
    priced_at: datetime


@dataclass(frozen=True)
class Usage:
    """Something used in one segment: one event, or a combination of dimensions of a meter that does not add up."""

    segment: int
    events: int
    quantity: Fraction
    units: Fraction
    dimensions: Mapping[str, str | None]


def segments_of(book: Mapping[str, Any], agreement: Agreement, charge: Item, period: Period) -> list[Segment]:
    """Cut a billing period at the changes that split the usage of a charge."""
    rule = book["rating"][charge.get("rating")]
    if book["meters"][rule["meter"]]["aggregate"] not in ADDITIVE:
        return [Segment(period.billed, period.billed.last_instant)]
    price = price_of(book, charge)
    cuts = changes(None if price is None else price.node, agreement.where)
    cuts |= changes(charge.get("discount"), agreement.where)
    for discount in agreement.contract.get("discounts", []):
        cuts |= {instant(discount[key], agreement.where) for key in ("from", "until") if key in discount}
    inside = sorted(cut for cut in cuts if period.billed.start < cut < period.billed.end)
    starts, ends = [period.billed.start, *inside], [*inside, period.billed.end]
    return [Segment(Span(start, end), start) for start, end in zip(starts, ends, strict=True)]


def usage_of(
    book: Mapping[str, Any],
    agreement: Agreement,
    charge: Item,
    period: Period,
    segments: Sequence[Segment],
    *,
    events: Iterable[Event],
    findings: Findings,
) -> list[Usage]:
    """Give what a contract used of a charge's rule in a billing period; what has no factor is only found."""
    rule = book["rating"][charge.get("rating")]
    how = book["meters"][rule["meter"]]["aggregate"]
    own = [
        event for event in events if event.subject in agreement.subjects and period.billed.holds(event.time)
    ]
    groups = (
        [[event] for event in own]
        if how in ADDITIVE
        else combined(own, needed_dimensions(book, charge, rule))
    )
    found = []
    for group in groups:
        dimensions = group[0].dimensions
        moment = group[0].time if how in ADDITIVE else period.billed.last_instant
        quantity = aggregate(how, group, period)
        factor = factor_of(book, rule, dimensions, moment, agreement)
        if factor is None:
            findings.add("no_multiplier", agreement.id, charge.id, len(group))
            continue
        number = next(n for n, segment in enumerate(segments) if segment.span.holds(group[0].time))
        found.append(Usage(number, len(group), quantity, quantity * factor, dimensions))
    return found


def combined(events: Iterable[Event], names: Sequence[str]) -> list[list[Event]]:
    """Put together the events that are measured as one: those of one subject with equal values of the dimensions."""
    groups: dict[tuple[Any, ...], list[Event]] = {}
    for event in events:
        key = (event.subject, *(event.dimensions[name] for name in names))
        groups.setdefault(key, []).append(event)
    return list(groups.values())


def needed_dimensions(book: Mapping[str, Any], charge: Item, rule: Mapping[str, Any]) -> list[str]:
    """The dimensions of pools, lines, the price's matrix and the multipliers."""
    names = {*rule.get("pool_by", []), *rule.get("lines_by", [])}
    price = price_of(book, charge)
    for by in values_of(None if price is None else price.node, "by"):
        names.update(by)
    for multiplier in rule.get("multiply_by", []):
        names.update(book["multipliers"][multiplier]["by"])
    return sorted(names)


def factor_of(
    book: Mapping[str, Any],
    rule: Mapping[str, Any],
    dimensions: Mapping[str, str | None],
    moment: datetime,
    agreement: Agreement,
) -> Fraction | None:
    """Multiply the factors of all multipliers of a rule; None where one of them has no answer."""
    product = Fraction(1)
    for name in rule.get("multiply_by", []):
        multiplier = in_force(book["multipliers"][name], moment, agreement.where)
        if multiplier is None:
            return None
        answer = walk(multiplier["values"], [dimensions[dimension] for dimension in multiplier["by"]])
        if answer is None:
            return None
        product *= Fraction(answer[1])
    return product
