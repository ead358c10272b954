"""What could not be billed: counts of events, by reason and place."""

from collections import Counter
from typing import NamedTuple


class Place(NamedTuple):
    """Why usage was not billed, and where.

    Attributes:
        reason: `unknown_subject`, `outside_contract`, `no_price`, `no_multiplier`, `no_matrix_cell`, `blocked`,
            `conflicting_duplicates`.
        who: the subject for the first three, "" for conflicting duplicates, else the contract.
        what: the meter for the first three, the source for conflicting duplicates, else the charge.
    """

    reason: str
    who: str
    what: str


class Findings(Counter[Place]):
    """Counts of events for each place."""

    def add(self, reason: str, who: str, what: str, events: int) -> None:
        if events:
            self[Place(reason, who, what)] += events
