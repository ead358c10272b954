"""Exchange rates: a dated table in, a quote out; the quote that an invoice takes and what becomes of amounts."""

from datetime import date
from decimal import Decimal, localcontext
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.book.model.times import Duration
from ratebook.compiler.program import FxPolicy
from ratebook.fx import SAME, Rate, RateTable, read_rates
from ratebook.money import EXACT
from tests.builders import bill, rate_table

TABLE = rate_table("""
    2026-10-28,tcmb,USD/TRY,41.90
    2026-10-30,tcmb,USD/TRY,41.9742
    2026-10-30,ecb,EUR/USD,1.16
""")
HEADER = b"date,source,pair,rate\n"


def policy(
    source: str = "tcmb",
    *,
    bulletin: Literal["same_day", "before"] = "before",
    days: int = 10,
    on_failure: Literal["fail", "estimate"] = "estimate",
) -> FxPolicy:
    return FxPolicy(source, "invoice_date", bulletin, Duration(days, "day"), on_failure, "specs/turkey#fx")


def quoted(table: RateTable, rule: FxPolicy, day: str, pair: str = "USD/TRY") -> tuple[str, str, bool] | None:
    base, counter = pair.split("/")
    quote = table.quote(rule, base, counter, date.fromisoformat(day))
    return None if quote is None else (str(quote.rate), quote.published.isoformat(), quote.estimated)


# Which rate


def test_f86_the_bulletin_before_a_weekend_counts_for_it() -> None:
    """1 November 2026 is a Sunday; the last bulletin is that of Friday."""
    assert quoted(TABLE, policy(), "2026-11-01") == ("41.9742", "2026-10-30", False)


def test_a_bulletin_before_the_day_is_not_that_of_the_day() -> None:
    assert quoted(TABLE, policy(), "2026-10-30") == ("41.90", "2026-10-28", False)
    assert quoted(TABLE, policy(bulletin="same_day"), "2026-10-30") == ("41.9742", "2026-10-30", False)


def test_f88_a_rate_that_is_too_old_is_an_estimate_or_none_at_all() -> None:
    assert quoted(TABLE, policy(days=10), "2026-11-09") == ("41.9742", "2026-10-30", False)
    assert quoted(TABLE, policy(days=10), "2026-11-10") == ("41.9742", "2026-10-30", True)
    assert quoted(TABLE, policy(days=10, on_failure="fail"), "2026-11-10") is None


def test_there_is_no_rate_before_the_first_bulletin_nor_of_another_source() -> None:
    assert quoted(TABLE, policy(), "2026-10-28") is None
    assert quoted(TABLE, policy("ecb"), "2026-11-01") is None


def test_f87_the_other_direction_divides_once_and_inverts_no_rounded_inverse() -> None:
    """ECB says what a EUR is in USD: 116.00 USD are 100 EUR exactly."""
    quote = TABLE.quote(policy("ecb"), "USD", "EUR", date(2026, 11, 1))
    assert quote is not None
    assert quote.document()["pair"] == "EUR/USD"
    with localcontext(EXACT):
        assert quote.from_currency("USD").convert(Decimal(116)) == 100
        assert quote.from_currency("EUR").convert(Decimal(100)) == 116


def test_a_currency_is_itself() -> None:
    assert SAME.convert(Decimal("1.23")) == Decimal("1.23")


@given(st.decimals("0.0001", 10_000, places=4), st.decimals(0, 10**9, places=2))
def test_there_and_back_is_the_same_amount(rate: Decimal, amount: Decimal) -> None:
    with localcontext(EXACT):
        there = Rate(rate, Decimal(1)).convert(amount)
        assert Rate(Decimal(1), rate).convert(there) == amount


# The table


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2026-10-30,tcmb,USD/TRY", "the line has 3 values instead of 4"),
        ("30.10.2026,tcmb,USD/TRY,41.9", "'30.10.2026' is not a date"),
        ("2026-02-29,tcmb,USD/TRY,41.9", "'2026-02-29' is not a date"),
        ("2026-10-30,tcmb,USDTRY,41.9", "'USDTRY' is not a pair"),
        ("2026-10-30,tcmb,USD/TRL,41.9", "'USD/TRL' is not a pair"),
        ("2026-10-30,tcmb,USD/USD,1", "'USD/USD' is not a pair"),
        ("2026-10-30,tcmb,USD/TRY,0", "'0' is not a rate above zero"),
        ("2026-10-30,tcmb,USD/TRY,0.000", "'0.000' is not a rate above zero"),
        ("2026-10-30,tcmb,USD/TRY,-41.9", "'-41.9' is not a rate above zero"),
        ('2026-10-30,tcmb,USD/TRY,"41,9"', "'41,9' is not a rate above zero"),
        ("2026-10-30,tcmb,USD/TRY,4.19e1", "'4.19e1' is not a rate above zero"),
        ("2026-10-30,tcmb,USD/TRY,NaN", "'NaN' is not a rate above zero"),
        ("2026-10-30,tcmb,USD/TRY,\u0664\u0661", "is not a rate above zero"),
    ],
)
def test_f88_a_line_that_is_no_rate_is_reported_and_not_used(row: str, message: str) -> None:
    table, (finding,) = read_rates(HEADER + f"{row}\n2026-10-30,tcmb,EUR/TRY,48.1\n".encode(), "fx.csv")
    assert finding.code == "RB607"
    assert finding.position is not None
    assert (finding.position.file, finding.position.line) == ("fx.csv", 2)
    assert message in finding.message
    assert list(table.rates) == [("tcmb", "EUR", "TRY")]


