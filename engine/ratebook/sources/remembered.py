"""Usage that is measured once in the life of a process, for one that rates the same period over and over."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from ratebook.calendar import Interval
from ratebook.compiler.follow_ups import Detail
from ratebook.sources.protocol import Prepared, UsageSource
from ratebook.usage.measure import EventSource, Measure

Answer = TypeVar("Answer")

_MOST: Final = 50
"""Answers that are remembered for each kind of question; the one that was asked for longest ago goes first."""


class RememberedSource:
    """A source that answers the same question only once: what is added to its usage later is not seen.

    A measure of some subjects is answered from one of all subjects, so that it does not matter whose usage a run needs.

    Args:
        open_source: opens the source; called again when other sources or times are to be measured.
    """

    def __init__(self, open_source: Callable[[], UsageSource]) -> None:
        self._open = open_source
        self._source: UsageSource | None = None
        self._windows: dict[str, tuple[EventSource, Interval]] = {}
        self._prepared: dict[str, Prepared] = {}
        self._answers: dict[str, list[tuple[object, object]]] = {}

    def prepare(self, sources: Sequence[tuple[EventSource, Interval]]) -> Sequence[Prepared]:
        """Find the sources' data, unless that was done for these sources and at least for these times."""
        wanted = {source.name: (source, self._window(source, window)) for source, window in sources}
        if any(self._windows.get(name) != asked for name, asked in wanted.items()):
            windows = self._windows | wanted
            self.forget()
            self._source = self._open()
            found = self._source.prepare(list(windows.values()))
            self._windows, self._prepared = windows, dict(zip(windows, found, strict=True))
        return [self._prepared[name] for name in wanted]

    def _window(self, source: EventSource, window: Interval) -> Interval:
        """Widen a window to what is prepared of the source already."""
        known, before = self._windows.get(source.name, (source, window))
        return (
            window
            if known != source
            else Interval(min(before.start, window.start), max(before.end, window.end))
        )

    def measure(self, measure: Measure) -> Iterator[pa.RecordBatch]:
        """Run a measure's query for all subjects, once, and pick out those that are asked for."""
        everyone, subjects = _for_everyone(measure)
        batches = self._once("measure", everyone, lambda source: list(source.measure(everyone)))
        yield from batches if subjects is None else (_of(subjects, batch) for batch in batches)

    def valueless(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events that have no value to aggregate, once."""
        return self._once("valueless", measure, lambda source: source.valueless(measure))

    def ignored(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events whose operation neither adds nor removes their value, once."""
        return self._once("ignored", measure, lambda source: source.ignored(measure))

    def events_in(self, source: EventSource, window: Interval) -> int:
        """Count the events of a window that may be measured, once."""
        return self._once("events_in", (source, window), lambda real: real.events_in(source, window))

    def details(self, detail: Detail) -> Iterator[pa.RecordBatch]:
        """Look closely at usage that could not be billed, once."""
        yield from self._once("details", detail, lambda source: list(source.details(detail)))

    def describe(self) -> str:
        """Say where usage comes from, without credentials."""
        return self._source.describe() if self._source is not None else ""

    def close(self) -> None:
        """Let a run end; what it measured stays, until `forget`."""

    def forget(self) -> None:
        """Let go of everything."""
        if self._source is not None:
            self._source.close()
        self._source = None
        self._windows, self._prepared = {}, {}
        self._answers.clear()

    def _once(self, kind: str, question: object, ask: Callable[[UsageSource], Answer]) -> Answer:
        """Answer from memory, where questions are equal when their values are."""
        known = self._answers.setdefault(kind, [])
        for place, (asked, answer) in enumerate(known):
            if asked == question:
                known.append(known.pop(place))
                return answer  # type: ignore[return-value] # what `ask` gave for this kind
        if self._source is None:
            raise RuntimeError("a source is prepared before it is asked")
        found = ask(self._source)
        known.append((question, found))
        del known[:-_MOST]
        return found


def _for_everyone(measure: Measure) -> tuple[Measure, tuple[str, ...] | None]:
    """Take the condition on subjects off a measure; it is the last where a run has one."""
    last = measure.where[-1] if measure.where else None
    if last is None or last.column != measure.source.subject or last.operator != "in":
        return measure, None
    subjects = tuple(map(str, last.value)) if isinstance(last.value, tuple) else (str(last.value),)
    return replace(measure, where=measure.where[:-1]), subjects


def _of(subjects: tuple[str, ...], batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.filter(pc.is_in(batch.column("subject").cast(pa.string()), pa.array(subjects, pa.string())))
