"""Amounts of Stripe, which are in the minor units that Stripe has for a currency, as amounts of a book."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ratebook.money import EXACT, MINOR_UNITS, ZERO, plain

_PLACES_OF_STRIPE: Final = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "JPY",
            "KMF",
            "KRW",
            "MGA",
            "PYG",
            "RWF",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
"""Stripe's own list; all others have two, also UGX and ISK, which have no minor unit any more."""

_PLACES: Final = 4
_STEPS: Final = (1, 1_000, 1_000_000)

Amounts = dict[str, Decimal]
"""Currency → amount."""


class NoCounterpartError(ValueError):
    """Something that a book cannot say; the message says what."""


def holders(price: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Give for each currency of a price what holds its amounts: the price itself, then its options.

    Raises:
        NoCounterpartError: a currency is none of ISO 4217.
    """
    found = {str(price.get("currency", "")).upper(): price}
    for currency, option in (price.get("currency_options") or {}).items():
        found.setdefault(currency.upper(), option)
    for currency in found:
        if currency not in MINOR_UNITS:
            raise NoCounterpartError(f"{currency or 'no currency'} is no currency of ISO 4217")
    return found


def amount(holder: Mapping[str, Any], key: str, currency: str) -> Decimal | None:
    """Read an amount, of which the decimal form is the exact one; None where there is none."""
    written = holder.get(f"{key}_decimal")
    written = holder.get(key) if written is None else written
    if written is None:
        return None
    return Decimal(str(written)).scaleb(-_PLACES_OF_STRIPE.get(currency, 2), EXACT)


def amounts(price: Mapping[str, Any], key: str = "unit_amount") -> Amounts:
    """Read an amount in all currencies of a price.

    Raises:
        NoCounterpartError: it has no amount, as where customers choose what they pay.
    """
    found = {currency: amount(holder, key, currency) for currency, holder in holders(price).items()}
    missing = [currency for currency, one in found.items() if one is None]
    if missing:
        what = "customers choose what they pay" if price.get("custom_unit_amount") else "it has no amount"
        raise NoCounterpartError(f"{what} ({', '.join(missing)})")
    return {currency: one for currency, one in found.items() if one is not None}


def written(found: Amounts, home: str) -> Decimal | dict[str, Decimal]:
    """Write an amount: a number in the home currency, or one for each."""
    return found[home] if found.keys() == {home} else dict(found)


def scaled(several: list[Amounts]) -> int:
    """Choose for how many units amounts are best written: so many that they have no more than four places."""
    for per in _STEPS:
        products = (EXACT.multiply(one, Decimal(per)) for amounts_ in several for one in amounts_.values())
        if all(len(plain(product).partition(".")[2]) <= _PLACES for product in products):
            return per
    return _STEPS[-1]


def times(found: Amounts, number: int) -> Amounts:
    """Multiply an amount."""
    return {currency: EXACT.multiply(one, Decimal(number)) for currency, one in found.items()}


def is_zero(found: Amounts) -> bool:
    """Tell whether an amount is nothing in every currency."""
    return all(one == ZERO for one in found.values())
