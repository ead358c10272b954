"""Ids for what is taken over: from lookup keys, nicknames and names, each given once."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

_MOST: Final = 60
_HOW_OFTEN: Final = {
    "day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly", "once": "once",
}  # fmt: skip


def slug(text: str) -> str:
    """Turn a text into an id; empty where no letter or digit of it can stand in one.

    >>> slug("Größer & Plus (2026)")
    'grosser-plus-2026'
    """
    ascii_ = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ı", "i")).encode(
        "ascii", "ignore"
    )
    return re.sub(r"[^a-z0-9_.-]+", "-", ascii_.decode().lower()).strip("-._")[:_MOST].rstrip("-._")


class Ids:
    """The ids that were given."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, *wishes: str) -> str:
        """Give the first of several ids that is free; of the last one with a number, if none is."""
        last = wishes[-1]
        numbered = (f"{last}-{number}" for number in range(2, len(self._taken) + 3))
        chosen = next(one for one in (*wishes, *numbered) if one not in self._taken)
        self._taken.add(chosen)
        return chosen


def wishes(
    price: Mapping[str, Any], product: Mapping[str, Any], every: str, *, is_only: bool
) -> tuple[str, ...]:
    """Give the ids that suit a price, the best first.

    Args:
        price: a price.
        product: its product.
        every: how often it is due.
        is_only: whether it is the only one of its kind that the product has.
    """
    key = slug(str(price.get("lookup_key") or ""))
    if key:
        return (key,)
    name = slug(str(product.get("name") or "")) or slug(str(price["id"])) or "price"
    nickname = slug(str(price.get("nickname") or ""))
    if nickname:
        return (nickname if name in nickname else f"{name}-{nickname}",)
    often = f"{name}-{_HOW_OFTEN[every]}"
    return (*([name] if is_only else []), often, f"{often}-{str(price.get('currency')).lower()}")
