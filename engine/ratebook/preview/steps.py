"""The way from one book to another in steps, each of which gives a book that holds together.

Changes are made in the order in which an amount comes about (`ratebook.book.changes`). A change after which the book
does not hold together waits for the next ones: they only make sense together, and are one cause.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ratebook.book import Book
from ratebook.book.changes import Change, book_changes
from ratebook.book.validity import draft_of, holds_together
from ratebook.preview.causes import Causes


class Step(NamedTuple):
    """A state of the book, the changes that led to it from the state before, and which documents they are in."""

    book: Book
    causes: tuple[int, ...]
    documents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Way:
    """The steps from the first book to the second.

    Attributes:
        first: the first book.
        ahead: the steps before the changes of contracts are made.
        after: those after them: what no contract needs any longer is taken away.
    """

    first: Book
    ahead: tuple[Step, ...]
    after: tuple[Step, ...]

    @property
    def middle(self) -> Book:
        """The book in which the changes of contracts are made."""
        return self.ahead[-1].book if self.ahead else self.first


def way(first: Book, second: Book, causes: Causes) -> Way:
    """Find the steps that lead from one book to another, contracts aside; their changes are added to the causes."""
    steps = list(_steps(first, book_changes(first, second), causes))
    ahead = sum(1 for step in steps if not all(causes.changes[one].removes for one in step.causes))
    return Way(first, tuple(steps[:ahead]), tuple(steps[ahead:]))


def _steps(first: Book, changes: Sequence[Change], causes: Causes) -> Iterator[Step]:
    book, waiting = first, list[int]()
    for left, change in zip(range(len(changes) - 1, -1, -1), changes, strict=True):
        book = change.make(book)
        waiting.append(causes.add(change))
        alone = len(waiting) == 1 and _is_a_number(change)
        if alone or not left or holds_together(draft_of(book)):
            causes.unite(waiting)
            documents = frozenset(causes.changes[one].document for one in waiting)
            yield Step(book, tuple(waiting), documents)
            waiting = []


def _is_a_number(change: Change) -> bool:
    """Tell whether a number became another: then whatever held together still does, if with other amounts."""
    return isinstance(change.was, Decimal | int) and isinstance(change.now, Decimal | int)
