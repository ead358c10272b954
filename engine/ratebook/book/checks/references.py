"""References between files: each must lead somewhere."""

from collections.abc import Iterable, Iterator
from typing import Final

from ratebook.book import pointers
from ratebook.book.checks.walk import walk
from ratebook.book.draft import Draft
from ratebook.book.layout import BOOK
from ratebook.book.model import Matrix, Meter, MeterUse, Plan, RatingRule
from ratebook.book.model.plan import ACCOUNT, FEE, USAGE
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.findings import Finding

_WHAT: Final = {
    "meters": "meter",
    "rating": "rating rule",
    "multipliers": "multiplier",
    "plans": "plan",
    "specs": "billing spec",
    "sinks": "sink",
}


def dangling(what: str, name: str, pointer: str, candidates: Iterable[str]) -> Finding:
    """Say that a reference leads nowhere."""
    known = set(candidates)
    expected = one_of(known) or f"a {what}, of which there is none yet"
    return Finding(
        "RB301", f"there is no {what} `{name}`", pointer, expected=expected, help=did_you_mean(name, known)
    )


def to_file(draft: Draft, kind: str, name: str | None, pointer: str) -> Iterator[Finding]:
    """Check a reference to a file."""
    if name is not None and name not in draft.known[kind]:
        yield dangling(_WHAT[kind], name, pointer, draft.known[kind])


def check_settings(draft: Draft) -> Iterator[Finding]:
    """Check what `specs/book.yaml` refers to."""
    if draft.settings is None:
        return
    for index, meter in enumerate(draft.settings.not_billed):
        yield from to_file(draft, "meters", meter, f"{BOOK}#not_billed/{index}")
    for name, environment in draft.settings.environments.items():
        usage = environment.usage
        pointer = f"{BOOK}#environments/{name}/usage"
        places = {"duckdb": usage.duckdb or {}} if usage else {}
        if usage and usage.clickhouse:
            places["clickhouse/tables"] = usage.clickhouse.tables
        for engine, sources in places.items():
            for source in sources:
                if source not in draft.settings.sources:
                    missing = dangling(
                        "source", source, f"{pointer}/{engine}/{source}", draft.settings.sources
                    )
                    yield draft.at_key(missing)


def check_meters(draft: Draft) -> Iterator[Finding]:
    """Check that a meter's source is there."""
    if draft.settings is None:
        return
    for name, meter in draft.meters.items():
        if meter.source not in draft.settings.sources:
            yield dangling("source", meter.source, f"meters/{name}#source", draft.settings.sources)


def check_rules(draft: Draft) -> Iterator[Finding]:
    """Check what rating rules refer to: meters, multipliers and dimensions."""
    for name, rule in draft.rules.items():
        pointer = f"rating/{name}"
        for place, use in uses_of(rule, pointer):
            yield from to_file(draft, "meters", use.meter, pointers.at(place, "meter"))
            yield from multipliers_of(draft, use, place)
        yield from _twice(rule, pointer)
        yield from pool_dimensions(draft, rule.pool_by, f"{pointer}#pool_by", rule)
        yield from _line_dimensions(draft, rule, pointer)
        yield from matrix_dimensions(draft, rule.price, f"{pointer}#price", rule)


def uses_of(rule: RatingRule, pointer: str) -> list[tuple[str, MeterUse]]:
    """Give the meters that a rule uses, each with its place: the rule itself where it has one."""
    if rule.meters is None:
        return [(pointer, rule.uses[0])]
    return [(f"{pointer}#meters/{index}", use) for index, use in enumerate(rule.uses)]


def multipliers_of(draft: Draft, use: MeterUse, pointer: str) -> Iterator[Finding]:
    """Check the multipliers of a meter's use: they are there, and the meter has their dimensions."""
    for index, multiplier in enumerate(use.multiply_by):
        at = pointers.at(pointer, "multiply_by", index)
        yield from to_file(draft, "multipliers", multiplier, at)
        yield from _multiplied(draft, use, multiplier, at)


