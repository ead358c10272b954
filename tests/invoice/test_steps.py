"""Whatever money off and promises a contract has: lines add up, nothing goes below zero, months follow a quarter."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import amounts, bill

MONTHS = ("2026-01", "2026-02", "2026-03")
TO = st.sampled_from(["usage", "fee", "usage, fee", "rpc", "eg", "base, eg"])
WINDOW = st.sampled_from(
    ["", ", from: 2026-01-16", ", until: 2026-02-10", ", from: 2026-02-01, until: 2026-03-05"]
)
TERM = ", from: 2026-01-01, until: 2026-03-01"
OVERAGE = st.sampled_from(["", ", overage: {percent_off: 30}", ", overage: {factor: 1.17}"])
ROLLOVER = st.sampled_from(["", ", rollover: {percent: 37, for: 20 days}"])


@st.composite
def discounts(draw: st.DrawFn) -> str:
    how = draw(
        st.sampled_from(
            ["percent: 33", "percent: 100", "percent: 10, of: whole", "amount: 7.77", "amount: 300"]
        )
    )
    periods = draw(st.sampled_from(["", ", periods: 1", ", periods: 2"]))
    return f"{{{how}, applies_to: [{draw(TO)}]{draw(WINDOW)}{periods}}}"


@st.composite
def commitments(draw: st.DrawFn) -> str:
    kind = draw(
        st.sampled_from(
            [
                ", every: period",
                f"{TERM}, pay: in_arrears",
                f"{TERM}, pay: in_arrears, true_up: period",
                f"{TERM}, pay: in_advance",
            ]
        )
    )
    more = draw(OVERAGE) if "pay" in kind else ""
    more += draw(ROLLOVER) if "in_advance" in kind else ""
    return f"amount: {draw(st.integers(0, 400))}{kind}, applies_to: [{draw(TO)}]{more}"


@st.composite
def credits_(draw: st.DrawFn) -> str:
    end = draw(st.sampled_from(["", ", expires: 2026-02-10"]))
    more = draw(ROLLOVER) if end else ""
    amount, priority = draw(st.integers(0, 400)), draw(st.integers(0, 1))
    return f"amount: {amount}, applies_to: [{draw(TO)}]{end}{more}, priority: {priority}"


@st.composite
def books(draw: st.DrawFn) -> str:
    def named(parts: list[str]) -> str:
        return ", ".join(f"{{id: p{number}, {part}}}" for number, part in enumerate(parts))

    return f"""
rating:
  rpc: {{meter: requests, price: {{amount: {draw(st.sampled_from(["1", "0.333", "0.0149"]))}, per: 1}}}}
  eg: {{meter: egress, tax: low, price: {{amount: 0.07, per: 1}}}}
plans:
  pro:
    name: Pro
    fees: [{{id: base, name: B, amount: 19.99, bill: {draw(st.sampled_from(["in_advance", "in_arrears"]))}}}]
    charges: [{{rating: rpc}}, {{rating: eg}}]
    minimum: {{amount: {draw(st.integers(0, 60))}, applies_to: [usage]}}
specs:
  s: {{time_zone: UTC, currency: USD, rounding: {{mode: {draw(st.sampled_from(["half_up", "up", "down"]))}}},
      credits: {{tax: {draw(st.sampled_from(["before", "after"]))}}},
      tax: {{name: VAT, percent: 20, rates: {{low: {{percent: 7}}}},
            round_on: {draw(st.sampled_from(["line", "rate_group"]))},
            prices: {draw(st.sampled_from(["exclusive", "inclusive"]))}}}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: s, plan: pro, start: 2026-01-01,
         discounts: [{", ".join(draw(st.lists(discounts(), max_size=3)))}],
         commitments: [{named(draw(st.lists(commitments(), max_size=2)))}],
         credits: [{named(draw(st.lists(credits_(), max_size=2)))}]}}
"""


@st.composite
def usages(draw: st.DrawFn) -> str:
    days = ["01-05", "01-20", "02-03", "02-14", "03-02", "03-20"]
    events = draw(
        st.lists(
            st.tuples(st.sampled_from(["requests", "egress"]), st.sampled_from(days), st.integers(0, 300)),
            max_size=8,
        )
    )
    return "".join(f"{meter} 2026-{day}T00:00:00Z o1 {amount} chain=eth\n" for meter, day, amount in events)


@given(books(), usages())
def test_lines_add_up_and_nothing_goes_below_zero(book: str, usage: str) -> None:
    run = bill(book, "2026-Q1", usage)
    for invoice in run.documents:
        subtotal, tax, total = (Decimal(invoice[name]) for name in ("subtotal", "tax", "total"))
        credited = Decimal(invoice.get("credited", 0))
        lines = sum(amounts(invoice), Decimal(0))
        contained = tax if invoice.get("prices") == "inclusive" else 0
        assert lines - contained == total == subtotal + tax + credited
        assert sum(amounts(invoice, "tax"), Decimal(0)) == tax
        if "rate_group" in book:  # line by line, each cent of tax is rounded by itself
            assert min(subtotal, total) >= 0


@given(books(), usages())
def test_months_that_bring_forward_bill_what_a_quarter_bills(book: str, usage: str) -> None:
    whole = bill(book, "2026-Q1", usage).documents
    issued: list[dict[str, Any]] = []
    for month in MONTHS:
        issued += bill(book, month, usage, issued=issued).documents
    assert issued == whole


@given(books(), usages())
def test_balances_never_lose_money(book: str, usage: str) -> None:
    for outcome in bill(book, "2026-Q1", usage).outcomes:
        for credit in outcome.carried_forward.credits.values():
            assert credit.used + credit.expired + credit.left == credit.granted
            assert min(credit) >= 0
        for promise in outcome.carried_forward.commitments.values():
            assert min(promise.spent, promise.left) >= 0
