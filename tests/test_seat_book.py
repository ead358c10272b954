"""A plan by seats, stored files and guests: levels that carry over from month to month, by days and by seconds."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.example import ratebook

BOOK = str(Path(__file__).parent / "books" / "seats")


def rated(period: str) -> dict[str, Any]:
    done = ratebook("rate", "--book", BOOK, "--period", period, "--format", "json")
    assert done.code in {0, 1}, done.stderr
    output: dict[str, Any] = json.loads(done.stdout)
    return output


def invoices(output: dict[str, Any]) -> dict[str, Any]:
    """Give for each contract the charge, rounded quantity and amount of its lines, and the total."""
    return {
        one["contract"]: (
            [
                (line["charge"], f"{Decimal(line['quantity']):.4f}", line["amount"])
                for line in one["lines"]
                if line["kind"] == "usage"
            ],
            one["total"],
        )
        for one in output["invoices"]
        if one["kind"] == "period"
    }


def test_the_book_is_without_a_fault() -> None:
    done = ratebook("check", "--book", BOOK)
    assert (done.code, "warning" in done.stdout + done.stderr) == (0, False)


def test_october() -> None:
    """Worked out by hand, in euros. October has 31 days in Berlin, one of 25 hours: 745 hours.

    atelier, a customer since 10 August
    seats   12 from August on (the 50 of before the contract are none of its), 13 from the 6th on (3 come and 2 go on
            that day), 17 from the 25th on, delivered twice and counted once; what goes at 00:30 on 1 November is later
            12 × 5 + 13 × 19 + 17 × 7 = 426 seat days / 31 = 13.7419 seats
            10 × 8.00 + 3.741935… × 6.00 = 80 + 116 / 31 × 6                                      102.4516…    102.45
    files   40 GB for 24 days, 576 hours, then 100 GB for 169: (23,040 + 16,900) / 745 = 53.6107 GB
            (53.610738… - 20 included) × 0.10                                                       3.3610…      3.36
    guests  ada since September, cyd; bob came and went, and who only views is not counted: 2 × 2.00             4.00
                                                                                                               ------
                                                                                                               109.81
    bureau, a customer since 16 October: the 100 seats of a microsecond before are reported
    seats   5 × 16 days = 80 seat days / 31 = 2.5806 seats × 8.00                                  20.6451…     20.65
    """
    output = rated("2026-10")
    assert invoices(output) == {
        "atelier": (
            [("seats", "13.7419", "102.45"), ("files", "53.6107", "3.36"), ("guests", "2.0000", "4.00")],
            "109.81",
        ),
        "bureau": ([("seats", "2.5806", "20.65")], "20.65"),
    }
    assert [one["code"] for one in output["findings"]] == ["RB413", "RB417", "RB502"]


def test_november_goes_on_where_october_ended() -> None:
    """Nothing happens but that 10 seats go in the first hour: 7 × 8.00, (100 - 20) × 0.10, 2 × 2.00."""
    assert invoices(rated("2026-11"))["atelier"] == (
        [("seats", "7.0000", "56.00"), ("files", "100.0000", "8.00"), ("guests", "2.0000", "4.00")],
        "68.00",
    )


def test_two_months_at_once_are_the_two_one_by_one() -> None:
    at_once = [one for one in rated("2026-10-01/2026-12-01")["invoices"] if one["kind"] == "period"]
    one_by_one = [
        one for month in ("2026-10", "2026-11") for one in rated(month)["invoices"] if one["kind"] == "period"
    ]
    totals = sorted((one["contract"], one["period"]["from"], one["total"]) for one in at_once)
    assert totals == sorted((one["contract"], one["period"]["from"], one["total"]) for one in one_by_one)
    assert len(totals) == 4


def test_a_level_is_explained() -> None:
    done = ratebook("explain", "--book", BOOK, "--period", "2026-10", "--contract", "atelier", "--line", "1")
    rows = done.stdout.splitlines()
    (carried,) = [row for row in rows if "carries over" in row]
    assert carried.strip(" │├└─") == (
        "The level carries over from the contract's start on: "
        "at the end of each of 31 days, over the days of the full period"
    )
