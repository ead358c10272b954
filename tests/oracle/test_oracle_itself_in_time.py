"""The oracle on examples whose numbers were worked out by hand: zones, periods, shares, dated changes, fees, documents.

The letters and numbers in names are those of the list of billing pitfalls.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from tests.oracle.calendar import Life, Period, Span, days_touched, midnight, periods, run_dates, share, zone
from tests.oracle.examples import amounts, book, money, only, rate, used

PER_UNIT = {"amount": 1, "per": 1}
CHARGE = [{"rating": "api"}]
ISTANBUL = zone("Europe/Istanbul")
BERLIN = zone("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first_periods(every: str, anchor: str, start: date, count: int) -> list[date]:
    life = Life(midnight(start, BERLIN), None, BERLIN)
    return [
        one.nominal.start.astimezone(BERLIN).date() for one in islice(periods(every, anchor, life), count)
    ]


def fixed(
    start: Any, end: Any = None, *, amount: int = 31, every: str = "month", **fee: Any
) -> dict[str, Any]:
    """A contract of nothing but one fee."""
    contract = {
        "start": start,
        "cycle": {"every": every},
        "price_fixed": {"name": "all", "amount": amount, **fee},
        "type": "fixed",
    }
    return contract if end is None else {**contract, "end": end}


def test_d36_march_in_istanbul_begins_at_nine_in_the_evening() -> None:
    """[2026-02-28T21:00Z, 2026-03-31T21:00Z): 22:30Z on 28 February is March, and so is the first instant."""
    march = Span(midnight(date(2026, 3, 1), ISTANBUL), midnight(date(2026, 4, 1), ISTANBUL))
    assert march == Span(utc("2026-02-28T21:00"), utc("2026-03-31T21:00"))
    of = book(
        {"start": date(2026, 1, 1), "charges": CHARGE},
        rule={"price": PER_UNIT},
        spec={"time_zone": "Europe/Istanbul"},
    )
    events = [
        used("1", "2026-02-28T20:59:59.999999+00:00"),
        used("10", "2026-02-28T21:00:00+00:00"),
        used("100", "2026-02-28T22:30:00+00:00"),
        used("1000", "2026-03-31T21:00:00+00:00"),
    ]
    assert [only(rate(of, events, period))["total"] for period in ("2026-02", "2026-03")] == [1, 110]


def test_d37_istanbul_is_three_hours_ahead_in_winter() -> None:
    assert midnight(date(2026, 1, 15), ISTANBUL) == utc("2026-01-14T21:00")
    assert midnight(date(2016, 1, 15), ISTANBUL) == utc("2016-01-14T22:00")


def test_d38_berlin_has_months_of_743_and_745_hours() -> None:
    """The first 15 days of March are 15/31 by days; by seconds they are 360 of 743 hours."""
    march = Span(midnight(date(2026, 3, 1), BERLIN), midnight(date(2026, 4, 1), BERLIN))
    october = Span(midnight(date(2026, 10, 1), BERLIN), midnight(date(2026, 11, 1), BERLIN))
    assert march.end - march.start == timedelta(hours=743)
    assert october.end - october.start == timedelta(hours=745)
    first_half = Period(march, Span(march.start, midnight(date(2026, 3, 16), BERLIN)))
    second_half = Period(march, Span(midnight(date(2026, 3, 16), BERLIN), march.end))
    assert share(first_half, "days", BERLIN) == Fraction(15, 31)
    assert share(first_half, "seconds", BERLIN) == Fraction(360, 743)
    for how in ("days", "seconds"):
        assert share(first_half, how, BERLIN) + share(second_half, how, BERLIN) == 1


def test_d39_a_midnight_that_clocks_skip_is_the_first_instant_of_its_day() -> None:
    """In Cairo clocks go from 00:00 to 01:00 on 24 April 2026: the day begins at 22:00Z and lasts 23 hours."""
    cairo = zone("Africa/Cairo")
    day = Span(midnight(date(2026, 4, 24), cairo), midnight(date(2026, 4, 25), cairo))
    assert day == Span(utc("2026-04-23T22:00"), utc("2026-04-24T21:00"))
    assert days_touched(day, cairo) == 1


def test_d40_the_31st_comes_back_and_so_does_leap_day() -> None:
    assert first_periods("month", "contract_start", date(2026, 1, 31), 4) == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]
    assert first_periods("quarter", "contract_start", date(2025, 11, 30), 3) == [
        date(2025, 11, 30),
        date(2026, 2, 28),
        date(2026, 5, 30),
    ]
    assert first_periods("year", "contract_start", date(2024, 2, 29), 5) == [
        date(2024, 2, 29),
        date(2025, 2, 28),
        date(2026, 2, 28),
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]


def test_calendar_periods_begin_where_the_calendar_says() -> None:
    start = date(2026, 2, 18)
    begins = {
        every: first_periods(every, "calendar", start, 2)
        for every in ("day", "week", "month", "quarter", "year")
    }
    assert begins == {
        "day": [date(2026, 2, 18), date(2026, 2, 19)],
        "week": [date(2026, 2, 16), date(2026, 2, 23)],
        "month": [date(2026, 2, 1), date(2026, 3, 1)],
        "quarter": [date(2026, 1, 1), date(2026, 4, 1)],
        "year": [date(2026, 1, 1), date(2027, 1, 1)],
    }


def test_d41_a_share_is_one_of_the_full_period() -> None:
    """A quarter of 92 days that begins 50 days late: 42/92 of 92 is 42.00, not 92."""
    of = book(fixed(date(2026, 11, 20), amount=92, every="quarter"))
    assert only(rate(of, period="2026-Q4"))["total"] == 42


def test_d42_periods_tile() -> None:
    for every, anchor in (("month", "contract_start"), ("week", "calendar"), ("year", "contract_start")):
        life = Life(utc("2024-02-29T11:30"), None, BERLIN)
        billed = [one.billed for one in islice(periods(every, anchor, life), 30)]
        assert [one.end for one in billed[:-1]] == [one.start for one in billed[1:]]


def test_d43_a_year_has_the_days_it_has() -> None:
    """31 of 366 days at 366 a year are 31.00; of 365 in 2026 they are 31.0849… → 31.08."""
    for year, expected in ((2024, "31"), (2026, "31.08")):
        of = book(fixed(date(year, 1, 1), date(year, 2, 1), amount=366, every="year"))
        assert only(rate(of, period=str(year)))["total"] == Fraction(expected)


def test_d44_a_change_at_noon_by_seconds_and_by_days() -> None:
    """Of the 31 days of October 10.5 and 20.5; counting days, each contract has the 11th: 11 and 21."""
    noon = utc("2026-10-11T12:00")
    for prorate, expected in (("seconds", ["10.50", "20.50"]), ("days", ["11", "21"])):
        contracts = {
            "old": {"org": "acme", "spec": "global", **fixed(date(2026, 1, 1), noon, prorate=prorate)},
            "new": {"org": "acme", "spec": "global", **fixed(noon, prorate=prorate)},
        }
        result = rate({**book({}), "contracts": contracts})
        totals = {invoice["contract"]: invoice["total"] for invoice in result.invoices}
        assert [totals["old"], totals["new"]] == money(*expected)


def test_d45_starting_and_ending_inside_a_period() -> None:
    """From the 17th 15 of 31 days; until the 17th (exclusive) 16; from 9 to 17 o'clock of one day 1, not 0."""
    assert only(rate(book(fixed(date(2026, 10, 17)))))["total"] == 15
    assert only(rate(book(fixed(date(2026, 1, 1), date(2026, 10, 17)))))["total"] == 16
    assert only(rate(book(fixed(utc("2026-10-05T09:00"), utc("2026-10-05T17:00")))))["total"] == 1


