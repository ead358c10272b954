"""Pointers become places in files, and the nearest part around them when a pointer leads deeper than the file."""

import pytest

from ratebook.book import load
from tests.book.small_book import broken

CHANGES: dict[str, str | dict[str, str] | None] = {
    "specs/multipliers/weights.yaml": """\
by: [chain]
versions:
  - table: weights.csv
  - {from: 2026-05-01, values: {a/b: 2}}
""",
    "specs/multipliers/weights.csv": "chain,factor\neth,2\nsol,30\n",
    "specs/rating/calls.yaml": {"lines_by": "multiply_by: [weights]\nlines_by"},
}


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("rating/calls", "specs/rating/calls.yaml:1:1"),
        ("rating/calls#meter", "specs/rating/calls.yaml:1:8"),
        ("rating/calls#price", "specs/rating/calls.yaml:4:1"),
        ("rating/calls#price/tiers/1", "specs/rating/calls.yaml:9:7"),
        ("rating/calls#price/tiers/1/amount", "specs/rating/calls.yaml:9:16"),
        ("rating/calls#price/tiers/9/amount", "specs/rating/calls.yaml:7:3"),
        ("rating/calls#price/versions/0/tiers", "specs/rating/calls.yaml:4:1"),
        ("specs/book#sources/events/subject", "specs/book.yaml:6:14"),
        ("meters/calls#dimensions/2/size/of", "meters/calls.yaml:5:42"),
        ("multipliers/weights#versions/0/values/sol", "specs/multipliers/weights.csv:3:5"),
        ("multipliers/weights#versions/1/values/a~1b", "specs/multipliers/weights.yaml:4:38"),
        ("plans/other#fees", None),
        ("nonsense", None),
    ],
)
def test_a_pointer_leads_to_its_place(pointer: str, place: str | None) -> None:
    loaded = load(broken(CHANGES))
    assert loaded.book is not None, loaded.findings

    position = loaded.book.position(pointer)

    assert (position and f"{position.file}:{position.line}:{position.column}") == place


def test_the_line_of_a_place_is_at_hand() -> None:
    book = load(broken({})).book
    assert book is not None
    position = book.position("plans/pro#fees/0/amount")
    assert position is not None

    assert book.source_line(position) == "  - {id: base, name: Base fee, amount: 10}"
