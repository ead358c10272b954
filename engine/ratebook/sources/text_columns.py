"""Columns of text (CSV, JSON lines) as typed columns, strictly: what is not exactly a number is a defect.

A column is read by its declared type alone. `1e3`, `1.0`, ` 7`, `+7` and `007` are no integers; a decimal with more
places than can be held is refused, not rounded; a time needs its zone.
"""

from typing import Final

from ratebook.sources.json_lines import NESTED
from ratebook.usage.measure import DECIMAL_SCALE, ColumnType, EventSource

_HOURS: Final = r"([01]\d|2[0-3])"
_LOCAL: Final = rf"\d{{4}}-\d\d-\d\d[T ]{_HOURS}:[0-5]\d(:[0-5]\d(\.\d{{1,18}})?)?"
_ZONE: Final = rf"(Z|[+-]{_HOURS}(:?[0-5]\d)?)"
_INTEGER: Final = r"-?(0|[1-9]\d{0,37})"
_DECIMAL: Final = rf"-?(0|[1-9]\d{{0,19}})(\.\d{{1,{DECIMAL_SCALE}}})?"

EXPECTED: Final[dict[str, str]] = {
    "string": "a text",
    "integer": "an integer of up to 38 digits, as -1200",
    "decimal": f"a decimal of up to 20 digits before and {DECIMAL_SCALE} after the point, as 0.25",
    "boolean": "true or false",
    "time": "a time with its zone, as 2026-10-05T12:30:00.250Z",
}
"""What a column of each type holds."""


def declared_types(source: EventSource) -> dict[str, str]:
    """Give the type of every column that the book names, the time's being `time`."""
    types: dict[str, str] = {source.subject: "string"}
    if source.event_id:
        types[source.event_id] = "string"
    types[source.event_time] = "time"
    if source.reverses:
        types[source.reverses] = "string"
    return types | dict(source.columns)


def typed(column: str, kind: ColumnType | str, *, utc: bool) -> str:
    """Write the typed value of a quoted column of text, NULL where the text is not exactly one.

    Args:
        column: the column, quoted.
        kind: its declared type, or `time`.
        utc: whether a time without a zone means UTC.
    """
    if kind == "string":
        return f"CASE WHEN {column} <> '{NESTED}' THEN {column} END"
    if kind == "boolean":
        return f"CASE {column} WHEN 'true' THEN true WHEN 'false' THEN false END"
    if kind == "integer":
        return f"CASE WHEN regexp_full_match({column}, '{_INTEGER}') THEN TRY_CAST({column} AS HUGEINT) END"
    if kind == "decimal":
        decimal = f"DECIMAL(38, {DECIMAL_SCALE})"
        return f"CASE WHEN regexp_full_match({column}, '{_DECIMAL}') THEN TRY_CAST({column} AS {decimal}) END"
    pattern = f"{_LOCAL}{_ZONE}{'?' if utc else ''}"
    # Finer times are cut: rounding could move an event over the end of its period.
    cut = rf"regexp_replace({column}, '(\.\d{{6}})\d+', '\1')"
    return f"CASE WHEN regexp_full_match({column}, '{pattern}') THEN TRY_CAST({cut} AS TIMESTAMPTZ) END"


def lacks_only_zone(column: str) -> str:
    """Write whether a text is a time but for its zone."""
    return f"regexp_full_match({column}, '{_LOCAL}')"
