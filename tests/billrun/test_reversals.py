"""Events that are taken back, on invoices: pitfall 72."""

from pathlib import Path

from tests.pitfalls.situation import rated

BOOK = """
book: {sources: {events: {subject: org, event_id: id, event_time: at, reverses: undoes, columns: {n: integer}}}}
meter: {dimensions: []}
rule: {price: {amount: 1, per: 1}}
"""


def test_d72_what_is_taken_back_can_never_bring_a_period_below_zero(tmp_path: Path) -> None:
    """Whatever value the reversals bring along, and however often the event is taken back."""
    usage = "usage: [{id: a, n: 30}, {id: b, n: 900, undoes: a}, {id: c, n: 900, undoes: a}, {id: d, n: 2}]"
    back = rated(tmp_path, BOOK + usage)
    assert (back.amounts, back.codes) == ([["2.00"]], [])


def test_a_fixed_fee_for_each_event_is_taken_back_too(tmp_path: Path) -> None:
    price = "price: {model: percentage, percent: 10, fixed: 0.50, free: {events: 1}}"
    book = BOOK.replace("dimensions", "unit: USD, dimensions").replace("price: {amount: 1, per: 1}", price)
    usage = "usage: [{id: a, n: 30}, {id: b, n: 20}, {id: c, n: 10}, {id: d, undoes: c}]"
    assert rated(tmp_path, book + usage).amounts == [["5.50"]]  # 10 % of 50, and one of two events is free


def test_the_commitment_of_a_month_counts_what_was_not_taken_back(tmp_path: Path) -> None:
    contract = "contract: {commitments: [{id: least, amount: 100, every: period}]}\n"
    usage = "usage: [{id: a, n: 30}, {id: b, n: 90}, {id: c, undoes: b}]"
    assert rated(tmp_path, BOOK + contract + usage).amounts == [["30.00", "70.00"]]
