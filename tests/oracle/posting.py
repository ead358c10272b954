"""Lines that come after rounding: what they are of, and what they take from which entries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.oracle.calendar import Span
from tests.oracle.entries import Taken

ZERO = Fraction(0)


@dataclass(frozen=True)
class Posting:
    """A line after rounding.

    Attributes:
        kind: `discount`, `minimum`, `commitment` or `credit`.
        name: the id of what ordered it.
        of: the entries whose amounts it changes, with by how much; nothing for what stands for itself.
    """

    kind: str
    name: str
    amount: Fraction
    of: Sequence[Taken] = field(default_factory=tuple)

    def line(self, period: Span | None) -> dict[str, Any]:
        return {
            "charge": self.name,
            "kind": self.kind,
            "quantity": None,
            "unit": None,
            "billable": None,
            "amount": self.amount,
            "dimensions": {},
            "period": period,
        }


def taken_off(kind: str, name: str, taken: Sequence[Taken]) -> list[Posting]:
    """The line of what was taken off entries; none where nothing was."""
    amount = sum((one.amount for one in taken), ZERO)
    return (
        [Posting(kind, name, -amount, [one._replace(amount=-one.amount) for one in taken])] if amount else []
    )


def standing(postings: Sequence[Posting]) -> Fraction:
    """What lines come to that stand for themselves: what is filled up, paid in advance or given back."""
    return sum((posting.amount for posting in postings if not posting.of), ZERO)
