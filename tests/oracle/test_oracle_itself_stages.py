"""The oracle on examples worked out by hand: phases, trials, pauses, price locks and dated overrides."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from tests.oracle.examples import amounts, book, money, only, rate, used

PER_UNIT = {"amount": 1, "per": 1}
GRADUATED = {"model": "graduated", "per": 1, "tiers": [{"up_to": 100, "amount": 2}, {"amount": 1}]}
SPLIT = [used("80", "2026-10-05T00:00:00+00:00"), used("80", "2026-10-20T00:00:00+00:00")]


def plans(**more: Mapping[str, Any]) -> dict[str, Any]:
    """Starter for 31 a month and pro for 62; what is given is added to all or one of them."""
    fees = {
        name: [{"id": "base", "name": "b", "amount": amount}]
        for name, amount in (("starter", 31), ("pro", 62))
    }
    return {name: {"name": name, "fees": one, **more.get(name, {})} for name, one in fees.items()}


def upgraded(at: Any = date(2026, 10, 11), **contract: Any) -> dict[str, Any]:
    phases = [{"until": at, "plan": "starter"}]
    return {
        "start": date(2026, 1, 1),
        "cycle": {"every": "month"},
        "phases": phases,
        "plan": "pro",
        **contract,
    }


def test_a_change_of_plan_divides_fees_by_days() -> None:
    """10 of 31 days at 31 and 21 at 62: 10.00 and 42.00. At noon of the 11th the new plan has that day."""
    for at in (date(2026, 10, 11), datetime(2026, 10, 11, 12, tzinfo=UTC)):
        assert amounts(only(rate(book(upgraded(at), plans=plans())))) == money("10", "42")


def test_a_change_of_plan_divides_fees_by_seconds() -> None:
    """Noon of the 11th: 10.5 of 31 days at 31, 20.5 at 62."""
    fee = {"id": "base", "name": "b", "prorate": "seconds"}
    both = {"starter": {"fees": [{**fee, "amount": 31}]}, "pro": {"fees": [{**fee, "amount": 62}]}}
    of = book(upgraded(datetime(2026, 10, 11, 12, tzinfo=UTC)), plans=plans(**both))
    assert amounts(only(rate(of))) == money("10.50", "41")


def test_fees_in_advance_of_a_divided_period_are_billed_at_its_beginning() -> None:
    fee = {"id": "base", "name": "b", "bill": "in_advance"}
    both = {"starter": {"fees": [{**fee, "amount": 31}]}, "pro": {"fees": [{**fee, "amount": 62}]}}
    of = book(upgraded(), plans=plans(**both))
    assert amounts(only(rate(of, period="2026-09"))) == money("10", "42")
    assert amounts(only(rate(of))) == [62]


def test_a_fee_that_is_due_once_is_due_at_the_first_part_that_has_it() -> None:
    """Setup is in both plans, training only in the second."""
    setup = {"id": "setup", "name": "s", "amount": 100, "every": "once", "bill": "in_advance"}
    training = {"id": "training", "name": "t", "amount": 7, "every": "once"}
    both = {"starter": {"fees": [setup]}, "pro": {"fees": [setup, training]}}
    of = book(upgraded(), plans=plans(**both))
    assert [one["total"] for one in rate(of, period="2026-01").invoices] == [100]
    assert rate(of, period="2026-09").invoices == []
    assert amounts(only(rate(of))) == [7]


def two_ladders(change: Mapping[str, Any], starter: Any = None, pro: Any = None) -> Fraction:
    """80 units before and 80 after the change of plan."""
    both = {
        name: {"fees": [], "charges": [{"rating": "api", **(more or {})}]}
        for name, more in (("starter", starter), ("pro", pro))
    }
    of = book(upgraded(**change), rule={"price": GRADUATED}, plans=plans(**both))
    total: Fraction = only(rate(of, SPLIT))["total"]
    return total


def test_ladders_begin_again_on_a_new_plan_unless_they_carry_on() -> None:
    """Each 80 × 2 are 160; carried on the first 100 cost 2 and 60 cost 1: 260."""
    assert two_ladders({}) == 320
    assert two_ladders({"plan_change": {"tiers": "reset"}}) == 320
    assert two_ladders({"plan_change": {"tiers": "carry"}}) == 260


def test_included_units_of_a_new_plan_are_its_own_or_less_what_was_used() -> None:
    """50 included before, 100 after. Anew: 30 × 2 and nothing. Carried on: of 160 units 100 are free, so 60 × 2.

    The other way round: nothing, then none is free that has not been used: 80 × 2 from where the ladder stopped, at 0.
    """
    starter, pro = {"included": 50}, {"included": 100}
    assert two_ladders({}, starter, pro) == 60
    assert two_ladders({"plan_change": {"tiers": "carry"}}, starter, pro) == 60 + 120
    assert two_ladders({"plan_change": {"tiers": "carry"}}, pro, starter) == 160


def test_a_part_has_its_minimum_and_its_share_of_the_plans() -> None:
    """Charge minima 200 and 10: 80 × 2 lifted to 200, then 160. Plan minimum 310 by days: 10/31 and 21/31 of it."""
    assert two_ladders({}, {"minimum": 200}, {"minimum": 10}) == 360
    least = {"minimum": {"amount": 310, "applies_to": ["usage"]}, "fees": []}
    of = book(upgraded(), plans=plans(starter=least, pro=least))
    assert amounts(only(rate(of)), "minimum") == [100, 210]


def test_bounds_of_what_carries_on_are_of_the_parts_together() -> None:
    """160 and 100 (in the second tier from 100 on): at most 200 in all; at least 300 is reached by the last part."""
    carry = {"plan_change": {"tiers": "carry"}}
    assert two_ladders(carry, {"maximum": 200}, {"maximum": 200}) == 200
    assert two_ladders(carry, {"minimum": 300}, {"minimum": 300}) == 300
    assert two_ladders(carry, {"minimum": 300}, {}) == 260


def test_after_a_pause_a_charge_goes_on() -> None:
    """80 units before and 80 after a week: one ladder, 50 included once: 100 × 2 and 10."""
    contract = {
        "start": date(2026, 1, 1),
        "pauses": [{"from": date(2026, 10, 8), "until": date(2026, 10, 15)}],
        "charges": [{"rating": "api", "included": 50}],
    }
    assert only(rate(book(contract, rule={"price": GRADUATED}), SPLIT))["total"] == 210


def test_a_fee_that_is_charged_in_full_is_due_once() -> None:
    """In arrears by the last plan."""
    fee = {"id": "base", "name": "b", "prorate": "none"}
    both = {"starter": {"fees": [{**fee, "amount": 31}]}, "pro": {"fees": [{**fee, "amount": 62}]}}
    assert amounts(only(rate(book(upgraded(), plans=plans(**both))))) == [62]


def test_a_trial_costs_nothing_and_shows_its_usage() -> None:
    """Fees from the 15th on: 17 of 31 days at 31. 80 units on trial are free, 80 after it cost 160."""
    contract = {
        "start": date(2026, 10, 1),
        "trial": "14 days",
        "fees": [{"id": "base", "name": "b", "amount": 31}],
        "charges": [{"rating": "api", "minimum": 100}],
    }
    invoice = only(rate(book(contract, rule={"price": GRADUATED}), SPLIT))
    assert amounts(invoice, "fee") == [17]
    assert [(line["quantity"], line["amount"]) for line in invoice["lines"] if line["kind"] == "usage"] == [
        (80, 0),
        (80, 160),
    ]


def test_a_contracts_trial_wins_over_its_plans() -> None:
    """Until the 11th, exclusive, 21 days are left; the plan's 30 days would leave 1."""
    trial = {"starter": {"trial": "30 days"}}
    contract = {"start": date(2026, 10, 1), "plan": "starter", "trial": {"until": date(2026, 10, 11)}}
    assert only(rate(book(contract, plans=plans(**trial))))["total"] == 21
    contract.pop("trial")
    assert only(rate(book(contract, plans=plans(**trial))))["total"] == 1


