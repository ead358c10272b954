"""Several rates, exemptions, reverse charge and withholding: what is taxed where, and that it adds up.

Pitfalls by their numbers in the list of billing pitfalls (1 to 3, 84, 85, 90), and the threads of Lago's API in which
its taxes did not add up.
"""

from decimal import Decimal
from typing import Any

import pytest

from ratebook.money import MINOR_UNITS
from tests.builders import bill

TAX = "{name: KDV, percent: 20, rates: {reduced: {percent: 10}, export: {percent: 0, exempt: 302, reason: Export}}}"


def invoice(
    fees: str = "",
    *,
    tax: str = TAX,
    contract: str = "",
    currency: str = "TRY",
    usage: str = "",
    period: str = "2026-10",
) -> dict[str, Any]:
    """Bill a contract of some fees `id amount rate`, with what else stands in it."""
    rows = [row.split() for row in fees.split(",") if row.strip()]
    written = ", ".join(
        f"{{id: {name}, name: {name}, amount: {amount}{''.join(f', tax: {one}' for one in rate)}}}"
        for name, amount, *rate in rows
    )
    return bill(
        f"""
rating:
  rpc: {{meter: requests, lines_by: [chain], price: {{amount: {{{currency}: 1}}, per: 1}}, tax: reduced}}
specs: {{tr: {{time_zone: UTC, currency: {currency}, tax: {tax}}}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: tr, start: 2023-01-01, fees: [{written}] {contract and ", " + contract}}}
""",
        period,
        usage,
    ).invoice


def groups(of: dict[str, Any]) -> list[str]:
    names = ("rate", "percent", "base", "amount", "code")
    return [" ".join(str(one[name]) for name in names if one[name] is not None) for one in of["taxes"]]


def taxes(of: dict[str, Any]) -> list[str]:
    """The tax of each line and its rate; then the tax lines."""
    return [
        f"{line['charge']} {line['amount']} {line.get('tax', '')} {line.get('tax_rate', 'several')}".replace(
            "  ", " "
        )
        for line in of["lines"]
    ]


def totals(of: dict[str, Any]) -> tuple[str, str, str]:
    return of["subtotal"], of["tax"], of["total"]


def test_each_rate_is_a_group_and_a_line() -> None:
    found = invoice("a 100, b 50 reduced, c 30 export, d 20")
    assert groups(found) == ["standard 20 120.00 24.00", "reduced 10 50.00 5.00", "export 0 30.00 0.00 302"]
    assert taxes(found) == [
        "a 100.00 20.00 standard",
        "b 50.00 5.00 reduced",
        "c 30.00 0.00 export",
        "d 20.00 4.00 standard",
        "tax 24.00 standard",
        "tax 5.00 reduced",
        "tax 0.00 export",
    ]
    assert totals(found) == ("200.00", "29.00", "229.00")
    assert [line["description"] for line in found["lines"][4:]] == [
        "KDV 20 %",
        "KDV 10 %",
        "KDV 0 %, 302, Export",
    ]


def test_one_plain_rate_says_nothing_of_groups() -> None:
    found = invoice("a 100", tax="{name: KDV, percent: 20}")
    assert "taxes" not in found
    assert set(found["lines"][0]) == set(found["lines"][1])


def test_a1_rounded_lines_are_what_is_taxed() -> None:
    """10.005 three times is 10.01 three times: 30.03, and 6.006 of tax."""
    found = invoice("a 10.005, b 10.005, c 10.005")
    assert groups(found) == ["standard 20 30.03 6.01"]


@pytest.mark.parametrize(
    ("round_on", "shares", "tax"), [("rate_group", [7, 6, 7], "0.20"), ("line", [7, 7, 7], "0.21")]
)
def test_a2_tax_is_rounded_once_and_shared_out_or_line_by_line(
    round_on: str, shares: list[int], tax: str
) -> None:
    """0.066, 0.066 and 0.068 are 0.20 together: the first and the last have the larger remainders."""
    found = invoice("a 0.33, b 0.33, c 0.34", tax=TAX.replace("name", f"round_on: {round_on}, name"))
    assert [int(Decimal(line["tax"]) * 100) for line in found["lines"][:3]] == shares
    assert found["tax"] == tax