def test_d46_a_microsecond_before_and_at_the_bound() -> None:
    of = book({"start": date(2026, 1, 1), "charges": CHARGE}, rule={"price": PER_UNIT})
    events = [used("1", "2026-10-31T23:59:59.999999+00:00"), used("10", "2026-11-01T00:00:00+00:00")]
    assert [only(rate(of, events, period))["total"] for period in ("2026-10", "2026-11")] == [1, 10]


def test_e50_a_price_change_inside_a_period_carries_the_position_on() -> None:
    """600 before and 600 after: 600 at 2, 400 at 3 up to the bound 1000, then 200 at 1: 1200 + 1200 + 200.

    A change that changes nothing gives what no change gives: 1000 at 2 and 200 at 1 are 2200.
    """

    def tiers(first: int) -> dict[str, Any]:
        return {"tiers": [{"up_to": 1000, "amount": first}, {"amount": 1}]}

    events = [used("600", "2026-10-05T00:00:00+00:00"), used("600", "2026-10-16T00:00:00+00:00")]
    change = {"from": date(2026, 10, 16)}
    for price, expected in (
        ({"versions": [tiers(2), {**change, **tiers(3)}]}, 2600),
        ({"versions": [tiers(2), {**change, **tiers(2)}]}, 2200),
        (tiers(2), 2200),
    ):
        rule = {"price": {"model": "graduated", "per": 1, **price}}
        assert (
            only(rate(book({"start": date(2026, 1, 1), "charges": CHARGE}, rule=rule), events))["total"]
            == expected
        )


