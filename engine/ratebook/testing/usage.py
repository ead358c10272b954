"""The rows of a case as events of the book's sources: columns by their declared types, times and ids made up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from ratebook.book.model import Source
from ratebook.book.model.times import when
from ratebook.book.model.values import named
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.calendar import Instant, instant_of
from ratebook.findings import Finding
from ratebook.testing.files import NamedCase

MOST_TIMES: Final = 10**15
"""A row may stand for so many events."""

_WORDS: Final = ("at", "subject", "id", "count", "reverses")


class Event(NamedTuple):
    """A row: an event that happened `times` times.

    Attributes:
        subject: who is billed.
        at: when.
        id: the event's id; empty where one is to be made up.
        times: how often.
        values: column → value; columns that are not there are NULL.
        reverses: id of the event that it takes back; empty for none.
    """

    subject: str
    at: Instant
    id: str
    times: int
    values: Mapping[str, str | int | Decimal | bool]
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a case says was used: source → events, or → the files of a recording."""

    events: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class UsageReader:
    """Reads the rows of a case.

    Args:
        case: the case.
        sources: the book's sources.
        subject: who is billed by a row that names nobody.
        where: the time zone in which a date is a midnight.
        findings: what is wrong with the rows.
    """

    case: NamedCase
    sources: Mapping[str, Source]
    subject: str
    where: ZoneInfo
    findings: list[Finding] = field(default_factory=list)

    def read(self) -> Usage:
        """Read all rows."""
        given, events, files = self.case.case.usage, dict[str, Sequence[Event]](), dict[str, str]()
        by_source = given.items() if isinstance(given, Mapping) else self._only_source(given)
        for source, rows in by_source:
            place: tuple[str | int, ...] = ("usage", source) if isinstance(given, Mapping) else ("usage",)
            if source not in self.sources:
                message, near = f"the book has no source `{source}`", did_you_mean(source, self.sources)
                self._report("RB301", place, message, expected=one_of(self.sources), help_=near)
            elif isinstance(rows, str):
                files[source] = str(Path(self.case.file.path).resolve().parent / rows)
            else:
                events[source] = list(self._events(self.sources[source], rows, place))
        return Usage(events, files)

    def unknown(self, place: Sequence[str | int], key: str, known: set[str]) -> None:
        """Report a key that no row of the source has, at the key."""
        pointer = self.case.pointer(*place)
        position = self.case.file.places().key(pointer)
        message, near = f"unknown key `{key}`", did_you_mean(key, known)
        self.findings.append(Finding("RB201", message, pointer, position, one_of(known), near))

    def _only_source(self, given: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - rows, or a path
        if not given:
            return []
        if len(self.sources) != 1:
            help_ = f"write {{{next(iter(self.sources), 'source')}: […]}}"
            self._report("RB203", ("usage",), "the usage does not say of which source it is", help_=help_)
            return []
        return [(next(iter(self.sources)), given)]

    def _events(
        self, source: Source, rows: Sequence[Mapping[str, Any]], place: Sequence[str | int]
    ) -> Iterator[Event]:
        for number, row in enumerate(rows):
            read = _Row(self, source, row, (*place, number))
            yield read.event()

    def _report(
        self,
        code: str,
        place: Sequence[str | int],
        message: str,
        *,
        expected: str = "",
        help_: str = "",
    ) -> None:
        pointer, position = self.case.pointer(*place), self.case.place(*place)
        self.findings.append(Finding(code, message, pointer, position, expected, help_))


@dataclass(slots=True)
class _Row:
    """A row while it is read."""

    reader: UsageReader
    source: Source
    row: Mapping[str, Any]
    place: tuple[str | int, ...]

    def event(self) -> Event:
        source = self.source
        for key in self.row.keys() - self._known():
            self.reader.unknown((*self.place, key), key, self._known())
        times, id_ = self._times(), self._identity(source.event_id, "id", "")
        if times > 1 and id_:
            self._wrong("count", "RB214", "`count` and an id exclude one another", "one of the two")
        values = {
            name: self._typed(name, kind, self.row[name])
            for name, kind in source.columns.items()
            if name in self.row
        }
        subject = self._identity(source.subject, "subject", self.reader.subject)
        reverses = self._identity(source.reverses, "reverses", "")
        return Event(subject, self._time(), id_, times, values, reverses)

    def _known(self) -> set[str]:
        source = self.source
        own = (source.subject, source.event_id, source.event_time, source.reverses)
        return {*filter(None, own), *source.columns, *_WORDS}

    def _written(self, column: str | None, word: str) -> tuple[str, Any]:
        """Give what the row says by the name of a column or by a word, which gives way to a column of its name."""
        if column is not None and column in self.row:
            return column, self.row[column]
        return (word, None if word in self.source.columns else self.row.get(word))

    def _identity(self, column: str | None, word: str, otherwise: str) -> str:
        key, value = self._written(column, word)
        if value is None:
            return otherwise
        if isinstance(value, bool) or not isinstance(value, str | int):
            self._wrong(key, "RB203", f"{named(value)} stands where a text is expected", "a text")
        return str(value)

    def _times(self) -> int:
        key, value = self._written(None, "count")
        if value is None:
            return 1
        if type(value) is not int or not 0 <= value <= MOST_TIMES:
            expected = f"a whole number from 0 to {MOST_TIMES:,}"
            self._wrong(key, "RB205", f"{named(value)} is no number of events", expected)
            return 1
        return value

    def _time(self) -> Instant:
        key, value = self._written(self.source.event_time, "at")
        if value is None:
            return self._middle()
        try:
            return instant_of(when(value), self.reader.where)
        except PydanticCustomError as error:
            said = error.context or {}
            self._wrong(key, error.type, said["message"], said["expected"], said["help"])
            return self._middle()

    def _middle(self) -> Instant:
        """Give noon of the day in the middle of the period, where a row says no time."""
        period = self.reader.case.case.period
        day = period.first + (period.last - period.first) // 2
        return instant_of(_noon(day, self.reader.where), self.reader.where)

    def _typed(self, name: str, kind: str, value: Any) -> Any:  # noqa: ANN401 - a value of a column
        fits = {
            "string": isinstance(value, str),
            "integer": type(value) is int,
            "decimal": type(value) is int or isinstance(value, Decimal),
            "boolean": isinstance(value, bool),
        }
        if not fits[kind]:
            help_ = f'put it in quotes: "{value}"' if kind == "string" and type(value) is int else ""
            message = f"{named(value)} stands where {name} is {_ARTICLES[kind]}"
            self._wrong(name, "RB203", message, _ARTICLES[kind], help_)
        return value

    def _wrong(self, key: str, code: str, message: str, expected: str = "", help_: str = "") -> None:
        self.reader._report(code, (*self.place, key), message, expected=expected, help_=help_)  # noqa: SLF001 - its row


_ARTICLES: Final = {
    "string": "a text",
    "integer": "an integer",
    "decimal": "a number",
    "boolean": "true or false",
}


def _noon(day: date, where: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=where) + timedelta(hours=12)
