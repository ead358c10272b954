"""Pricing units: what amounts are listed in must be a currency or a unit that the book knows."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pydantic import BaseModel

from ratebook.book import pointers
from ratebook.book.checks.prices import documents
from ratebook.book.checks.references import dangling
from ratebook.book.checks.walk import Part, walk
from ratebook.book.draft import Draft
from ratebook.book.model import Dated, Multiplication, Settings
from ratebook.findings import Finding
from ratebook.money import MINOR_UNITS


def check_pricing_units(draft: Draft) -> Iterator[Finding]:
    """Check the amounts of all files but contracts."""
    for part in documents(draft):
        yield from unknown_units(draft, part)


def unknown_units(draft: Draft, part: Part) -> Iterator[Finding]:
    """Find amounts below a part that are listed in a pricing unit which there is not."""
    known = draft.settings.pricing_units if draft.settings is not None else {}
    for below in walk(part.value, part.pointer):
        for amount, pointer in _amounts(below):
            for name in amount:
                if name not in MINOR_UNITS and name not in known:
                    place = pointers.at(pointer, pointers.key(name))
                    yield draft.at_key(dangling("pricing unit", name, place, known))


def _amounts(part: Part) -> Iterator[tuple[Mapping[str, Decimal], str]]:
    """Give the amounts that stand in a part itself."""
    value, pointer = part
    if isinstance(value, Dated):
        for version in value.versions:
            if _is_amount(version.value):
                yield version.value, pointers.at(pointer, version.path)
    elif isinstance(value, BaseModel) and not isinstance(value, Multiplication):
        for name, field in type(value).model_fields.items():
            held = getattr(value, name)
            if _is_amount(held):
                yield held, pointers.at(pointer, field.alias or name)


def _is_amount(value: object) -> bool:
    return (
        isinstance(value, Mapping) and bool(value) and all(isinstance(one, Decimal) for one in value.values())
    )


def currencies_of_units(settings: Settings) -> dict[str, frozenset[str]]:
    """Give the currencies in which each pricing unit always has a value."""
    found = {}
    for unit, one in settings.pricing_units.items():
        values = [version.value for version in one.value.versions]
        listed = [set(value) if isinstance(value, Mapping) else {settings.currency} for value in values]
        found[unit] = frozenset(set.intersection(*listed))
    return found
