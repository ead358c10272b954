"""What ClickHouse's types are for us."""

import re
from typing import Final

from ratebook.sources.columns import Found, Kind
from ratebook.usage.measure import DECIMAL_SCALE

_WRAPPER: Final = re.compile(r"(LowCardinality|Nullable)\((.*)\)", re.DOTALL)
_INTEGER: Final = re.compile(r"U?Int(8|16|32|64|128)")
_DECIMAL: Final = re.compile(r"Decimal\((\d+), ?(\d+)\)")
_SIMPLE: Final[dict[str, Kind]] = {
    "String": "string",
    "UUID": "string",
    "Bool": "boolean",
    "Float32": "inexact",
    "Float64": "inexact",
    "BFloat16": "inexact",
}
_STARTS: Final[dict[str, Kind]] = {"Enum8(": "string", "Enum16(": "string", "DateTime": "instant"}


def found(written: str) -> Found:
    """Classify a type as ClickHouse writes it.

    Integers of 256 bits are not among the integers: not even 256 bits hold their sums. A DateTime is an instant,
    whatever zone it is shown in.
    """
    inner, nullable = written, False
    while wrapped := _WRAPPER.fullmatch(inner):
        nullable |= wrapped[1] == "Nullable"
        inner = wrapped[2]
    return Found(_kind(inner), written, nullable)


def _kind(inner: str) -> Kind:
    if inner in _SIMPLE:
        return _SIMPLE[inner]
    if _INTEGER.fullmatch(inner):
        return "integer"
    if decimal := _DECIMAL.fullmatch(inner):
        scale = int(decimal[2])
        if scale > DECIMAL_SCALE:
            return "fine_decimal"
        return "decimal" if scale else "integer"
    return next((kind for start, kind in _STARTS.items() if inner.startswith(start)), "other")
