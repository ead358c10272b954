"""In which order the keys of a file stand: that of the model, from the annotations of its classes.

A place of a file is followed by the annotation of what it holds. Keys that people choose, as dimension values and
languages, stay as they are written, and so do conditions, which read as one sentence.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, RootModel

from ratebook.book.model.base import MARK
from ratebook.book.model.contract import ContractDocument
from ratebook.book.model.dated import Dated
from ratebook.book.model.meter import Band, ColumnConditions, Dimension
from ratebook.book.model.price import CellPrice, Matrix
from ratebook.book.model.pricing_tests import Expected, ExpectedInvoice, ExpectedLine
from ratebook.book.model.rating import Multiplication, Multiplier
from ratebook.book.model.settings import PricingUnit
from ratebook.book.model.values import Worth
from ratebook.book.schema.kinds import KINDS

VERSIONS: Final = "versions"
_OF_VERSION: Final = ("from", "reference")

_FIRST: Final[Mapping[type[BaseModel], Sequence[str]]] = {
    ContractDocument: (
        "org",
        "subjects",
        "children",
        "type",
        "spec",
        "plan",
        "currency",
        "start",
        "end",
        "customer",
    ),
    ExpectedInvoice: ("document", "partial", "lines"),
    Expected: ("partial", "lines", "invoices"),
    ExpectedLine: ("charge", "kind", "dimensions", "description", "quantity", "billable", "amount"),
}
"""What mappings begin with where that is not how their model begins: whose and when, before what it costs."""
_LAST: Final[Mapping[type[BaseModel], Sequence[str]]] = {
    ContractDocument: ("sink",),
    Expected: ("findings",),
}


@dataclass(frozen=True)
class _Versions:
    """The list of versions of something dated."""

    inner: Any


@dataclass(frozen=True)
class _Tree:
    """A tree of prices by dimension values."""

    leaf: Any


class Keys(NamedTuple):
    """What a mapping of a file may hold.

    Attributes:
        order: its keys, in order; those that are not among them keep theirs, and stand behind.
        below: key → annotation of its value.
        others: annotation of the values of all other keys.
    """

    order: Sequence[str] = ()
    below: Mapping[str, Any] = {}
    others: Any = None

    def value(self, key: str) -> Any:  # noqa: ANN401 - an annotation
        """Give the annotation of a key's value."""
        return self.below.get(key, self.others)


def annotation_of(path: str) -> Any:  # noqa: ANN401 - an annotation
    """Give the annotation of a whole file by its path in the book; None for a file of another kind."""
    named = {kind.path: kind.model for kind in KINDS}
    folders = [f"{folder.as_posix()}/*.yaml" for folder in PurePosixPath(path).parents]
    return next((named[place] for place in (path, *folders) if place in named), None)


def item_of(annotation: Any) -> Any:  # noqa: ANN401 - annotations
    """Give the annotation of a list's items."""
    for member in _members(annotation):
        if isinstance(member, _Versions):
            return Annotated[member.inner, _OF_VERSION]
        if get_origin(member) is tuple:
            return get_args(member)[0]
    return None


def keys_of(annotation: Any, written: Mapping[str, str]) -> Keys:  # noqa: ANN401 - an annotation
    """Give what a mapping may hold.

    Args:
        annotation: that of the mapping's place.
        written: the keys that it has, with their values where these are single ones.
    """
    if get_origin(annotation) is Annotated and _OF_VERSION in annotation.__metadata__:
        inner = _keys(get_args(annotation)[0], written)
        return Keys((*_OF_VERSION, *inner.order, "value"), {**inner.below, "value": annotation}, inner.others)
    dated = next((one for one in _members(annotation) if _is(one, Dated)), None)
    if dated is None or VERSIONS not in written:
        return _keys(annotation, written)
    inner = _keys(_inner(dated), written)
    return Keys((*inner.order, VERSIONS), {**inner.below, VERSIONS: _Versions(_inner(dated))}, inner.others)


def _keys(annotation: Any, written: Mapping[str, str]) -> Keys:  # noqa: ANN401 - an annotation
    fitting = _fitting(annotation, written)
    if fitting is not None:
        return fitting
    for member in _members(annotation):
        if isinstance(member, _Tree):
            return _fitting(member.leaf, written) or Keys(others=member)
        if get_origin(member) in {dict, Mapping}:
            return Keys(others=get_args(member)[1])
        if member is Dimension:
            return Keys(others=Band)
    return Keys()


def _fitting(annotation: Any, written: Mapping[str, str]) -> Keys | None:  # noqa: ANN401 - an annotation
    """Give what the model may hold that knows most of the keys; None where none knows any."""
    models = [_keys_of_model(member) for member in _members(annotation) if _is(member, BaseModel)]
    best = max(models, key=lambda keys: _fit(keys, written), default=None)
    return best if best is not None and any(_fit(best, written)) else None


def _fit(keys: Keys, written: Mapping[str, str]) -> tuple[int, int]:
    """Tell how well the keys of a model fit those written: first whether it is what `model` says."""
    models = get_args(keys.below.get("model")) if "model" in written else ()
    return int(written.get("model") in models), len(written.keys() & set(keys.order))


def _members(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - annotations
    """Give what may stand in a place, without what limits it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _members(member)
    elif _is(annotation, RootModel):
        yield from _members(annotation.model_fields["root"].annotation)
    elif _is(annotation, Dated):
        yield annotation
        yield from _members(_inner(annotation))
    else:
        yield annotation


def _is(annotation: Any, kind: type) -> bool:  # noqa: ANN401 - an annotation
    return isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, kind)


def _inner(dated: Any) -> Any:  # noqa: ANN401 - annotations
    return dated.__pydantic_generic_metadata__["args"][0]


@cache
def _keys_of_model(model: Any) -> Keys:  # noqa: ANN401 - a class of the model
    if model in {ColumnConditions, Dimension}:
        return Keys()
    below = _fields(model)
    if model is Multiplier:
        below |= {key: one for key, one in _fields(Multiplication).items() if key not in below}
        below[VERSIONS] = _Versions(Multiplication)
    if model is PricingUnit:
        below[VERSIONS] = _Versions(Worth)
    if model is Matrix:
        below["values"] = _Tree(CellPrice)
    first, last = _FIRST.get(model, ()), _LAST.get(model, ())
    return Keys((*first, *(key for key in below if key not in {*first, *last}), *last), below)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Give the fields of a model, its own before those of what it extends."""
    below: dict[str, Any] = {}
    for owner in model.__mro__:
        for name in getattr(owner, "__annotations__", {}):
            field = model.model_fields.get(name)
            key = (field.alias or name) if field else MARK
            if field is not None and not key.startswith(MARK):
                below.setdefault(key, field.annotation)
    return below
