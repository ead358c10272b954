"""One charge in one billing period: units → billable → included → price → discount → maximum → minimum.

The order is fixed (docs/explanation/rating.md). Every net stays exact; the invoice rounds each once.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from ratebook.compiler.program import Bound, ChargeProgram
from ratebook.fx import Rate
from ratebook.money import ZERO, allocate
from ratebook.rating.amounts import Amount, add_up
from ratebook.rating.ladders import (
    Key,
    Ladders,
    LadderUsage,
    Missing,
    Reached,
    gather,
    key_order,
    net_positions,
    positions,
    without_usage,
)
from ratebook.rating.priced import Costs, Priced, in_pricing_unit, price_ladder, shares_of, used_of
from ratebook.usage.rows import UsageRow

_HUNDRED: Final = Decimal(100)
_NOTHING: Final = Fraction(0)


class RatedLine(NamedTuple):
    """What one combination of `lines_by` values used, and its weight in the charge's rounded amount.

    `priced` is its exact share of the gross in the pricing unit of the charge, if it has one.
    """

    key: Key
    quantity: Decimal
    billable: Decimal
    weight: Decimal | Fraction
    priced: Fraction | None = None


class Refused(NamedTuple):
    """A ladder that cannot be billed: beyond a blocked price (RB506) or below zero (RB507), in billable units."""

    code: str
    ladder: LadderUsage
    units: Decimal


class RatedCharge(NamedTuple):
    """The exact nets of a charge in the invoice's currency, its lines, and what could not be billed.

    Attributes:
        gross: before the charge's discount.
        discounted: after the discount.
        capped: after the maximum.
        net: after the minimum.
        priced: ladder by ladder and segment by segment, what made the gross.
    """

    program: ChargeProgram
    gross: Decimal
    discounted: Decimal
    capped: Decimal
    net: Decimal
    lines: list[RatedLine]
    priced: list[Priced]
    missing: list[Missing]
    refused: list[Refused]


def rate_charge(
    program: ChargeProgram,
    rows: Sequence[UsageRow],
    rates: Mapping[str, Rate],
    reached: Reached | None = None,
) -> RatedCharge:
    """Rate one charge of one contract for one billing period, or a part of it.

    Args:
        program: the charge's price program.
        rows: its usage, ordered by segment and dimensions.
        rates: for each currency of the program, how amounts become the invoice's currency.
        reached: how far the charge got in the parts of the period from which this one goes on.
    """
    gathered = gather(program, rows, reached)
    ladders, refused = _billable(gathered, program)
    priced = _price(ladders, program, rates, refused)
    gross = discounted = add_up([part.gross for part in priced])
    if program.is_discounted:
        discounted = add_up([_after_percent(part, program) for part in priced])
    capped, net = discounted, discounted
    so_far = reached.net if reached is not None else ZERO
    if program.maximum is not None:
        capped = net = min(discounted, max(_bound(program.maximum, rates) - so_far, ZERO))
    if program.minimum is not None:
        net = max(capped, _bound(program.minimum, rates) - so_far)
    lines = _lines(ladders, priced, program)
    if program.pricing_unit:
        own = _lines_of_many(ladders, in_pricing_unit(priced, rates), program)
        lines = [line._replace(priced=Fraction(one.weight)) for line, one in zip(lines, own, strict=True)]
    if program.quantity_divisor != 1:
        lines = [line._replace(quantity=line.quantity / program.quantity_divisor) for line in lines]
    return RatedCharge(program, gross, discounted, capped, net, lines, priced, gathered.missing, refused)


def _bound(bound: Bound, rates: Mapping[str, Rate]) -> Decimal:
    return rates[bound.currency].convert(bound.amount)


def _after_percent(part: Priced, program: ChargeProgram) -> Amount:
    keep = _HUNDRED - program.segments[part.segment].percent_off
    return Amount(part.gross.numerator * keep / _HUNDRED, part.gross.denominator)


def _billable(gathered: Ladders, program: ChargeProgram) -> tuple[list[LadderUsage], list[Refused]]:
    ladders, refused = [], []
    for ladder in gathered.ladders:
        total = ladder.total
        if total < 0:
            refused.append(Refused("RB507", ladder, total / program.divisor))
        else:
            ladders.append(ladder)
    if not gathered.ladders and (empty := without_usage(program)) is not None:
        ladders.append(empty)
    return ladders, refused


def _price(
    ladders: list[LadderUsage], program: ChargeProgram, rates: Mapping[str, Rate], refused: list[Refused]
) -> list[Priced]:
    priced: list[Priced] = []
    reached = [positions(ladder, program) for ladder in ladders]
    nets = net_positions(reached, program.included, [ladder.start.position for ladder in ladders])
    for ladder, net in zip(ladders, nets, strict=True):
        parts = price_ladder(ladder, net, rates, program)
        if program.blocks:
            beyond = sum((part.end - part.start for part in parts if _blocked(part)), ZERO)
            if beyond > 0:
                refused.append(Refused("RB506", ladder, beyond / program.ladder_divisor))
        priced += parts
    return priced


def _blocked(part: Priced) -> bool:
    price = part.ladder.prices[part.segment]
    return price is not None and price.model == "blocked"


def _lines(ladders: list[LadderUsage], priced: list[Priced], program: ChargeProgram) -> list[RatedLine]:
    is_one = len(ladders) == 1 and len(program.segments) == 1 and not program.counts_events
    if is_one and program.conversion_rounding == "none":
        return _lines_of_one(ladders[0], program)
    return _lines_of_many(ladders, priced, program)


def _lines_of_one(ladder: LadderUsage, program: ChargeProgram) -> list[RatedLine]:
    divisor = program.divisor
    if program.use.lines_are_keys and not program.divides:
        lines = [RatedLine(key, row.quantity, units, units) for key, row, units in ladder.uses]
        try:
            lines.sort()  # they are in order but for missing values, whose place engines choose differently
        except TypeError:
            lines.sort(key=lambda line: key_order(line.key))
        return lines
    totals: dict[Key, tuple[Decimal, Decimal]] = {}
    for key, row, units in ladder.uses:
        quantity, total = totals.get(key, (ZERO, ZERO))
        totals[key] = (quantity + row.quantity, total + units)
    return [
        RatedLine(key, quantity, units / divisor, units)
        for key, (quantity, units) in sorted(totals.items(), key=lambda item: key_order(item[0]))
    ]


def _lines_of_many(
    ladders: list[LadderUsage], priced: list[Priced], program: ChargeProgram
) -> list[RatedLine]:
    """Share what each ladder costs among its lines, and its rounded units by largest remainder."""
    costs = {id(ladder): Costs() for ladder in ladders}
    for part in priced:
        costs[id(part.ladder)].add(part, program)
    lines: dict[Key, tuple[Decimal, Decimal, Fraction]] = {}
    for ladder in ladders:
        used = used_of(ladder, program)
        billable = _billable_units(ladder, used.units, program)
        shares = shares_of(ladder, used, costs[id(ladder)], program)
        for key, quantity in used.quantities.items():
            before = lines.get(key, (ZERO, ZERO, _NOTHING))
            lines[key] = (before[0] + quantity, before[1] + billable[key], before[2] + shares[key])
    return [
        RatedLine(key, *values) for key, values in sorted(lines.items(), key=lambda item: key_order(item[0]))
    ]


def costs_of_lines(rated: RatedCharge, segment: int) -> dict[Key, Fraction]:
    """Give what each line of a charge cost in one segment of the period."""
    ladders = list({id(part.ladder): part.ladder for part in rated.priced}.values())
    priced = [part for part in rated.priced if part.segment == segment]
    return {line.key: Fraction(line.weight) for line in _lines_of_many(ladders, priced, rated.program)}


def _billable_units(
    ladder: LadderUsage, units: Mapping[Key, Decimal], program: ChargeProgram
) -> Mapping[Key, Decimal]:
    """Give the billable units of each line; where the period's total is rounded they add up to what was rounded."""
    if program.conversion_rounding == "none":
        return {key: used / program.divisor for key, used in units.items()} if program.divides else units
    keys = sorted(units, key=key_order)
    before, *_, end = positions(ladder, program)
    return dict(zip(keys, allocate(end - before, [units[key] for key in keys], Decimal(1)), strict=True))