def test_two_rates_for_one_day_are_reported_unless_they_are_the_same() -> None:
    rows = b"2026-10-30,tcmb,USD/TRY,41.9\n2026-10-30,tcmb,USD/TRY,41.90\n"
    assert read_rates(HEADER + rows, "fx.csv")[1] == []
    (finding,) = read_rates(HEADER + rows + b"2026-10-30,tcmb,USD/TRY,41.8\n", "fx.csv")[1]
    assert finding.message == "exchange rate table: tcmb has two rates for USD/TRY on 2026-10-30"


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"date;source;pair;rate\n", b"\xff\xfe", b"day,source,pair,rate\n"]
)
def test_a_file_that_is_no_table_is_reported(data: bytes) -> None:
    table, (finding,) = read_rates(data, "fx.csv")
    assert finding.code == "RB607"
    assert not table.rates


def test_a_table_may_begin_with_a_byte_order_mark_and_end_lines_as_windows_does() -> None:
    table, findings = read_rates(b"\xef\xbb\xbf" + HEADER + b"2026-10-30,tcmb,USD/TRY,41.9\r\n", "fx.csv")
    assert not findings
    assert quoted(table, policy(), "2026-11-01") == ("41.9", "2026-10-30", False)


def test_a_quote_that_is_never_closed_is_reported() -> None:
    _, findings = read_rates(HEADER + b'2026-10-30,tcmb,USD/TRY,"' + b"4" * 200_000, "fx.csv")
    assert [finding.code for finding in findings] == ["RB607"]


# On an invoice

BOOK = """
rating:
  rpc: {meter: requests, price: {amount: {USD: 0.10}, per: 1}}
specs:
  turkey:
    {time_zone: Europe/Istanbul, currency: TRY, invoice: {issue_after: 1 day}, fx: {source: tcmb, FX}}
contracts:
  anka: {org: o1, type: metered, spec: turkey, start: 2026-01-01, charges: [{rating: rpc}]}
"""
USAGE = "requests 2026-10-05T12:00:00Z o1 3"
RATES = """
    2026-10-30,tcmb,USD/TRY,41.9742
    2026-11-01,tcmb,USD/TRY,42.5
"""


def invoiced(fx: str, rates: str = RATES) -> dict[str, Any]:
    return bill(BOOK.replace("FX", fx), "2026-10", USAGE, rates=rates).invoice


def test_f86_an_invoice_carries_its_rate_and_is_rounded_after_converting() -> None:
    """Issued on 2 November: the bulletin of the 1st. 3 × 0.10 USD × 42.5 = 12.75 TRY."""
    invoice = invoiced("date: invoice_date")
    assert invoice["total"] == "12.75"
    assert invoice["fx"] == [
        {
            "source": "tcmb",
            "pair": "USD/TRY",
            "rate": "42.5",
            "published": "2026-11-01",
            "wanted": "2026-11-02",
            "estimated": False,
        }
    ]


def test_f86_the_rate_may_be_that_of_the_periods_end() -> None:
    """The bulletin before 1 November is that of 30 October. 0.30 × 41.9742 = 12.59226."""
    assert invoiced("date: period_end")["total"] == "12.59"


def test_f89_an_estimate_stands_on_the_invoice_and_is_a_warning() -> None:
    run = bill(BOOK.replace("FX", "max_age: 1 week"), "2026-10", USAGE, rates="2026-10-01,tcmb,USD/TRY,40")
    assert run.invoice["fx"][0]["estimated"] is True
    assert [finding.code for finding in run.findings] == ["RB509"]


def test_f88_without_a_rate_no_invoice_is_made_and_the_contract_is_named() -> None:
    run = bill(BOOK.replace("FX", "on_failure: fail"), "2026-10", USAGE, rates="2026-10-01,tcmb,USD/TRY,40")
    assert [outcome.status for outcome in run.outcomes] == ["failed"]
    (finding,) = run.findings
    assert finding.code == "RB508"
    assert finding.message.startswith("anka cannot be invoiced: no tcmb rate for USD/TRY on 2026-11-02")


def test_f86_each_currency_has_its_own_rate() -> None:
    """1 EUR is 48 TRY, 1 USD is 42: 2 × 48 + 3 × 42."""
    text = """
specs: {turkey: {time_zone: Europe/Istanbul, currency: TRY, fx: {source: tcmb}}}
contracts:
  anka: {org: o1, type: hybrid, spec: turkey, start: 2026-01-01,
         fees: [{id: a, name: A, amount: {EUR: 2}}, {id: b, name: B, amount: {USD: 3}}]}
"""
    run = bill(text, "2026-10", rates="2026-10-30,tcmb,USD/TRY,42\n2026-10-30,tcmb,EUR/TRY,48")
    assert run.invoice["total"] == "222.00"
    assert [quote["pair"] for quote in run.invoice["fx"]] == ["EUR/TRY", "USD/TRY"]


def test_an_amount_that_is_listed_in_the_invoices_currency_needs_no_rate() -> None:
    listed = BOOK.replace("{USD: 0.10}", "{USD: 0.10, TRY: 4}").replace("FX", "")
    assert bill(listed, "2026-10", USAGE).invoice["total"] == "12.00"


def test_a_minimum_of_nothing_needs_no_rate() -> None:
    run = """
rating:
  rpc: {meter: requests, price: {amount: {TRY: 4}, per: 1}}
plans:
  pro: {name: Pro, currency: USD, charges: [{rating: rpc, minimum: 0}], minimum: {amount: 0, applies_to: [usage]}}
specs:
  turkey: {time_zone: Europe/Istanbul, currency: TRY}
contracts:
  anka: {org: o1, type: metered, spec: turkey, plan: pro, start: 2026-01-01}
"""
    assert bill(run, "2026-10", USAGE).invoice["total"] == "12.00"
