"""The oracle on examples worked out by hand: prices that are a share of an amount, packages rounded down."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.examples import amounts, book, money, only, rate, usage_total, used

USD = {"unit": "USD"}
OCTOBER = {"start": date(2026, 10, 1), "charges": [{"rating": "api"}]}


def paid(price: Any, amounts_used: list[str], meter: Any = None, **rule: Any) -> Fraction:
    """What October costs where so much money went through, an event each."""
    events = [used(one, id=str(number)) for number, one in enumerate(amounts_used)]
    result = rate(book(OCTOBER, rule={"price": price, **rule}, meter=meter or USD), events)
    total: Fraction = result.invoices[0]["subtotal"] if result.invoices else Fraction(0)
    return total


def test_a_percentage_and_a_fixed_fee_for_each_event() -> None:
    """2.9 % of 1000 and of 0 are 29.00; two events at 0.30 are 0.60."""
    price = {"model": "percentage", "percent": Decimal("2.9"), "fixed": Decimal("0.30")}
    assert paid(price, ["1000", "0"]) == Fraction("29.60")


def test_allowances_of_events_and_of_amount_count_apart() -> None:
    """Of 3 events 2 carry no 0.30; of 1500 the first 1000 are free: 2 % of 500 and 0.30."""
    price = {
        "model": "percentage",
        "percent": 2,
        "fixed": Decimal("0.30"),
        "free": {"events": 2, "amount": 1000},
    }
    assert paid(price, ["100", "200", "1200"]) == Fraction("10.30")


def test_what_one_event_costs_is_bounded() -> None:
    """2 % and 0.10 of 10, 100 and 10000 are 0.30, 2.10 and 200.10: at least 0.50, at most 20, together 22.60."""
    price = {
        "model": "percentage",
        "percent": 2,
        "fixed": Decimal("0.10"),
        "each": {"minimum": Decimal("0.50"), "maximum": 20},
    }
    assert paid(price, ["10", "100", "10000"]) == Fraction("22.60")


def test_lines_share_a_fixed_fee_by_events() -> None:
    """Chain a: 900 in one event, b: 100 in three. 1 % is 9 and 1; four times 1 are 1 and 3: 10.00 and 4.00."""
    price = {"model": "percentage", "percent": 1, "fixed": 1}
    events = [used("900", chain="a"), *(used(units, chain="b", id=units) for units in ("50", "30", "20"))]
    result = rate(book(OCTOBER, rule={"price": price, "lines_by": ["chain"]}, meter=USD), events)
    assert amounts(only(result)) == money("10", "4")


def test_graduated_percentages_have_flats() -> None:
    """2 % of the first 1000, then 1 % and once 5: of 1500 they are 20 + 5 + 5."""
    tiers = [{"up_to": 1000, "percent": 2}, {"percent": 1, "flat": 5}]
    price = {"model": "graduated_percentage", "tiers": tiers}
    assert paid(price, ["1500"]) == 30
    assert paid(price, ["1000"]) == 20


def test_a_dynamic_price_is_what_was_measured_with_a_markup() -> None:
    """12345 cents are 123.45; with 15 % more 141.9675, rounded once 141.97."""
    meter, rule = {"unit": "cent"}, {"unit": "USD", "convert": {"divide_by": 100}}
    assert paid({"model": "dynamic"}, ["12345"], meter, **rule) == Fraction("123.45")
    assert paid({"model": "dynamic", "markup_percent": 15}, ["12345"], meter, **rule) == Fraction("141.97")


def test_a_share_is_in_the_money_that_was_measured() -> None:
    """1 % of 1000 EUR and 2 EUR are 12 EUR; at 1.5 dollars for a euro 18.00."""
    price = {"model": "percentage", "percent": 1, "fixed": 2}
    spec = {"fx": {"source": "bank"}}
    table = [{"date": date(2026, 1, 1), "source": "bank", "pair": "EUR/USD", "rate": Decimal("1.5")}]
    of = book(OCTOBER, rule={"price": price}, meter={"unit": "EUR"}, spec=spec)
    assert only(rate(of, [used("1000")], fx=table))["total"] == 18


def test_a_dated_change_carries_the_allowances_on() -> None:
    """600 and 600, 1000 free: before the change nothing, after it 200 at 10 %; of 2 events 1 carries no 1: 21."""
    versions = [{"percent": 5}, {"from": date(2026, 10, 16), "percent": 10}]
    free = {"events": 1, "amount": 1000}
    price = {"model": "percentage", "fixed": 1, "free": free, "versions": versions}
    events = [used("600", "2026-10-05T00:00:00+00:00"), used("600", "2026-10-20T00:00:00+00:00")]
    of = book({**OCTOBER, "start": date(2026, 1, 1)}, rule={"price": price}, meter=USD)
    assert only(rate(of, events))["total"] == 21


def test_included_amounts_carry_no_percentage_but_their_fixed_fee() -> None:
    """100 of 150 are included: 10 % of 50, and twice 1: 7."""
    charges = [{"rating": "api", "included": 100}]
    price = {"model": "percentage", "percent": 10, "fixed": 1}
    of = book({**OCTOBER, "charges": charges}, rule={"price": price}, meter=USD)
    assert only(rate(of, [used("50"), used("100")]))["total"] == 7
    assert only(rate(of, [used("50")]))["total"] == 1


def test_packages_rounded_down_are_full_ones() -> None:
    price = {"model": "package", "size": 1000, "amount": 5}
    assert usage_total({**price, "round": "down"}, ["1999"]) == 5
    assert usage_total({**price, "round": "down"}, ["999"]) == 0
    assert usage_total({**price, "round": "up"}, ["1999"]) == 10


CREDITS = {
    "credit": {
        "name": "Credits",
        "versions": [
            {"value": {"USD": Decimal("0.01")}},
            {"from": date(2026, 10, 16), "value": {"USD": Decimal("0.02")}},
        ],
    }
}


def test_a_price_in_credits_is_worth_what_their_conversion_says() -> None:
    """3 credits each: 100 before the 16th at a cent for a credit, 100 after it at two: 3.00 and 6.00, 600 credits.

    A fee of 500 credits has the conversion of its period's start: 5.00.
    """
    rule = {"price": {"amount": {"credit": 3}, "per": 1}, "lines_by": ["chain"]}
    fee = {"id": "base", "name": "b", "amount": {"credit": 500}}
    of = book({**OCTOBER, "start": date(2026, 1, 1), "fees": [fee]}, rule=rule)
    of["book"]["pricing_units"] = CREDITS
    events = [used("100", "2026-10-05T00:00:00+00:00"), used("100", "2026-10-20T00:00:00+00:00", chain="a")]
    result = only(rate(of, events))
    assert amounts(result) == money("5", "3", "6")
    assert [line["pricing"] for line in result["lines"][1:]] == [{"unit": "credit", "amount": 300}] * 2


def test_credits_are_worth_the_invoices_money_where_it_is_listed_else_that_of_the_book() -> None:
    """100 credits: in euro 0.90 as listed; in lira 1 dollar at 40."""
    units = {"credit": {"name": "Credits", "value": {"USD": Decimal("0.01"), "EUR": Decimal("0.009")}}}
    table = [{"date": date(2026, 1, 1), "source": "bank", "pair": "USD/TRY", "rate": 40}]
    for currency, expected in (("EUR", "0.90"), ("TRY", "40")):
        rule = {"price": {"amount": {"credit": 1}, "per": 1}}
        of = book(OCTOBER, rule=rule, spec={"currency": currency, "fx": {"source": "bank"}})
        of["book"]["pricing_units"] = units
        assert only(rate(of, [used("100")], fx=table))["total"] == Fraction(expected)
