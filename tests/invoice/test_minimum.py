"""A plan's minimum: what counts towards it, its share of a part of a period, and how it is filled up."""

import pytest

from tests.builders import bill


def invoice(
    minimum: str, quantity: int = 300, contract: str = "start: 2026-01-01", more: str = ""
) -> list[str]:
    run = bill(
        f"""
rating: {{rpc: {{meter: requests, price: {{amount: 1, per: 1}}}}, eg: {{meter: egress, price: {{amount: 1, per: 1}}}}}}
plans:
  pro:
    name: Pro
    fees: [{{id: base, name: B, amount: 50, prorate: none}}]
    charges: [{{rating: rpc}}, {{rating: eg}}]
    minimum: {{{minimum}}}
specs: {{global: {{time_zone: UTC, currency: USD, {more}}}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: global, plan: pro, {contract}}}
""",
        "2026-11",
        f"requests 2026-11-20T00:00:00Z o1 {quantity} chain=eth\negress 2026-11-20T00:00:00Z o1 100 chain=eth",
    )
    return [line for line in run.invoices()[-1] if line.startswith(("minimum", "tax", "total"))]


@pytest.mark.parametrize(
    ("applies_to", "filled"),
    [
        ("usage", "600.00"),
        ("usage, fee", "550.00"),
        ("fee", "950.00"),
        ("rpc", "700.00"),
        ("rpc, base", "650.00"),
    ],
)
def test_f65_only_what_is_named_counts(applies_to: str, filled: str) -> None:
    assert invoice(f"amount: 1000, applies_to: [{applies_to}]")[0] == f"minimum minimum {filled}"


def test_f65_nothing_is_filled_up_when_it_is_reached() -> None:
    assert invoice("amount: 400, applies_to: [usage]") == ["total 450.00"]
    assert invoice("amount: 399.99, applies_to: [usage]") == ["total 450.00"]


@pytest.mark.parametrize(("prorate", "total"), [("days", "total 550.00"), ("none", "total 1050.00")])
def test_f65_a_part_of_a_period_has_its_part_of_the_minimum(prorate: str, total: str) -> None:
    """15 of 30 days: 500 are to be reached by 400 of usage, then 50 of fee come on top."""
    minimum = f"amount: 1000, applies_to: [usage], prorate: {prorate}"
    assert invoice(minimum, contract="start: 2026-11-16")[-1] == total


def test_f65_the_minimum_is_taxed() -> None:
    assert invoice("amount: 1000, applies_to: [usage]", more="tax: {name: VAT, percent: 10}") == [
        "minimum minimum 600.00",
        "tax tax 105.00",
        "total 1155.00",
    ]


def test_contract_discounts_count_before_it_is_filled_up() -> None:
    """400 − 10 % = 360."""
    contract = "start: 2026-01-01, discounts: [{percent: 10, applies_to: [usage]}]"
    assert invoice("amount: 1000, applies_to: [usage]", contract=contract)[0] == "minimum minimum 640.00"


def test_a_discount_of_what_does_not_count_changes_nothing() -> None:
    contract = "start: 2026-01-01, discounts: [{percent: 10, applies_to: [fee]}]"
    assert invoice("amount: 1000, applies_to: [usage]", contract=contract)[0] == "minimum minimum 600.00"


def test_a_discount_over_several_is_shared_among_them() -> None:
    """10 % of 300 + 100 + 50 is 45.00: 30 of it are of rpc, which counts 270."""
    contract = "start: 2026-01-01, discounts: [{percent: 10, applies_to: [usage, fee]}]"
    assert invoice("amount: 1000, applies_to: [rpc]", contract=contract)[0] == "minimum minimum 730.00"


def test_flexprice_a_change_of_price_does_not_fill_up_twice() -> None:
    """Flexprice 3a9196387: the line is split by a price change, the shortfall is one."""
    run = bill(
        """
rating: {rpc: {meter: requests, price: {per: 1, versions: [{amount: 1}, {from: 2026-10-15, amount: 2}]}}}
plans: {pro: {name: Pro, charges: [{rating: rpc}], minimum: {amount: 1000, applies_to: [usage]}}}
contracts: {acme: {org: o1, type: metered, spec: global, plan: pro, start: 2026-01-01}}
""",
        "2026-10",
        "requests 2026-10-05T00:00:00Z o1 100\nrequests 2026-10-20T00:00:00Z o1 100",
    )
    assert run.invoices() == [["usage rpc 300.00", "minimum minimum 700.00", "total 1000.00"]]


def test_a_minimum_without_any_usage_is_an_invoice() -> None:
    """F93: zero usage is still an invoice where something is promised."""
    text = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
plans: {pro: {name: Pro, charges: [{rating: rpc}], minimum: {amount: 20, applies_to: [usage]}}}
contracts: {acme: {org: o1, type: metered, spec: global, plan: pro, start: 2026-01-01}}
"""
    assert bill(text, "2026-10").invoices() == [["minimum minimum 20.00", "total 20.00"]]


def test_a_minimum_in_another_currency_is_converted_and_rounded_once() -> None:
    """1000 USD × 15/30 / 1.17 = 427.350… EUR, less 0 of usage."""
    text = """
rating: {rpc: {meter: requests, price: free}}
plans: {pro: {name: Pro, charges: [{rating: rpc}], minimum: {amount: 1000, applies_to: [usage]}}}
specs: {eu: {time_zone: UTC, currency: EUR, fx: {source: ecb}}}
contracts: {acme: {org: o1, type: metered, spec: eu, plan: pro, start: 2026-11-16}}
"""
    run = bill(text, "2026-11", rates="2026-11-30,ecb,EUR/USD,1.17")
    assert run.invoices() == [["minimum minimum 427.35", "total 427.35"]]


def test_a_minimum_in_another_currency_is_prorated_and_converted() -> None:
    """15 of November's 30 days of 100 USD, at 2 USD for a EUR, are 25.00 EUR; 10.00 are used."""
    text = """
rating: {rpc: {meter: requests, price: {amount: {EUR: 1}, per: 1}}}
plans:
  pro: {name: Pro, currency: USD, charges: [{rating: rpc}], minimum: {amount: 100, applies_to: [usage]}}
specs: {global: {time_zone: UTC, currency: EUR, fx: {source: ecb}}}
contracts: {acme: {org: o1, type: metered, spec: global, plan: pro, start: 2026-11-16}}
"""
    run = bill(
        text, "2026-11", "requests 2026-11-20T00:00:00Z o1 10 chain=eth", rates="2026-11-27,ecb,EUR/USD,2"
    )
    (minimum,) = [line for line in run.invoice["lines"] if line["kind"] == "minimum"]
    assert (minimum["description"], minimum["amount"]) == ("Minimum", "15.00")
