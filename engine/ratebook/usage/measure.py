"""What is to be measured: a meter as one rating rule needs it, over slots, as a value without SQL.

The compiler makes measures, writes one query for each in the dialect of its source, and the sources run it.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ratebook.book.expression import Expression, columns, kind
from ratebook.calendar import BEGINNING, Instant, Interval

ColumnType = Literal["string", "integer", "decimal", "boolean"]
Aggregate = Literal["count", "sum", "max", "min", "unique", "latest", "time_weighted_sum", "percentile"]
Operator = Literal["eq", "in", "not_in", "lt", "lte", "gt", "gte", "exists", "starts_with"]
Scalar = str | int | Decimal | bool

ADDITIVE: frozenset[Aggregate] = frozenset({"count", "sum"})
"""Aggregates whose states of several slots and dimensions may be added up, so multipliers apply in SQL."""


@dataclass(frozen=True, slots=True)
class EventSource:
    """A table, or files, of usage events; all names are columns that the book declares.

    Attributes:
        name: the source's name in the book, and of its table in the engine.
        subject: column of who is billed.
        event_id: column of the event's id; absent only where `dedupe` is `trusted`.
        event_time: column of when it happened.
        event_time_zone: "UTC" where the column carries no zone and the book says that it is UTC.
        ingested_at: column of when it was written, or "".
        dedupe: `exact` counts each event id once a UTC day; `trusted` counts every row.
        columns: the type of every other column that meters may use.
        reverses: column of the id of the event that an event takes back, or "".
    """

    name: str
    subject: str
    event_id: str
    event_time: str
    event_time_zone: str
    ingested_at: str
    dedupe: Literal["exact", "trusted"]
    columns: Mapping[str, ColumnType]
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a column. `in`/`not_in` hold a tuple, `exists` a boolean, the others a scalar.

    A NULL column meets no condition but `exists: false` and `not_in`.
    """

    column: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A dimension that cuts a number into bands: bounds 100 and 500 give the keys `100`, `500` and `over`.

    A bound belongs to the band that it names; NULL stays NULL.
    """

    of: str
    up_to: tuple[int | Decimal, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension of a meter: a column (`band` is None, the column is `name`), or a band under a name."""

    name: str
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class FactorTable:
    """A multiplier, resolved: for every version and every combination of named keys, an integer factor.

    `None` in a combination stands for "any key that is not named at this level" (NULL included). A combination that is
    absent has no factor: its usage is reported and not billed. The factor is `integer / 10**scale`.

    Attributes:
        multiplier: id of the multiplier, for messages.
        by: the dimensions, one for each level of the tree.
        named: the keys that are named at each level.
        rows: (version, combination) → integer factor.
        scale: common decimal scale of all factors of this table.
        versions: for each variant (see `Measure.variants`) the version in force in each slot, or -1 for none.
    """

    multiplier: str
    by: tuple[str, ...]
    named: tuple[frozenset[str], ...]
    rows: Mapping[tuple[int, tuple[str | None, ...]], int]
    scale: int
    versions: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """The column that says whether an event adds its value or removes it; other events do not count."""

    column: str
    add: tuple[Scalar, ...]
    remove: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """Consecutive half-open intervals: slot *i* is `[bounds[i], bounds[i + 1])`."""

    bounds: tuple[Instant, ...]

    @property
    def window(self) -> Interval:
        """The whole interval that the slots tile."""
        return Interval(self.bounds[0], self.bounds[-1])

    def __len__(self) -> int:
        """Count the slots."""
        return len(self.bounds) - 1

    def at(self, moment: Instant) -> int:
        """Give the number of the slot that begins at, or holds, an instant."""
        return bisect_right(self.bounds, moment) - 1


@dataclass(frozen=True, slots=True)
class Measure:
    """A meter as rating rules need it: one query, one mergeable state for each subject, dimensions and slot.

    Attributes:
        name: unique in a run, as in `requests×compute-units` (for people and for table names by number).
        meter: id of the meter.
        where: conditions of the meter and of the rule; all must hold.
        dimensions: every dimension that `keep` and `factors` name, with its band if it has one.
        keep: names of the dimensions that the result keeps, in order.
        factors: multipliers applied in SQL after aggregation (additive aggregates only; else empty).
        variants: how many unit columns the result has. Zones may put a dated multiplier's change into different
            slots; a variant is one assignment of versions to slots, and each contract reads one column.
        slots: the slots, in order.
        unless: leaves out events that meet all conditions of any of these: what narrower rules bill already.
        value: the column that is aggregated, or the text of an expression.
        expression: what the text of the value says, where it is more than a column.
        percent: which percentile; 0 for every other aggregate.
        operation: what adds a value, and what removes it (`unique` only).
        recurring: whether what was before the billed period, since the subject's life began, carries over.
        prorate: how a level that carries over counts: as it is at the end of the billed period (`none`), at the end of
            each of its days, or at every moment. By days, a segment is the number of days that are left.
        since: where the first billed period begins; before it only the level counts.
    """

    name: str
    meter: str
    source: EventSource
    where: tuple[Condition, ...]
    aggregate: Aggregate
    value: str
    dimensions: tuple[Dimension, ...]
    keep: tuple[str, ...]
    factors: tuple[FactorTable, ...]
    variants: int
    slots: Slots
    unless: tuple[tuple[Condition, ...], ...] = ()
    expression: Expression | None = None
    percent: Decimal = Decimal(0)
    operation: Operation | None = None
    recurring: bool = False
    prorate: Literal["none", "days", "seconds"] = "none"
    since: Instant = BEGINNING

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the value."""
        if self.expression is not None:
            return tuple(column.name for column in columns(self.expression))
        return (self.value,) if self.value else ()

    @property
    def additive(self) -> bool:
        """Whether states may be added up over slots and dimensions."""
        return self.aggregate in ADDITIVE and not self.recurring

    @property
    def origin(self) -> Instant:
        """The instant from which time is weighed."""
        return self.since if self.recurring else self.slots.bounds[0]

    @property
    def weighs_time(self) -> bool:
        """Whether a state holds values times microseconds."""
        return self.aggregate == "time_weighted_sum" or self.prorate == "seconds"

    @property
    def value_scale(self) -> int:
        """Decimal scale of the integers that stand for measured quantities in SQL results."""
        if self.aggregate in {"count", "unique"}:
            return 0
        types = self.source.columns
        written = types[self.value] if self.expression is None else kind(self.expression, types)
        return DECIMAL_SCALE if written == "decimal" else 0

    @property
    def unit_scale(self) -> int:
        """Decimal scale of the integers that stand for units (quantity × factors) in SQL results."""
        return self.value_scale + sum(table.scale for table in self.factors)


VALUE_BAND = "value band"
"""A dimension that no column can be called: the band of an event's own value."""

OVER = "over"
"""The key of the band above the last bound."""

FARTHEST = Decimal(10) ** 20
"""No value is as large that is cut into bands by what it costs; see `DECIMAL_SCALE`."""

DECIMAL_SCALE = 18
"""A `decimal` column holds up to 20 digits before the point and 18 after it; more is reported, never rounded."""
