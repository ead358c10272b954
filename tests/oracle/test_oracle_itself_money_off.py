"""The oracle on examples worked out by hand: contract discounts of all kinds and commitments."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.bill import Bill
from tests.oracle.examples import amounts, book, only, rate, used

PER_UNIT = {"amount": 1, "per": 1}
CHARGES = [{"rating": "api"}]


def billed(
    used_by_month: Mapping[str, str], period: str = "2026-Q4", *, fees: Sequence[Any] = (), **contract: Any
) -> Bill:
    """A contract from October 2026 on that uses so many units, at 1 each, in the middle of each month."""
    terms = {"start": date(2026, 10, 1), "charges": CHARGES, "fees": list(fees), **contract}
    events = [used(units, f"2026-{month}-15T12:00:00+00:00") for month, units in used_by_month.items()]
    return rate(book(terms, rule={"price": PER_UNIT}), events, period)


def totals(result: Bill) -> list[Fraction]:
    return [invoice["total"] for invoice in result.invoices]


def lines(result: Bill, kind: str) -> list[list[Fraction]]:
    return [amounts(invoice, kind) for invoice in result.invoices]


def test_an_amount_comes_off_each_period_as_far_as_there_is_something() -> None:
    """30 off 100 and off 20."""
    discounts = [{"amount": 30, "applies_to": ["usage"]}]
    assert totals(billed({"10": "100", "11": "20"}, "2026-10-01/2026-12-01", discounts=discounts)) == [70, 0]


def test_an_amount_is_divided_over_what_it_comes_off() -> None:
    """10 off 100 and a fee of 50: 6.67 and 3.33; then half of what is left of the fee, 46.67, is 23.34 (of 23.335)."""
    fee = {"id": "base", "name": "b", "amount": 50}
    discounts = [
        {"amount": 10, "applies_to": ["usage", "fee"]},
        {"percent": 50, "applies_to": ["base"]},
    ]
    result = billed({"10": "100"}, "2026-10", fees=[fee], discounts=discounts)
    assert amounts(only(result), "discount") == [-10, Fraction("-23.34")]


def test_units_that_cost_nothing_are_added_to_the_included_ones() -> None:
    """20 of 100 are included and 30 free: 50 are left to pay."""
    discounts = [{"units": 30, "applies_to": ["api"]}]
    charges = [{"rating": "api", "included": 20}]
    assert totals(billed({"10": "100"}, "2026-10", charges=charges, discounts=discounts)) == [50]
    assert totals(billed({"10": "100"}, "2026-10", discounts=discounts)) == [70]


def test_periods_are_counted_from_that_in_which_a_discount_begins() -> None:
    """10 % for 2 periods: October and November; from 20 November: what is used after it in November, and December."""
    uses = {"10": "100", "11": "100", "12": "100"}
    discounts = [{"percent": 10, "applies_to": ["usage"], "periods": 2}]
    assert totals(billed(uses, discounts=discounts)) == [90, 90, 100]
    discounts = [{"percent": 10, "applies_to": ["usage"], "periods": 2, "from": date(2026, 11, 10)}]
    assert totals(billed(uses, discounts=discounts)) == [100, 90, 90]


def test_of_the_whole_or_of_the_rest() -> None:
    """Of 100: 20 and 10 % are 28 off, of the whole 30; twice 60 % of the whole are 100, not 120."""
    first = {"percent": 20, "applies_to": ["usage"]}
    rest = {"percent": 10, "applies_to": ["usage"]}
    whole = {**rest, "of": "whole"}
    for discounts, expected in (
        ([first, rest], 72),
        ([first, whole], 70),
        ([{**whole, "percent": 60}] * 2, 0),
    ):
        named = [{**one, "id": f"d{number}"} for number, one in enumerate(discounts)]
        assert totals(billed({"10": "100"}, "2026-10", discounts=named)) == [expected]


def test_a_discount_of_a_plan_counts_what_is_used_on_it() -> None:
    """80 on starter and 80 on pro: 50 % of pro's."""
    plans = {name: {"name": name, "charges": CHARGES} for name in ("starter", "pro")}
    contract = {
        "start": date(2026, 1, 1),
        "cycle": {"every": "month"},
        "phases": [{"until": date(2026, 10, 11), "plan": "starter"}],
        "plan": "pro@1",
        "discounts": [{"percent": 50, "applies_to": ["usage"], "plan": "pro"}],
    }
    events = [used("80", "2026-10-05T00:00:00+00:00"), used("80", "2026-10-20T00:00:00+00:00")]
    assert only(rate(book(contract, rule={"price": PER_UNIT}, plans=plans), events))["total"] == 120


