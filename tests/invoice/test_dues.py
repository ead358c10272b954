"""What is due for each fee with its tax: they add up to the total, whatever the tax is."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.invoice.dues import dues
from ratebook.invoice.form import form_of
from ratebook.invoice.lines import LineWriter
from ratebook.invoice.supply import Standing
from ratebook.invoice.tax import tax
from ratebook.money import EXACT
from tests.builders import bill

RATES = "rates: {reduced: {percent: 10}}"


def due(spec: str, fees: list[str], contract: str = "") -> tuple[list[Decimal], Decimal]:
    """Give what is due for fees, each `amount rate`, and what the invoice comes to."""
    rows = [fee.split() for fee in fees]
    written = ", ".join(
        f"{{id: f{number}, name: F, amount: {amount}{''.join(f', tax: {one}' for one in rate)}}}"
        for number, (amount, *rate) in enumerate(rows)
    )
    (outcome,) = bill(
        f"""
specs: {{s: {{time_zone: UTC, currency: EUR, tax: {{name: T, percent: 20, {spec}}}}}}}
contracts: {{acme: {{org: o1, type: hybrid, spec: s, start: 2026-01-01, {contract} fees: [{written}]}}}}
""",
        "2026-10",
    ).outcomes
    form = form_of(outcome.program, {})
    writer = LineWriter(form)
    with localcontext(EXACT):
        for fee in form.fees:
            writer.add_fee(fee)
        taxed = tax(form, writer.lines, Standing(writer.entries, (), writer.entries, {}))
        return dues(form, writer.entries, taxed), taxed.subtotal + taxed.amount


@pytest.mark.parametrize(
    ("spec", "contract", "expected"),
    [
        ("", "", ["120.00", "60.00"]),
        (RATES, "", ["120.00", "55.00"]),
        (f"{RATES}, prices: inclusive", "", ["100.00", "50.00"]),
        (RATES, "tax: {withholding: 602},", ["102.00", "50.50"]),
        (RATES, "tax: {exempt: 301},", ["100.00", "50.00"]),
    ],
)
def test_what_is_due_for_each_fee(spec: str, contract: str, expected: list[str]) -> None:
    second = "50 reduced" if spec else "50"
    assert [str(one) for one in due(spec, ["100", second], contract)[0]] == expected


@given(
    fees=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(["standard", "reduced"])), min_size=1, max_size=5
    ),
    prices=st.sampled_from(["exclusive", "inclusive"]),
    round_on=st.sampled_from(["rate_group", "line"]),
    contract=st.sampled_from(["", "tax: {withholding: 603},", "tax: {withholding: x, share: 1/3},"]),
)
def test_what_is_due_adds_up_to_the_total(
    fees: list[tuple[int, str]], prices: str, round_on: str, contract: str
) -> None:
    written = [f"{amount // 100}.{amount % 100:02} {rate}" for amount, rate in fees]
    found, total = due(f"prices: {prices}, round_on: {round_on}, {RATES}", written, contract)
    assert sum(found) == total