def test_e51_a_multiplier_changes_at_two_in_the_afternoon() -> None:
    """× 1 until 13:59:59.999999 local, × 2 from 14:00:00: 1 + 20."""
    versions = [{"values": {"default": 1}}, {"from": utc("2026-10-05T11:00"), "values": {"default": 2}}]
    of = book(
        {"start": date(2026, 1, 1), "charges": CHARGE},
        rule={"price": PER_UNIT, "multiply_by": ["weight"]},
        multipliers={"weight": {"by": ["chain"], "versions": versions}},
    )
    events = [used("1", "2026-10-05T13:59:59.999999+03:00"), used("10", "2026-10-05T14:00:00+03:00")]
    assert only(rate(of, events))["total"] == 21


def test_meters_that_do_not_add_up_are_measured_over_the_period() -> None:
    """Chains a: 3 then 5; b: 4. Largest 5 + 4, least 3 + 4, last 5 + 4, different values 2 + 1.

    A level raised by 31 at noon of 16 October holds for half of the month: 15.5.
    """
    events = [
        used("3", "2026-10-05T00:00:00+00:00", chain="a"),
        used("5", "2026-10-20T00:00:00+00:00", chain="a"),
        used("4", "2026-10-10T00:00:00+00:00", chain="b"),
    ]
    rule = {"price": PER_UNIT, "lines_by": ["chain"]}
    contract = {"start": date(2026, 1, 1), "charges": CHARGE}
    for how, expected in (
        ("max", ["5", "4"]),
        ("min", ["3", "4"]),
        ("latest", ["5", "4"]),
        ("unique", ["2", "1"]),
    ):
        assert amounts(only(rate(book(contract, rule=rule, meter={"aggregate": how}), events))) == money(
            *expected
        )
    level = book(contract, rule=rule, meter={"aggregate": "time_weighted_sum"})
    assert only(rate(level, [used("31", "2026-10-16T12:00:00+00:00")]))["total"] == Fraction("15.5")


def test_duplicates_count_once_and_contradictions_never() -> None:
    """G71: a twice the same counts once; b with two quantities is in conflict; c on another UTC day counts twice."""
    events = [
        *(used("1", id="a"), used("1", id="a"), used("20", id="b"), used("30", id="b")),
        *(used("400", "2026-10-06T00:00:00+00:00", id="c"), used("400", "2026-10-07T00:00:00+00:00", id="c")),
    ]
    result = rate(book({"start": date(2026, 1, 1), "charges": CHARGE}, rule={"price": PER_UNIT}), events)
    assert only(result)["total"] == 801
    assert dict(result.findings) == {("conflicting_duplicates", "", "raw"): 2}


def test_usage_that_no_contract_covers_is_found() -> None:
    events = [used("1", org="stranger"), used("1", "2026-10-20T00:00:00+00:00"), used("7")]
    contract = {"start": date(2026, 1, 1), "end": date(2026, 10, 15), "charges": CHARGE}
    result = rate(book(contract, rule={"price": PER_UNIT}), events)
    assert only(result)["total"] == 7
    assert dict(result.findings) == {
        ("unknown_subject", "stranger", "units"): 1,
        ("outside_contract", "acme", "units"): 1,
    }


