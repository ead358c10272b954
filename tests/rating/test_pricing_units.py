"""Amounts in a pricing unit: which money they become and when, and what lines say of it."""

from typing import Any

import pytest

from tests.builders import Billed, bill

VERSIONS = "versions: [{value: {USD: 0.01}}, {from: 2026-10-15, value: {USD: 0.02, EUR: 0.011}}]"
RATES = "2026-10-30,ecb,EUR/USD,1.25"


def billed(
    rule: str, usage: str, more: str = "", *, currency: str = "USD", versions: str = VERSIONS
) -> Billed:
    """Bill quantities of October, each with its day and chain, as in `100 05 eth`."""
    rows = []
    for row in filter(None, map(str.strip, usage.split(","))):
        quantity, day, chain = row.split()
        rows.append(f"requests 2026-10-{day}T00:00:00Z o1 {quantity} chain={chain}")
    text = f"""
book: {{pricing_units: {{credit: {{name: Credits, {versions}}}}}}}
specs:
  world: {{time_zone: UTC, currency: {currency}, fx: {{source: ecb}}}}
rating:
  rpc: {{meter: requests, {rule}}}
contracts:
  acme: {{org: o1, type: metered, spec: world, start: 2026-01-01, charges: [{{rating: rpc}}], {more}}}
"""
    return bill(text, "2026-10", "\n".join(rows), rates=RATES)


def lines(of: Billed) -> list[tuple[str, Any]]:
    return [(line["amount"], line.get("pricing")) for line in of.invoice["lines"]]


def in_credits(amount: str) -> dict[str, str]:
    return {"unit": "credit", "amount": amount}


def test_a_change_of_the_value_splits_usage_as_a_change_of_the_price_does() -> None:
    """100 × 3 × 0.01, then 100 × 3 × 0.02."""
    of = billed("price: {amount: {credit: 3}, per: 1}", "100 05 eth, 100 20 eth")
    assert lines(of) == [("9.00", in_credits("600"))]


def test_positions_carry_on_where_the_value_changes() -> None:
    """60 × 1 credit, 40 × 1, then 20 × 0.5: 0.60 + 0.80 + 0.20."""
    price = "price: {model: graduated, per: 1, tiers: [{up_to: 100, amount: {credit: 1}}, {amount: {credit: 0.5}}]}"
    of = billed(price, "60 05 eth, 60 20 eth")
    assert lines(of) == [("1.60", in_credits("110"))]


def test_the_value_in_the_invoices_currency_goes_first_then_the_home_currency_at_the_exchange_rate() -> None:
    """100 × 0.01 USD at 1 / 1.25, and 100 × 0.011 EUR."""
    of = billed("price: {amount: {credit: 1}, per: 1}", "100 05 eth, 100 20 eth", currency="EUR")
    assert lines(of) == [("1.90", in_credits("200"))]
    assert [quote["pair"] for quote in of.invoice["fx"]] == ["EUR/USD"]


def test_each_line_says_its_exact_share() -> None:
    """A third of a credit each: 100 × 1/3 × 0.01 and 200 × 1/3 × 0.01 are 1.00 together."""
    of = billed("lines_by: [chain], price: {amount: {credit: 1}, per: 3}", "100 05 eth, 200 05 sol")
    assert lines(of) == [("0.33", in_credits("33.333333333333")), ("0.67", in_credits("66.666666666667"))]


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("{model: flat, amount: {credit: 250}}", [("2.50", in_credits("250"))]),
        ("{model: package, size: 60, amount: {credit: 20}}", [("0.40", in_credits("40"))]),
        ("{model: volume, per: 1, tiers: [{up_to: 99, amount: {credit: 9}}, {amount: {credit: 2}, flat: {credit: 1}}]}",
         [("2.01", in_credits("201"))]),
        ("{model: matrix, by: [chain], values: {eth: {amount: {credit: 5}, per: 1}, default: free}}",
         [("5.00", in_credits("500"))]),
        ("{model: matrix, by: [chain], values: {eth: {amount: {credit: 5}, per: 1}, default: {amount: 1, per: 1}}}",
         [("5.00", None)]),
    ],
)  # fmt: skip
def test_every_model_may_be_in_a_unit(price: str, expected: list[tuple[str, Any]]) -> None:
    """100 requests at 0.01 a credit; where some prices are in money the lines do not speak of credits."""
    assert lines(billed(f"price: {price}", "100 05 eth")) == expected


