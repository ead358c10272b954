"""From rows to ladders: pools, cells of a matrix, conversion over the whole period, included units."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.compiler.program import Included
from ratebook.money import EXACT, plain
from ratebook.rating.ladders import priced_units, spread_included
from tests.builders import Billed, bill

STEPS = "{model: graduated, per: 1, tiers: [{up_to: 100, amount: 1}, {amount: 0.5}]}"
USAGE = """
    requests 2026-10-05T00:00:00Z o1 150 chain=eth method=call
    requests 2026-10-06T00:00:00Z o1 150 chain=sol method=call
"""


def billed(rule: str, usage: str, terms: str = "", more: str = "") -> Billed:
    return bill(
        f"""
rating:
  rpc: {{meter: requests, {rule}}}
{more}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{{rating: rpc, {terms}}}]}}
""",
        "2026-10",
        usage,
    )


def lines(rule: str, usage: str, terms: str = "", more: str = "") -> list[str]:
    """Bill it, and give the lines of the invoice without `usage rpc`."""
    (invoice,) = billed(rule, usage, terms, more).invoices()
    return [line.removeprefix("usage rpc ") for line in invoice]


# Pools and cells


def test_f63_all_usage_shares_one_ladder_unless_a_pool_is_declared() -> None:
    """300 units: 100 × 1 + 200 × 0.5. In two pools of 150: twice 100 × 1 + 50 × 0.5."""
    assert lines(f"price: {STEPS}", USAGE) == ["200.00", "total 200.00"]
    assert lines(f"pool_by: [chain], price: {STEPS}", USAGE) == ["250.00", "total 250.00"]


def test_f63_what_has_no_value_is_a_pool_of_its_own() -> None:
    usage = USAGE + "requests 2026-10-06T00:00:00Z o1 150 chain=NULL method=call"
    assert lines(f"pool_by: [chain], price: {STEPS}", usage) == ["375.00", "total 375.00"]


def test_usage_that_leads_to_one_cell_shares_its_ladder() -> None:
    """Eth has a cell of its own; sol and base are both `default`: 300 there, 150 × 2 here."""
    matrix = (
        f"price: {{model: matrix, by: [chain], values: {{eth: {{amount: 2, per: 1}}, default: {STEPS}}}}}"
    )
    usage = USAGE + "requests 2026-10-06T00:00:00Z o1 150 chain=base method=call"
    assert lines(matrix, usage) == ["500.00", "total 500.00"]


def test_what_no_cell_covers_is_a_finding_and_the_rest_is_billed() -> None:
    run = billed("price: {model: matrix, by: [chain], values: {eth: {amount: 2, per: 1}}}", USAGE)
    assert run.invoices() == [["usage rpc 300.00", "total 300.00"]]
    (finding,) = run.findings
    assert finding.code == "RB505"
    assert finding.details["events"] == 1


def test_e53_a_cell_that_only_one_version_has_is_priced_there() -> None:
    """Until the 15th eth costs 2; then it is `default` and costs 1. Sol has always been `default`."""
    text = """
rating:
  rpc:
    meter: requests
    lines_by: [chain]
    price:
      model: matrix
      by: [chain]
      versions:
        - {values: {eth: {amount: 2, per: 1}, default: {amount: 1, per: 1}}}
        - {from: 2026-10-15, values: {default: {amount: 1, per: 1}}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]}
"""
    usage = USAGE + "requests 2026-10-20T00:00:00Z o1 10 chain=eth method=call"
    assert bill(text, "2026-10", usage).invoices() == [
        ["usage rpc chain=eth 310.00", "usage rpc chain=sol 150.00", "total 460.00"]
    ]


# Conversion


@pytest.mark.parametrize(
    ("units", "rounding", "expected"),
    [
        ("10", "up", 1),
        ("10.0001", "up", 2),
        ("19.9999", "down", 1),
        ("15", "half_up", 2),
        ("14.9999", "half_up", 1),
        ("0", "up", 0),
        ("25", "none", 25),  # the ladder counts units then, and has the divisor in its numbers
    ],
)
def test_units_are_rounded_to_whole_ones(units: str, rounding: str, expected: int) -> None:
    assert priced_units(Decimal(units), Decimal(10), rounding) == expected  # type: ignore[arg-type]


def test_a_pool_is_rounded_by_itself() -> None:
    """150 / 100 → 2 and 2; together 300 / 100 → 3."""
    price = "convert: {divide_by: 100, round: up}, price: {amount: 1, per: 1}"
    assert lines(price, USAGE) == ["3.00", "total 3.00"]
    assert lines(f"pool_by: [chain], {price}", USAGE) == ["4.00", "total 4.00"]


def test_e50_across_a_cut_the_running_total_is_rounded() -> None:
    """40 and 40 of 100: the first side starts a unit at 1, the second none at 9; 40 and 70: each starts one."""
    price = "price: {per: 1, versions: [{amount: 1}, {from: 2026-10-15, amount: 9}]}"
    rule = f"convert: {{divide_by: 100, round: up}}, {price}"
    first = "requests 2026-10-05T00:00:00Z o1 40 chain=eth\n"
    assert lines(rule, first + "requests 2026-10-20T00:00:00Z o1 40 chain=eth") == ["1.00", "total 1.00"]
    assert lines(rule, first + "requests 2026-10-20T00:00:00Z o1 70 chain=eth") == ["10.00", "total 10.00"]


def test_b20_usage_in_bytes_is_billed_in_gib_and_shown_in_both() -> None:
    run = bill(
        """
