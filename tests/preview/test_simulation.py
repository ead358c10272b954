"""A book over past months beside the book that it changes, worked out by hand.

A call costs 1, and then 2. Pro is 10 a month with 10 calls included, Lite 3 for each call; all is without the tax of
20 %. acme (Pro) makes 20 calls in September and 100 in October, bolt (Lite) 3 in October:

- acme was 10 + 10 × 1 = 20 and 10 + 90 × 1 = 100, and will be 10 + 10 × 2 = 30 and 10 + 90 × 2 = 190;
- bolt is 3 × 3 = 9 in October.
"""

from datetime import date

import pytest

from ratebook.preview.months import Months
from ratebook.preview.simulation_text import draw_simulation
from tests.builders import rate_table
from tests.preview.simulated import COSTS, DEARER, FILES, USAGE, edited, rows, simulate

LITE = "org: cara\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n"
CARA = (*USAGE, ("cara", "2026-10-08", "eth", 2))


def test_revenue_was_and_will_be_by_month_plan_and_contract() -> None:
    document = simulate(edited(DEARER), FILES)
    assert rows(document, "totals") == ["129.00 → 229.00"]
    assert rows(document, "by_month", "month") == ["2026-09 20.00 → 30.00", "2026-10 109.00 → 199.00"]
    assert rows(document, "by_plan", "plan") == ["lite 9.00 → 9.00", "pro 120.00 → 220.00"]
    assert rows(document, "by_contract", "contract") == ["acme 120.00 → 220.00", "bolt 9.00 → 9.00"]
    (total,) = document["totals"]
    assert (total["difference"], total["percent"], total["contracts"]) == ("100.00", "77.52", 2)
    assert (total["cost"], total["margin"], document["by_value"]) == (None, None, [])


def test_a_later_price_moves_nothing_unless_it_is_taken_to_hold_already() -> None:
    versions = "{per: 1, versions: [{amount: 1}, {from: 2026-12-01, amount: 2}]}"
    later = {"specs/rating/calls.yaml": ("{amount: 1, per: 1}", versions)}
    assert rows(simulate(edited(later), FILES), "totals") == ["129.00 → 129.00"]
    document = simulate(edited(later), FILES, day=date(2026, 12, 1))
    assert rows(document, "totals") == ["129.00 → 229.00"]
    assert draw_simulation(document).startswith("2026-09 to 2026-10, first → second, as if from 2026-12-01;")


def test_revenue_by_chain_shares_what_is_included_and_leaves_fees_to_no_chain() -> None:
    """September's 10 billed calls are 12 : 8 parts eth and sol; the fees of two months are of no chain."""
    document = simulate(edited(DEARER), FILES, by="chain")
    assert rows(document, "by_value", "value") == [
        "eth 96.00 → 192.00",
        "sol 13.00 → 17.00",
        "- 20.00 → 20.00",
    ]


def test_a_discount_of_a_charge_is_shared_over_its_chains_and_one_of_the_whole_is_not() -> None:
    """In September 10 is 6 + 4, less 10 % of the charge 5.40 + 3.60; then 50 % off fee and calls, which is 9.50."""
    cheap = {"plans/pro.yaml": ("included: 10", "included: 10, discount: {percent: 10}")}
    half = FILES["contracts/acme.yaml"] + "discounts: [{id: half, percent: 50, applies_to: [usage, fee]}]\n"
    document = simulate(edited(cheap, acme=half), months="2026-09", by="chain")
    assert rows(document, "by_value", "value") == ["eth 5.40", "sol 3.60", "- 0.50"]
    assert rows(document, "totals") == ["9.50"]


def test_margins_by_costs_of_chains_contracts_and_plans() -> None:
    """acme: 12 × 0.5 + 8 × 0.25 + 2 + 5 = 15 and 100 × 0.5 + 7 = 57; bolt: 2 and 3 × 0.25 + 2 = 2.75."""
    costs = edited(DEARER) | {"specs/costs.yaml": COSTS}
    document = simulate(costs, FILES, by="chain")
    assert rows(document, "by_month", "month") == [
        "2026-09 20.00 → 30.00, costs 17.00",
        "2026-10 109.00 → 199.00, costs 59.75",
    ]
    assert rows(document, "by_plan", "plan") == [
        "lite 9.00 → 9.00, costs 4.75",
        "pro 120.00 → 220.00, costs 72.00",
    ]
    assert rows(document, "by_value", "value") == [
        "eth 96.00 → 192.00, costs 56.00",
        "sol 13.00 → 17.00, costs 2.75",
        "- 20.00 → 20.00, costs 18.00",
    ]
    (total,) = document["totals"]
    assert total["cost"] == {"was": "76.75", "will_be": "76.75"}
    assert total["margin"] == {"was": "52.25", "will_be": "152.25"}


