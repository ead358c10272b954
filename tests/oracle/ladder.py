"""Ladders: how units become billable units, how included units are spread, and what each ladder costs in each segment.

A ladder is the usage of one charge in one billing period with equal `pool_by` values and the same cell of the matrix.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.calendar import Period, days_touched, microseconds
from tests.oracle.money import decimal_places, divide_up, round_to
from tests.oracle.price import Cost, Stretch

Texts = tuple[str | None, ...]

UNIT_FACTORS = {
    ("byte", "KiB"): 2**10,
    ("byte", "MiB"): 2**20,
    ("byte", "GiB"): 2**30,
    ("byte", "TiB"): 2**40,
    ("byte", "kB"): 10**3,
    ("byte", "MB"): 10**6,
    ("byte", "GB"): 10**9,
    ("byte", "TB"): 10**12,
}


@dataclass(frozen=True)
class Start:
    """What a ladder has had before, if it goes on where that of the part before has stopped.

    Attributes:
        units: not rounded, with the included ones.
        billable: the same, rounded.
        events: how many there have been.
        net: the position where it stopped: what was not free.
    """

    units: Fraction = Fraction(0)
    billable: Fraction = Fraction(0)
    events: int = 0
    net: Fraction = Fraction(0)


@dataclass
class Ladder:
    """Units of one ladder: for each segment and each line.

    Attributes:
        pool: the values of `pool_by`.
        cell: the path of keys to the cell of the matrix; () without one.
        units: one mapping for each segment, line → units after multipliers and conversion, before rounding.
        events: the same, line → how many events that is.
        each: the same, line → the units of each event.
        start: what it has had before: nothing, unless it goes on where that of a part before stopped.
        reached: after each segment, the billable units with those from before.
        included: billable units that are free, of those that are not from before.
        costs: what each segment costs.
        in_units: the same in the pricing unit, where the price is in one.
    """

    pool: Texts
    cell: tuple[str, ...]
    units: list[dict[Texts, Fraction]]
    events: list[dict[Texts, int]]
    each: list[dict[Texts, list[Fraction]]]
    start: "Start"
    reached: list[Fraction] = field(default_factory=list)
    included: Fraction = Fraction(0)
    costs: list[Cost] = field(default_factory=list)
    in_units: list[Cost] = field(default_factory=list)

    @classmethod
    def empty(
        cls, pool: Texts, cell: tuple[str, ...], segments: int, start: "Start | None" = None
    ) -> "Ladder":
        return cls(
            pool,
            cell,
            [{} for _ in range(segments)],
            [{} for _ in range(segments)],
            [{} for _ in range(segments)],
            start or Start(),
        )

    def use(self, segment: int, line: Texts, units: Fraction, events: int) -> None:
        """Add what a line used in a segment."""
        self.units[segment][line] = self.units[segment].get(line, Fraction(0)) + units
        self.events[segment][line] = self.events[segment].get(line, 0) + events
        self.each[segment].setdefault(line, []).append(units)

    @property
    def key(self) -> tuple[str, ...]:
        """What ladders are ordered by; None counts as "" there."""
        return tuple("" if value is None else value for value in (*self.pool, *self.cell))

    @property
    def total(self) -> Fraction:
        """Billable units with those from before."""
        return self.reached[-1]

    @property
    def billable(self) -> Fraction:
        return self.reached[-1] - self.start.billable

    def line_units(self) -> dict[Texts, Fraction]:
        """The units of each line in the whole period, not rounded."""
        total: dict[Texts, Fraction] = {}
        for segment in self.units:
            for line, units in segment.items():
                total[line] = total.get(line, Fraction(0)) + units
        return total

    def net_reached(self, segment: int) -> Fraction:
        """Net units of the ladder after a segment (-1: before the first): it goes on where it stopped."""
        own = Fraction(0) if segment < 0 else self.reached[segment] - self.start.billable
        return max(
            Fraction(0), self.start.net + (min(own, Fraction(0)) or max(Fraction(0), own - self.included))
        )

    def stretch(self, segment: int) -> Stretch:
        return Stretch(
            self.net_reached(segment - 1), self.net_reached(segment), self.net_reached(len(self.units) - 1)
        )

    def counted(self, segment: int) -> Stretch:
        """Where a segment is in events."""
        after, within, end = (
            sum((sum(one.values()) for one in part), 0)
            for part in (self.events[:segment], self.events[segment : segment + 1], self.events)
        )
        before = self.start.events
        return Stretch(Fraction(before + after), Fraction(before + after + within), Fraction(before + end))

    def stop(self) -> "Start":
        """What a ladder that goes on from this one has had before."""
        units = self.start.units + sum(self.line_units().values(), Fraction(0))
        last = len(self.units) - 1
        return Start(units, self.total, int(self.counted(last).until), self.net_reached(last))


def divisor(rule: Mapping[str, Any], meter: Mapping[str, Any]) -> Fraction:
    """How many multiplied units of a meter one billable unit is."""
    convert = rule.get("convert", {})
    if "to" in convert:
        return Fraction(UNIT_FACTORS[meter["unit"], convert["to"]])
    return Fraction(convert.get("divide_by", 1))


def billable_unit(rule: Mapping[str, Any], meter: Mapping[str, Any]) -> str:
    """What billable units are called; that of a price which is a share of an amount is a currency."""
    unit: str = rule.get("unit") or rule.get("convert", {}).get("to") or meter["unit"]
    return unit


def rounding_of(rule: Mapping[str, Any]) -> str:
    """How a rule rounds what it converts: none, up, down or half_up."""
    rounding: str = rule.get("convert", {}).get("round", "none")
    return rounding


def count_billable(ladder: Ladder, rounding: str) -> None:
    """Round the ladder's units over the whole period: what it has reached after each segment is rounded."""
    total = ladder.start.units
    for segment in ladder.units:
        total += sum(segment.values(), Fraction(0))
        billable = total if rounding == "none" else round_to(total, Fraction(1), rounding)
        ladder.reached.append(billable)


