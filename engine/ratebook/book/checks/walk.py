"""Every part of a model with its pointer, so that a check may look for one kind of thing wherever it stands."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from ratebook.book import pointers
from ratebook.book.model.base import MARK
from ratebook.book.model.dated import Dated


class Part(NamedTuple):
    """A value and where it stands."""

    value: object
    pointer: str


def walk(value: object, pointer: str) -> Iterator[Part]:
    """Give a value and everything below it. A version of a dated value stands at its own path."""
    yield Part(value, pointer)
    if isinstance(value, Dated):
        for version in value.versions:
            yield from walk(version.value, pointers.at(pointer, version.path))
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            key = field.alias or name
            below = pointer if key.startswith(MARK) else pointers.at(pointer, key)
            yield from walk(getattr(value, name), below)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, pointers.at(pointer, pointers.key(str(key))))
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        for index, item in enumerate(value):
            yield from walk(item, pointers.at(pointer, index))


def dated_values(value: object, pointer: str) -> Iterator[tuple[Dated[object], str]]:
    """Give every dated value below a part."""
    for part in walk(value, pointer):
        if isinstance(part.value, Dated):
            yield part.value, part.pointer
