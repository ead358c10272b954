"""Contracts and amounts of several currencies, as other engines mixed them up."""

from tests.book.small_book import check
from tests.builders import bill


def test_pitfall_e55_a_change_of_currency_is_a_new_contract_and_each_invoice_has_one() -> None:
    """3 requests at 2 USD, then 5 at 3 EUR."""
    text = """
rating: {rpc: {meter: requests, price: {amount: {USD: 2, EUR: 3}, per: 1}}}
contracts:
  a: {org: o1, type: metered, spec: global, start: 2026-01-01, end: 2026-10-15, charges: [{rating: rpc}]}
  b: {org: o1, type: metered, spec: global, currency: EUR, start: 2026-10-15, charges: [{rating: rpc}]}
"""
    usage = "requests 2026-10-05T00:00:00Z o1 3\nrequests 2026-10-20T00:00:00Z o1 5"
    documents = bill(text, "2026-10", usage).documents
    assert [(one["currency"], one["total"]) for one in documents] == [("USD", "6.00"), ("EUR", "15.00")]
    assert {line["currency"] for one in documents for line in one["lines"]} == {"USD", "EUR"}


def test_pitfall_i87_no_rate_is_made_of_two_others() -> None:
    """Dollars in euros and euros in lira are known; dollars in lira are not, and are not guessed."""
    text = """
specs: {turkey: {time_zone: Europe/Istanbul, currency: TRY, fx: {source: ecb}}}
contracts:
  anka: {org: o1, type: fixed, spec: turkey, start: 2026-01-01, price_fixed: {name: All, amount: {USD: 10}}}
"""
    run = bill(text, "2026-10", rates="2026-10-30,ecb,EUR/USD,1.16\n2026-10-30,ecb,EUR/TRY,48")
    assert [one.status for one in run.outcomes] == ["failed"]
    assert [one.code for one in run.findings] == ["RB508"]


def test_lago_5579_5665_a_credit_in_euros_pays_no_invoice_in_dollars() -> None:
    found = check(
        {"contracts/acme.yaml": {"plan: pro": "plan: pro\ncredits: [{id: gift, amount: {EUR: 10}}]"}}
    )
    assert found == [
        "contracts/acme.yaml:5:22 RB308 the amount is listed in EUR, and the invoice is in USD",
    ]
