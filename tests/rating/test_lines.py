"""`lines_by`: a charge's rounded amount divided over its lines by what their billable units cost."""

import pytest

from tests.builders import Billed, bill

HALVES = "model: graduated, per: 1, tiers: [{up_to: 100, amount: 2}, {amount: 1}]"
EARLY_AND_LATE = """
    requests 2026-10-05T00:00:00Z o1 100 chain=eth method=call
    requests 2026-10-20T00:00:00Z o1 100 chain=sol method=call
"""


def run(rule: str, usage: str, terms: str = "", other: str = "", *, detailed: bool = False) -> Billed:
    return bill(
        f"""
multipliers:
  weights:
    by: [method]
    versions: [{{values: {{call: 2, default: 1}}}}, {{from: 2026-10-15, values: {{default: 1}}}}]
rating:
  rpc: {{meter: requests, lines_by: [chain], {rule}}}
  other:
    meter: requests
    lines_by: [chain]
    price: {{per: 1, versions: [{{amount: 0}}, {{from: 2026-10-15, amount: 1}}]}}
contracts:
  acme:
    {{org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{{rating: rpc, {terms}}}{other}]}}
""",
        "2026-10",
        usage,
        detailed=detailed,
    )


def lines(rule: str, usage: str, terms: str = "", other: str = "") -> list[str]:
    """Give the usage lines of `rpc`, as in `eth 12.30`."""
    found = run(rule, usage, terms, other).invoice["lines"]
    return [
        f"{one['dimensions']['chain']} {one['amount']}"
        for one in found
        if (one["charge"], one["kind"]) == ("rpc", "usage")
    ]


def test_a3_an_amount_is_divided_by_largest_remainder() -> None:
    """100.00 over three lines of one unit each; the first by name has the cent."""
    usage = "\n".join(f"requests 2026-10-05T00:00:00Z o1 1 chain={chain}" for chain in ("c", "a", "b"))
    assert lines("price: {amount: 100, per: 3}", usage) == ["a 33.34", "b 33.33", "c 33.33"]


def test_lago_eight_lines_of_a_cent_and_a_half_add_up_to_twelve_cents() -> None:
    """Each rounded by itself would be 0.02: 16 cents."""
    usage = "\n".join(f"requests 2026-10-05T00:00:00Z o1 1 chain=c{number}" for number in range(8))
    assert lines("price: {amount: 0.015, per: 1}", usage) == [
        *(f"c{n} 0.02" for n in range(4)),
        *(f"c{n} 0.01" for n in range(4, 8)),
    ]


def test_lines_of_a_ladder_share_it_by_their_units_not_by_who_came_first() -> None:
    """200 units: 100 × 2 + 100 × 1, and half of it each."""
    assert lines(f"price: {{{HALVES}}}", EARLY_AND_LATE) == ["eth 150.00", "sol 150.00"]


def test_a_line_without_a_value_comes_first() -> None:
    usage = EARLY_AND_LATE + "requests 2026-10-05T00:00:00Z o1 100 chain=NULL method=call"
    assert lines("price: {amount: 1, per: 1}", usage) == ["None 100.00", "eth 100.00", "sol 100.00"]


def test_each_pool_and_cell_has_its_own_lines() -> None:
    """In pools, eth and sol each have 100 units at 2."""
    assert lines(f"pool_by: [chain], price: {{{HALVES}}}", EARLY_AND_LATE) == ["eth 200.00", "sol 200.00"]


def test_a_line_may_lie_in_several_pools() -> None:
    """Pools by method: call has 300 units (200 + 200) of which eth used a third, trace 100 (200), all of them eth's."""
    usage = """
        requests 2026-10-05T00:00:00Z o1 100 chain=eth method=call
        requests 2026-10-05T00:00:00Z o1 200 chain=sol method=call
        requests 2026-10-05T00:00:00Z o1 100 chain=eth method=trace
    """
    assert lines(f"pool_by: [method], price: {{{HALVES}}}", usage) == ["eth 333.33", "sol 266.67"]


def test_e50_after_a_change_of_price_lines_share_each_side_by_what_they_used_there() -> None:
    rule = "price: {per: 1, versions: [{amount: 2}, {from: 2026-10-15, amount: 1}]}"
    assert lines(rule, EARLY_AND_LATE) == ["eth 200.00", "sol 100.00"]


