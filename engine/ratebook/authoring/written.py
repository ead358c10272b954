"""A YAML file as it is written: its values as typed, and its comments with what they belong to.

The reader of a book gives what a file means; this gives what its author typed, so that it can be drawn anew.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import yaml

_PARSER: Final[Any] = (
    getattr(yaml.cyaml, "CParser", yaml.SafeLoader) if yaml.__with_libyaml__ else yaml.SafeLoader
)


class Comment(NamedTuple):
    """A comment and where it stands, from 0."""

    line: int
    column: int
    text: str


@dataclass(slots=True)
class Scalar:
    """A single value.

    Attributes:
        rows: what was typed, row by row; those after the first without their indentation, but for a block of text.
        style: its quotes, `|` or `>` for a block of text, "" for none.
    """

    rows: list[str]
    style: str


@dataclass(slots=True)
class Flow:
    """A mapping in `{ }` or a list in `[ ]`.

    Attributes:
        brackets: the two around it.
        entries: what it holds.
        kept: its rows as typed, where it holds comments or texts of several rows; then `entries` is empty.
        is_folded: whether it does not stand in the row of its key, or not in one row.
    """

    brackets: str
    entries: list["Entry"] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    is_folded: bool = False


@dataclass(slots=True)
class Block:
    """A mapping or list with a row for each entry.

    Attributes:
        is_list: whether its entries begin with `-`.
        entries: what it holds.
        tail: comments after the last entry that belong to it; None is a blank row.
    """

    is_list: bool
    entries: list["Entry"] = field(default_factory=list)
    tail: list[str | None] = field(default_factory=list)


Value = Scalar | Flow | Block


@dataclass(slots=True)
class Entry:
    """An item of a list, or a key with its value.

    Attributes:
        key: the key as typed, None in a list.
        value: its value.
        before: rows of comments above it; None is a blank row.
        after: the comment at the end of its row, and those that go on below it in the same column.
    """

    key: Scalar | None
    value: Value
    before: list[str | None] = field(default_factory=list)
    after: list[Comment] = field(default_factory=list)


def compose(text: str) -> tuple[Value, list[str | None]]:
    """Give the value of a file, and the comments below it.

    Args:
        text: a file that the reader reads without a fault.
    """
    return _Composer(text).document()


def comments_of(text: str) -> list[str]:
    """Give the texts of a file's comments, without those in the first row of a block of text."""
    return [comment.text for comment in _comments(text.split("\n"), _events(text))]


