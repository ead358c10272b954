"""Measured usage on its way to the rater: who the subjects are, which slots belong to what, and the rows."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from ratebook.calendar import Instant, Interval
from ratebook.findings import Finding
from ratebook.usage.measure import Measure


class SubjectRow(NamedTuple):
    """A subject of a contract; contracts are numbered in the order in which they stream.

    A contract with several subjects has several rows. `timeline` numbers a set of segments that many contracts share;
    `life` bounds when the subject belongs to the contract.
    """

    subject: str
    contract: int
    timeline: int
    start: Instant
    end: Instant


class SegmentRow(NamedTuple):
    """For one measure: slots `[first, last)` of a timeline belong to a part of a billed period and a segment of it.

    `boundary` numbers the parts of all billed periods of the timeline, in order: one a period where no change of plan
    divides it. Where a level counts by days each day has a row, and its segment is how many days of the part are left,
    itself included. A row that is not `priced` names slots in which the timeline has no price for the meter, though at
    other times it has: its usage is reported.
    """

    timeline: int
    boundary: int
    segment: int
    first: int
    last: int
    variant: int
    priced: bool = True


class UsageRow(NamedTuple):
    """What one contract used of one measure in one segment, for one combination of kept dimensions.

    `units` is `quantity` × multipliers; for a measure that cannot be added up segment is 0 and both are equal.
    """

    contract: int
    boundary: int
    segment: int
    dimensions: tuple[str | None, ...]
    events: int
    quantity: Decimal
    units: Decimal


UnbilledReason = Literal["unknown_subject", "outside_contract", "no_price", "no_multiplier"]


class Unbilled(NamedTuple):
    """Usage that was measured and cannot be billed.

    `key` is the subject (`unknown_subject`, `outside_contract`, `no_price`) or the multiplier's dimension values
    as `name=value` pairs (`no_multiplier`).
    """

    reason: UnbilledReason
    measure: str
    key: tuple[str, ...]
    events: int
    quantity: Decimal
    subjects: int
    first_seen: Instant | None
    last_seen: Instant | None
    example: str


class MeasureCount(NamedTuple):
    """How many events a measure met in its window: counted, left out by its filter, dropped as duplicates."""

    measure: str
    events: int
    filtered_out: int
    duplicates: int


class MeasuredUsage(Protocol):
    """Usage of a run after metering: streams in the order of contracts, one for each measure."""

    def rows(self, measure: int) -> Iterator[UsageRow]:
        """Stream the rows of a measure, ordered by contract, boundary, segment and dimensions."""
        ...

    def unbilled(self) -> tuple[Unbilled, ...]:
        """Give what was measured and cannot be billed."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """Say what is wrong with the sources' events, or worth knowing of them."""
        ...

    def counts(self) -> tuple[MeasureCount, ...]:
        """Count, for each measure, the events that it met."""
        ...


class UsageStore(Protocol):
    """Where a run meters usage: first who the subjects are, then what is to be measured."""

    def enroll(self, subjects: Iterable[SubjectRow]) -> None:
        """Take the subjects of all contracts, as a stream."""
        ...

    def measure(
        self, measures: Sequence[Measure], segments: Sequence[Sequence[SegmentRow]], window: Interval
    ) -> MeasuredUsage:
        """Measure usage and hand it out by contract.

        Args:
            measures: what to measure.
            segments: for each measure, which slots belong to which period of which timeline. A timeline that
                has any row for a measure has a price for it, be it an empty one (`first == last`).
            window: where usage that belongs to no contract is reported; empty where nobody asks for it.
        """
        ...
