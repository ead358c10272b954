"""Exact money: currencies, the one arithmetic context, rounding, and division that adds up.

Everything between a file and an invoice is computed here or with what is here: `Decimal` in one context of
60 digits that refuses floats, and one rounding point whose mode is always named.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
)
from fractions import Fraction
from functools import reduce
from itertools import repeat
from math import lcm
from operator import mul
from types import MappingProxyType
from typing import Final, Literal

DIGITS: Final = 60
ZERO: Final = Decimal(0)

EXACT: Final = Context(
    prec=DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[FloatOperation, InvalidOperation, Overflow, DivisionByZero],
)
"""The context of all price arithmetic. Enter it with `decimal.localcontext(EXACT)` around a run."""

RoundingMode = Literal["half_up", "half_even", "up", "down"]

ROUNDING: Final = MappingProxyType(
    {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "up": ROUND_UP, "down": ROUND_DOWN}
)
"""What each declared rounding mode means; `half_up` is half away from zero, so credits mirror charges."""

_NO_MINOR_UNIT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_PLACES = "CLF UYW"
_TWO_PLACES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR "
    "MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK "
    "SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD "
    "XCG YER ZAR ZMW ZWG"
)
MINOR_UNITS: Final = MappingProxyType(
    dict.fromkeys(_TWO_PLACES.split(), 2)
    | dict.fromkeys(_NO_MINOR_UNIT.split(), 0)
    | dict.fromkeys(_THREE_PLACES.split(), 3)
    | dict.fromkeys(_FOUR_PLACES.split(), 4)
)
"""Decimal places of every currency that ISO 4217 gives a minor unit (list one, 2025)."""


def minor_unit(currency: str) -> Decimal:
    """Give the smallest amount of a currency, as in `Decimal("0.01")` for EUR.

    Raises:
        KeyError: the code is not in ISO 4217.
    """
    return Decimal(1).scaleb(-MINOR_UNITS[currency])


def round_money(amount: Decimal, unit: Decimal, mode: RoundingMode) -> Decimal:
    """Round an exact amount once, to multiples of a currency's minor unit.

    >>> round_money(Decimal("2.665"), Decimal("0.01"), "half_up")
    Decimal('2.67')
    """
    return amount.quantize(unit, rounding=ROUNDING[mode], context=EXACT)


def rounder(unit: Decimal, mode: RoundingMode) -> Callable[[Decimal], Decimal]:
    """Give `round_money` for one unit and mode, which many amounts have in common."""
    rounding = ROUNDING[mode]
    return lambda amount: amount.quantize(unit, rounding, EXACT)


def plain(number: Decimal) -> str:
    """Write a number the one canonical way: no exponent, no trailing zeros, no negative zero.

    >>> plain(Decimal("1E+3")), plain(Decimal("1.10")), plain(Decimal("-0.00"))
    ('1000', '1.1', '0')
    """
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain_texts(numbers: Sequence[Decimal]) -> list[str]:
    """Write many numbers as `plain` does; those without exponents, which are nearly all, in one go."""
    texts = list(map(str, numbers))
    together = " ".join(texts)
    if "E" in together or "-0" in together:
        return [plain(number) for number in numbers]
    if "." not in together:
        return texts
    return [text.rstrip("0").rstrip(".") if text[-1] == "0" and "." in text else text for text in texts]


def decimals(number: Decimal) -> int:
    """Count the decimal places that a number really has: 2 for 1.250, 0 for 1E+3."""
    exponent = number.normalize(EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def allocate(total: Decimal, shares: Sequence[Decimal | Fraction], unit: Decimal) -> list[Decimal]:
    """Divide a rounded total over exact shares by largest remainder, so that the parts add up to it.

    Each part is its exact share cut to the unit; what is left goes, one unit each, to the largest remainders,
    the earlier share first among equals. A negative total mirrors the positive one, and shares that add up to
    zero divide it evenly. The order of the shares is the caller's stable key, never that of a dictionary.

    Args:
        total: what the parts add up to, a multiple of `unit`.
        shares: exact weights of the parts; their sum has the sign of the total, or is zero.
        unit: the smallest step of a part.

    >>> [str(part) for part in allocate(Decimal("100.00"), [Decimal(1)] * 3, Decimal("0.01"))]
    ['33.34', '33.33', '33.33']
    """
    if len(shares) <= 1:
        return [total] * len(shares)
    if total < 0:
        mirrored = allocate(EXACT.minus(total), [_minus(share) for share in shares], unit)
        return [EXACT.minus(part) for part in mirrored]
    weights = _integers(shares)
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    steps = int(EXACT.divide(total, unit))
    divided = map(divmod, map(mul, weights, repeat(steps)), repeat(whole))
    parts, rests = map(list, zip(*divided, strict=True))
    left = steps - sum(parts)
    if left:
        largest = sorted(range(len(rests)), key=rests.__getitem__, reverse=True)
        for index in largest[:left]:
            parts[index] += 1
    return list(map(EXACT.multiply, repeat(unit), parts))


def _minus(share: Decimal | Fraction) -> Decimal | Fraction:
    return EXACT.minus(share) if isinstance(share, Decimal) else -share


def _integers(shares: Sequence[Decimal | Fraction]) -> Sequence[int]:
    """Scale exact weights to integers of the same proportions."""
    numerators, denominators = zip(*[share.as_integer_ratio() for share in shares], strict=True)
    common = lcm(*denominators)
    if common == 1:
        return numerators
    return [one * (common // denominator) for one, denominator in zip(numerators, denominators, strict=True)]


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up exactly, starting from zero."""
    return reduce(EXACT.add, amounts, ZERO)