rating: {eg: {meter: egress, convert: {to: GiB}, price: {amount: 0.09, per: 1}}}
contracts: {acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: eg}]}}
""",
        "2026-10",
        "egress 2026-10-05T00:00:00Z o1 1_000_000_000_000 chain=eth".replace("_", ""),
    )
    (line,) = run.invoice["lines"]
    assert [line[name] for name in ("quantity", "unit", "billable", "billable_unit", "amount")] == [
        "1000000000000",
        "byte",
        "931.322574615479",  # 931.322574615478515625, shown to twelve places
        "GiB",
        "83.82",
    ]


def test_a_third_is_shown_to_twelve_places_and_billed_exactly() -> None:
    run = billed(
        "convert: {divide_by: 3}, price: {amount: 3, per: 1}", "requests 2026-10-05T00:00:00Z o1 1 chain=eth"
    )
    assert run.invoice["lines"][0]["billable"] == "0.333333333333"
    assert run.invoice["total"] == "1.00"


# Multipliers that come late


def test_what_cannot_be_added_up_is_multiplied_by_combination_and_then_added_up() -> None:
    """The peak of eth is 4 and counts double, that of sol is 5: 8 + 5. Of the period's end: from the 15th on."""
    run = bill(
        """
multipliers:
  weights: {by: [chain], versions: [{values: {default: 100}}, {from: 2026-10-15, values: {eth: 2, default: 1}}]}
rating: {seats: {meter: peak, multiply_by: [weights], price: {amount: 1, per: 1}}}
contracts: {acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: seats}]}}
""",
        "2026-10",
        """
        peak 2026-10-05T00:00:00Z o1 4 chain=eth
        peak 2026-10-06T00:00:00Z o1 3 chain=eth
        peak 2026-10-05T00:00:00Z o1 5 chain=sol
        """,
    )
    assert run.invoices() == [["usage seats 13.00", "total 13.00"]]
    assert [run.invoice["lines"][0][name] for name in ("quantity", "billable")] == ["9", "13"]


# Levels over time

LEVEL = """
meters: {seats: {source: raw, aggregate: time_weighted_sum, value: level, unit: seat, dimensions: [chain]}}
rating: {seats: {meter: seats, RULE}}
contracts: {acme: {org: o1, type: metered, spec: global, LIFE, charges: [{rating: seats, TERMS}]}}
"""
TEN_THEN_SIX = """
    seats 2026-10-01T00:00:00Z o1 10 chain=eth
    seats 2026-10-17T12:00:00Z o1 -4 chain=eth
"""


def level(
    rule: str, terms: str = "", life: str = "start: 2026-01-01", usage: str = TEN_THEN_SIX
) -> list[str]:
    text = LEVEL.replace("RULE", rule).replace("TERMS", terms).replace("LIFE", life)
    run = bill(text, "2026-10", usage)
    return [run.invoice["lines"][0]["quantity"], run.invoice["total"]]


def test_a_level_counts_by_the_time_that_it_lasts() -> None:
    """10 seats for 31 days, less 4 for 14.5: 252 days of seats, over 31."""
    assert level("price: {amount: 31, per: 1}") == ["8.129032258065", "252.00"]


def test_a_level_of_a_part_of_a_month_is_over_the_whole_month() -> None:
    """From 11 October on, the seats of the 17th only: −4 × 14.5 + 10 × 21."""
    usage = TEN_THEN_SIX.replace("10-01T", "10-11T")
    assert level("price: {amount: 31, per: 1}", life="start: 2026-10-11", usage=usage)[1] == "152.00"


