"""Units: a rule's events in one billing period, split at dated changes, and multiplied.

A meter that adds up is split at every change of the price, the charge's discount or the contract's discounts, and each
event is multiplied by the version in force when it happened. Every other meter is measured over the whole period, for
each subject and each combination of the dimensions that the charge needs, priced and multiplied by what is in force at
the period's last instant; the combinations are then added up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.aggregate import aggregate, counted_span, is_additive
from tests.oracle.agreement import Agreement, Item
from tests.oracle.book import (
    MeterUse,
    Own,
    changes,
    dimension_names,
    in_force,
    meters_of,
    own_at,
    values_of,
    walk,
)
from tests.oracle.calendar import MICROSECOND, Period, Span, instant
from tests.oracle.findings import Findings
from tests.oracle.measure import Event
from tests.oracle.stages import pauses
from tests.oracle.windows import credit_edges, discount_edges, tax_edges


@dataclass(frozen=True)
class Segment:
    """A part of a billing period in which one version of everything holds; `priced_at` says which."""

    span: Span
    priced_at: datetime


@dataclass(frozen=True)
class Usage:
    """Something used in one segment: one event, or a combination of dimensions of a meter that does not add up.

    Attributes:
        meter: which of the rule's meters measured it, from 0.
    """

    meter: int
    segment: int
    events: int
    quantity: Fraction
    units: Fraction
    dimensions: Mapping[str, str | None]


def real_changes(own: Own | None, where: ZoneInfo) -> set[datetime]:
    """The instants at which something dated changes, and is not what it was before."""
    cuts = set() if own is None else changes(own.node, where)
    return {cut for cut in cuts if own_at(own, cut, where) != own_at(own, cut - MICROSECOND, where)}


def discount_cuts(charge: Item, agreement: Agreement) -> set[datetime]:
    """The instants at which a version of a charge's discount begins, though it may change nothing.

    One that a price lock holds back does not begin, and where none is held back nothing begins with the lock's end.
    """
    own = charge.own("discount")
    cuts = set() if own is None else edges(own.node, agreement.where)
    lock = agreement.contract.get("price_lock")
    if own is None or lock is None:
        return cuts
    until = instant(lock["until"], agreement.where)
    at = instant(lock.get("at", agreement.contract["start"]), agreement.where)
    held = any(at < change < until for change in changes(own.node, agreement.where))
    return cuts if held or until in real_changes(own, agreement.where) else cuts - {until}


def edges(node: Any, where: ZoneInfo) -> set[datetime]:
    """The instants at which versions begin, of those inside another one what lies in its time."""
    if not isinstance(node, Mapping) or "versions" not in node:
        return set()
    starts = [instant(one["from"], where) if "from" in one else None for one in node["versions"]]
    found = {start for start in starts if start is not None}
    for one, start, end in zip(node["versions"], starts, [*starts[1:], None], strict=True):
        for inner in edges(one.get("value"), where):
            found |= {inner} if (start is None or inner > start) and (end is None or inner < end) else set()
    return found


def segments_of(book: Mapping[str, Any], agreement: Agreement, charge: Item, period: Period) -> list[Segment]:
    """Cut a billing period at the changes that split the usage of a charge."""
    rule = book["rating"][charge.get("rating")]
    if not any(is_additive(book["meters"][use.meter]) for use in meters_of(rule)):
        return [Segment(period.billed, period.billed.last_instant)]
    cuts = real_changes(charge.own("price"), agreement.where)
    cuts |= discount_cuts(charge, agreement)
    cuts |= discount_edges(agreement) | credit_edges(agreement) | tax_edges(agreement, charge)
    inside = sorted(cut for cut in cuts if period.billed.start < cut < period.billed.end)
    starts, ends = [period.billed.start, *inside], [*inside, period.billed.end]
    return [Segment(Span(start, end), start) for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class Metering:
    """The metering of what a contract uses of one charge in one billing period."""

    book: Mapping[str, Any]
    agreement: Agreement
    charge: Item
    period: Period
    segments: Sequence[Segment]

    @property
    def rule(self) -> Mapping[str, Any]:
        rule: Mapping[str, Any] = self.book["rating"][self.charge.get("rating")]
        return rule

    def usage(self, events: Mapping[str, Sequence[Event]], findings: Findings) -> list[Usage]:
        """Give what was used, by meter; what has no factor is only found."""
        found = []
        for number, use in enumerate(meters_of(self.rule)):
            for group in self.groups(use, events[use.meter]):
                if self.has_gone(use, group):
                    continue
                usage = self.measured(number, use, group)
                if usage is None:
                    findings.add("no_multiplier", self.agreement.id, self.charge.id, len(group))
                else:
                    found.append(usage)
        return found

    def has_gone(self, use: MeterUse, group: Sequence[Event]) -> bool:
        """Whether the level of an account is gone: before what is billed, or at its end, if that is all that counts."""
        meter = self.book["meters"][use.meter]
        account = self.agreement.account_of(group[0].subject, group[0].time)
        left = None if account is None else account.life.end
        if left is None or not meter.get("recurring", False):
            return False
        at_the_end = meter.get("prorate", "none") == "none"
        return left < self.period.billed.end if at_the_end else left <= self.period.billed.start

    def groups(self, use: MeterUse, events: Iterable[Event]) -> list[list[Event]]:
        """What is measured as one: each event of a meter that adds up, else those of a subject and combination."""
        meter = self.book["meters"][use.meter]
        span = counted_span(meter, self.agreement, self.period)
        own = [one for event in events if span.holds(event.time) for one in self.attributed(event)]
        if is_additive(meter):
            return [[event] for event in own]
        return combined(own, self.needed_dimensions(use))

    def attributed(self, event: Event) -> Iterator[Event]:
        """The event with the account that pays for it, if the contract does, and has several; not in a pause."""
        account = self.agreement.account_of(event.subject, event.time)
        if any(pause.holds(event.time) for pause in pauses(self.agreement)):
            return
        if account is not None and len(self.agreement.accounts) > 1:
            yield replace(event, dimensions={"account": account.name, **event.dimensions})
        elif account is not None:
            yield event

    def measured(self, number: int, use: MeterUse, group: Sequence[Event]) -> Usage | None:
        """Measure a group, and multiply it; None where there is no factor for it."""
        meter, dimensions = self.book["meters"][use.meter], group[0].dimensions
        additive = is_additive(meter)
        moment = group[0].time if additive else self.period.billed.last_instant
        account = self.agreement.account_of(group[0].subject, group[0].time)
        left = None if account is None else account.life.end
        quantity = aggregate(meter, group, self.period, self.agreement.where, left)
        factor = factor_of(self.book, use.multiply_by, dimensions, moment, self.agreement.where)
        if factor is None:
            return None
        segment = next(n for n, one in enumerate(self.segments) if one.span.holds(moment))
        units = quantity * factor * use.factor
        return Usage(number, segment, len(group), quantity, units, dimensions)

    def needed_dimensions(self, use: MeterUse) -> list[str]:
        """The dimensions of pools, lines, the price's matrix and the multipliers, that the meter has."""
        names = {*self.rule.get("pool_by", []), *self.rule.get("lines_by", [])}
        price = self.charge.own("list_price") or self.charge.own("price")
        for by in values_of(None if price is None else price.node, "by"):
            names.update(by)
        for multiplier in use.multiply_by:
            names.update(self.book["multipliers"][multiplier]["by"])
        known = dimension_names(self.book["meters"][use.meter])
        return [
            *(["account"] if len(self.agreement.accounts) > 1 else []),
            *sorted(names.intersection(known)),
        ]


def combined(events: Iterable[Event], names: Sequence[str]) -> list[list[Event]]:
    """Put together the events that are measured as one: those of one subject with equal values of the dimensions."""
    groups: dict[tuple[Any, ...], list[Event]] = {}
    for event in events:
        key = (event.subject, *(event.dimensions[name] for name in names))
        groups.setdefault(key, []).append(event)
    return list(groups.values())


def factor_of(
    book: Mapping[str, Any],
    multipliers: Iterable[str],
    dimensions: Mapping[str, str | None],
    moment: datetime,
    where: ZoneInfo,
) -> Fraction | None:
    """Multiply the factors of multipliers; None where one of them has no answer."""
    product = Fraction(1)
    for name in multipliers:
        multiplier = in_force(book["multipliers"][name], moment, where)
        if multiplier is None:
            return None
        answer = walk(multiplier["values"], [dimensions[dimension] for dimension in multiplier["by"]])
        if answer is None:
            return None
        product *= Fraction(answer[1])
    return product