def test_a_commitment_of_each_period_fills_it_up() -> None:
    """50 a month, from 16 November on by days: 15/30 of November (10 are spent), then all of it."""
    commitment = {
        "id": "c",
        "amount": 50,
        "every": "period",
        "applies_to": ["usage"],
        "from": date(2026, 11, 16),
    }
    result = billed({"10": "10", "11": "10", "12": "60"}, commitments=[commitment])
    assert lines(result, "commitment") == [[], [15], []]


YEAR = {
    "id": "y1",
    "amount": 300,
    "from": date(2026, 10, 1),
    "until": date(2026, 12, 31),
    "applies_to": ["usage"],
}


def test_what_is_missing_at_the_end_of_a_term_is_billed_then() -> None:
    """The term ends on 31 December, so December's boundary is the first after it: 300 - 100 - 50 are missing.

    December's own 80 is not counted, as its boundary is not in the term.
    """
    result = billed({"10": "100", "11": "50", "12": "80"}, commitments=[YEAR])
    assert lines(result, "commitment") == [[], [], [150]]
    assert result.invoices[-1]["carry_forward"]["commitments"]["y1"] == {
        "spent": 150,
        "trued_up": 150,
        "left": 0,
    }


def test_a_contract_that_ends_early_owes_the_rest_at_its_last_boundary() -> None:
    result = billed({"10": "100", "11": "50"}, commitments=[YEAR], end=date(2026, 11, 20))
    assert lines(result, "commitment") == [[], [150]]


def test_a_true_up_of_each_period_is_given_back_when_more_is_spent() -> None:
    """92 days from 1 October until 1 January, 920: 310 by November, 610 by December.

    October 100: 210 are missing. November 400, together 500: 110 are missing, so 100 are given back. December 500:
    1000 are more than all, and the 110 are given back.
    """
    commitment = {**YEAR, "amount": 920, "until": date(2027, 1, 1), "true_up": "period"}
    result = billed({"10": "100", "11": "400", "12": "500"}, commitments=[commitment])
    assert lines(result, "commitment") == [[210], [-100], [-110]]
    assert sum(totals(result)) == 1000


def test_what_is_spent_beyond_a_commitment_costs_less() -> None:
    """300 are reached in November with 100 beyond, of which 20 % are 20; all of December's 50 is beyond: 10."""
    commitment = {**YEAR, "until": date(2027, 1, 1), "overage": {"percent_off": 20}}
    result = billed({"10": "100", "11": "300", "12": "50"}, commitments=[commitment])
    assert lines(result, "discount") == [[], [-20], [-10]]


PREPAID = {**YEAR, "pay": "in_advance", "from": date(2026, 10, 1), "until": date(2027, 1, 1)}


def test_a_prepaid_commitment_is_billed_at_its_beginning_and_drawn_down() -> None:
    """300 at the opening; 100 and 150 are drawn, of December's 80 only the 50 that are left."""
    result = billed({"10": "100", "11": "150", "12": "80"}, commitments=[PREPAID])
    assert lines(result, "commitment") == [[300], [-100], [-150], [-50]]
    assert totals(result) == [300, 0, 0, 30]
    assert result.invoices[-1]["carry_forward"]["commitments"]["y1"] == {
        "spent": 300,
        "trued_up": 0,
        "left": 0,
    }


def test_the_rest_of_a_prepaid_commitment_lapses_or_rolls_over() -> None:
    """Until 1 December: 100 are drawn, 200 are left; half of it, 100, is good for December."""
    short = {**PREPAID, "until": date(2026, 12, 1)}
    assert totals(billed({"10": "100", "12": "300"}, commitments=[short])) == [300, 0, 300]
    rolling = {**short, "rollover": {"percent": 50, "for": "1 month"}}
    assert totals(billed({"10": "100", "12": "300"}, commitments=[rolling])) == [300, 0, 200]


def test_what_is_beyond_a_prepaid_commitment_costs_more() -> None:
    """400 in October, 300 of it prepaid: 1.2 times 100."""
    result = billed(
        {"10": "400"}, "2026-10", commitments=[{**PREPAID, "overage": {"factor": Fraction("1.2")}}]
    )
    assert lines(result, "commitment") == [[300], [-300, 20]]
    assert totals(result) == [300, 120]


def test_of_two_prepaid_commitments_that_which_ends_first_is_drawn_first() -> None:
    other = {**PREPAID, "id": "a", "until": date(2027, 2, 1)}
    result = billed({"10": "400"}, "2026-10", commitments=[other, PREPAID])
    forward = result.invoices[-1]["carry_forward"]["commitments"]
    assert (forward["y1"]["left"], forward["a"]["left"]) == (0, 200)


def test_without_a_balance_a_commitment_is_taken_as_unspent() -> None:
    """November alone: 250 are drawn of 300; after October only 200 were left."""
    uses = {"10": "100", "11": "250"}
    assert totals(billed(uses, "2026-11", commitments=[PREPAID])) == [0]
    assert totals(billed(uses, "2026-10-01/2026-12-01", commitments=[PREPAID])) == [300, 0, 50]