def spread_included(ladders: Sequence[Ladder], included: Fraction, *, measured: Fraction) -> None:
    """Deduct included units once for the whole charge, spread by billable units; those used before count against them.

    They are spread by largest remainder; `measured` says how many units, as they are counted for the step, one
    billable unit is made from.
    """
    included = max(Fraction(0), included - sum((ladder.start.billable for ladder in ladders), Fraction(0)))
    if included >= sum((ladder.billable for ladder in ladders), Fraction(0)):
        for ladder in ladders:
            ladder.included = ladder.billable
        return
    billable = [ladder.billable for ladder in ladders]
    step = finest_step([number * measured for number in (included, *billable)]) / measured
    for ladder, part in zip(ladders, divide_up(included, billable, step), strict=True):
        ladder.included = part


def finest_step(numbers: Sequence[Fraction]) -> Fraction:
    """10^-k, k being the most decimal places that any of the numbers has."""
    most = 0
    for number in numbers:
        places = decimal_places(number)
        assert places is not None, "units before they are converted are decimals"
        most = max(most, places)
    return Fraction(1, 10**most)


def measured_units(
    rule: Mapping[str, Any], meters: Sequence[Mapping[str, Any]], period: Period, where: ZoneInfo
) -> Fraction:
    """How many units one billable unit is made from, of those in whose finest decimal place included units are spread.

    These are billable units where conversion rounds, else multiplied units before conversion: the divisor. Levels over
    time are measured in units × microseconds or days, so there it is the divisor × those of the nominal period.
    """
    if rounding_of(rule) != "none":
        return Fraction(1)
    parts = [parts_of_time(meter, period, where) for meter in meters]
    return divisor(rule, meters[0]) * lcm(*parts)


def parts_of_time(meter: Mapping[str, Any], period: Period, where: ZoneInfo) -> int:
    """How many parts of the nominal period there are, each of which has a level of its own; 1 for other meters."""
    if meter["aggregate"] == "time_weighted_sum" or meter.get("prorate") == "seconds":
        return microseconds(period.nominal)
    return days_touched(period.nominal, where) if meter.get("prorate") == "days" else 1


def line_shares(ladder: Ladder, cost: Cost, segment: int, lines: Sequence[Texts]) -> list[Fraction]:
    """Share what a segment of a ladder costs among lines: by their units in it, a fixed fee by their events.

    A segment that costs something without units (`flat_at_zero`) is shared by the units of the whole period, and
    without any, equally among the lines that the ladder has (all, if it has none).
    """
    weights = ladder.units[segment]
    if not any(weights.values()):
        weights = ladder.line_units()
    if not any(weights.values()):
        weights = dict.fromkeys(weights or lines, Fraction(1))
    events = {line: Fraction(count) for line, count in ladder.events[segment].items()}
    return [
        part(cost.by_units, weights, line)
        + part(cost.by_events, events, line)
        + cost.by_line.get(line, Fraction(0))
        for line in lines
    ]


def part(amount: Fraction, weights: Mapping[Texts, Fraction], line: Texts) -> Fraction:
    """The part of one line in an amount."""
    if not amount:
        return Fraction(0)
    return amount * weights.get(line, Fraction(0)) / sum(weights.values(), Fraction(0))
