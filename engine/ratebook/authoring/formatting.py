"""Formats a file of a book, and proves that its meaning and its comments are those of before."""

from typing import Any

from ratebook.authoring.draw import draw
from ratebook.authoring.order import annotation_of
from ratebook.authoring.written import comments_of, compose
from ratebook.book.reader import decode, read_yaml
from ratebook.findings import Finding


class UnformattableError(ValueError):
    """A file that is left alone.

    Attributes:
        findings: what is wrong with it; empty where it would not have kept its meaning, which the message says.
    """

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


def formatted(path: str, data: bytes) -> bytes:
    """Format a YAML file.

    Args:
        path: where it stands in its book, which says in what order its keys stand.
        data: its bytes.

    Returns:
        The file with its keys in order; numbers, texts and comments are as typed.

    Raises:
        UnformattableError: it cannot be read, or would not mean the same afterwards.
    """
    before = _read(path, data)
    text = str(decode(path, data)).replace("\r\n", "\n")
    value, below = compose(text)
    drawn = draw(value, below, annotation_of(path))
    _prove(path, before, text, drawn)
    return drawn.encode()


def _read(path: str, data: bytes) -> Any:  # noqa: ANN401 - plain data
    document = read_yaml(path, data)
    if document.root is None or document.findings:
        raise UnformattableError("the file cannot be read, and is left alone", document.findings)
    if not isinstance(document.root.data, dict | list):
        raise UnformattableError("the file holds no keys as each file of a book does, and is left alone")
    return document.root.data


def _prove(path: str, before: Any, text: str, drawn: str) -> None:  # noqa: ANN401 - plain data
    document = read_yaml(path, drawn.encode())
    is_same = document.root is not None and not document.findings and _same(document.root.data, before)
    if not is_same or sorted(comments_of(text)) != sorted(comments_of(drawn)):
        what = "its comments" if is_same else "its meaning"
        raise UnformattableError(
            f"the file would not keep {what} when it is formatted, and is left alone; "
            "write its unusual parts (text over several lines, comments within brackets) more plainly"
        )


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - plain data
    """Tell whether data is equal, types included: 1 is not 1.0, nor true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return str(one) == str(other)
