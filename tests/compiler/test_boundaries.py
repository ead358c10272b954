"""When contracts are invoiced and which fee periods fall due: every moment in one window, every fee once."""

import itertools
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.calendar import (
    NEVER,
    SECOND,
    Anchor,
    Calendar,
    Cycle,
    Every,
    Instant,
    Interval,
    RunPeriod,
    iso,
    midnight,
    share,
    zone,
)
from ratebook.compiler.boundaries import boundaries, fee_periods
from ratebook.compiler.program import Boundary
from tests.memory_store import instant

UTC, BERLIN = zone("UTC"), zone("Europe/Berlin")


def life(start: str, end: str = "") -> Interval:
    return Interval(moment(start), moment(end) if end else NEVER)


def moment(text: str) -> Instant:
    return instant(text) if "T" in text else midnight(date.fromisoformat(text), UTC)


def invoiced(window: str, lived: Interval, every: Every = "month", anchor: Anchor = "calendar") -> list[str]:
    """Write each boundary as `kind: billed period → the one that follows`."""
    calendar = Calendar.of(Cycle(every, anchor), lived.start, UTC)
    return [_text(one) for one in boundaries(calendar, lived, RunPeriod.parse(window).window(UTC))]


def _text(boundary: Boundary) -> str:
    billed = "" if boundary.kind == "opening" else f" {_span(boundary.billed)}"
    return f"{boundary.kind}{billed} → {_span(boundary.following) if boundary.following else 'end'}"


def _span(interval: Interval) -> str:
    return "..".join(iso(edge, UTC).removesuffix("T00:00:00Z")[5:16] for edge in interval)


# Which boundaries fall into a window


def test_a_running_contract_is_invoiced_at_the_end_of_its_month() -> None:
    assert invoiced("2026-10", life("2026-01-10")) == ["period 10-01..11-01 → 11-01..12-01"]


def test_d45_a_contract_that_starts_inside_is_opened_and_bills_its_part() -> None:
    assert invoiced("2026-10", life("2026-10-10")) == [
        "opening → 10-10..11-01",
        "period 10-10..11-01 → 11-01..12-01",
    ]


def test_a_contract_that_starts_with_the_window_is_opened_in_it_and_not_in_the_one_before() -> None:
    assert invoiced("2026-09", life("2026-10-01")) == []
    assert invoiced("2026-10", life("2026-10-01"))[0] == "opening → 10-01..11-01"


def test_d45_a_contract_that_ends_inside_is_invoiced_when_it_ends() -> None:
    assert invoiced("2026-10", life("2026-01-10", "2026-10-20")) == ["period 10-01..10-20 → end"]


def test_a_contract_that_ends_with_a_period_has_no_other_end() -> None:
    assert invoiced("2026-10", life("2026-01-10", "2026-11-01")) == ["period 10-01..11-01 → end"]
    assert invoiced("2026-11", life("2026-01-10", "2026-11-01")) == []


def test_a_contract_that_ends_in_the_next_month_is_billed_to_its_end_there() -> None:
    assert invoiced("2026-Q4", life("2026-01-10", "2026-11-10")) == [
        "period 10-01..11-01 → 11-01..11-10",
        "period 11-01..11-10 → end",
    ]


def test_d45_one_day() -> None:
    assert invoiced("2026-10", life("2026-10-05", "2026-10-06")) == [
        "opening → 10-05..10-06",
        "period 10-05..10-06 → end",
    ]


def test_d45_one_hour_of_a_day() -> None:
    hour = life("2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z")
    assert invoiced("2026-10-05", hour) == [
        "opening → 10-05T10:00..10-05T11:00",
        "period 10-05T10:00..10-05T11:00 → end",
    ]


@pytest.mark.parametrize("end", ["2026-10-05", "2026-10-01"])
def test_d45_a_contract_without_any_time_is_never_invoiced(end: str) -> None:
    assert invoiced("2026-10", life("2026-10-05", end)) == []


def test_d40_a_contract_of_the_31st_is_invoiced_on_the_last_day_of_short_months() -> None:
    assert invoiced("2026-Q1", life("2025-12-31"), anchor="contract_start") == [
        "period 12-31..01-31 → 01-31..02-28",
        "period 01-31..02-28 → 02-28..03-31",
        "period 02-28..03-31 → 03-31..04-30",
    ]


