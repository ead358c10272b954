"""The strict reader of YAML: data with the place of every node, and all that is wrong with a file.

It reads the events of the parser and builds the tree itself, so that nothing happens silently which YAML would do:
no duplicate key wins, no scalar is bent, no alias, tag or merge key is followed. A file that cannot be parsed gives
one finding; everything else is reported at its place, and reading goes on.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

from ratebook.book.scalars import BROKEN, UnclearScalarError, read_scalar
from ratebook.book.syntax_errors import TooMuchError, explain_syntax_error
from ratebook.findings import Finding, Position

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_NODES: Final = 200_000
MOST_LEVELS: Final = 32
_QUOTED: Final = 60

_BOM: Final = b"\xef\xbb\xbf"
INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, but tab, line feed and carriage return
    "\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]"  # no width, line ends, direction
    "|\r(?!\n)"
)

_PARSER: Final[Any] = (
    getattr(yaml.cyaml, "CParser", yaml.SafeLoader) if yaml.__with_libyaml__ else yaml.SafeLoader
)


class Mark(NamedTuple):
    """Where something stands in a file: line and column from 1, and how many characters it covers."""

    line: int
    column: int
    width: int


class Node:
    """A value of a file and where it stands.

    Attributes:
        data: the value as plain Python data.
        mark: where the value stands.
        key: where the key stands that leads to it, if one does.
        items: the nodes below: by key, or in order.
    """

    __slots__ = ("data", "items", "key", "mark")

    def __init__(self, data: Any, mark: Mark, items: "dict[str, Node] | list[Node] | None" = None) -> None:  # noqa: ANN401 - plain data of any shape
        self.data = data
        self.mark = mark
        self.key: Mark | None = None
        self.items = items

    def child(self, part: object) -> "Node | None":
        """Give the node below by its key or number, if there is one."""
        if isinstance(self.items, dict):
            return self.items.get(part) if isinstance(part, str) else None
        if self.items is not None and isinstance(part, int) and 0 <= part < len(self.items):
            return self.items[part]
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    Attributes:
        file: its path.
        root: its content, or None when there is none that can be used.
        findings: what is wrong with it.
    """

    file: str
    root: Node | None
    findings: tuple[Finding, ...]


def decode(file: str, data: bytes) -> str | Finding:
    """Decode a file, or say why it is no text."""
    if len(data) > MOST_BYTES:
        return Finding(
            "RB109",
            f"the file has {len(data):,} bytes",
            position=Position(file, 1),
            expected=f"at most {MOST_BYTES:,} bytes",
            help="split it into several files",
        )
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].removeprefix(_BOM).decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        return Finding(
            "RB101",
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            position=Position(file, line, column),
            expected="a text in UTF-8",
            help="save the file as UTF-8",
        )


def read_yaml(file: str, data: bytes) -> Document:
    """Read a YAML file strictly.

    Args:
        file: its path, for positions.
        data: its bytes.
    """
    text = decode(file, data)
    if isinstance(text, Finding):
        return Document(file, None, (text,))
    hidden = INVISIBLE.search(text)
    if hidden:
        return Document(file, None, (_invisible(file, text, hidden),))
    composer = _Composer(file, text)
    try:
        root = composer.document()
    except yaml.YAMLError as error:
        return Document(file, None, (*composer.findings, explain_syntax_error(file, text, error)))
    return Document(file, root, tuple(composer.findings))


def _invisible(file: str, text: str, found: "re.Match[str]") -> Finding:
    before = text[: found.start()]
    name = unicodedata.name(found[0], "a control character").lower()
    return Finding(
        "RB108",
        f"an invisible character stands here: U+{ord(found[0]):04X}, {name}",
        position=Position(file, before.count("\n") + 1, found.start() - before.rfind("\n")),
        help="delete it",
    )


