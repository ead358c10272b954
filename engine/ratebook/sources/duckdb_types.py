"""What DuckDB's types are for us, and how a column of each is read."""

import re
from typing import Final

from ratebook.sources.columns import Found, Kind
from ratebook.usage.measure import DECIMAL_SCALE

_NAMES: Final[dict[Kind, tuple[str, ...]]] = {
    "string": ("VARCHAR", "UUID"),
    "integer": (
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    ),
    "inexact": ("FLOAT", "DOUBLE"),
    "boolean": ("BOOLEAN",),
    "instant": ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"),
    "local_time": ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"),
}
_KINDS: Final[dict[str, Kind]] = {name: kind for kind, names in _NAMES.items() for name in names}
_DECIMAL: Final = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")


def found(written: str) -> Found:
    """Classify a type as DuckDB writes it; UHUGEINT is not among the integers, its sum being a DOUBLE."""
    if written.startswith("ENUM("):
        return Found("string", "ENUM")
    decimal = _DECIMAL.fullmatch(written)
    if decimal is None:
        return Found(_KINDS.get(written, "other"), written)
    scale = int(decimal[1])
    if scale > DECIMAL_SCALE:
        return Found("fine_decimal", written)
    return Found("decimal" if scale else "integer", written)


def time_sql(column: str, written: str, *, zoned: bool) -> str:
    """Write a time as TIMESTAMPTZ or (`zoned` false) TIMESTAMP, cut to microseconds.

    DuckDB's cast rounds nanoseconds, which would move an event over the end of its period; and a cast between the
    two types would keep row groups of Parquet from being skipped, so a column that fits stays as it is.
    """
    if written == ("TIMESTAMP WITH TIME ZONE" if zoned else "TIMESTAMP"):
        return column
    if written in {"TIMESTAMP_NS", "TIMESTAMPTZ_NS"}:
        return f"make_timestamp(epoch_ns({column}) // 1000)"
    return f"make_timestamp(epoch_us({column}))"
