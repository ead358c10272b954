"""Measures of a run: which meters must be measured how, over which slots, with which multipliers."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ratebook.book import Book
from ratebook.book.expression import Column
from ratebook.book.model import Meter, Multiplier
from ratebook.book.model import Source as BookSource
from ratebook.book.model.meter import Operation as BookOperation
from ratebook.calendar import Instant, Interval, zone
from ratebook.compiler.prices import tree_of
from ratebook.compiler.terms import begins
from ratebook.compiler.tree import Tree
from ratebook.money import ZERO, decimals
from ratebook.usage.measure import (
    VALUE_BAND,
    Band,
    Condition,
    Dimension,
    EventSource,
    FactorTable,
    Measure,
    Operation,
    Slots,
)


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """What tells measures apart: charges that need the same share one query.

    `multipliers` are those that SQL applies; a meter that cannot be added up has none here. `unless` leaves out
    what narrower rules bill: for the rule that bills the rest, or so that the rest can be reported. `bands` cut the
    meter's value into the dimension `VALUE_BAND`.
    """

    meter: str
    where: tuple[Condition, ...]
    multipliers: tuple[str, ...]
    keep: tuple[str, ...]
    unless: tuple[tuple[Condition, ...], ...] = ()
    bands: tuple[Decimal, ...] = ()

    @property
    def name(self) -> str:
        """A name for people, as in `requests × compute-units by chain, network`."""
        by = f" by {', '.join(self.keep)}" if self.keep else ""
        narrowed = f" where {_columns(self.where)}" if self.where else ""
        left_out = "".join(f" but where {_columns(one)}" for one in self.unless)
        return " × ".join((self.meter, *self.multipliers)) + narrowed + left_out + by


def _columns(where: Iterable[Condition]) -> str:
    return ", ".join(dict.fromkeys(one.column for one in where))


class Inputs(NamedTuple):
    """What a book says of a measure: its meter, where that reads, and the multipliers that SQL applies."""

    meter: Meter
    source: BookSource
    multipliers: tuple[Multiplier, ...]


@dataclass(slots=True)
class MeasureDraft:
    """A measure while contracts enroll: its bounds gather until all of them have.

    `lives` are when accounts whose level carries over begin and end; before what is billed they cut slots too.
    """

    spec: MeasureSpec
    inputs: Inputs
    bounds: set[Instant] = field(default_factory=set)
    lives: set[Instant] = field(default_factory=set)
    zones: dict[str, ZoneInfo] = field(default_factory=dict)

    def add(self, intervals: Iterable[Interval], where: ZoneInfo) -> None:
        """Make slots of billing periods and their segments."""
        for interval in intervals:
            self.bounds.update(interval)
        self.zones[where.key] = where


@dataclass(slots=True)
class Measures:
    """The measures of a run, in the order in which contracts needed them.

    Several books may be rated in one run: what is equal in two of them is measured once.
    """

    drafts: list[MeasureDraft] = field(default_factory=list)
    _numbers: dict[MeasureSpec, list[int]] = field(default_factory=dict)

    def number(self, spec: MeasureSpec, book: Book) -> int:
        """Give the number of what a book has to be measured."""
        meter = book.meters[spec.meter]
        used = tuple(book.multipliers[name] for name in spec.multipliers)
        inputs = Inputs(meter, book.settings.sources[meter.source], used)
        alike = self._numbers.setdefault(spec, [])
        for number in alike:
            if self.drafts[number].inputs == inputs:
                return number
        alike.append(len(self.drafts))
        self.drafts.append(MeasureDraft(spec, inputs))
        return alike[-1]


def event_source(name: str, source: BookSource) -> EventSource:
    """Give a source of usage events as the room of usage knows it."""
    return EventSource(
        name,
        source.subject,
        source.event_id or "",
        source.event_time,
        source.event_time_zone or "",
        source.ingested_at or "",
        source.dedupe,
        dict(source.columns),
        source.reverses or "",
    )


def finish(draft: MeasureDraft, window: Interval) -> tuple[Measure, dict[str, int]]:
    """Finish a measure: fix its slots, and resolve its multipliers over them.

    Returns:
        The measure, and for each zone the variant of its unit columns.
    """
    spec, (meter, source, used) = draft.spec, draft.inputs
    zones = draft.zones or {"UTC": zone("UTC")}  # where nothing is billed it is measured all the same
    since = min(draft.bounds, default=window.start)
    before = {edge for edge in draft.lives if edge < since}
    changes = _changes(used, draft.bounds, zones, window)
    slots = Slots(tuple(sorted(draft.bounds | before | set(window) | changes)))
    starts = slots.bounds[:-1]
    in_zone = {
        key: tuple(versions_at(multiplier, starts, where) for multiplier in used)
        for key, where in zones.items()
    }
    variants = list(dict.fromkeys(in_zone.values()))
    tables = tuple(
        factor_table(name, multiplier, [variant[index] for variant in variants])
        for index, (name, multiplier) in enumerate(zip(spec.multipliers, used, strict=True))
    )
    value = meter.expression
    needed = dict.fromkeys((*spec.keep, *(name for multiplier in used for name in multiplier.by)))
    measure = Measure(
        name=spec.name,
        meter=spec.meter,
        source=event_source(meter.source, source),
        where=tuple(Condition(*one) for one in meter.conditions) + spec.where,
        aggregate=meter.aggregate,
        value=value.name if isinstance(value, Column) else meter.value or "",
        expression=None if isinstance(value, Column) else value,
        percent=meter.percent or ZERO,
        operation=None if meter.operation is None else _operation(meter.operation),
        recurring=meter.recurring,
        prorate=meter.prorate,
        since=since,
        dimensions=tuple(
            Dimension(name, Band(meter.value or "", spec.bands))
            if name == VALUE_BAND
            else dimension(meter, name)
            for name in needed
        ),
        keep=spec.keep,
        factors=tables,
        variants=len(variants),
        slots=slots,
        unless=spec.unless,
    )
    return measure, {key: variants.index(versions) for key, versions in in_zone.items()}


def _changes(
    used: Sequence[Multiplier], bounds: Iterable[Instant], zones: Mapping[str, ZoneInfo], window: Interval
) -> set[Instant]:
    whole = Interval(min((window.start, *bounds)), max((window.end, *bounds)))
    return {
        moment
        for multiplier in used
        for version in multiplier.factors.versions
        for where in zones.values()
        if (moment := begins(version, where)) in whole
    }


def _operation(written: BookOperation) -> Operation:
    return Operation(written.column, written.add, written.remove)


def dimension(meter: Meter, name: str) -> Dimension:
    """Give a meter's dimension."""
    found = meter.dimension(name)
    if found is None or found.band is None:
        return Dimension(name)
    bounds = tuple(int(bound) if bound == int(bound) else bound for bound in found.band.up_to)
    return Dimension(name, Band(found.band.of, bounds))