def test_nothing_accrues_in_a_pause_and_its_usage_is_not_covered() -> None:
    """From the 11th to the 21st: 10 and 11 of 31 days; 80 units on the 20th are found."""
    contract = {
        "start": date(2026, 1, 1),
        "pauses": [{"from": date(2026, 10, 11), "until": date(2026, 10, 21)}],
        "fees": [{"id": "base", "name": "b", "amount": 31}],
        "charges": [{"rating": "api"}],
    }
    result = rate(book(contract, rule={"price": PER_UNIT}), SPLIT)
    assert amounts(only(result)) == [10, 11, 80]
    assert dict(result.findings) == {("outside_contract", "acme", "units"): 1}


def test_a_price_lock_holds_until_its_end() -> None:
    """Price and fee rise on 1 March and on 1 November; locked until 16 October they are those of January till then.

    The fee of October is locked at its beginning: 31. 80 units at 1, then 80 at the price of March, 2.
    """
    rising = {"versions": [{"value": 31}, {"from": date(2026, 3, 1), "value": 62}]}
    price = {"per": 1, "versions": [{"amount": 1}, {"from": date(2026, 3, 1), "amount": 2}]}
    plan = {"fees": [{"id": "base", "name": "b", "amount": rising}], "charges": [{"rating": "api"}]}
    contract = {"start": date(2026, 1, 1), "plan": "starter", "price_lock": {"until": date(2026, 10, 16)}}
    of = book(contract, rule={"price": price}, plans=plans(starter=plan))
    assert amounts(only(rate(of, SPLIT))) == [31, 240]
    contract["price_lock"]["at"] = date(2026, 3, 1)  # type: ignore[index]
    assert amounts(only(rate(of, SPLIT))) == [62, 320]


