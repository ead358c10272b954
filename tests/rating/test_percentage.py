"""Prices that are a share of an amount: percentages, fixed fees, allowances, bounds on what one event costs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Billed, bill

METERS = """
meters:
  payments: {source: raw, aggregate: sum, value: level, unit: USD, dimensions: [chain, method]}
"""
WEIGHTS = """
multipliers:
  risk:
    by: [method]
    versions: [{values: {card: 1, wire: 0.5}}, {from: 2026-10-15, values: {card: 1.5, wire: 0}}]
"""
EACH = "{model: percentage, percent: 2, fixed: 0.10, each: {minimum: 0.50, maximum: 20}}"


def billed(rule: str, usage: str, terms: str = "", more: str = "") -> Billed:
    """Bill payments of October: an amount and a chain each, as in `20 eth`, and of which day and method."""
    rows = []
    for row in filter(None, map(str.strip, usage.split(","))):
        amount, chain, day, method = (*row.split(), *("", "05", "card")[len(row.split()) - 1 :])
        rows.append(f"payments 2026-10-{day}T12:00:00Z o1 {amount} chain={chain} method={method}")
    text = f"""
{METERS}
{more}
rating:
  fee: {{meter: payments, {rule}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{{rating: fee, {terms}}}]}}
"""
    return bill(text, "2026-10", "\n".join(rows))


def invoice(rule: str, usage: str, terms: str = "", more: str = "") -> list[str]:
    return billed(rule, usage, terms, more).invoices()[0]


def gross(of: Billed) -> Fraction:
    """Give what the charge costs, unrounded."""
    ((rated, _),) = of.outcomes[0].used
    return Fraction(rated.gross)


# By hand


def test_f60_an_allowance_of_events_and_one_of_amount_are_used_up_each_by_itself() -> None:
    """2.9 % of 310 - 100, and 0.30 for one of three events."""
    price = "price: {model: percentage, percent: 2.9, fixed: 0.30, free: {events: 2, amount: 100}}"
    assert invoice(price, "100, 200, 10") == ["usage fee 6.39", "total 6.39"]


def test_without_usage_nothing_is_due() -> None:
    """Lago #3676 made NaN of zero units: a fixed fee over no events is no fee."""
    price = "price: {model: percentage, percent: 2.9, fixed: 0.30, free: {events: 2, amount: 100}}"
    assert billed(price, "").invoices() == []
    assert invoice(price, "0") == ["usage fee 0.00", "total 0.00"]
    assert invoice("price: {model: percentage, percent: 2.9, fixed: 0.30}", "0") == [
        "usage fee 0.30",
        "total 0.30",
    ]


def test_lago_5760_a_flat_of_the_first_tier_is_due_with_the_first_usage_unless_the_price_says_at_zero() -> (
    None
):
    tiers = "tiers: [{up_to: 100, percent: 2, flat: 5}, {percent: 1}]"
    assert billed(f"price: {{model: graduated_percentage, {tiers}}}", "").invoices() == []
    assert invoice(f"price: {{model: graduated_percentage, flat_at_zero: true, {tiers}}}", "") == [
        "usage fee 5.00",
        "total 5.00",
    ]


def test_flexprice_793_each_part_of_an_amount_costs_the_percentage_of_its_own_tier() -> None:
    """100 × 2 % + 5, then 50 × 1 %."""
    price = "price: {model: graduated_percentage, tiers: [{up_to: 100, percent: 2, flat: 5}, {percent: 1}]}"
    assert invoice(price, "60, 90") == ["usage fee 7.50", "total 7.50"]


def test_a_refund_takes_its_percentage_back_and_is_an_event() -> None:
    """2.9 % of 60, and 0.30 for two events."""
    assert invoice("price: {model: percentage, percent: 2.9, fixed: 0.30}", "100, -40") == [
        "usage fee 2.34",
        "total 2.34",
    ]


def test_a_refund_costs_the_minimum_of_an_event() -> None:
    """20 at most, and 0.50 at least."""
    assert invoice(f"price: {EACH}", "5000, -40") == ["usage fee 20.50", "total 20.50"]


