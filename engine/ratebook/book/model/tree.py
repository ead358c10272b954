"""Trees of values by dimension: at each level a key or `default`, as deep as `by` is long."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails

from ratebook.book.model.base import problem
from ratebook.book.model.values import named
from ratebook.book.scalars import BROKEN

DEFAULT_KEY: Final = "default"
"""The key that stands for every key which is not named at its level."""

MOST_LEVELS: Final = 8


def read_tree(
    value: object, by: Sequence[str], *, leaf: object, is_leaf: Callable[[object], bool], what: str
) -> Any:  # noqa: ANN401 - a tree of any depth
    """Validate a tree of a known depth.

    Args:
        value: nested mappings.
        by: the dimension of each level.
        leaf: the type of what stands at the leaves.
        is_leaf: tells a leaf from a deeper level.
        what: what a leaf is, for messages.
    """
    if value is BROKEN:
        return {}
    wrong = tuple(_wrong_depth(value, by, is_leaf, what, ()))
    if wrong:
        raise ValidationError.from_exception_data("tree", list(wrong))
    return _adapter(leaf, len(by)).validate_python(value)


def _wrong_depth(
    value: object, by: Sequence[str], is_leaf: Callable[[object], bool], what: str, path: tuple[str, ...]
) -> Any:  # noqa: ANN401 - an iterator of error details
    levels = " → ".join(by)
    if is_leaf(value):
        if len(path) < len(by):
            message = f"{what} stands where a value of `{by[len(path)]}` is expected"
            yield InitErrorDetails(
                type=problem("RB210", message, expected=f"levels {levels}, then {what}"), loc=path, input=None
            )
    elif len(path) == len(by):
        message = f"{named(value)} stands where {what} is expected: the tree is deeper than `by`"
        yield InitErrorDetails(
            type=problem("RB210", message, expected=f"levels {levels}, then {what}"), loc=path, input=None
        )
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _wrong_depth(below, by, is_leaf, what, (*path, key))


@cache
def _adapter(leaf: object, depth: int) -> TypeAdapter[Any]:
    tree: Any = leaf
    for _ in range(depth):
        tree = Annotated[dict[str, tree], Field(min_length=1)]
    return TypeAdapter(tree)
