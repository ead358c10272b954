"""Price lists as a payment processor, a messaging provider and a content delivery network publish them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.example import ratebook

BOOKS = Path(__file__).parent / "books"


def rated(book: str) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Rate October, and give the only invoice, and the codes and keys of what was found."""
    done = ratebook("rate", "--book", str(BOOKS / book), "--period", "2026-10", "--format", "json")
    assert done.code in {0, 1}, done.stderr
    output: dict[str, Any] = json.loads(done.stdout)
    (invoice,) = output["invoices"]
    findings = [one for one in output["findings"] if one["severity"] != "info"]
    return invoice, [(one["code"], one["details"].get("key")) for one in findings]


def lines(invoice: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (line["charge"], *line["dimensions"].values(), line["billable"], line["amount"])
        for line in invoice["lines"]
    ]


@pytest.mark.parametrize("book", ["payments", "sms", "cdn"])
def test_the_book_is_without_a_fault(book: str) -> None:
    done = ratebook("check", "--book", str(BOOKS / book))
    assert (done.code, "warning" in done.stdout + done.stderr) == (0, False)


def test_a_month_of_a_payment_processors_merchant() -> None:
    """Worked out by hand, in euros; a payment that was delivered twice counts once, one of 1 November not at all.

    card_eea       (10.00 + 25.99) × 1.5 %  = 0.53985, 2 × 0.25     1.03985
    card_premium   120.00 × 1.9 %           = 2.28,    1 × 0.25     2.53
    card_us        49.50 × 3.25 %           = 1.60875, 1 × 0.25     1.85875    the default
    bank_transfer  2,500.00 × 0.8 % = 20, which is 6 at most; 100.00 × 0.8 % = 0.80    6.80
                                                                   --------
                                                                   12.2286    → 12.23
    refund         1 × 0.15; the 1.5 % of the payment stay with the processor
    dispute        1 × 15.00, on 31 October at 22:30 UTC, which is still October in Dublin: clocks went back on the 25th
    net volume     35.99 + 120.00 + 49.50 + 2,600.00 - 25.99 = 2,779.50: 2,000 × 0.10 % + 779.50 × 0.05 % = 2.38975

    Cut to cents the payments' lines come to 12.21; the two that are left go to card_eea (0.985) and card_us (0.875).
    12.23 + 0.15 + 15.00 + 2.39 = 29.77.
    """
    invoice, findings = rated("payments")
    assert lines(invoice) == [
        ("payment-fees", "bank_transfer", "2600", "6.80"),
        ("payment-fees", "card_eea", "35.99", "1.04"),
        ("payment-fees", "card_premium", "120", "2.53"),
        ("payment-fees", "card_us", "49.5", "1.86"),
        ("exceptions", "dispute", "1", "15.00"),
        ("exceptions", "refund", "1", "0.15"),
        ("platform-fee", "2779.5", "2.39"),
    ]
    assert (invoice["total"], findings) == ("29.77", [])


def test_a_month_of_text_messages() -> None:
    """Worked out by hand, in dollars.

    outbound US   200,003 segments: 150,000 × 0.0083 + 50,003 × 0.0081 = 1245 + 405.0243    1,650.0243
    outbound DE     1,001 × 0.1132                                                            113.3132
    outbound TR        37 × 0.0249                                                              0.9213
    inbound  GB        12 × 0.0075                                                              0.09
    inbound  FR         5 × 0.0075                                                              0.0375
                                                                                            ----------
                                                                                            1,764.3863    → 1,764.39
    Carriers, besides: 120,000 × 0.003 = 360; 80,000 × 0.0045 = 360; 3 of no named carrier × 0.005 = 0.015: 720.015,
    which is 720.02. Two segments to KP are in no cell: they are reported, and no message is free.

    Cut to cents the messages' lines come to 1,764.37; the two that are left go to FR (0.75) and US (0.43).
    """
    invoice, findings = rated("sms")
    assert lines(invoice) == [
        ("messages", "inbound", "FR", "5", "0.04"),
        ("messages", "inbound", "GB", "12", "0.09"),
        ("messages", "outbound", "DE", "1001", "113.31"),
        ("messages", "outbound", "TR", "37", "0.92"),
        ("messages", "outbound", "US", "200003", "1650.03"),
        ("carrier-fees", None, "3", "0.02"),
        ("carrier-fees", "att", "120000", "360.00"),
        ("carrier-fees", "tmobile", "80000", "360.00"),
    ]
    assert invoice["total"] == "2484.41"
    assert findings == [("RB505", ["outbound", "KP"])]


def test_a_month_of_a_content_delivery_network() -> None:
    """Worked out by hand, in dollars. Europe used 12,000 GB and Asia 4,000: of the free 1,000 they have 750 and 250.

    europe   12,000 - 750 = 11,250 GB: 10,000 × 0.085 + 1,250 × 0.080 = 850 + 100                950.00
    asia     2,000 GB before the 16th, 250 of them free: 1,750 × 0.120 = 210; 2,000 × 0.114 = 228    438.00
    requests 1,234,567 × 0.01 / 10,000 = 1.234567                                                  1.23
    """
    invoice, findings = rated("cdn")
    assert lines(invoice) == [
        ("transfer", "asia", "4000", "438.00"),
        ("transfer", "europe", "12000", "950.00"),
        ("requests", "1234567", "1.23"),
    ]
    assert (invoice["total"], findings) == ("1389.23", [])
