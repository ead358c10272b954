"""Events that take back others, whatever engine finds them: those that take back nothing are told."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from ratebook.calendar import Interval
from ratebook.compiler.queries import reversals_of
from ratebook.compiler.reversals import failed_query, reversals_query
from ratebook.compiler.sql import Dialect, MeteringQuery, Relation, Reversals, Writer
from ratebook.findings import Finding
from ratebook.sources.errors import pointer
from ratebook.usage.measure import EventSource

Rows = Callable[[MeteringQuery, EventSource], Sequence[Sequence[object]]]
"""Runs a query of a source."""


class Failed(NamedTuple):
    """Reversals of the window that take back nothing, and what to say about them."""

    events: int
    findings: tuple[Finding, ...]


NONE: Final = Failed(0, ())
"""Each reversal takes back an event."""


def sought(
    source: EventSource, relation: Relation, window: Interval, dialect: Dialect, run: Rows
) -> Reversals | None:
    """Say what reversals of a source have to be looked at; None where it has none that matter to the window."""
    reversals = reversals_of(source, window)
    if reversals is None:
        return None
    ((events,),) = run(reversals_query(relation, reversals, Writer(dialect)), source)
    return reversals if int(str(events)) else None


def failed(source: EventSource, judged: str, window: Interval, writer: Writer, run: Rows) -> Failed:
    """Tell the reversals of a window that take back nothing.

    Args:
        source: the source.
        judged: the table, or query in parentheses, of its judged reversals.
        window: the time that is measured.
        writer: holds the parameters of `judged`.
        run: runs a query.
    """
    rows = run(failed_query(judged, window.start, window.end, writer), source)
    reasons: dict[str, tuple[int, str, str]] = {}
    for of_reversal, of_other, events, example, undoes in rows:
        reason = _reason(of_reversal=bool(of_reversal), of_other=bool(of_other))
        known, *named = reasons.get(reason, (0, str(example), str(undoes)))
        least = min((str(example), str(undoes)), (str(named[0]), str(named[1])))
        reasons[reason] = (known + int(str(events)), *least)
    findings = tuple(_findings(source, reasons))
    return Failed(sum(events for events, _, _ in reasons.values()), findings)


def _reason(*, of_reversal: bool, of_other: bool) -> str:
    return "reversal" if of_reversal else "other_subject" if of_other else "unknown"


_WHY: Final = {
    "unknown": "no event that happened until then has the id that they name",
    "other_subject": "the event that they name is of another subject",
    "reversal": "the event that they name is a reversal itself",
}


def _findings(source: EventSource, reasons: dict[str, tuple[int, str, str]]) -> Iterator[Finding]:
    for reason, why in _WHY.items():
        if reason in reasons:
            events, example, undoes = reasons[reason]
            of = f"{example} of {undoes}" if example else f"that of {undoes}"
            yield Finding(
                "RB418",
                f"{events} event(s) of {source.name} take back nothing, as {of}: {why}",
                pointer(source.name, "reverses"),
                expected=f"in {source.reverses} the id of an earlier event of the same {source.subject}",
                help="correct the id; instead of taking back a reversal, write the event again under a new id",
                details={"events": events, "reason": reason, "example": example, "reverses": undoes},
            )
