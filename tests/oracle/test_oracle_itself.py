"""The oracle on examples whose numbers were worked out by hand: rounding, prices, included units, lines.

The letters and numbers in names are those of the list of billing pitfalls.
"""

import ast
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.oracle.examples import amounts, book, money, only, rate, usage_total, used
from tests.oracle.money import divide_up, round_to

CENT = Fraction("0.01")
OCTOBER = {"start": date(2026, 10, 1), "charges": [{"rating": "api"}]}
PER_UNIT = {"amount": 1, "per": 1}
GRADUATED = {
    "model": "graduated",
    "per": 1,
    "tiers": [{"up_to": 1000, "amount": Decimal("0.010")}, {"amount": Decimal("0.008")}],
}


def test_a1_what_is_printed_adds_up() -> None:
    """3 × 10.005 is 30.015, once rounded 30.02: lines of 10.01, 10.01 and 10.00. Three charges round three times."""
    split = rate(
        book(OCTOBER, rule={"lines_by": ["chain"], "price": PER_UNIT}),
        [used("10.005", chain=chain) for chain in ("a", "b", "c")],
    )
    assert amounts(only(split)) == money("10.01", "10.01", "10.00")
    assert only(split)["total"] == Fraction("30.02")
    assert 3 * round_to(Fraction("10.005"), CENT, "half_up") == Fraction("30.03")


def test_a2_tax_is_rounded_on_the_sum_or_on_each_line() -> None:
    """20 % of 0.33, 0.33 and 0.34: each 0.066, 0.066, 0.068 → 0.07, three times 0.21; of their sum 1.00 it is 0.20."""
    fees = [
        {"id": f"f{n}", "name": "fee", "amount": Decimal(amount)}
        for n, amount in enumerate(("0.33", "0.33", "0.34"))
    ]
    for round_on, expected in (("line", "0.21"), ("rate_group", "0.20")):
        tax = {"name": "VAT", "round_on": round_on, "versions": [{"percent": 20}]}
        invoice = only(rate(book({"start": date(2026, 10, 1), "fees": fees}, spec={"tax": tax})))
        assert (invoice["subtotal"], invoice["tax"]) == (1, Fraction(expected))
        assert invoice["total"] == 1 + Fraction(expected)


def test_a3_a_hundred_in_three_and_its_mirror() -> None:
    third = Fraction(100, 3)
    assert divide_up(Fraction(100), [third] * 3, CENT) == money("33.34", "33.33", "33.33")
    assert divide_up(Fraction(-100), [-third] * 3, CENT) == money("-33.34", "-33.33", "-33.33")


def test_a4_the_alabama_paradox_is_that_of_largest_remainder() -> None:
    """Weights 6 : 6 : 2. Of 10 they have 4.29, 4.29, 1.43 → 4, 4, 2; of 11, 4.71, 4.71, 1.57 → 5, 5, 1."""
    for total, expected in ((10, [4, 4, 2]), (11, [5, 5, 1])):
        shares = [Fraction(total * weight, 14) for weight in (6, 6, 2)]
        assert divide_up(Fraction(total), shares, Fraction(1)) == expected


def test_a5_rounding_modes_mirror_at_zero() -> None:
    cases: list[tuple[str, str, str]] = [
        ("half_up", "2.665", "2.67"),
        ("half_up", "-2.665", "-2.67"),
        ("half_even", "2.665", "2.66"),
        ("half_even", "2.675", "2.68"),
        ("up", "2.661", "2.67"),
        ("up", "-2.661", "-2.67"),
        ("down", "2.669", "2.66"),
        ("down", "-2.669", "-2.66"),
    ]
    for mode, exact, expected in cases:
        assert round_to(Fraction(exact), CENT, mode) == Fraction(expected), (mode, exact)


def test_a6_a_million_small_events_are_rounded_once() -> None:
    """1,000,000 at 0.0000012 each are 1.20; any one of them alone rounds to nothing."""
    price = {"amount": Decimal("0.0000012"), "per": 1}
    assert usage_total(price, ["999999", "1"]) == Fraction("1.20")


def test_f60_a_bound_belongs_to_the_lower_tier() -> None:
    """1000 × 0.010 = 10.00; 1001 → 10.008; 1000.5 → 10.004: rounded 10.01 and 10.00."""
    assert usage_total(GRADUATED, ["1000"]) == 10
    assert usage_total(GRADUATED, ["1001"]) == Fraction("10.01")
    assert usage_total(GRADUATED, ["1000.5"]) == 10
    assert (
        usage_total({**GRADUATED, "tiers": [{"up_to": 1000, "amount": 10}, {"amount": 8}]}, ["1000.5"])
        == 10_004
    )


