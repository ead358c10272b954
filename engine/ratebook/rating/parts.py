"""All charges of a billing period, in order of its parts: what one reached, a later one may go on from."""

from collections.abc import Callable, Mapping, Sequence

from ratebook.compiler.program import ChargeProgram
from ratebook.fx import Rate
from ratebook.money import ZERO
from ratebook.rating.charge import RatedCharge, rate_charge
from ratebook.rating.ladders import Reached, Stop
from ratebook.usage.rows import UsageRow

Used = tuple[RatedCharge, Sequence[UsageRow]]
"""A rated charge with the usage that was rated."""


def rate_charges(
    charges: Sequence[ChargeProgram],
    usage: Callable[[ChargeProgram], Sequence[UsageRow]],
    rates: Mapping[str, Rate],
) -> list[Used]:
    """Rate the charges of one contract for one billing period.

    Args:
        charges: their programs, a part after the other.
        usage: gives the rows of a charge, ordered by segment and dimensions.
        rates: for each currency of the programs, how amounts become the invoice's currency.
    """
    reached: dict[str, Reached] = {}
    used: list[Used] = []
    for charge in charges:
        rows = usage(charge)
        before = reached.get(charge.charge) if charge.carries else None
        rated = rate_charge(charge, rows, rates, before)
        if charge.is_continued:
            reached[charge.charge] = reached_by(rated, before)
        used.append((rated, rows))
    return used


def reached_by(rated: RatedCharge, before: Reached | None) -> Reached:
    """Say how far a charge got, together with what was reached before it."""
    stops = dict(before.stops) if before is not None else {}
    for part in rated.priced:
        ladder = part.ladder
        stops[ladder.pool, ladder.cell] = Stop(ladder.total, ladder.events, part.end)
    return Reached(stops, rated.net + (before.net if before is not None else ZERO))
