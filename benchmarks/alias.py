"""Walker's alias method in integers: pick from any weights with one division and one comparison a draw."""

from collections.abc import Sequence
from typing import Final, NamedTuple

DRAWS: Final = 2**32
"""A draw is an integer from 0 up to this."""


class Bin(NamedTuple):
    """One of as many equal bins as weights: a draw below `threshold` picks `own`, any other `other`."""

    threshold: int
    own: int
    other: int


def bins(weights: Sequence[int]) -> list[Bin]:
    """Make the bins for weights; exact but for the thresholds, which are whole 2**-32ths."""
    whole = sum(weights)
    filled = [weight * len(weights) for weight in weights]
    small = [index for index, amount in enumerate(filled) if amount < whole]
    large = [index for index, amount in enumerate(filled) if amount >= whole]
    table = [Bin(DRAWS, index, index) for index in range(len(weights))]
    while small and large:
        low, high = small.pop(), large[-1]
        table[low] = Bin(filled[low] * DRAWS // whole, low, high)
        filled[high] -= whole - filled[low]
        if filled[high] < whole:
            small.append(large.pop())
    return table
