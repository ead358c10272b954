"""Invoices as text, whole: every row and column as a person sees it."""

from ratebook.invoice.text import draw_invoice, draw_summary, draw_totals
from tests.builders import bill
from tests.invoice.test_text import drawn

PAYER = """
rating: {rpc: {meter: requests, lines_by: [chain], description: "Calls on {{ chain }}", price: {amount: 1, per: 1}}}
specs: {after: {time_zone: UTC, currency: USD, credits: {tax: after}, tax: {name: VAT, percent: 10}}}
contracts:
  globex:
    org: o1
    type: hybrid
    spec: after
    start: 2026-10-05T06:30:00Z
    charges: [{rating: rpc}]
    fees: [{id: setup, name: Setup, amount: 1200, every: once}]
    children: [{id: eu, name: Globex EU, org: o2}]
    commitments: [{id: floor, amount: 5000, from: 2026-10-05T06:30:00Z, until: 2027-10-05T06:30:00Z,
                   pay: in_arrears, true_up: period}]
    credits: [{id: gift, name: Gift, amount: 2000}]
"""
USAGE = """
    requests 2026-10-06T10:00:00Z o1 60 chain=eth
    requests 2026-10-06T10:00:00Z o2 1500 chain=sol
"""
TAXED_BY_A_SINK = """
rating: {level: {meter: peak, price: {amount: 1, per: 1}}}
specs: {sink: {time_zone: America/New_York, currency: USD, tax: external}}
contracts:
  a-contract-of-a-long-id: {org: o1, type: hybrid, spec: sink, start: 2026-10-05T12:30:00Z, charges: [{rating: level}],
     fees: [{id: s, name: Seat, amount: 1000, bill: in_advance}]}
"""


def rows(text: str) -> str:
    """Give the rows of a text as they are written below."""
    return "\n" + text.rstrip("\n") + "\n"


def test_fees_usage_tax_a_rate_and_what_is_reported_without_charge() -> None:
    assert (
        rows(drawn())
        == """
Invoice inv_c0991b27e04c42a55e3c4f14                                                   acme · eu
Acme GmbH
2026-10-01 until 2026-11-01 (Europe/Berlin) · issued 2026-11-01 · due 2026-11-15
================================================================================================
Seats, 2026-10-01 until 2026-11-01                                          12 ×          108.00
eth requests, of which there are so many that                  1,234,567 request          474.83
  this text does not fit into one row
idle                                                                      0 byte            2.56
------------------------------------------------------------------------------------------------
Subtotal                                                                                  585.39
VAT 19 %                                                                                  111.22
Total EUR                                                                                 696.61
================================================================================================
1 EUR = 1.17 USD, ecb of 2026-10-30
Usage in this period (no charge)
eth requests, of which there are so many that                  1,234,567 request
  this text does not fit into one row
"""
    )


def test_a_section_for_a_child_account_a_credit_after_the_tax_and_what_is_left() -> None:
    assert (
        rows(draw_invoice(bill(PAYER, "2026-10", USAGE).invoice))
        == """
Invoice inv_7abaf2f5eb744ec2223e101d                                              globex · after
globex
2026-10-05 06:30 until 2026-11-01 (UTC) · issued 2026-11-01 · due 2026-11-15
================================================================================================
Setup, 2026-10-05 06:30 until 2026-11-01                                                1,200.00
Calls on eth                                                          60 request           60.00
Globex EU (eu): 1,500.00
Calls on sol                                                       1,500 request        1,500.00
------------------------------------------------------------------------------------------------
Subtotal                                                                                2,760.00
VAT 10 %                                                                                  276.00
Gift                                                                                   -2,000.00
Total USD                                                                               1,036.00
================================================================================================
Commitment floor: 3,440.00 USD left
Credit gift: 0.00 USD left
"""
    )


