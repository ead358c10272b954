"""Events that cannot be counted, in words: what is missing or unreadable, how often, and an example."""

from typing import Final, NamedTuple

from ratebook.calendar import Instant, iso, zone
from ratebook.compiler.follow_ups import Missing
from ratebook.findings import Finding
from ratebook.sources.errors import pointer
from ratebook.sources.text_columns import EXPECTED, declared_types
from ratebook.usage.measure import EventSource, Measure, Operation

NO_ID: Final = "RB406"
_MISSING: Final[dict[Missing, tuple[str, str, str]]] = {
    "event_id": (
        NO_ID,
        "id",
        "without an id a re-delivered event cannot be told; write one, or use `dedupe: trusted`",
    ),
    "subject": ("RB407", "subject", "write who used it, or leave these events out where they are recorded"),
    "event_time": ("RB408", "time", "write when it happened"),
}
_SHOWN: Final = 60


class Defect(NamedTuple):
    """What is wrong with some events of a source, and how many they are."""

    finding: Finding
    events: int


def looked_for(source: EventSource) -> tuple[Missing, ...]:
    """Say without what an event of a source cannot be counted; a trusted source needs no ids."""
    return ("event_time", "subject", "event_id") if source.dedupe == "exact" else ("event_time", "subject")


def missing_defect(source: EventSource, what: Missing, events: int, example: str) -> Defect:
    """Say that events lack an id, a subject or a time."""
    code, name, help_ = _MISSING[what]
    column = getattr(source, what)
    finding = Finding(
        code,
        f"{events} event(s) of {source.name} have no {name} in {column}{_as(example)}: they are not counted",
        pointer(source.name, what),
        expected=f"a value in {column}",
        help=help_,
        details={"events": events, "column": column, "example": example},
    )
    return Defect(finding, events)


def valueless_finding(measure: Measure, events: int, example: str) -> Finding:
    """Say that events have no value to aggregate."""
    return Finding(
        "RB409",
        f"{events} event(s) of {measure.meter} have no {measure.value}{_as(example)}: they are not counted",
        f"meters/{measure.meter}#value",
        expected=f"a value in {measure.value}",
        help=f"write the value, or leave these events out with `where: {{{measure.columns[0]}: {{exists: true}}}}`",
        details={"events": events, "column": measure.value, "measure": measure.name, "example": example},
    )


def ignored_finding(measure: Measure, operation: Operation, events: int, example: str) -> Finding:
    """Say that events neither add nor remove their value."""
    named = ", ".join(map(str, (*operation.add, *operation.remove)))
    return Finding(
        "RB417",
        f"{events} event(s) of {measure.meter} have another {operation.column}{_as(example)}: they are not counted",
        f"meters/{measure.meter}#operation/column",
        expected=f"one of {named}",
        help="add what is missing to `add` or `remove`, or leave these events out with `where`",
        details={"events": events, "column": operation.column, "measure": measure.name, "example": example},
    )


def future_finding(source: EventSource, events: int, now: Instant) -> Finding:
    """Say that events are of a time that has not come when the run is made."""
    moment = iso(now, zone("UTC"))[:16].replace("T", " ")
    return Finding(
        "RB419",
        f"{events} event(s) of {source.name} are of a time after this run, {moment} UTC: they count in the period of"
        " that time",
        pointer(source.name, "event_time"),
        expected="events that have happened",
        help="correct the clock where they are recorded, and take them out of the source before their period is billed",
        details={"events": events, "column": source.event_time},
    )


class Unreadable(NamedTuple):
    """Rows of text in which a column does not hold what it is declared to hold; of `text` and `example` one is given.

    `lacks_zone` tells that it is a time but for its zone.
    """

    column: str
    lacks_zone: bool
    events: int
    text: str
    example: str


def unreadable_defect(source: EventSource, unreadable: Unreadable) -> Defect:
    """Say that a column of text does not hold what it is declared to hold."""
    column, lacks_zone, events, text, example = unreadable
    declared = declared_types(source)[column]
    code = ("RB405" if lacks_zone else "RB408") if declared == "time" else "RB410"
    help_ = "correct these rows; a number is never rounded or guessed"
    if lacks_zone:
        help_ = "if these times are UTC, add `event_time_zone: UTC` to the source"
    place = pointer(source.name, "columns", column) if column in source.columns else pointer(source.name)
    shown = repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
    finding = Finding(
        code,
        f"{events} event(s) of {source.name} are not counted: {column} holds {shown}{_as(example)}",
        place,
        expected=EXPECTED[declared],
        help=help_,
        details={"events": events, "column": column, "value": text[:200], "example": example},
    )
    return Defect(finding, events)


def _as(example: str) -> str:
    return f", as {example}" if example else ""
