"""Credits: used in turn, for service time in their windows; what is left expires or rolls over; all adds up."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.invoice.text import draw_invoice
from tests.builders import Billed, bill

MONTHS = ("01", "02", "03", "04", "05", "06")


def book(credits_: str, more: str = "", start: str = "start: 2026-01-01") -> str:
    return f"""
rating: {{rpc: {{meter: requests, price: {{amount: 1, per: 1}}}}, eg: {{meter: egress, price: {{amount: 1, per: 1}}}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, {start}, charges: [{{rating: rpc}}, {{rating: eg}}],
         credits: [{credits_}] {more}}}
"""


def used(*events: str) -> str:
    """Write events as `01-20 100`: requests of January the 20th."""
    return "".join(
        f"requests 2026-{day}T00:00:00Z o1 {amount} chain=eth\n"
        for day, amount in (one.split() for one in events)
    )


def run(
    credits_: str, *events: str, period: str = "2026", more: str = "", start: str = "start: 2026-01-01"
) -> Billed:
    return bill(book(credits_, more, start), period, used(*events))


def lines(billed: Billed) -> list[str]:
    return [
        f"{invoice['boundary'][5:7]} {line['charge']} {line['amount']}"
        for invoice in billed.documents
        for line in invoice["lines"]
        if line["kind"] == "credit"
    ]


def balances(billed: Billed, name: str) -> list[str]:
    """Give a credit's balance after each boundary: granted, used, expired, left."""
    found = [outcome.carried_forward.document()["credits"][name] for outcome in billed.outcomes]
    return [" ".join(str(amount) for amount in one.values()) for one in found]


def test_a_credit_pays_until_it_is_used_up() -> None:
    billed = run("{id: c, amount: 500}", "01-20 300", "02-20 300", "03-20 300")
    assert lines(billed) == ["02 c -300.00", "03 c -200.00"]
    assert [invoice["total"] for invoice in billed.documents] == ["0.00", "100.00", "300.00"]
    assert balances(billed, "c")[:3] == [
        "500.00 0.00 0.00 500.00",
        "500.00 300.00 0.00 200.00",
        "500.00 500.00 0.00 0.00",
    ]


def test_f69_credits_are_used_by_priority_then_expiry_then_id() -> None:
    """60 are due; each of four has 20."""
    four = """{id: d, amount: 20}, {id: c, amount: 20, expires: 2027-01-01},
        {id: b, amount: 20, expires: 2026-06-01}, {id: a, amount: 20, priority: 1}"""
    assert lines(run(four, "01-20 60")) == ["02 b -20.00", "02 c -20.00", "02 d -20.00"]
    assert lines(run("{id: y, amount: 5}, {id: x, amount: 5}", "01-20 6")) == ["02 x -5.00", "02 y -1.00"]


def test_f69_a_credit_pays_for_service_time_in_its_window() -> None:
    """Until the 15th 40 of 100 were used, after it 60."""
    events = ("01-10 40", "01-20 60")
    assert lines(run("{id: c, amount: 500, expires: 2026-01-15}", *events)) == ["02 c -40.00"]
    assert lines(run("{id: c, amount: 500, from: 2026-01-15}", *events)) == ["02 c -60.00"]
    both = "{id: early, amount: 500, expires: 2026-01-15}, {id: late, amount: 50}"
    assert lines(run(both, *events)) == ["02 early -40.00", "02 late -50.00"]


def test_f69_the_rest_expires_at_the_first_boundary_after_its_end() -> None:
    billed = run("{id: c, amount: 500, expires: 2026-02-15}", "01-20 100", "02-10 50", "02-20 70", "03-05 90")
    assert lines(billed) == ["02 c -100.00", "03 c -50.00"]
    assert balances(billed, "c")[1:4] == [
        "500.00 100.00 0.00 400.00",
        "500.00 150.00 350.00 0.00",
        "500.00 150.00 350.00 0.00",
    ]


def test_an_expiry_is_midnight_in_the_zone_of_the_spec() -> None:
    """22:30 in UTC is 00:30 of the next day in Berlin in June."""
    text = book("{id: c, amount: 500, expires: 2026-06-15}").replace("spec: global", "spec: berlin")
    text = f"specs: {{berlin: {{time_zone: Europe/Berlin, currency: USD}}}}\n{text}"
    usage = "requests 2026-06-14T21:30:00Z o1 10 chain=eth\nrequests 2026-06-14T22:30:00Z o1 5 chain=eth\n"
    assert lines(bill(text, "2026-06", usage)) == ["07 c -10.00"]


def test_a_share_of_the_rest_rolls_over_for_a_time() -> None:
    """400 are left on the 15th of February: half of them pay for the month after it, and no day more."""
    rolls = "{id: c, amount: 500, expires: 2026-02-15, rollover: {percent: 50, for: 1 month}}"
    billed = run(rolls, "01-20 100", "02-20 70", "03-10 20", "03-20 60")
    assert lines(billed) == ["02 c -100.00", "03 c -70.00", "04 c -20.00"]
    assert balances(billed, "c")[2:4] == ["500.00 170.00 200.00 130.00", "500.00 190.00 310.00 0.00"]


def test_a_credit_pays_only_for_what_it_is_for() -> None:
    fees = ", fees: [{id: base, name: B, amount: 50}]"
    for applies_to, paid in (
        ("usage", "-30.00"),
        ("fee", "-50.00"),
        ("rpc", "-30.00"),
        ("usage, fee", "-80.00"),
    ):
        text = book(f"{{id: c, amount: 500, applies_to: [{applies_to}]}}", fees).replace("metered", "hybrid")
        assert lines(bill(text, "2026-01", used("01-20 30"))) == [f"02 c {paid}"]


def test_a_credit_pays_for_a_fee_in_advance_that_begins_in_its_window() -> None:
    fees = ", fees: [{id: base, name: B, amount: 50, bill: in_advance}]"
    text = book("{id: c, amount: 500, expires: 2026-02-01}", fees).replace("metered", "hybrid")
    assert lines(bill(text, "2026-Q1")) == ["01 c -50.00"]


def test_credits_come_after_discounts_minimum_and_commitments() -> None:
    """100 − 10 % = 90; 30 drawn; 60 are paid; the 100 of the commitment are not what a credit pays for."""
    more = """,
         discounts: [{percent: 10, applies_to: [usage]}],
         commitments: [{id: p, amount: 30, from: 2026-01-01, until: 2026-02-01, pay: in_advance}]"""
    assert run("{id: c, amount: 500}", "01-20 100", period="2026-01", more=more).invoices() == [
        ["commitment p 30.00", "total 30.00"],
        [
            "usage rpc 100.00",
            "discount discount-1 -10.00",
            "commitment p -30.00",
            "credit c -60.00",
            "total 0.00",
        ],
    ]


def test_before_tax_a_credit_reduces_what_is_taxed() -> None:
    text = book("{id: c, amount: 40}").replace("spec: global", "spec: tax")
    text = f"specs: {{tax: {{time_zone: UTC, currency: USD, tax: {{name: VAT, percent: 10}}}}}}\n{text}"
    assert bill(text, "2026-01", used("01-20 100")).invoices() == [
        ["usage rpc 100.00", "credit c -40.00", "tax tax 6.00", "total 66.00"]
    ]


def test_lago_4273_credits_never_make_a_total_negative() -> None:
    assert run("{id: a, amount: 70}, {id: b, amount: 70}", "01-20 100", period="2026-01").invoices() == [
        ["usage rpc 100.00", "credit a -70.00", "credit b -30.00", "total 0.00"]
    ]


def test_nyxid_1050_granted_and_paid_credits_are_counted_once() -> None:
    two = "{id: granted, amount: 10, priority: 0}, {id: paid, amount: 100, priority: 1}"
    billed = run(two, "01-20 60", period="2026-01")
    assert [balances(billed, name)[-1] for name in ("granted", "paid")] == [
        "10.00 10.00 0.00 0.00",
        "100.00 50.00 0.00 50.00",
    ]


def test_a_grant_that_the_book_raises_later_raises_what_is_left() -> None:
    first = bill(book("{id: c, amount: 100}"), "2026-01", used("01-20 60"))
    events = used("01-20 60", "02-20 100")
    for amount, paid, balance in (
        ("150", ["03 c -90.00"], "150.00 150.00 0.00 0.00"),
        ("70", ["03 c -10.00"], "70.00 70.00 0.00 0.00"),
        ("20", [], "60.00 60.00 0.00 0.00"),
    ):
        again = bill(book(f"{{id: c, amount: {amount}}}"), "2026-02", events, issued=first.documents)
        assert (lines(again), balances(again, "c")) == (paid, [balance])


def test_what_expired_while_nothing_was_billed_is_expired() -> None:
    """February has no invoice: March brings forward what January left, without what expired in between."""
    text = book("{id: c, amount: 100, expires: 2026-02-10}")
    first = bill(text, "2026-01", used("01-20 60"))
    march = bill(text, "2026-03", used("01-20 60", "03-20 10"), issued=first.documents)
    assert (lines(march), balances(march, "c")) == ([], ["100.00 60.00 40.00 0.00"])


@given(
    st.lists(
        st.tuples(
            st.integers(1, 400),
            st.sampled_from(["", ", from: 2026-01-10", ", from: 2026-03-01"]),
            st.sampled_from(
                [
                    "",
                    ", expires: 2026-03-15",
                    ", expires: 2026-04-01, rollover: {percent: 33, for: 1 month}",
                    ", expires: 2026-03-20, rollover: {percent: 100, for: 10 days}",
                ]
            ),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=3,
    ),
    st.lists(
        st.tuples(
            st.sampled_from(["01-10", "02-20", "03-17", "03-25", "04-05", "05-20"]), st.integers(0, 300)
        )
    ),
)
def test_f69_used_left_and_expired_is_what_was_granted(
    drawn: list[tuple[int, str, str, int]], events: list[tuple[str, int]]
) -> None:
    credits_ = ", ".join(
        f"{{id: c{number}, amount: {amount}, priority: {priority}{begin}{end}}}"
        for number, (amount, begin, end, priority) in enumerate(drawn)
    )
    text, usage = book(credits_), used(*(f"{day} {amount}" for day, amount in events))
    whole = bill(text, "2026-01-01/2026-07-01", usage)
    paid = sum((Decimal(line.split()[-1]) for line in lines(whole)), Decimal(0))
    last = whole.outcomes[-1].carried_forward.credits
    assert -paid == sum((one.used for one in last.values()), Decimal(0))
    for outcome in whole.outcomes:
        for one in outcome.carried_forward.credits.values():
            assert one.used + one.expired + one.left == one.granted
            assert min(one) >= 0
    assert all(Decimal(invoice["total"]) >= 0 for invoice in whole.documents)
    issued: list[dict[str, Any]] = []
    for month in MONTHS:
        issued += bill(text, f"2026-{month}", usage, issued=issued).documents
    assert [invoice["lines"] for invoice in issued] == [invoice["lines"] for invoice in whole.documents]


@pytest.mark.parametrize("mode", ["half_up", "half_even", "up", "down"])
def test_windows_that_share_a_cent_use_it_once(mode: str) -> None:
    """0.01 of usage, half of it on each side of the 15th."""
    text = book("{id: a, amount: 1, expires: 2026-01-15}, {id: b, amount: 1, from: 2026-01-15}")
    text = text.replace("amount: 1, per: 1}}", "amount: 0.005, per: 1}}").replace("spec: global", "spec: odd")
    text = f"specs: {{odd: {{time_zone: UTC, currency: USD, rounding: {{mode: {mode}}}}}}}\n{text}"
    billed = bill(text, "2026-01", used("01-10 1", "01-20 1"))
    assert Decimal(billed.invoice["total"]) >= 0


def test_a_credit_does_not_pay_for_what_a_true_up_gives_back() -> None:
    """January is filled up by 210; of February's 700 that is given back, and a credit pays for the other 490."""
    promise = "{id: q, amount: 900, from: 2026-01-01, until: 2026-04-01, pay: in_arrears, true_up: period}"
    billed = run(
        "{id: c, amount: 500, from: 2026-02-01}", "01-20 100", "02-20 700", more=f", commitments: [{promise}]"
    )
    assert billed.invoices()[1] == [
        "usage rpc 700.00",
        "commitment q -210.00",
        "credit c -490.00",
        "total 0.00",
    ]


# After tax

AFTER = """
specs:
  after: {time_zone: UTC, currency: USD, credits: {tax: after}, tax: {TAX}}
"""


def after_tax(credits_: str, *events: str, tax: str = "name: VAT, percent: 10", more: str = "") -> Billed:
    text = book(credits_, more).replace("spec: global", "spec: after")
    return bill(AFTER.replace("TAX", tax) + text, "2026-01", used(*events))


def test_after_tax_a_credit_pays_for_what_is_billed_with_its_tax() -> None:
    billed = after_tax("{id: c, amount: 40}", "01-20 100")
    assert billed.invoices() == [["usage rpc 100.00", "tax tax 10.00", "credit c -40.00", "total 70.00"]]
    assert [billed.invoice[name] for name in ("subtotal", "tax", "credited")] == ["100.00", "10.00", "-40.00"]


def test_after_tax_a_credit_pays_for_no_more_than_what_it_is_for_and_its_tax() -> None:
    """110 of 165 are of rpc and its tax."""
    text = book("{id: c, amount: 500, applies_to: [rpc]}").replace("spec: global", "spec: after")
    usage = used("01-20 100") + "egress 2026-01-05T00:00:00Z o1 50\n"
    billed = bill(AFTER.replace("TAX", "name: VAT, percent: 10") + text, "2026-01", usage)
    assert billed.invoices()[0][-2:] == ["credit c -110.00", "total 55.00"]


def test_after_tax_a_window_has_its_share_of_the_tax() -> None:
    assert lines(after_tax("{id: c, amount: 500, expires: 2026-01-15}", "01-10 40", "01-20 60")) == [
        "02 c -44.00"
    ]


def test_after_tax_each_fee_and_charge_has_the_tax_of_its_own_rate() -> None:
    """60 of rpc at 20 % and 40 of eg at 5 %: 72.00 and 42.00."""
    tax = "name: VAT, percent: 20, rates: {low: {percent: 5}}"
    text = book("{id: c, amount: 500, applies_to: [eg]}").replace("spec: global", "spec: after")
    text = text.replace("{rating: eg}", "{rating: eg, tax: low}")
    usage = used("01-20 60") + "egress 2026-01-05T00:00:00Z o1 40\n"
    billed = bill(AFTER.replace("TAX", tax) + text, "2026-01", usage)
    assert billed.invoices()[0][-2:] == ["credit c -42.00", "total 72.00"]


def test_after_tax_what_prices_contain_is_paid_as_it_stands() -> None:
    tax = "name: VAT, percent: 20, prices: inclusive"
    billed = after_tax("{id: c, amount: 500}", "01-20 120", tax=tax)
    assert billed.invoices() == [["usage rpc 120.00", "tax tax 20.00", "credit c -120.00", "total 0.00"]]


def test_after_tax_nobody_pays_what_the_customer_withholds() -> None:
    """100 + 20 of tax, of which 9/10 go to the state: 102 are to be paid."""
    billed = after_tax(
        "{id: c, amount: 500}",
        "01-20 100",
        tax="name: KDV, percent: 20",
        more=", tax: {withholding: 603, share: 9/10}",
    )
    assert billed.invoices()[0][-2:] == ["credit c -102.00", "total 0.00"]


def test_an_invoice_as_text_says_what_credits_paid_after_tax_and_what_is_left() -> None:
    text = draw_invoice(after_tax("{id: c, amount: 140}", "01-20 100").invoice)
    rows = [" ".join(row.split()) for row in text.splitlines()]
    below = rows[rows.index("Subtotal 100.00") :]
    assert below[1:4] == ["VAT 10 % 10.00", "Credit c -110.00", "Total USD 0.00"]
    assert "Credit c: 30.00 USD left" in below
