"""Who moves by how much: contracts counted by the percentage that their revenue changes by."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from ratebook.money import EXACT, ZERO, plain
from ratebook.preview.figures import Figures, amount_text, percent_of

Direction = Literal["gone", "down", "same", "up", "new"]

STEPS: Final = tuple(map(Decimal, (0, 1, 5, 10, 25, 50)))
"""Percentages at which buckets begin, exclusive; each ends, inclusive, where the next begins."""


class Bucket(NamedTuple):
    """Which contracts are counted together: by direction, and by more than so many percent."""

    direction: Direction
    over: Decimal | None = None

    @property
    def up_to(self) -> Decimal | None:
        """The largest percentage that belongs to it; None where there is none."""
        return next((step for step in STEPS if self.over is not None and step > self.over), None)


BUCKETS: Final = (
    Bucket("gone"),
    *(Bucket("down", step) for step in reversed(STEPS)),
    Bucket("same"),
    *(Bucket("up", step) for step in STEPS),
    Bucket("new"),
)
"""All of them, from those who pay nothing any longer to those who did not pay before."""


def bucket_of(figures: Figures) -> Bucket:
    """Find the bucket of a contract; one from which there was no revenue is new, however little there will be."""
    if figures.was == figures.will_be:
        return Bucket("same")
    percent = percent_of(figures.was, figures.will_be)
    if percent is None:
        return Bucket("new")
    if not figures.will_be:
        return Bucket("gone")
    over = max((step for step in STEPS if step < abs(percent)), default=ZERO)
    return Bucket("up" if percent > 0 else "down", over)


@dataclass(slots=True)
class Distribution:
    """How many contracts move by how much, and what they move."""

    contracts: dict[Bucket, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    money: dict[tuple[Bucket, str], Decimal] = field(default_factory=dict)

    def add(self, figures: Figures, currency: str) -> None:
        """Count a contract."""
        bucket = bucket_of(figures)
        self.contracts[bucket] += 1
        moved = EXACT.subtract(figures.will_be, figures.was)
        self.money[bucket, currency] = EXACT.add(self.money.get((bucket, currency), ZERO), moved)

    def document(self) -> list[dict[str, Any]]:
        """Write all buckets down, in order."""
        return [self._bucket(bucket) for bucket in BUCKETS]

    def _bucket(self, bucket: Bucket) -> dict[str, Any]:
        money = sorted((currency, amount) for (one, currency), amount in self.money.items() if one == bucket)
        return {
            "direction": bucket.direction,
            "over": None if bucket.over is None else plain(bucket.over),
            "up_to": None if bucket.up_to is None else plain(bucket.up_to),
            "contracts": self.contracts[bucket],
            "money": [
                {"currency": currency, "difference": amount_text(amount, currency)}
                for currency, amount in money
            ],
        }
