"""One charge in one part of a billing period: from usage to its lines.

Units become billable, lose the included ones, and are priced segment by segment; the position in the ladder carries on.
Then come the charge's discount, its maximum and its minimum. Each of these nets is exact and rounded once, and what a
step changed is shown as the difference of two rounded nets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Item
from tests.oracle.book import Own, meters_of, own_at, walk
from tests.oracle.calendar import Period, share
from tests.oracle.charge_lines import ChargeLines
from tests.oracle.exchange import Exchange
from tests.oracle.findings import Findings
from tests.oracle.ladder import (
    Ladder,
    Start,
    Texts,
    billable_unit,
    count_billable,
    divisor,
    measured_units,
    rounding_of,
    spread_included,
)
from tests.oracle.measure import Event
from tests.oracle.money import minor_unit, round_to
from tests.oracle.percentage import is_share, share_cost, share_cost_at_zero
from tests.oracle.price import Cost, cost, cost_at_zero, is_blocked
from tests.oracle.stages import Part
from tests.oracle.units import UnitExchange, unit_of, without_worth
from tests.oracle.usage import Metering, Segment, Usage, segments_of
from tests.oracle.windows import free_units

ZERO = Fraction(0)
INCLUDED_STEP = Fraction(1, 10**6)
"""Prorated included units are rounded half up to six decimals."""

Stops = dict[tuple[Texts, tuple[str, ...]], Start]
"""Where the ladders of a charge have stopped, by pool and cell."""


@dataclass(frozen=True)
class Carried:
    """What a charge has come to in parts of the billing period before, if it goes on from them.

    Attributes:
        stops: where its ladders have stopped.
        periods: those parts.
        net: what they came to, exactly.
        is_last: whether no part goes on from this one, so that the minimum counts.
    """

    stops: Stops = field(default_factory=dict)
    periods: tuple[Period, ...] = ()
    net: Fraction = ZERO
    is_last: bool = True


@dataclass(frozen=True)
class RatedCharge:
    """What a charge costs: its lines, and what contract discounts need to know.

    Attributes:
        net: its last net, rounded.
        segments: the parts of the period that were priced.
        gross: what each segment costs before the charge's own discount, exactly.
        carries: what a part that goes on from this one has to know.
    """

    id: str
    lines: list[dict[str, Any]]
    net: Fraction
    segments: list[Segment]
    gross: list[Fraction]
    carries: Carried
    part: Part
    charge: Item


@dataclass
class Rating:
    """The rating of one charge in one part of a billing period, step by step."""

    book: Mapping[str, Any]
    part: Part
    charge: Item
    exchange: Exchange
    carried: Carried = field(default_factory=Carried)

    def __post_init__(self) -> None:
        self.agreement = self.part.terms
        self.period = self.part.period
        self.rule = self.book["rating"][self.charge.get("rating")]
        self.meter = self.book["meters"][meters_of(self.rule)[0].meter]
        self.segments = segments_of(self.book, self.agreement, self.charge, self.period)

    def rate(self, events: Mapping[str, Sequence[Event]], findings: Findings) -> RatedCharge:
        metering = Metering(self.book, self.agreement, self.charge, self.period, self.segments)
        ladders, billed = self.ladders(metering.usage(events, findings), findings)
        for ladder in ladders:
            count_billable(ladder, rounding_of(self.rule))
        self.deduct_included(ladders)
        for ladder in ladders:
            ladder.costs = self.price_ladder(ladder, self.exchange)
            if self.pricing_unit() is not None:
                ladder.in_units = self.price_ladder(ladder, UnitExchange())
            self.find_blocked(ladder, findings)
        gross = [sum((one.costs[n].total for one in ladders), ZERO) for n in range(len(self.segments))]
        writer = self.writer()
        lines = writer.usage_lines(ladders, billed)
        unit = minor_unit(self.agreement.currency)
        exact = self.nets(gross)
        nets = [round_to(net, unit, self.agreement.rounding) for net in exact]
        for kind, before, after in zip(("discount", "maximum", "minimum"), nets[:-1], nets[1:], strict=True):
            if after != before:
                supplies = {"supplies": self.discounted_in_time(gross)} if kind == "discount" else {}
                lines.append({**writer.line(kind, after - before), **supplies})
        used = ladders if billed or self.carried.stops else []
        stops = {**self.carried.stops, **{(one.pool, one.cell): one.stop() for one in used}}
        periods = (*self.carried.periods, self.period)
        carries = Carried(stops, periods, self.carried.net + exact[-1])
        return RatedCharge(
            self.charge.id, lines, nets[-1], self.segments, gross, carries, self.part, self.charge
        )

    def ladders(self, used: Sequence[Usage], findings: Findings) -> tuple[list[Ladder], list[Usage]]:
        """Sort usage into ladders; what no price or cell answers for is only found. Ordered by key."""
        ladders = {place: self.empty(*place) for place in self.carried.stops}
        line_of = self.writer().line_of
        billed = []
        for usage in used:
            cell = self.cell(usage, findings)
            if cell is None:
                continue
            pool = tuple(usage.dimensions.get(name) for name in self.pool_by())
            ladder = ladders.setdefault((pool, cell), self.empty(pool, cell))
            units = usage.units / divisor(self.rule, self.meter)
            ladder.use(usage.segment, line_of(usage), units, usage.events)
            billed.append(usage)
        if not ladders:
            ladders[(), ()] = self.empty((), ())
            ladders[(), ()].units[0] = {(): ZERO}
        return sorted(ladders.values(), key=lambda ladder: ladder.key), billed

    def writer(self) -> ChargeLines:
        return ChargeLines(
            self.book, self.agreement, self.charge, self.period.billed, self.segments, self.pricing_unit()
        )

    def pricing_unit(self) -> str | None:
        """The pricing unit of all prices in force; None where some of them are in money."""
        return unit_of([self.price(number) for number in range(len(self.segments))])

    def pool_by(self) -> list[str]:
        """What ladders are told apart by; the account of a contract without children is always the same."""
        names: list[str] = self.charge.get("pool_by", self.rule.get("pool_by", []))
        return names

    def empty(self, pool: Texts, cell: tuple[str, ...]) -> Ladder:
        return Ladder.empty(pool, cell, len(self.segments), self.carried.stops.get((pool, cell)))

    def cell(self, usage: Usage, findings: Findings) -> tuple[str, ...] | None:
        """Find the cell of the matrix whose price some usage has, as the path to it; () where there is no matrix."""
        price = self.price(usage.segment)
        if price is None:
            findings.add("no_price", self.agreement.id, self.charge.id, usage.events)
            return None
        if not is_matrix(price):
            return ()
        found = walk(price.node["values"], [usage.dimensions[name] for name in price.node["by"]])
        if found is None:
            findings.add("no_matrix_cell", self.agreement.id, self.charge.id, usage.events)
            return None
        return found[0]

    def price(self, segment: int) -> Own | None:
        """The price in force in a segment; before its first version, or that of its unit's worth, it is blocked."""
        written = self.charge.own("price")
        if written is None:
            return None
        moment = self.segments[segment].priced_at
        found = own_at(written, moment, self.agreement.where)
        if found is None:
            return Own("blocked", written.currency)
        return Own(without_worth(found.node), found.currency)

    def at_start(self, key: str) -> Own | None:
        """What the charge says in force at the beginning of what is billed."""
        return self.charge.at(key, self.period.billed.start, self.agreement.where)

    def deduct_included(self, ladders: Sequence[Ladder]) -> None:
        """Deduct included units from the ladders: once for all of them, or for each."""
        included = self.included()
        if included is None:
            return
        each = self.at_start("included_each")
        if each is not None and each.node:
            for ladder in ladders:
                ladder.included = max(ZERO, included - ladder.start.billable)
            return
        meters = [self.book["meters"][use.meter] for use in meters_of(self.rule)]
        measured = measured_units(self.rule, meters, self.period, self.agreement.where)
        spread_included(ladders, included, measured=measured)

    def included(self) -> Fraction | None:
        """Included units, prorated as the charge says, and those that a discount adds; None where there are none."""
        free = free_units(self.agreement, self.charge, self.period.billed)
        included = self.at_start("included")
        if included is None:
            return free or None
        prorate = self.at_start("prorate_included")
        if prorate is None or prorate.node == "none":
            return Fraction(included.node) + free
        periods = (*self.carried.periods, self.period)
        whole = sum((share(period, prorate.node, self.agreement.where) for period in periods), ZERO)
        part = Fraction(included.node) * whole
        return round_to(part, INCLUDED_STEP, "half_up") + free

    def price_ladder(self, ladder: Ladder, exchange: Exchange) -> list[Cost]:
        """What each segment of a ladder costs."""
        prices = [self.ladder_price(ladder, number) for number in range(len(self.segments))]
        costs = [segment_cost(price, ladder, number, exchange) for number, price in enumerate(prices)]
        is_unused = ladder.net_reached(len(self.segments) - 1) == 0 and self.carried.is_last
        if is_unused and prices[0] is not None:
            at_zero = (share_cost_at_zero if is_share(prices[0]) else cost_at_zero)(prices[0], exchange)
            costs[0] = Cost(at_zero) if at_zero else costs[0]
        return costs

    def find_blocked(self, ladder: Ladder, findings: Findings) -> None:
        for number in range(len(self.segments)):
            price = self.ladder_price(ladder, number)
            if price is not None and is_blocked(price.node) and ladder.stretch(number).units > 0:
                findings.add("blocked", self.agreement.id, self.charge.id, 1)

    def ladder_price(self, ladder: Ladder, segment: int) -> Own | None:
        """The price of a ladder in a segment; None where its version has no such cell (nothing is used there then)."""
        price = self.price(segment)
        if price is None or len(price.node["by"] if is_matrix(price) else ()) != len(ladder.cell):
            return None
        node = price.node
        for key in ladder.cell:
            node = {str(name): below for name, below in node.get("values", node).items()}.get(key)
            if node is None:
                return None
        found = Own(node, price.currency)
        return Own(node, billable_unit(self.rule, self.meter)) if is_share(found) else found

    def nets(self, gross: Sequence[Fraction]) -> list[Fraction]:
        """Gross, then after the discount, the maximum, the minimum: exact."""
        discounted = sum(gross, ZERO) - sum((off for _, off in self.discounted_in_time(gross)), ZERO)
        maximum, minimum = self.at_start("maximum"), self.at_start("minimum")
        capped = lifted = discounted
        if maximum is not None:
            capped = lifted = min(discounted, max(ZERO, self.exchange.amount(maximum) - self.carried.net))
        if minimum is not None and self.carried.is_last:
            lifted = max(capped, self.exchange.amount(minimum) - self.carried.net)
        return [sum(gross, ZERO), discounted, capped, lifted]

    def discounted_in_time(self, gross: Sequence[Fraction]) -> list[tuple[datetime, Fraction]]:
        """What the charge's own discount takes off each segment, exactly: where it is split, it is taxed by that."""
        found = []
        for segment, amount in zip(self.segments, gross, strict=True):
            discount = self.charge.at("discount", segment.priced_at, self.agreement.where)
            percent = ZERO if discount is None else Fraction(discount.node["percent"])
            found.append((segment.priced_at, amount * percent / 100))
        return found


def segment_cost(price: Own | None, ladder: Ladder, segment: int, exchange: Exchange) -> Cost:
    """What a segment of a ladder costs; nothing where there is no price (nothing is used there then)."""
    if price is None:
        return Cost()
    stretch = ladder.stretch(segment)
    if not is_share(price):
        return Cost(cost(price, stretch, exchange))
    return share_cost(price, stretch, ladder.counted(segment), ladder.each[segment], exchange)


def is_matrix(price: Own) -> bool:
    return isinstance(price.node, Mapping) and price.node.get("model") == "matrix"
