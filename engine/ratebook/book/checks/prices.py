"""Prices: tiers that rise and end open, versions in order, bounds that fit one another, keys of bands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from ratebook.book import pointers
from ratebook.book.checks.walk import Part, dated_values, walk
from ratebook.book.draft import Draft
from ratebook.book.model import (
    DEFAULT_KEY,
    Dated,
    Graduated,
    GraduatedPercentage,
    Matrix,
    Meter,
    MeterUse,
    PercentTier,
    RatingRule,
    Tier,
    Version,
    Volume,
)
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.calendar import BEGINNING, Instant, instant_of, zone
from ratebook.findings import Finding
from ratebook.money import plain

Money = Decimal | Mapping[str, Decimal]


def documents(draft: Draft) -> Iterator[Part]:
    """Give every file of a book that holds terms, but contracts, which stream by."""
    for kind, parts in (
        ("rating", draft.rules),
        ("multipliers", draft.multipliers),
        ("plans", draft.plans),
        ("specs", draft.specs),
    ):
        for name, part in parts.items():
            yield Part(part, f"{kind}/{name}")
    if draft.settings is not None:
        yield Part(draft.settings, "specs/book")
    yield Part(draft.costs, "specs/costs")


def check_terms(draft: Draft) -> Iterator[Finding]:
    """Check tiers and versions in all files but contracts."""
    zones = zones_of(draft)
    for part in documents(draft):
        yield from tiers_and_versions(part, zones)


def zones_of(draft: Draft) -> tuple[ZoneInfo, ...]:
    """Give the time zones of a book's specs."""
    return tuple(zone(name) for name in sorted({spec.time_zone for spec in draft.specs.values()} or {"UTC"}))


def tiers_and_versions(part: Part, zones: tuple[ZoneInfo, ...]) -> Iterator[Finding]:
    """Check every ladder and every dated value below a part."""
    parts = walk(part.value, part.pointer)
    for value, pointer in parts:
        if isinstance(value, Graduated | Volume | GraduatedPercentage):
            yield from _tiers(value, pointer)
        if isinstance(value, Volume):
            yield from _cliffs(value, pointer)
    for dated, pointer in dated_values(parts):
        yield from _versions(dated, pointer, zones)


def _tiers(price: Graduated | Volume | GraduatedPercentage, pointer: str) -> Iterator[Finding]:
    tiers: Sequence[Tier | PercentTier] = price.tiers
    *closed, last = tiers
    previous: Decimal | None = None
    for index, tier in enumerate(closed):
        place = f"{pointer}/tiers/{index}"
        if tier.up_to is None:
            message = "a tier without `up_to` takes all units, and others follow it"
            yield Finding("RB302", message, place, expected="`up_to` on every tier but the last")
            continue
        if previous is not None and tier.up_to <= previous:
            message = f"the tier ends at {plain(tier.up_to)}, and the one before it at {plain(previous)}"
            yield Finding("RB302", message, f"{place}/up_to", expected=f"more than {plain(previous)}")
        previous = tier.up_to
    if last.up_to is not None:
        message = f"nothing says what units beyond {plain(last.up_to)} cost"
        help_ = (
            "leave `up_to` out of the last tier; to allow no more than that, use a charge with price: blocked"
        )
        yield Finding("RB302", message, f"{pointer}/tiers/{len(closed)}/up_to", help=help_)


def _cliffs(price: Volume, pointer: str) -> Iterator[Finding]:
    """Warn where one unit more makes the whole quantity cost less: it is meant so, but should be known."""
    for index, (tier, following) in enumerate(pairwise(price.tiers)):
        if tier.up_to is None:
            return
        for currency, before in _total(tier.amount, tier.flat, tier.per, tier.up_to).items():
            after = _total(following.amount, following.flat, following.per, tier.up_to).get(currency)
            if after is not None and after < before:
                yield Finding(
                    "RB316",
                    f"{plain(tier.up_to)} units cost {_shown(before)} {currency}".rstrip()
                    + f", and one more makes them cost about {_shown(after)}",
                    f"{pointer}/tiers/{index + 1}",
                    help="a volume price may mean this; if not, use graduated",
                )


def _total(amount: Money, flat: Money, per: Decimal | None, quantity: Decimal) -> dict[str, Decimal]:
    units, once = _listed(amount), _listed(flat)
    each = quantity / (per or 1)
    return {
        currency: one * each + once.get(currency, once.get("", Decimal(0))) for currency, one in units.items()
    }


def _listed(amount: Money) -> Mapping[str, Decimal]:
    return amount if isinstance(amount, Mapping) else {"": amount}


def _shown(number: Decimal) -> str:
    return plain(number.quantize(Decimal("0.01")) if abs(number) < 10**20 else number)


def _versions(dated: Dated[object], pointer: str, zones: tuple[ZoneInfo, ...]) -> Iterator[Finding]:
    for index, version in enumerate(dated.versions):
        place = pointers.at(pointer, version.path)
        if version.from_ is None:
            if index:
                message = "a version without `from` follows another"
                yield Finding("RB303", message, place, expected="`from` on every version but the first")
            continue
        earlier = dated.versions[index - 1].from_ if index else None
        if earlier is None:
            continue
        if any(instant_of(version.from_, where) <= instant_of(earlier, where) for where in zones):
            same = version.from_ == earlier
            message = (
                f"two versions begin at {_when(earlier)}"
                if same
                else f"{_when(version.from_)} does not come after {_when(earlier)}"
            )
            yield Finding("RB303", message, f"{place}/from", expected="versions in order of time")


def _when(moment: date | datetime) -> str:
    return moment.isoformat()


def begins(version: Version[object], where: ZoneInfo) -> Instant:
    """Give the instant from which a version holds."""
    return BEGINNING if version.from_ is None else instant_of(version.from_, where)


def check_band_keys(draft: Draft) -> Iterator[Finding]:
    """Check that multipliers and matrices name only keys that a band has."""
    for name, rule in draft.rules.items():
        for use in rule.uses:
            if use.meter in draft.meters:
                yield from band_keys(draft, use, rule, f"rating/{name}#price")


def band_keys(draft: Draft, use: MeterUse, rule: RatingRule, pointer: str) -> Iterator[Finding]:
    """Check the keys of a rule's multipliers and matrices, for the meter of one of its uses."""
    meter = draft.meters[use.meter]
    for multiplier in use.multiply_by:
        found = draft.multipliers.get(multiplier)
        for version in found.factors.versions if found else ():
            place = pointers.at(f"multipliers/{multiplier}", version.path, "values")
            yield from _keys(draft, version.value.values, found.by if found else (), meter, place)
    for part in walk(rule.price, pointer):
        if isinstance(part.value, Matrix):
            yield from _keys(draft, part.value.values, part.value.by, meter, f"{part.pointer}/values")


def _keys(
    draft: Draft, tree: Mapping[str, object], by: tuple[str, ...], meter: Meter, pointer: str
) -> Iterator[Finding]:
    if not by:
        return
    dimension = meter.dimension(by[0])
    possible = dimension.band.keys if dimension and dimension.band else None
    for key, below in tree.items():
        place = pointers.at(pointer, pointers.key(key))
        if possible is not None and key not in (*possible, DEFAULT_KEY):
            message = f"`{by[0]}` has no band `{key}`"
            finding = Finding(
                "RB320", message, place, expected=one_of(possible), help=did_you_mean(key, possible)
            )
            yield draft.at_key(finding)
        if isinstance(below, Mapping):
            yield from _keys(draft, below, by[1:], meter, place)
