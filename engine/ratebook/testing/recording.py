"""Real usage as few rows: events that nothing in the book tells apart become one row with a `count`.

Events are grouped by who is billed, by the slot of time between two changes of anything, and by each column that a
filter, a dimension or a multiplier of the contract looks at; a column that is only cut into bands becomes the band. A
column that is only summed is summed: one event of the group has the sum, the others have 0. Groups that no meter counts
are left out, and values that all filters and multipliers take alike are one. Sums and counts by group are all that the
meters see, so the invoice stays what it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.calendar import Instant, Interval
from ratebook.money import EXACT, plain
from ratebook.sources.protocol import UsageSource
from ratebook.usage.measure import (
    OVER,
    VALUE_BAND,
    Band,
    Condition,
    Dimension,
    EventSource,
    FactorTable,
    Measure,
    Slots,
)

MOST_ROWS: Final = 5_000
_ANY_TIME: Final = frozenset({"count", "sum", "max", "min", "unique"})

Key = tuple[str | None, ...]


class RecordingError(Exception):
    """Usage that cannot be written as few rows; the message says why and what to do."""


class Row(NamedTuple):
    """Events that nothing tells apart.

    Attributes:
        subject: who is billed.
        at: the beginning of their slot.
        times: how many.
        values: column → value.
    """

    subject: str
    at: Instant
    times: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Look:
    """How the columns of a source are looked at.

    Attributes:
        exact: told apart by their own value.
        bands: told apart only by these bands.
        summed: only summed.
    """

    exact: tuple[str, ...]
    bands: Mapping[str, Band]
    summed: tuple[str, ...]

    def dimensions(self) -> tuple[Dimension, ...]:
        """Give what events are grouped by."""
        plain_columns = [Dimension(name) for name in self.exact]
        return (*plain_columns, *(Dimension(f"{name} band", band) for name, band in self.bands.items()))


def record(usage: UsageSource, measures: Sequence[Measure], subjects: Sequence[str]) -> dict[str, list[Row]]:
    """Read the usage of some subjects as rows.

    Args:
        usage: where it is.
        measures: what is measured of it for their contract.
        subjects: whose usage.

    Raises:
        RecordingError: rows cannot say what a meter looks at, or there are too many.
        SourceError: the usage cannot be read.
    """
    of_source: dict[str, list[Measure]] = {}
    for measure in measures:
        of_source.setdefault(measure.source.name, []).append(measure)
    bounds = {
        name: tuple(sorted({bound for one in own for bound in one.slots.bounds}))
        for name, own in of_source.items()
    }
    windows = [
        (own[0].source, Interval(bounds[name][0], bounds[name][-1])) for name, own in of_source.items()
    ]
    usage.prepare(windows)
    return {
        name: list(_rows(usage, own, Slots(bounds[name]), tuple(subjects))) for name, own in of_source.items()
    }


def _rows(
    usage: UsageSource, measures: Sequence[Measure], slots: Slots, subjects: tuple[str, ...]
) -> Iterator[Row]:
    for measure in measures:
        if measure.aggregate not in _ANY_TIME or measure.weighs_time:
            raise RecordingError(
                f"{measure.meter} depends on the moments of events ({measure.aggregate}), which rows by slot "
                "do not keep; name a file of its events as `usage` instead"
            )
    look, source = _look(measures), measures[0].source
    only = Condition(source.subject, "in", subjects)
    base = replace(measures[0], where=(only,), slots=slots, factors=(), variants=1, unless=(), operation=None)
    base = replace(base, recurring=False, prorate="none")
    groups, mixed = _measured(usage, base, look)
    if mixed:
        look = replace(
            look,
            exact=(*look.exact, *mixed),
            summed=tuple(name for name in look.summed if name not in mixed),
        )
        groups, _ = _measured(usage, base, look)
    merged = _merged(groups, look, measures)
    counted = [
        row for row in _written(merged, look, source, slots) if any(_counts(one, row) for one in measures)
    ]
    if len(counted) > MOST_ROWS:
        raise RecordingError(
            f"the usage differs in {len(counted):,} ways that matter, at most {MOST_ROWS:,} are written as rows; "
            "name a file of its events as `usage` instead"
        )
    yield from counted


def _look(measures: Iterable[Measure]) -> _Look:
    exact: set[str] = set()
    bands: dict[str, set[Band]] = {}
    summed: set[str] = set()
    for measure in measures:
        exact |= {one.column for one in _all_conditions(measure)}
        exact |= {measure.operation.column} if measure.operation is not None else set()
        for dimension in measure.dimensions:
            if dimension.name == VALUE_BAND:
                exact |= set(measure.columns)
            elif dimension.band is None:
                exact.add(dimension.name)
            else:
                bands.setdefault(dimension.band.of, set()).add(dimension.band)
        is_sum = measure.aggregate == "sum" and measure.expression is None
        (summed if is_sum else exact).update(measure.columns)
    exact |= {name for name, found in bands.items() if len(found) > 1 or name in summed}
    return _Look(
        tuple(sorted(exact)),
        {name: next(iter(found)) for name, found in sorted(bands.items()) if name not in exact},
        tuple(sorted(summed - exact)),
    )


class _Group(NamedTuple):
    """A group's number of events, and its sums."""

    events: int
    sums: dict[str, Decimal]