def test_an_opening_without_a_name_taxed_by_a_sink_and_a_finding() -> None:
    run = bill(TAXED_BY_A_SINK, "2026-10", "peak 2026-10-06T10:00:00Z o1 -5 chain=eth")
    assert [rows(draw_invoice(invoice)) for invoice in run.documents] == [
        """
Opening invoice inv_869a74477e023245379eb7e2                      a-contract-of-a-long-id · sink
a-contract-of-a-long-id
2026-10-05 08:30 until 2026-11-01 (America/New_York) · issued 2026-10-05 · due 2026-10-19
================================================================================================
Seat, 2026-10-05 08:30 until 2026-11-01                                                   870.97
------------------------------------------------------------------------------------------------
Subtotal                                                                                  870.97
Tax                                                                            added by the sink
Total USD                                                                                 870.97
================================================================================================
""",
        """
Invoice inv_6d9069d42939347f5200a2c0                              a-contract-of-a-long-id · sink
a-contract-of-a-long-id
2026-10-05 08:30 until 2026-11-01 (America/New_York) · issued 2026-11-01 · due 2026-11-15
================================================================================================
Seat, 2026-11-01 until 2026-12-01                                                       1,000.00
------------------------------------------------------------------------------------------------
Subtotal                                                                                1,000.00
Tax                                                                            added by the sink
Total USD                                                                               1,000.00
================================================================================================
! RB507 a-contract-of-a-long-id: level: usage adds up to -5, less than zero; they are not billed
""",
    ]


def test_a_summary_and_its_totals() -> None:
    totals: dict[str, list[str]] = {}
    invoices = bill(TAXED_BY_A_SINK, "2026-10-01/2026-12-01").documents
    assert (
        rows("\n".join([*draw_summary(invoices, totals), *draw_totals(totals)]))
        == """
contract              customer                    period                              total cur
------------------------------------------------------------------------------------------------
a-contract-of-a-long…                             2026-10-05 08:30…11-01             870.97 USD
a-contract-of-a-long…                             2026-10-05 08:30…11-01           1,000.00 USD
a-contract-of-a-long…                             2026-11-01…12-01                 1,000.00 USD
------------------------------------------------------------------------------------------------
3 invoice(s)                                                                        2,870.97 USD
"""
    )


CORRECTED = """
rating: {rpc: {meter: requests, description: Calls, price: {amount: 1, per: 1}}}
specs: {late: {time_zone: UTC, currency: USD, late_usage: {policy: next_invoice}}}
contracts:
  acme: {org: o1, type: metered, spec: late, start: 2026-09-01, charges: [{rating: rpc}],
         children: [{id: eu, name: Acme EU, org: o2}]}
"""


def test_a_correction_says_of_which_period_and_account_it_is() -> None:
    """Five calls more in September, seven in October, and nine of the child."""
    known = "requests 2026-09-05T00:00:00Z o1 1\nrequests 2026-10-05T00:00:00Z o1 1\n"
    late = [
        f"requests 2026-{month}-06T00:00:00Z {subject} {count}\n"
        for month, subject, count in (("09", "o1", 5), ("10", "o1", 7), ("10", "o2", 9), ("11", "o1", 2))
    ]
    issued = bill(CORRECTED, "2026-09-01/2026-11-01", known).documents
    november = bill(CORRECTED, "2026-11", known + "".join(late), issued=issued, corrects=True).invoice
    assert (
        rows(draw_invoice(november))
        == """
Invoice inv_c3ed43e771a86d6f35179caa                                                 acme · late
acme
2026-11-01 until 2026-12-01 (UTC) · issued 2026-12-01 · due 2026-12-15
================================================================================================
Calls                                                                  2 request            2.00
Acme EU (eu): 0.00
Correction: Calls, 2026-09-01 until 2026-10-01                               5 ×            5.00
Correction: Calls, 2026-10-01 until 2026-11-01                               7 ×            7.00
Correction: Calls, 2026-10-01 until 2026-11-01,                              9 ×            9.00
  eu
------------------------------------------------------------------------------------------------
Subtotal                                                                                   23.00
Total USD                                                                                  23.00
================================================================================================
"""
    )


def test_a_contract_of_a_second_has_its_seconds() -> None:
    text = CORRECTED.replace("start: 2026-09-01", "start: 2026-10-05T10:00:00Z, end: 2026-10-05T10:00:01Z")
    invoice = bill(text, "2026-10", "requests 2026-10-05T10:00:00Z o1 1").invoice
    assert (
        draw_invoice(invoice).splitlines()[2].startswith("2026-10-05 10:00 until 2026-10-05 10:00:01 (UTC)")
    )
