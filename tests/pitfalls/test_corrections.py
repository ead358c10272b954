"""Closed periods that would cost something else today, as other engines got them wrong; worked out by hand."""

from copy import deepcopy
from typing import Any

import pytest

from tests.builders import Billed, bill, summary


def book(policy: str = "next_invoice", price: str = "amount: 1", more: str = "", tax: str = "") -> str:
    """Write a contract for requests."""
    return f"""
rating: {{rpc: {{meter: requests, price: {{per: 1, {price}}}}}}}
specs: {{global: {{time_zone: UTC, currency: USD, late_usage: {{policy: {policy}}} {tax}}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{{rating: rpc}}] {more}}}
"""


def used(october: int, november: int = 10) -> str:
    """Write usage of both months."""
    return f"requests 2026-10-05T00:00:00Z o1 {october}\nrequests 2026-11-05T00:00:00Z o1 {november}\n"


def corrected(text: str, before: str, after: str, now: str = "") -> tuple[list[dict[str, Any]], Billed]:
    """Issue October, and give its invoices and the run of November, which corrects them by today's book and usage."""
    issued = bill(text, "2026-10", before).documents
    return issued, bill(now or text, "2026-11", after, issued=issued, corrects=True)


def test_pitfall_e52_a_back_dated_price_is_a_line_about_the_difference_and_edits_nothing() -> None:
    """October's 90 at 1 were 90.00; at 1.10, from October on, they are 99.00."""
    dearer = book(price="versions: [{amount: 1}, {from: 2026-10-01, amount: 1.10}]")
    issued = bill(book(), "2026-10", used(90)).documents
    as_issued = deepcopy(issued)
    document = bill(dearer, "2026-11", used(90), issued=issued, corrects=True).invoice
    assert summary(document) == ["usage rpc 11.00", "correction rpc 9.00", "total 20.00"]
    corrects = document["lines"][1]["corrects"]
    assert (corrects["invoice"], corrects["was"], corrects["is"]) == (issued[0]["invoice"], "90.00", "99.00")
    assert corrects["cause"] == ["book"]
    assert issued == as_issued


def test_pitfall_f66_what_is_given_back_opens_no_commitment_that_was_reached() -> None:
    """110 of 100 were spent in October; 30 less would leave 20 to fill up, and nothing is filled up for it."""
    text = book(more=", commitments: [{id: floor, amount: 100, every: period}]")
    _, run = corrected(text, used(110), used(80, 100))
    assert run.invoices() == [["usage rpc 100.00", "correction rpc -30.00", "total 70.00"]]


@pytest.mark.parametrize(
    ("policy", "late", "codes"),
    [
        ("next_invoice", ["correction rpc 5.00", "total 15.00"], []),
        ("credit_note", ["correction rpc 5.00", "total 15.00"], []),
        ("report_only", ["total 10.00"], ["RB512"]),
    ],
)
def test_pitfall_g73_late_usage_is_billed_or_reported_as_the_spec_says(
    policy: str, late: list[str], codes: list[str]
) -> None:
    _, run = corrected(book(policy), used(90), used(95))
    assert run.invoices() == [["usage rpc 10.00", *late]]
    assert [one.code for one in run.findings] == codes


def test_pitfall_i84_a_credit_note_has_the_tax_of_what_it_gives_back() -> None:
    """60 of October's 100 at 18 %, though it is 20 % by now."""
    tax = ", tax: {name: KDV, versions: [{percent: 18}, {from: 2026-11-01, percent: 20}]}"
    _, run = corrected(book("credit_note", tax=tax), used(100), used(40))
    assert run.invoices() == [
        ["correction rpc -60.00", "tax tax -10.80", "total -70.80"],
        ["usage rpc 10.00", "tax tax 2.00", "total 12.00"],
    ]


def test_pitfall_j91_no_more_is_given_back_than_an_invoice_came_to() -> None:
    """A credit paid 80 of October's 100.00: of 100.00 the note gives back the 20.00 that are left."""
    text = book(
        "credit_note", more=", credits: [{id: gift, amount: 80, from: 2026-10-01, expires: 2026-11-01}]"
    )
    issued, run = corrected(text, used(100), used(0))
    assert run.invoices() == [["correction rpc -20.00", "total -20.00"], ["usage rpc 10.00", "total 10.00"]]
    assert [(one.code, one.details["rest"]) for one in run.findings] == [("RB514", "80.00")]
    closed = [*issued, *run.documents]
    later = bill(text, "2026-12", used(0), issued=closed, corrects=True)
    assert (later.documents, [one.details["rest"] for one in later.findings]) == ([], ["80.00"])


def test_pitfall_j91_a_limited_note_gives_back_of_each_line_the_same_share() -> None:
    """Of 120.00 with tax a credit of 70.00 paid before tax: 50 and 10 of tax are left, of 40 + 60 half of each."""
    tax = ", tax: {name: VAT, percent: 20}"
    text = book("credit_note", tax=tax, more=", credits: [{id: gift, amount: 50, from: 2026-10-01}]")
    text = text.replace("requests, ", "requests, lines_by: [chain], ")
    usage = [
        f"requests 2026-10-05T00:00:00Z o1 {count} chain={chain}\n"
        for count, chain in ((40, "eth"), (60, "sol"))
    ]
    _, run = corrected(text, "".join(usage), "")
    assert run.invoices()[0] == [
        "correction rpc chain=eth -20.00",
        "correction rpc chain=sol -30.00",
        "tax tax -10.00",
        "total -60.00",
    ]


def test_pitfall_j91_what_credits_paid_after_the_tax_is_given_back_too() -> None:
    """Fee 30 and 50 of usage with tax are 96.00, of which credits paid 86.50. 30 fewer calls are 36.00 with tax."""
    text = book(
        "credit_note",
        more=", fees: [{id: f, name: F, amount: 30}], credits: [{id: gift, amount: 86.50, from: 2026-10-01}]",
        tax=", tax: {name: VAT, percent: 20}, credits: {tax: after}",
    ).replace("type: metered", "type: hybrid")
    issued, run = corrected(text, used(50), used(20))
    assert issued[0]["total"] == "9.50"
    assert run.invoices()[0] == ["correction rpc -30.00", "tax tax -6.00", "total -36.00"]
    assert run.findings == []


def test_pitfall_j94_an_invoice_below_zero_is_a_credit_note() -> None:
    _, run = corrected(book(), used(90), used(30))
    assert run.invoices() == [["usage rpc 10.00", "correction rpc -60.00", "total -50.00"]]
    assert run.invoice["document"] == "credit_note"


def test_killbill_150_640_154_what_was_corrected_is_not_corrected_again() -> None:
    """90, then 60: 30 are given back in November; then 50: of these 40 only 10 are left for December."""
    issued, november = corrected(book(), used(90), used(60))
    closed = [*issued, *november.documents]
    same = bill(book(), "2026-12", used(60), issued=closed, corrects=True)
    assert same.documents == []
    less = bill(book(), "2026-12", used(50), issued=closed, corrects=True)
    assert less.invoices() == [["correction rpc -10.00", "total -10.00"]]
