"""When: local midnights, billing periods and shares. Every instant is an aware datetime in UTC.

A date means its local midnight in a zone. An interval is half-open. Period *n* is counted from the anchor, so
31 January is followed by 28 February and then by 31 March.
"""

import calendar
import importlib.resources
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAYS = {"day": 1, "week": 7}


class Span(NamedTuple):
    """From an instant, included, to another, excluded."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def last_instant(self) -> datetime:
        return self.end - MICROSECOND


class Period(NamedTuple):
    """A nominal (full) period, and the part of it that is billed at once: in which the contract lives on one plan.

    `gives_last_day` says that another part begins on the last local day, which then belongs to that one.
    """

    nominal: Span
    billed: Span
    gives_last_day: bool = False


@cache
def zone(name: str) -> ZoneInfo:
    """Load a zone from the tzdata wheel; the machine's own may be years old (pitfall D37)."""
    with importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


def midnight(day: date, where: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=where).astimezone(UTC)


def instant(when: date | datetime, where: ZoneInfo) -> datetime:
    """A datetime carries its offset, a date is midnight in the zone."""
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    return midnight(when, where)


def local_date(moment: datetime, where: ZoneInfo) -> date:
    return moment.astimezone(where).date()


def add_months(day: date, months: int) -> date:
    """Go months on; where that month has no such day, take its last."""
    number = day.year * 12 + (day.month - 1) + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def anchor_date(every: str, anchor: str, start: date) -> date:
    """The local date on which period 0 begins: the contract's own, or that of the calendar's period around it."""
    if anchor == "contract_start" or every == "day":
        return start
    if every == "week":
        return start - timedelta(days=start.weekday())
    if every == "month":
        return date(start.year, start.month, 1)
    if every == "quarter":
        return date(
            start.year, {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7}.get(start.month, 10), 1
        )
    return date(start.year, 1, 1)


def period_start(every: str, anchored: date, number: int) -> date:
    if every in DAYS:
        return anchored + timedelta(days=DAYS[every] * number)
    return add_months(anchored, MONTHS[every] * number)


def periods(every: str, anchor: str, life: "Life") -> Iterator[Period]:
    """Go through the periods of a contract's life, one after the other, without end where it has none."""
    anchored = anchor_date(every, anchor, local_date(life.start, life.where))
    number = 0
    while True:
        nominal = Span(
            midnight(period_start(every, anchored, number), life.where),
            midnight(period_start(every, anchored, number + 1), life.where),
        )
        if life.end is not None and nominal.start >= life.end:
            return
        billed_end = nominal.end if life.end is None else min(nominal.end, life.end)
        yield Period(nominal, Span(max(nominal.start, life.start), billed_end))
        number += 1


class Life(NamedTuple):
    """When a contract begins and ends (None: it does not), and in which zone its days are counted."""

    start: datetime
    end: datetime | None
    where: ZoneInfo

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


def days_touched(span: Span, where: ZoneInfo) -> int:
    """Count the local calendar days of which the span has any part."""
    return (local_date(span.last_instant, where) - local_date(span.start, where)).days + 1


def days_had(period: Period, where: ZoneInfo) -> int:
    """Count the local calendar days that belong to what is billed of a period."""
    return days_touched(period.billed, where) - (1 if period.gives_last_day else 0)


def share(period: Period, prorate: str, where: ZoneInfo) -> Fraction:
    """What part of the nominal period is billed, by days, by seconds (exact time), or all of it for `none`."""
    if prorate == "none":
        return Fraction(1)
    if prorate == "days":
        return Fraction(days_had(period, where), days_touched(period.nominal, where))
    return Fraction(microseconds(period.billed), microseconds(period.nominal))


def microseconds(span: Span) -> int:
    return (span.end - span.start) // MICROSECOND


def run_dates(text: str) -> tuple[date, date]:
    """Read `2026`, `2026-Q4`, `2026-10`, `2026-W40`, `2026-10-05` or `FROM/TO` as local dates, the last excluded."""
    if "/" in text:
        first, last = text.split("/")
        return date.fromisoformat(first), date.fromisoformat(last)
    year = int(text[:4])
    if len(text) == len("2026"):
        return date(year, 1, 1), date(year + 1, 1, 1)
    if "Q" in text:
        quarter = date(year, int(text[-1]) * 3 - 2, 1)
        return quarter, add_months(quarter, 3)
    if "W" in text:
        monday = date.fromisocalendar(year, int(text[-2:]), 1)
        return monday, monday + timedelta(days=7)
    if len(text) == len("2026-10"):
        month = date(year, int(text[-2:]), 1)
        return month, add_months(month, 1)
    day = date.fromisoformat(text)
    return day, day + timedelta(days=1)


def run_window(text: str, where: ZoneInfo) -> Span:
    first, last = run_dates(text)
    return Span(midnight(first, where), midnight(last, where))
