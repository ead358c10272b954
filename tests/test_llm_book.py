"""An LLM's price list, by model and kind of token, with a price that falls for all input of a large month."""

import json
from pathlib import Path
from typing import Any

from tests.example import ratebook

BOOK = Path(__file__).parent / "books" / "llm"


def rated() -> dict[str, Any]:
    done = ratebook("rate", "--book", str(BOOK), "--period", "2026-10", "--format", "json")
    assert done.code == 1, done.stderr  # one combination has no price
    output: dict[str, Any] = json.loads(done.stdout)
    return output


def test_a_month_of_tokens() -> None:
    """Worked out by hand, in dollars.

    large-1   input   12,345,678 × 2.50 / 1,000,000 =  30.864195
              cached   4,000,000 × 1.25 / 1,000,000 =   5.00
              output   2,345,678 × 10   / 1,000,000 =  23.45678
    small-1   input  250,000,000 × 0.12 / 1,000,000 =  30.00        above 200 million: all of it at 0.12
              cached  10,000,000 × 0.075/ 1,000,000 =   0.75
              output  30,500,001 × 0.60 / 1,000,000 =  18.3000006
    batch     large-1 output   7 × 5    / 1,000,000 =   0.000035    the event that came twice counts once
                                                      ----------
                                                      108.3710106   → 108.37, rounded once

    Cut to cents the lines come to 108.36; the one that is left goes to the largest remainder, 0.678 of large-1 output.
    """
    (invoice,) = rated()["invoices"]
    lines = {
        tuple(line["dimensions"].values()): (line["quantity"], line["amount"]) for line in invoice["lines"]
    }
    assert lines == {
        ("batch", "large-1", "output"): ("7", "0.00"),
        ("standard", "large-1", "cached"): ("4000000", "5.00"),
        ("standard", "large-1", "input"): ("12345678", "30.86"),
        ("standard", "large-1", "output"): ("2345678", "23.46"),
        ("standard", "small-1", "cached"): ("10000000", "0.75"),
        ("standard", "small-1", "input"): ("250000000", "30.00"),
        ("standard", "small-1", "output"): ("30500001", "18.30"),
    }
    assert invoice["total"] == "108.37"


def test_tokens_that_the_list_does_not_price_are_reported_and_not_free() -> None:
    findings = [
        (one["code"], one["details"]["key"]) for one in rated()["findings"] if one["severity"] != "info"
    ]
    assert findings == [("RB505", ["batch", "small-1", "output"])]