def test_several_costs_of_one_meter_add_up_and_hold_in_their_time() -> None:
    """100 calls by 0.1, and by 0.001 from October on, of which there are two costs: 10.00 and 0.20."""
    costs = (
        "usage:\n"
        "  one: {meter: calls, price: {per: 1, versions: [{amount: 0.1}, {from: 2026-10-01, amount: 0.001}]}}\n"
        "  two: {meter: calls, price: {per: 1, versions: [{amount: 0}, {from: 2026-10-01, amount: 0.001}]}}\n"
    )
    usage = (("acme", "2026-09-05", "eth", 100), ("acme", "2026-10-05", "eth", 100))
    document = simulate(FILES | {"specs/costs.yaml": costs}, usage=usage)
    assert [row["cost"]["will_be"] for row in document["by_month"]] == ["10.00", "0.20"]


def test_costs_of_what_a_contract_gives_away_and_of_fixed_prices_count_too() -> None:
    """In a trial nothing is billed, and 4 calls at 0.25 cost 1; a fixed price of 50 has costs of 12 × 0.25."""
    costs = {"specs/costs.yaml": "usage: {all: {meter: calls, price: {amount: 0.25, per: 1}}}\n"}
    new = "org: new\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-10-01\ntrial: {until: 2026-11-01}\n"
    fixed = "org: fixed\ntype: fixed\nspec: world\nstart: 2026-01-01\nprice_fixed: {name: All of it, amount: 50}\n"
    usage = (("new", "2026-10-02", "eth", 4), ("fixed", "2026-10-02", "eth", 12))
    document = simulate(edited({}, new=new, fixed=fixed) | costs, usage=usage, months="2026-10")
    found = rows(document, "by_contract", "contract")
    assert [row for row in found if "new" in row or "fixed" in row] == [
        "fixed 50.00, costs 3.00",
        "new 0.00, costs 1.00",
    ]


def test_costs_without_an_exchange_rate_are_left_out_and_named() -> None:
    costs = {"specs/costs.yaml": "currency: EUR\ncontract: 2\n"}
    document = simulate(FILES | costs, months="2026-10")
    assert [row["cost"]["will_be"] for row in document["totals"]] == ["0.00"]
    assert [(one["code"], one["of"], one["count"]) for one in document["findings"]] == [("RB508", "costs", 2)]
    example = "acme cannot be invoiced: no `fx` in the spec for EUR/USD on 2026-11-01"
    assert document["findings"][0]["example"] == example


def test_who_moves_by_how_much() -> None:
    """Acme moves by 100 / 120 = 83.33 %, bolt not at all; cara is only in the second book."""
    document = simulate(edited(DEARER, cara=LITE), FILES, usage=CARA)
    moved = [
        (one["direction"], one["over"], one["up_to"], one["contracts"], one["money"])
        for one in document["distribution"]
        if one["contracts"]
    ]
    assert moved == [
        ("same", None, None, 1, [{"currency": "USD", "difference": "0.00"}]),
        ("up", "50", None, 1, [{"currency": "USD", "difference": "100.00"}]),
        ("new", None, None, 1, [{"currency": "USD", "difference": "20.00"}]),
    ]


def test_a_contract_that_is_gone_brings_in_nothing_and_costs_nothing_any_longer() -> None:
    second = {**FILES, "specs/costs.yaml": COSTS}
    del second["contracts/bolt.yaml"]
    document = simulate(second, FILES)
    assert rows(document, "by_contract", "contract") == [
        "acme 120.00 → 120.00, costs 72.00",
        "bolt 9.00 → 0.00, costs 0.00",
    ]
    assert document["by_contract"][1]["cost"] == {"was": "4.75", "will_be": "0.00"}
    assert next(one for one in document["distribution"] if one["direction"] == "gone")["contracts"] == 1


def test_who_would_leave_a_plan_for_another() -> None:
    """Cara pays 10 + 10 on Pro for 2 calls, which are 6 on Lite; October's are cheaper there, and September's 0 too."""
    document = simulate(edited({}, cara=LITE), usage=CARA)
    assert document["cheaper_plans"] == [
        {
            "contract": "cara",
            "plan": "pro",
            "cheapest": "lite",
            "currency": "USD",
            "pays": "20.00",
            "would_pay": "6.00",
            "saves": "14.00",
            "months_cheaper": 2,
            "months": 2,
            "own_terms": [],
            "would_leave": True,
        }
    ]
    assert document["plan_changes"] == [
        {"from": "pro", "to": "lite", "currency": "USD", "contracts": 1, "saves": "14.00"}
    ]


def test_a_contract_with_terms_of_its_own_is_compared_with_the_plans_as_listed_and_flagged() -> None:
    own = LITE + "overrides: {base: {amount: 8}}\n"
    document = simulate(edited({}, cara=own), usage=CARA)
    (found,) = document["cheaper_plans"]
    assert (found["pays"], found["would_pay"], found["own_terms"]) == ("16.00", "6.00", ["overrides"])
    assert (found["would_leave"], document["plan_changes"]) == (False, [])


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ("name: Free\n", "no price for calls"),
        ("name: Free\ncharges: [{rating: calls, included: 1, price: blocked}]\n", "refuses one call of two"),
        ("name: Free\ncharges: [{rating: eth, price: free}]\n", "has a price for one chain only"),
    ],
)
def test_a_plan_that_does_not_bill_all_usage_is_no_offer(plan: str, why: str) -> None:
    files = edited({}, cara=LITE) | {
        "plans/free.yaml": plan,
        "specs/rating/eth.yaml": "meter: calls\nwhere: {chain: eth}\nprice: {amount: 1, per: 1}\ndescription: Eth\n",
    }
    usage = (*USAGE, ("cara", "2026-10-08", "eth", 2), ("cara", "2026-10-09", "sol", 1))
    document = simulate(files, usage=usage)
    found = [one["cheapest"] for one in document["cheaper_plans"] if one["contract"] == "cara"]
    assert found == ["lite"], why


