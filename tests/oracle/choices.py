"""What random cases are drawn with: Hypothesis, which shrinks them, or a seed, which is fast."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

T = TypeVar("T")


class Choices(Protocol):
    """Chooses; the first of several is the simplest, towards which a failing case is shrunk."""

    def whole(self, least: int, most: int) -> int: ...


class Drawn:
    """Chooses by Hypothesis."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw

    def whole(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))


class Seeded:
    """Chooses by a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def whole(self, least: int, most: int) -> int:
        return self.random.randint(least, most)


@dataclass(frozen=True)
class Chooser:
    """What the drawing of a case asks for."""

    choices: Choices

    def one(self, options: Sequence[T]) -> T:
        return options[self.choices.whole(0, len(options) - 1)]

    def count(self, least: int, most: int) -> int:
        return self.choices.whole(least, most)

    def often(self, percent: int) -> bool:
        return self.choices.whole(0, 99) >= 100 - percent

    def some(self, options: Sequence[T], least: int = 0) -> list[T]:
        """A few different ones, in the order of the options."""
        count = self.count(least, len(options))
        left = list(range(len(options)))
        for _ in range(len(options) - count):
            left.pop(self.choices.whole(0, len(left) - 1))
        return [options[number] for number in left]

    def number(self, options: Sequence[str]) -> int | Decimal:
        """A number as typed; a whole one is an int."""
        text = self.one(options)
        return Decimal(text) if "." in text else int(text)

    def maybe(self, percent: int, key: str, value: Any) -> Mapping[str, Any]:
        """A key with its value, or neither; a callable is asked for the value only then."""
        if not self.often(percent):
            return {}
        return {key: value() if callable(value) else value}
