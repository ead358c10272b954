"""The meaning of compiled terms as a digest: what can change an amount or a text, and no place in a file."""

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ratebook.canonical import digest
from ratebook.compiler.tree import Tree
from ratebook.template import Template


def meaning_digest(terms: Any) -> str:  # noqa: ANN401 - any compiled terms
    """Digest compiled terms without their pointers and without the numbers a run gave them."""
    return digest(_meaning(terms))


def _meaning(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Template):
        return value.source
    if isinstance(value, Tree):
        return [[list(path), _meaning(leaf)] for path, leaf in sorted(value.leaves.items())]
    if is_dataclass(value):
        named = [(one, getattr(value, one.name)) for one in fields(value) if _means(one.name)]
        return {one.name: _meaning(held) for one, held in named if not _unsaid(one, held)}
    if isinstance(value, tuple | list | frozenset):
        return [_meaning(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, Mapping):
        return {key: _meaning(item) for key, item in value.items()}
    return value.key if isinstance(value, ZoneInfo) else value


def _unsaid(one: Field[Any], held: Any) -> bool:  # noqa: ANN401
    """Leave out what came after the first digests were made, where it says nothing: such fields have a default."""
    return bool(held == one.default)


def _means(name: str) -> bool:
    return name != "measure" and not name.endswith("pointer")
