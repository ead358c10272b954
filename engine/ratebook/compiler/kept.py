"""Which dimensions a charge keeps: those of its lines, pools, price cells and multipliers."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from ratebook.book.model import Meter
from ratebook.book.model.plan import ACCOUNT
from ratebook.compiler.reading import METER
from ratebook.usage.measure import VALUE_BAND


class Kept(NamedTuple):
    """The dimensions of a charge.

    Attributes:
        keep: all of them, in order; the meter and the account come first where they are told apart.
        ahead: how many these two are.
        lines_by: which of them tell lines apart.
        pool_by: which of them tell ladders apart.
        common: those that every meter of the charge keeps, if it has them: all but what single multipliers need.
        is_bound: whether a price bounds what one event costs, so that multipliers come after measuring.
        bands: the bounds of the bands of an event's value, which are the last dimension.
    """

    keep: tuple[str, ...]
    ahead: int
    lines_by: tuple[int, ...]
    pool_by: tuple[int, ...]
    common: frozenset[str]
    is_bound: bool = False
    bands: tuple[Decimal, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The dimensions of events among them."""
        return self.keep[self.ahead :]

    def with_bands(self, bands: tuple[Decimal, ...]) -> "Kept":
        """Add the band of an event's value."""
        band = (VALUE_BAND,) * bool(bands)
        return self._replace(keep=(*self.keep, *band), common=self.common.union(band), bands=bands)

    def places(self, own: tuple[str, ...]) -> tuple[int | None, ...]:
        """Give for each dimension of events its place among those that a meter keeps."""
        return tuple(own.index(name) if name in own else None for name in self.names)

    def numbers(self, names: Iterable[str]) -> tuple[int, ...]:
        """Give the places of dimensions of events among all."""
        return tuple(self.ahead + self.names.index(name) for name in names)


def keep_dimensions(
    lines_by: Iterable[str],
    pool_by: Iterable[str],
    cells: Iterable[str],
    factors: Iterable[str],
    ahead: tuple[str, ...],
) -> Kept:
    """Put the dimensions of a charge in order.

    Args:
        lines_by: what its lines are told apart by, besides what stands ahead.
        pool_by: what its ladders are told apart by; the account if it stands ahead.
        cells: what its price looks at.
        factors: what its multipliers look at.
        ahead: the meter and the account, where they are told apart.
    """
    lines, pools = tuple(lines_by), tuple(pool_by)
    common = dict.fromkeys((*lines, *(name for name in pools if name not in ahead), *cells))
    keep = (*ahead, *dict.fromkeys((*common, *factors)))
    return Kept(
        keep,
        len(ahead),
        (*range(len(ahead)), *(keep.index(name) for name in lines)),
        tuple(keep.index(name) for name in pools),
        frozenset(common),
    )


def ahead_of(*, several_meters: bool, accounts: bool) -> tuple[str, ...]:
    """Give what stands before the dimensions of events."""
    return (METER,) * several_meters + (ACCOUNT,) * accounts


def pools_of(pool_by: Iterable[str], meters: Iterable[Meter], *, accounts: bool) -> tuple[str, ...]:
    """Leave the account out of pools where it is told apart by nothing: neither by the contract nor by a meter."""
    has_own = any(meter.dimension(ACCOUNT) is not None for meter in meters)
    return tuple(name for name in pool_by if name != ACCOUNT or accounts or has_own)
