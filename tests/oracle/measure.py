"""What was used: raw events, deduplicated, filtered, and given values and dimensions.

An event counts once for its id and UTC day; the same id with another content that day is a conflict, and none of these
events counts. A NULL meets no condition but `exists: false` and `not_in`; as a value it does not count at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.expression import value_of
from tests.oracle.money import plain

Row = Mapping[str, Any]
"""An event as it stands in its source, by column."""


@dataclass(frozen=True)
class Event:
    """An event that a meter counts.

    Attributes:
        quantity: 1 for `count`, else what stands in the meter's value column.
        value: the same as it is written in the column, for `unique`.
        operation: what stands in the column that says whether the value is added or removed.
        dimensions: the meter's dimensions as text; None is NULL.
    """

    id: str
    subject: str
    time: datetime
    quantity: Fraction
    value: Any
    operation: Any
    dimensions: Mapping[str, str | None]


@dataclass(frozen=True)
class Deduplicated:
    rows: list[Row]
    duplicates: int
    conflicting: int


def deduplicate(source: Mapping[str, Any], rows: Iterable[Row]) -> Deduplicated:
    """Keep one of each event id and UTC day, and none of those whose rows contradict one another."""
    if source.get("dedupe", "exact") == "trusted":
        return Deduplicated(list(rows), 0, 0)
    by_id: dict[tuple[date, str], list[Row]] = {}
    for row in rows:
        day = row[source["event_time"]].astimezone(UTC).date()
        by_id.setdefault((day, row[source["event_id"]]), []).append(row)
    kept: list[Row] = []
    duplicates = conflicting = 0
    for same in by_id.values():
        if all(content(source, row) == content(source, same[0]) for row in same):
            kept.append(same[0])
            duplicates += len(same) - 1
        else:
            conflicting += len(same)
    return Deduplicated(kept, duplicates, conflicting)


def content(source: Mapping[str, Any], row: Row) -> list[Any]:
    """What must agree for two rows to be the same event: everything but when it was written."""
    return [row.get(column) for column in (source["subject"], source["event_time"], *source["columns"])]


def events_of(
    book: Mapping[str, Any], meter_id: str, rows: Iterable[Row], where: Mapping[str, Any] | None = None
) -> list[Event]:
    """Give the events that a meter counts where a rule's conditions hold besides its own, and there is a value."""
    meter = book["meters"][meter_id]
    source = book["book"]["sources"][meter["source"]]
    found = []
    for row in rows:
        if not meets(row, meter.get("where", {})) or not meets(row, where or {}):
            continue
        value = 1 if meter["aggregate"] == "count" else value_of(meter["value"], row)
        if value is None or not operates(meter, row):
            continue
        found.append(
            Event(
                id=str(row.get(source.get("event_id"), "")),
                subject=row[source["subject"]],
                time=row[source["event_time"]].astimezone(UTC),
                quantity=Fraction(0) if isinstance(value, str) else Fraction(value),
                value=value,
                operation=row.get(meter["operation"]["column"]) if "operation" in meter else None,
                dimensions=dimensions_of(meter, row),
            )
        )
    return found


def operates(meter: Mapping[str, Any], row: Row) -> bool:
    """Whether an event adds or removes its value, where that matters: what does neither counts for nothing."""
    operation = meter.get("operation")
    return operation is None or row.get(operation["column"]) in (*operation["add"], *operation["remove"])


def meets(row: Row, where: Mapping[str, Any]) -> bool:
    """Whether all conditions hold; a bare value means `eq`, a list means `in`."""
    for column, written in where.items():
        if isinstance(written, Mapping):
            conditions = written
        else:
            conditions = {"in": written} if isinstance(written, list | tuple) else {"eq": written}
        for operator, wanted in conditions.items():
            if not holds(row.get(column), operator, wanted):
                return False
    return True


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda actual, wanted: actual == wanted,
    "in": lambda actual, wanted: actual in wanted,
    "not_in": lambda actual, wanted: actual not in wanted,
    "lt": lambda actual, wanted: actual < wanted,
    "lte": lambda actual, wanted: actual <= wanted,
    "gt": lambda actual, wanted: actual > wanted,
    "gte": lambda actual, wanted: actual >= wanted,
    "starts_with": lambda actual, wanted: actual.startswith(wanted),
}


def holds(actual: Any, operator: str, wanted: Any) -> bool:
    if operator == "exists":
        return bool((actual is not None) == wanted)
    if actual is None:
        return operator == "not_in"
    return OPERATORS[operator](actual, wanted)


def dimensions_of(meter: Mapping[str, Any], row: Row) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for dimension in meter.get("dimensions", []):
        if isinstance(dimension, Mapping):
            for name, band in dimension.items():
                found[name] = band_of(row.get(band["of"]), band["up_to"])
        else:
            found[dimension] = text(row.get(dimension))
    return found


def band_of(value: Any, bounds: Sequence[Any]) -> str | None:
    """Bounds 100 and 500 make the bands `100`, `500` and `over`; a bound belongs to the band that it names."""
    if value is None:
        return None
    for bound in bounds:
        if value <= bound:
            return plain(bound)
    return "over"


def text(value: Any) -> str | None:
    """A value as dimensions and trees write it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    assert isinstance(value, int | Decimal), value
    return plain(value)
