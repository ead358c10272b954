"""What a line of an invoice looks like, and how numbers are written on it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ratebook.money import EXACT, plain, plain_texts

Line = dict[str, Any]

_SHOWN: Final = EXACT.copy()
_SHOWN.prec = 2 * EXACT.prec
_PLACES: Final = 12
"""Quantities that do not end are shown to twelve places; no amount is computed from what is shown."""


def amount_line(
    charge: str, kind: str, description: str, amount: Decimal, currency: str, period: Mapping[str, str]
) -> Line:
    """Make a line that has an amount and no usage."""
    return {
        "charge": charge,
        "kind": kind,
        "description": description,
        "quantity": None,
        "unit": None,
        "billable": None,
        "billable_unit": None,
        "amount": str(amount),
        "currency": currency,
        "dimensions": {},
        "period": period,
    }


def shown(number: Decimal) -> str:
    """Write a quantity: exactly, or to twelve places where it has more.

    >>> shown(Decimal(1) / 3), shown(Decimal("1.50"))
    ('0.333333333333', '1.5')
    """
    return _cut(plain(number), number)


def shown_texts(numbers: Sequence[Decimal]) -> list[str]:
    """Write many quantities as `shown` does; a short text has no more than twelve places."""
    texts = plain_texts(numbers)
    if max(map(len, texts), default=0) <= _PLACES:
        return texts
    return [_cut(text, number) for text, number in zip(texts, numbers, strict=True)]


def _cut(text: str, number: Decimal) -> str:
    point = text.find(".")
    if point < 0 or len(text) - point - 1 <= _PLACES:
        return text
    return plain(number.quantize(Decimal(1).scaleb(-_PLACES), context=_SHOWN))
