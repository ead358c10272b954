"""Values by combination of dimension values: at each level the key, else `default`, with backtracking."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Generic, TypeVar

T = TypeVar("T")

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Tree(Generic[T]):
    """A tree of fixed depth whose leaves are values, each with its path from the root."""

    depth: int
    leaves: Mapping[tuple[str, ...], T]

    @classmethod
    def of(cls, depth: int, leaves: Mapping[tuple[str, ...], T]) -> "Tree[T]":
        """Make a tree from its leaves; a path has `depth` keys, `default` among them."""
        return cls(depth, leaves)

    def resolve(self, keys: Sequence[str | None]) -> tuple[tuple[str, ...], T] | None:
        """Find the leaf for dimension values: the most specific from the first level on, or None.

        A key that is named goes before `default`; where a branch has no answer the search backtracks. A NULL
        value (None) is never a named key.

        >>> Tree.of(2, {("a", "x"): 1, ("default", "y"): 2}).resolve(("a", "y"))
        (('default', 'y'), 2)
        """
        for path in product(*((DEFAULT,) if key is None else (key, DEFAULT) for key in keys)):
            if path in self.leaves:
                return path, self.leaves[path]
        return None

    def named(self) -> tuple[frozenset[str], ...]:
        """Give the keys that are named at each level, without `default`."""
        return tuple(
            frozenset(path[level] for path in self.leaves) - {DEFAULT} for level in range(self.depth)
        )

    def combinations(self, named: Sequence[Iterable[str]]) -> Iterator[tuple[tuple[str | None, ...], T]]:
        """Resolve every combination of named keys; None stands for any key that is not named at its level."""
        for keys in product(*((*sorted(names), None) for names in named)):
            found = self.resolve(keys)
            if found is not None:
                yield keys, found[1]
