"""One charge in one billing period: units → billable → included → price → discount → maximum → minimum.

The order is fixed (docs/explanation/rating.md). Every net stays exact; the invoice rounds each once.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
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
_quantity_of = attrgetter("quantity")


class RatedLines(NamedTuple):
    """Column by column, what each combination of `lines_by` values used, in their order.

    Attributes:
        keys: the values of each line.
        quantities: what was measured.
        billables: the billable units.
        weights: in the charge's rounded amount.
        priced: exact shares of the gross in the pricing unit of the charge; () where it has none.
    """

    keys: Sequence[Key] = ()
    quantities: Sequence[Decimal] = ()
    billables: Sequence[Decimal] = ()
    weights: Sequence[Decimal | Fraction] = ()
    priced: Sequence[Decimal | Fraction] = ()


_NO_LINES: Final = RatedLines()


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
    lines: RatedLines
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
    gross = discounted = capped = net = add_up([part.gross for part in priced])
    if program.changes_gross:
        discounted, capped, net = _nets(gross, priced, program, rates, reached)
    lines = _lines(ladders, priced, program)
    if program.pricing_unit:
        own = _lines_of_many(ladders, in_pricing_unit(priced, rates), program)
        lines = lines._replace(priced=own.weights)
    if program.quantity_divisor != 1:
        lines = lines._replace(quantities=[one / program.quantity_divisor for one in lines.quantities])
    return RatedCharge(program, gross, discounted, capped, net, lines, priced, gathered.missing, refused)


def _nets(
    gross: Decimal,
    priced: Sequence[Priced],
    program: ChargeProgram,
    rates: Mapping[str, Rate],
    reached: Reached | None,
) -> tuple[Decimal, Decimal, Decimal]:
    """Give what is left of a gross after discount, maximum and minimum."""
    discounted = gross
    if program.is_discounted:
        discounted = add_up([_after_percent(part, program) for part in priced])
    capped, net = discounted, discounted
    so_far = reached.net if reached is not None else ZERO
    if program.maximum is not None:
        capped = net = min(discounted, max(_bound(program.maximum, rates) - so_far, ZERO))
    if program.minimum is not None:
        net = max(capped, _bound(program.minimum, rates) - so_far)
    return discounted, capped, net


def _bound(bound: Bound, rates: Mapping[str, Rate]) -> Decimal:
    return rates[bound.currency].convert(bound.amount)


def _after_percent(part: Priced, program: ChargeProgram) -> Amount:
    keep = _HUNDRED - program.segments[part.segment].percent_off
    return Amount(part.gross.numerator * keep / _HUNDRED, part.gross.denominator)


def _billable(gathered: Ladders, program: ChargeProgram) -> tuple[list[LadderUsage], list[Refused]]:
    if not gathered.ladders:
        empty = without_usage(program)
        return ([empty] if empty is not None else []), []
    refused = [
        Refused("RB507", one, one.total / program.divisor) for one in gathered.ladders if one.total < 0
    ]
    ladders = [one for one in gathered.ladders if one.total >= 0] if refused else gathered.ladders
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


def _lines(ladders: list[LadderUsage], priced: list[Priced], program: ChargeProgram) -> RatedLines:
    if len(ladders) == 1 and program.shares_by_units:
        return _lines_of_one(ladders[0], program)
    return _lines_of_many(ladders, priced, program)


def _lines_of_one(ladder: LadderUsage, program: ChargeProgram) -> RatedLines:
    if not ladder.uses:
        return _NO_LINES
    keys, rows, units = zip(*ladder.uses, strict=True)
    if not program.use.lines_are_keys:
        totals: dict[Key, tuple[Decimal, Decimal]] = {}
        for key, row, used in ladder.uses:
            quantity, total = totals.get(key, (ZERO, ZERO))
            totals[key] = (quantity + row.quantity, total + used)
        quantities, units = zip(*totals.values(), strict=True)
        lines = list(zip(totals, quantities, units, strict=True))
    else:
        lines = list(zip(keys, map(_quantity_of, rows), units, strict=True))
    try:
        lines.sort()  # they are in order but for missing values, whose place engines choose differently
    except TypeError:
        lines.sort(key=lambda line: key_order(line[0]))
    keys, quantities, units = zip(*lines, strict=True)
    billables = [one / program.divisor for one in units] if program.divides else units
    return RatedLines(keys, quantities, billables, units)


def _lines_of_many(ladders: list[LadderUsage], priced: list[Priced], program: ChargeProgram) -> RatedLines:
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
    found = [(key, *lines[key]) for key in sorted(lines, key=key_order)]
    return RatedLines(*zip(*found, strict=True)) if found else _NO_LINES


def costs_of_lines(rated: RatedCharge, segment: int) -> dict[Key, Fraction]:
    """Give what each line of a charge cost in one segment of the period."""
    ladders = list({id(part.ladder): part.ladder for part in rated.priced}.values())
    priced = [part for part in rated.priced if part.segment == segment]
    lines = _lines_of_many(ladders, priced, rated.program)
    return {key: Fraction(weight) for key, weight in zip(lines.keys, lines.weights, strict=True)}


def _billable_units(
    ladder: LadderUsage, units: Mapping[Key, Decimal], program: ChargeProgram
) -> Mapping[Key, Decimal]:
    """Give the billable units of each line; where the period's total is rounded they add up to what was rounded."""
    if program.conversion_rounding == "none":
        return {key: used / program.divisor for key, used in units.items()} if program.divides else units
    keys = sorted(units, key=key_order)
    before, *_, end = positions(ladder, program)
    return dict(zip(keys, allocate(end - before, [units[key] for key in keys], Decimal(1)), strict=True))
