"""What a ladder costs in a segment, and how the lines that used it share that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from ratebook.compiler.program import ChargeProgram, Ladder
from ratebook.fx import Rate
from ratebook.money import ZERO
from ratebook.rating.amounts import Amount
from ratebook.rating.events import Events, events_of, row_numerator
from ratebook.rating.ladder import ladder_numerator
from ratebook.rating.ladders import Key, LadderUsage

_NOTHING: Final = Fraction(0)


class Priced(NamedTuple):
    """One ladder in one segment: net positions `(start, end]` and what they cost in the invoice's currency.

    Where events cost something by themselves they are counted, and `of_events` is their part of the gross.
    """

    ladder: LadderUsage
    segment: int
    start: Decimal
    end: Decimal
    period_end: Decimal
    gross: Amount
    events: Events | None = None
    of_events: Amount | None = None


def price_ladder(
    ladder: LadderUsage, net: Sequence[Decimal], rates: Mapping[str, Rate], program: ChargeProgram
) -> list[Priced]:
    """Price each segment of a ladder whose net position was `net[0]`, and after each segment the next one."""
    parts = []
    for segment, price in enumerate(ladder.prices):
        if price is None:
            continue
        start, end, period_end = net[segment], net[segment + 1], net[-1]
        numerator = ladder_numerator(price, start, end, period_end)
        if price.flat_at_zero and not period_end and not segment:
            numerator += price.tiers[0].flat * price.denominator
        rate = rates[price.currency]
        denominator = price.denominator * rate.denominator
        part = Priced(
            ladder, segment, start, end, period_end, Amount(numerator * rate.numerator, denominator)
        )
        parts.append(part if price.event_fee is None else _with_events(part, price, rate, program))
    return parts


def _with_events(part: Priced, price: Ladder, rate: Rate, program: ChargeProgram) -> Priced:
    """Add what events cost by themselves; where each is bound, that is all."""
    events = events_of(part.ladder, part.segment, price, program)
    numerator, denominator = events.numerator(price) * rate.numerator, part.gross.denominator
    is_all = price.event_fee is not None and price.event_fee.is_bound
    whole = numerator if is_all else part.gross.numerator + numerator
    return part._replace(
        gross=Amount(whole, denominator), events=events, of_events=Amount(numerator, denominator)
    )


def in_pricing_unit(priced: Sequence[Priced], rates: Mapping[str, Rate]) -> list[Priced]:
    """Give what ladders cost in the pricing unit that their prices are listed in; others cost nothing."""
    parts = []
    for part in priced:
        price = part.ladder.prices[part.segment]
        if price is None or price.pricing is None:
            parts.append(part._replace(gross=Amount(ZERO, Decimal(1))))
            continue
        rate = rates[price.currency]
        numerator = part.gross.numerator * rate.denominator
        denominator = part.gross.denominator * rate.numerator * price.pricing.value
        parts.append(part._replace(gross=Amount(numerator, denominator)))
    return parts


@dataclass(slots=True)
class Costs:
    """What a ladder costs: in each stretch of the period by units and by events, or line by line."""

    by_units: dict[int, Fraction] = field(default_factory=dict)
    by_events: dict[int, Fraction] = field(default_factory=dict)
    by_line: dict[Key, Fraction] = field(default_factory=dict)

    @property
    def total(self) -> Fraction:
        """All of it."""
        every = (self.by_units, self.by_events, self.by_line)
        return sum((sum(costs.values(), _NOTHING) for costs in every), _NOTHING)

    def add(self, part: Priced, program: ChargeProgram) -> None:
        """Add a segment."""
        stretch, gross = program.stretches[part.segment], part.gross.fraction
        price = part.ladder.prices[part.segment]
        if price is not None and price.event_fee is not None and price.event_fee.is_bound:
            self._add_lines(part, price, program)
            return
        if part.of_events is not None:
            gross -= part.of_events.fraction
            self.by_events[stretch] = self.by_events.get(stretch, _NOTHING) + part.of_events.fraction
        self.by_units[stretch] = self.by_units.get(stretch, _NOTHING) + gross

    def _add_lines(self, part: Priced, price: Ladder, program: ChargeProgram) -> None:
        uses = [use for use in part.ladder.uses if use[1].segment == part.segment]
        costs = [(use[0], Fraction(row_numerator(use, price, program))) for use in uses]
        whole = sum((cost for _, cost in costs), _NOTHING)
        for key, cost in costs if whole else ():
            self.by_line[key] = self.by_line.get(key, _NOTHING) + part.gross.fraction * cost / whole


class Used(NamedTuple):
    """What each line used of a ladder: quantity and multiplied units, these in each stretch of the period too."""

    quantities: dict[Key, Decimal]
    units: dict[Key, Decimal]
    in_stretch: dict[int, dict[Key, Decimal]]


def used_of(ladder: LadderUsage, program: ChargeProgram) -> Used:
    """Add up what lines used."""
    used = Used({}, {}, {})
    for key, row, units in ladder.uses:
        in_stretch = used.in_stretch.setdefault(program.stretches[row.segment], {})
        in_stretch[key] = in_stretch.get(key, ZERO) + units
        used.units[key] = used.units.get(key, ZERO) + units
        used.quantities[key] = used.quantities.get(key, ZERO) + row.quantity
    return used


def shares_of(ladder: LadderUsage, used: Used, costs: Costs, program: ChargeProgram) -> dict[Key, Fraction]:
    """Share what a ladder costs among its lines.

    The cost of a stretch is shared by what lines used in it, a fixed fee by their events. A stretch that costs
    something without units (`flat_at_zero`) is shared by the units of the whole period, and without any evenly.
    """
    if len(used.units) == 1:
        return dict.fromkeys(used.units, costs.total)
    shares = dict.fromkeys(used.units, _NOTHING) | costs.by_line
    evenly = dict.fromkeys(used.units, Decimal(1))
    for stretch, amount in costs.by_units.items():
        candidates = (used.in_stretch.get(stretch, {}), used.units, evenly)
        _share_out(amount, next((one for one in candidates if sum(one.values(), ZERO)), {}), shares)
    events: dict[int, dict[Key, Decimal]] = {}
    for key, row, _ in ladder.uses if costs.by_events else ():
        in_stretch = events.setdefault(program.stretches[row.segment], {})
        in_stretch[key] = in_stretch.get(key, ZERO) + row.events
    for stretch, amount in costs.by_events.items():
        _share_out(amount, events.get(stretch, {}), shares)
    return shares


def _share_out(amount: Fraction, weights: Mapping[Key, Decimal], shares: dict[Key, Fraction]) -> None:
    if amount and weights:
        each = amount / Fraction(sum(weights.values(), ZERO))
        for key, weight in weights.items():
            shares[key] += each * Fraction(weight)
