"""Meters: that columns fit their use, and that what is measured has a price."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from ratebook.book import pointers
from ratebook.book.draft import Draft
from ratebook.book.expression import Column, ExpressionError, columns, is_too_deep, parse
from ratebook.book.layout import BOOK
from ratebook.book.model import Meter, Source
from ratebook.book.model.meter import Condition, conditions
from ratebook.book.model.values import ColumnType
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.findings import Finding, Position

_NUMBERS: Final = frozenset({"integer", "decimal"})
_LEVELS: Final = frozenset({"sum", "latest", "unique"})
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
            yield from _value(draft, meter, source, pointer)
            yield from _percentile(meter, pointer)
            yield from _level(meter, pointer)
            yield from _operation(meter, source, pointer)
            yield from _dimensions(meter, source, pointer)
            yield from _where(conditions(meter.where), source, pointer, meter.source)
    for name, rule in draft.rules.items():
        of_rule = [draft.meters[use.meter] for use in rule.uses if use.meter in draft.meters]
        for source_name in dict.fromkeys(meter.source for meter in of_rule):
            source = draft.settings.sources.get(source_name) if draft.settings else None
            if source is not None:
                yield from _where(rule.conditions, source, f"rating/{name}", source_name)


def check_source_names(draft: Draft) -> Iterator[Finding]:
    """Check that a source can be deduplicated, and its events taken back."""
    for name, source in draft.settings.sources.items() if draft.settings else ():
        yield from _reverses(name, source)
        if source.event_id is None and source.dedupe == "exact":
            yield Finding(
                "RB202",
                "`event_id` is missing, by which events are counted once",
                f"{BOOK}#sources/{name}",
                expected="event_id: …, or dedupe: trusted where the source has no duplicates",
            )


def _reverses(name: str, source: Source) -> Iterator[Finding]:
    """Check that the column which names what is taken back can hold an id, and there is an id to name."""
    if source.reverses is None:
        return
    place, named = f"{BOOK}#sources/{name}/reverses", source.reverses
    if source.event_id is None and source.dedupe == "trusted":
        message = "`event_id` is missing, by which an event names what it takes back"
        yield Finding("RB202", message, f"{BOOK}#sources/{name}", expected="event_id: …")
    if named in {source.subject, source.event_id, source.event_time}:
        message = f"`{named}` holds something else already, and not the id of another event"
        yield Finding(
            "RB307", message, place, expected="a column that is empty but where an event is taken back"
        )
    kind = source.columns.get(named, "string")
    if kind != "string":
        message = f"`{named}` is {_A[kind]}, and ids of events are texts"
        yield Finding("RB307", message, place, expected="a column of type string")


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


def _value(draft: Draft, meter: Meter, source: Source, pointer: str) -> Iterator[Finding]:
    """Check what is aggregated: a column, or an expression, whose errors point at their place in its text."""
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
    place = f"{pointer}#value"
    try:
        found = parse(meter.value)
    except ExpressionError as error:
        finding = Finding("RB206", str(error), place, expected=error.expected, help=error.help)
        yield _within(draft, finding, meter.value, error.at, error.width)
        return
    fits = True
    for column in dict.fromkeys(columns(found)):
        for finding in _valued(meter, column.name, source, place, alone=isinstance(found, Column)):
            fits = False
            yield _within(draft, finding, meter.value, column.token.at, len(column.name))
    if fits and is_too_deep(found, source.columns):
        message = "divisions and products of decimals are nested more than three deep"
        yield Finding("RB206", message, place, help="compute a part of it where events are recorded")


def _valued(meter: Meter, name: str, source: Source, place: str, *, alone: bool) -> Iterator[Finding]:
    kind = _column(name, source, place, meter.source)
    if isinstance(kind, Finding):
        yield kind
    elif kind not in _NUMBERS and not (alone and meter.aggregate in _ANY_COLUMN):
        message = f"there is no `{meter.aggregate}` of `{name}`, which is {_A[kind]}"
        if not alone:
            message = f"`{name}` is {_A[kind]}, with which nothing can be computed"
        yield Finding("RB307", message, place, expected="a column of type integer or decimal")


def _within(draft: Draft, finding: Finding, text: str, at: int, width: int) -> Finding:
    """Place a finding inside a text that stands on one line; one over several lines is placed as a whole."""
    start = draft.places.position(finding.pointer)
    line = draft.places.source_line(start) if start is not None else None
    begin = line.find(text, start.column - 1) if start is not None and line is not None else -1
    if start is None or begin < 0:
        return finding
    return replace(finding, position=Position(start.file, start.line, begin + at + 1, width))


def _percentile(meter: Meter, pointer: str) -> Iterator[Finding]:
    if meter.aggregate == "percentile" and meter.percent is None:
        message = "`percent` is missing: which percentile it is"
        yield Finding("RB202", message, f"{pointer}#aggregate", expected="percent: 95")
    elif meter.aggregate != "percentile" and meter.percent is not None:
        message = f"`percent` belongs to a percentile, and this is `{meter.aggregate}`"
        yield Finding(
            "RB214", message, f"{pointer}#percent", help="delete it, or write aggregate: percentile"
        )


def _level(meter: Meter, pointer: str) -> Iterator[Finding]:
    """Check that what carries over is a level."""
    if meter.recurring and meter.aggregate not in _LEVELS:
        message = f"`{meter.aggregate}` is no level that could carry over"
        yield Finding(
            "RB214", message, f"{pointer}#recurring", expected="sum, latest, or unique with operation"
        )
    elif meter.recurring and meter.aggregate == "unique" and meter.operation is None:
        message = "values that are never removed would carry over for ever"
        help_ = "operation: {column: …, add: [add], remove: [remove]}"
        yield Finding("RB214", message, f"{pointer}#recurring", help=help_)
    elif meter.prorate != "none" and not meter.recurring:
        message = "`recurring` is missing: only a level that carries over can be prorated"
        yield Finding("RB202", message, f"{pointer}#prorate", expected="recurring: true")
    elif meter.prorate != "none" and meter.aggregate == "unique":
        message = "a level of unique values is not prorated"
        yield Finding("RB214", message, f"{pointer}#prorate", expected="prorate: none, or sum with 1 and -1")


def _operation(meter: Meter, source: Source, pointer: str) -> Iterator[Finding]:
    operation, place = meter.operation, f"{pointer}#operation"
    if operation is None:
        return
    if meter.aggregate != "unique":
        message = f"only unique values are added and removed, and this is `{meter.aggregate}`"
        yield Finding("RB214", message, place, help="delete it, or write aggregate: unique")
    kind = _column(operation.column, source, f"{place}/column", meter.source)
    if isinstance(kind, Finding):
        yield kind
        return
    for name, values in (("add", operation.add), ("remove", operation.remove)):
        for index, value in enumerate(values):
            yield from _condition(Condition(operation.column, "eq", value), kind, f"{place}/{name}/{index}")
            if name == "remove" and value in operation.add:
                message = f"`{value}` adds already"
                yield Finding(
                    "RB214", message, f"{place}/remove/{index}", help="take it out of one of the two"
                )


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
    if any(use.meter not in draft.known["meters"] for rule in draft.rules.values() for use in rule.uses):
        return  # a rule whose meter is mistyped too
    priced = {use.meter: name for name, rule in draft.rules.items() for use in rule.uses}
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
