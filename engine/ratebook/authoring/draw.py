"""Draws a YAML file in the one way that all files of a book are written in."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ratebook.authoring.order import item_of, keys_of
from ratebook.authoring.written import Block, Comment, Entry, Flow, Scalar, Value

WIDTH: Final = 120
"""Most columns of a mapping or list in brackets that stands in one row."""
_FILLED: Final = 110
"""Most columns of its rows where it takes several."""
_STEP: Final = 2
"""Columns that a deeper level is indented by, and that stand at least between a value and its comment."""

Rows = list[str | None]
"""Rows of a file; None is a gap."""


def draw(value: Value, below: Sequence[str | None], annotation: Any) -> str:  # noqa: ANN401 - an annotation
    """Draw a file.

    Args:
        value: what it holds.
        below: comments after it.
        annotation: that of the file; None where keys stay in the order of their author.
    """
    rows = _heading(value) if isinstance(value, Block) else []
    rows += _block(value, annotation, 0) if isinstance(value, Block) else _beside(value, annotation, "", 0)
    return "\n".join(_without_gaps([*rows, *below])) + "\n"


def _heading(block: Block) -> Rows:
    """Take off what stands above the first key and is about the whole file: it stays on top."""
    first = block.entries[0]
    rows = first.before
    last = len(rows) - rows[::-1].index(None) if None in rows else len(rows)
    first.before = rows[last:]
    return rows[:last]


def _without_gaps(rows: Rows) -> Iterator[str]:
    """Draw gaps as one blank row each, but for those at the ends."""
    is_due = False
    for index, row in enumerate(rows):
        if row is None:
            is_due = any(rows[:index])
            continue
        if is_due:
            yield ""
        yield row
        is_due = False


def _block(block: Block, annotation: Any, indent: int) -> Rows:  # noqa: ANN401 - an annotation
    rows: Rows = []
    if block.is_list:
        below = item_of(annotation)
        for entry in block.entries:
            rows += _item(entry, below, indent)
    else:
        keys = keys_of(annotation, _written(block.entries))
        for entry in _sorted(block.entries, keys.order):
            rows += _pair(entry, keys.value(_name(entry)), indent)
    return rows + _indented(block.tail, indent)


def _item(entry: Entry, annotation: Any, indent: int) -> Rows:  # noqa: ANN401 - an annotation
    above = _indented(entry.before, indent)
    if not isinstance(entry.value, Block):
        beside = _beside(entry.value, annotation, " " * indent + "-", indent)
        return [*above, *_with_comments(beside, entry.after)]
    rows = _block(entry.value, annotation, indent + _STEP)
    while rows[0] is None or rows[0].lstrip().startswith("#"):
        row = rows.pop(0)
        above.append(row and " " * indent + row.lstrip())
    return [*above, " " * indent + "- " + rows[0].lstrip(), *rows[1:]]


def _pair(entry: Entry, annotation: Any, indent: int) -> Rows:  # noqa: ANN401 - an annotation
    lead = f"{' ' * indent}{_key(entry)}:"
    if not isinstance(entry.value, Block):
        rows = _beside(entry.value, annotation, lead, indent)
        return [*_indented(entry.before, indent), *_with_comments(rows, entry.after)]
    below = _block(entry.value, annotation, indent + _STEP)
    while below[0] is None:
        below.pop(0)
    return [*_indented(entry.before, indent), *_with_comments([lead], entry.after), *below]


def _beside(value: Scalar | Flow, annotation: Any, lead: str, indent: int) -> list[str]:  # noqa: ANN401 - an annotation
    """Draw a value behind its key or dash, in as many rows as it takes."""
    before = f"{lead} " if lead else ""
    if isinstance(value, Scalar) and len(value.rows) == 1:
        return [before + _scalar(value)]
    if isinstance(value, Scalar):
        return [before + value.rows[0], *_deeper(value.rows[1:], indent + _text_step(value))]
    if value.kept:
        return [before + value.kept[0], *_deeper(_dedented(value.kept[1:]), indent + _STEP)]
    one = _flow(value, annotation)
    if len(before + one) <= (_FILLED if value.is_folded else WIDTH):
        return [before + one]
    filled = _deeper(_filled(value, annotation, _FILLED - indent - _STEP), indent + _STEP)
    return [lead, *filled] if lead.endswith(":") else [before + filled[0].lstrip(), *filled[1:]]


def _scalar(value: Scalar) -> str:
    """Draw a value as typed, in double quotes where it has single ones and needs none."""
    text = value.rows[0]
    inner = text[1:-1]
    return f'"{inner}"' if value.style == "'" and not set(inner) & set("'\"\\") else text


def _key(entry: Entry) -> str:
    return _scalar(entry.key) if entry.key else ""


def _text_step(value: Scalar) -> int:
    said = re.search(r"[1-9]", value.rows[0].partition("#")[0]) if value.style in {"|", ">"} else None
    return int(said[0]) if said else _STEP


def _flow(flow: Flow, annotation: Any) -> str:  # noqa: ANN401 - an annotation
    return ", ".join(_parts(flow, annotation)).join(flow.brackets)


def _parts(flow: Flow, annotation: Any) -> list[str]:  # noqa: ANN401 - an annotation
    if flow.brackets == "[]":
        below = item_of(annotation)
        return [_part(entry.value, below) for entry in flow.entries]
    keys = keys_of(annotation, _written(flow.entries))
    return [
        f"{_key(entry)}: {_part(entry.value, keys.value(_name(entry)))}"
        for entry in _sorted(flow.entries, keys.order)
    ]


def _part(value: Value, annotation: Any) -> str:  # noqa: ANN401 - an annotation
    if isinstance(value, Block):
        raise TypeError("rows stand within brackets")
    return _flow(value, annotation) if isinstance(value, Flow) else _scalar(value)


def _filled(flow: Flow, annotation: Any, width: int) -> list[str]:  # noqa: ANN401 - an annotation
    """Draw a mapping or list in brackets over several rows, each as full as may be."""
    parts = _parts(flow, annotation)
    rows = [flow.brackets[0] + parts[0]]
    for part in parts[1:]:
        rows[-1] += ","
        if len(f"{rows[-1]} {part},") <= width:
            rows[-1] += f" {part}"
        else:
            rows.append(f" {part}")
    rows[-1] += flow.brackets[1]
    return rows


def _with_comments(rows: list[str], comments: Sequence[Comment]) -> list[str]:
    """Write comments at the end of a value, in their column where there is room."""
    if not comments:
        return rows
    column = max(len(rows[-1]) + _STEP, comments[0].column)
    first, *others = comments
    return [*rows[:-1], rows[-1].ljust(column) + first.text, *(" " * column + one.text for one in others)]


def _indented(rows: Rows, indent: int) -> Rows:
    return [row and " " * indent + row for row in rows]


def _deeper(rows: Sequence[str], indent: int) -> list[str]:
    return [row and " " * indent + row for row in rows]


def _dedented(rows: Sequence[str]) -> list[str]:
    return textwrap.dedent("\n".join(rows)).split("\n")


def _sorted(entries: Sequence[Entry], order: Sequence[str]) -> list[Entry]:
    known = {key: index for index, key in enumerate(order)}
    return sorted(entries, key=lambda entry: known.get(_name(entry), len(order)))


def _name(entry: Entry) -> str:
    return _bare(entry.key) if entry.key else ""


def _written(entries: Sequence[Entry]) -> dict[str, str]:
    """Give the keys of a mapping with their values, where these are single ones."""
    return {_name(entry): _bare(entry.value) if isinstance(entry.value, Scalar) else "" for entry in entries}


def _bare(value: Scalar) -> str:
    return value.rows[0][1:-1] if value.style in {"'", '"'} else value.rows[0]
