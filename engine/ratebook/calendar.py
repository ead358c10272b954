"""Instants, zones, billing cycles and periods, proration shares.

Time is half-open, `[start, end)`, in instants: microseconds since 1970-01-01T00:00Z. Local midnights become
instants through the zones of the pinned tzdata wheel, never through those of the machine.
"""

import importlib.resources
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, Literal, NamedTuple, NewType
from zoneinfo import ZoneInfo

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00Z."""

When = date | datetime
"""A time as a book writes it: a date is midnight in the spec's zone, a datetime carries its offset."""

Every = Literal["day", "week", "month", "quarter", "year"]
Anchor = Literal["calendar", "contract_start"]

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_DAYS: Final = {"day": 1, "week": 7}
_FIRST_MONDAY: Final = date(1970, 1, 5)


class Interval(NamedTuple):
    """A half-open interval of instants, `[start, end)`."""

    start: Instant
    end: Instant

    def clip(self, other: "Interval") -> "Interval":
        """Give the part that both intervals share; it is empty when its end is not after its start."""
        return Interval(max(self.start, other.start), min(self.end, other.end))

    def __contains__(self, instant: object) -> bool:
        """Tell whether an instant lies in the interval."""
        return isinstance(instant, int) and self.start <= instant < self.end

    @property
    def length(self) -> int:
        """Length in microseconds."""
        return self.end - self.start


BEGINNING: Final = Instant(-2_208_988_800 * SECOND)
"""1900-01-01T00:00Z, before everything that is billed."""
NEVER: Final = Instant(7_258_118_400 * SECOND)
"""2200-01-01T00:00Z, after everything that is billed; every instant between is exact in JSON too."""
EVERYTHING: Final = Interval(BEGINNING, NEVER)
"""All time."""
NOTHING: Final = Interval(BEGINNING, BEGINNING)
"""No time at all."""
EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2199
"""The years that a book's dates and a run's periods may lie in."""


class Share(NamedTuple):
    """An exact part of a whole, kept as a fraction so that shares of one period add up to exactly 1."""

    numerator: int
    denominator: int


WHOLE: Final = Share(1, 1)


@cache
def zone(name: str) -> ZoneInfo:
    """Load a time zone from the tzdata wheel.

    Raises:
        KeyError: the IANA name is unknown.
    """
    if not re.fullmatch(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+){0,2}", name):
        raise KeyError(name)
    *folders, leaf = name.split("/")
    file = importlib.resources.files("tzdata").joinpath("zoneinfo", *folders, leaf)
    if not file.is_file():
        raise KeyError(name)
    with file.open("rb") as stream:
        try:
            return ZoneInfo.from_file(stream, key=name)
        except ValueError:  # another file of the wheel, as `leapseconds`
            raise KeyError(name) from None


@cache
def tzdata_version() -> str:
    """Name the release of the time zone database in use, as in `2026b`."""
    import tzdata  # noqa: PLC0415 - only for its version

    return str(tzdata.IANA_VERSION)