def test_a3_a_discount_mirrors_what_it_is_taken_off() -> None:
    """A third off 100.00 and 50.00 of two rates takes 33.33 and 16.67, which are taxed at theirs."""
    found = invoice("a 100, b 50 reduced", contract="discounts: [{percent: 33.333, applies_to: [fee]}]")
    assert found["lines"][2]["tax_parts"] == [
        {"tax_rate": "standard", "percent": "20", "amount": "-33.33", "tax": "-6.67"},
        {"tax_rate": "reduced", "percent": "10", "amount": "-16.67", "tax": "-1.67"},
    ]
    assert groups(found) == ["standard 20 66.67 13.33", "reduced 10 33.33 3.33"]
    assert totals(found) == ("100.00", "16.66", "116.66")


def test_usage_is_taxed_at_the_rate_of_its_rule_and_a_charge_may_say_another() -> None:
    usage = "requests 2026-10-05T00:00:00Z o1 40 chain=eth\nrequests 2026-10-05T00:00:00Z o1 2 chain=sol"
    found = invoice(
        "a 5", contract="charges: [{rating: rpc}, {rating: rpc, id: again, tax: export}]", usage=usage
    )
    assert taxes(found)[:5] == [
        "a 5.00 1.00 standard",
        "rpc 40.00 4.00 reduced",
        "rpc 2.00 0.20 reduced",
        "again 40.00 0.00 export",
        "again 2.00 0.00 export",
    ]


def test_a_charges_own_discount_and_bounds_are_taxed_as_the_charge() -> None:
    usage = "requests 2026-10-05T00:00:00Z o1 40 chain=eth"
    found = invoice(
        contract="charges: [{rating: rpc, discount: {percent: 50}, minimum: {TRY: 30}}]", usage=usage
    )
    assert taxes(found) == [
        "rpc 40.00 4.00 reduced",
        "rpc -20.00 -2.00 reduced",
        "rpc 10.00 1.00 reduced",
        "tax 3.00 reduced",
    ]


def test_a_plans_minimum_is_taxed_at_the_standard_rate() -> None:
    found = bill(
        f"""
plans:
  pro:
    name: Pro
    currency: TRY
    fees: [{{id: a, name: A, amount: 40, tax: reduced}}]
    minimum: {{amount: 100, applies_to: [fee]}}
specs: {{tr: {{time_zone: UTC, currency: TRY, tax: {TAX}}}}}
contracts: {{acme: {{org: o1, type: hybrid, spec: tr, plan: pro, start: 2026-01-01}}}}
""",
        "2026-10",
    ).invoice
    assert groups(found) == ["reduced 10 40.00 4.00", "standard 20 60.00 12.00"]


@pytest.mark.parametrize(
    ("fees", "subtotal", "tax"),
    [("a 120", "100.00", "20.00"), ("a 100", "83.33", "16.67"), ("a 120, b 110 reduced", "200.00", "30.00")],
)
def test_a85_prices_may_contain_the_tax(fees: str, subtotal: str, tax: str) -> None:
    """100 at 20 % contain 100 x 20 / 120."""
    found = invoice(fees, tax=TAX.replace("name", "prices: inclusive, name"))
    whole = sum(Decimal(line["amount"]) for line in found["lines"] if line["kind"] != "tax")
    assert totals(found) == (subtotal, tax, str(whole))
    assert found["prices"] == "inclusive"


def test_a85_contained_taxes_are_rounded_on_the_sum() -> None:
    """3 x 0.99 contain 0.495, rounded once to 0.50; line by line they would be 0.165 and so 0.51."""
    tax = "{name: T, percent: 20, prices: inclusive, round_on: %s}"
    assert totals(invoice("a 0.99, b 0.99, c 0.99", tax=tax % "rate_group")) == ("2.47", "0.50", "2.97")
    assert totals(invoice("a 0.99, b 0.99, c 0.99", tax=tax % "line")) == ("2.46", "0.51", "2.97")


def test_a85_nought_percent_exempt_and_another_exemption_are_never_merged() -> None:
    rates = "{zero: {percent: 0}, out: {percent: 0, exempt: 351}, export: {percent: 0, exempt: 302}}"
    found = invoice(
        "a 1 zero, b 2 out, c 3 export, d 4 zero", tax=f"{{name: T, percent: 20, rates: {rates}}}"
    )
    assert groups(found) == ["zero 0 5.00 0.00", "out 0 2.00 0.00 351", "export 0 3.00 0.00 302"]