def _twice(rule: RatingRule, pointer: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, use in uses_of(rule, pointer):
        if use.meter in seen:
            message = f"the meter `{use.meter}` stands twice: its events would be billed twice"
            yield Finding("RB314", message, place, help="delete one of the two")
        seen.add(use.meter)


def _meters(draft: Draft, rule: RatingRule) -> list[tuple[str, Meter]]:
    return [(use.meter, draft.meters[use.meter]) for use in rule.uses if use.meter in draft.meters]


def pool_dimensions(draft: Draft, names: Iterable[str], pointer: str, rule: RatingRule) -> Iterator[Finding]:
    """Check the dimensions of pools: all meters of the rule have them; child accounts are one more."""
    for index, name in enumerate(names):
        if name != ACCOUNT:
            yield from _dimension(draft, name, f"{pointer}/{index}", rule)


def _line_dimensions(draft: Draft, rule: RatingRule, pointer: str) -> Iterator[Finding]:
    """Check the dimensions of lines: some meter of the rule has them."""
    meters = _meters(draft, rule)
    for index, name in enumerate(rule.lines_by):
        if len(meters) == len(rule.uses) and not any(meter.dimension(name) for _, meter in meters):
            yield _no_dimension(name, f"{pointer}#lines_by/{index}", *meters[0])


def _dimension(draft: Draft, name: str, pointer: str, rule: RatingRule) -> Iterator[Finding]:
    for meter_id, meter in _meters(draft, rule):
        if meter.dimension(name) is None:
            yield _no_dimension(name, pointer, meter_id, meter)


def _no_dimension(name: str, pointer: str, meter_id: str, meter: Meter) -> Finding:
    names = [dimension.name for dimension in meter.dimensions]
    message = f"the meter `{meter_id}` has no dimension `{name}`"
    help_ = did_you_mean(name, names) or f"add it to the dimensions of meters/{meter_id}"
    return Finding("RB301", message, pointer, expected=one_of(names), help=help_)


def _multiplied(draft: Draft, use: MeterUse, name: str, pointer: str) -> Iterator[Finding]:
    meter, multiplier = draft.meters.get(use.meter), draft.multipliers.get(name)
    if meter is None or multiplier is None:
        return
    names = [dimension.name for dimension in meter.dimensions]
    for dimension in multiplier.by:
        if dimension not in names:
            message = f"`{name}` is by `{dimension}`, a dimension that the meter `{use.meter}` does not have"
            help_ = f"add `{dimension}` to the dimensions of meters/{use.meter}"
            yield Finding("RB301", message, pointer, expected=one_of(names), help=help_)


def matrix_dimensions(draft: Draft, price: object, pointer: str, rule: RatingRule) -> Iterator[Finding]:
    """Check the dimensions that prices by combination are by: all meters of the rule have them."""
    for part in walk(price, pointer):
        if isinstance(part.value, Matrix):
            for index, name in enumerate(part.value.by):
                yield from _dimension(draft, name, f"{part.pointer}/by/{index}", rule)


def check_plans(draft: Draft) -> Iterator[Finding]:
    """Check what plans refer to: rating rules, and fees and charges of their own."""
    for name, plan in draft.plans.items():
        pointer = f"plans/{name}"
        for index, charge in enumerate(plan.charges):
            yield from to_file(draft, "rating", charge.rating, f"{pointer}#charges/{index}/rating")
        for version in plan.minimum.versions if plan.minimum else ():
            path = "/".join(part for part in ("minimum", version.path, "applies_to") if part)
            yield from applies_to(version.value.applies_to, f"{pointer}#{path}", ids_of_plan(plan))


def ids_of_plan(plan: Plan | None) -> set[str]:
    """Give the ids of a plan's fees and charges."""
    return {fee.id for fee in plan.fees} | {charge.id for charge in plan.charges} if plan else set()


def applies_to(names: Iterable[str], pointer: str, ids: set[str]) -> Iterator[Finding]:
    """Check which lines something applies to."""
    for index, name in enumerate(names):
        if name not in ids | {USAGE, FEE}:
            yield dangling("fee or charge", name, f"{pointer}/{index}", ids | {USAGE, FEE})


def check_specs(draft: Draft) -> Iterator[Finding]:
    """Check that a spec's sink is there."""
    for name, spec in draft.specs.items():
        yield from to_file(draft, "sinks", spec.sink, f"specs/{name}#sink")
