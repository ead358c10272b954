"""Meters: that columns fit their use, and that what is measured has a price."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ratebook.book import pointers
from ratebook.book.draft import Draft
from ratebook.book.layout import BOOK
from ratebook.book.model import Meter, Source
from ratebook.book.model.meter import Condition, conditions
from ratebook.book.model.values import ColumnType
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.findings import Finding

_NUMBERS: Final = frozenset({"integer", "decimal"})
_ANY_COLUMN: Final = frozenset({"unique"})
_A: Final = {
    "string": "a text",
    "integer": "a whole number",
    "decimal": "a number",
    "boolean": "true or false",
}
_ORDERED: Final = frozenset({"lt", "lte", "gt", "gte"})


def check_columns(draft: Draft) -> Iterator[Finding]:
    """Check the columns that meters name: they must be there and be of a fitting type."""
    for name, meter in draft.meters.items():
        source = draft.settings.sources.get(meter.source) if draft.settings else None
        if source is not None:
            pointer = f"meters/{name}"
            yield from _value(meter, source, pointer)
            yield from _dimensions(meter, source, pointer)
            yield from _where(conditions(meter.where), source, pointer, meter.source)
    for name, rule in draft.rules.items():
        of_rule = draft.meters.get(rule.meter or "")
        source = draft.settings.sources.get(of_rule.source) if draft.settings and of_rule else None
        if source is not None and of_rule is not None:
            yield from _where(rule.conditions, source, f"rating/{name}", of_rule.source)


def check_source_names(draft: Draft) -> Iterator[Finding]:
    """Check that a source can be deduplicated."""
    for name, source in draft.settings.sources.items() if draft.settings else ():
        if source.event_id is None and source.dedupe == "exact":
            yield Finding(
                "RB202",
                "`event_id` is missing, by which events are counted once",
                f"{BOOK}#sources/{name}",
                expected="event_id: …, or dedupe: trusted where the source has no duplicates",
            )


def _column(name: str, source: Source, pointer: str, source_name: str) -> ColumnType | Finding:
    found = source.columns.get(name)
    if found is not None:
        return found
    help_ = (
        did_you_mean(name, source.columns)
        or f"add it with its type to the columns of {source_name} in specs/book.yaml"
    )
    message = f"the source `{source_name}` has no column `{name}`"
    return Finding("RB301", message, pointer, expected=one_of(source.columns), help=help_)


def _value(meter: Meter, source: Source, pointer: str) -> Iterator[Finding]:
    if meter.aggregate == "count":
        if meter.value is not None:
            yield Finding(
                "RB307",
                "`count` counts events, not a value",
                f"{pointer}#value",
                help="delete `value`, or sum it",
            )
        return
    if meter.value is None:
        message = f"`value` is missing: the column of which `{meter.aggregate}` is taken"
        yield Finding("RB202", message, f"{pointer}#aggregate", expected="value: …")
        return
    kind = _column(meter.value, source, f"{pointer}#value", meter.source)
    if isinstance(kind, Finding):
        yield kind
    elif meter.aggregate not in _ANY_COLUMN and kind not in _NUMBERS:
        message = f"there is no `{meter.aggregate}` of `{meter.value}`, which is {_A[kind]}"
        yield Finding("RB307", message, f"{pointer}#value", expected="a column of type integer or decimal")


def _dimensions(meter: Meter, source: Source, pointer: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, dimension in enumerate(meter.dimensions):
        place = f"{pointer}#dimensions/{index}"
        if dimension.name in seen:
            yield Finding(
                "RB103", f"the dimension `{dimension.name}` stands twice", place, help="delete one of the two"
            )
        seen.add(dimension.name)
        kind = _column(dimension.column, source, place, meter.source)
        if isinstance(kind, Finding):
            yield kind
        elif dimension.band is None and kind == "decimal":
            message = f"`{dimension.name}` is a decimal, which has too many values to tell usage apart by"
            yield Finding(
                "RB307",
                message,
                place,
                help=f"cut it into bands: {{{dimension.name}_band: {{of: {dimension.name}, up_to: […]}}}}",
            )
        elif dimension.band is not None:
            yield from _band(dimension.band.up_to, kind, dimension.column, f"{place}/{dimension.name}")


def _band(bounds: tuple[Decimal, ...], kind: ColumnType, column: str, pointer: str) -> Iterator[Finding]:
    if kind not in _NUMBERS:
        message = f"`{column}` is {_A[kind]}, which cannot be cut into bands"
        yield Finding("RB307", message, f"{pointer}/of", expected="a column of type integer or decimal")
    for index, bound in enumerate(bounds):
        if index and bound <= bounds[index - 1]:
            message = f"the bound {bound} does not lie above {bounds[index - 1]}"
            yield Finding("RB302", message, f"{pointer}/up_to/{index}", expected="rising bounds")
        if kind == "integer" and bound != bound.to_integral_value():
            message = f"{bound} is no whole number, but `{column}` is an integer"
            yield Finding("RB307", message, f"{pointer}/up_to/{index}", expected="a whole number")


def _where(found: tuple[Condition, ...], source: Source, pointer: str, name: str) -> Iterator[Finding]:
    reported: set[str] = set()
    for condition in found:
        place = pointers.at(pointer, "where", condition.column)
        kind = _column(condition.column, source, place, name)
        if isinstance(kind, Finding):
            if condition.column not in reported:
                reported.add(condition.column)
                yield kind
        else:
            yield from _condition(condition, kind, place)


def _condition(condition: Condition, kind: ColumnType, pointer: str) -> Iterator[Finding]:
    column, operator, value = condition
    if operator == "exists":
        return
    if operator in _ORDERED and kind not in _NUMBERS:
        message = f"`{operator}` compares numbers, and `{column}` is {_A[kind]}"
        yield Finding("RB307", message, pointer, expected="eq, in, not_in, exists or starts_with")
        return
    if operator == "starts_with" and kind != "string":
        message = f"`starts_with` compares texts, and `{column}` is {_A[kind]}"
        yield Finding("RB307", message, pointer, expected="eq, in, not_in, lt, lte, gt, gte or exists")
        return
    for one in value if isinstance(value, tuple) else (value,):
        if not _fits(one, kind):
            shown = (
                f'"{one}"'
                if isinstance(one, str)
                else str(one).lower()
                if isinstance(one, bool)
                else str(one)
            )
            yield Finding(
                "RB307",
                f"{shown} can never be a value of `{column}`, which is {_A[kind]}",
                pointer,
                expected=_A[kind],
            )


def _fits(value: object, kind: ColumnType) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (kind == "decimal" and isinstance(value, Decimal))


def check_priced(draft: Draft) -> Iterator[Finding]:
    """Check that each meter has a rating rule, or is listed as not billed, but not both."""
    if draft.settings is None or draft.known["rating"] - draft.rules.keys():
        return  # a rule that could not be read may be the price
    if any(rule.meter not in draft.known["meters"] for rule in draft.rules.values()):
        return  # a rule whose meter is mistyped too
    priced = {rule.meter: name for name, rule in draft.rules.items()}
    not_billed = draft.settings.not_billed
    for name in draft.meters:
        if name not in priced and name not in not_billed:
            help_ = (
                "add a rating rule in specs/rating/, or list the meter under not_billed in specs/book.yaml"
            )
            yield Finding("RB304", f"no rating rule bills the meter `{name}`", f"meters/{name}", help=help_)
    for index, name in enumerate(not_billed):
        if name in priced:
            message = f"`{name}` is billed by the rating rule `{priced[name]}`"
            yield Finding(
                "RB305",
                message,
                f"{BOOK}#not_billed/{index}",
                help="take it out of this list, or delete the rule",
            )
