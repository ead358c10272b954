"""Did-you-mean: the candidate that a mistyped word most resembles, or all candidates when none is near."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_CUTOFF: Final = 0.6
_MOST: Final = 12
_LONGEST: Final = 100
"""No longer word is compared with others: that takes time by the square."""


def one_of(candidates: Iterable[str]) -> str:
    """List what is possible, as in `one of a, b, c`; long lists are cut."""
    names = sorted(candidates)
    if not names:
        return ""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"one of {', '.join(names[:_MOST])}{more}" if len(names) > 1 else names[0]


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Name the nearest candidate as a question; empty when none is near."""
    near = nearest(word, candidates)
    return f"did you mean `{near}`?" if near else ""


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Find the candidate that a word most resembles; empty when none is near."""
    if len(word) > _LONGEST:
        return ""
    known = sorted(candidates)
    by_lower_case = {name.lower(): name for name in known}
    if word.lower() in by_lower_case:
        return by_lower_case[word.lower()]
    found = get_close_matches(word, known, n=1, cutoff=_CUTOFF)
    return found[0] if found else ""