@pytest.mark.parametrize(
    ("own", "group"),
    [
        ("exempt: 351, reason: Article 13", "exempt 0 150.00 0.00 351"),
        ("reverse_charge: AE, reason: Article 196", "reverse_charge 0 150.00 0.00 AE"),
    ],
)
def test_a85_all_of_a_contract_may_be_exempt_or_under_reverse_charge(own: str, group: str) -> None:
    found = invoice("a 100, b 50 reduced", contract=f"tax: {{{own}}}")
    assert groups(found) == [group]
    assert found["taxes"][0]["reason"] == own.partition("reason: ")[2]
    assert totals(found) == ("150.00", "0.00", "150.00")


def test_a85_the_customer_withholds_a_part_of_the_tax() -> None:
    """Nine tenths of 200.00 are paid to the tax office: 1,000.00 + 200.00 - 180.00 = 1,020.00."""
    found = invoice("a 1000", tax="{name: KDV, percent: 20}", contract="tax: {withholding: 602}")
    assert totals(found) == ("1000.00", "20.00", "1020.00")
    assert taxes(found) == [
        "a 1000.00 200.00 standard",
        "tax 200.00 standard",
        "withholding -180.00 standard",
    ]
    assert found["lines"][2]["description"] == "KDV 20 %, 9/10 withheld, 602"
    assert found["taxes"] == [
        {
            "rate": "standard",
            "name": "KDV",
            "percent": "20",
            "base": "1000.00",
            "amount": "200.00",
            "code": None,
            "reason": None,
            "withheld": "180.00",
            "withholding_code": "602",
            "withholding_share": "9/10",
        }
    ]


def test_a85_withholding_takes_its_share_of_each_group_and_none_of_what_is_exempt() -> None:
    """Seven tenths of 2.00 and of 0.55, which is 0.385; a share of the contract's own wins over the table."""
    found = invoice("a 10, b 5.5 reduced, c 7 export", contract="tax: {withholding: 603}")
    assert [one["withheld"] for one in found["taxes"]] == ["1.40", "0.39", "0.00"]
    assert totals(found) == ("22.50", "0.76", "23.26")
    full = invoice("a 10", contract="tax: {withholding: 603, share: 10/10}")
    assert totals(full) == ("10.00", "0.00", "10.00")


DATED = "{name: KDV, versions: [{percent: 18}, {from: 2023-07-10, percent: 20}]%s}"


@pytest.mark.parametrize(("period", "percent"), [("2023-06", "18"), ("2023-07", "20"), ("2023-08", "20")])
def test_a84_usage_is_taxed_at_the_rate_of_its_periods_last_instant(period: str, percent: str) -> None:
    usage = "\n".join(f"requests 2023-{month}-05T00:00:00Z o1 100 chain=eth" for month in ("06", "07", "08"))
    charges = "charges: [{rating: rpc, tax: standard}]"
    found = invoice(contract=charges, tax=DATED % "", usage=usage, period=period)
    assert (found["tax"], "taxes" in found) == (f"{percent}.00", False)


def test_a84_a_fee_in_advance_is_taxed_where_its_period_begins() -> None:
    """At the boundary of the change the fee in arrears is June's, at 18 %, that in advance July's, at 20 %."""
    tax = "{name: KDV, versions: [{percent: 18}, {from: 2023-07-01, percent: 20}]}"
    advance = "price_fixed: {name: New, amount: 100, bill: in_advance}"
    found = invoice("old 100", contract=advance, tax=tax, period="2023-06")
    assert groups(found) == ["standard 20 100.00 20.00", "standard 18 100.00 18.00"]


def test_a84_a_period_with_a_change_may_be_split() -> None:
    """Of 10 and 30 requests before and after the change 10 are at 18 %; so are 9 of the fee's 31 days."""
    usage = "requests 2023-07-05T00:00:00Z o1 10 chain=eth\nrequests 2023-07-20T00:00:00Z o1 30 chain=eth"
    found = invoice(
        "a 31",
        contract="charges: [{rating: rpc, tax: standard}]",
        tax=DATED % ", supply: split",
        usage=usage,
        period="2023-07",
    )
    assert groups(found) == ["standard 18 19.00 3.42", "standard 20 52.00 10.40"]
    assert [
        [(one["percent"], one["amount"], one["tax"]) for one in line["tax_parts"]]
        for line in found["lines"][:2]
    ] == [
        [("18", "9.00", "1.62"), ("20", "22.00", "4.40")],
        [("18", "10.00", "1.80"), ("20", "30.00", "6.00")],
    ]
    assert totals(found) == ("71.00", "13.82", "84.82")


