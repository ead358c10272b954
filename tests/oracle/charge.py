"""One charge in one billing period: from usage to its lines.

Units become billable, lose the included ones, and are priced segment by segment; the position in the ladder carries on.
Then come the charge's discount, its maximum and its minimum. Each of these nets is exact and rounded once, and what a
step changed is shown as the difference of two rounded nets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.book import Agreement, Item, Own, dimension_names, in_force, meters_of, price_of, walk
from tests.oracle.calendar import Period, share
from tests.oracle.exchange import Exchange
from tests.oracle.findings import Findings
from tests.oracle.ladder import (
    Ladder,
    Texts,
    billable_unit,
    count_billable,
    divisor,
    line_shares,
    measured_units,
    rounding_of,
    spread_included,
)
from tests.oracle.measure import Event
from tests.oracle.money import divide_up, minor_unit, round_to
from tests.oracle.percentage import is_share, share_cost, share_cost_at_zero
from tests.oracle.price import Cost, cost, cost_at_zero, is_blocked
from tests.oracle.usage import Metering, Segment, Usage, segments_of

ZERO = Fraction(0)
INCLUDED_STEP = Fraction(1, 10**6)
"""Prorated included units are rounded half up to six decimals."""


@dataclass(frozen=True)
class RatedCharge:
    """What a charge costs: its lines, and what contract discounts need to know.

    Attributes:
        net: its last net, rounded.
        segments: the parts of the period that were priced.
        gross: what each segment costs before the charge's own discount, exactly.
    """

    id: str
    lines: list[dict[str, Any]]
    net: Fraction
    segments: list[Segment]
    gross: list[Fraction]


class Rating:
    """The rating of one charge in one billing period, step by step."""

    def __init__(
        self, book: Mapping[str, Any], agreement: Agreement, charge: Item, period: Period, exchange: Exchange
    ) -> None:
        self.book = book
        self.agreement = agreement
        self.charge = charge
        self.period = period
        self.exchange = exchange
        self.rule = book["rating"][charge.get("rating")]
        self.uses = meters_of(self.rule)
        self.meter = book["meters"][self.uses[0].meter]
        self.segments = segments_of(book, agreement, charge, period)
        self.unit = minor_unit(agreement.currency)

    def rate(self, events: Mapping[str, Sequence[Event]], findings: Findings) -> RatedCharge:
        metering = Metering(self.book, self.agreement, self.charge, self.period, self.segments)
        used = metering.usage(events, findings)
        ladders, billed = self.ladders(used, findings)
        for ladder in ladders:
            count_billable(ladder, rounding_of(self.rule))
        included = self.included()
        if included is not None:
            measured = measured_units(self.rule, self.meter, self.period)
            spread_included(
                ladders, included, each=self.charge.get("included_each", False), measured=measured
            )
        self.price_ladders(ladders, findings)
        gross = [sum((one.costs[n].total for one in ladders), ZERO) for n in range(len(self.segments))]
        lines = self.usage_lines(ladders, billed, gross)
        nets = [self.round(net) for net in self.nets(gross)]
        for kind, before, after in zip(("discount", "maximum", "minimum"), nets[:-1], nets[1:], strict=True):
            if after != before:
                lines.append(self.line(kind, amount=after - before))
        return RatedCharge(self.charge.id, lines, nets[-1], self.segments, gross)

    def ladders(self, used: Sequence[Usage], findings: Findings) -> tuple[list[Ladder], list[Usage]]:
        """Sort usage into ladders; what no price or cell answers for is only found. Ordered by key."""
        ladders: dict[tuple[Texts, tuple[str, ...]], Ladder] = {}
        billed = []
        for usage in used:
            cell = self.cell(usage, findings)
            if cell is None:
                continue
            pool = tuple(usage.dimensions[name] for name in self.rule.get("pool_by", []))
            ladder = ladders.setdefault((pool, cell), Ladder.empty(pool, cell, len(self.segments)))
            units = usage.units / divisor(self.rule, self.meter)
            ladder.use(usage.segment, self.line_of(usage), units, usage.events)
            billed.append(usage)
        if not ladders:
            ladders[(), ()] = Ladder.empty((), (), len(self.segments))
            ladders[(), ()].units[0] = {(): ZERO}
        return sorted(ladders.values(), key=lambda ladder: ladder.key), billed

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
        """The price in force in a segment; before its first version it is blocked."""
        written = price_of(self.book, self.charge)
        if written is None:
            return None
        return self.at(written, self.segments[segment].priced_at) or Own("blocked", written.currency)

    def at(self, own: Own | None, moment: datetime) -> Own | None:
        node = None if own is None else in_force(own.node, moment, self.agreement.where)
        return None if own is None or node is None else Own(node, own.currency)

    def at_start(self, key: str) -> Own | None:
        """What the charge says in force at the period's start."""
        return self.at(self.charge.own(key), self.period.billed.start)

    def included(self) -> Fraction | None:
        included = self.at_start("included")
        if included is None:
            return None
        prorate = self.charge.get("prorate_included", "none")
        if prorate == "none":
            return Fraction(included.node)
        part = Fraction(included.node) * share(self.period, prorate, self.agreement.where)
        return round_to(part, INCLUDED_STEP, "half_up")

    def price_ladders(self, ladders: Sequence[Ladder], findings: Findings) -> None:
        for ladder in ladders:
            for number in range(len(self.segments)):
                price = self.ladder_price(ladder, number)
                ladder.costs.append(self.cost(price, ladder, number))
                if price is not None and is_blocked(price.node) and ladder.stretch(number).units > 0:
                    findings.add("blocked", self.agreement.id, self.charge.id, 1)
            if ladder.net_reached(len(self.segments) - 1) == 0:
                at_zero = self.cost_at_zero(self.ladder_price(ladder, 0))
                ladder.costs[0] = Cost(at_zero) if at_zero else ladder.costs[0]

    def cost(self, price: Own | None, ladder: Ladder, segment: int) -> Cost:
        """What a segment of a ladder costs; nothing where there is no price (nothing is used there then)."""
        if price is None:
            return Cost()
        stretch = ladder.stretch(segment)
        if not is_share(price):
            return Cost(cost(price, stretch, self.exchange))
        return share_cost(price, stretch, ladder.counted(segment), ladder.each[segment], self.exchange)

    def cost_at_zero(self, price: Own | None) -> Fraction:
        if price is None:
            return ZERO
        return (share_cost_at_zero if is_share(price) else cost_at_zero)(price, self.exchange)

    def ladder_price(self, ladder: Ladder, segment: int) -> Own | None:
        """The price of a ladder in a segment; None where its version has no such cell (nothing is used there then)."""
        price = self.price(segment)
        if price is None or is_matrix(price) != bool(ladder.cell):
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
        discounted = ZERO
        for segment, amount in zip(self.segments, gross, strict=True):
            discount = self.at(self.charge.own("discount"), segment.priced_at)
            percent = ZERO if discount is None else Fraction(discount.node["percent"])
            discounted += amount * (1 - percent / 100)
        maximum, minimum = self.at_start("maximum"), self.at_start("minimum")
        capped = discounted if maximum is None else min(discounted, self.exchange.amount(maximum))
        lifted = capped if minimum is None else max(capped, self.exchange.amount(minimum))
        return [sum(gross, ZERO), discounted, capped, lifted]

    def usage_lines(
        self, ladders: Sequence[Ladder], billed: Sequence[Usage], gross: Sequence[Fraction]
    ) -> list[dict[str, Any]]:
        """A line for each combination of `lines_by` values that was used; together they are the rounded gross.

        That is divided among them by largest remainder, in proportion to what each costs exactly (if none of them
        costs anything, evenly).
        Without usage there is a line only where something is due even then.
        """
        lines = sorted(
            {self.line_of(usage) for usage in billed}, key=lambda line: [value or "" for value in line]
        )
        whole = self.round(sum(gross, ZERO))
        if not lines:
            unit = self.meter["unit"]
            return (
                [self.line("usage", amount=whole, quantity=ZERO, unit=unit, billable=ZERO)] if whole else []
            )
        shares = [ZERO] * len(lines)
        billable = [ZERO] * len(lines)
        for ladder in ladders:
            for number in range(len(self.segments)):
                more = line_shares(ladder, number, lines)
                shares = [have + part for have, part in zip(shares, more, strict=True)]
            parts = self.billable_parts(ladder, lines)
            billable = [have + part for have, part in zip(billable, parts, strict=True)]
        amounts = divide_up(whole, shares, self.unit)
        return [
            self.line(
                "usage",
                amount=amount,
                quantity=sum((usage.quantity for usage in billed if self.line_of(usage) == line), ZERO),
                billable=units,
                unit=self.meter_of(line)["unit"],
                dimensions=self.line_dimensions(line),
            )
            for line, amount, units in zip(lines, amounts, billable, strict=True)
        ]

    def billable_parts(self, ladder: Ladder, lines: Sequence[Texts]) -> list[Fraction]:
        """Divide a ladder's billable units among lines: exactly, or by largest remainder where they were rounded."""
        units = ladder.line_units()
        exact = [units.get(line, ZERO) for line in lines]
        if rounding_of(self.rule) == "none":
            return exact
        return divide_up(ladder.billable, exact, Fraction(1))

    def line_of(self, usage: Usage) -> Texts:
        """The line of some usage: the number of its meter, and the values of `lines_by` (None for what it lacks)."""
        values = (usage.dimensions.get(name) for name in self.rule.get("lines_by", []))
        return (str(usage.meter), *values)

    def line_dimensions(self, line: Texts) -> dict[str, str | None]:
        """The dimensions of a line: those of `lines_by` that its meter has."""
        known = dimension_names(self.meter_of(line))
        named = zip(self.rule.get("lines_by", []), line[1:], strict=True)
        return {name: value for name, value in named if name in known}

    def meter_of(self, line: Texts) -> Mapping[str, Any]:
        meter: Mapping[str, Any] = self.book["meters"][self.uses[int(line[0] or 0)].meter]
        return meter

    def round(self, amount: Fraction) -> Fraction:
        return round_to(amount, self.unit, self.agreement.rounding)

    def line(
        self,
        kind: str,
        *,
        amount: Fraction | None,
        quantity: Fraction | None = None,
        unit: str | None = None,
        billable: Fraction | None = None,
        dimensions: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        return {
            "charge": self.charge.id,
            "kind": kind,
            "quantity": quantity,
            "unit": unit,
            "billable": billable,
            "amount": amount,
            "dimensions": dict(dimensions or {}),
            "period": self.period.billed,
        }


def is_matrix(price: Own) -> bool:
    return isinstance(price.node, Mapping) and price.node.get("model") == "matrix"


def reported_as(rule_id: str, currency: str) -> Item:
    """A charge for usage that is only reported, without a price: as if it were free."""
    return Item(rule_id, {"rating": Own(rule_id, currency), "price": Own("free", currency)})
