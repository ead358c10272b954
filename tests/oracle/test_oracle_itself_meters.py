"""The oracle on examples worked out by hand: what meters measure, and which charge bills it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.oracle.examples import book, only, rate, used
from tests.oracle.expression import value_of

SINCE_JANUARY = {"start": date(2026, 1, 1), "charges": [{"rating": "api"}]}
PER_UNIT = {"amount": 1, "per": 1}


def total(meter: Any, events: Any, contract: Any = None, period: str = "2026-10", **rule: Any) -> Fraction:
    """What a period costs at 1 each."""
    of = book({**SINCE_JANUARY, **(contract or {})}, rule={"price": PER_UNIT, **rule}, meter=meter)
    result: Fraction = only(rate(of, events, period))["total"]
    return result


SEATS = [
    used("10", "2026-03-01T00:00:00+00:00"),
    used("5", "2026-10-11T12:00:00+00:00"),
    used("-3", "2026-10-21T00:00:00+00:00"),
]


@pytest.mark.parametrize(
    ("prorate", "expected"),
    [
        # At the end of October 12.
        ("none", "12"),
        # 10 days of 10, 10 of 15 (the 11th ends with 15), 11 of 12: 382/31.
        ("days", "12.32"),
        # 10.5 days of 10, 9.5 of 15, 11 of 12: 379.5/31.
        ("seconds", "12.24"),
    ],
)
def test_seats_carry_over(prorate: str, expected: str) -> None:
    assert total({"recurring": True, "prorate": prorate}, SEATS) == Fraction(expected)


def test_seats_of_a_part_of_a_month() -> None:
    """Until the 16th, 5 seats of 15 of 31 days: 75/31 = 2.419…; those from before the contract's start do not count."""
    contract = {"start": date(2026, 9, 20), "end": date(2026, 10, 16)}
    events = [used("5", "2026-09-25T00:00:00+00:00"), used("7", "2026-09-19T00:00:00+00:00")]
    meter = {"recurring": True, "prorate": "days"}
    assert total(meter, events, contract) == Fraction("2.42")


def test_the_newest_value_carries_over() -> None:
    """8 since March, 4 from the 16th at noon of a month of 31 days: by time 8 × 15.5 and 4 × 15.5 days: 6."""
    events = [used("8", "2026-03-01T00:00:00+00:00"), used("4", "2026-10-16T12:00:00+00:00")]
    latest = {"aggregate": "latest", "recurring": True}
    assert total(latest, events) == 4
    assert total({**latest, "prorate": "seconds"}, events) == 6
    assert total(latest, events, period="2026-09") == 8


def test_levels_are_those_of_each_combination() -> None:
    """Chain a has 10 and loses 4, b has 3: 6 and 3, in two ladders with 5 free each, so 1 is left to pay."""
    events = [
        used("10", "2026-03-01T00:00:00+00:00", chain="a"),
        used("-4", "2026-10-03T00:00:00+00:00", chain="a"),
        used("3", "2026-04-01T00:00:00+00:00", chain="b"),
    ]
    charges = [{"rating": "api", "included": 5, "included_each": True}]
    assert total({"recurring": True}, events, {"charges": charges}, pool_by=["chain"]) == 1


def member(user: str, operation: str, at: str, event_id: str) -> dict[str, Any]:
    return used("0", at, chain=user, method=operation, id=event_id)


def test_members_are_those_whose_last_operation_added_them() -> None:
    """User a is added and removed, b removed and added at one instant (by id), c added in March, d only renamed.

    In October alone: b; with what carries over b and c.
    """
    events = [
        member("a", "add", "2026-10-02T00:00:00+00:00", "1"),
        member("a", "remove", "2026-10-03T00:00:00+00:00", "0"),
        member("b", "join", "2026-10-03T00:00:00+00:00", "9"),
        member("b", "remove", "2026-10-03T00:00:00+00:00", "8"),
        member("c", "add", "2026-03-03T00:00:00+00:00", "3"),
        member("c", "rename", "2026-10-03T00:00:00+00:00", "4"),
        member("d", "rename", "2026-10-03T00:00:00+00:00", "5"),
    ]
    operation = {"column": "method", "add": ["add", "join"], "remove": ["remove"]}
    meter = {"aggregate": "unique", "value": "chain", "operation": operation, "dimensions": []}
    assert total(meter, events) == 1
    assert total({**meter, "recurring": True}, events) == 2