def test_lines_share_a_fixed_fee_by_events_and_a_percentage_by_amount() -> None:
    """Two events of 1 on eth: 2 % of 2 and twice 0.30; one of 98 on sol: 2 % of 98 and 0.30."""
    price = "lines_by: [chain], price: {model: percentage, percent: 2, fixed: 0.30}"
    assert invoice(price, "1 eth, 98 sol, 1 eth") == [
        "usage fee chain=eth 0.64",
        "usage fee chain=sol 2.26",
        "total 2.90",
    ]


def test_lines_share_bound_events_by_what_each_costs() -> None:
    assert invoice(f"lines_by: [chain], price: {EACH}", "1 eth, 5000 sol, 100 eth") == [
        "usage fee chain=eth 2.60",  # 0.50, and 2 % of 100 with 0.10
        "usage fee chain=sol 20.00",
        "total 22.60",
    ]


def test_f63_each_pool_has_its_allowance() -> None:
    price = "pool_by: [chain], lines_by: [chain], price: {model: percentage, percent: 1, fixed: 1, free: {events: 1}}"
    assert invoice(price, "100 eth, 100 eth, 100 sol") == [
        "usage fee chain=eth 3.00",
        "usage fee chain=sol 1.00",
        "total 4.00",
    ]


def test_cells_of_a_matrix_have_their_own_bounds() -> None:
    """The bounds of both cells cut the same measured values into bands: 30 eth is 0.50, 30 sol is 3."""
    price = """price: {model: matrix, by: [chain], values: {
      eth: {model: percentage, percent: 1, each: {minimum: 0.50}},
      default: {model: percentage, percent: 10, each: {minimum: 0.20, maximum: 4}}}}, lines_by: [chain]"""
    assert invoice(price, "30 eth, 60 eth, 30 sol, 60 sol, 1 sol") == [
        "usage fee chain=eth 1.10",
        "usage fee chain=sol 7.20",
        "total 8.30",
    ]


def test_bounds_hold_for_what_an_event_costs_after_its_multiplier() -> None:
    """By card 100 costs 2.10, from the 15th on 3.10 (× 1.5); by wire 1.10, from then on the minimum (× 0)."""
    usage = "100 eth 05 card, 100 eth 20 card, 100 eth 05 wire, 100 eth 20 wire"
    assert invoice(f"multiply_by: [risk], price: {EACH}", usage, more=WEIGHTS) == [
        "usage fee 6.80",
        "total 6.80",
    ]


def test_e50_a_price_that_bounds_events_may_follow_one_that_does_not() -> None:
    """2 % of 10 and of 5000, then 0.50 and 20."""
    price = (
        f"""price: {{versions: [{{model: percentage, percent: 2}}, {{from: 2026-10-15, {EACH[1:-1]}}}]}}"""
    )
    assert invoice(price, "10 eth 05, 5000 eth 05, 10 eth 20, 5000 eth 20") == [
        "usage fee 120.70",
        "total 120.70",
    ]


def test_e50_allowances_carry_on_where_a_price_changes() -> None:
    """One event of 60 before and one of 60 after: 1 % of none and 2 % of 20; 0.10 for no event, then 0.20 for one."""
    free = "free: {events: 1, amount: 100}"
    price = f"""price: {{model: percentage, {free}, versions: [
      {{percent: 1, fixed: 0.10}}, {{from: 2026-10-15, percent: 2, fixed: 0.20}}]}}"""
    assert invoice(price, "60 eth 05, 60 eth 20") == ["usage fee 0.60", "total 0.60"]


@pytest.mark.parametrize("amount", ["12.50", "12.500000000000000001", "12.499999999999999999"])
def test_a_bound_is_met_to_the_last_decimal(amount: str) -> None:
    """4 % with a minimum of 0.50 is more than that from 12.50 on."""
    of = billed("price: {model: percentage, percent: 4, each: {minimum: 0.50}}", amount)
    assert gross(of) == max(Fraction("0.5"), Fraction(amount) / 25)


