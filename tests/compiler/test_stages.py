"""Stages tile a life, and whatever divides a period, the shares of its parts add up to exactly 1."""

from fractions import Fraction
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.calendar import DAY, SECOND, Calendar, Cycle, Every, Instant, Interval, zone
from ratebook.compiler.plan_terms import PlanTerms
from ratebook.compiler.spans import Part, Span
from ratebook.compiler.stages import Stages, clip, divide, life_of
from ratebook.compiler.timed import Timed
from tests.memory_store import instant

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu")
START = instant("2026-01-01T12:00:00Z")
MOMENTS = st.integers(0, 400 * 24 * 3600).map(lambda seconds: Instant(START + seconds * SECOND))


def terms(name: str) -> PlanTerms:
    return PlanTerms(name, (), (), Timed(()), {})


A, B = terms("a"), terms("b")


@st.composite
def stages(draw: st.DrawFn) -> tuple[Stages, str]:
    where = draw(st.sampled_from(ZONES))
    edges = draw(st.lists(MOMENTS, max_size=8))
    held = draw(st.lists(st.sampled_from([A, B, None]), min_size=9, max_size=9))
    life = Interval(START, Instant(START + 400 * DAY))
    ordered = sorted(edges)
    return divide(life, edges, lambda at: held[sum(edge <= at for edge in ordered)], zone(where)), where


@given(stages())
def test_d42_stages_tile_a_life_and_neighbours_differ(drawn: tuple[Stages, str]) -> None:
    found, _ = drawn
    assert life_of(found) == (START, START + 400 * DAY)
    for one, following in pairwise(found):
        assert one.span.interval.end == following.span.interval.start
        assert one.terms is not following.terms


@given(stages(), st.sampled_from(["day", "week", "month", "quarter"]), st.sampled_from(["days", "seconds"]))
def test_d41_the_shares_of_a_period_add_up_to_one(
    drawn: tuple[Stages, str], every: Every, by: Literal["days", "seconds"]
) -> None:
    found, where = drawn
    calendar = Calendar.of(Cycle(every), START, zone(where))
    nominal = calendar.period(calendar.number_at(Instant(START + 100 * DAY)))
    inside = clip(found, nominal)
    shares = [Fraction(*stage.span.share_of(nominal, by, zone(where))) for stage in inside]
    assert sum(shares) == 1
    assert all(share >= 0 for share in shares)


@given(stages())
def test_parts_that_carry_on_have_the_share_of_all_of_them(drawn: tuple[Stages, str]) -> None:
    found, where = drawn
    calendar = Calendar.of(Cycle("quarter"), START, zone(where))
    nominal = calendar.period(calendar.number_at(Instant(START + 100 * DAY)))
    *before, last = (stage.span for stage in clip(found, nominal))
    part = Part(0, nominal, last, tuple(before))
    assert Fraction(*part.share("days", zone(where))) == 1


@pytest.mark.parametrize(
    ("start", "end", "goes_on", "share"),
    [
        ("2026-10-01T00:00:00Z", "2026-10-10T12:00:00Z", True, (9, 31)),
        ("2026-10-10T12:00:00Z", "2026-11-01T00:00:00Z", False, (22, 31)),
        ("2026-10-10T12:00:00Z", "2026-10-10T13:00:00Z", True, (0, 31)),
        ("2026-10-10T12:00:00Z", "2026-10-11T00:00:00Z", True, (1, 31)),
        ("2026-10-10T12:00:00Z", "2026-10-10T13:00:00Z", False, (1, 31)),
    ],
)
def test_d44_a_day_belongs_to_the_last_part_that_touches_it(
    start: str, end: str, *, goes_on: bool, share: tuple[int, int]
) -> None:
    where = zone("UTC")
    life = Interval(instant(start), instant("2026-12-01T00:00:00Z") if goes_on else instant(end))
    found = divide(life, [instant(end)], lambda at: A if at < instant(end) else B, where)
    october = Interval(instant("2026-10-01T00:00:00Z"), instant("2026-11-01T00:00:00Z"))
    assert found[0].span.share_of(october, "days", where) == share


def test_a_span_that_is_clipped_to_nothing_is_empty() -> None:
    span = Span(*[Interval(START, Instant(START + DAY))] * 2)
    assert span.clip(Interval(Instant(START + DAY), Instant(START + 2 * DAY))).is_empty
