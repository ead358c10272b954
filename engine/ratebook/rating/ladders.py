"""From the rows of a charge to its ladders: multipliers that come late, pools, matrix cells, included units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, NamedTuple

from ratebook.compiler.program import ChargeProgram, ConversionRounding, Included, Ladder
from ratebook.compiler.reading import LateFactor
from ratebook.money import EXACT, ZERO, allocate, decimals
from ratebook.usage.rows import UsageRow

Key = tuple[str | None, ...]


def key_order(key: Key) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """Order keys by their values, a missing one (None) as if it were empty, and before one that is empty."""
    return tuple(value or "" for value in key), tuple(value is not None for value in key)


Use = tuple[Key, UsageRow, Decimal]
"""What one row adds to a ladder: the key of its line, the row, and its multiplied units."""


class Missing(NamedTuple):
    """A row that no multiplier or no matrix cell covers; `pointer` names the tree that has no answer."""

    code: str
    pointer: str
    row: UsageRow


class Stop(NamedTuple):
    """Where a ladder stopped: multiplied units and events that were used, and its net position."""

    units: Decimal = ZERO
    events: int = 0
    position: Decimal = ZERO


START: Final = Stop()
"""Where a ladder begins that goes on from nothing."""


class Reached(NamedTuple):
    """How far a charge got in the parts of a billing period from which a later part goes on.

    Attributes:
        stops: of each ladder, by pool and cell.
        net: what it came to.
    """

    stops: Mapping[tuple[Key, tuple[str, ...]], Stop]
    net: Decimal


@dataclass(slots=True)
class LadderUsage:
    """All usage of a billing period that shares one ladder.

    Attributes:
        pool: values of the rule's `pool_by` dimensions.
        cell: path of the matrix cell, or ().
        prices: the ladder at each segment's version; None where a version has no such cell.
        uses: the rows, in order.
        units: multiplied units in each segment.
        start: where it goes on from.
    """

    pool: Key
    cell: tuple[str, ...]
    prices: Sequence[Ladder | None]
    uses: list[Use]
    units: list[Decimal]
    start: Stop = START

    @property
    def total(self) -> Decimal:
        """Multiplied units up to the end."""
        return sum(self.units, self.start.units)

    @property
    def events(self) -> int:
        """Events up to the end."""
        return sum((row.events for _, row, _ in self.uses), self.start.events)

    @property
    def sort_key(self) -> tuple[Any, ...]:
        """Order of ladders where a tie must be broken: by pool, then by cell."""
        values, given = key_order(self.pool)
        return values, self.cell, given


class Ladders(NamedTuple):
    """The ladders of a charge, in order, and the rows that reached none."""

    ladders: list[LadderUsage]
    missing: list[Missing]


def gather(program: ChargeProgram, rows: Sequence[UsageRow], reached: Reached | None = None) -> Ladders:
    """Group a charge's rows by pool and matrix cell; what was `reached` before, the ladders go on from."""
    use = program.use
    if reached is None and program.has_one_ladder and use.lines_are_keys:
        return _gather_one(program, rows)
    segments = program.segments
    found = _going_on(program, reached) if reached is not None else {}
    missing: list[Missing] = []
    for row in rows:
        units = row.units
        if late := program.late_factors(row.segment, row.dimensions):
            factor, lacking = late_factor(late, row)
            if lacking:
                missing.append(Missing("RB504", lacking, row))
                continue
            units *= factor
        key = row.dimensions
        price = segments[row.segment].price
        cell: tuple[str, ...] = ()
        if price.matrix is not None:
            resolved = price.matrix.resolve([key[index] for index in price.by])
            if resolved is None:
                missing.append(Missing("RB505", price.pointer, row))
                continue
            cell = resolved[0]
        pool = tuple([key[index] for index in use.pool_by]) if use.pool_by else ()
        ladder = found.get((pool, cell))
        if ladder is None:
            ladder = found[pool, cell] = _empty(program, pool, cell)
        line = key if use.lines_are_keys else tuple([key[index] for index in use.lines_by])
        ladder.uses.append((line, row, units))
        ladder.units[row.segment] += units
    ladders = list(found.values())
    if len(ladders) > 1:
        ladders.sort(key=lambda ladder: ladder.sort_key)
    return Ladders(ladders, missing)


