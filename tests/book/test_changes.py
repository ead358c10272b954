"""What two books differ by: the smallest changes that make one of the other."""

from functools import reduce
from itertools import permutations

import pytest

from ratebook.book import Book, load
from ratebook.book.changes import book_changes, contract_changes, contract_pairs
from ratebook.book.meaning import meaning

FILES = {
    "specs/book.yaml": "syntax: 1\nname: small\ncurrency: USD\nsources:\n  raw:"
    " {subject: org, event_id: id, event_time: at, columns: {chain: string, n: integer}}\n",
    "specs/world.yaml": "time_zone: UTC\ncurrency: USD\n",
    "meters/calls.yaml": "source: raw\naggregate: count\nunit: call\ndimensions: [chain]\n",
    "specs/rating/calls.yaml": "meter: calls\nprice:\n  model: graduated\n  per: 1\n  tiers:\n"
    "    - {up_to: 100, amount: 3}\n    - {amount: 2}\n",
    "plans/pro.yaml": "name: Pro\nfees:\n  - {id: base, name: Base, amount: 10}\n"
    "  - {id: seat, name: Seat, amount: 5}\n"
    "charges: [{rating: calls, included: 10}]\n",
    "contracts/acme.yaml": "org: acme\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n",
}


def book(**edits: tuple[str, str]) -> Book:
    """Read the small book with a text replaced in some files."""
    files = dict(FILES)
    for name, (old, new) in edits.items():
        path = next(path for path in files if name in path)
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    loaded = load({path: text.encode() for path, text in files.items()})
    assert loaded.book is not None, [str(finding) for finding in loaded.findings]
    return loaded.book


CASES = {
    "an amount of a tier": (book(rating=("amount: 3", "amount: 4")), ["rating/calls#price/tiers/0/amount"]),
    "two amounts are two changes": (
        book(rating=("amount: 3}\n    - {amount: 2}", "amount: 4}\n    - {amount: 1}")),
        ["rating/calls#price/tiers/0/amount", "rating/calls#price/tiers/1/amount"],
    ),
    "bounds and amounts of a ladder are one": (
        book(rating=("up_to: 100, amount: 3", "up_to: 200, amount: 4")),
        ["rating/calls#price/tiers"],
    ),
    "another model is another price": (
        book(rating=("model: graduated", "model: volume")),
        ["rating/calls#price"],
    ),
    "a fee in the middle": (
        book(pro=("  - {id: seat", "  - {id: care, name: Care, amount: 1}\n  - {id: seat")),
        ["plans/pro#fees/1"],
    ),
    "a fee that went": (book(pro=("  - {id: base, name: Base, amount: 10}\n", "")), ["plans/pro#fees/0"]),
    "a charge's included units": (
        book(pro=("included: 10", "included: 20")),
        ["plans/pro#charges/0/included"],
    ),
    "a version that begins later": (
        book(pro=("included: 10", "included: {versions: [{value: 10}, {from: 2026-11-01, value: 20}]}")),
        ["plans/pro#charges/0/included/versions/1"],
    ),
}


@pytest.mark.parametrize(("second", "pointers"), CASES.values(), ids=list(CASES))
def test_a_change_is_the_smallest_place_that_makes_sense(second: Book, pointers: list[str]) -> None:
    assert [change.pointer for change in book_changes(book(), second)] == pointers


@pytest.mark.parametrize(("second", "pointers"), CASES.values(), ids=list(CASES))
def test_making_all_changes_gives_the_second_book(second: Book, pointers: list[str]) -> None:
    first = book()
    for order in permutations(book_changes(first, second)):
        made: Book = reduce(lambda one, change: change.make(one), order, first)
        assert meaning(made.plans) == meaning(second.plans)
        assert meaning(made.rules) == meaning(second.rules)


def test_formatting_and_comments_are_no_change() -> None:
    assert book_changes(book(), book(rating=("amount: 3", "amount: 3.00"))) == []


def test_contracts_are_compared_side_by_side() -> None:
    first, second = (
        book(),
        book(acme=("start: 2026-01-01", "start: 2026-01-01\ndiscounts: [{percent: 5, applies_to: [usage]}]")),
    )
    (pair,) = contract_pairs(first.contracts(), second.contracts())
    assert [change.pointer for change in contract_changes(pair)] == ["contracts/acme#discounts"]


def test_what_is_taken_away_comes_last() -> None:
    files = {path: text for path, text in FILES.items() if "pro" not in path}
    files["plans/pro@2.yaml"] = FILES["plans/pro.yaml"]
    files["contracts/acme.yaml"] = FILES["contracts/acme.yaml"].replace("plan: pro", "plan: pro@2")
    second = load({path: text.encode() for path, text in files.items()}).book
    assert second is not None
    assert [(one.pointer, one.removes) for one in book_changes(book(), second)] == [
        ("plans/pro@2", False),
        ("plans/pro", True),
    ]


@pytest.mark.parametrize(("price", "reference"), [
    ("versions: [{amount: 3}, {from: 2026-12-01, reference: PRICE-2, amount: 4}]", "PRICE-2"),
    ("versions: [{amount: 3}, {from: 2026-12-01, amount: 4}]", None),
])  # fmt: skip
def test_a_version_that_comes_says_why(price: str, reference: str | None) -> None:
    def priced(text: str) -> Book:
        files = {**FILES, "specs/rating/calls.yaml": f"meter: calls\nprice: {{per: 1, {text}}}\n"}
        loaded = load({path: content.encode() for path, content in files.items()})
        assert loaded.book is not None
        return loaded.book

    (change,) = book_changes(priced("amount: 3"), priced(price))
    assert (change.reference, change.adds_version) == (reference, True)


def test_a_version_that_is_changed_says_why_with_another_reference() -> None:
    def fee(text: str) -> Book:
        return book(pro=("amount: 10}", f"amount: {{versions: [{{value: 1}}, {text}]}}}}"))

    was = fee("{from: 2026-07-01, reference: PRICE-1, value: 2}")
    same = book_changes(was, fee("{from: 2026-07-01, reference: PRICE-1, value: 3}"))
    other = book_changes(was, fee("{from: 2026-07-01, reference: PRICE-2, value: 3}"))

    assert [(one.pointer, one.reference, one.adds_version) for one in (*same, *other)] == [
        ("plans/pro#fees/0/amount/versions/1", None, False),
        ("plans/pro#fees/0/amount/versions/1", "PRICE-2", False),
    ]
