"""The meaning of compiled terms as a digest: what can change an amount or a text, and no place in a file."""

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from ratebook.canonical import digest
from ratebook.compiler.tree import Tree
from ratebook.template import Template

_PLAIN: Final = frozenset({str, int, Decimal, bool, type(None)})
"""Most of what is met: it means itself."""


def meaning_digest(terms: Any) -> str:  # noqa: ANN401 - any compiled terms
    """Digest compiled terms without their pointers and without the numbers a run gave them."""
    return digest(_meaning(terms))


def _meaning(value: Any) -> Any:  # noqa: ANN401
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Template):
        return value.source
    if isinstance(value, Tree):
        return [[list(path), _meaning(leaf)] for path, leaf in sorted(value.leaves.items())]
    if is_dataclass(value):
        named = [(name, getattr(value, name), default) for name, default in _meant(value.__class__)]
        return {name: _meaning(held) for name, held, default in named if not _unsaid(held, default)}
    if isinstance(value, tuple | list | frozenset | Mapping):
        return _meaning_of_all(value)
    return value.key if isinstance(value, ZoneInfo) else value


def _meaning_of_all(values: Collection[Any]) -> Any:  # noqa: ANN401
    if isinstance(values, Mapping):
        return {key: _meaning(item) for key, item in values.items()}
    return [_meaning(item) for item in (sorted(values) if isinstance(values, frozenset) else values)]


@cache
def _meant(kind: type) -> tuple[tuple[str, Any], ...]:
    """Give the fields of a dataclass that mean something, each with its default."""
    return tuple((one.name, one.default) for one in fields(kind) if _means(one.name))


def _unsaid(held: Any, default: Any) -> bool:  # noqa: ANN401
    """Leave out what came after the first digests were made, where it says nothing: such fields have a default."""
    return bool(held == default)


def _means(name: str) -> bool:
    return name != "measure" and not name.endswith("pointer")