_Groups = dict[tuple[str, int, Key], _Group]


def _measured(usage: UsageSource, base: Measure, look: _Look) -> tuple[_Groups, tuple[str, ...]]:
    """Count and sum groups, and name the columns that have a value in only a part of some group."""
    dimensions = look.dimensions()
    keep = tuple(one.name for one in dimensions)
    count = replace(
        base, name="recording", aggregate="count", value="", expression=None, dimensions=dimensions, keep=keep
    )
    groups = {key: _Group(events, {}) for key, events, _ in _states(usage, count)}
    mixed = []
    for name in look.summed:
        summed = replace(count, aggregate="sum", value=name)
        scale = Decimal(1).scaleb(-summed.value_scale)
        for key, events, quantity in _states(usage, summed):
            if events != groups[key].events:
                mixed.append(name)
            groups[key].sums[name] = Decimal(plain(EXACT.multiply(Decimal(quantity), scale)))
    return groups, tuple(dict.fromkeys(mixed))


def _states(usage: UsageSource, measure: Measure) -> Iterator[tuple[tuple[str, int, Key], int, int]]:
    for batch in usage.measure(measure):
        columns = batch.to_pydict()
        keys = [columns[f"k{number}"] for number in range(len(measure.keep))]
        quantities = columns.get("quantity", columns["events"])
        for row in range(batch.num_rows):
            key = tuple(values[row] for values in keys)
            place = (columns["subject"][row], int(columns["slot"][row]), key)
            yield place, int(columns["events"][row]), int(quantities[row])


def _merged(groups: _Groups, look: _Look, measures: Sequence[Measure]) -> _Groups:
    """Put groups together that differ only in values which all filters and multipliers take alike.

    Of those, the group whose keys come first gives its values to all.
    """
    loose = [
        number for number, name in enumerate(look.exact) if not any(_tells(one, name) for one in measures)
    ]
    first, merged = dict[object, Key](), _Groups()
    for subject, slot, key in sorted(groups, key=lambda one: tuple(text or "" for text in one[2])):
        group = groups[subject, slot, key]
        tight = tuple(text for number, text in enumerate(key) if number not in loose)
        alike = first.setdefault((tight, _taken(key, look, measures)), key)
        place = (subject, slot, alike)
        merged[place] = _added(merged[place], group) if place in merged else group
    return merged