def test_only_the_newest_version_of_a_plan_is_offered_and_nobody_who_has_left() -> None:
    files = edited({}, cara=LITE, gone=LITE.replace("cara", "gone") + "end: 2026-10-20\n")
    files |= {"plans/lite@2.yaml": "name: Lite\ncharges: [{rating: calls, price: {amount: 4, per: 1}}]\n"}
    document = simulate(files, usage=CARA)
    assert [(one["contract"], one["cheapest"]) for one in document["cheaper_plans"]] == [("cara", "lite@2")]


def test_months_without_usage_and_before_a_contract_are_fine() -> None:
    later = {
        "contracts/acme.yaml": ("2026-01-01", "2026-10-01"),
        "contracts/bolt.yaml": ("2026-01-01", "2026-10-01"),
    }
    document = simulate(edited(later), usage=(), months="2026-08/2026-10")
    assert rows(document, "by_month", "month") == ["2026-10 10.00"]


def test_currencies_stay_apart_unless_one_is_asked_for() -> None:
    """Bolt's 9 dollars are 270 lira at 30; the rate is that of October's end, and is named."""
    fx = "fx: {source: ecb, date: period_end, bulletin: same_day, max_age: 5 days, on_failure: fail}\n"
    files = edited({}, bolt=FILES["contracts/bolt.yaml"] + "currency: TRY\n")
    files["specs/world.yaml"] += fx
    rates = rate_table("2026-10-01,ecb,USD/TRY,20\n2026-11-01,ecb,USD/TRY,30")
    own = simulate(files, rates=rates, months="2026-10")
    assert [(one["currency"], one["revenue"]["will_be"]) for one in own["totals"]] == [
        ("TRY", "270.00"),
        ("USD", "100.00"),
    ]
    assert own["rates"] == []

    one = simulate(files, rates=rates, months="2026-10", currency="USD")
    assert [(one["currency"], one["revenue"]["will_be"]) for one in one["totals"]] == [("USD", "109.00")]
    assert one["rates"] == [
        {
            "source": "ecb",
            "pair": "USD/TRY",
            "rate": "30",
            "published": "2026-11-01",
            "wanted": "2026-11-01",
            "estimated": False,
        }
    ]


def test_what_cannot_be_converted_stays_in_its_currency_and_is_named() -> None:
    document = simulate(FILES, months="2026-10", currency="EUR")
    assert [(one["currency"], one["revenue"]["will_be"]) for one in document["totals"]] == [("USD", "109.00")]
    assert document["rates_missing"][0] == {"pair": "USD/EUR", "date": "2026-11-01", "invoices": 2}


def test_findings_are_counted_by_whose_they_are() -> None:
    files = edited({"plans/lite.yaml": ("price: {amount: 3, per: 1}", "included: 1, price: blocked")})
    document = simulate(files, FILES)
    assert [(one["code"], one["of"], one["count"]) for one in document["findings"]] == [
        ("RB506", "will_be", 1)
    ]


def test_months_are_parsed_counted_and_bounded() -> None:
    assert Months.parse("2026-11/2027-02").names == ("2026-11", "2026-12", "2027-01", "2027-02")
    assert Months.before(Months.parse("2026-03").first.replace(day=9), 3).text == "2025-12/2026-02"
    for text in ("2026-13", "2026", "2026-02/2026-01", "2024-01/2026-01"):
        with pytest.raises(ValueError, match="months"):
            Months.parse(text)


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("1, tax: reduced", "its fee has a rate that the tax has not"),
        ("{EUR: 1}", "its fee is listed in euros alone, and nothing exchanges them"),
    ],
)
def test_a_plan_that_the_contract_could_not_be_on_is_no_offer(amount: str, why: str) -> None:
    euro = "org: euro\ntype: hybrid\nspec: euro\nplan: free\nstart: 2026-01-01\n"
    files = edited({}, cara=LITE, euro=euro) | {
        "plans/free.yaml": f"name: Free\nfees: [{{id: seat, name: Seat, amount: {amount}}}]\n"
        "charges: [{rating: calls, price: free}]\n",
        "specs/euro.yaml": "time_zone: UTC\ncurrency: EUR\n"
        "tax: {name: VAT, percent: 20, rates: {reduced: {percent: 10}}}\n"
        "fx: {source: ecb, date: period_end, bulletin: same_day, max_age: 5 days, on_failure: fail}\n",
    }
    document = simulate(files, usage=CARA)
    found = [(one["contract"], one["cheapest"]) for one in document["cheaper_plans"]]
    assert found == [("cara", "lite")], why
