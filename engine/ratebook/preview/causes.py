"""Causes: the smallest changes between two books to which an amount can be put down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ratebook.book.changes import Change


@dataclass(slots=True)
class Causes:
    """The changes between two books; those that only make sense together are one cause.

    A cause is known by the number of its first change.
    """

    changes: list[Change] = field(default_factory=list)
    _roots: list[int] = field(default_factory=list)

    def add(self, change: Change) -> int:
        """Add a change that is a cause by itself until it is united with others."""
        self.changes.append(change)
        self._roots.append(len(self._roots))
        return self._roots[-1]

    def root(self, number: int) -> int:
        """Give the cause that a change belongs to."""
        while self._roots[number] != number:
            number = self._roots[number]
        return number

    def unite(self, numbers: Iterable[int]) -> None:
        """Make one cause of several changes."""
        roots = sorted({self.root(number) for number in numbers})
        for root in roots[1:]:
            self._roots[root] = roots[0]

    def groups(self) -> Mapping[int, list[Change]]:
        """Give the changes of each cause, in the order in which they are made."""
        found: dict[int, list[Change]] = {}
        for number, change in enumerate(self.changes):
            found.setdefault(self.root(number), []).append(change)
        return found
