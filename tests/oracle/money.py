"""How much: rounding to a currency's minor unit, dividing so that it adds up, and the rates of a dated table.

Amounts are exact fractions until they are rounded, once. Half up means half away from zero, up means away from zero,
down means towards it, so a negative amount mirrors the positive one.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.calendar import add_months

MINOR_PLACES = {
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "JOD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "CLF": 4,
}
"""Decimal places of the currencies that have other than two (ISO 4217), as far as the oracle meets them."""


class NoRateError(LookupError):
    """The table has no rate for a pair on a date."""


def minor_unit(currency: str) -> Fraction:
    return Fraction(1, 10 ** MINOR_PLACES.get(currency, 2))


def round_to(amount: Fraction, unit: Fraction, mode: str) -> Fraction:
    """Round to a multiple of the unit: half_up, half_even, up or down."""
    if amount < 0:
        return -round_to(-amount, unit, mode)
    steps, rest = divmod(amount, unit)
    rest = Fraction(rest, unit)
    half = Fraction(1, 2)
    goes_up = {
        "half_up": rest >= half,
        "half_even": rest > half or (rest == half and steps % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[mode]
    return (steps + 1) * unit if goes_up else steps * unit


def divide_up(total: Fraction, shares: Sequence[Fraction], unit: Fraction) -> list[Fraction]:
    """Divide a total, a multiple of the unit, in proportion to exact shares, by largest remainder.

    The quota of each is total × its share / the sum of the shares, or where that sum is zero, as much as any other's.
    Each gets its quota cut to the unit; what is left goes, unit by unit, to the largest remainders, among equal ones to
    the earlier. A negative total mirrors the positive one.
    """
    if not shares:
        return []
    if total < 0:
        return [-part for part in divide_up(-total, shares, unit)]
    whole = sum(shares, Fraction(0))
    quotas = [total * share / whole if whole else total / len(shares) for share in shares]
    parts = [quota // unit * unit for quota in quotas]
    left = total - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda number: (parts[number] - quotas[number], number))
    for number in by_remainder:
        if left > 0:
            parts[number] += unit
            left -= unit
    assert left == 0, "the total is no multiple of the unit"
    return parts


def decimal_places(number: Fraction) -> int | None:
    """Count the places of a terminating decimal; None where it does not terminate."""
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def after(day: date, duration: str) -> date:
    """Go on by a duration as in `1 day`, `2 weeks`, `1 month`, `1 year`."""
    count, word = duration.split()
    unit = word.removesuffix("s")
    if unit in {"day", "week"}:
        return day + timedelta(days=int(count) * {"day": 1, "week": 7}[unit])
    return add_months(day, int(count) * {"month": 1, "year": 12}[unit])


def quote(
    have: str, want: str, policy: Mapping[str, Any], day: date, table: Sequence[Mapping[str, Any]]
) -> Fraction:
    """Say how many `want` one `have` is, by a dated table whose rows say 1 USD = `rate` TRY for `USD/TRY`.

    It is the latest row before the day (not after it: `bulletin: same_day`). The pair as asked for comes first; only
    where the table has no such row is the inverse pair used, by division. A row older than `max_age` still serves,
    as an estimate, unless the spec wants `on_failure: fail`.
    """
    if have == want:
        return Fraction(1)
    last_day = day if policy.get("bulletin") == "same_day" else day - timedelta(days=1)
    for pair, invert in ((f"{have}/{want}", False), (f"{want}/{have}", True)):
        rows = [
            row
            for row in table
            if row["pair"] == pair and row["source"] == policy["source"] and row["date"] <= last_day
        ]
        if not rows:
            continue
        latest = max(rows, key=lambda row: row["date"])
        if (
            policy.get("on_failure") == "fail"
            and after(latest["date"], policy.get("max_age", "10 days")) < day
        ):
            raise NoRateError(f"{pair} of {latest['date']} is too old on {day}")
        rate = Fraction(latest["rate"])
        return 1 / rate if invert else rate
    raise NoRateError(f"{have}/{want} on {day}")


def plain(number: Fraction | Decimal | int) -> str:
    """Write a terminating number with no exponent and no trailing zeros."""
    exact = Fraction(number)
    places = decimal_places(exact)
    if places is None:
        raise ValueError(f"{exact} does not terminate")
    digits = str(abs(exact.numerator) * 10**places // exact.denominator).rjust(places + 1, "0")
    text = digits[:-places] + "." + digits[-places:] if places else digits
    return ("-" if exact < 0 else "") + text