def test_a_start_at_noon_is_counted_from_its_own_midnight_on() -> None:
    assert invoiced("2026-Q4", life("2026-10-10T12:00:00Z", "2026-12-01"), anchor="contract_start") == [
        "opening → 10-10T12:00..11-10",
        "period 10-10T12:00..11-10 → 11-10..12-01",
        "period 11-10..12-01 → end",
    ]


def test_a_window_in_which_no_period_ends_has_no_boundary() -> None:
    assert invoiced("2026-10-05", life("2026-01-10")) == []
    assert invoiced("2026-10", life("2026-01-10"), "year") == []


def test_a_contract_of_the_future_or_the_past_has_none() -> None:
    assert invoiced("2026-10", life("2026-11-01")) == []
    assert invoiced("2026-10", life("2025-01-01", "2026-10-01")) == []


def test_an_opening_bills_no_usage() -> None:
    opening = next(boundaries(_monthly(), life("2026-10-10"), RunPeriod.parse("2026-10").window(UTC)))
    assert opening.billed == (opening.at, opening.at)


def _monthly() -> Calendar:
    return Calendar("month", date(2000, 1, 1), UTC)


# Which fee periods fall due


def due(
    window: str, lived: Interval, fee: str, every: Every = "month", anchor: Anchor = "calendar"
) -> list[str]:
    """Write what each boundary bills of a fee, as in `in_advance quarter`."""
    bill, _, own = fee.partition(" ")
    billing = Calendar.of(Cycle(every, anchor), lived.start, UTC)
    calendar = None if own == "once" else Calendar.of(Cycle(own or every, anchor), lived.start, UTC)  # type: ignore[arg-type]
    return [
        ", ".join(_span(clipped) for _, clipped in fee_periods(calendar, lived, boundary, bill)) or "-"  # type: ignore[arg-type]
        for boundary in boundaries(billing, lived, RunPeriod.parse(window).window(UTC))
    ]


def test_in_advance_bills_the_period_that_begins() -> None:
    assert due("2026-10", life("2026-10-10", "2026-11-15"), "in_advance") == ["10-10..11-01", "11-01..11-15"]


def test_in_arrears_bills_the_period_that_ended() -> None:
    assert due("2026-10", life("2026-10-10"), "in_arrears") == ["-", "10-10..11-01"]


def test_a_yearly_fee_in_a_monthly_contract_falls_due_once_a_year() -> None:
    lived = life("2026-03-10")
    assert due("2026", lived, "in_advance year") == ["03-10..01-01", *["-"] * 9, "01-01..01-01"]
    assert due("2026", lived, "in_arrears year") == [*["-"] * 10, "03-10..01-01"]


def test_a_yearly_fee_of_a_contract_that_ends_is_cut() -> None:
    assert due("2026-10", life("2025-03-10", "2026-10-20"), "in_arrears year") == ["01-01..10-20"]


def test_a_weekly_fee_in_a_monthly_contract_falls_due_several_times() -> None:
    """Weeks begin on Mondays: 2 and 9 November. The week of 26 October ends in November."""
    assert due("2026-10", life("2026-01-01"), "in_arrears week") == [
        "09-28..10-05, 10-05..10-12, 10-12..10-19, 10-19..10-26"
    ]


def test_a_fee_of_its_own_cycle_is_counted_from_the_contracts_start_where_periods_are() -> None:
    lived = life("2026-01-31")
    assert due("2026-Q2", lived, "in_advance quarter", anchor="contract_start") == ["04-30..07-31", "-", "-"]


def test_once_is_due_at_the_opening_or_at_the_end_of_the_first_period() -> None:
    lived = life("2026-10-10")
    assert due("2026-Q4", lived, "in_advance once") == ["10-10..11-01", "-", "-", "-"]
    assert due("2026-Q4", lived, "in_arrears once") == ["-", "10-10..11-01", "-", "-"]


# For all contracts

cycle_words: st.SearchStrategy[Every] = st.sampled_from(["day", "week", "month", "quarter", "year"])
anchors: st.SearchStrategy[Anchor] = st.sampled_from(["calendar", "contract_start"])
bills: st.SearchStrategy[Literal["in_advance", "in_arrears"]] = st.sampled_from(["in_advance", "in_arrears"])
places = st.sampled_from(
    [zone(name) for name in ("UTC", "Europe/Berlin", "America/Los_Angeles", "Africa/Cairo")]
)
starts = st.dates(date(2023, 11, 1), date(2025, 2, 1)) | st.sampled_from(
    [date(2024, 1, 31), date(2024, 2, 29)]
)
lengths = st.integers(1, 500)
noons = st.sampled_from([0, 0, 12 * 3600 * SECOND])


