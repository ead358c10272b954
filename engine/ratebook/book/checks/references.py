"""References between files: each must lead somewhere."""

from collections.abc import Iterable, Iterator
from typing import Final

from ratebook.book.checks.walk import walk
from ratebook.book.draft import Draft
from ratebook.book.layout import BOOK
from ratebook.book.model import Matrix, Meter, Plan, RatingRule
from ratebook.book.model.plan import FEE, USAGE
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
        yield from to_file(draft, "meters", rule.meter, f"{pointer}#meter")
        for index, multiplier in enumerate(rule.multiply_by):
            yield from to_file(draft, "multipliers", multiplier, f"{pointer}#multiply_by/{index}")
        meter = draft.meters.get(rule.meter or "")
        if meter is not None:
            yield from _dimensions(rule, meter, pointer)
            yield from _multiplied(draft, rule, meter, pointer)
            yield from matrix_dimensions(rule.price, f"{pointer}#price", rule, meter)


def _dimensions(rule: RatingRule, meter: Meter, pointer: str) -> Iterator[Finding]:
    for key in ("pool_by", "lines_by"):
        for index, name in enumerate(getattr(rule, key)):
            yield from _dimension(name, f"{pointer}#{key}/{index}", rule, meter)


def _dimension(name: str, pointer: str, rule: RatingRule, meter: Meter) -> Iterator[Finding]:
    if meter.dimension(name) is None:
        names = [dimension.name for dimension in meter.dimensions]
        message = f"the meter `{rule.meter}` has no dimension `{name}`"
        help_ = did_you_mean(name, names) or f"add it to the dimensions of meters/{rule.meter}"
        yield Finding("RB301", message, pointer, expected=one_of(names), help=help_)


def _multiplied(draft: Draft, rule: RatingRule, meter: Meter, pointer: str) -> Iterator[Finding]:
    names = [dimension.name for dimension in meter.dimensions]
    for index, name in enumerate(rule.multiply_by):
        multiplier = draft.multipliers.get(name)
        for dimension in multiplier.by if multiplier else ():
            if dimension not in names:
                message = (
                    f"`{name}` is by `{dimension}`, a dimension that the meter `{rule.meter}` does not have"
                )
                help_ = f"add `{dimension}` to the dimensions of meters/{rule.meter}"
                yield Finding(
                    "RB301", message, f"{pointer}#multiply_by/{index}", expected=one_of(names), help=help_
                )


def matrix_dimensions(price: object, pointer: str, rule: RatingRule, meter: Meter) -> Iterator[Finding]:
    """Check the dimensions that prices by combination are by."""
    for part in walk(price, pointer):
        if isinstance(part.value, Matrix):
            for index, name in enumerate(part.value.by):
                yield from _dimension(name, f"{part.pointer}/by/{index}", rule, meter)


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
