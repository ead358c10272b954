"""Commitments: filled up each period or over a term, paid in advance and drawn down, and what is beyond them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Billed, amounts, bill

MONTHS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")


def run(
    commitments: str, *spending: int, start: str = "start: 2026-01-01", period: str = "2026", more: str = ""
) -> Billed:
    """Bill a year of acme, which spends so much in each month from January on."""
    return bill(book(commitments, start, more), period, spent(*spending))


def book(commitments: str, start: str = "start: 2026-01-01", more: str = "") -> str:
    return f"""
rating: {{rpc: {{meter: requests, price: {{amount: 1, per: 1}}}}, eg: {{meter: egress, price: {{amount: 1, per: 1}}}}}}
specs: {{tax: {{time_zone: UTC, currency: USD, tax: {{name: VAT, percent: 10}}}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, {start}, charges: [{{rating: rpc}}, {{rating: eg}}],
         commitments: [{commitments}] {more}}}
"""


def spent(*spending: int) -> str:
    return "".join(
        f"requests 2026-{month}-20T00:00:00Z o1 {amount} chain=eth\n"
        for month, amount in zip(MONTHS, spending, strict=False)
    )


def lines(billed: Billed, *kinds: str) -> list[str]:
    """Give the amounts of commitments, each with its month."""
    return [
        f"{invoice['boundary'][5:7]} {line['kind']} {line['amount']}"
        for invoice in billed.documents
        for line in invoice["lines"]
        if line["kind"] in (kinds or ("commitment",))
    ]


def carried(billed: Billed, name: str) -> list[str]:
    """Give a commitment's balance after each invoice: spent, trued up, left."""
    found = [invoice["carry_forward"]["commitments"][name] for invoice in billed.documents]
    return [" ".join(str(amount) for amount in one.values()) for one in found]


# Each billing period

EACH = "{id: m, amount: 1000, every: period}"


def test_a_commitment_of_each_period_is_filled_up() -> None:
    assert lines(run(EACH, 400, 1000, 1001, period="2026-Q1")) == ["02 commitment 600.00"]


def test_f65_a_part_of_a_period_has_its_part_of_the_commitment() -> None:
    """15 of 30 days are 500 of 1,000."""
    april = {"start": "start: 2026-04-16", "period": "2026-04"}
    assert lines(run(EACH, **april)) == ["05 commitment 500.00"]
    assert lines(run(EACH.replace("}", ", prorate: none}"), **april)) == ["05 commitment 1000.00"]
    windowed = EACH.replace("}", ", from: 2026-04-16}")
    assert lines(run(windowed, period="2026-04")) == ["05 commitment 500.00"]
    assert lines(run(windowed, period="2026-03")) == []


def test_f65_only_what_is_named_counts() -> None:
    usage = spent(300) + "egress 2026-01-05T00:00:00Z o1 200\n"
    for applies_to, missing in (("usage", "500.00"), ("eg", "800.00"), ("rpc", "700.00")):
        text = book(EACH.replace("}", f", applies_to: [{applies_to}]}}"))
        assert lines(bill(text, "2026-01", usage)) == [f"02 commitment {missing}"]


def test_f65_a_true_up_is_taxed() -> None:
    text = book(EACH).replace("spec: global", "spec: tax")
    assert bill(text, "2026-01", spent(400)).invoices() == [
        ["usage rpc 400.00", "commitment m 600.00", "tax tax 100.00", "total 1100.00"]
    ]


def test_flexprice_3a9196387_a_change_of_price_trues_up_once() -> None:
    """The usage is split by a price change, the shortfall is one."""
    text = book(EACH).replace(
        "rpc: {meter: requests, price: {amount: 1, per: 1}}",
        "rpc: {meter: requests, price: {per: 1, versions: [{amount: 1}, {from: 2026-01-15, amount: 2}]}}",
    )
    usage = "requests 2026-01-05T00:00:00Z o1 100\nrequests 2026-01-20T00:00:00Z o1 100"
    assert bill(text, "2026-01", usage).invoices() == [
        ["usage rpc 300.00", "commitment m 700.00", "total 1000.00"]
    ]


# Over a term, in arrears

TERM = "{id: y, amount: 1200, from: 2026-01-01, until: 2027-01-01, pay: in_arrears}"
QUARTER = "{id: q, amount: 900, from: 2026-01-01, until: 2026-04-01, pay: in_arrears}"
BY_PERIOD = QUARTER.replace("}", ", true_up: period}")


def test_what_was_not_spent_is_filled_up_when_the_term_ends() -> None:
    assert lines(run(TERM, 100, 200, 300)) == ["01 commitment 600.00"]
    assert lines(run(TERM, 1300)) == []


def test_a_term_that_ends_inside_a_period_counts_whole_periods_and_closes_with_the_next_boundary() -> None:
    term = QUARTER.replace("2026-04-01", "2026-03-15")
    assert lines(run(term, 100, 200, 5000)) == ["04 commitment 600.00"]


def test_the_last_boundary_of_a_contract_closes_its_terms() -> None:
    assert lines(run(TERM, 100, 200, start="start: 2026-01-01, end: 2026-02-21")) == ["02 commitment 900.00"]


def test_a_true_up_of_each_period_follows_the_days_that_passed() -> None:
    """31, 59 and 90 of 90 days: 310, 590 and 900 must be reached. 100 + 210; 600 more give 200 of it back; 0 + 200."""
    assert lines(run(BY_PERIOD, 100, 600, 0)) == [
        "02 commitment 210.00",
        "03 commitment -210.00",
        "04 commitment 200.00",
    ]


def test_flexprice_1441_a_true_up_counts_no_time_after_its_boundary() -> None:
    """Flexprice 1441: usage after the boundary is of the next one."""
    usage = spent(100) + "requests 2026-02-01T00:00:00Z o1 9999\n"
    assert lines(bill(book(BY_PERIOD), "2026-01", usage)) == ["02 commitment 210.00"]


@given(st.lists(st.integers(0, 700), min_size=3, max_size=3), st.integers(0, 1500))
def test_a_term_comes_to_the_greater_of_what_was_spent_and_what_was_promised(
    spending: list[int], promised: int
) -> None:
    for text in (QUARTER, BY_PERIOD):
        billed = run(text.replace("900", str(promised)), *spending)
        total = sum((Decimal(invoice["total"]) for invoice in billed.documents), Decimal(0))
        assert total == max(sum(spending), promised)
        assert all(Decimal(invoice["total"]) >= 0 for invoice in billed.documents)


def test_what_is_beyond_the_cumulative_amount_costs_less() -> None:
    """400, then 300 + 200 beyond 700: 20 % of 200; then all of 100."""
    term = "{id: y, amount: 700, from: 2026-01-01, until: 2026-04-01, pay: in_arrears, overage: {percent_off: 20}}"
    assert lines(run(term, 400, 500, 100), "discount") == ["03 discount -40.00", "04 discount -20.00"]


def test_f66_a_balance_says_what_was_spent_filled_up_and_is_left() -> None:
    assert carried(run(BY_PERIOD, 100, 600, 0), "q") == [
        "100.00 210.00 590.00",
        "700.00 0.00 200.00",
        "700.00 200.00 0.00",
    ]


def two() -> str:
    return ", ".join(BY_PERIOD.replace("id: q", f"id: {name}") for name in "qr")


def test_two_commitments_give_back_no_more_than_an_invoice_comes_to() -> None:
    """Each asks for 310 in January, when nothing was spent; by the end of February 590 are due, and 600 were spent.

    Both would give 310 back of 600: `r` gives back 290, and asks for 20 less in March, when 900 are due and 650 spent.
    """
    billed = run(two(), 0, 600, 50)
    assert lines(billed) == [
        "02 commitment 310.00",
        "02 commitment 310.00",
        "03 commitment -310.00",
        "03 commitment -290.00",
        "04 commitment 250.00",
        "04 commitment 230.00",
    ]
    assert [invoice["total"] for invoice in billed.documents] == ["620.00", "0.00", "530.00"]


def test_what_two_commitments_have_left_to_give_back_at_the_end_is_a_credit_note() -> None:
    """Each has asked for 590 by March, and then 900 are spent: all of it is given back, 280 more than was spent."""
    billed = run(two(), 0, 0, 900)
    last = billed.documents[-1]
    assert (last["total"], last["document"]) == ("-280.00", "credit_note")
    assert carried(billed, "r")[-1] == "900.00 0.00 0.00"


# Paid in advance

PREPAID = "{id: p, amount: 1000, from: 2026-01-01, until: 2026-04-01, pay: in_advance}"


def test_a_prepaid_commitment_is_billed_when_it_begins_and_drawn_down() -> None:
    billed = run(PREPAID, 300, 800, 50, 70)
    assert lines(billed) == [
        "01 commitment 1000.00",
        "02 commitment -300.00",
        "03 commitment -700.00",
    ]
    assert [invoice["total"] for invoice in billed.documents] == [
        "1000.00",
        "0.00",
        "100.00",
        "50.00",
        "70.00",
    ]
    assert carried(billed, "p")[:3] == ["0.00 0.00 1000.00", "300.00 0.00 700.00", "1000.00 0.00 0.00"]


def test_it_is_billed_at_the_boundary_whose_following_period_holds_its_beginning() -> None:
    late = PREPAID.replace("2026-01-01", "2026-02-10")
    assert lines(run(late, 300, 100, 60)) == [
        "02 commitment 1000.00",
        "03 commitment -100.00",
        "04 commitment -60.00",
    ]


def test_the_line_of_what_is_billed_in_advance_has_the_term_as_its_period() -> None:
    (line,) = run(PREPAID).documents[0]["lines"]
    assert line["period"] == {"from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}


def test_the_rest_lapses_when_the_term_ends() -> None:
    billed = run(PREPAID, 100, 100, 100, 400)
    assert lines(billed)[1:] == ["02 commitment -100.00", "03 commitment -100.00", "04 commitment -100.00"]
    assert carried(billed, "p")[-1] == "300.00 0.00 0.00"


def test_a_share_of_the_rest_rolls_over_for_a_time() -> None:
    """700 are left at the end of March: 10 % of them pay for April and May, not for June."""
    rolls = PREPAID.replace("}", ", rollover: {percent: 10, for: 2 months}}")
    billed = run(rolls, 100, 100, 100, 40, 20, 40)
    assert lines(billed)[4:] == ["05 commitment -40.00", "06 commitment -20.00"]
    assert carried(billed, "p")[3:] == [
        "300.00 0.00 70.00",
        "340.00 0.00 30.00",
        "360.00 0.00 0.00",
        "360.00 0.00 0.00",
    ]


@pytest.mark.parametrize(
    ("overage", "line"),
    [
        ("percent_off: 20", "03 discount -20.00"),
        ("factor: 1.2", "03 commitment 20.00"),
        ("factor: 0.5", "03 commitment -50.00"),
    ],
)
def test_what_is_beyond_it_costs_less_or_more(overage: str, line: str) -> None:
    """300 and 800 of 1,000: 100 are beyond."""
    beyond = run(PREPAID.replace("}", f", overage: {{{overage}}}}}"), 300, 800)
    assert line in lines(beyond, "discount", "commitment")


def test_what_one_overage_adds_costs_no_more_by_another() -> None:
    """300 of 100 and 100 leave 100 beyond both: 20 more for `p`, and 20 for `q`, not 24."""
    both = ", ".join(
        f"{{id: {name}, amount: 100, from: 2026-01-01, until: 2026-04-01, pay: in_advance, overage: {{factor: 1.2}}}}"
        for name in "pq"
    )
    billed = run(both, 300)
    assert [line for line in lines(billed) if line.startswith("02")] == [
        "02 commitment -100.00",
        "02 commitment -100.00",
        "02 commitment 20.00",
        "02 commitment 20.00",
    ]


def test_of_two_prepaid_commitments_the_one_that_ends_earlier_is_drawn_first() -> None:
    """150: 100 of `b`, which ends in March, then 50 of `a`; nothing is beyond both."""
    a = "{id: a, amount: 100, from: 2026-01-01, until: 2026-06-01, pay: in_advance}"
    b = "{id: b, amount: 100, from: 2026-01-01, until: 2026-03-01, pay: in_advance, overage: {percent_off: 50}}"
    (_, january, february) = run(f"{a}, {b}", 150, 80, period="2026-01-01/2026-03-01").invoices()
    assert january == ["usage rpc 150.00", "commitment b -100.00", "commitment a -50.00", "total 0.00"]
    assert february == ["usage rpc 80.00", "commitment a -50.00", "discount b -15.00", "total 15.00"]


def test_what_is_drawn_reduces_the_tax_and_what_is_billed_in_advance_is_taxed() -> None:
    text = book(PREPAID).replace("spec: global", "spec: tax")
    assert bill(text, "2026-01", spent(300)).invoices() == [
        ["commitment p 1000.00", "tax tax 100.00", "total 1100.00"],
        ["usage rpc 300.00", "commitment p -300.00", "tax tax 0.00", "total 0.00"],
    ]


def test_what_is_billed_in_advance_at_an_opening_is_taxed_then_and_a_fee_where_it_begins() -> None:
    """100 at the 18 % of 1 January, and 16 of 31 days of the fee at the 20 % of the 16th."""
    text = book("{id: p, amount: 100, from: 2026-01-01, until: 2026-04-01, pay: in_advance}")
    text = text.replace("spec: global", "spec: tax").replace(
        "type: metered", "type: hybrid, trial: {until: 2026-01-16}"
    )
    text = text.replace("percent: 10", "versions: [{percent: 18}, {from: 2026-01-16, percent: 20}]")
    text = text.replace("charges:", "fees: [{id: f, name: F, amount: 31, bill: in_advance}], charges:")
    opening = bill(text, "2026-01").documents[0]
    assert [(one["percent"], one["base"], one["amount"]) for one in opening["taxes"]] == [
        ("20", "16.00", "3.20"),
        ("18", "100.00", "18.00"),
    ]


@given(st.lists(st.integers(0, 500), min_size=6, max_size=6), st.integers(0, 100), st.integers(0, 3))
def test_what_is_drawn_left_and_lapsed_is_what_was_billed(
    spending: list[int], percent: int, months: int
) -> None:
    rolls = PREPAID.replace("}", f", rollover: {{percent: {percent}, for: {months} months}}}}")
    billed = run(rolls, *spending, period="2026-01-01/2026-07-01")
    drawn = -sum(
        (amount for one in billed.documents for amount in amounts(one, "commitment") if amount < 0),
        Decimal(0),
    )
    last: dict[str, Any] = billed.outcomes[-1].carried_forward.document()["commitments"]["p"]
    assert Decimal(last["spent"]) == drawn <= 1000
    assert 0 <= Decimal(last["left"]) <= 1000 - drawn
    assert all(Decimal(invoice["total"]) >= 0 for invoice in billed.documents)
    for outcome in billed.outcomes:
        balance = outcome.carried_forward.commitments["p"]
        assert balance.spent + balance.left <= 1000


# Carried from run to run


@pytest.mark.parametrize("text", [TERM, BY_PERIOD, PREPAID, f"{BY_PERIOD}, {PREPAID}"])
def test_months_that_bring_forward_bill_what_a_year_bills(text: str) -> None:
    spending = (100, 600, 0, 250, 100)
    whole = run(text, *spending)
    issued: list[dict[str, Any]] = []
    for month in MONTHS:
        found = bill(book(text), f"2026-{month}", spent(*spending), issued=issued)
        assert found.findings == []
        issued += found.documents
    assert issued == whole.documents


def test_without_earlier_invoices_balances_are_taken_as_unused_and_it_is_said() -> None:
    found = bill(book(PREPAID), "2026-02", spent(300, 800))
    assert lines(found) == ["03 commitment -800.00"]
    assert [(one.code, one.severity) for one in found.findings] == [("RB511", "info")]
    assert "acme began earlier" in found.findings[0].message
    trued_up = bill(book(BY_PERIOD), "2026-02", spent(0, 100))
    assert lines(trued_up) == ["03 commitment 180.00"]


def test_a_term_in_arrears_without_earlier_invoices_is_taken_as_filled_up_until_then() -> None:
    """590 by the end of February, less 310 that January came to: 280 are due in February, of which 100 are spent."""
    found = bill(book(BY_PERIOD), "2026-02", spent(0, 100))
    assert found.documents[0]["carry_forward"]["commitments"]["q"] == {
        "spent": "100.00",
        "trued_up": "490.00",
        "left": "310.00",
    }


def test_the_digest_of_what_was_brought_forward_changes_with_it() -> None:
    first = bill(book(PREPAID), "2026-01", spent(300))
    plain = bill(book(PREPAID), "2026-02", spent(0, 800)).invoice["digests"]
    carried_on = bill(book(PREPAID), "2026-02", spent(0, 800), issued=first.documents).invoice["digests"]
    assert plain["brought_forward"] != carried_on["brought_forward"]
    assert plain["terms"] == carried_on["terms"]


def test_lago_4945_5020_5980_a_month_that_is_rated_again_draws_nothing_twice() -> None:
    """Its own invoice is among those that were issued, and only what came before it counts."""
    january = bill(book(PREPAID), "2026-01", spent(300, 800)).documents
    february = bill(book(PREPAID), "2026-02", spent(300, 800), issued=january).documents
    again = bill(book(PREPAID), "2026-02", spent(300, 800), issued=[*january, *february]).documents
    assert again == february


def test_lago_5653_what_was_given_up_by_a_new_invoice_of_the_boundary_does_not_count() -> None:
    """Of two invoices of a boundary the one that is read later is brought forward."""
    first = bill(book(PREPAID), "2026-01", spent(300)).documents
    better = bill(book(PREPAID), "2026-01", spent(100)).documents
    found = bill(book(PREPAID), "2026-02", spent(0, 850), issued=[*first, *better])
    assert lines(found) == ["03 commitment -850.00"]
    assert carried(found, "p") == ["950.00 0.00 50.00"]


def test_a_boundary_without_a_rate_leaves_balances_as_they_were() -> None:
    """February cannot be converted; March goes on from what January left."""
    eu = "{time_zone: UTC, currency: EUR, fx: {source: ecb, date: period_end, max_age: 3 days, on_failure: fail}}"
    text = book(PREPAID).replace("spec: global", "spec: eu").replace("specs: {", f"specs: {{eu: {eu}, ")
    run_ = bill(
        text, "2026-Q1", spent(300, 800, 100), rates="2026-01-31,ecb,USD/EUR,1\n2026-03-31,ecb,USD/EUR,1"
    )
    assert [one.status for one in run_.outcomes] == ["invoice", "invoice", "failed", "invoice"]
    assert lines(run_) == ["01 commitment 1000.00", "02 commitment -300.00", "04 commitment -100.00"]


# With plans, trials and pauses


def test_a_commitment_of_each_period_does_not_accrue_in_a_trial_or_a_pause() -> None:
    """Of April's 30 days 10 are on trial and 5 paused: 15 count."""
    more = ", trial: 10 days, pauses: [{from: 2026-04-26, until: 2026-05-01}]"
    assert lines(run(EACH, start="start: 2026-04-01", period="2026-04", more=more)) == [
        "05 commitment 500.00"
    ]
    by_seconds = EACH.replace("}", ", prorate: seconds}")
    assert lines(run(by_seconds, start="start: 2026-04-01", period="2026-04", more=more)) == [
        "05 commitment 500.00"
    ]
