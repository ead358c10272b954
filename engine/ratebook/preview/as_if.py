"""A book as if what holds on a later day held already: a price of December over the usage of October."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Any

from pydantic import BaseModel

from ratebook.book import Book
from ratebook.book.changes import book_changes, contract_changes, contract_pairs
from ratebook.book.model import Contract, ContractTerms, Dated, When
from ratebook.book.model.times import day_of

_PARTS = ("meters", "rules", "multipliers", "labels", "plans", "specs")


def as_if(book: Book, day: date, begins: date) -> Book:
    """Let the versions in force on a day hold from an earlier one on.

    Of the versions of every dated value that begin between the two days the last one begins on the earlier day, and
    those that begin later are left out. Versions before stay what they are, so that a price lock still holds. What is
    dated otherwise (contracts, phases, discounts, commitments) stays as it is.

    Args:
        book: the book.
        day: the day whose versions are to hold.
        begins: the first day of the period that is rated.
    """
    move = _Move(day, begins)
    parts: dict[str, Any] = {
        name: {key: move.of(part) for key, part in getattr(book, name).items()} for name in _PARTS
    }
    return replace(
        book, settings=move.of(book.settings), contract_source=_Contracts(book, move.terms), **parts
    )


def last_begin(first: Book, second: Book, after: date) -> date | None:
    """Tell the day from which all changes of versions hold that begin on a day or later; None where none does.

    Args:
        first: the book as it was.
        second: the book as it will be.
        after: the day after the period that is rated: what begins before it shows in the period itself.
    """
    changes = book_changes(first, second)
    days = set[date]()
    for pair in contract_pairs(first.contracts(), second.contracts()):
        if pair.was is None and pair.now is not None:
            days.update(_begin_days(pair.now.terms))
        elif pair.was != pair.now:
            changes += [one for one in contract_changes(pair) if one.path not in {("start",), ("end",)}]
    for change in changes:
        days.update((*_days([change.begins]), *_begin_days(change.now)))
    return max((day for day in days if day >= after), default=None)


def _days(moments: Iterable[When | None]) -> Iterator[date]:
    return (day_of(one) for one in moments if one is not None)


def _begin_days(value: object) -> Iterator[date]:
    """Give the days on which versions begin in a value of the model."""
    if isinstance(value, Dated):
        yield from _days(one.from_ for one in value.versions)
    elif isinstance(value, BaseModel):
        yield from chain.from_iterable(_begin_days(getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping | tuple):
        inside = value.values() if isinstance(value, Mapping) else value
        yield from chain.from_iterable(map(_begin_days, inside))


@dataclass(frozen=True, slots=True)
class _Contracts:
    """The contracts of a book, with their own terms moved too."""

    book: Book
    moved: Callable[[ContractTerms], ContractTerms]

    def stream(self) -> Iterator[Contract]:
        """Stream all contracts in order of their ids."""
        return (replace(one, terms=self.moved(one.terms)) for one in self.book.contracts())


@dataclass(slots=True)
class _Move:
    """Moves the dates of versions in any value of the model; a value without versions stays the same object."""

    day: date
    begins: date
    _terms: dict[int, tuple[ContractTerms, ContractTerms]] = field(default_factory=dict)

    def terms(self, terms: ContractTerms) -> ContractTerms:
        """Move the terms of a contract; contracts with equal terms share them still."""
        if id(terms) not in self._terms:
            self._terms[id(terms)] = (terms, self.of(terms))
        return self._terms[id(terms)][1]

    def of(self, value: Any) -> Any:  # noqa: ANN401 - any value of the model
        """Move a value."""
        if isinstance(value, Dated):
            return self._dated(value)
        if isinstance(value, BaseModel):
            found = {name: getattr(value, name) for name in type(value).model_fields}
            changed = _changed(found, {name: self.of(one) for name, one in found.items()})
            return value.model_copy(update=changed) if changed else value
        if isinstance(value, Mapping):
            changed = _changed(value, {key: self.of(one) for key, one in value.items()})
            return {**value, **changed} if changed else value
        if isinstance(value, tuple):
            moved = tuple(self.of(one) for one in value)
            return moved if any(new is not old for new, old in zip(moved, value, strict=True)) else value
        return value

    def _dated(self, dated: Dated[Any]) -> Dated[Any]:
        inside = [one for one in dated.versions if one.from_ is not None and day_of(one.from_) > self.begins]
        if not inside:
            return dated
        before = [one for one in dated.versions if one not in inside]
        moved = [one for one in inside if one.from_ is not None and day_of(one.from_) <= self.day][-1:]
        kept = [*before, *(one.model_copy(update={"from_": self.begins}) for one in moved)]
        if before and moved and before[-1].from_ is not None and day_of(before[-1].from_) == self.begins:
            kept.pop(-2)
        return dated.model_copy(update={"versions": tuple(kept or dated.versions[:1])})


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in new.items() if value is not old[key]}
