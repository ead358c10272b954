"""Amounts of a diff document: written with the decimals of their currency, compared, added up."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ratebook.money import ZERO, minor_unit, total_of

_HUNDREDTH: Final = Decimal("0.01")


def written(amount: Decimal, currency: str) -> str:
    """Write an amount with the decimals of its currency."""
    return str(amount.quantize(minor_unit(currency)))


def amounts(was: Decimal, now: Decimal, currency: str) -> dict[str, str | None]:
    """Give what was and will be paid, the difference, and its percentage, which has the sign of the difference."""
    percent = str(((now - was) / abs(was) * 100).quantize(_HUNDREDTH)) if was else None
    found = {"was": was, "will_be": now, "difference": now - was}
    return {**{key: written(amount, currency) for key, amount in found.items()}, "percent": percent}


def line_change(
    line: Mapping[str, Any], was: Decimal | None, now: Decimal | None, currency: str
) -> dict[str, Any]:
    """Write a line that differs; None is a line that is not there."""
    dimensions = {name: key or "" for name, key in line["dimensions"].items()}
    return {
        "charge": line["charge"],
        "kind": line["kind"],
        "description": line["description"],
        "account": dimensions.get("account"),
        "dimensions": dimensions,
        "period": line["period"],
        "was": None if was is None else written(was, currency),
        "will_be": None if now is None else written(now, currency),
        "difference": written((now or ZERO) - (was or ZERO), currency),
    }


def totals(contracts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add up what contracts pay, for each currency, and count those that pay more and less."""
    found = []
    for currency in sorted({one["currency"] for one in contracts}):
        own = [one for one in contracts if one["currency"] == currency]
        was, now = (total_of(Decimal(one[key]) for one in own) for key in ("was", "will_be"))
        up = sum(Decimal(one["difference"]) > 0 for one in own)
        down = sum(Decimal(one["difference"]) < 0 for one in own)
        found.append({"currency": currency, **amounts(was, now, currency), "up": up, "down": down})
    return found


def by_size(contract: Mapping[str, Any]) -> tuple[Decimal, str, str]:
    """Give what contracts are sorted by: the largest difference first, whatever its sign."""
    return -abs(Decimal(contract["difference"])), contract["contract"], contract["currency"]