@st.composite
def lives(draw: st.DrawFn) -> tuple[Interval, Calendar, Anchor]:
    """Draw a contract's life of up to 500 days, and its billing periods."""
    where, start, days, anchor = draw(places), draw(starts), draw(lengths), draw(anchors)
    lived = Interval(
        Instant(midnight(start, where) + draw(noons)),
        Instant(midnight(start + timedelta(days=days), where) + draw(noons)),
    )
    return (
        lived,
        Calendar.of(
            Cycle(draw(cycle_words.filter(lambda every: every != "day")), anchor), lived.start, where
        ),
        anchor,
    )


def all_of(calendar: Calendar, lived: Interval) -> list[Boundary]:
    return list(boundaries(calendar, lived, Interval(Instant(lived.start - 1), Instant(lived.end + 1))))


@given(lives())
def test_d42_billed_periods_tile_the_life_of_a_contract(drawn: tuple[Interval, Calendar, Anchor]) -> None:
    lived, calendar, _ = drawn
    opening, *ends = all_of(calendar, lived)
    edges = [lived.start, *(end.at for end in ends)]
    assert opening.kind == "opening"
    assert [end.billed for end in ends] == [Interval(*pair) for pair in itertools.pairwise(edges)]
    assert edges[-1] == lived.end
    assert [one.following for one in (opening, *ends)] == [*(end.billed for end in ends), None]


@given(lives(), st.lists(st.integers(-40, 540), max_size=6))
def test_d42_consecutive_windows_divide_boundaries_among_them(
    drawn: tuple[Interval, Calendar, Anchor], cuts: list[int]
) -> None:
    """Whatever months or days a contract's runs are asked for, each boundary is in one of them."""
    lived, calendar, _ = drawn
    days = sorted({Instant(lived.start + cut * 86_400 * SECOND) for cut in cuts} | set(lived))
    edges = [Instant(days[0] - 1), *days, Instant(days[-1] + 1)]
    windows = [Interval(*pair) for pair in itertools.pairwise(edges)]
    parts = [one for window in windows for one in boundaries(calendar, lived, window)]
    assert Counter(parts) == Counter(all_of(calendar, lived))


@given(lives(), cycle_words, bills)
def test_d41_every_period_of_a_fee_is_billed_once(
    drawn: tuple[Interval, Calendar, Anchor], every: Every, bill: Literal["in_advance", "in_arrears"]
) -> None:
    lived, billing, anchor = drawn
    own = Calendar.of(Cycle(every, anchor), lived.start, billing.where)
    billed = [pair for boundary in all_of(billing, lived) for pair in fee_periods(own, lived, boundary, bill)]
    edges = [lived.start, *(clipped.end for _, clipped in billed)]
    assert [clipped for _, clipped in billed] == [Interval(*pair) for pair in itertools.pairwise(edges)]
    assert edges[-1] == lived.end
    shares = [Fraction(*share(clipped, nominal, "seconds", billing.where)) for nominal, clipped in billed]
    assert all(part == 1 for part in shares[1:-1])
    assert all(0 < part <= 1 for part in shares)


@given(lives(), cycle_words, bills)
def test_a_fee_is_billed_when_it_is_due(
    drawn: tuple[Interval, Calendar, Anchor], every: Every, bill: Literal["in_advance", "in_arrears"]
) -> None:
    """In advance at the last boundary not after its start, in arrears at the first not before its end."""
    lived, billing, anchor = drawn
    own = Calendar.of(Cycle(every, anchor), lived.start, billing.where)
    moments = [boundary.at for boundary in all_of(billing, lived)]
    for boundary in all_of(billing, lived):
        for _, clipped in fee_periods(own, lived, boundary, bill):
            if bill == "in_advance":
                assert boundary.at == max(at for at in moments if at <= clipped.start)
            else:
                assert boundary.at == min(at for at in moments if at >= clipped.end)


@given(lives(), bills)
def test_once_is_billed_once(
    drawn: tuple[Interval, Calendar, Anchor], bill: Literal["in_advance", "in_arrears"]
) -> None:
    lived, billing, _ = drawn
    billed = [
        pair for boundary in all_of(billing, lived) for pair in fee_periods(None, lived, boundary, bill)
    ]
    assert len(billed) == 1