def versions_at(multiplier: Multiplier, moments: Sequence[Instant], where: ZoneInfo) -> tuple[int, ...]:
    """Give the number of the version in force at each instant, or -1 before the first."""
    starts = [begins(version, where) for version in multiplier.factors.versions]
    return tuple(bisect_right(starts, moment) - 1 for moment in moments)


def factor_tree(multiplier: Multiplier, version: int) -> Tree[Decimal]:
    """Give one version of a multiplier as a tree of factors; before the first version, -1, it has none."""
    if version < 0:
        return Tree.of(len(multiplier.by), {})
    return tree_of(multiplier.factors.versions[version].value.values, len(multiplier.by))


def factor_table(name: str, multiplier: Multiplier, versions: Sequence[tuple[int, ...]]) -> FactorTable:
    """Resolve a multiplier's versions to integers at one common scale."""
    wanted = sorted({number for variant in versions for number in variant if number >= 0})
    trees = {number: factor_tree(multiplier, number) for number in wanted}
    leaves = [factor for tree in trees.values() for factor in tree.leaves.values()]
    scale = max((decimals(factor) for factor in leaves), default=0)
    rows = {
        (number, keys): int(factor.scaleb(scale))
        for number, tree in trees.items()
        for keys, factor in _all_named(tree, trees.values())
    }
    named = tuple(
        frozenset().union(*(tree.named()[level] for tree in trees.values()))
        for level in range(len(multiplier.by))
    )
    return FactorTable(name, multiplier.by, named, rows, scale, tuple(versions))


def _all_named(
    tree: Tree[Decimal], trees: Iterable[Tree[Decimal]]
) -> Iterable[tuple[tuple[str | None, ...], Decimal]]:
    """Resolve a version for every combination of keys that any version names, so that all share their keys."""
    named = [frozenset().union(*(other.named()[level] for other in trees)) for level in range(tree.depth)]
    return tree.combinations(named)
