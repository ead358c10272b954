"""Invoices as text for people."""

from decimal import Decimal, localcontext

import pytest

from ratebook.invoice.line import shown, shown_texts
from ratebook.invoice.text import WIDTH, draw_invoice, draw_summary, draw_totals, grouped
from ratebook.money import EXACT
from tests.builders import bill

BOOK = """
rating:
  rpc: {meter: requests, lines_by: [chain], price: {amount: 0.45, per: 1000},
        description: "{{ chain }} requests, of which there are so many that this text does not fit into one row"}
  idle: {meter: egress, price: {model: flat, amount: 3, flat_at_zero: true}}
specs:
  eu: {time_zone: Europe/Berlin, currency: EUR, fx: {source: ecb}, tax: {name: VAT, percent: 19}}
contracts:
  acme:
    {org: o1, type: hybrid, spec: eu, start: 2026-01-01, report: [rpc], customer: {name: Acme GmbH},
     charges: [{rating: rpc}, {rating: idle}], fees: [{id: seat, name: Seats, amount: {EUR: 9}, quantity: 12}]}
"""


def drawn() -> str:
    run = bill(
        BOOK,
        "2026-10",
        "requests 2026-10-05T00:00:00Z o1 1234567 chain=eth",
        rates="2026-10-30,ecb,EUR/USD,1.17",
    )
    return draw_invoice(run.invoice)


def test_an_invoice_is_drawn() -> None:
    text = drawn()
    assert "Acme GmbH" in text
    assert "2026-10-01 until 2026-11-01 (Europe/Berlin) · issued 2026-11-01 · due 2026-11-15" in text
    assert "1 EUR = 1.17 USD, ecb of 2026-10-30" in text
    assert "Usage in this period (no charge)" in text
    assert max(len(row) for row in text.splitlines()) <= WIDTH


def test_how_many_of_a_fee_and_how_much_usage_stand_beside_the_amount() -> None:
    seats, ethereum = (
        next(row.split() for row in drawn().splitlines() if row.startswith(word)) for word in ("Seats", "eth")
    )
    assert seats[-3:] == ["12", "×", "108.00"]
    assert ethereum[-3:] == ["1,234,567", "request", "474.83"]


def test_a_value_of_usage_cannot_take_over_the_terminal() -> None:
    usage = "requests 2026-10-05T00:00:00Z o1 1 chain=\x1b]0;gone\x07"
    text = draw_invoice(bill(BOOK, "2026-10", usage, rates="2026-10-30,ecb,EUR/USD,1.17").invoice)
    assert "\N{REPLACEMENT CHARACTER}]0;gone" in text
    assert not set(text) & {chr(code) for code in (*range(10), *range(11, 32), 127)}


def test_no_word_of_a_long_description_is_lost() -> None:
    words = "eth requests, of which there are so many that this text does not fit into one row"
    rows = "\n".join(row[:50] for row in drawn().splitlines())
    assert words in " ".join(rows.split())


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        ("1234567.80", None, "1,234,567.80"),
        ("-1234.5", None, "-1,234.5"),
        ("-0.5", None, "-0.5"),
        ("0.333333333333", 3, "0.333"),
        ("1234.5", 3, "1,234.5"),
        ("12345678901234567890123456789012.34567", 3, "12,345,678,901,234,567,890,123,456,789,012.346"),
    ],
)
def test_thousands_are_grouped(number: str, places: int | None, text: str) -> None:
    assert grouped(number, places) == text


@pytest.mark.parametrize(
    ("number", "text"), [("1.50", "1.5"), ("0.1234567890125", "0.123456789012"), ("1E+3", "1000")]
)
def test_a_quantity_is_shown_to_twelve_places(number: str, text: str) -> None:
    assert shown(Decimal(number)) == text


def test_many_quantities_have_the_texts_that_each_has() -> None:
    numbers = [Decimal(12), Decimal("0.1234567890125"), Decimal("1234567890123.50"), Decimal("1E+3")]
    assert shown_texts(numbers) == ["12", "0.123456789012", "1234567890123.5", "1000"]
    assert shown_texts(numbers[:1]) == ["12"]
    assert shown_texts([]) == []


def test_a_huge_quantity_is_shown_too() -> None:
    with localcontext(EXACT):
        assert shown(Decimal(10**50) / 3) == "3" * 50 + ".3333333333"


def test_a_summary_has_a_row_for_each_invoice_and_a_total_for_each_currency() -> None:
    run = bill(BOOK, "2026-10-01/2026-12-01", rates="2026-10-30,ecb,EUR/USD,1.17")
    totals: dict[str, list[str]] = {}
    rows = list(draw_summary(run.documents, totals))
    assert [row.split()[0] for row in rows[2:]] == ["acme", "acme"]
    assert list(draw_totals(totals))[-1].split() == ["2", "invoice(s)", "263.14", "EUR"]


def test_taxes_say_what_they_are_on_and_why_they_are_not() -> None:
    text = draw_invoice(
        bill(
            """
specs:
  tr:
    time_zone: UTC
    currency: TRY
    fx: {source: tcmb}
    tax:
      {name: KDV, percent: 20, currency: TRY, prices: inclusive,
       rates: {out: {percent: 0, exempt: 302, reason: Abroad}}}
contracts:
  acme: {org: o1, type: hybrid, spec: tr, currency: USD, start: 2026-01-01, tax: {withholding: 602},
         fees: [{id: a, name: A, amount: 1200}, {id: b, name: B, amount: 50, tax: out}]}
""",
            "2026-10",
            rates="2026-10-30,tcmb,USD/TRY,40",
        ).invoice
    )
    rows = [row.split("  ")[0] + " " + row.split()[-1] for row in text.splitlines()]
    assert rows[rows.index("-" * WIDTH + " " + "-" * WIDTH) + 1 :][:6] == [
        "Subtotal without the tax that prices contain 1,050.00",
        "KDV 20 % on 1,000.00 200.00",
        "KDV 0 % on 50.00, 302, Abroad 0.00",
        "KDV 20 %, 9/10 withheld, 602 -180.00",
        "KDV 20 % in TRY: 8,000.00 on 40,000.00 40,000.00",
        "KDV 0 % in TRY: 0.00 on 2,000.00 2,000.00",
    ]
