"""Every model below a part with its pointer, so that a check may look for one kind of thing wherever it stands."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from pydantic import BaseModel

from ratebook.book import pointers
from ratebook.book.model.base import MARK
from ratebook.book.model.dated import Dated


class Part(NamedTuple):
    """A model and where it stands."""

    value: object
    pointer: str


def walk(value: object, pointer: str) -> list[Part]:
    """Give a part, if it is a model, and all models below it. A version stands at its own path."""
    found: list[Part] = []
    _gather(value, pointer, found)
    return found


def _gather(value: object, pointer: str, found: list[Part]) -> None:
    if value is None or isinstance(value, str | Decimal | bool):
        return
    if isinstance(value, BaseModel):
        found.append(Part(value, pointer))
        _gather_model(value, pointer, found)
    elif isinstance(value, dict):
        for key, item in value.items():
            _gather(item, pointers.at(pointer, pointers.key(key)), found)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            _gather(item, pointers.at(pointer, index), found)


def _gather_model(model: BaseModel, pointer: str, found: list[Part]) -> None:
    if isinstance(model, Dated):
        for version in model.versions:
            _gather(version.value, pointers.at(pointer, version.path), found)
        return
    for name, key in _keys(type(model)):
        item = getattr(model, name)
        if item is not None and not isinstance(item, str | Decimal):
            _gather(item, pointers.at(pointer, key), found)


@cache
def _keys(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    keys = ((name, field.alias or name) for name, field in model.model_fields.items())
    return tuple((name, "" if key.startswith(MARK) else key) for name, key in keys)


def dated_values(parts: list[Part]) -> Iterator[tuple[Dated[object], str]]:
    """Give the dated values among parts."""
    for value, pointer in parts:
        if isinstance(value, Dated):
            yield value, pointer