def _taken(key: Key, look: _Look, measures: Sequence[Measure]) -> tuple[object, ...]:
    """Say how all filters and multipliers take the values of a group."""
    kinds = measures[0].source.columns
    names = (*look.exact, *look.bands)
    texts = dict(zip(names, key, strict=True))
    values = {
        name: _value(text, kinds[name], look.bands.get(name))
        for name, text in texts.items()
        if text is not None
    }
    met = [_holds(one, values) for measure in measures for one in _all_conditions(measure)]
    factors = [
        factor
        for measure in measures
        for table in measure.factors
        for factor in _factors(table, measure, texts)
    ]
    return (*met, *factors)


def _factors(
    table: FactorTable, measure: Measure, texts: Mapping[str, str | None]
) -> Iterator[int | str | None]:
    """Give what a table of factors says of a group, in each of its versions."""
    columns = {one.name: one.name if one.band is None else one.band.of for one in measure.dimensions}
    by = [texts[columns[name]] for name in table.by]
    key = tuple(text if text in named else None for text, named in zip(by, table.named, strict=True))
    for version in sorted({number for number, _ in table.rows}):
        yield table.rows.get((version, key))


def _added(one: _Group, other: _Group) -> _Group:
    sums = one.sums.keys() | other.sums.keys()
    zero = Decimal(0)
    return _Group(
        one.events + other.events,
        {name: EXACT.add(one.sums.get(name, zero), other.sums.get(name, zero)) for name in sums},
    )


def _tells(measure: Measure, column: str) -> bool:
    """Whether a measure does more with a column than to filter and to multiply by it."""
    operation = measure.operation is not None and measure.operation.column == column
    banded = any(one.band is not None and one.band.of == column for one in measure.dimensions)
    return operation or banded or column in measure.columns or column in measure.keep


def _all_conditions(measure: Measure) -> Iterator[Condition]:
    every = (*measure.where, *(one for billed in measure.unless for one in billed))
    return (one for one in every if one.column != measure.source.subject)


def _written(groups: _Groups, look: _Look, source: EventSource, slots: Slots) -> Iterator[Row]:
    names = [*look.exact, *look.bands]
    ordered = sorted(groups, key=lambda one: (one[0], one[1], tuple(text or "" for text in one[2])))
    for subject, slot, key in ordered:
        group = groups[subject, slot, key]
        values = {
            name: _value(text, source.columns[name], look.bands.get(name))
            for name, text in zip(names, key, strict=True)
            if text is not None
        }
        at = slots.bounds[slot]
        if not any(group.sums.values()):
            yield Row(subject, at, group.events, values | group.sums)
            continue
        yield Row(subject, at, 1, values | group.sums)
        if group.events > 1:
            yield Row(subject, at, group.events - 1, values | dict.fromkeys(group.sums, Decimal(0)))


def _value(text: str, kind: str, band: Band | None) -> Any:  # noqa: ANN401 - a value of a column
    """Give the value that a key is the text of; of a band one that lies in it."""
    if band is not None:
        return Decimal(band.up_to[-1]) + 1 if text == OVER else Decimal(text)
    if kind == "boolean":
        return text in {"true", "1"}
    return text if kind == "string" else Decimal(text)


def _counts(measure: Measure, row: Row) -> bool:
    """Tell whether a meter counts the events of a row."""
    own = [one for one in measure.where if one.column != measure.source.subject]
    if any(all(_holds(one, row.values) for one in billed) for billed in measure.unless):
        return False
    return all(_holds(one, row.values) for one in own)


def _holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    value, wanted = values.get(condition.column), condition.value
    if condition.operator == "exists":
        return (value is not None) is wanted
    if value is None:
        return condition.operator == "not_in"
    if isinstance(wanted, tuple):
        return any(value == one for one in wanted) is (condition.operator == "in")
    if condition.operator == "starts_with":
        return str(value).startswith(str(wanted))
    met: dict[str, Callable[[], bool]] = {
        "eq": lambda: value == wanted,
        "lt": lambda: value < wanted,
        "lte": lambda: value <= wanted,
        "gt": lambda: value > wanted,
        "gte": lambda: value >= wanted,
    }
    return met[condition.operator]()
