"""What a closed period costs today against what was billed, line by line."""

from decimal import Decimal
from typing import Any

import pytest

from ratebook.invoice.corrections import billed, causes, correction_line, corrections

CENT = Decimal("0.01")
PERIOD = {"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}


def usage(chain: str, units: str, amount: str) -> dict[str, Any]:
    return {
        "charge": "requests",
        "kind": "usage",
        "description": f"{chain} requests",
        "quantity": units,
        "billable": units,
        "amount": amount,
        "dimensions": {"chain": chain},
        "period": PERIOD,
    }


def document(*lines: dict[str, Any], usage: str = "u1", terms: str = "t1") -> dict[str, Any]:
    return {"invoice": "inv_1", "lines": list(lines), "digests": {"usage": usage, "terms": terms, "fx": "f"}}


def amounts(was: dict[str, Any], now: dict[str, Any], *later: dict[str, Any]) -> dict[str, str]:
    found = corrections(billed(was, later), now, CENT)
    return {one.line["dimensions"]["chain"]: str(one.amount) for one in found}


def test_nothing_changed_corrects_nothing() -> None:
    one = document(usage("base", "10", "1.00"))
    assert amounts(one, one) == {}


def test_late_usage_of_one_chain_is_a_line_of_that_chain() -> None:
    was = document(usage("base", "10", "1.00"), usage("solana", "10", "1.00"))
    now = document(usage("base", "10", "1.00"), usage("solana", "15", "1.50"))
    assert amounts(was, now) == {"solana": "0.50"}


def test_usage_of_a_chain_that_was_not_billed_at_all_is_a_line_of_its_own() -> None:
    was = document(usage("base", "10", "1.00"))
    now = document(usage("base", "10", "1.00"), usage("ton", "3", "0.30"))
    assert amounts(was, now) == {"ton": "0.30"}


def test_usage_that_turned_out_wrong_is_given_back() -> None:
    was = document(usage("base", "10", "1.00"), usage("ton", "3", "0.30"))
    now = document(usage("base", "10", "1.00"))
    assert amounts(was, now) == {"ton": "-0.30"}


def test_pitfall_4_a_unit_that_moves_between_lines_without_usage_is_not_corrected() -> None:
    """Largest remainder gives 4, 4, 2 for ten and 5, 5, 1 for eleven: the line of 2 did not become cheaper."""
    was = document(usage("a", "43", "0.04"), usage("b", "43", "0.04"), usage("c", "14", "0.02"))
    now = document(usage("a", "47", "0.05"), usage("b", "47", "0.05"), usage("c", "14", "0.01"))
    found = amounts(was, now)
    assert sum(map(Decimal, found.values())) == Decimal("0.01")
    assert "c" not in found


def test_another_price_changes_each_line_by_its_own() -> None:
    was = document(usage("base", "10", "1.00"), usage("solana", "30", "3.00"))
    now = document(usage("base", "10", "2.00"), usage("solana", "30", "6.00"))
    assert amounts(was, now) == {"base": "1.00", "solana": "3.00"}


def test_what_a_correction_has_billed_is_not_billed_again() -> None:
    was = document(usage("base", "10", "1.00"))
    now = document(usage("base", "15", "1.50"))
    (one,) = corrections(billed(was, ()), now, CENT)
    later = {"lines": [correction_line(one, "inv_1", ["usage"])]}
    assert amounts(was, now, later) == {}


def test_the_correction_of_a_correction_is_called_a_correction_once() -> None:
    was, other = document(), document(usage("base", "15", "1.50"))
    (first,) = corrections(billed(was, ()), other, CENT)
    line = correction_line(first, "inv_1", ["usage"])
    (second,) = corrections(billed(was, [{"lines": [line]}]), document(), CENT)
    assert correction_line(second, "inv_1", ["usage"])["description"] == "Correction: base requests"


def test_a_correction_line_says_what_was_and_what_is() -> None:
    was = document(usage("base", "10", "1.00"))
    (one,) = corrections(billed(was, ()), document(usage("base", "15", "1.50")), CENT)
    line = correction_line(one, "inv_1", ["usage"])
    assert (line["kind"], line["quantity"], line["amount"], line["period"]) == (
        "correction",
        "5",
        "0.50",
        PERIOD,
    )
    assert line["corrects"] == {
        "invoice": "inv_1",
        "kind": "usage",
        "was": "1.00",
        "is": "1.50",
        "cause": ["usage"],
    }


def test_shares_that_moved_without_any_units_are_no_correction() -> None:
    was = document(usage("base", "10", "1.01"), usage("solana", "10", "0.99"))
    now = document(usage("base", "10", "1.00"), usage("solana", "10", "1.00"))
    assert amounts(was, now) == {}


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"usage": "u2"}, ["usage"]),
        ({"terms": "t2"}, ["book"]),
        ({"usage": "u2", "terms": "t2"}, ["usage", "book"]),
    ],
    ids=["usage", "book", "both"],
)
def test_the_cause_is_what_changed_since(changed: dict[str, str], cause: list[str]) -> None:
    assert causes(document(), document(**changed)) == cause