def test_tiers_included_units_and_packages_of_a_level_count_seats() -> None:
    """8.129…: 5 × 10 + 3.129 × 1 = 53.13; 8 are included: 0.129 × 31 = 4; packages of 3: 3; rounded up 9."""
    assert (
        level("price: {model: graduated, per: 1, tiers: [{up_to: 5, amount: 10}, {amount: 1}]}")[1] == "53.13"
    )
    assert level("price: {amount: 31, per: 1}", "included: 8")[1] == "4.00"
    assert level("price: {model: package, size: 3, amount: 1}")[1] == "3.00"
    assert level("convert: {round: up}, price: {amount: 1, per: 1}")[1] == "9.00"
    assert (
        level(
            "price: {model: graduated, per: 1, tiers: [{up_to: 8, amount: 0, flat: 5}, {amount: 0, flat: 7}]}"
        )[1]
        == "12.00"
    )


# Included units


def spread(included: str, *totals: str, each: bool = False) -> list[str]:
    found = spread_included(Included(Decimal(included), each, ""), [Decimal(total) for total in totals])
    return [plain(part) for part in found]


@pytest.mark.parametrize(
    ("included", "totals", "parts"),
    [
        ("100", ["300", "100"], ["75", "25"]),
        (
            "101",
            ["300", "100"],
            ["76", "25"],
        ),  # 75.75 and 25.25: whole units, and one to the larger remainder
        ("0.1", ["0.5", "0.25"], ["0.07", "0.03"]),  # 0.0667 and 0.0333 in steps of 0.01
        ("1", ["3", "3"], ["1", "0"]),
        ("400", ["300", "100"], ["300", "100"]),
        ("500", ["300", "100"], ["300", "100"]),
        ("0", ["300", "100"], ["0", "0"]),
        ("500", ["300"], ["500"]),
        ("5", ["0", "10"], ["0", "5"]),
    ],
)
def test_f67_included_units_are_spread_by_billable_units(
    included: str, totals: list[str], parts: list[str]
) -> None:
    assert spread(included, *totals) == parts


def test_f68_each_pool_may_have_them_all() -> None:
    assert spread("100", "300", "50", each=True) == ["100", "100"]
    assert lines("pool_by: [chain], price: {amount: 1, per: 1}", USAGE, "included: 100") == [
        "200.00",
        "total 200.00",
    ]
    assert lines(
        "pool_by: [chain], price: {amount: 1, per: 1}", USAGE, "included: 100, included_each: true"
    ) == [
        "100.00",
        "total 100.00",
    ]


@given(st.decimals(0, 1000, places=3), st.lists(st.decimals(0, 500, places=2), min_size=1, max_size=6))
def test_f67_no_more_is_free_than_is_included_nor_than_was_used(
    units: Decimal, totals: list[Decimal]
) -> None:
    with localcontext(EXACT):
        parts = spread_included(Included(units, each=False, pointer=""), totals)
        if len(totals) > 1:
            assert sum(parts) == min(units, sum(totals))
            assert all(0 <= part <= total for part, total in zip(parts, totals, strict=True))


def test_included_units_are_deducted_before_tiers() -> None:
    """300 − 50 = 250 units: 100 × 1 + 150 × 0.5."""
    assert lines(f"price: {STEPS}", USAGE, "included: 50") == ["175.00", "total 175.00"]


def test_included_units_are_used_from_the_beginning_of_the_period() -> None:
    """50 before the cut are free, so are 50 after it; 50 remain at the new price."""
    rule = "price: {per: 1, versions: [{amount: 1}, {from: 2026-10-15, amount: 9}]}"
    usage = "requests 2026-10-05T00:00:00Z o1 50 chain=eth\nrequests 2026-10-20T00:00:00Z o1 100 chain=eth"
    assert lines(rule, usage, "included: 100") == ["450.00", "total 450.00"]


def test_included_units_are_billable_ones() -> None:
    """300 units are 3 hundreds; 1 hundred is included."""
    assert lines("convert: {divide_by: 100}, price: {amount: 7, per: 1}", USAGE, "included: 1") == [
        "14.00",
        "total 14.00",
    ]


def test_lago_prorated_included_units_are_those_of_the_part() -> None:
    """From 16 October on 16 of 31 days: 51.612903 of 100 units are free."""
    text = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-10-16,
         charges: [{rating: rpc, included: 100, prorate_included: days}]}
"""
    (opening, period) = bill(text, "2026-10", "requests 2026-10-20T00:00:00Z o1 100").outcomes
    assert (opening.status, opening.document) == ("nothing_to_bill", None)
    assert period.document is not None
    assert period.document["total"] == "48.39"