def test_before_a_unit_has_a_value_its_prices_are_blocked() -> None:
    of = billed(
        "price: {amount: {credit: 1}, per: 1}",
        "100 05 eth, 100 20 eth",
        versions="versions: [{from: 2026-10-15, value: 0.02}]",
    )
    assert of.invoices() == [["usage rpc 2.00", "total 2.00"]]
    assert [one.code for one in of.findings] == ["RB506"]


def test_fees_and_bounds_take_the_value_of_their_periods_start() -> None:
    """A fee in arrears began on the 1st at 0.01, one in advance begins on 1 November at 0.02; the minimum is 0.01's."""
    text = f"""
book: {{pricing_units: {{credit: {{name: Credits, {VERSIONS}}}}}}}
rating:
  rpc: {{meter: requests, price: {{amount: {{credit: 1}}, per: 1}}}}
plans:
  pro:
    name: Pro
    fees:
      - {{id: before, name: Base, amount: {{credit: 100}}}}
      - {{id: ahead, name: Base, amount: {{credit: 100}}, bill: in_advance}}
    charges: [{{rating: rpc, minimum: {{credit: 300}}}}]
    minimum: {{amount: {{credit: 1000}}, applies_to: [usage]}}
contracts:
  acme: {{org: o1, type: hybrid, spec: global, plan: pro, start: 2026-01-01}}
"""
    of = bill(text, "2026-10", "requests 2026-10-20T00:00:00Z o1 10 chain=eth")
    assert of.invoices() == [
        [
            "fee before 1.00",
            "fee ahead 2.00",
            "usage rpc 0.20",
            "minimum rpc 2.80",
            "minimum minimum 7.00",
            "total 13.00",
        ]
    ]


def test_a_balance_takes_the_value_at_its_beginning() -> None:
    """1,000 credits from 1 October at 0.01 are 10.00, and pay 2 of the 20.00 of a price in money."""
    of = billed(
        "price: {amount: 0.1, per: 1}",
        "200 20 eth",
        "credits: [{id: welcome, amount: {credit: 1000}, from: 2026-10-01, applies_to: [usage]}], "
        "discounts: [{amount: {credit: 100}, applies_to: [usage], from: 2026-10-16}]",
    )
    assert of.invoices()[0][1:] == ["discount discount-1 -2.00", "credit welcome -10.00", "total 8.00"]


def test_an_invoice_in_a_third_currency_takes_the_value_in_the_books() -> None:
    """A credit is worth USD 1 or EUR 0.333, and USD 1 is JPY 150: 2 credits are 300, 6 are 900, at most 5 are 750."""
    text = """
book: {pricing_units: {credit: {name: C, value: {EUR: 0.333, USD: 1}}}}
specs: {japan: {time_zone: UTC, currency: JPY, fx: {source: bank}}}
contracts:
  acme: {org: o1, type: hybrid, spec: japan, start: 2026-01-01,
         fees: [{id: f, name: F, amount: {credit: 2}}],
         charges: [{rating: rpc, price: {amount: {credit: 3}, per: 1}, maximum: {credit: 5}}]}
rating: {rpc: {meter: requests, price: free}}
"""
    rates = "2026-10-30,bank,USD/JPY,150\n2026-10-30,bank,EUR/JPY,999"
    of = bill(text, "2026-10", "requests 2026-10-05T00:00:00Z o1 2", rates=rates)
    assert [(line["kind"], line["amount"]) for line in of.invoice["lines"]] == [
        ("fee", "300"),
        ("usage", "900"),
        ("maximum", "-150"),
    ]