def test_a84_lines_are_split_by_what_each_used_and_discounts_by_what_they_are_taken_off() -> None:
    """Ethereum was used before the change, Solana after it; 10 % until the 10th is 10 % of Ethereum."""
    usage = "requests 2023-07-05T00:00:00Z o1 10 chain=eth\nrequests 2023-07-20T00:00:00Z o1 30 chain=sol"
    found = invoice(
        contract="charges: [{rating: rpc, tax: standard}],"
        " discounts: [{percent: 10, applies_to: [usage], until: 2023-07-10}, {percent: 50, applies_to: [usage]}]",
        tax=DATED % ", supply: split",
        usage=usage,
        period="2023-07",
    )
    assert taxes(found)[:3] == [
        "rpc 10.00 1.80 standard",
        "rpc 30.00 6.00 standard",
        "discount-1 -1.00 -0.18 standard",
    ]
    assert [one["amount"] for one in found["lines"][3]["tax_parts"]] == ["-4.50", "-15.00"]
    assert groups(found) == ["standard 18 4.50 0.81", "standard 20 15.00 3.00"]


def test_a84_what_a_maximum_takes_is_split_by_what_there_was_though_nothing_is_left() -> None:
    """10 before the change and 30 after it come to at most nothing: both groups are of nothing."""
    usage = "requests 2023-07-05T00:00:00Z o1 10 chain=eth\nrequests 2023-07-20T00:00:00Z o1 30 chain=sol"
    found = invoice(
        contract="charges: [{rating: rpc, tax: standard, maximum: 0}]",
        tax=DATED % ", supply: split",
        usage=usage,
        period="2023-07",
    )
    assert taxes(found)[:2] == ["rpc 10.00 1.80 standard", "rpc 30.00 6.00 standard"]
    assert [one["amount"] for one in found["lines"][2]["tax_parts"]] == ["-10.00", "-30.00"]
    assert groups(found) == ["standard 18 0.00 0.00", "standard 20 0.00 0.00"]


def test_a84_a_rate_of_its_own_has_versions_of_its_own() -> None:
    rates = "{reduced: {versions: [{percent: 8}, {from: 2023-07-10, percent: 10}]}}"
    tax = f"{{name: KDV, percent: 20, rates: {rates}}}"
    assert groups(invoice("a 100 reduced", tax=tax, period="2023-06")) == ["reduced 8 100.00 8.00"]
    assert groups(invoice("a 100 reduced", tax=tax, period="2023-07")) == ["reduced 10 100.00 10.00"]


def test_a84_what_is_supplied_before_the_tax_begins_is_not_taxed() -> None:
    tax = "{name: T, supply: split, versions: [{from: 2023-07-10, percent: 10}]}"
    found = invoice("a 31", tax=tax, period="2023-07")
    assert groups(found) == ["standard 10 22.00 2.20"]
    assert found["lines"][0]["tax_parts"][0] == {
        "tax_rate": None,
        "percent": None,
        "amount": "9.00",
        "tax": "0.00",
    }
    assert totals(found) == ("31.00", "2.20", "33.20")


def test_a84_a_fee_in_advance_is_split_where_the_tax_begins() -> None:
    """It is billed at the end of June; 22 of its 31 days are taxed."""
    tax = "{name: T, supply: split, versions: [{from: 2023-07-10, percent: 10}]}"
    advance = "price_fixed: {name: New, amount: 31, bill: in_advance}"
    assert groups(invoice(contract=advance, tax=tax, period="2023-06")) == ["standard 10 22.00 2.20"]
    whole = "{name: T, versions: [{from: 2023-07-10, percent: 10}]}"
    assert invoice(contract=advance, tax=whole, period="2023-06")["tax"] == "0.00"


@pytest.mark.parametrize("currency", sorted(MINOR_UNITS))
def test_a11_taxes_of_every_currency_have_its_places_and_add_up(currency: str) -> None:
    found = invoice(
        "a 33.3333, b 33.3333 reduced, c 0.5", currency=currency, contract="tax: {withholding: 603}"
    )
    numbers = [line[name] for line in found["lines"][:3] for name in ("amount", "tax")]
    numbers += [one[name] for one in found["taxes"] for name in ("base", "amount", "withheld")]
    assert {-int(Decimal(one).as_tuple().exponent) for one in (*numbers, *totals(found))} == {
        MINOR_UNITS[currency]
    }
    assert Decimal(found["subtotal"]) + Decimal(found["tax"]) == Decimal(found["total"])


