"""A contract whose plan changes inside a period, and whose ladders carry on."""

import pytest

from tests.billrun.plan_change import AFTER, BEFORE, CARRY, RULES, SAME, USAGE, lines
from tests.builders import bill, lines_of


def test_e64_a_ladder_that_carries_on_goes_on_where_the_plan_before_stopped() -> None:
    """10 at 2 each fill the first tier; the 5 of the new plan cost its second tier's price."""
    price = "{model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}"
    found = lines(f"charges: [{{rating: rpc, price: {price}}}]", SAME, CARRY)
    assert found == [f"usage rpc 20.00 {BEFORE}", f"usage rpc 5.00 {AFTER}"]


def test_units_that_were_used_count_against_the_included_units_of_the_new_plan() -> None:
    """8 of 10 are free; then 12 of 15, of which 10 are used."""
    found = lines("charges: [{rating: rpc, included: 8}]", "charges: [{rating: rpc, included: 12}]", CARRY)
    assert found == [f"usage rpc 4.00 {BEFORE}", f"usage rpc 6.00 {AFTER}"]


def test_more_included_units_give_no_position_back() -> None:
    """10 at 2 each filled the first tier; of 5 more 2 are free, and 3 cost the second tier's price."""
    price = "price: {model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}"
    found = lines(
        f"charges: [{{rating: rpc, {price}}}]", f"charges: [{{rating: rpc, included: 12, {price}}}]", CARRY
    )
    assert found == [f"usage rpc 20.00 {BEFORE}", f"usage rpc 3.00 {AFTER}"]


def test_events_that_cost_nothing_by_themselves_carry_on() -> None:
    """1 % and 5 an event but for the first; 10 of usage as one event, then 5 as one event."""
    text = """
meters: {sales: {source: raw, aggregate: sum, value: bytes, unit: USD}}
rating: {cut: {meter: sales, price: {model: percentage, percent: 1, fixed: 5, free: {events: 1}}}}
plans: {starter: {name: S, charges: [{rating: cut}]}, pro: {name: P, charges: [{rating: cut}]}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, plan: pro,
         phases: [{until: 2026-10-11, plan: starter}] CARRY}
"""
    usage = USAGE.replace("requests", "sales")
    assert lines_of(bill(text.replace("CARRY", CARRY), "2026-10", usage).invoice) == [
        f"usage cut 0.10 {BEFORE}",
        f"usage cut 5.05 {AFTER}",
    ]


def test_prorated_included_units_are_those_of_the_time_up_to_the_end_of_the_part() -> None:
    """12.4 a month: 4 for the first 10 of 31 days, so 6 of 10 cost; 12.4 by its end, so 2.4 of the next 5 are free."""
    charge = "charges: [{rating: rpc, included: 12.4, prorate_included: days}]"
    assert lines(charge, charge, CARRY) == [f"usage rpc 12.00 {BEFORE}", f"usage rpc 5.20 {AFTER}"]


@pytest.mark.parametrize(
    ("price", "first", "second"),
    [
        ("{model: package, size: 8, amount: 10}", "20.00", "0.00"),  # 10 need two packages, 15 no more
        ("{model: volume, per: 1, tiers: [{up_to: 10, amount: 3}, {amount: 1}]}", "30.00", "5.00"),
        ("{model: flat, amount: 7}", "7.00", "0.00"),
    ],
)
def test_other_prices_carry_on_as_well(price: str, first: str, second: str) -> None:
    found = lines(f"charges: [{{rating: rpc, price: {price}}}]", SAME, CARRY)
    assert found == [f"usage rpc {first} {BEFORE}", f"usage rpc {second} {AFTER}"]


def test_pools_and_cells_carry_on_each_for_itself() -> None:
    """Eth used 4 of its 6 cheap units, sol none of them."""
    text = RULES.replace(
        "rpc: {meter: requests,", "rpc: {meter: requests, pool_by: [chain], lines_by: [chain],"
    )
    price = "{model: graduated, per: 1, tiers: [{up_to: 6, amount: 1}, {amount: 10}]}"
    charge = f"charges: [{{rating: rpc, price: {price}}}]"
    usage = "requests 2026-10-05T00:00:00Z o1 4 chain=eth\n" + "".join(
        f"requests 2026-10-20T00:00:00Z o1 5 chain={chain}\n" for chain in ("eth", "sol")
    )
    text += f"""
plans: {{starter: {{name: S, {charge}}}, pro: {{name: P, {charge}}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, plan: pro,
         phases: [{{until: 2026-10-11, plan: starter}}] {CARRY}}}
"""
    assert bill(text, "2026-10", usage).invoices()[0] == [
        "usage rpc chain=eth 4.00",
        "usage rpc chain=eth 32.00",
        "usage rpc chain=sol 5.00",
        "total 41.00",
    ]


def test_a_flat_amount_without_usage_is_due_once() -> None:
    price = "{model: flat, amount: 7, flat_at_zero: true}"
    found = lines(f"charges: [{{rating: rpc, price: {price}}}]", SAME, CARRY, "")
    assert found == [f"usage rpc 7.00 {AFTER}"]


def test_bounds_of_charges_that_carry_on_are_those_of_both_parts_together() -> None:
    """20 + 10: at most 24, at least 50 by the last plan."""
    capped = "charges: [{rating: rpc, maximum: 24}]"
    assert lines(capped, capped, CARRY)[-1] == f"maximum rpc -6.00 {AFTER}"
    least = "charges: [{rating: rpc, minimum: 50}]"
    assert lines(least, least, CARRY) == [
        f"usage rpc 20.00 {BEFORE}",
        f"usage rpc 10.00 {AFTER}",
        f"minimum rpc 20.00 {AFTER}",
    ]


def test_ladders_carry_on_within_a_billing_period_only() -> None:
    price = "{model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}"
    charge = f"charges: [{{rating: rpc, price: {price}}}]"
    november = lines(charge, charge, CARRY, USAGE + "\nrequests 2026-11-20T00:00:00Z o1 12", "2026-11")
    assert november == ["usage rpc 22.00 11-01..12-01"]