def test_f60_a_flat_is_due_once_its_tier_is_entered() -> None:
    """Flats 5 and 7: nothing at 0; 5 for the least usage; 1000 enters only the first tier, 1001 both."""
    tiers = [{"up_to": 1000, "amount": 0, "flat": 5}, {"amount": 0, "flat": 7}]
    price = {"model": "graduated", "per": 1, "tiers": tiers}
    assert usage_total(price, []) == 0
    assert usage_total(price, ["0.000001"]) == 5
    assert usage_total(price, ["1000"]) == 5
    assert usage_total(price, ["1001"]) == 12
    assert usage_total({**price, "flat_at_zero": True}, []) == 5
    assert usage_total({**price, "flat_at_zero": True}, ["1"]) == 5


def test_f61_the_cliff_of_volume_prices() -> None:
    """All of 1000 at 0.01 are 10.00; all of 1001 at 0.008 are 8.008 → 8.01, less than before."""
    price = {**GRADUATED, "model": "volume"}
    assert usage_total(price, ["1000"]) == 10
    assert usage_total(price, ["1001"]) == Fraction("8.01")
    assert usage_total(price, ["600", "401"]) == Fraction("8.01")


def test_f62_started_packages() -> None:
    price = {"model": "package", "size": 1000, "amount": 3}
    assert usage_total(price, []) == 0
    assert usage_total(price, ["1000"]) == 3
    assert usage_total(price, ["1000", "1"]) == 6
    assert usage_total({**price, "size": Decimal("0.1")}, ["0.3"]) == 9


def test_f63_pools_have_ladders_of_their_own() -> None:
    """1000 units on each of two chains: one ladder enters its second tier (18.00), two ladders do not (20.00)."""
    events = [used("1000", chain=chain) for chain in ("a", "b")]
    for pool_by, expected in (([], 18), (["chain"], 20)):
        invoice = only(rate(book(OCTOBER, rule={"pool_by": pool_by, "price": GRADUATED}), events))
        assert invoice["total"] == expected


def test_included_units_are_spread_by_billable_units() -> None:
    """5 are included, 7 are used: 3, 3 and 1 in three pools.

    Shares 15/7, 15/7, 5/7 = 2.14, 2.14, 0.71 in whole steps 2, 2, 0 and the last to the largest
    remainder, 0.71: 2, 2, 1. Left to pay 1, 1, 0 at 1 each. With `included_each` nobody pays.
    """
    events = [used("3", chain="a"), used("3", chain="b"), used("1", chain="c")]
    rule = {"pool_by": ["chain"], "lines_by": ["chain"], "price": PER_UNIT}
    for each, expected in ((False, ["1", "1", "0"]), (True, ["0", "0", "0"])):
        charges = [{"rating": "api", "included": 5, "included_each": each}]
        assert amounts(only(rate(book({**OCTOBER, "charges": charges}, rule=rule), events))) == money(
            *expected
        )


def test_included_units_are_spread_in_steps_of_what_was_measured() -> None:
    """3 and 5 units in fours, 0.75 and 1.25 of one, and 1 included, that is 4 before conversion.

    Their shares are 1.5 and 2.5 of the 4, in whole steps 1 and 2, and the last to the first: 2 and 2. Left to pay are
    1 and 3, that is 0.25 and 0.75 at 1 each. Rounded up they are 1 and 2, with shares of 1/3 and 2/3 of one: 0 and 1.
    """
    events = [used("3", chain="a"), used("5", chain="b")]
    for rounding, expected in (("none", ["0.25", "0.75"]), ("up", ["1", "1"])):
        rule = {"pool_by": ["chain"], "lines_by": ["chain"], "price": PER_UNIT}
        rule["convert"] = {"divide_by": 4, "round": rounding}
        charges = [{"rating": "api", "included": 1}]
        assert amounts(only(rate(book({**OCTOBER, "charges": charges}, rule=rule), events))) == money(
            *expected
        )


def test_included_units_of_levels_are_spread_by_the_microsecond() -> None:
    """Three levels of 1 for all of October, 1 included: a third each, as its microseconds are divisible by three.

    2/3 of one at 1 each are left to pay, together 2.00: 0.67, 0.67, 0.66.
    """
    events = [used("1", "2026-10-01T00:00:00+00:00", chain=chain) for chain in ("a", "b", "c")]
    rule = {"pool_by": ["chain"], "lines_by": ["chain"], "price": PER_UNIT}
    contract = {**OCTOBER, "charges": [{"rating": "api", "included": 1}]}
    of = book(contract, rule=rule, meter={"aggregate": "time_weighted_sum"})
    assert amounts(only(rate(of, events))) == money("0.67", "0.67", "0.66")


def test_lines_divide_the_rounded_amount_in_proportion() -> None:
    """0.95, 0.10 and 0.06 yen are 1.11, rounded up 2: quotas 1.71, 0.18 and 0.11, so the first has both yen.

    Shares of nothing divide evenly: 0.05 among three is 0.02, 0.02 and 0.01.
    """
    of = {"lines_by": ["chain"], "price": PER_UNIT}
    spec = {"currency": "JPY", "rounding": {"mode": "up"}}
    events = [used(units, chain=chain) for chain, units in zip("abc", ("0.95", "0.10", "0.06"), strict=True)]
    contract = {**OCTOBER, "charges": [{"rating": "api", "price": PER_UNIT}]}
    assert amounts(only(rate(book(contract, rule=of, spec=spec), events))) == [2, 0, 0]
    assert divide_up(Fraction("0.05"), [Fraction(0)] * 3, CENT) == money("0.02", "0.02", "0.01")