def _going_on(program: ChargeProgram, reached: Reached) -> dict[tuple[Key, tuple[str, ...]], LadderUsage]:
    found = {place: _empty(program, *place) for place in reached.stops}
    for place, ladder in found.items():
        ladder.start = reached.stops[place]
    return found


def _gather_one(program: ChargeProgram, rows: Sequence[UsageRow]) -> Ladders:
    """Gather what needs no grouping: the common case, column by column."""
    if not rows:
        return Ladders([], [])
    _, _, _, keys, _, _, units = zip(*rows, strict=True)
    ladder = _empty(program, (), ())
    ladder.uses = list(zip(keys, rows, units, strict=True))
    ladder.units = [sum(units, ZERO)]
    return Ladders([ladder], [])


def _empty(program: ChargeProgram, pool: Key, cell: tuple[str, ...]) -> LadderUsage:
    prices: Sequence[Ladder | None] = program.ladders or [
        segment.price.matrix.leaves.get(cell) if segment.price.matrix is not None else segment.price.ladder
        for segment in program.segments
    ]
    return LadderUsage(pool, cell, prices, [], [ZERO] * len(prices))


def without_usage(program: ChargeProgram) -> LadderUsage | None:
    """Give the ladder that a charge without any usage has, if its price asks for the first flat amount even then."""
    price = program.segments[0].price.ladder
    return _empty(program, (), ()) if price is not None and price.flat_at_zero else None


def late_factor(factors: Sequence[LateFactor], row: UsageRow) -> tuple[Decimal, str]:
    """Multiply what late multipliers say of a row; the text points at the first one that has no answer for it."""
    product = Decimal(1)
    for factor in factors:
        found = factor.tree.resolve([row.dimensions[index] for index in factor.by])
        if found is None:
            return product, factor.pointer
        product *= found[1]
    return product, ""


def positions(ladder: LadderUsage, program: ChargeProgram) -> list[Decimal]:
    """Give the ladder's position before the first segment and after each, in the units of its price."""
    divisor, rounding = program.divisor, program.conversion_rounding
    running = accumulate(ladder.units, initial=ladder.start.units)
    return [priced_units(units, divisor, rounding) for units in running] if rounding != "none" else [*running]


def priced_units(units: Decimal, divisor: Decimal, rounding: ConversionRounding) -> Decimal:
    """Convert units since the period's beginning to what the ladder counts.

    Without rounding nothing is divided here: the compiler has put the divisor into the ladder, so that even a
    third of a unit costs exactly its share.
    """
    if rounding == "none":
        return units
    whole, rest = EXACT.divmod(units, divisor)
    more = rest > 0 if rounding == "up" else rounding == "half_up" and rest * 2 >= divisor
    return whole + 1 if more else whole


def net_positions(
    reached: Sequence[Sequence[Decimal]], included: Included, starts: Sequence[Decimal]
) -> list[list[Decimal]]:
    """Deduct included units from the positions of ladders, which go on from where they stopped.

    Units that were used before count against the included ones.

    Args:
        reached: the positions of each ladder before the first segment and after each.
        included: units of the charge.
        starts: the net position of each ladder before the first segment.
    """
    if included.each or len(reached) == 1:
        frees = [max(included.units - marks[0], ZERO) for marks in reached]
    else:
        used = [marks[0] for marks in reached]
        left = replace(included, units=max(included.units - sum(used, ZERO), ZERO)) if any(used) else included
        frees = spread_included(left, [marks[-1] - marks[0] for marks in reached]) if reached else []
    return [
        [start, *[_beyond(mark - marks[0], free, start) for mark in marks[1:]]]
        for marks, free, start in zip(reached, frees, starts, strict=True)
    ]


def _beyond(units: Decimal, free: Decimal, start: Decimal) -> Decimal:
    """Give the net position after some units; corrections that outweigh usage take back what was reached before."""
    if units > free:
        return start + units - free
    return max(start + units, ZERO) if units < 0 else start


def spread_included(included: Included, totals: Sequence[Decimal]) -> list[Decimal]:
    """Deduct included units once per charge: spread them over ladders by their units, by largest remainder.

    The step is the finest decimal place that units or included units use, so the parts add up exactly.
    """
    if included.each or len(totals) == 1:
        return [included.units] * len(totals)
    if not included.units or included.units >= sum(totals, ZERO):
        return list(totals) if included.units else [ZERO] * len(totals)
    finest = max(decimals(number) for number in (included.units, *totals))
    return allocate(included.units, totals, Decimal(1).scaleb(-finest))
