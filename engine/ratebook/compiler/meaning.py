"""The meaning of compiled terms as a digest: what can change an amount or a text, and no place in a file."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
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
        names = [field.name for field in fields(value)]
        return {name: _meaning(getattr(value, name)) for name in names if _means(name)}
    if isinstance(value, tuple | list | frozenset):
        return [_meaning(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, Mapping):
        return {key: _meaning(item) for key, item in value.items()}
    return value.key if isinstance(value, ZoneInfo) else value


def _means(name: str) -> bool:
    return name != "measure" and not name.endswith("pointer")
