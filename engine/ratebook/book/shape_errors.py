"""From what pydantic says about a file to findings at their places, in the words of someone who edits prices."""

import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from ratebook.book import pointers
from ratebook.book.model.base import MARK
from ratebook.book.model.percentage import Dynamic, GraduatedPercentage, Percentage
from ratebook.book.model.price import Flat, Graduated, Matrix, Package, PerUnit, Volume
from ratebook.book.model.values import named
from ratebook.book.reader import Mark, Node
from ratebook.book.scalars import BROKEN
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.findings import Finding, Position

_QUOTED: Final = 60

Loc = tuple[str | int, ...]

_PRICES: Final = {
    f"{MARK}{name}": model
    for name, model in (
        ("per_unit", PerUnit),
        ("flat", Flat),
        ("graduated", Graduated),
        ("volume", Volume),
        ("package", Package),
        ("percentage", Percentage),
        ("graduated_percentage", GraduatedPercentage),
        ("dynamic", Dynamic),
        ("matrix", Matrix),
    )
}


class Place:
    """Where an error's location leads in the tree of a file.

    Attributes:
        node: the deepest node that the location reaches.
        parts: the keys and numbers that lead there in the file.
        missing: the last key, when the file does not have it.
    """

    def __init__(self, root: Node, loc: Loc) -> None:
        self.node = root
        self.parts: list[str | int] = []
        self.missing = ""
        self.of_key = False
        self._common: Node | None = None
        self._common_parts: list[str | int] = []
        rest = list(loc)
        while rest:
            self._step(rest)

    def _step(self, rest: list[str | int]) -> None:
        part = rest.pop(0)
        if part == "[key]":
            self.of_key = True
        elif part == f"{MARK}versions":
            index = rest.pop(0) if rest and isinstance(rest[0], int) else None
            self._enter_version(index)
        elif part == f"{MARK}value":
            self._enter("value")
        elif part == f"{MARK}only":
            items = self.node.items
            if isinstance(items, dict) and len(items) == 1:
                self._enter(next(iter(items)))
        elif not (isinstance(part, str) and part.startswith(MARK)) and not self._enter(part):
            self.missing = str(part)

    def _enter(self, part: str | int) -> bool:
        found = self.node.child(part)
        if found is None and self._common is not None:
            found = self._common.child(part)
            if found is not None:
                self.parts = list(self._common_parts)
        if found is None:
            return False
        self.node = found
        self.parts.append(part)
        self.missing = ""
        self._common = None
        return True

    def _enter_version(self, index: int | str | None) -> None:
        versions = self.node.child("versions")
        if versions is None:
            return
        common, parts = self.node, list(self.parts)
        if self._enter("versions") and index is not None and self._enter(index):
            self._common, self._common_parts = common, parts

    @property
    def is_in_version(self) -> bool:
        """Whether it is a key of one of several versions."""
        return self.parts[-3:-2] == ["versions"]


@dataclass(frozen=True, slots=True)
class _Said:
    """A finding without its place."""

    code: str
    message: str
    expected: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class _Wrong:
    """One thing that is wrong: what pydantic said about it, where it is, and what the file was validated as."""

    detail: Any
    place: Place
    model: type[BaseModel]

    @property
    def kind(self) -> str:
        """What pydantic calls it, or the code of our own."""
        return str(self.detail["type"])

    @property
    def key(self) -> str:
        """The last part of its location."""
        return str(self.detail["loc"][-1])

    @property
    def value(self) -> object:
        """What stands in the file."""
        return self.place.node.data

    def said(self) -> _Said | None:
        """Put it in plain words; None when something else says it already."""
        if self.value is BROKEN:
            return None  # the reader said so
        if self.kind.startswith("RB"):
            context = self.detail["ctx"]
            return _Said(self.kind, context["message"], context["expected"], context["help"])
        if self.kind == "too_short" and _length(self.detail["input"]) > 0:
            return None  # its items are wrong, and were reported one by one
        explain = _EXPLAIN.get(self.kind)
        return explain(self) if explain else _Said("RB203", f"{named(self.value)} does not fit here")

    def mark(self) -> Mark:
        """Where the caret goes: the value, or the key that leads to it."""
        of_key = self.place.of_key or self.kind in {"extra_forbidden", "too_short", "missing", "RB202"}
        node = self.place.node
        return node.key if of_key and node.key is not None else node.mark


def shape_findings(
    error: ValidationError, model: type[BaseModel], root: Node, file: str, document: str
) -> list[Finding]:
    """Give the findings for what is wrong with the shape of a file.

    Args:
        error: what pydantic found.
        model: what the file was validated as.
        root: the file's content.
        file: its path.
        document: its pointer, as `plans/pro`.
    """
    found: dict[tuple[object, ...], Finding] = {}
    for detail in error.errors(include_url=False):
        wrong = _Wrong(detail, Place(root, detail["loc"]), model)
        said = wrong.said()
        if said is None:
            continue
        mark = wrong.mark()
        parts = [pointers.key(part) if isinstance(part, str) else part for part in wrong.place.parts]
        finding = Finding(
            said.code,
            said.message,
            pointers.at(document, *parts),
            Position(file, *mark),
            said.expected,
            said.help,
        )
        found.setdefault((said.code, mark, said.message), finding)
    return list(found.values())


