"""The oracle on examples worked out by hand: rates in groups, inclusive prices, exemptions, withholding."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.examples import amounts, book, money, only, rate, used

KDV = {
    "name": "KDV",
    "versions": [{"percent": 20}],
    "rates": {"reduced": {"percent": 10}, "export": {"percent": 0, "exempt": "301", "reason": "abroad"}},
}


def invoice(fees: dict[str, tuple[str, str]], spec_tax: Any = None, **contract: Any) -> Any:
    """October of a contract with fees: name → amount and rate."""
    written = [
        {"id": name, "name": name, "amount": Decimal(amount), "tax": rate_name}
        for name, (amount, rate_name) in fees.items()
    ]
    terms = {"start": date(2026, 10, 1), "fees": written, **contract}
    return only(rate(book(terms, spec={"tax": spec_tax or KDV})))


def test_each_rate_has_a_group_of_its_own() -> None:
    """20 % of 100, 10 % of 50, nothing of 30 that is exported."""
    result = invoice({"a": ("100", "standard"), "b": ("50", "reduced"), "c": ("30", "export")})
    assert amounts(result, "tax") == [20, 5, 0]
    assert (result["subtotal"], result["tax"], result["total"]) == (180, 25, 205)
    assert [(one["rate"], one["base"], one["code"]) for one in result["taxes"]] == [
        ("standard", 100, None),
        ("reduced", 50, None),
        ("export", 30, "301"),
    ]


def test_a_group_is_rounded_once_or_line_by_line() -> None:
    """10 % of 0.05 and 0.05: 0.01, each for itself 0.005, up to 0.01."""
    fees = {"a": ("0.05", "reduced"), "b": ("0.05", "reduced")}
    assert invoice(fees)["tax"] == Fraction("0.01")
    assert invoice(fees, {**KDV, "round_on": "line"})["tax"] == Fraction("0.02")


def test_prices_that_contain_their_tax() -> None:
    """120 contain 20 of tax, 55 contain 5: 175 to pay, 150 before tax."""
    result = invoice({"a": ("120", "standard"), "b": ("55", "reduced")}, {**KDV, "prices": "inclusive"})
    assert (result["subtotal"], result["tax"], result["total"]) == (150, 25, 175)
    assert [one["base"] for one in result["taxes"]] == [100, 50]


def test_a_discount_reduces_the_groups_of_what_it_comes_off() -> None:
    """30 off 100 and 50: 20 and 10, so 20 % of 80 and 10 % of 40."""
    discounts = [{"amount": 30, "applies_to": ["fee"]}]
    result = invoice({"a": ("100", "standard"), "b": ("50", "reduced")}, discounts=discounts)
    assert amounts(result, "tax") == [16, 4]


def test_a_minimum_is_taxed_at_the_standard_rate() -> None:
    plans = {"pro": {"name": "Pro", "minimum": {"amount": 80, "applies_to": ["fee"]}}}
    fee = {"id": "b", "name": "b", "amount": 50, "tax": "reduced"}
    of = book({"start": date(2026, 10, 1), "plan": "pro", "fees": [fee]}, plans=plans, spec={"tax": KDV})
    assert amounts(only(rate(of)), "tax") == [5, 6]


def test_an_exempt_customer_and_a_reverse_charge() -> None:
    fees = {"a": ("100", "standard"), "b": ("50", "reduced")}
    for why, code in (("exempt", "351"), ("reverse_charge", "AE")):
        result = invoice(fees, tax={why: code, "reason": "because"})
        assert (result["tax"], result["total"]) == (0, 150)
        assert [(one["base"], one["code"], one["reason"]) for one in result["taxes"]] == [
            (150, code, "because")
        ]


def test_what_the_customer_withholds() -> None:
    """20 % of 1000 are 200; 9/10 of it, 180, the customer pays to the state: 1020 are left to pay."""
    result = invoice({"a": ("1000", "standard")}, tax={"withholding": 602})
    assert amounts(result, "tax") == [200, -180]
    assert (result["tax"], result["total"]) == (20, 1020)
    assert (
        invoice({"a": ("1000", "standard")}, tax={"withholding": 602, "share": Fraction(1, 2)})["total"]
        == 1100
    )


def test_a_fee_is_taxed_by_its_own_period() -> None:
    """The rate rises on 1 November: October's fee in arrears has the old one, November's in advance the new one."""
    tax = {"name": "KDV", "versions": [{"percent": 18}, {"from": date(2026, 11, 1), "percent": 20}]}
    fee = {"name": "f", "amount": 100}
    fees = [{"id": "late", **fee}, {"id": "early", **fee, "bill": "in_advance"}]
    of = book({"start": date(2026, 1, 1), "fees": fees}, spec={"tax": tax})
    assert amounts(only(rate(of)), "tax") == [18, 20]


def test_usage_has_the_rate_of_its_charge() -> None:
    charges = [{"rating": "api", "tax": "reduced", "minimum": 200}]
    of = book(
        {"start": date(2026, 10, 1), "charges": charges},
        spec={"tax": KDV},
        rule={"price": {"amount": 1, "per": 1}},
    )
    assert amounts(only(rate(of, [used("100")]))) == money("100", "100", "20")


def test_a_tax_that_is_split_at_its_change() -> None:
    """18 % until 10 October: a fee of 31 is 9 days and 22 days of it; usage of 40 before and 60 after."""
    tax = {
        "name": "VAT",
        "supply": "split",
        "versions": [{"percent": 18}, {"from": date(2026, 10, 10), "percent": 20}],
    }
    fee = {"id": "a", "name": "a", "amount": 31}
    of = book({"start": date(2026, 1, 1), "fees": [fee]}, spec={"tax": tax})
    assert amounts(only(rate(of)), "tax") == money("1.62", "4.40")
    of = book(
        {"start": date(2026, 1, 1), "charges": [{"rating": "api"}]},
        spec={"tax": tax},
        rule={"price": {"amount": 1, "per": 1}},
    )
    events = [used("40", "2026-10-05T00:00:00+00:00"), used("60", "2026-10-20T00:00:00+00:00")]
    assert amounts(only(rate(of, events)), "tax") == money("7.20", "12")
