"""Contract discounts: after rounding, in order, each on what the ones before it left, in their windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Billed, amounts, bill

USAGE = """
    requests 2026-10-05T00:00:00Z o1 30 chain=eth
    requests 2026-10-20T00:00:00Z o1 70 chain=eth
"""


def invoice(discounts: str, usage: str = USAGE, price: str = "amount: 1", more: str = "") -> list[str]:
    (found,) = bill(
        f"""
rating: {{rpc: {{meter: requests, price: {{{price}, per: 1}}}}}}
plans:
  pro: {{name: Pro, fees: [{{id: base, name: B, amount: 50}}], charges: [{{rating: rpc}}] {more}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: global, plan: pro, start: 2026-01-01, discounts: [{discounts}]}}
""",
        "2026-10",
        usage,
    ).invoices()
    return [line for line in found if line.startswith(("discount", "minimum", "total"))]


@pytest.mark.parametrize(
    ("applies_to", "taken"),
    [("usage", "10.00"), ("fee", "5.00"), ("base", "5.00"), ("rpc", "10.00"), ("usage, fee", "15.00")],
)
def test_a_discount_is_taken_off_what_it_applies_to(applies_to: str, taken: str) -> None:
    discounted = f"discount discount-1 -{taken}"
    assert invoice(f"{{percent: 10, applies_to: [{applies_to}]}}")[0] == discounted


def test_a_discount_that_applies_to_nothing_here_has_no_line() -> None:
    assert invoice("{percent: 10, applies_to: [seats]}") == ["total 150.00"]


def test_discounts_follow_one_another() -> None:
    """150 − 10 % = 135; − 50 % of what is left of the usage, 90 → 45."""
    both = "{percent: 10, applies_to: [usage, fee]}, {id: half, percent: 50, applies_to: [usage]}"
    assert invoice(both) == ["discount discount-1 -15.00", "discount half -45.00", "total 90.00"]


def test_a_window_counts_usage_by_what_it_cost_inside() -> None:
    """Until the 15th 30 of 100 were used: 10 % of 30."""
    assert invoice("{percent: 10, applies_to: [usage], until: 2026-10-15}") == [
        "discount discount-1 -3.00",
        "total 147.00",
    ]
    assert invoice("{percent: 10, applies_to: [usage], from: 2026-10-15}") == [
        "discount discount-1 -7.00",
        "total 143.00",
    ]


@pytest.mark.parametrize(
    "window", ["from: 2026-01-01", "from: 2026-10-01, until: 2026-11-01", "until: 2027-01-01"]
)
def test_a_window_around_the_period_counts_all(window: str) -> None:
    assert invoice(f"{{percent: 10, applies_to: [usage, fee], {window}}}")[0] == "discount discount-1 -15.00"


@pytest.mark.parametrize(
    "window", ["until: 2026-10-01", "from: 2026-11-01", "from: 2025-01-01, until: 2025-06-01"]
)
def test_a_window_beside_the_period_counts_nothing(window: str) -> None:
    assert invoice(f"{{percent: 10, applies_to: [usage, fee], {window}}}") == ["total 150.00"]


@pytest.mark.parametrize(
    ("window", "total"), [("from: 2026-10-20", "total 9.00"), ("until: 2026-10-20", "total 10.00")]
)
def test_what_cannot_be_added_up_counts_as_its_price_does_at_the_end_of_the_period(
    window: str, total: str
) -> None:
    text = f"""
rating: {{seats: {{meter: peak, price: {{amount: 1, per: 1}}}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{{rating: seats}}],
         discounts: [{{percent: 10, applies_to: [usage], {window}}}]}}
"""
    assert bill(text, "2026-10", "peak 2026-10-05T00:00:00Z o1 10").invoices()[0][-1] == total


def test_a_fee_counts_if_its_period_begins_in_the_window() -> None:
    assert invoice("{percent: 10, applies_to: [fee], until: 2026-10-02}")[0] == "discount discount-1 -5.00"
    assert invoice("{percent: 10, applies_to: [fee], from: 2026-10-02}") == ["total 150.00"]


def test_two_windows_of_a_month_take_what_one_would() -> None:
    """10 % of 30 and 10 % of 70: what the first left of its own time is not discounted again."""
    first = "{percent: 10, applies_to: [usage], until: 2026-10-15}"
    second = "{percent: 10, applies_to: [usage], from: 2026-10-15}"
    assert invoice(f"{first}, {second}") == [
        "discount discount-1 -3.00",
        "discount discount-2 -7.00",
        "total 140.00",
    ]


def test_windows_that_overlap_follow_one_another_where_they_do() -> None:
    """50 % until the 15th: 15 of 30. Then 10 % of all that is left, 15 + 70."""
    early = "{percent: 50, applies_to: [usage], until: 2026-10-15}"
    assert invoice(f"{early}, {{percent: 10, applies_to: [usage]}}") == [
        "discount discount-1 -15.00",
        "discount discount-2 -8.50",
        "total 126.50",
    ]


@pytest.mark.parametrize(("window", "taken"), [("until: 2026-10-02", ["-0.50"]), ("from: 2026-10-02", [])])
def test_a_minimum_without_usage_counts_where_the_period_begins(window: str, taken: list[str]) -> None:
    """The charge comes to its minimum of 5.00, and the plan's minimum is filled up from what is left of that."""
    run = bill(
        f"""
rating: {{rpc: {{meter: requests, price: {{amount: 1, per: 1}}}}}}
plans: {{pro: {{name: P, charges: [{{rating: rpc, minimum: 5}}], minimum: {{amount: 20, applies_to: [usage]}}}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, plan: pro, start: 2026-01-01,
         discounts: [{{percent: 10, applies_to: [usage], {window}}}]}}
""",
        "2026-10",
    )
    assert [str(amount) for amount in amounts(run.invoice, "discount")] == taken
    assert run.invoice["total"] == "20.00"


