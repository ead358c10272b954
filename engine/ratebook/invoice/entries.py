"""What is left of each fee and charge of an invoice, for the steps after rounding to count on and to reduce.

A step is a function that takes entries and gives lines and the entries that it left. Each line is divided over the
entries that it comes from in minor units, so that the entries always add up to the lines.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from ratebook.calendar import BEGINNING, NEVER, Instant, Interval
from ratebook.invoice.line import Line
from ratebook.money import ZERO, allocate, total_of

Windows = tuple[Interval, ...]
"""The times in which something counts."""

ALWAYS: Final[Windows] = (Interval(BEGINNING, NEVER),)
STANDARD: Final = "standard"
"""The name of the tax rate of everything that names no other."""

_NOTHING: Final = Fraction(0)


class Piece(NamedTuple):
    """A part of an entry that windows tell apart: the instant that lies in them or not, and what is left of it."""

    at: Instant
    amount: Fraction


class Entry(NamedTuple):
    """What is left of a fee or a charge, or of a line that fills something up, in minor units.

    Attributes:
        id: of the fee or charge, or of what filled up.
        kind: `fee` or `usage` count for discounts, minimums, commitments and credits; what fills up does not.
        tax_rate: the name of its tax rate.
        amount: what is left of it; below zero only where prices make it so.
        pieces: its parts in time, which add up to it; () where nothing asks for a window.
        lines: where it comes from: a fee's line, or a charge's usage with what discount and bounds changed.
        period: the fee's own; None where it is of the billed period.
    """

    id: str
    kind: Literal["fee", "usage", "minimum", "commitment"]
    tax_rate: str
    amount: Decimal
    pieces: tuple[Piece, ...]
    lines: Sequence[Line]
    period: Interval | None = None

    def counts(self, applies_to: frozenset[str]) -> bool:
        """Tell whether it is named, by its id or its kind."""
        return self.kind in _COUNTED and (self.id in applies_to or self.kind in applies_to)

    def inside(self, windows: Windows) -> Fraction:
        """Give what is left of it in some windows, exactly."""
        if windows is ALWAYS:
            return Fraction(self.amount)
        return sum((piece.amount for piece in self.within(windows)), _NOTHING)

    def within(self, windows: Windows) -> tuple[Piece, ...]:
        """Give its pieces in some windows."""
        if windows is ALWAYS:
            return self.pieces
        return tuple(piece for piece in self.pieces if _within(piece.at, windows))

    def less(self, amount: Decimal, windows: Windows) -> "Entry":
        """Take an amount off its pieces in some windows, each by the same share."""
        inside = self.inside(windows)
        kept = 1 - Fraction(amount) / inside if inside else 1
        pieces = tuple(
            Piece(at, part * kept) if _within(at, windows) else Piece(at, part) for at, part in self.pieces
        )
        return self._replace(amount=self.amount - amount, pieces=pieces)


_COUNTED: Final = frozenset({"fee", "usage"})


def _within(moment: Instant, windows: Windows) -> bool:
    return any(moment in window for window in windows)


class Divided(NamedTuple):
    """A line, and its amount divided over entries: position of an entry → its part, of its pieces in `windows`."""

    line: Line
    parts: Mapping[int, Decimal]
    windows: Windows = ALWAYS


class Stepped(NamedTuple):
    """What a step gives: its lines, and all entries as it leaves them, each still in its position."""

    lines: Sequence[Divided]
    entries: Sequence[Entry]


def counted(entries: Iterable[Entry], applies_to: frozenset[str]) -> Iterator[tuple[int, Entry]]:
    """Give the entries that something applies to, with their positions."""
    return ((index, entry) for index, entry in enumerate(entries) if entry.counts(applies_to))


def take(
    entries: Sequence[Entry], total: Decimal, shares: Mapping[int, Fraction], windows: Windows, unit: Decimal
) -> tuple[dict[int, Decimal], Sequence[Entry]]:
    """Take an amount off entries, by largest remainder, and from none more than is left of it.

    Args:
        entries: of the invoice.
        total: what is taken, at most; a multiple of `unit`.
        shares: position of an entry → its exact share.
        windows: which of its pieces are reduced.
        unit: the currency's smallest amount.

    Returns:
        What was taken of which entry, if anything was, and all entries with what is left.
    """
    if not total:
        return {}, entries
    limits = [max(entries[index].amount, ZERO) for index in shares]
    divided = zip(shares, divide(total, list(shares.values()), limits, unit), strict=True)
    parts = {index: part for index, part in divided if part}
    left = [
        entry.less(parts[index], windows) if index in parts else entry for index, entry in enumerate(entries)
    ]
    return parts, left


def divide(
    total: Decimal, shares: Sequence[Fraction], limits: Sequence[Decimal], unit: Decimal
) -> list[Decimal]:
    """Divide an amount by largest remainder, and none above its limit; what no limit allows is left out.

    >>> limits = [Decimal("0.01"), Decimal("5.00")]
    >>> [str(part) for part in divide(Decimal("1.00"), [Fraction(1)] * 2, limits, Decimal("0.01"))]
    ['0.01', '0.99']
    """
    parts = [ZERO] * len(shares)
    open_ = list(range(len(shares)))
    rest = total
    while rest and open_:
        more = allocate(rest, [shares[index] for index in open_], unit)
        for index, part in zip(open_, more, strict=True):
            parts[index] = min(parts[index] + part, limits[index])
        rest = total - total_of(parts)
        open_ = [index for index in open_ if parts[index] < limits[index]]
    return parts
