"""Access to blockchains by compute units: an allowance that calls and streams share, overage, traces, children."""

import json
from pathlib import Path
from typing import Any

from tests.example import ratebook

BOOK = Path(__file__).parent / "books" / "rpc"


def rated() -> dict[str, Any]:
    done = ratebook("rate", "--book", str(BOOK), "--period", "2026-10", "--format", "json")
    assert done.code == 0, done.stderr
    output: dict[str, Any] = json.loads(done.stdout)
    return output


def test_the_book_is_without_a_fault() -> None:
    done = ratebook("check", "--book", str(BOOK))
    assert (done.code, done.stderr) == (0, "")


def test_a_month_of_compute_units_with_children() -> None:
    """Worked out by hand. Globex pays for itself, for Globex EU, and from 16 October on for Labs.

    Compute units                                    own          EU         Labs
      eth_call     4,000,000 × 26           104,000,000
      eth_getLogs  1,000,000 × 75            75,000,000                              delivered twice, counts once
      eth_call     6,000,000 × 26                      156,000,000
      eth_call       500,000 × 26                                   13,000,000      from the 16th, 00:00, on
      streams    500,000,000 bytes × 0.04    20,000,000
                                            -----------------------------------
      368,000,000 of all, less the 40,000,000 that are included in the plan, once: 328,000,000 beyond
        300,000,000 × 0.45 / 1,000,000 = 135.00
         28,000,000 × 0.40 / 1,000,000 =  11.20    → 146.20, shared in proportion to units of 368 million:
          own calls 179: 71.1136 → 71.11    EU 156: 61.9761 → 61.98    Labs 13: 5.1647 → 5.16
          own streams 20:  7.9457 →  7.95   (the two cents that are left go to .9761 and .9457)

    Traces, left out above:  20,000 × 5 / 1,000 = 100.00, of EU
    A region of one's own, besides:  2,000,000 of EU's calls × 1 / 1,000,000 = 2.00
    Base fee of November, in advance:  49.00

    Net 49.00 + 146.20 + 100.00 + 2.00 = 297.20, tax 20 % 59.44, total 356.64.
    Sections: EU 61.98 + 100.00 + 2.00 = 163.98; Labs 5.16.
    """
    invoice, _ = rated()["invoices"]
    assert [
        (line["description"], line["dimensions"].get("account"), line["billable"], line["amount"])
        for line in invoice["lines"]
    ] == [
        ("Growth", None, None, "49.00"),
        ("ethereum requests: 179 M CU", None, "179000000", "71.11"),
        ("polygon requests: 156 M CU", "eu", "156000000", "61.98"),
        ("ethereum requests: 13 M CU", "labs", "13000000", "5.16"),
        ("Streams: 20 M CU", None, "20000000", "7.95"),
        ("polygon traces", "eu", "20000", "100.00"),
        ("Requests in a region of your own", "eu", "2000000", "2.00"),
        ("VAT 20 %", None, None, "59.44"),
    ]
    assert invoice["sections"] == [
        {"account": "eu", "name": "Globex EU", "amount": "163.98"},
        {"account": "labs", "name": "Labs", "amount": "5.16"},
    ]
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == ("297.20", "59.44", "356.64")


def test_the_child_belongs_to_its_old_parent_until_it_moves() -> None:
    """A million eth_calls until the last microsecond of the 15th are 26,000,000 units, which Initech has included."""
    _, invoice = rated()["invoices"]
    usage = [line for line in invoice["lines"] if line["kind"] == "usage"]
    assert [(line["dimensions"], line["billable"], line["amount"]) for line in usage] == [
        ({"account": "labs", "chain": "ethereum"}, "26000000", "0.00")
    ]
    assert invoice["sections"] == [{"account": "labs", "name": "labs", "amount": "0.00"}]
    assert invoice["total"] == "58.80"


def test_the_invoice_reads_so() -> None:
    done = ratebook("rate", "--book", str(BOOK), "--period", "2026-10", "--contract", "globex")
    rows = [" ".join(row.split()) for row in done.stdout.splitlines()[4:13]]
    assert rows == [
        "Growth, 2026-11-01 until 2026-12-01 49.00",
        "ethereum requests: 179 M CU 179,000,000 CU 71.11",
        "Streams: 20 M CU 20,000,000 CU 7.95",
        "Globex EU (eu): 163.98",
        "polygon requests: 156 M CU 156,000,000 CU 61.98",
        "polygon traces 20,000 request 100.00",
        "Requests in a region of your own 2,000,000 request 2.00",
        "Labs (labs): 5.16",
        "ethereum requests: 13 M CU 13,000,000 CU 5.16",
    ]


def test_a_line_is_explained_down_to_the_counted_calls_of_one_account() -> None:
    done = ratebook(
        "explain", "--book", str(BOOK), "--period", "2026-10", "--contract", "globex", "--line", "3"
    )
    assert "Left to narrower charges: traces" in done.stdout
    assert "requests, eu, polygon, eth_call: 6,000,000 request × 26 = 156,000,000" in done.stdout
    assert "Tier without end: 28,000,000 CU × 0.0000004 USD = 11.2 USD" in done.stdout