@pytest.mark.parametrize(
    ("currency", "amounts"),
    [("JPY", ("101", "10", "111")), ("KWD", ("100.556", "10.056", "110.612"))],
)
def test_a11_groups_have_the_places_of_their_currency(currency: str, amounts: tuple[str, str, str]) -> None:
    found = invoice("a 100.5555 reduced", currency=currency)
    assert totals(found) == amounts
    assert found["lines"][0]["tax"] == amounts[1]


def test_a90_the_tax_of_an_invoice_in_foreign_currency_is_stated_in_the_one_in_which_it_is_owed() -> None:
    """100.00 USD at 41.5 lira: 4,150.00 and 830.00 of tax."""
    found = bill(
        """
specs:
  tr: {time_zone: UTC, currency: TRY, fx: {source: tcmb}, tax: {name: KDV, percent: 20, currency: TRY}}
contracts:
  acme: {org: o1, type: hybrid, spec: tr, currency: USD, start: 2026-01-01, fees: [{id: a, name: A, amount: 100}]}
  lira: {org: o2, type: hybrid, spec: tr, start: 2026-01-01, fees: [{id: a, name: A, amount: 100}]}
""",
        "2026-10",
        rates="2026-10-30,tcmb,USD/TRY,41.5",
    )
    dollars, lira = found.documents
    assert dollars["taxes"][0]["owed"] == {"currency": "TRY", "base": "4150.00", "amount": "830.00"}
    assert (dollars["total"], dollars["fx"][0]["pair"]) == ("120.00", "USD/TRY")
    assert (lira["total"], lira["fx"], "owed" in lira["taxes"][0]) == ("120.00", [], False)


def test_a_boundary_that_bills_nothing_needs_no_rate_of_the_currency_in_which_the_tax_is_owed() -> None:
    """The contract begins with the period, when there is no rate yet; its fee is due when the month ends."""
    found = bill(
        """
specs:
  tr: {time_zone: UTC, currency: TRY, fx: {source: tcmb}, tax: {name: KDV, percent: 20, currency: TRY}}
contracts:
  acme: {org: o1, type: hybrid, spec: tr, currency: USD, start: 2026-10-01, fees: [{id: a, name: A, amount: 100}]}
""",
        "2026-10",
        rates="2026-10-30,tcmb,USD/TRY,41.5",
    )
    assert (found.invoice["total"], found.findings) == ("120.00", [])
    assert found.invoice["taxes"][0]["owed"]["amount"] == "830.00"


def test_lago_4411_4449_2643_4553_taxes_of_lines_never_exceed_that_of_the_invoice() -> None:
    """Lago credited 335.00 of 334.99: what is credited line by line may only be what the lines add up to."""
    found = invoice("a 93.05, b 93.05, c 93.06", tax="{name: VAT, percent: 20, rates: {x: {percent: 1}}}")
    lines = found["lines"][:3]
    assert found["tax"] == "55.83"
    assert sum(Decimal(line["tax"]) for line in lines) == Decimal("55.83")
    assert sum(Decimal(line["amount"]) + Decimal(line["tax"]) for line in lines) == Decimal("334.99")


def test_lago_821_824_829_tax_by_line_and_by_invoice_are_one_amount() -> None:
    """19 % of ten lines of 0.13 are 0.247, not ten times 0.02."""
    fees = ", ".join(f"f{number} 0.13" for number in range(10))
    found = invoice(fees, tax="{name: VAT, percent: 19, rates: {x: {percent: 1}}}")
    assert found["tax"] == "0.25"
    assert sum(Decimal(line["tax"]) for line in found["lines"][:10]) == Decimal("0.25")


def test_lago_1887_1890_1889_a_coupon_over_two_rates_gives_one_tax() -> None:
    """Lago's breakdown of a coupon had three taxes for one invoice: of fees, of rates, of the invoice."""
    found = invoice(
        "a 30.33, b 20.34 reduced, c 10.01, d 55.55 reduced",
        contract="discounts: [{percent: 17.77, applies_to: [fee]}]",
    )
    of_lines = sum(Decimal(line["tax"]) for line in found["lines"] if line["kind"] != "tax")
    of_groups = sum(Decimal(one["amount"]) for one in found["taxes"])
    of_tax_lines = sum(Decimal(line["amount"]) for line in found["lines"] if line["kind"] == "tax")
    assert (of_lines, of_groups, of_tax_lines) == (Decimal(found["tax"]),) * 3