def test_a_percentile_is_the_value_of_the_nearest_rank() -> None:
    """Of 1 to 20 in any order the 95th has rank 19; of 1, 2, 3 the 50th rank 2 (1.5 up), the 34th 2, the 33rd 1."""
    twenty = [used(str(21 - number), id=str(number)) for number in range(1, 21)]
    assert total({"aggregate": "percentile", "percent": 95}, twenty) == 19
    three = [used(str(number)) for number in (3, 1, 2)]
    for percent, expected in ((50, 2), (34, 2), (33, 1), (100, 3), (Decimal("0.1"), 1)):
        assert total({"aggregate": "percentile", "percent": percent}, three) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a", 10),
        ("a + b * 2", 25),
        ("(a - b) * -2", -5),
        ("min(a, b) + max(a, 12)", "19.5"),
        ("coalesce(c, 0) + a", 10),
        ("a + c", None),
        ("min(a, c)", None),
        ("ceil(a / 4)", 3),
        ("floor(a / 4)", 2),
        ("ceil((b - a) / 2)", -1),
    ],
)
def test_values_of_several_columns(written: str, expected: Any) -> None:
    found = value_of(written, {"a": 10, "b": Decimal("7.5"), "c": None})
    assert found == (None if expected is None else Fraction(expected))


def test_several_meters_share_a_ladder() -> None:
    """600 units, and 500 of another kind at 2 each: 1600 units together, the first 1000 at 1, the rest at 2: 2200.

    Shared by what they cost, units in one segment alike: 600/1600 and 1000/1600 of 2200.
    """
    other = {
        "source": "raw",
        "aggregate": "count",
        "unit": "call",
        "where": {"status": 404},
        "dimensions": ["chain"],
    }
    of = book(SINCE_JANUARY)
    of["meters"]["units"]["where"] = {"status": 200}
    of["meters"]["calls"] = other
    tiers = [{"up_to": 1000, "amount": 1}, {"amount": 2}]
    price = {"model": "graduated", "per": 1, "tiers": tiers}
    meters = [{"meter": "units"}, {"meter": "calls", "factor": 500}]
    of["rating"]["api"] = {"meters": meters, "unit": "unit", "price": price, "lines_by": ["chain", "method"]}
    events = [
        used("600", chain="a", method="x"),
        used("1", chain="a", status=404),
        used("1", chain="a", status=404, id="2"),
    ]
    invoice = only(rate(of, events))
    assert [
        (line["amount"], line["quantity"], line["unit"], line["billable"]) for line in invoice["lines"]
    ] == [
        (825, 600, "unit", 600),
        (1375, 2, "call", 1000),
    ]
    assert [line["dimensions"] for line in invoice["lines"]] == [
        {"chain": "a", "method": "x"},
        {"chain": "a"},
    ]


def test_a_narrower_charge_takes_what_it_matches_and_a_surcharge_nothing() -> None:
    """10 on chain a, 20 on b, 40 on b by x: a bills 10, b 20 (as b by x has the 40), the surcharge all 70."""
    rules: dict[str, dict[str, Any]] = {
        "rest": {},
        "on-b": {"where": {"chain": ["b"]}},
        "b-by-x": {"where": {"chain": "b", "method": "x"}},
        "more": {"surcharge": True},
    }
    rating = {name: {"meter": "units", "price": PER_UNIT, **rule} for name, rule in rules.items()}
    contract = {"start": date(2026, 1, 1), "charges": [{"rating": name} for name in rules]}
    events = [used("10", chain="a"), used("20", chain="b", method="y"), used("40", chain="b", method="x")]
    result = rate(book(contract, rating=rating), events)
    assert {line["charge"]: line["amount"] for line in only(result)["lines"]} == {
        "rest": 10,
        "on-b": 20,
        "b-by-x": 40,
        "more": 70,
    }


def test_usage_that_only_a_surcharge_matches_has_no_price() -> None:
    """Unless the contract has nothing else on the meter."""
    rules: dict[str, dict[str, Any]] = {"on-b": {"where": {"chain": "b"}}, "more": {"surcharge": True}}
    rating = {name: {"meter": "units", "price": PER_UNIT, **rule} for name, rule in rules.items()}
    for names, found in ((["on-b", "more"], {("no_price", "acme", "units"): 1}), (["more"], {})):
        contract = {"start": date(2026, 1, 1), "charges": [{"rating": name} for name in names]}
        result = rate(book(contract, rating=rating), [used("10", chain="a")])
        assert dict(result.findings) == found


def test_an_instant_of_a_level_is_the_last_before_a_period_ends() -> None:
    """What is added at midnight belongs to the next month."""
    events = [used("1", datetime(2026, 11, 1, tzinfo=UTC).isoformat()), used("2")]
    assert total({"recurring": True}, events) == 2
    assert total({"recurring": True}, events, period="2026-11") == 3