def test_a_discount_is_after_rounding_and_rounded_once() -> None:
    """100 × 0.00333 = 0.333 → 0.33; 50 % of it is 0.165 → 0.17."""
    assert (
        invoice("{percent: 50, applies_to: [usage]}", price="amount: 0.00333")[0]
        == "discount discount-1 -0.17"
    )


def test_meteroid_a_discount_of_a_cent_is_not_skipped() -> None:
    """100 × 0.0001 = 0.01; all of it is taken off."""
    assert invoice("{percent: 100, applies_to: [usage]}", price="amount: 0.0001") == [
        "discount discount-1 -0.01",
        "total 50.00",
    ]


def discounted(discounts: str, ten_thousandths: int) -> Billed:
    """Bill usage at a price and a small fee, less discounts."""
    return bill(
        f"""
rating: {{rpc: {{meter: requests, price: {{amount: {ten_thousandths / 10_000:.4f}, per: 1}}}}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: global, start: 2026-01-01, discounts: [{discounts}],
          charges: [{{rating: rpc}}], fees: [{{id: base, name: B, amount: 0.07}}]}}
""",
        "2026-10",
        USAGE,
    )


@given(
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from(["usage", "fee", "usage, fee"])), max_size=4),
    st.integers(0, 400),
)
def test_discounts_never_take_more_than_there_is(found: list[tuple[int, str]], ten_thousandths: int) -> None:
    discounts = ", ".join(f"{{percent: {percent}, applies_to: [{to}]}}" for percent, to in found)
    run = discounted(discounts, ten_thousandths)
    assert sum(amounts(run.invoice)) >= 0
    assert all(amount <= 0 for amount in amounts(run.invoice, "discount"))


# Amounts, units, periods, plans, of the whole


def billed(
    discounts: str, period: str = "2026-10", usage: str = USAGE, contract: str = "start: 2026-01-01"
) -> list[str]:
    """Bill acme a fee of 50 in advance and 1 a request; give discounts and totals, invoice by invoice."""
    run = bill(
        f"""
rating: {{rpc: {{meter: requests, price: {{amount: 1, per: 1}}}}}}
plans:
  pro: {{name: Pro, fees: [{{id: base, name: B, amount: 50, bill: in_advance}}], charges: [{{rating: rpc}}]}}
contracts: {{acme: {{org: o1, type: hybrid, spec: global, plan: pro, {contract}, discounts: [{discounts}]}}}}
""",
        period,
        usage,
    )
    found = [line for lines in run.invoices() for line in lines if line.startswith(("discount", "total"))]
    return [line.removeprefix("discount ") for line in found]


def test_an_amount_is_taken_off_once_a_billing_period_and_its_rest_lapses() -> None:
    """100 of usage in October, none in November: the 30 of November find nothing, and December has no more."""
    assert billed("{amount: 30, applies_to: [usage]}", "2026-Q4") == [
        "discount-1 -30.00",
        "total 120.00",
        "total 50.00",
        "total 50.00",
    ]


def test_an_amount_never_takes_more_than_there_is() -> None:
    assert billed("{amount: 130, applies_to: [rpc]}") == ["discount-1 -100.00", "total 50.00"]


def test_an_amount_is_divided_by_what_is_left_of_each() -> None:
    """30 off 100 of usage, of which a window holds 70: the early 30 stay for the second discount."""
    both = "{amount: 30, applies_to: [usage], from: 2026-10-15}, {percent: 100, applies_to: [usage], until: 2026-10-15}"
    assert billed(both) == ["discount-1 -30.00", "discount-2 -30.00", "total 90.00"]