def from_datetime(moment: datetime) -> Instant:
    """Turn an aware datetime into an instant, exactly."""
    return Instant((moment - _EPOCH) // timedelta(microseconds=1))


def to_datetime(moment: Instant, where: ZoneInfo) -> datetime:
    """Show an instant on the clocks of a zone."""
    return (_EPOCH + timedelta(microseconds=moment)).astimezone(where)


def midnight(day: date, where: ZoneInfo) -> Instant:
    """Give the instant at which a local day begins (where clocks skip midnight, its first instant)."""
    return from_datetime(datetime.combine(day, time(), tzinfo=where).astimezone(UTC))


def instant_of(when: When, where: ZoneInfo) -> Instant:
    """Give the instant that a book's time means in a zone."""
    if isinstance(when, datetime):
        return from_datetime(when)
    return midnight(when, where)


def local_date(moment: Instant, where: ZoneInfo) -> date:
    """Give the local date of an instant."""
    return to_datetime(moment, where).date()


def iso(moment: Instant, where: ZoneInfo) -> str:
    """Write an instant in a zone, as in `2026-10-01T00:00:00+03:00`; UTC ends in `Z`."""
    text = to_datetime(moment, where).isoformat()
    return text[:-6] + "Z" if where.key == "UTC" else text


@dataclass(frozen=True, slots=True)
class Cycle:
    """How often something falls due, and what its periods are counted from."""

    every: Every = "month"
    anchor: Anchor = "calendar"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The nominal periods of a cycle: period *n* is computed from the anchor, never from period *n - 1*.

    Attributes:
        every: the length of a period.
        origin: a local date at which a period (number 0) begins; its day of the month is what other periods
            clamp. Contracts whose periods fall on the same days have the same origin, whatever their year.
        where: the zone whose midnights bound the periods.
    """

    every: Every
    origin: date
    where: ZoneInfo

    @classmethod
    def of(cls, cycle: Cycle, start: Instant, where: ZoneInfo) -> "Calendar":
        """Make the calendar of a contract that starts at an instant."""
        first = _FIRST_MONDAY if cycle.anchor == "calendar" else local_date(start, where)
        return cls(cycle.every, _origin(cycle, first), where)

    def start_date(self, number: int) -> date:
        """Give the local date on which period `number` begins."""
        if self.every in _DAYS:
            return self.origin + timedelta(days=number * _DAYS[self.every])
        return add_months(self.origin, number * _MONTHS[self.every])

    def period(self, number: int) -> Interval:
        """Give period `number` as instants."""
        return Interval(
            midnight(self.start_date(number), self.where), midnight(self.start_date(number + 1), self.where)
        )

    def number_at(self, moment: Instant) -> int:
        """Give the number of the period that holds an instant."""
        day = local_date(moment, self.where)
        if self.every in _DAYS:
            return (day - self.origin).days // _DAYS[self.every]
        months = (day.year - self.origin.year) * 12 + day.month - self.origin.month
        number = months // _MONTHS[self.every]
        return number - 1 if self.start_date(number) > day else number


def _origin(cycle: Cycle, first: date) -> date:
    """Move an anchor to the one date that stands for its phase; 2000 has a 29 February."""
    if cycle.every == "day":
        return _FIRST_MONDAY
    if cycle.every == "week":
        return _FIRST_MONDAY + timedelta(days=first.weekday())
    if cycle.anchor == "calendar":
        return date(2000, 1, 1)
    return first.replace(year=2000)


def add_months(day: date, months: int) -> date:
    """Move a date by months; the day clamps to the month's last, as in 31 Jan + 1 → 28 Feb."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004 - December
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def days_touched(part: Interval, where: ZoneInfo) -> int:
    """Count the local calendar days that an interval touches; an empty one touches none."""
    if part.end <= part.start:
        return 0
    return (local_date(Instant(part.end - 1), where) - local_date(part.start, where)).days + 1


def local_days(part: Interval, where: ZoneInfo) -> tuple[Interval, ...]:
    """Give the local days that an interval touches, each cut to it; a day that the zone's clocks skipped is none."""
    dates = (
        local_date(part.start, where) + timedelta(days=number) for number in range(days_touched(part, where))
    )
    days = (
        Interval(midnight(day, where), midnight(day + timedelta(days=1), where)).clip(part) for day in dates
    )
    return tuple(day for day in days if day.start < day.end)


def share(part: Interval, whole: Interval, by: Literal["days", "seconds", "none"], where: ZoneInfo) -> Share:
    """Give the share of a nominal period that a part of it makes up.

    By days, every local day that the part touches counts; by seconds, exact time counts. `none` gives all.
    """
    if by == "none" or part == whole:
        return WHOLE
    if by == "seconds":
        return Share(part.length, whole.length)
    return Share(days_touched(part, where), days_touched(whole, where))


def _days(text: str) -> tuple[date, date]:
    first = date.fromisoformat(text)
    return first, first + timedelta(days=1)


def _week(text: str) -> tuple[date, date]:
    first = date.fromisocalendar(int(text[:4]), int(text[6:]), 1)
    return first, first + timedelta(days=7)


def _months(text: str) -> tuple[date, date]:
    first = date(int(text[:4]), int(text[5:]), 1)
    return first, add_months(first, 1)


def _quarter(text: str) -> tuple[date, date]:
    first = date(int(text[:4]), int(text[6:]) * 3 - 2, 1)
    return first, add_months(first, 3)


def _year(text: str) -> tuple[date, date]:
    return date(int(text), 1, 1), date(int(text) + 1, 1, 1)


_RUN_PERIODS: Final[tuple[tuple[str, Callable[[str], tuple[date, date]]], ...]] = (
    (r"\d{4}-\d{2}-\d{2}", _days),
    (r"\d{4}-W\d{2}", _week),
    (r"\d{4}-\d{2}", _months),
    (r"\d{4}-Q[1-4]", _quarter),
    (r"\d{4}", _year),
)


@dataclass(frozen=True, slots=True)
class RunPeriod:
    """The period a run is asked for, as local dates `[first, last)`; each spec's zone turns it into instants."""

    text: str
    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> "RunPeriod":
        """Read `2026`, `2026-Q4`, `2026-10`, `2026-W40`, `2026-10-05` or `FROM/TO` (dates).

        Raises:
            ValueError: with a sentence that says what was expected.
        """
        try:
            if "/" in text:
                begin, _, finish = text.partition("/")
                first, last = date.fromisoformat(begin), date.fromisoformat(finish)
            else:
                parse = next(
                    parse for pattern, parse in _RUN_PERIODS if re.fullmatch(pattern, text, re.ASCII)
                )
                first, last = parse(text)
        except (ValueError, OverflowError, StopIteration):
            msg = f"{text!r} is not a period; write 2026, 2026-Q4, 2026-10, 2026-W40, 2026-10-05 or FROM/TO"
            raise ValueError(msg) from None
        if last <= first:
            msg = f"the period {text!r} ends before it begins"
            raise ValueError(msg)
        if not EARLIEST_YEAR <= first.year <= last.year <= LATEST_YEAR + 1:
            msg = f"the period {text!r} leaves the years from {EARLIEST_YEAR} to {LATEST_YEAR}"
            raise ValueError(msg)
        return cls(text, first, last)

    def window(self, where: ZoneInfo) -> Interval:
        """Give the period's instants in a zone."""
        return Interval(midnight(self.first, where), midnight(self.last, where))


def shift(day: date, count: int, unit: Literal["day", "week", "month", "year"]) -> date:
    """Move a date by a number of calendar units; months and years clamp as `add_months` does."""
    if unit in {"day", "week"}:
        return day + timedelta(days=count * _DAYS[unit])
    return add_months(day, count * _MONTHS[unit])
