"""Units of data: a GB is not a GiB, and both are exact."""

from decimal import Decimal, Inexact
from types import MappingProxyType
from typing import Final

from ratebook.money import EXACT

_FINITE: Final = EXACT.copy()
_FINITE.traps[Inexact] = True

BYTES: Final = MappingProxyType(
    {"byte": Decimal(1), "bytes": Decimal(1), "B": Decimal(1)}
    | {f"{prefix}B": Decimal(1000) ** power for power, prefix in enumerate("kMGTPE", start=1)}
    | {f"{prefix}iB": Decimal(1024) ** power for power, prefix in enumerate("KMGTPE", start=1)}
)
"""Bytes in each unit of data: decimal prefixes by SI, binary ones by IEC 80000-13."""

SECONDS: Final = MappingProxyType(
    {
        "millisecond": Decimal("0.001"),
        "second": Decimal(1),
        "minute": Decimal(60),
        "hour": Decimal(3600),
        "day": Decimal(86400),
    }
)
"""Seconds in each unit of time."""

KINDS: Final = (BYTES, SECONDS)


def unit_divisor(measured: str, billable: str) -> Decimal:
    """Give how many measured units make a billable one, as 2**30 for byte → GiB.

    Raises:
        KeyError: the two are not units of the same kind.
        Inexact: the number never ends, as that of minute → second.
    """
    kind = next((kind for kind in KINDS if measured in kind and billable in kind), None)
    if kind is None:
        raise KeyError(billable)
    return _FINITE.divide(kind[billable], kind[measured])


def is_exact(measured: str, billable: str) -> bool:
    """Tell whether a unit can be converted to another of the same kind without rounding."""
    try:
        unit_divisor(measured, billable)
    except Inexact:
        return False
    return True