def test_what_a_fee_in_advance_left_of_an_amount_is_for_the_usage_of_the_same_period() -> None:
    """October has 60: 50 off its fee at the opening, 10 off its usage at its end. November has 60 of its own."""
    lines = billed("{amount: 60, applies_to: [usage, fee]}", contract="start: 2026-10-01")
    assert lines == ["discount-1 -50.00", "total 0.00", "discount-1 -60.00", "total 90.00"]


@pytest.mark.parametrize(
    ("periods", "discounted"),
    [(1, ["10"]), (2, ["10", "11"]), (3, ["10", "11", "12"]), (99, ["10", "11", "12"])],
)
def test_a_discount_holds_for_a_number_of_billing_periods(periods: int, discounted: list[str]) -> None:
    usage = "".join(f"requests 2026-{month}-20T00:00:00Z o1 100\n" for month in ("10", "11", "12"))
    for start in ("start: 2026-10-20", "start: 2026-10-01"):
        lines = billed(f"{{amount: 5, applies_to: [usage], periods: {periods}}}", "2026-Q4", usage, start)
        assert lines.count("discount-1 -5.00") == len(discounted)
    lines = billed(
        f"{{amount: 5, applies_to: [usage], periods: {periods}, from: 2026-10-07}}", "2026-Q4", usage
    )
    assert lines.count("discount-1 -5.00") == len(discounted)


def test_a_discount_once_is_taken_once_though_the_fee_is_billed_in_advance() -> None:
    lines = billed(
        "{amount: 30, applies_to: [usage, fee], periods: 1}", "2026-Q4", contract="start: 2026-10-01"
    )
    assert lines.count("discount-1 -30.00") == 1
    assert lines[:2] == ["discount-1 -30.00", "total 20.00"]


def test_percent_of_the_whole_does_not_see_what_other_discounts_took() -> None:
    """50 % of 100, then 40 % of the 100 that were there, then 40 % of them again, of which 10 are left."""
    stack = ", ".join(f"{{percent: {percent}, applies_to: [usage], of: whole}}" for percent in (50, 40, 40))
    assert billed(stack) == ["discount-1 -50.00", "discount-2 -40.00", "discount-3 -10.00", "total 50.00"]


def test_units_cost_nothing_in_each_period_that_the_window_touches() -> None:
    assert billed("{units: 30, applies_to: [rpc]}") == ["total 120.00"]
    assert billed("{units: 30, applies_to: [rpc], from: 2026-10-31}") == ["total 120.00"]
    assert billed("{units: 30, applies_to: [rpc], until: 2026-10-01}") == ["total 150.00"]
    assert billed("{units: 30, applies_to: [rpc]}, {units: 90, applies_to: [rpc]}") == ["total 50.00"]


def test_a_discount_of_another_plan_waits_for_it() -> None:
    assert billed("{percent: 50, applies_to: [usage], plan: max}") == ["total 150.00"]
    assert billed("{percent: 50, applies_to: [usage], plan: pro}") == ["discount-1 -50.00", "total 100.00"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["percent", "amount"]),
            st.integers(0, 100),
            st.sampled_from(["usage", "fee", "usage, fee"]),
            st.sampled_from(["", ", until: 2026-10-15", ", from: 2026-10-10"]),
        ),
        max_size=5,
    ),
    st.integers(0, 400),
)
def test_no_stack_of_discounts_pushes_an_entry_below_zero(
    found: list[tuple[str, int, str, str]], ten_thousandths: int
) -> None:
    discounts = ", ".join(
        f"{{{how}: {size}, applies_to: [{to}] {window}}}" for how, size, to, window in found
    )
    run = discounted(discounts, ten_thousandths)
    assert sum(amounts(run.invoice)) >= 0
    assert all(amount < 0 for amount in amounts(run.invoice, "discount"))


PHASES = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
plans:
  starter: {name: Starter, charges: [{rating: rpc}]}
  pro: {name: Pro, charges: [{rating: rpc}]}
contracts:
  acme: {org: o1, type: metered, spec: global, plan: pro, start: 2026-09-01,
         phases: [{until: 2026-10-15, plan: starter}], discounts: [DISCOUNT]}
"""


@pytest.mark.parametrize(
    ("discount", "total"),
    [
        ("percent: 50, applies_to: [usage], plan: starter", "total 85.00"),
        ("percent: 50, applies_to: [usage], plan: pro", "total 65.00"),
        ("amount: 40, applies_to: [usage], plan: starter", "total 70.00"),
        ("units: 40, applies_to: [rpc], plan: pro", "total 60.00"),
        ("units: 40, applies_to: [rpc], plan: pro, until: 2026-10-15", "total 100.00"),
    ],
)
def test_a_discount_of_a_plan_holds_while_the_contract_is_on_it(discount: str, total: str) -> None:
    """30 were used on starter, 70 on pro."""
    text = PHASES.replace("DISCOUNT", f"{{{discount}}}")
    assert bill(text, "2026-10", USAGE).invoices()[0][-1] == total
