"""What two books differ by, as changes that can be made one after the other from the first book to the second.

The order is that in which an amount comes about: settings, meters, multipliers, labels, rating rules, plans, specs,
then contracts; what is taken away comes last. It is an order of meaning and of ids: files and lines have no say in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ratebook.book import pointers
from ratebook.book.book import Book
from ratebook.book.difference import ABSENT, Difference, Make, begins_between, differences
from ratebook.book.model import Contract, When

KINDS: Final[Mapping[str, str]] = {
    "meters": "meters",
    "multipliers": "multipliers",
    "labels": "labels",
    "rules": "rating",
    "plans": "plans",
    "specs": "specs",
    "sinks": "sinks",
}
"""Attribute of a book → how pointers begin, in the order of rating."""

_BESIDE: Final = ("policy", "costs")
"""Single files of `specs` that move no amount, and yet must be seen to change."""

_MOST: Final = 50
"""Most places of a document that are changes by themselves: a table that is new all over is rated once."""

_SETTINGS: Final = frozenset({"environments", "name", "syntax"})
"""Keys of `specs/book.yaml` that move no amount."""


@dataclass(frozen=True, slots=True)
class Change:
    """One semantic change of a book.

    Attributes:
        pointer: its place: in the second book, or in the first where it was taken away.
        was: what stood there, or ABSENT.
        now: what stands there, or ABSENT.
        make: makes it in a book; in a contract for a change of one.
        removes: whether a whole definition is taken away.
        begins: from when it matters; None: for all time.
        reference: why, as a ticket, where a version says so.
        adds_version: whether it comes as a version of its own.
    """

    pointer: str
    was: Any
    now: Any
    make: Make
    removes: bool = False
    begins: When | None = None
    reference: str | None = None
    adds_version: bool = False

    @property
    def document(self) -> str:
        """The pointer of the document that it stands in."""
        return self.pointer.partition("#")[0]

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to it inside its document."""
        return pointers.split(self.pointer)[1]


def book_changes(first: Book, second: Book) -> list[Change]:
    """Give the changes of everything but contracts, in the order in which they are to be made."""
    found = [*_of_settings(first, second)]
    for attribute, kind in KINDS.items():
        found += _of_kind(getattr(first, attribute), getattr(second, attribute), attribute, kind)
    for attribute in _BESIDE:
        for one in differences(getattr(first, attribute), getattr(second, attribute)):
            found.append(_change(f"specs/{attribute}", one, _in_part(attribute, one.make)))
    return sorted(found, key=lambda change: change.removes)


def _of_settings(first: Book, second: Book) -> Iterator[Change]:
    for one in differences(first.settings, second.settings):
        if one.path[0] not in _SETTINGS:
            yield _change("specs/book", one, _in_part("settings", one.make))


def _in_part(attribute: str, inner: Make) -> Make:
    def make(book: Book) -> Book:
        update: dict[str, Any] = {attribute: inner(getattr(book, attribute))}
        return replace(book, **update)

    return make


def _of_kind(was: Mapping[str, Any], now: Mapping[str, Any], attribute: str, kind: str) -> Iterator[Change]:
    for name in sorted({**was, **now}):
        document = f"{kind}/{name}"
        if name not in was:
            yield Change(document, ABSENT, now[name], _put(attribute, name, now[name]))
        elif name not in now:
            yield Change(document, was[name], ABSENT, _take(attribute, name), removes=True)
        else:
            found = list(differences(was[name], now[name]))
            for one in found if len(found) <= _MOST else [_as_one(was[name], now[name], found)]:
                yield _change(document, one, _inside(attribute, name, one.make))


def _as_one(was: object, now: object, found: Sequence[Difference]) -> Difference:
    begins = [one.begins for one in found]
    return Difference(
        (),
        was,
        now,
        lambda _: now,
        begins=None if None in begins else min(begins, key=str),
        reference=next((one.reference for one in found if one.reference), None),
        adds_version=all(one.adds_version for one in found),
    )


def _change(document: str, one: Difference, make: Make) -> Change:
    return Change(
        _pointer(document, one.path),
        one.was,
        one.now,
        make,
        begins=one.begins,
        reference=one.reference,
        adds_version=one.adds_version,
    )


def _pointer(document: str, path: Iterable[str]) -> str:
    return pointers.at(document, *(pointers.key(key) for key in path))


def _put(attribute: str, name: str, value: object) -> Make:
    return _with_parts(attribute, lambda parts: dict(sorted({**parts, name: value}.items())))


def _take(attribute: str, name: str) -> Make:
    return _with_parts(attribute, lambda parts: {key: one for key, one in parts.items() if key != name})


def _inside(attribute: str, name: str, inner: Make) -> Make:
    return _with_parts(attribute, lambda parts: {**parts, name: inner(parts[name])})


def _with_parts(attribute: str, changed: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Make:
    def make(book: Book) -> Book:
        update: dict[str, Any] = {attribute: changed(getattr(book, attribute))}
        return replace(book, **update)

    return make


@dataclass(frozen=True, slots=True)
class ContractPair:
    """A contract in two books; `None` where a book has it not."""

    id: str
    was: Contract | None
    now: Contract | None


def contract_pairs(first: Iterator[Contract], second: Iterator[Contract]) -> Iterator[ContractPair]:
    """Stream the contracts of two books side by side, both in order of id."""
    old, new = next(first, None), next(second, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old.id < new.id):
            yield ContractPair(old.id if old else "", old, None)
            old = next(first, None)
        elif old is None or new.id < old.id:
            yield ContractPair(new.id, None, new)
            new = next(second, None)
        else:
            yield ContractPair(old.id, old, new)
            old, new = next(first, None), next(second, None)


def contract_changes(pair: ContractPair) -> list[Change]:
    """Give what a contract that stands in both books differs by, in the order of its keys."""
    if pair.was is None or pair.now is None:
        return []
    pointer = f"contracts/{pair.id}"
    found = []
    for one in differences(pair.was, pair.now):
        path = one.path[1:] if one.path[:1] == ("terms",) else one.path
        begins = one.begins
        if path in {("start",), ("end",)}:
            begins = begins_between(one.was, one.now)
        found.append(_change(pointer, one._replace(path=path, begins=begins), one.make))
    return found
