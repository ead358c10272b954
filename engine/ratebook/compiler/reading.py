"""How a charge reads what is measured: which dimensions it keeps, and how several meters become one ladder's units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Final

from ratebook.book.model.plan import ACCOUNT
from ratebook.compiler.tree import Tree
from ratebook.money import plain
from ratebook.usage.measure import FARTHEST, OVER

METER: Final = "§meter"
"""Stands among the kept dimensions of a charge of several meters: the number of the meter, in two digits."""

_OWN: Final = (ACCOUNT, None)
"""The account of a contract's own usage."""


def meter_key(number: int) -> str:
    """Write the number of a meter as it stands in keys: those of all meters are in order."""
    return f"{number:02}"


@dataclass(frozen=True, slots=True)
class LateFactor:
    """A multiplier that is applied after measuring, at one version of its factors."""

    multiplier: str
    by: tuple[int, ...]
    tree: Tree[Decimal]
    pointer: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One meter of a charge that adds up several, or that tells accounts apart.

    Attributes:
        measure: number of its measure.
        meter: its id.
        unit: of its quantity.
        names: of the charge's dimensions those that the meter has.
        places: for each of the charge's own dimensions its place in a row of the measure; None where it has none.
        factor: how many units of the ladder one of it is, after its multipliers.
        scale: multiplies quantity and units besides, where another meter of the charge is a level over time: the
            length of the nominal period in microseconds.
        late_factors: multipliers that come after measuring.
        at_end: whether it does not add up, and so counts at the end of the billed period.
        pointer: where the book says all this.
    """

    measure: int
    meter: str
    unit: str
    names: frozenset[str]
    places: tuple[int | None, ...]
    factor: Decimal
    scale: Decimal
    late_factors: tuple[LateFactor, ...]
    at_end: bool
    pointer: str


@dataclass(frozen=True)
class MeasureUse:
    """How a charge reads its measures: which ones, and where its dimensions stand in a row's key.

    The rows of a plain charge are those of its `measure`. Where there are `readings`, rows are put together from
    theirs (`ratebook.rating.together`), with the meter and the account before the other dimensions. Where prices bound
    what one event costs, the last dimension is the band of its value, cut at `bands`.
    """

    measure: int
    keep: tuple[str, ...]
    lines_by: tuple[int, ...]
    pool_by: tuple[int, ...]
    late_factors: tuple[LateFactor, ...]
    bands: tuple[Decimal, ...] = ()
    readings: tuple[Reading, ...] = ()
    tells_accounts: bool = False

    @cached_property
    def edges(self) -> Mapping[str | None, tuple[Decimal, Decimal]]:
        """Between which values the events of each band are: above the first, up to the second."""
        marks = (-FARTHEST, *self.bands, FARTHEST)
        names = [*map(plain, self.bands), OVER]
        return dict(zip(names, pairwise(marks), strict=True))

    def band_of(self, dimensions: tuple[str | None, ...]) -> tuple[Decimal, Decimal]:
        """Give between which values the events of a row are."""
        return self.edges[dimensions[-1] if self.bands else OVER]

    @cached_property
    def measures(self) -> tuple[int, ...]:
        """The numbers of its measures."""
        return tuple(reading.measure for reading in self.readings) or (self.measure,)

    @cached_property
    def whole(self) -> frozenset[int]:
        """The measures whose usage is not told apart inside a billed period, though that of others may be."""
        return frozenset(reading.measure for reading in self.readings if reading.at_end)

    @cached_property
    def line_names(self) -> tuple[str, ...]:
        """Names of the dimensions that tell lines apart."""
        return tuple(self.keep[index] for index in self.lines_by)

    @cached_property
    def lines_are_keys(self) -> bool:
        """Whether a row's key is just its line's key."""
        return self.lines_by == tuple(range(len(self.keep)))

    @cached_property
    def has_meters(self) -> bool:
        """Whether it adds up several meters, whose number begins each key."""
        return METER in self.keep

    @cached_property
    def multiplies_late(self) -> bool:
        """Whether any multiplier comes after measuring."""
        return bool(self.late_factors) or any(reading.late_factors for reading in self.readings)

    def reading_of(self, key: tuple[str | None, ...]) -> Reading:
        """Give the meter that a key of a row or line is of."""
        return self.readings[int(key[0] or 0) if self.has_meters else 0]

    def late_factors_of(self, key: tuple[str | None, ...]) -> tuple[LateFactor, ...]:
        """Give the multipliers that come after measuring, for a row with that key."""
        return self.reading_of(key).late_factors if self.readings else self.late_factors

    def words(self, key: tuple[str | None, ...]) -> list[str]:
        """Write a row's key for people: its meter by its id, without what that lacks and the band of its value."""
        named = list(zip(self.keep, key, strict=True))[: -1 if self.bands else None]
        if not self.readings:
            return [value or "(none)" for _, value in named]
        reading = self.reading_of(key)
        own = [value or "(none)" for name, value in named if name in reading.names and (name, value) != _OWN]
        return [reading.meter, *own] if self.has_meters else own

    def all_named(self, keys: Sequence[tuple[str | None, ...]]) -> list[Mapping[str, str | None]]:
        """Name the dimensions of lines."""
        if self.has_meters or len(self.line_names) != 1:
            return [self.named(key) for key in keys]
        (name,) = self.line_names
        return [{name: value} for (value,) in keys]

    def named(self, key: tuple[str | None, ...]) -> Mapping[str, str | None]:
        """Name the dimensions of a line, without those that its meter does not have."""
        named = zip(self.line_names, key, strict=True)
        if not self.has_meters:
            return dict(named)
        names = self.reading_of(key).names
        return {name: value for name, value in named if name in names}