def _unknown_key(wrong: _Wrong) -> _Said:
    known = allowed_keys(wrong.model, wrong.detail["loc"][:-1], of_version=wrong.place.is_in_version)
    return _Said(
        "RB201", f"unknown key `{wrong.key[:_QUOTED]}`", one_of(known), did_you_mean(wrong.key, known)
    )


def _missing(wrong: _Wrong) -> _Said:
    if not isinstance(wrong.place.node.items, dict):
        expected = f"a mapping with `{wrong.key}`"
        return _Said("RB203", f"{named(wrong.value)} stands where a mapping is expected", expected)
    if wrong.key.startswith(MARK):
        return _Said("RB202", "a value is missing", "value: …")
    return _Said("RB202", f"`{wrong.key}` is missing", f"{wrong.key}: …")


def _literal(wrong: _Wrong) -> _Said:
    expected = wrong.detail["ctx"]["expected"]
    possible = re.findall(r"'([^']*)'", expected) or [expected]
    value = wrong.detail["input"]
    help_ = did_you_mean(value, possible) if isinstance(value, str) else ""
    return _Said("RB204", f"{named(value)} is not possible here", one_of(possible), help_)


def _not_a_list(wrong: _Wrong) -> _Said:
    help_ = f"write [{wrong.value}]" if isinstance(wrong.value, str) else ""
    message = f"{named(wrong.value)} stands where a list is expected"
    return _Said("RB203", message, "a list: [a, b], or a line `- a` each", help_)


def _not_a_mapping(wrong: _Wrong) -> _Said:
    return _Said("RB203", f"{named(wrong.value)} stands where a mapping is expected", "a mapping: key: value")


def _too_short(wrong: _Wrong) -> _Said:
    what = "mapping" if isinstance(wrong.place.node.items, dict) else "list"
    return _Said("RB217", f"the {what} is empty", "at least one item")


def _too_long(wrong: _Wrong) -> _Said:
    return _Said("RB205", "the list is too long", f"at most {wrong.detail['ctx']['max_length']} items")


def _pattern(wrong: _Wrong) -> _Said:
    message = f"{named(wrong.value)} does not have the right form"
    return _Said("RB206", message, "a country in two capital letters, as in DE")


_EXPLAIN: Final[Mapping[str, Callable[[_Wrong], _Said]]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "literal_error": _literal,
    "tuple_type": _not_a_list,
    "list_type": _not_a_list,
    "dict_type": _not_a_mapping,
    "model_type": _not_a_mapping,
    "model_attributes_type": _not_a_mapping,
    "too_short": _too_short,
    "too_long": _too_long,
    "string_pattern_mismatch": _pattern,
}


def _length(value: object) -> int:
    return len(value) if isinstance(value, Sequence | Mapping) else 0


def allowed_keys(model: type[BaseModel], loc: Loc, *, of_version: bool = False) -> set[str]:
    """Give the keys that a mapping may have, by where it stands."""
    here: Any = model
    for part in loc:
        here = _below(_bare(here), part)
    here = _bare(here)
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return set()
    names = {field.alias or name for name, field in here.model_fields.items()}
    if of_version:
        names = names - {"by"} | {"from", "reference"}
    elif f"{MARK}here" in (*names, *loc):
        names |= {"by", "description", "values", "table", "versions"}
    return {name for name in names if not name.startswith(MARK)}


def _bare(kind: Any) -> Any:  # noqa: ANN401 - types
    """Take off what a type is annotated with, and that it may be absent."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in {Union, types.UnionType}:
            members = [member for member in get_args(kind) if member is not type(None)]
            if len(members) != 1:
                return kind
            kind = members[0]
        else:
            return kind


def _below(kind: Any, part: str | int) -> Any:  # noqa: ANN401 - types
    if part in _PRICES:
        return _PRICES[str(part)]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields.items()
        return next((field.annotation for name, field in fields if part in {name, field.alias}), None)
    arguments, origin = get_args(kind), get_origin(kind)
    if origin in {Union, types.UnionType}:
        return next((member for member in arguments if _tagged(member, part)), kind)
    if origin in {dict, tuple}:
        return arguments[1 if origin is dict else 0]
    return kind


def _tagged(member: Any, part: str | int) -> bool:  # noqa: ANN401 - types
    return any(isinstance(one, Tag) and one.tag == part for one in getattr(member, "__metadata__", ()))