class _Composer:
    """Builds the tree of one file from the events of the parser."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self._get: Any = _PARSER(text).get_event
        self._ascii = text.isascii()
        self._nodes = 0

    def document(self) -> Node | None:
        """Compose the one document of the file."""
        self._get()  # the stream begins
        start = self._get()
        if isinstance(start, yaml.StreamEndEvent):
            self._report("RB106", "the file is empty", Mark(1, 1, 1), help_="write it, or delete it")
            return None
        if start.version or start.tags:
            self._report(
                "RB104", "a directive stands here", _mark(start), help_="delete the line that begins with %"
            )
        event = self._get()
        root = self._node(event, 0)
        self._get()  # the document ends
        after = self._get()
        if not isinstance(after, yaml.StreamEndEvent):
            self._report(
                "RB105",
                "a second document begins here",
                _mark(after),
                expected="one document",
                help_="delete the `---`",
            )
            return None
        if root.data is None:
            self._report("RB106", "the file says nothing", root.mark, help_="write it, or delete it")
            return None
        return root

    def _report(self, code: str, message: str, mark: Mark, *, expected: str = "", help_: str = "") -> None:
        position = Position(self.file, *mark)
        self.findings.append(Finding(code, message, position=position, expected=expected, help=help_))

    def _node(self, event: Any, level: int) -> Node:  # noqa: ANN401 - an event of the parser
        self._nodes += 1
        if self._nodes > MOST_NODES or level > MOST_LEVELS:
            raise TooMuchError(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.AliasEvent):
            self._report(
                "RB104",
                f"an alias stands here: *{_cut(str(event.anchor))}",
                _mark(event),
                help_="write the value out where it is used",
            )
            return Node(BROKEN, _mark(event))
        self._refuse_properties(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, level)
        return self._sequence(event, level)

    def _refuse_properties(self, event: Any) -> None:  # noqa: ANN401 - an event of the parser
        if event.anchor is not None:
            self._report(
                "RB104",
                f"an anchor stands here: &{_cut(event.anchor)}",
                _mark(event),
                help_="delete it, and write out what refers to it",
            )
        if event.tag is not None:
            self._report(
                "RB104",
                f"a tag stands here: {_cut(event.tag.replace('tag:yaml.org,2002:', '!!'))}",
                _mark(event),
                help_="delete it; a text stands in quotes",
            )

    def _sequence(self, event: Any, level: int) -> Node:  # noqa: ANN401 - an event of the parser
        items: list[Node] = []
        following = self._get()
        while not isinstance(following, yaml.SequenceEndEvent):
            items.append(self._value(following, level))
            following = self._get()
        return Node([item.data for item in items], _mark(event), items)

    def _mapping(self, event: Any, level: int) -> Node:  # noqa: ANN401 - an event of the parser
        items: dict[str, Node] = {}
        key_event = self._get()
        first = _mark(key_event) if isinstance(key_event, yaml.ScalarEvent) else _mark(event)
        while not isinstance(key_event, yaml.MappingEndEvent):
            key = self._key(key_event, level)
            item = self._value(self._get(), level, key)
            item.key = _mark(key_event)
            if key is not None and self._is_new(key, item.key, items):
                items[key] = item
            key_event = self._get()
        mark = _mark(event) if event.flow_style else first
        return Node({key: item.data for key, item in items.items()}, mark, items)

    def _is_new(self, key: str, mark: Mark, items: dict[str, Node]) -> bool:
        if key not in items:
            return True
        earlier = items[key].key or mark
        self._report(
            "RB103",
            f"the key `{_cut(key)}` stands twice",
            mark,
            help_=f"keep one of the two; the other stands in line {earlier.line}",
        )
        return False

    def _key(self, event: Any, level: int) -> str | None:  # noqa: ANN401 - an event of the parser
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, level + 1)
            self._report("RB102", "a key is a list or a mapping", _mark(event), expected="a text as key")
            return None
        self._refuse_properties(event)
        if event.value == "<<" and not event.style:
            self._report("RB104", "a merge key stands here", _mark(event), help_="write the keys out")
            return None
        if not event.value:
            self._report("RB102", "a key is empty", _mark(event), expected="a text as key")
            return None
        key: str = event.value
        self._is_clean(key, event)
        return key

    def _value(self, event: Any, level: int, key: str | None = None) -> Node:  # noqa: ANN401 - an event of the parser
        node = self._node(event, level + 1)
        if node.data is None:
            what = f"`{_cut(key)}`" if key is not None else "this item"
            self._report("RB110", f"{what} has no value", node.mark, help_="write one, or delete the line")
            node.data = BROKEN
        return node

    def _scalar(self, event: Any) -> Node:  # noqa: ANN401 - an event of the parser
        self._refuse_properties(event)
        mark = _mark(event)
        value: Any = event.value
        if not event.style:
            try:
                value = read_scalar(event.value)
            except UnclearScalarError as error:
                self._report("RB107", str(error), mark, help_=error.help)
                return Node(BROKEN, mark)
        is_clean = not isinstance(value, str) or self._is_clean(value, event)
        return Node(value if is_clean else BROKEN, mark)

    def _is_clean(self, text: str, event: Any) -> bool:  # noqa: ANN401 - an event of the parser
        if event.style == '"' and (hidden := INVISIBLE.search(text)):
            message = f"the text holds an invisible character: U+{ord(hidden[0]):04X}"
            self._report("RB108", message, _mark(event), help_="delete it")
            return False
        if not self._ascii and not unicodedata.is_normalized("NFC", text):
            message = f"{_cut(text)!r} is not in Unicode's composed form (NFC): it equals no text that looks the same"
            help_ = f"type it anew: {_cut(unicodedata.normalize('NFC', text))!r}"
            self._report("RB108", message, _mark(event), help_=help_)
            return False
        return True


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTED else text[:_QUOTED] + "…"


def _mark(event: Any) -> Mark:  # noqa: ANN401 - an event of the parser
    start, end = event.start_mark, event.end_mark
    same_line = end.line == start.line
    return Mark(start.line + 1, start.column + 1, max(1, end.column - start.column) if same_line else 1_000)
