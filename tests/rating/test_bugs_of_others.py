"""What other engines got wrong about prices: each by the number of its thread (billing pitfalls 4.4 and 4.5)."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import bill


def invoice(rule: str, usage: str, terms: str = "", currency: str = "USD") -> dict[str, Any]:
    """Bill quantities of October, each of a chain, as in `100 eth`."""
    rows = []
    for row in filter(None, map(str.strip, usage.split(","))):
        quantity, chain = row.split()
        rows.append(f"payments 2026-10-05T00:00:00Z o1 {quantity} chain={chain}")
    text = f"""
book: {{currency: {currency}}}
meters:
  payments: {{source: raw, aggregate: sum, value: level, unit: {currency}, dimensions: [chain]}}
specs:
  here: {{time_zone: UTC, currency: {currency}}}
rating:
  fee: {{meter: payments, {rule}}}
contracts:
  acme: {{org: o1, type: metered, spec: here, start: 2026-01-01, charges: [{{rating: fee, {terms}}}]}}
"""
    return bill(text, "2026-10", "\n".join(rows)).invoice


def amounts(of: dict[str, Any]) -> list[str]:
    return [line["amount"] for line in of["lines"]]


def test_eight_lines_of_a_cent_and_four_tenths_are_eleven_cents_and_not_eight() -> None:
    usage = ", ".join(f"1 chain{number}" for number in range(8))
    of = invoice("lines_by: [chain], price: {amount: 0.014, per: 1}", usage)
    assert (of["total"], sorted(amounts(of))) == ("0.11", ["0.01"] * 5 + ["0.02"] * 3)


def test_lago_3174_a_price_is_never_a_float() -> None:
    """0.029 × 5 is 0.145, a tie that is rounded up; a float may be a little less than that."""
    assert invoice("price: {amount: 0.029, per: 1}", "4 eth")["total"] == "0.12"
    assert invoice("price: {amount: 0.029, per: 1}", "5 eth")["total"] == "0.15"


def test_lago_5024_no_residue_is_left_between_lines_and_total() -> None:
    usage = ", ".join(f"{number}.333333 chain{number}" for number in range(1, 30))
    of = invoice("lines_by: [chain], price: {amount: 0.1, per: 3}", usage)
    assert sum(map(Decimal, amounts(of))) == Decimal(of["total"])


@pytest.mark.parametrize(
    "price",
    [
        "{model: flat, amount: 7, flat_at_zero: true}",
        "{model: graduated_percentage, flat_at_zero: true, tiers: [{percent: 3, flat: 7}]}",
        "{model: graduated, per: 1, flat_at_zero: true, tiers: [{up_to: 10, amount: 1, flat: 7}, {amount: 1}]}",
    ],
)
def test_lago_5287_nothing_is_divided_by_a_quantity_of_zero(price: str) -> None:
    of = invoice(f"lines_by: [chain], price: {price}", "0 eth, 0 sol")
    assert amounts(of) == ["3.50", "3.50"]


def test_flexprice_793_what_is_beyond_the_included_units_begins_in_the_first_tier() -> None:
    """250 less 100 included: 100 × 1, then 50 × 0.5."""
    tiers = "tiers: [{up_to: 100, amount: 1}, {amount: 0.5}]"
    of = invoice(f"price: {{model: graduated, per: 1, {tiers}}}", "250 eth", "included: 100")
    assert of["total"] == "125.00"


def test_flexprice_df2bf8a40_a_yen_has_no_hundredths() -> None:
    """2.5 % of 1,999 yen is 49.975; a fee of 10 yen is no tenth of one."""
    of = invoice("price: {model: percentage, percent: 2.5, fixed: 10}", "1999 eth", currency="JPY")
    assert (of["total"], amounts(of)) == ("60", ["60"])


def test_flexprice_2456_a_price_has_all_its_decimals() -> None:
    assert invoice("price: {amount: 0.000000000125, per: 1}", "8000000000 eth")["total"] == "1.00"


def test_lago_325_a_price_in_forint_has_more_decimals_than_an_amount() -> None:
    """0.0125 × 100 = 1.25; where forints are paid in whole ones is a sink's business, not the price's."""
    assert invoice("price: {amount: 0.0125, per: 1}", "100 eth", currency="HUF")["total"] == "1.25"


def test_flexprice_27afd2777_what_is_given_back_is_not_cut_to_nothing() -> None:
    """100 less 40: the refund's line is below zero, and together they are 3 % of 60."""
    of = invoice("lines_by: [chain], price: {model: percentage, percent: 3}", "100 eth, -40 sol")
    assert (of["total"], amounts(of)) == ("1.80", ["3.00", "-1.20"])
