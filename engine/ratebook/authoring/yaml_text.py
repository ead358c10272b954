"""Writes plain data as the text of a YAML file of a book, which the formatter then brings into form."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ratebook.authoring.formatting import formatted
from ratebook.book.reader import INVISIBLE
from ratebook.book.scalars import UnclearScalarError, read_scalar
from ratebook.money import plain

_ROOM: Final = 90
"""Most characters of a mapping or list in brackets …"""
_ROOM_ON_TOP: Final = 60
"""… and of one that a key of the file itself has."""
_GROUPED: Final = 1_000
_BARE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _./@()+-]*[A-Za-z0-9_)])?", re.ASCII)
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What other readers of YAML take for something else than a text."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An item of a list with a comment above it."""

    comment: str
    value: Mapping[str, Any]


def yaml_file(path: str, comments: Sequence[str], data: Mapping[str, Any]) -> str:
    """Write a file of a book.

    Args:
        path: where it stands in the book.
        comments: rows above it.
        data: mappings, lists, texts, numbers and truth values.
    """
    rows = [f"# {clean(comment)}".rstrip() for comment in comments]
    text = "\n".join([*rows, *_mapping(data, 0)]) + "\n"
    return formatted(path, text.encode()).decode()


def clean(text: str) -> str:
    """Take out of a text from elsewhere what no file of a book may hold: what is not seen, and line ends."""
    return " ".join(INVISIBLE.sub(" ", unicodedata.normalize("NFC", text)).split())


def first_of(*texts: object) -> str:
    """Give the first of several texts from elsewhere that says anything."""
    return next(filter(None, (clean(str(text or "")) for text in texts)), "")


def _mapping(data: Mapping[str, Any], indent: int) -> Iterator[str]:
    before = " " * indent
    for key, value in data.items():
        lead = f"{before}{_text(key)}:"
        short = _short(value)
        is_short = indent or isinstance(value, str) or (short is not None and len(short) <= _ROOM_ON_TOP)
        if short is not None and is_short:
            yield f"{lead} {short}"
        else:
            yield lead
            yield from _mapping(value, indent + 2) if isinstance(value, Mapping) else _list(value, indent + 2)


def _list(items: Sequence[Any], indent: int) -> Iterator[str]:
    before = " " * indent
    for item in items:
        value = item
        if isinstance(item, Noted):
            yield f"{before}# {clean(item.comment)}"
            value = item.value
        short = _short(value)
        first, *others = [before + "  " + short] if short is not None else _mapping(value, indent + 2)
        yield f"{before}- {first.lstrip()}"
        yield from others


def _short(value: Any) -> str | None:  # noqa: ANN401 - plain data
    """Write a value in one row, if it is short and simple enough."""
    if isinstance(value, Mapping):
        parts = [(_text(key), _short(item)) for key, item in value.items()]
        text = "{" + ", ".join(f"{key}: {item}" for key, item in parts) + "}"
        return text if len(text) <= _ROOM and all(item is not None for _, item in parts) else None
    if isinstance(value, list | tuple):
        is_simple = not any(isinstance(item, Mapping | Noted) for item in value)
        return f"[{', '.join(map(_scalar, value))}]" if is_simple else None
    return _scalar(value)


def _scalar(value: Any) -> str:  # noqa: ANN401 - plain data
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        number = plain(Decimal(value))
        whole, _, fraction = number.partition(".")
        if fraction:
            return number if len(fraction) > 1 else f"{number}0"
        return f"{int(whole):_}" if abs(int(whole)) >= _GROUPED else whole
    return _text(value)


def _text(text: str) -> str:
    try:
        is_text = read_scalar(text) == text and text.lower() not in _WORDS
    except UnclearScalarError:
        is_text = False
    return text if is_text and _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