def test_a_percentage_of_a_third_of_a_unit_is_exact() -> None:
    """1 of 3 units is a third of a dollar; 3 % of it is a cent."""
    rule = "unit: USD, convert: {divide_by: 3}, price: {model: percentage, percent: 3}"
    assert gross(billed(rule, "1")) == Fraction(1, 100)


def test_a_threshold_that_never_ends_is_cut_where_no_value_can_be() -> None:
    """The minimum of 1 is met at 33.33…: 33.333333333333333333 costs less than 1, and one step more costs more."""
    rule = "price: {model: percentage, percent: 3, each: {minimum: 1}}"
    below, above = Decimal("33.333333333333333333"), Decimal("33.333333333333333334")
    assert gross(billed(rule, f"{below}, {above}")) == 1 + Fraction(above) * 3 / 100


def test_f87_every_amount_of_the_price_is_in_the_currency_of_the_amount() -> None:
    """Amounts in EUR, 2 % of 100 with 0.10, and one at the maximum: 22.10 EUR at 1.2."""
    text = f"""
meters:
  payments: {{source: raw, aggregate: sum, value: level, unit: EUR, dimensions: [chain]}}
specs:
  world: {{time_zone: UTC, currency: USD, fx: {{source: ecb}}}}
rating:
  fee: {{meter: payments, price: {EACH}}}
contracts:
  acme: {{org: o1, type: metered, spec: world, start: 2026-01-01, charges: [{{rating: fee}}]}}
"""
    usage = "payments 2026-10-05T00:00:00Z o1 100\npayments 2026-10-06T00:00:00Z o1 100000"
    of = bill(text, "2026-10", usage, rates="2026-10-30,ecb,EUR/USD,1.2")
    assert of.invoices() == [["usage fee 26.52", "total 26.52"]]


# Whatever the price and the events


class Payment(NamedTuple):
    amount: Decimal
    chain: str
    day: str
    method: str


FACTORS: Mapping[tuple[str, bool], Fraction] = {
    ("card", False): Fraction(1),
    ("wire", False): Fraction(1, 2),
    ("card", True): Fraction(3, 2),
    ("wire", True): Fraction(0),
}
payments = st.lists(
    st.builds(
        Payment,
        st.decimals(-50, 3000, places=2) | st.sampled_from([Decimal(0), Decimal(20), Decimal(995)]),
        st.sampled_from(["eth", "sol"]),
        st.sampled_from(["05", "20"]),
        st.sampled_from(["card", "wire"]),
    ),
    max_size=8,
)
cents = st.integers(1, 3000).map(lambda number: Decimal(number) / 100)
percents = st.integers(0, 1000).map(lambda number: Decimal(number) / 100)


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, Decimal]:
    low, high = sorted((draw(cents), draw(cents)))
    return draw(st.sampled_from([{"minimum": low}, {"maximum": high}, {"minimum": low, "maximum": high}]))


def weight(event: Payment) -> Fraction:
    return FACTORS[event.method, event.day == "20"]


def naive(events: Sequence[Payment], price: Mapping[str, Any], *, weighed: bool) -> Fraction:
    """Price each event by itself."""
    total = Fraction(0)
    for event in events:
        amount = Fraction(event.amount) * (weight(event) if weighed else 1)
        cost = amount * Fraction(price["percent"]) / 100 + Fraction(price["fixed"])
        cost = max(cost, Fraction(price["each"].get("minimum", cost)))
        total += min(cost, Fraction(price["each"].get("maximum", cost)))
    return total


def written(events: Sequence[Payment]) -> str:
    return ", ".join(f"{one.amount} {one.chain} {one.day} {one.method}" for one in events)


def flow(price: Mapping[str, Any]) -> str:
    each = ", ".join(f"{name}: {amount}" for name, amount in price.get("each", {}).items())
    more = f", each: {{{each}}}" if each else ""
    return f"model: percentage, percent: {price['percent']}, fixed: {price['fixed']}{more}"


