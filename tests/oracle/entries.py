"""What is left of each fee and charge of an invoice, for everything that comes after rounding.

An entry has pieces in time, which add up to what is left of it. A window covers the pieces whose instant lies in it.
Whatever is taken off entries is divided over them by largest remainder in minor units, from none more than is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.calendar import MICROSECOND, Span, local_date, midnight
from tests.oracle.charge import RatedCharge
from tests.oracle.fees import FeeLine
from tests.oracle.money import divide_up
from tests.oracle.stages import Stage
from tests.oracle.windows import Window

ZERO = Fraction(0)


@dataclass
class Piece:
    """A part of an entry that a window covers or does not cover, as a whole.

    Attributes:
        at: the instant that is in the window or not.
        left: what is left of it, exactly.
        whole: what there was before anything was taken.
    """

    at: datetime
    left: Fraction
    whole: Fraction = field(init=False)

    def __post_init__(self) -> None:
        self.whole = self.left


@dataclass
class Entry:
    """A fee line or a whole charge of one part of a period.

    Attributes:
        kind: `fee` or `usage`.
        left: what is left of it, in minor units; its pieces add up to it.
        rate: the name of its tax rate.
        supplied: the instant at which it is taxed.
        discounted: what contract discounts have left of it.
        undrawn: what is left of that when all commitments are drawn.
        supplies: where a tax is split at its changes, instants with how much of it each has.
    """

    kind: str
    id: str
    left: Fraction
    pieces: list[Piece]
    stage: Stage
    rate: str
    supplied: datetime
    supplies: list[tuple[datetime, Fraction]]
    discounted: Fraction = ZERO
    undrawn: Fraction = ZERO

    def is_in(self, applies_to: Sequence[str]) -> bool:
        return self.kind in applies_to or self.id in applies_to

    def inside(self, window: Window) -> Fraction:
        return sum((piece.left for piece in self.pieces if window.holds(piece.at)), ZERO)

    def whole_inside(self, window: Window) -> Fraction:
        return sum((piece.whole for piece in self.pieces if window.holds(piece.at)), ZERO)

    def supplied_in(self, window: Window) -> list[tuple[datetime, Fraction]]:
        """The instants in a window with what is left then, where a tax is split; a fee is split by all its days."""
        if self.kind == "fee":
            return self.supplies
        return [(piece.at, piece.left) for piece in self.pieces if window.holds(piece.at)]

    def take(self, amount: Fraction, window: Window) -> None:
        """Take an amount off the pieces in a window, each by the same share."""
        inside = self.inside(window)
        self.left -= amount
        for piece in self.pieces:
            if amount and window.holds(piece.at):
                piece.left -= amount * piece.left / inside


class Taken(NamedTuple):
    """What is taken of an entry, and where a tax is split, when that was supplied."""

    entry: Entry
    amount: Fraction
    supplies: Sequence[tuple[datetime, Fraction]]


def entries_of(fees: Sequence[FeeLine], charges: Sequence[RatedCharge], supplied: datetime) -> list[Entry]:
    """The entries of an invoice: its fees, then its charges, taxed as of `supplied`."""
    return [*(fee_entry(one) for one in fees), *(charge_entry(one, supplied) for one in charges)]


def fee_entry(one: FeeLine) -> Entry:
    """A fee is one piece, where its part of a period begins; it is taxed at its end, in advance at its beginning."""
    billed = one.part.period.billed
    in_advance = one.fee.get("bill", "in_arrears") == "in_advance"
    return Entry(
        "fee",
        one.fee.id,
        one.amount,
        [Piece(billed.start, one.amount)],
        one.part.stage,
        one.fee.get("tax", "standard"),
        billed.start if in_advance else billed.last_instant,
        [(min(day, billed.last_instant), Fraction(1)) for day in days_of(billed, one.part.terms.where)],
    )


def days_of(span: Span, where: ZoneInfo) -> list[datetime]:
    """The last instants of the local days that a span touches."""
    first, last = local_date(span.start, where), local_date(span.last_instant, where)
    ends = (first + timedelta(days=number + 1) for number in range((last - first).days + 1))
    return [midnight(day, where) - MICROSECOND for day in ends]


def charge_entry(one: RatedCharge, supplied: datetime) -> Entry:
    rate = one.charge.get("tax", "standard")
    pieces = pieces_of(one)
    supplies = [(part.priced_at, gross) for part, gross in zip(one.segments, one.gross, strict=True)]
    if not any(one.gross):
        supplies = [(one.segments[0].priced_at, Fraction(1))]
    return Entry("usage", one.id, one.net, pieces, one.part.stage, rate, supplied, supplies)


def pieces_of(charge: RatedCharge) -> list[Piece]:
    """Divide a charge over the segments of its period, in proportion to what they cost before its own discount.

    A segment counts where it begins. What costs nothing (and has a minimum) counts as a whole where the period begins.
    A meter that does not add up has one segment, which counts at the period's last instant, whatever it costs.
    """
    whole = sum(charge.gross, ZERO)
    if whole == 0:
        return [Piece(charge.segments[0].priced_at, charge.net)]
    return [
        Piece(segment.priced_at, charge.net * gross / whole)
        for segment, gross in zip(charge.segments, charge.gross, strict=True)
    ]


def take_off(
    entries: Sequence[Entry], total: Fraction, shares: Sequence[Fraction], window: Window, unit: Fraction
) -> list[Taken]:
    """Take an amount off entries in proportion to shares, from none more than is left of it; say what of which."""
    parts = [ZERO] * len(entries)
    open_to_more = [number for number, share in enumerate(shares) if share]
    rest = total
    while rest and open_to_more:
        more = divide_up(rest, [shares[number] for number in open_to_more], unit)
        for number, part in zip(open_to_more, more, strict=True):
            parts[number] = min(parts[number] + part, max(entries[number].left, ZERO))
        rest = total - sum(parts, ZERO)
        open_to_more = [number for number in open_to_more if parts[number] < entries[number].left]
    taken = [
        Taken(entry, part, entry.supplied_in(window))
        for entry, part in zip(entries, parts, strict=True)
        if part
    ]
    for entry, part, _ in taken:
        entry.take(part, window)
    return taken