def test_fees_in_advance_open_a_contract() -> None:
    """From the 17th, 31 a month in advance: the opening bills 15 days of October, its end November's 31."""
    of = book(fixed(date(2026, 10, 17), bill="in_advance"))
    assert [(one["kind"], one["total"]) for one in rate(of).invoices] == [("opening", 15), ("period", 31)]


def test_fees_with_a_cycle_of_their_own() -> None:
    """Weeks end on 5, 12, 19 and 26 October 2026; the first has 4 of its days, from Thursday the 1st: 4, 7, 7, 7.

    `once` is due in full, in advance at the opening, in arrears at the first period's end.
    """
    fees = [
        {"id": "week", "name": "w", "amount": 7, "every": "week"},
        {"id": "setup", "name": "s", "amount": 100, "every": "once", "bill": "in_advance"},
        {"id": "late", "name": "l", "amount": 50, "every": "once"},
    ]
    opening, period = rate(book({"start": date(2026, 10, 1), "fees": fees})).invoices
    assert amounts(opening) == [100]
    assert amounts(period) == [4, 7, 7, 7, 50]


def test_a_run_takes_ends_until_its_end_and_openings_before_it() -> None:
    of = book(fixed(date(2026, 10, 1), bill="in_advance"))
    assert [one["kind"] for one in rate(of, period="2026-09").invoices] == []
    assert [one["kind"] for one in rate(of, period="2026-10-01").invoices] == ["opening"]
    assert [one["boundary"] for one in rate(of, period="2026-11").invoices] == [utc("2026-12-01T00:00")]
    assert run_dates("2026-W01") == (date(2025, 12, 29), date(2026, 1, 5))
    assert run_dates("2026-Q4") == run_dates("2026-10-01/2027-01-01")


def test_contract_discounts_one_after_the_other_and_in_their_windows() -> None:
    """100 of usage, half of it before the 16th, and a fee of 50: 10 % off both is 15, then 20 % off half of 90.

    The second window begins on the 16th, so half of the 90 that the first discount left of usage lies in it: 9.00.
    """
    contract = {
        "start": date(2026, 1, 1),
        "charges": CHARGE,
        "fees": [{"id": "base", "name": "b", "amount": 50}],
        "discounts": [
            {"percent": 10, "applies_to": ["usage", "fee"]},
            {"id": "late", "percent": 20, "applies_to": ["api"], "from": date(2026, 10, 16)},
        ],
    }
    events = [used("50", "2026-10-05T00:00:00+00:00"), used("50", "2026-10-16T00:00:00+00:00")]
    invoice = only(rate(book(contract, rule={"price": PER_UNIT}), events))
    assert amounts(invoice, "discount") == [-15, -9]
    assert invoice["total"] == 126


def test_contract_discounts_of_two_halves_of_a_month_are_one_of_the_month() -> None:
    """100 before the 16th and 100 after it: 10 % off the one are 10, and 10 % off the other are 10."""
    contract = {
        "start": date(2026, 1, 1),
        "charges": CHARGE,
        "discounts": [
            {"percent": 10, "applies_to": ["usage"], "until": date(2026, 10, 16)},
            {"percent": 10, "applies_to": ["usage"], "from": date(2026, 10, 16)},
        ],
    }
    events = [used("100", "2026-10-05T00:00:00+00:00"), used("100", "2026-10-16T00:00:00+00:00")]
    assert amounts(only(rate(book(contract, rule={"price": PER_UNIT}), events)), "discount") == [-10, -10]


def test_what_a_contract_discount_takes_is_divided_in_cents() -> None:
    """10 % off two fees of 0.05 are 0.01, all of it taken from the first: 0.04 are left of it, and 0.05 of the second.

    So all of the first is 0.04 (not 0.045, which rounds to 0.05), and 0.95 are missing from the second to 1.
    """
    fees = [{"id": name, "name": name, "amount": Decimal("0.05")} for name in ("one", "two")]
    minimum = {"amount": 1, "applies_to": ["two"]}
    contract = {
        "start": date(2026, 10, 1),
        "plan": "pro",
        "discounts": [{"percent": 10, "applies_to": ["fee"]}, {"percent": 100, "applies_to": ["one"]}],
    }
    of = book(contract, plans={"pro": {"name": "Pro", "fees": fees, "minimum": minimum}})
    cents = [Fraction(text) for text in ("-0.01", "-0.04", "0.95")]
    assert amounts(only(rate(of)), "discount", "minimum") == cents