@given(payments, percents, percents, bounds(), st.booleans())
def test_bounds_are_those_of_each_event_by_itself(
    events: list[Payment], percent: Decimal, fixed: Decimal, each: dict[str, Decimal], weighed: bool
) -> None:
    price = {"percent": percent, "fixed": fixed, "each": each}
    by = "multiply_by: [risk], " if weighed else ""
    of = billed(f"{by}lines_by: [chain], price: {{{flow(price)}}}", written(events), more=WEIGHTS)
    ((rated, _),) = of.outcomes[0].used
    if sum(Fraction(one.amount) * (weight(one) if weighed else 1) for one in events) < 0:
        assert [one.code for one in of.findings] == ["RB507"]
        return
    assert Fraction(rated.gross) == naive(events, price, weighed=weighed)
    keys = rated.lines.keys if rated.gross else ()
    for key, weight_of_line in zip(keys, rated.lines.weights, strict=False) if len(keys) > 1 else ():
        own = [one for one in events if one.chain == key[0]]
        assert weight_of_line == naive(own, price, weighed=weighed)


MODELS = [
    "{model: percentage, percent: 2.5, fixed: 0.3}",
    "{model: percentage, percent: 2.5, fixed: 0.3, free: {events: 2, amount: 500}}",
    "{model: percentage, percent: 2.5, fixed: 0.3, each: {minimum: 1, maximum: 30}}",
    "{model: graduated_percentage, tiers: [{up_to: 1000, percent: 3, flat: 1}, {percent: 2, flat: 5}]}",
    "{model: dynamic, markup_percent: 15}",
    "{amount: 0.014, per: 3}",
    "{model: flat, amount: 10}",
    "{model: graduated, per: 1, tiers: [{up_to: 1000, amount: 0.03, flat: 1}, {amount: 0.02, flat: 5}]}",
    "{model: volume, per: 1, tiers: [{up_to: 1000, amount: 0.03, flat: 1}, {amount: 0.02, flat: 5}]}",
    "{model: package, size: 300, amount: 2}",
    "{model: package, size: 300, amount: 2, round: down}",
]


@pytest.mark.parametrize("model", MODELS)
@given(payments, st.sampled_from(["", "pool_by: [chain], ", "multiply_by: [risk], "]))
def test_e50_a_change_that_changes_nothing_changes_nothing(
    model: str, events: list[Payment], more: str
) -> None:
    once = f"price: {model}"
    twice = f"price: {{{model[1:-1]}, versions: [{{reference: A-1}}, {{from: 2026-10-15, reference: A-2}}]}}"
    one, other = (
        billed(f"{more}lines_by: [chain], {price}", written(events), more=WEIGHTS) for price in (once, twice)
    )
    assert [document["total"] for document in one.documents] == [
        document["total"] for document in other.documents
    ]
    if one.outcomes[0].document is not None:
        assert gross(one) == gross(other)


def test_free_events_and_amounts_carry_on_into_another_plan_where_the_contract_says_so() -> None:
    """One free event and 100 without percentage: both are used up in the first part, or each part has its own."""
    price = "{model: percentage, percent: 1, fixed: 1, free: {events: 1, amount: 100}}"
    charges = "charges: [{rating: fee}]"
    found = []
    for tiers in ("carry", "reset"):
        text = f"""
{METERS}
rating:
  fee: {{meter: payments, price: {price}}}
plans:
  one: {{name: One, {charges}}}
  two: {{name: Two, {charges}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, plan: two,
          phases: [{{until: 2026-10-15, plan: one}}], plan_change: {{tiers: {tiers}}}}}
"""
        usage = "payments 2026-10-05T00:00:00Z o1 100\npayments 2026-10-20T00:00:00Z o1 100"
        found.append(bill(text, "2026-10", usage).invoices()[0])
    assert found == [
        ["usage fee 0.00", "usage fee 2.00", "total 2.00"],
        ["usage fee 0.00", "usage fee 0.00", "total 0.00"],
    ]