class _Composer:
    """Builds the tree of what was typed from the events of the parser."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._events = deque(_events(text))
        self._comments = deque(_comments(self._lines, self._events))
        self._last = -1
        self._kept_until = 0

    def document(self) -> tuple[Value, list[str | None]]:
        """Compose the one document of the file."""
        self._events.popleft()  # the stream begins
        self._events.popleft()  # the document begins
        value = self._value(self._events.popleft(), -1)
        return value, self._rows_before(len(self._lines))

    def _value(self, event: Any, around: int) -> Value:  # noqa: ANN401 - an event of the parser
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, around)
        return self._flow(event) if event.flow_style else self._block(event, around)

    def _scalar(self, event: Any, around: int = 0) -> Scalar:  # noqa: ANN401 - an event of the parser
        style = event.style or ""
        if style in {"|", ">"}:
            return Scalar(self._rows_of_text(event, around), style)
        first, *others = _slice(self._lines, event.start_mark, event.end_mark)
        self._last = event.end_mark.line
        return Scalar([first.rstrip() if others else first, *(row.strip() for row in others)], style)

    def _rows_of_text(self, event: Any, around: int) -> list[str]:  # noqa: ANN401 - an event of the parser
        """Give the header of a block of text, then its rows without the indentation that they share."""
        header, *rows = _slice(self._lines, event.start_mark, event.end_mark)
        self._last = -1  # a comment at its end would be of its text
        if event.end_mark.column == 0:
            rows.pop()
        sign = header.partition("#")[0].strip()
        if "+" in sign:
            self._kept_until = event.end_mark.line  # blank rows until there are of the text, and no gap
        while rows and "+" not in sign and not rows[-1].strip():
            rows.pop()
        said = next((int(one) for one in sign if one.isdigit()), 0)
        first = next((row for row in rows if row.strip()), "")
        indent = max(around, 0) + said if said else len(first) - len(first.lstrip(" "))
        return [header.rstrip(), *(row[indent:] for row in rows)]

    def _flow(self, event: Any) -> Flow:  # noqa: ANN401 - an event of the parser
        is_list = isinstance(event, yaml.SequenceStartEvent)
        flow, start, is_plain = Flow("[]" if is_list else "{}"), event.start_mark, True
        while not _is_end(self._events[0]):
            key = None if is_list else self._scalar(self._events.popleft())
            value = self._value(self._events.popleft(), 0)
            is_plain = is_plain and all(_is_one_row(one) for one in (key, value))
            flow.entries.append(Entry(key, value))
        end = self._events.popleft().end_mark
        self._last = end.line
        if self._rows_before(end.line) or not is_plain:
            return Flow(flow.brackets, kept=[row.rstrip() for row in _slice(self._lines, start, end)])
        return flow

    def _block(self, event: Any, around: int) -> Block:  # noqa: ANN401 - an event of the parser
        block, column = Block(isinstance(event, yaml.SequenceStartEvent)), event.start_mark.column
        while not _is_end(self._events[0]):
            block.entries.append(self._entry(block.is_list, column))
        block.tail = self._rows_before(self._events.popleft().start_mark.line, deeper_than=around)
        return block

    def _entry(self, is_item: bool, column: int) -> Entry:  # noqa: FBT001 - what kind of block it is in
        start = self._events[0].start_mark.line
        before = self._rows_before(start)
        if start > self._kept_until and not self._lines[start - 1].strip():
            before.append(None)
        key = None if is_item else self._scalar(self._events.popleft())
        event = self._events.popleft()
        if not isinstance(event, yaml.ScalarEvent) and not event.flow_style:
            after = self._comments_at(start, column) if event.start_mark.line > start else []
            return Entry(key, self._block(event, column), before, after)
        before += self._rows_before(event.start_mark.line)
        value = self._value(event, column)
        if isinstance(value, Flow):
            value.is_folded = self._last > start
        return Entry(key, value, before, self._comments_at(self._last, column))

    def _comments_at(self, line: int, column: int) -> list[Comment]:
        """Take the comment at the end of a row, and those below that go on with it in the same column."""
        found: list[Comment] = []
        while self._comments and self._comments[0].line == line:
            comment = self._comments[0]
            goes_on = self._is_alone(comment) and column < comment.column
            if found and not (goes_on and comment.column == found[0].column):
                break
            found.append(self._comments.popleft())
            line += 1
        return found

    def _rows_before(self, line: int, deeper_than: int = -1) -> list[str | None]:
        """Take the comments above a row, in so far as they are indented deeper than something."""
        rows: list[str | None] = []
        while self._comments and self._comments[0].line < line and self._comments[0].column > deeper_than:
            comment = self._comments.popleft()
            if comment.line > 0 and not self._lines[comment.line - 1].strip():
                rows.append(None)
            rows.append(comment.text)
        return rows

    def _is_alone(self, comment: Comment) -> bool:
        return not self._lines[comment.line][: comment.column].strip()


def _events(text: str) -> Iterator[Any]:
    parser = _PARSER(text)
    while not isinstance(event := parser.get_event(), yaml.StreamEndEvent):
        yield event


def _is_end(event: Any) -> bool:  # noqa: ANN401 - an event of the parser
    return isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)


def _is_one_row(value: Value | None) -> bool:
    if isinstance(value, Scalar):
        return len(value.rows) == 1
    return not (isinstance(value, Flow) and value.kept)


def _comments(lines: Sequence[str], events: Iterable[Any]) -> Iterator[Comment]:
    """Find the comments: between the values `#` stands for nothing else."""
    line, column = 0, 0
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            start: Any = event.start_mark
            end: Any = event.end_mark
            yield from _comments_between(lines, (line, column), (start.line, start.column))
            line, column = end.line, end.column
    yield from _comments_between(lines, (line, column), (len(lines), 0))


def _comments_between(
    lines: Sequence[str], start: tuple[int, int], end: tuple[int, int]
) -> Iterator[Comment]:
    for line in range(start[0], min(end[0] + 1, len(lines))):
        after = start[1] if line == start[0] else 0
        column = lines[line].find("#", after, end[1] if line == end[0] else None)
        if column >= 0:
            yield Comment(line, column, lines[line][column:].rstrip())


def _slice(lines: Sequence[str], start: Any, end: Any) -> list[str]:  # noqa: ANN401 - marks of the parser
    """Cut out what stands from one mark to another, row by row."""
    if start.line == end.line:
        return [lines[start.line][start.column : end.column]]
    return [
        lines[start.line][start.column :],
        *lines[start.line + 1 : end.line],
        lines[end.line][: end.column],
    ]
