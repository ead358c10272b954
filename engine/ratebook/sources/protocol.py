"""What every source of usage does, whatever engine is behind it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import pyarrow as pa

from ratebook.calendar import Interval
from ratebook.compiler.follow_ups import Detail
from ratebook.findings import Finding
from ratebook.usage.measure import EventSource, Measure


class Prepared(NamedTuple):
    """A source that is ready to be measured.

    Attributes:
        duplicates: re-delivered events that were dropped in the window.
        quarantined: events of the window that do not count because something is wrong with them.
        findings: what is wrong or worth knowing.
    """

    duplicates: int
    quarantined: int
    findings: tuple[Finding, ...]


class UsageSource(Protocol):
    """Runs the metering queries of one environment. Every method may raise `SourceError`."""

    def prepare(self, sources: Sequence[tuple[EventSource, Interval]]) -> Sequence[Prepared]:
        """Find the sources' data, check its columns, and set aside what is defective or stands twice.

        Args:
            sources: each source, with all the time in which it will be measured.
        """
        ...

    def measure(self, measure: Measure) -> Iterator[pa.RecordBatch]:
        """Run a measure's query; its columns are those of `metering_query`."""
        ...

    def valueless(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events that have no value to aggregate, with an example's id."""
        ...

    def ignored(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events whose operation neither adds nor removes their value, with an example's id."""
        ...

    def events_in(self, source: EventSource, window: Interval) -> int:
        """Count the events of a window that may be measured."""
        ...

    def details(self, detail: Detail) -> Iterator[pa.RecordBatch]:
        """Look closely at usage that could not be billed; its columns are those of `detail_query`."""
        ...

    def describe(self) -> str:
        """Say where usage comes from, without credentials."""
        ...

    def close(self) -> None:
        """Let go of connections and temporary files."""
        ...