def test_a_discount_window_has_all_or_nothing_of_a_meter_that_does_not_add_up() -> None:
    """The most used at once was 100, on the 5th: it is discounted where the last instant of October is in the window.

    So is the charge's minimum of 60 where nothing was used.
    """
    for window, expected in (
        ({"from": date(2026, 10, 31)}, 10),
        ({"until": date(2026, 10, 31)}, 0),
        ({"until": date(2026, 11, 1)}, 10),
    ):
        contract = {
            "start": date(2026, 1, 1),
            "charges": [{"rating": "api", "minimum": 60}],
            "discounts": [{"percent": 10, "applies_to": ["usage"], **window}],
        }
        of = book(contract, rule={"price": PER_UNIT}, meter={"aggregate": "max"})
        assert only(rate(of, [used("100", "2026-10-05T00:00:00+00:00")]))["total"] == 100 - expected
        assert only(rate(of))["total"] == (54 if expected else 60)


def test_f65_a_minimum_of_a_part_of_a_period() -> None:
    """1000 a month, 15 of 30 days: 500, less the 60 (of 100, less 40 %) that usage comes to: 440 are missing."""
    contract = {
        "start": date(2026, 11, 16),
        "plan": "pro@1",
        "discounts": [{"percent": 40, "applies_to": ["usage"]}],
    }
    plans = {"pro": {"name": "Pro", "charges": CHARGE, "minimum": {"amount": 1000, "applies_to": ["usage"]}}}
    of = book(contract, rule={"price": PER_UNIT}, plans=plans)
    assert amounts(only(rate(of, [used("100", "2026-11-20T00:00:00+00:00")], "2026-11"))) == [100, -40, 440]


def test_i86_a_plan_in_dollars_is_billed_in_lira() -> None:
    """10 dollars at 41.505 are 415.05 lira; an override of 10 is in lira. EUR/USD 4 makes a dollar 0.25 euro.

    The invoice's date is 1 November, and the last bulletin before it that of 30 October.
    """
    fee = {"id": "base", "name": "b", "amount": 10}
    plans = {"pro": {"name": "Pro", "currency": "USD", "fees": [fee]}}
    table = [
        {"date": date(2026, 10, day), "source": "tcmb", "pair": "USD/TRY", "rate": Decimal(rate)}
        for day, rate in ((29, "40"), (30, "41.505"))
    ]
    table += [
        {"date": date(2026, 11, 1), "source": "tcmb", "pair": "USD/TRY", "rate": 99},
        {"date": date(2026, 10, 1), "source": "tcmb", "pair": "EUR/USD", "rate": 4},
    ]
    contract = {"start": date(2026, 10, 1), "plan": "pro"}
    for currency, overrides, expected in (
        ("TRY", {}, "415.05"),
        ("TRY", {"base": {"amount": 10}}, "10"),
        ("TRY", {"base": {"quantity": 2}}, "830.10"),
        ("EUR", {}, "2.50"),
    ):
        spec = {"currency": currency, "fx": {"source": "tcmb", "bulletin": "before"}}
        of = book({**contract, "overrides": overrides}, plans=plans, spec=spec)
        assert only(rate(of, fx=table))["total"] == Fraction(expected)


def test_i84_the_tax_is_that_of_the_periods_last_instant() -> None:
    versions = [{"from": date(2000, 1, 1), "percent": 18}, {"from": date(2026, 10, 31), "percent": 20}]
    spec = {"tax": {"name": "KDV", "versions": versions}}
    of = book(fixed(date(2026, 9, 1), amount=100), spec=spec)
    assert [only(rate(of, period=period))["tax"] for period in ("2026-09", "2026-10")] == [18, 20]
