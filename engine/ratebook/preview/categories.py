"""What kind of change a cause is: for whom it is dearer, whether the past is billed anew, or only the future."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, Literal

from ratebook.book.changes import Change
from ratebook.book.model import When
from ratebook.book.model.times import day_of

Category = Literal["price_up", "price_down", "mixed", "restating", "forward_only", "cosmetic"]

_TEXTS: Final = frozenset({"name", "description", "reference", "customer"})
"""Keys whose values are read by people and move no amount."""
_NAMED_BY_PEOPLE: Final = frozenset({"where", "values", "rates", "sources"})
"""Keys below which names are the book's own: a column may well be called `name`."""
_WITH_IDS: Final = frozenset({"overrides", "pricing_units"})
"""Keys directly below which ids of the book stand, and then keys of the model again."""
_WITHOUT_MONEY: Final = frozenset({"sinks", "labels"})
"""Kinds of documents that move no amount."""
_OUTSIDE: Final = frozenset({"specs/policy", "specs/costs"})


def categories(
    changes: Sequence[Change], begins: When | None, directions: Iterable[int], closed_until: date
) -> Iterator[Category]:
    """Give the categories of a cause.

    Args:
        changes: what it consists of.
        begins: from when it matters; None: for all time.
        directions: of the contracts that it moves, 1 where one pays more, -1 where one pays less.
        closed_until: periods before this day are closed.
    """
    if all(is_text(change) for change in changes):
        yield "cosmetic"
        return
    ways = set(directions)
    if ways and not any(is_whole_contract(change) for change in changes):
        yield "mixed" if len(ways) > 1 else "price_up" if 1 in ways else "price_down"
    if any(_has_terms(change) for change in changes):
        later = begins is not None and day_of(begins) >= closed_until
        yield "forward_only" if later or (not ways and all(map(_is_whole, changes))) else "restating"


def is_text(change: Change) -> bool:
    """Tell whether a change is of texts for people only."""
    if change.document in _OUTSIDE:
        return False
    return change.document.startswith("labels/") or any(key in _TEXTS for key in _keys_of_model(change.path))


def _keys_of_model(path: Iterable[str]) -> Iterator[str]:
    """Give the keys of a path that the model knows, without ids that people gave."""
    keys = iter(path)
    for key in keys:
        if key in _NAMED_BY_PEOPLE:
            return
        yield key
        if key in _WITH_IDS:
            next(keys, None)


def is_whole_contract(change: Change) -> bool:
    """Tell whether a contract came or went: what it pays is no price that changed."""
    return change.document.startswith("contracts/") and not change.path


def _is_whole(change: Change) -> bool:
    """Tell whether a whole definition came or went: where that moves nothing, no bill of the past was made by it."""
    return not change.path and not is_whole_contract(change)


def _has_terms(change: Change) -> bool:
    """Tell whether a change is of something that prices usage."""
    kind = change.document.partition("/")[0]
    return kind not in _WITHOUT_MONEY and change.document not in _OUTSIDE and "sink" not in change.path
