"""The oracle on examples worked out by hand: credits and what they leave."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.bill import Bill
from tests.oracle.examples import amounts, book, rate, used

PER_UNIT = {"amount": 1, "per": 1}
CREDIT = {"id": "welcome", "amount": 150, "from": date(2026, 10, 1), "expires": date(2027, 1, 1)}


def billed(used_by_month: Mapping[str, str], period: str = "2026-Q4", **contract: Any) -> Bill:
    terms = {"start": date(2026, 10, 1), "charges": [{"rating": "api"}], **contract}
    events = [used(units, f"2026-{month}-15T12:00:00+00:00") for month, units in used_by_month.items()]
    return rate(book(terms, rule={"price": PER_UNIT}), events, period)


def burned(result: Bill) -> list[list[Fraction]]:
    return [amounts(invoice, "credit") for invoice in result.invoices]


def last(result: Bill, name: str = "welcome") -> Any:
    return result.invoices[-1]["carry_forward"]["credits"][name]


def test_a_credit_burns_until_it_is_used_up() -> None:
    result = billed({"10": "100", "11": "80", "12": "70"}, credits=[CREDIT])
    assert burned(result) == [[-100], [-50], []]
    assert last(result) == {"granted": 150, "used": 150, "expired": 0, "left": 0}


def test_a_credit_pays_for_service_before_it_expires() -> None:
    """Until 20 November: 10 of October, 30 of the 15th of November; what is left expires at November's end."""
    result = billed({"10": "10", "11": "30", "12": "70"}, credits=[{**CREDIT, "expires": date(2026, 11, 20)}])
    assert burned(result) == [[-10], [-30], []]
    assert last(result) == {"granted": 150, "used": 40, "expired": 110, "left": 0}
    result = billed({"10": "10", "11": "30"}, credits=[{**CREDIT, "expires": date(2026, 11, 10)}])
    assert burned(result)[:2] == [[-10], []]


def test_a_share_of_a_credit_rolls_over() -> None:
    """Of 150, 10 are used in October; at its end 140 are left, half of it, 70, pays for November, then 10 expire."""
    rolling = {**CREDIT, "expires": date(2026, 11, 1), "rollover": {"percent": 50, "for": "1 month"}}
    result = billed({"10": "10", "11": "60", "12": "70"}, credits=[rolling])
    assert burned(result) == [[-10], [-60], []]
    assert last(result) == {"granted": 150, "used": 70, "expired": 80, "left": 0}


def test_credits_burn_by_priority_then_expiry_then_id() -> None:
    """Of 100: d has the first priority, then c that expires, then a before b; 25 each."""
    each = {"amount": 25, "from": date(2026, 10, 1)}
    named = [
        {"id": "b", **each},
        {"id": "a", **each},
        {"id": "c", **each, "expires": date(2027, 1, 1)},
        {"id": "d", **each, "priority": -1},
    ]
    result = billed({"10": "60"}, "2026-10", credits=named)
    assert [line["charge"] for line in result.invoices[0]["lines"] if line["kind"] == "credit"] == [
        "d",
        "c",
        "a",
    ]
    assert last(result, "a")["left"] == 15


def test_a_credit_pays_for_what_it_applies_to() -> None:
    """A fee of 50 and 100 of usage: 50."""
    fee = {"id": "base", "name": "b", "amount": 50}
    result = billed({"10": "100"}, "2026-10", fees=[fee], credits=[{**CREDIT, "applies_to": ["fee"]}])
    assert burned(result) == [[-50]]


def test_a_prepaid_commitment_is_drawn_before_credits_burn() -> None:
    prepaid = {
        "id": "p",
        "amount": 30,
        "from": date(2026, 10, 1),
        "until": date(2027, 1, 1),
        "pay": "in_advance",
        "applies_to": ["usage"],
    }
    result = billed({"10": "100"}, "2026-10", commitments=[prepaid], credits=[CREDIT])
    assert burned(result)[-1] == [-70]


def test_credits_pay_for_what_costs_more_beyond_a_commitment() -> None:
    """Of 150 used 50 are beyond 100, and cost 10 more: the credit pays 150 of 160."""
    promise = {
        "id": "q4",
        "amount": 100,
        "from": date(2026, 10, 1),
        "until": date(2027, 1, 1),
        "pay": "in_arrears",
        "overage": {"factor": "1.2"},
    }
    result = billed({"10": "150"}, "2026-10", commitments=[promise], credits=[CREDIT])
    assert amounts(result.invoices[-1], "commitment") == [10]
    assert burned(result) == [[-150]]
    assert result.invoices[-1]["total"] == 10


def test_balances_that_are_brought_forward() -> None:
    """In two runs as in one."""
    uses = {"10": "100", "11": "80"}
    terms = {"start": date(2026, 10, 1), "charges": [{"rating": "api"}], "credits": [CREDIT]}
    events = [used(units, f"2026-{month}-15T12:00:00+00:00") for month, units in uses.items()]
    of = book(terms, rule={"price": PER_UNIT})
    october = rate(of, events, "2026-10").invoices[-1]
    november = rate(of, events, "2026-11", brought={"acme": october["carry_forward"]}).invoices[-1]
    assert amounts(november, "credit") == [-50]
    assert november["carry_forward"]["credits"]["welcome"]["left"] == 0
