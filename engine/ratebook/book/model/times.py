"""The times of a book: zones, dates and times with an offset, durations, how long a trial is."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, PlainValidator, Tag, WithJsonSchema

from ratebook.book.model.base import MAPPING, SCALAR, Model, problem, shape
from ratebook.book.model.values import named, quoted
from ratebook.calendar import EARLIEST_YEAR, LATEST_YEAR, zone
from ratebook.calendar import When as CalendarWhen

DATE_PATTERN: Final = r"\d{4}-\d{2}-\d{2}"
TIME_PATTERN: Final = DATE_PATTERN + r"T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
OFFSET_PATTERN: Final = r"(Z|[+-]\d{2}:\d{2})"
DURATION_PATTERN: Final = r"(0|[1-9]\d{0,3}) (day|week|month|year)s?"


def _time_zone(value: object) -> str:
    try:
        if isinstance(value, str):
            return zone(value).key
    except KeyError:
        pass
    raise problem(
        "RB212", f"{named(value)} is not a time zone", expected="an IANA name, as in Europe/Istanbul or UTC"
    )


TimeZone = Annotated[
    str, PlainValidator(_time_zone), WithJsonSchema({"title": "time zone", "type": "string"})
]

When = CalendarWhen
"""A date (midnight in the spec's time zone) or an aware datetime."""


def when(value: object) -> When:
    """Read a date, or a time with its offset."""
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value
        value = value.isoformat()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise problem("RB203", f"{named(value)} stands where a date is expected", expected=_TIMES)
    moment: When | None = None
    try:
        if re.fullmatch(DATE_PATTERN, value, re.ASCII):
            moment = date.fromisoformat(value)
        elif re.fullmatch(TIME_PATTERN + OFFSET_PATTERN, value, re.ASCII):
            moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        raise problem("RB207", f"{quoted(value)} is not in the calendar", expected=_TIMES) from None
    if moment is not None:
        return _near(value, moment)
    if re.fullmatch(TIME_PATTERN, value, re.ASCII):
        raise problem(
            "RB208",
            f"{value!r} does not say of which time zone",
            expected=_TIMES,
            help_=f"add the offset, as in {value}+03:00 or {value}Z: local clocks skip and repeat hours",
        )
    raise problem("RB207", f"{quoted(value)} is not a date", expected=_TIMES)


def _near(value: str, moment: When) -> When:
    """Refuse a year in which periods, zones and days beside it would leave the calendar."""
    if EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return moment
    raise problem(
        "RB207",
        f"{quoted(value)} is in no year from {EARLIEST_YEAR} to {LATEST_YEAR}",
        expected=_TIMES,
        help_="leave out an end that is open" if moment.year > LATEST_YEAR else "",
    )


_TIMES: Final = "a date as in 2026-06-15, or a time with its offset as in 2026-06-15T14:00:00+03:00"
_WHEN_SCHEMA: Final = {
    "title": "date or time",
    "type": "string",
    "pattern": f"^{TIME_PATTERN.replace('T', '(T', 1)}{OFFSET_PATTERN})?$",
}

WhenField = Annotated[CalendarWhen, PlainValidator(when), WithJsonSchema(_WHEN_SCHEMA)]


def day_of(moment: When) -> date:
    """Give the date that a moment is written with."""
    return moment.date() if isinstance(moment, datetime) else moment


def _day(value: object) -> date:
    moment = when(value)
    if isinstance(moment, datetime):
        raise problem("RB207", f"{moment.isoformat()} is a time", expected="a date, as in 2026-06-15")
    return moment


Day = Annotated[
    date,
    PlainValidator(_day),
    WithJsonSchema({"title": "date", "type": "string", "pattern": f"^{DATE_PATTERN}$"}),
]
"""A day; as an end it is exclusive, and its midnight is that of UTC."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of calendar units, as in `10 days`."""

    number: int
    unit: Literal["day", "week", "month", "year"]


def _duration(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, str) and (found := re.fullmatch(DURATION_PATTERN, value, re.ASCII)):
        unit: Any = found[2]
        return Duration(int(found[1]), unit)
    raise problem(
        "RB207", f"{named(value)} is not a duration", expected="as in 1 day, 10 days, 2 weeks, 1 year"
    )


DurationField = Annotated[
    Duration,
    PlainValidator(_duration),
    WithJsonSchema({"title": "duration", "type": "string", "pattern": f"^{DURATION_PATTERN}$"}),
]


class TrialUntil(Model):
    """The end of a trial as a date."""

    until: WhenField
    """When it ends, exclusive."""


Trial = Annotated[
    Annotated[DurationField, Tag(SCALAR)] | Annotated[TrialUntil, Tag(MAPPING)], Discriminator(shape)
]
"""How long a trial is, counted from the contract's start, or `{until: 2026-02-01}`."""
