"""Tax: once on the subtotal or line by line, in the currency's own places, or added by somebody else."""

import pytest

from tests.builders import bill


def totals(tax: str, *fees: str, currency: str = "EUR") -> tuple[str, str | None, str]:
    lines = ", ".join(
        f"{{id: f{number}, name: F, amount: {{{currency}: {fee}}}}}" for number, fee in enumerate(fees)
    )
    invoice = bill(
        f"""
specs: {{eu: {{time_zone: UTC, currency: {currency} {tax and ", tax: " + tax}}}}}
contracts: {{acme: {{org: o1, type: hybrid, spec: eu, start: 2026-01-01, fees: [{lines}]}}}}
""",
        "2026-10",
    ).invoice
    return invoice["subtotal"], invoice["tax"], invoice["total"]


def test_a2_a_rate_group_is_taxed_once() -> None:
    """20 % of 0.33 + 0.33 + 0.34."""
    assert totals("{name: VAT, percent: 20}", "0.33", "0.33", "0.34") == ("1.00", "0.20", "1.20")


def test_a2_line_by_line_each_is_rounded() -> None:
    """0.066, 0.066 and 0.068 are 0.07 each."""
    assert totals("{name: VAT, percent: 20, round_on: line}", "0.33", "0.33", "0.34") == (
        "1.00",
        "0.21",
        "1.21",
    )


def test_a1_what_is_printed_adds_up() -> None:
    """Three lines of 10.005 are 10.01 each, and 30.03 together."""
    assert totals("", "10.005", "10.005", "10.005") == ("30.03", "0.00", "30.03")


def test_no_tax_is_zero_and_somebody_elses_tax_is_unknown() -> None:
    assert totals("", "10") == ("10.00", "0.00", "10.00")
    assert totals("external", "10") == ("10.00", None, "10.00")


def test_zero_percent_is_a_line_of_its_own() -> None:
    invoice = bill(
        """
specs: {eu: {time_zone: UTC, currency: EUR, tax: {name: VAT, percent: 0}}}
contracts: {acme: {org: o1, type: hybrid, spec: eu, start: 2026-01-01, fees: [{id: a, name: A, amount: {EUR: 5}}]}}
""",
        "2026-10",
    )
    assert invoice.invoices() == [["fee a 5.00", "tax tax 0.00", "total 5.00"]]


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        ("JPY", ("101", "10", "111")),
        ("KWD", ("100.556", "10.056", "110.612")),
        ("TRY", ("100.56", "10.06", "110.62")),
    ],
)
def test_a11_tax_has_the_places_of_its_currency(currency: str, expected: tuple[str, str, str]) -> None:
    assert totals("{name: T, percent: 10}", "100.5555", currency=currency) == expected


def test_f84_before_its_first_version_there_is_no_tax() -> None:
    assert totals("{name: T, versions: [{from: 2027-01-01, percent: 10}]}", "10") == (
        "10.00",
        "0.00",
        "10.00",
    )


def test_a_tax_has_a_name_in_the_specs_language() -> None:
    invoice = bill(
        """
specs: {tr: {time_zone: UTC, language: tr, currency: TRY, tax: {name: {en: VAT, tr: KDV}, percent: 18.5}}}
contracts:
  a: {org: o1, type: hybrid, spec: tr, start: 2026-01-01, fees: [{id: a, name: {en: Fee, tr: Ücret}, amount: 5}]}
""",
        "2026-10",
    ).invoice
    assert [line["description"] for line in invoice["lines"]] == ["Ücret", "KDV 18.5 %"]
