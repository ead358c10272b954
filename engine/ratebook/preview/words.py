"""What has changed in words: titles of causes, and values as the book would say them, short enough for a table."""

from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from ratebook.book import Book
from ratebook.book.changes import Change
from ratebook.book.difference import Absent
from ratebook.book.meaning import meaning
from ratebook.book.model import Contract
from ratebook.book.model.base import MARK
from ratebook.money import plain

_LONGEST: Final = 100
_IN_AN_ENTRY: Final = 2
_SINGULAR: Final = {
    "fees": "fee",
    "charges": "charge",
    "tiers": "tier",
    "versions": "version",
    "discounts": "discount",
    "commitments": "commitment",
    "credits": "credit",
    "phases": "phase",
    "meters": "meter",
}


def title(change: Change, first: Book, second: Book) -> str:
    """Say where a change is: `rating/rpc-requests: price, tier 2, amount`; fees and charges of plans by their ids."""
    path = change.path
    called = _called(change, first if isinstance(change.now, Absent) else second)
    words = [
        f"{_SINGULAR.get(before, before)} {called if place == 1 and called else int(key) + 1}"
        if key.isdecimal()
        else key
        for place, (before, key) in enumerate(pairwise(("", *path)))
        if key not in _SINGULAR or key == path[-1]
    ]
    return f"{change.document}: {', '.join(words)}" if words else change.document


def _called(change: Change, book: Book) -> str | None:
    """Give the id of the fee, charge or the like of a plan in which a change is, where it is in one."""
    plan = book.plans.get(change.document.removeprefix("plans/"))
    if plan is None or len(change.path) < _IN_AN_ENTRY or not change.path[1].isdecimal():
        return None
    entries = getattr(plan, change.path[0], ())
    number = int(change.path[1])
    return getattr(entries[number], "id", None) if number < len(entries) else None


def said(value: object) -> str | None:
    """Write a value as YAML in one line would, cut where it is long; None where there is none."""
    if isinstance(value, Absent) or value is None:
        return None
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    if isinstance(value, Contract):
        value = {"plan": value.terms.plan, "spec": value.terms.spec, "start": value.start}
    text = flow(meaning(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2]} …"


def flow(value: Any) -> str:  # noqa: ANN401 - a JSON document
    """Write a JSON document as YAML in one line would."""
    if isinstance(value, dict):
        entries = (f"{key.removeprefix(MARK)}: {flow(one)}" for key, one in value.items() if one is not None)
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, Decimal) else str(value)