def test_a_dated_override_holds_in_its_window() -> None:
    """3 a unit from 16 October on, else the plan's 1; the fee's override ends before October."""
    plan = {"charges": [{"rating": "api"}]}
    overrides = {
        "api": {"price": {"amount": 3, "per": 1}, "from": date(2026, 10, 16), "until": date(2026, 12, 1)},
        "base": {"amount": 5, "until": date(2026, 10, 1)},
    }
    contract = {"start": date(2026, 1, 1), "plan": "starter", "overrides": overrides}
    of = book(contract, rule={"price": PER_UNIT}, plans=plans(starter=plan))
    assert amounts(only(rate(of, SPLIT))) == [31, 320]
    assert amounts(only(rate(of, period="2026-09"))) == [5]


def test_usage_of_children_is_billed_to_their_payer_in_their_time() -> None:
    """Child eu from the 10th: its 80 of the 20th, not those of the 5th.

    With acme's own 100 the ladder has 180: 200 + 80.
    Without an account of its own acme's line comes first. With a ladder each: 200 and 160.
    """
    contract = {
        "start": date(2026, 1, 1),
        "charges": [{"rating": "api"}],
        "children": [{"id": "eu", "name": "EU", "org": "globex-eu", "from": date(2026, 10, 10)}],
    }
    events = [used("100"), *({**one, "org": "globex-eu"} for one in SPLIT)]
    result = rate(book(contract, rule={"price": GRADUATED}), events)
    assert only(result)["total"] == 280
    assert [line["dimensions"]["account"] for line in only(result)["lines"]] == [None, "eu"]
    assert dict(result.findings) == {("outside_contract", "globex-eu", "units"): 1}
    apart = rate(book(contract, rule={"price": GRADUATED, "pool_by": ["account"]}), events)
    assert amounts(only(apart)) == [200, 160]