def test_included_units_of_a_part_of_a_period() -> None:
    """From 17 October 15 of 31 days: 100 × 15/31 = 48.387097 (six decimals); of 50 units 1.612903 are paid at 100."""
    charges = [{"rating": "api", "included": 100, "prorate_included": "days"}]
    of = book({"start": date(2026, 10, 17), "charges": charges}, rule={"price": {"amount": 100, "per": 1}})
    assert only(rate(of, [used("50", "2026-10-20T00:00:00+00:00")]))["total"] == Fraction("161.29")


def test_conversion_rounds_once_over_the_period() -> None:
    """1.5 + 1.5 units in tens: 0.3 of one; up it is 1, half up 0, not rounded 0.3 at 10 each."""
    for rounding, expected in (("up", 10), ("half_up", 0), ("down", 0), ("none", 3)):
        convert = {"divide_by": 10, "round": rounding}
        assert usage_total({"amount": 10, "per": 1}, ["1.5", "1.5"], convert=convert) == expected


def test_a_gibibyte_is_no_gigabyte() -> None:
    """B20: 10^12 bytes are 931.3225746… GiB, at 1 each 931.32, and 1000 GB."""
    for unit, expected in (("GiB", "931.32"), ("GB", "1000")):
        rule: dict[str, Any] = {"price": PER_UNIT, "convert": {"to": unit}}
        of = book(OCTOBER, rule=rule, meter={"unit": "byte"})
        assert only(rate(of, [used("1000000000000")]))["total"] == Fraction(expected)


def test_discount_maximum_and_minimum_are_differences_of_rounded_nets() -> None:
    """Gross 100.005 → 100.01; less 10 % 90.0045 → 90.00; at most 50.50; at least 60."""
    charge = {"rating": "api", "discount": {"percent": 10}, "maximum": Decimal("50.50")}
    of = book({**OCTOBER, "charges": [charge]}, rule={"price": PER_UNIT})
    assert amounts(only(rate(of, [used("100.005")]))) == money("100.01", "-10.01", "-39.50")
    charge = {"rating": "api", "discount": {"percent": 10}, "minimum": 60}
    of = book({**OCTOBER, "charges": [charge]}, rule={"price": PER_UNIT})
    assert amounts(only(rate(of, [used("50.005")]))) == money("50.01", "-5.01", "15.00")
    assert amounts(only(rate(of))) == [60]


def test_a_matrix_goes_back_from_a_key_that_leads_nowhere() -> None:
    """a/x has its own cell, a/y only that of default/y (backtracking), b/z none: it is found, and not billed."""
    matrix = {
        "model": "matrix",
        "by": ["chain", "method"],
        "values": {"a": {"x": {"amount": 1, "per": 1}}, "default": {"y": {"amount": 10, "per": 1}}},
    }
    events = [
        used("1", chain="a", method="x"),
        used("1", chain="a", method="y"),
        used("1", chain=None, method="y"),
        used("1", chain="b", method="z"),
    ]
    result = rate(book(OCTOBER, rule={"price": matrix}), events)
    assert only(result)["total"] == 21
    assert dict(result.findings) == {("no_matrix_cell", "acme", "api"): 1}


def test_multipliers_scale_quantity() -> None:
    """2 units × 26 × 0.5 at 1 each are 26.00; a method without a factor is found."""
    multipliers = {
        "weights": {"by": ["method"], "values": {"eth_call": 26}},
        "halves": {"by": ["chain"], "values": {"default": Decimal("0.5")}},
    }
    rule = {"multiply_by": ["weights", "halves"], "price": PER_UNIT}
    events = [used("2", method="eth_call"), used("5", method="other")]
    result = rate(book(OCTOBER, rule=rule, multipliers=multipliers), events)
    (line,) = only(result)["lines"]
    assert (line["quantity"], line["billable"], line["amount"]) == (2, 26, 26)
    assert dict(result.findings) == {("no_multiplier", "acme", "api"): 1}


def test_blocked_and_free_prices() -> None:
    """Blocked: the 2 units beyond 3 included are found, not billed. Free: neither."""
    for price, found in (("blocked", {("blocked", "acme", "api"): 1}), ("free", {})):
        charges = [{"rating": "api", "included": 3, "price": price}]
        result = rate(book({**OCTOBER, "charges": charges}), [used("5")])
        assert only(result)["total"] == 0
        assert dict(result.findings) == found


def test_the_oracle_shares_no_code_with_the_engine() -> None:
    """Only what runs the engine may know it."""
    folder = Path(__file__).parent
    knows = {path.name for path in folder.glob("*.py") if "ratebook" in imported(path)}
    assert knows == {"engine.py", "memory_source.py"}
    assert imported(folder / "bill.py") == {"collections", "dataclasses", "tests", "typing"}


def imported(path: Path) -> set[str]:
    """The packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found
