"""Instants, zones, cycles and their periods, shares: half-open, from local midnights, counted from the anchor."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.calendar import (
    DAY,
    NEVER,
    SECOND,
    Anchor,
    Calendar,
    Cycle,
    Every,
    Instant,
    Interval,
    RunPeriod,
    Share,
    add_months,
    days_touched,
    from_datetime,
    instant_of,
    iso,
    local_date,
    local_days,
    midnight,
    share,
    shift,
    to_datetime,
    tzdata_version,
    zone,
)

BERLIN, ISTANBUL, LONDON = zone("Europe/Berlin"), zone("Europe/Istanbul"), zone("Europe/London")
HOUR = 3600 * SECOND

# Clocks of these skip or repeat hours at 02:00, at midnight, by half an hour, in the south, or never.
zones = st.sampled_from(
    [
        zone(name)
        for name in (
            *(
                "UTC",
                "Europe/Istanbul",
                "Europe/Berlin",
                "America/Los_Angeles",
                "Asia/Kolkata",
                "Asia/Kathmandu",
            ),
            *(
                "Australia/Lord_Howe",
                "Pacific/Auckland",
                "America/Sao_Paulo",
                "America/Havana",
                "America/Santiago",
            ),
            *("Africa/Cairo", "Asia/Beirut"),
        )
    ]
)
cycles: st.SearchStrategy[Cycle] = st.builds(
    Cycle,
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.sampled_from(["calendar", "contract_start"]),
)
days = st.dates(date(2000, 1, 1), date(2040, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2026, 1, 31), date(2026, 8, 31), date(2026, 10, 30), date(2028, 2, 29)]
)
calendars = st.builds(
    lambda cycle, day, where: Calendar.of(cycle, midnight(day, where), where), cycles, days, zones
)


def starts(every: Every, anchor: Anchor, start: str, *numbers: int) -> list[str]:
    calendar = Calendar.of(Cycle(every, anchor), midnight(date.fromisoformat(start), BERLIN), BERLIN)
    first = calendar.number_at(midnight(date.fromisoformat(start), BERLIN))
    return [calendar.start_date(first + number).isoformat() for number in numbers]


def month(text: str, where: str = "UTC") -> Interval:
    return RunPeriod.parse(text).window(zone(where))


def at(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text))


# Periods


@given(calendars, st.integers(-30, 300))
def test_d42_periods_tile(calendar: Calendar, number: int) -> None:
    assert calendar.period(number).end == calendar.period(number + 1).start
    assert calendar.period(number).length > 0


@given(calendars, days, st.integers(0, DAY - 1))
def test_d42_every_instant_lies_in_one_period(calendar: Calendar, day: date, after: int) -> None:
    moment = Instant(midnight(day, calendar.where) + after)
    number = calendar.number_at(moment)
    assert moment in calendar.period(number)
    assert moment not in calendar.period(number - 1)
    assert moment not in calendar.period(number + 1)


@given(calendars, days)
def test_d42_a_period_begins_where_its_anchor_says(calendar: Calendar, day: date) -> None:
    begins = local_date(
        calendar.period(calendar.number_at(midnight(day, calendar.where))).start, calendar.where
    )
    if calendar.every in {"month", "quarter", "year"}:
        last = (add_months(begins.replace(day=1), 1) - timedelta(days=1)).day
        assert begins.day == min(calendar.origin.day, last)
    else:
        assert (begins - calendar.origin).days % {"day": 1, "week": 7}[calendar.every] == 0


def test_d40_the_31st_clamps_and_comes_back() -> None:
    assert starts("month", "contract_start", "2026-01-31", 0, 1, 2, 3) == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]


def test_d40_a_leap_day_comes_back_in_leap_years() -> None:
    assert starts("year", "contract_start", "2024-02-29", 0, 1, 2, 3, 4) == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_lago_6173_quarters_from_the_31st_neither_overlap_nor_leave_a_gap() -> None:
    assert starts("quarter", "contract_start", "2025-08-31", 0, 1, 2, 3, 4) == [
        "2025-08-31",
        "2025-11-30",
        "2026-02-28",
        "2026-05-31",
        "2026-08-31",
    ]


def test_lago_1569_the_31st_of_a_month_before_a_short_one() -> None:
    assert starts("month", "contract_start", "2026-05-31", 1, 2) == ["2026-06-30", "2026-07-31"]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("day", ["2026-05-14", "2026-05-15"]),
        ("week", ["2026-05-11", "2026-05-18"]),  # Mondays
        ("month", ["2026-05-01", "2026-06-01"]),
        ("quarter", ["2026-04-01", "2026-07-01"]),
        ("year", ["2026-01-01", "2027-01-01"]),
    ],
)
def test_calendar_periods_begin_where_the_calendar_does(every: Every, expected: list[str]) -> None:
    assert starts(every, "calendar", "2026-05-14", 0, 1) == expected


def test_weeks_of_a_contract_begin_on_its_own_weekday() -> None:
    """14 May 2026 is a Thursday."""
    assert starts("week", "contract_start", "2026-05-14", 0, 1) == ["2026-05-14", "2026-05-21"]


def test_contracts_of_different_years_share_a_calendar_when_their_days_are_the_same() -> None:
    cycle = Cycle("month", "contract_start")
    calendars = {
        Calendar.of(cycle, at(f"{year}-05-14T22:30:00+00:00"), BERLIN) for year in (2019, 2024, 2026)
    }
    assert len(calendars) == 1


# Instants and zones


def test_d36_march_in_istanbul_begins_on_the_evening_of_28_february_in_utc() -> None:
    march = month("2026-03", "Europe/Istanbul")
    assert march == (at("2026-02-28T21:00:00Z"), at("2026-03-31T21:00:00Z"))
    assert at("2026-02-28T22:30:00Z") in march


def test_d37_istanbul_has_had_one_offset_since_2016() -> None:
    assert to_datetime(at("2026-01-15T00:00:00Z"), ISTANBUL).utcoffset() == timedelta(hours=3)
    assert to_datetime(at("2016-01-15T00:00:00Z"), ISTANBUL).utcoffset() == timedelta(hours=2)
    assert tzdata_version() >= "2026a"


@pytest.mark.parametrize(("text", "hours"), [("2026-03", 743), ("2026-10", 745), ("2026-11", 720)])
def test_d38_months_are_as_long_as_their_clocks_say(text: str, hours: int) -> None:
    assert month(text, "Europe/Berlin").length == hours * HOUR


def test_d35_an_event_at_the_end_belongs_to_the_next_period() -> None:
    october = month("2026-10")
    assert october.start in october
    assert october.end not in october
    assert Instant(october.end - 1) in october


def test_d46_the_last_microsecond_is_inside() -> None:
    assert at("2026-10-31T23:59:59.999999Z") in month("2026-10")
    assert at("2026-11-01T00:00:00.000000Z") not in month("2026-10")


def test_d39_a_date_is_the_first_instant_of_the_local_day_where_midnight_does_not_exist() -> None:
    """In Cairo the clocks of 24 April 2026 went from 00:00 to 01:00: the day began at 22:00Z, and has 23 hours."""
    cairo = zone("Africa/Cairo")
    begins = midnight(date(2026, 4, 24), cairo)
    assert begins == at("2026-04-23T22:00:00Z")
    assert to_datetime(begins, cairo).hour == 1
    assert midnight(date(2026, 4, 25), cairo) - begins == 23 * HOUR


def test_d39_a_date_is_the_first_of_two_midnights() -> None:
    """In Havana the clocks of 1 November 2026 go from 01:00 back to 00:00."""
    assert midnight(date(2026, 11, 1), zone("America/Havana")) == at("2026-11-01T04:00:00Z")


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)))  # noqa: DTZ001 - made aware below
def test_an_instant_is_exact_to_the_microsecond(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    assert to_datetime(from_datetime(moment), zone("UTC")) == moment
    assert abs(from_datetime(moment)) < 2**53
    assert NEVER < 2**53


def test_a_datetime_carries_its_offset_and_a_date_takes_the_zone() -> None:
    assert instant_of(date(2026, 6, 15), ISTANBUL) == at("2026-06-14T21:00:00Z")
    assert instant_of(datetime.fromisoformat("2026-06-15T14:00:00+03:00"), BERLIN) == at(
        "2026-06-15T11:00:00Z"
    )


def test_an_instant_is_written_with_its_offset() -> None:
    assert iso(at("2026-10-01T00:00:00Z"), ISTANBUL) == "2026-10-01T03:00:00+03:00"
    assert iso(at("2026-10-01T00:00:00.5Z"), zone("UTC")) == "2026-10-01T00:00:00.500000Z"


@pytest.mark.parametrize(
    "name", ["Europe/Atlantis", "leapseconds", "Europe", "../zoneinfo/UTC", "", "/UTC", "a/b/c/d"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        zone(name)


# Shares


@given(calendars, st.integers(0, 300), st.lists(st.integers(1, 10**13), max_size=4))
def test_d41_shares_by_seconds_of_a_split_period_add_up_to_one(
    calendar: Calendar, number: int, cuts: list[int]
) -> None:
    whole = calendar.period(number)
    inside = sorted({whole.start, whole.end, *(Instant(whole.start + cut % whole.length) for cut in cuts)})
    parts = [share(Interval(*edges), whole, "seconds", calendar.where) for edges in pairwise(inside)]
    assert (
        sum(part.numerator for part in parts) * parts[0].denominator
        == parts[0].denominator * parts[0].denominator
    )


@given(calendars, st.integers(0, 300), st.sets(st.integers(1, 366), max_size=4))
def test_d41_shares_by_days_of_a_period_split_at_midnights_add_up_to_one(
    calendar: Calendar, number: int, cuts: set[int]
) -> None:
    whole = calendar.period(number)
    first = calendar.start_date(number)
    dates = {midnight(first + timedelta(days=cut), calendar.where) for cut in cuts}
    inside = sorted({whole.start, whole.end, *(moment for moment in dates if moment in whole)})
    parts = [share(Interval(*edges), whole, "days", calendar.where) for edges in pairwise(inside)]
    assert sum(part.numerator for part in parts) * parts[0].denominator == parts[0].denominator ** 2


def test_lago_6194_the_denominator_is_the_whole_quarter() -> None:
    """A contract that ends after 42 days of the second quarter pays 42 of 91 days."""
    quarter = month("2026-Q2")
    part = Interval(quarter.start, Instant(quarter.start + 42 * DAY))
    assert share(part, quarter, "days", zone("UTC")) == Share(42, 91)


def test_d43_a_leap_year_has_366_days() -> None:
    assert share(month("2028-02"), month("2028"), "days", zone("UTC")) == Share(29, 366)
    assert share(month("2026-02"), month("2026"), "days", zone("UTC")) == Share(28, 365)


def test_d45_a_contract_that_starts_and_ends_on_one_day_pays_for_one_day() -> None:
    noon = Interval(at("2026-10-05T10:00:00Z"), at("2026-10-05T11:00:00Z"))
    assert share(noon, month("2026-10"), "days", zone("UTC")) == Share(1, 31)


def test_an_empty_part_touches_no_day() -> None:
    start = at("2026-10-05T10:00:00Z")
    assert days_touched(Interval(start, start), BERLIN) == 0


def test_a_full_period_is_one_whichever_way_it_is_counted() -> None:
    assert {share(month("2026-10"), month("2026-10"), by, BERLIN) for by in ("days", "seconds", "none")} == {
        (1, 1)
    }


def test_flexprice_days_are_those_of_local_clocks() -> None:
    """From 16:00 on the 1st to 18:00 on the 2nd in Los Angeles two days are touched; in UTC it is 23:00 to 01:00."""
    los_angeles = zone("America/Los_Angeles")
    part = Interval(at("2026-08-01T16:00:00-07:00"), at("2026-08-02T18:00:00-07:00"))
    assert days_touched(part, los_angeles) == 2
    assert days_touched(part, zone("UTC")) == 3


def test_lago_1655_the_day_that_clocks_change_is_one_day() -> None:
    part = Interval(midnight(date(2026, 3, 29), BERLIN), midnight(date(2026, 3, 30), BERLIN))
    assert part.length == 23 * HOUR
    assert days_touched(part, BERLIN) == 1


# Intervals and dates


def test_clipping_gives_what_both_share() -> None:
    october = month("2026-10")
    assert october.clip(month("2026-Q4")) == october
    assert october.clip(month("2026-11")).length == 0


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-11-30", 1, "2026-12-30"),
        ("2026-05-31", 13, "2027-06-30"),
    ],
)
def test_d31_months_are_added_to_the_anchor(day: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(day), months).isoformat() == expected


def test_d31_chained_months_would_drift() -> None:
    january = date(2026, 1, 31)
    assert add_months(add_months(january, 1), 1) == date(2026, 3, 28)
    assert add_months(january, 2) == date(2026, 3, 31)


def test_days_weeks_months_and_years_are_shifted() -> None:
    start = date(2028, 2, 29)
    assert [shift(start, 1, unit).isoformat() for unit in ("day", "week", "month", "year")] == [
        "2028-03-01",
        "2028-03-07",
        "2028-03-29",
        "2029-02-28",
    ]


# What a run is asked for


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2026-10", "2026-10-01", "2026-11-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-W01", "2025-12-29", "2026-01-05"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2026-10-05", "2026-10-05", "2026-10-06"),
        ("2026-10-05/2026-10-20", "2026-10-05", "2026-10-20"),
    ],
)
def test_a_period_is_read(text: str, first: str, last: str) -> None:
    period = RunPeriod.parse(text)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "october",
        "2026-13",
        "2026-Q5",
        "2025-W53",
        "2026-W00",
        "2026-02-29",
        "2026-1",
        "26",
        "9999",
        "\uff12\uff10\uff12\uff16",
        " 2026",
    ],
)
def test_what_is_no_period_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period; write 2026, 2026-Q4"):
        RunPeriod.parse(text)


@pytest.mark.parametrize("text", ["2026-10-05/2026-10-05", "2026-10-05/2026-10-01"])
def test_a_period_that_ends_before_it_begins_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        RunPeriod.parse(text)


# Local days


@pytest.mark.parametrize(
    ("zone_name", "start", "end", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 28), date(2026, 3, 31), [24, 23, 24]),
        ("Europe/Berlin", date(2026, 10, 24), date(2026, 10, 27), [24, 25, 24]),
        ("Europe/Istanbul", date(2026, 3, 28), date(2026, 3, 31), [24, 24, 24]),
        ("Europe/Istanbul", date(2016, 3, 26), date(2016, 3, 28), [24, 23]),
        ("Pacific/Apia", date(2011, 12, 29), date(2012, 1, 1), [24, 24]),  # there was no 30 December
        ("America/Sao_Paulo", date(2018, 11, 3), date(2018, 11, 5), [24, 23]),  # midnight was skipped
    ],
)
def test_local_days_are_as_long_as_they_are(zone_name: str, start: date, end: date, hours: list[int]) -> None:
    where = zone(zone_name)
    days = local_days(Interval(midnight(start, where), midnight(end, where)), where)
    assert [day.length // HOUR for day in days] == hours
    assert all(one.end == other.start for one, other in pairwise(days))


def test_local_days_are_cut_to_what_touches_them() -> None:
    where = zone("Europe/Istanbul")
    noon = Instant(midnight(date(2026, 10, 5), where) + 12 * HOUR)
    assert local_days(Interval(noon, Instant(noon + 1)), where) == (Interval(noon, Instant(noon + 1)),)
    days = local_days(Interval(noon, Instant(noon + DAY)), where)
    assert [day.length for day in days] == [DAY // 2, DAY // 2]
    assert local_days(Interval(noon, noon), where) == ()
