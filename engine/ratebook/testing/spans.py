"""Where the values of a file of cases begin and end, so that they are replaced and all else stays as it was typed."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import yaml

from ratebook.book.scalars import UnclearScalarError, read_scalar
from ratebook.money import plain

_PLAIN: Final = re.compile(r"[^\W_][\w ./@+-]*(?<! )")


class Edit(NamedTuple):
    """A part of a text, and what stands there instead."""

    start: int
    end: int
    text: str


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Replace parts of a text that do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class Value:
    """A value of a file.

    Attributes:
        node: as the parser gives it.
        start: where its text begins.
        end: where the text of its last part ends, before what follows on the line.
    """

    def __init__(self, text: str, node: yaml.Node) -> None:
        self._text = text
        self.node = node
        self.start: int = node.start_mark.index
        self.end = _end(node)

    def child(self, part: str | int) -> "Value | None":
        """Give the value below by its key or number."""
        found = None
        if isinstance(self.node, yaml.MappingNode):
            found = next((value for key, value in self.node.value if key.value == part), None)
        elif isinstance(self.node, yaml.SequenceNode) and isinstance(part, int):
            found = self.node.value[part] if part < len(self.node.value) else None
        return None if found is None else Value(self._text, found)

    def at(self, *parts: str | int) -> "Value | None":
        """Give a value further below."""
        found: Value | None = self
        for part in parts:
            found = None if found is None else found.child(part)
        return found

    @property
    def is_flow(self) -> bool:
        """Whether it stands in brackets or braces."""
        return bool(getattr(self.node, "flow_style", False))

    @property
    def is_scalar(self) -> bool:
        """Whether it is a text or number."""
        return isinstance(self.node, yaml.ScalarNode)

    @property
    def column(self) -> int:
        """How far it is indented."""
        column: int = self.node.start_mark.column
        return column

    @property
    def written(self) -> str:
        """Its text."""
        return self._text[self.start : self.end]

    def line_end(self) -> int:
        """Give the end of the line on which it ends."""
        found = self._text.find("\n", self.end)
        return len(self._text) if found < 0 else found


def _end(node: yaml.Node) -> int:
    """Give where a value ends; one in block style ends with its last part."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
    end: int = node.end_mark.index
    return end


def parse(text: str) -> Value:
    """Parse a file that was read without errors."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        raise ValueError("the file is empty")
    return Value(text, root)


def flow(value: Any) -> str:  # noqa: ANN401 - plain data
    """Write data on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def block(value: Mapping[str, Any], column: int) -> str:
    """Write a mapping with a line for each key, indented from the second line on; lists of it have a line an item."""
    rows: list[str] = []
    for key, one in value.items():
        if isinstance(one, list | tuple) and one and isinstance(one[0], Mapping):
            rows += [f"{scalar(key)}:", *(f"  - {flow(item)}" for item in one)]
        else:
            rows.append(f"{scalar(key)}: {flow(one)}")
    return ("\n" + " " * column).join(rows)


def scalar(value: Any) -> str:  # noqa: ANN401 - a text, a number or a truth value
    """Write a text, in quotes where it needs them, or a number; thousands of it are grouped."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return number(Decimal(value))
    text = str(value)
    try:
        is_text = bool(_PLAIN.fullmatch(text)) and read_scalar(text) == text
    except UnclearScalarError:
        is_text = False
    return text if is_text else json.dumps(text, ensure_ascii=False)


def number(value: Decimal) -> str:
    """Write a number as a person does: `1_234.50`, and `1_234` where nothing follows the point."""
    text = plain(value)
    if "." in text and "." in str(value):
        text = format(value, "f")
    whole, point, rest = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.removeprefix('-')):_}{point}{rest}"
