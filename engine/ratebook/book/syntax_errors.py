"""What the YAML parser complains about, in the words of someone who edits prices."""

from typing import Any, Final, NamedTuple

import yaml

from ratebook.findings import Finding, Position


class _Meaning(NamedTuple):
    message: str
    help: str


# What the parser says begins so → what it means.
_MEANINGS: Final[tuple[tuple[str, _Meaning], ...]] = (
    (
        "cannot start any token",
        _Meaning(
            "a value cannot begin with this character", "a text that begins with @, ` or % stands in quotes"
        ),
    ),
    (
        "mapping values are not allowed",
        _Meaning(
            "a `:` stands where none may",
            "a text with `: ` in it stands in quotes; the keys of a mapping are indented equally",
        ),
    ),
    (
        "find expected ':'",
        _Meaning("a key has no `:` after it", "write key: value; the line may be indented wrongly"),
    ),
    (
        "find expected key",
        _Meaning(
            "this does not fit the lines above it",
            "indent equal keys equally; nothing follows a text in quotes",
        ),
    ),
    (
        "find expected '-' indicator",
        _Meaning("this line does not fit the list above it", "begin each item with `- `, indented equally"),
    ),
    (
        "find expected ',' or ']'",
        _Meaning("a list in [ ] is not closed, or a comma is missing", "write [a, b, c]"),
    ),
    (
        "find expected ',' or '}'",
        _Meaning("a mapping in { } is not closed, or a comma is missing", "write {a: 1, b: 2}"),
    ),
    (
        "unexpected end of stream",
        _Meaning("the file ends inside a text in quotes", "close the quotes"),
    ),
    (
        "unknown escape character",
        _Meaning(
            "a backslash does not stand for a character here", "double it, or put the text in single quotes"
        ),
    ),
    (
        "find expected <document start>",
        _Meaning("something follows where the content has ended", "indent it, or give it a key"),
    ),
    (
        "sequence entries are not allowed",
        _Meaning("an item of a list stands where none may", "begin the list on a line of its own"),
    ),
)
_TAB: Final = _Meaning("a tab stands where only spaces may", "indent with spaces")


class TooMuchError(yaml.YAMLError):
    """A file is larger or deeper than a file of a book may be.

    Attributes:
        problem_mark: where it became too much.
    """

    def __init__(self, problem_mark: Any) -> None:  # noqa: ANN401 - a mark of the parser
        super().__init__()
        self.problem_mark = problem_mark


def explain_syntax_error(file: str, text: str, error: yaml.YAMLError) -> Finding:
    """Say what is wrong with a file that cannot be parsed."""
    mark: Any = getattr(error, "problem_mark", None)
    position = Position(file, mark.line + 1, mark.column + 1) if mark is not None else Position(file, 1)
    if isinstance(error, TooMuchError):
        return Finding(
            "RB109",
            "the file is too deep or holds too much",
            position=position,
            expected="at most 32 levels and 200,000 values",
            help="split it into several files, or move a large table into a CSV",
        )
    meaning = _meaning(str(getattr(error, "problem", "") or ""), text, position)
    return Finding("RB102", meaning.message, position=position, help=meaning.help)


def _meaning(said: str, text: str, position: Position) -> _Meaning:
    lines = text.split("\n")
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    if line[position.column - 1 : position.column] == "\t":
        return _TAB
    for part, meaning in _MEANINGS:
        if part in said:
            return meaning
    return _Meaning(
        f"this is not YAML: {said or 'it cannot be parsed'}", "look at this line and the one above it"
    )