@pytest.mark.parametrize("other", ["", ", {rating: other}"])
def test_flexprice_299_a_change_of_another_charge_moves_no_cent(other: str) -> None:
    """Both read one measure, so its usage is split on the 15th for both."""
    assert lines(f"price: {{{HALVES}}}", EARLY_AND_LATE, "", other) == ["eth 150.00", "sol 150.00"]


def test_a_finer_measurement_moves_no_cent_and_no_unit() -> None:
    """An explanation keeps methods apart, and splits usage where multipliers change.

    Eth has 4 + 4 + 4 = 12 units of 10, sol has 4: 1.6 is 2 packages, of which 1.5 and 0.5 are theirs.
    """
    usage = """
        requests 2026-10-05T00:00:00Z o1 2 chain=eth method=call
        requests 2026-10-05T00:00:00Z o1 4 chain=eth method=trace
        requests 2026-10-20T00:00:00Z o1 4 chain=eth method=call
        requests 2026-10-20T00:00:00Z o1 4 chain=sol method=call
    """
    rule = "multiply_by: [weights], convert: {divide_by: 10, round: up}, price: {amount: 5, per: 1}"
    plain, detailed = (run(rule, usage, detailed=one) for one in (False, True))
    assert len(detailed.outcomes[0].used[0][1]) > len(plain.outcomes[0].used[0][1])
    assert detailed.invoice["lines"] == plain.invoice["lines"]
    assert [(one["billable"], one["amount"]) for one in plain.invoice["lines"]] == [
        ("2", "7.50"),
        ("0", "2.50"),
    ]


def test_rounded_units_of_lines_add_up() -> None:
    """15, 15 and 15 of 10 are 4.5 → 5 units: two lines show 2, one 1."""
    usage = "\n".join(f"requests 2026-10-05T00:00:00Z o1 15 chain={chain}" for chain in ("a", "b", "c"))
    found = run("convert: {divide_by: 10, round: up}, price: {amount: 1, per: 1}", usage).invoice["lines"]
    assert [one["billable"] for one in found] == ["2", "2", "1"]
    assert [one["amount"] for one in found] == ["1.67", "1.67", "1.66"]


def test_a_flat_without_net_units_is_shared_by_all_units_of_the_period() -> None:
    """All 100 units are free and were used after the cut on the 15th; the flat of the first version is due."""
    rule = """price: {model: graduated, per: 1, flat_at_zero: true, versions: [
      {tiers: [{amount: 1, flat: 10}]}, {from: 2026-10-15, tiers: [{amount: 2, flat: 20}]}]}"""
    usage = """
        requests 2026-10-20T00:00:00Z o1 75 chain=eth
        requests 2026-10-20T00:00:00Z o1 25 chain=sol
    """
    assert lines(rule, usage, "included: 100") == ["eth 7.50", "sol 2.50"]


def test_a_flat_of_lines_that_used_nothing_is_shared_evenly() -> None:
    usage = "requests 2026-10-20T00:00:00Z o1 0 chain=eth\nrequests 2026-10-20T00:00:00Z o1 0 chain=sol"
    assert lines("price: {model: flat, amount: 5, flat_at_zero: true}", usage) == ["eth 2.50", "sol 2.50"]


def test_a_correction_stands_on_its_own_line() -> None:
    text = """
rating: {eg: {meter: egress, lines_by: [chain], price: {amount: 1, per: 1}}}
contracts: {acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: eg}]}}
"""
    usage = "egress 2026-10-05T00:00:00Z o1 10 chain=eth\negress 2026-10-20T00:00:00Z o1 -3 chain=sol"
    assert bill(text, "2026-10", usage).invoices() == [
        ["usage eg chain=eth 10.00", "usage eg chain=sol -3.00", "total 7.00"]
    ]


def test_quantity_is_what_was_measured_and_billable_what_came_of_it() -> None:
    """Calls count double until the 15th: 10 × 2, over 4."""
    usage = "requests 2026-10-05T00:00:00Z o1 10 chain=eth method=call"
    (line,) = run(
        "multiply_by: [weights], convert: {divide_by: 4}, unit: credit, price: {amount: 1, per: 1}", usage
    ).invoice["lines"]
    assert [line[name] for name in ("quantity", "unit", "billable", "billable_unit")] == [
        "10",
        "request",
        "5",
        "credit",
    ]
