"""What an unquoted scalar of a file means: a number exactly as typed, true or false, nothing, or a text.

These are the rules of YAML 1.2 (`NO`, `on`, `12:30` and `1.2.3` are texts), and stricter for numbers: what
looks like one but could be read in two ways is refused, with a word on how to write it.
"""

import re
from decimal import Decimal
from typing import Final

from ratebook.money import plain

MOST_BEFORE_POINT: Final = 30
MOST_AFTER_POINT: Final = 18

_MOST_CHARACTERS: Final = 64
"""A longer text that is no number is not looked at for what may have been meant: that takes time by the square."""

_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*(?:_\d+)*)(?:\.\d+(?:_\d+)*)?", re.ASCII)
_LOOKS_LIKE_A_NUMBER: Final = re.compile(
    r"[-+]?(?:"
    r"(?:\.\d|\d[\d_]*\.?)[\d_]*(?:[eE][-+]?\d+)?"  # 010 .5 5. 1__0 1e-6
    r"|0[xXoObB][\dA-Fa-f_]+"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?"  # 1,000.50
    r"|\.(?:inf|Inf|INF|nan|NaN|NAN)"
    r")",
    re.ASCII,
)
_WORDS: Final = {"true": True, "false": False}
_OTHER_WORDS: Final = frozenset({"True", "TRUE", "False", "FALSE"})
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})


class Broken:
    """Stands for a value that could not be read and was reported already."""


BROKEN: Final = Broken()

Scalar = str | int | Decimal | bool | None


class UnclearScalarError(ValueError):
    """A scalar that could be read in two ways, or not at all.

    Attributes:
        help: how to write what may have been meant.
    """

    def __init__(self, message: str, help_: str) -> None:
        super().__init__(message)
        self.help = help_


def read_scalar(text: str) -> Scalar:
    """Read an unquoted scalar.

    Raises:
        UnclearScalarError: it looks like a number or truth value but is not written as one.
    """
    first = text[:1]
    if first.isdigit() or first in {"-", "+", "."}:
        number = read_number(text)
        return text if number is None else number
    if text in _WORDS:
        return _WORDS[text]
    if text in _NOTHING:
        return None
    if text in _OTHER_WORDS:
        raise UnclearScalarError(
            f"{text} is not a truth value here", f'write {text.lower()}, or "{text}" for the text'
        )
    return text


def read_number(text: str) -> int | Decimal | None:
    """Read a number exactly as typed; None when the text does not look like one.

    Raises:
        UnclearScalarError: it looks like a number but is not written as one.
    """
    if not _NUMBER.fullmatch(text):
        if len(text) <= _MOST_CHARACTERS and _LOOKS_LIKE_A_NUMBER.fullmatch(text):
            raise UnclearScalarError(f"{_cut(text)} is not written as a number is here", _how_to_write(text))
        return None
    digits = text.replace("_", "")
    whole, _, fraction = digits.lstrip("-").partition(".")
    if len(whole) > MOST_BEFORE_POINT or len(fraction) > MOST_AFTER_POINT:
        raise UnclearScalarError(
            f"the number {_cut(text)} is too long",
            f"at most {MOST_BEFORE_POINT} digits before the point and {MOST_AFTER_POINT} after it",
        )
    if not fraction:
        return int(digits)
    number = Decimal(digits)
    return number or abs(number)


def _how_to_write(text: str) -> str:
    number = _meant(text)
    advice = f"write {number}, or " if number else "write digits with a point, as in 1_000.5, or "
    return f'{advice}"{_cut(text)}" in quotes for the text'


def _meant(text: str) -> str:
    """Guess the number that a person meant, as it should be written; empty when there is no telling."""
    plain_text = text.replace(",", "").replace("_", "").lstrip("+")
    if len(text) > MOST_BEFORE_POINT or re.match(r"-?0\d", plain_text):
        return ""
    found = re.fullmatch(r"(-?)(\d*\.?\d*)(?:[eE]([-+]?\d{1,2}))?", plain_text, re.ASCII)
    if not found or not found[2].strip("."):
        return ""
    written = plain(Decimal(found[1] + found[2]).scaleb(int(found[3] or 0)))
    return written if _NUMBER.fullmatch(written) else ""


def _cut(text: str) -> str:
    most = 40
    return text if len(text) <= most else text[:most] + "…"
