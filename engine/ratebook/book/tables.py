"""CSV files of a book: rows with their lines, streamed from bytes, and the place of a cell when it is asked for."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ratebook.book.reader import INVISIBLE, Mark
from ratebook.findings import Finding, Position

_MOST_LINES_OF_A_ROW: Final = 100
_BOM: Final = b"\xef\xbb\xbf"


class TableError(ValueError):
    """A table that cannot be read on.

    Attributes:
        finding: what is wrong and where.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the line that it begins in, and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A CSV file: a header, then rows of as many cells; separated by commas, quoted by `"`."""

    file: str
    data: bytes

    def rows(self) -> Iterator[Row]:
        """Stream all rows, the header first. Empty lines are left out.

        Raises:
            TableError: the file is no text or no CSV from here on.
        """
        stream = io.TextIOWrapper(io.BytesIO(self.data), encoding="utf-8-sig", newline="")
        reader = csv.reader(stream, strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield Row(line, cells)
                line = reader.line_num + 1
        except UnicodeDecodeError:
            raise TableError(self._not_utf8()) from None
        except csv.Error as error:
            position = Position(self.file, max(reader.line_num, 1))
            help_ = 'put a cell with a comma or a quote in it in "…", and write a quote in it twice'
            raise TableError(
                Finding("RB115", f"this is not CSV: {error}", position=position, help=help_)
            ) from None

    def _not_utf8(self) -> Finding:
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            column = error.start - self.data.rfind(b"\n", 0, error.start)
            return Finding(
                "RB101",
                f"byte 0x{self.data[error.start]:02x} is not UTF-8",
                position=Position(self.file, line, column),
                expected="a text in UTF-8",
                help="save the file as UTF-8",
            )
        raise AssertionError(self.file)

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.data.removeprefix(_BOM).split(b"\n")

    def line(self, number: int) -> str:
        """Give the text of a line, from 1."""
        lines = self._lines
        return lines[number - 1].decode("utf-8", "replace").rstrip("\r") if 0 < number <= len(lines) else ""

    def from_line(self, number: int) -> "Table":
        """Give the table from a line on, without the lines before it."""
        lines = self._lines
        return Table(self.file, b"\n".join(lines[number - 1 : number + _MOST_LINES_OF_A_ROW]))

    def mark(self, line: int, index: int) -> Mark:
        """Find a cell: its column and width in the line that its row begins in."""
        text = self.line(line)
        start = 0
        for _ in range(index):
            start = _end_of_cell(text, start) + 1
        end = _end_of_cell(text, start)
        if start > len(text):
            return Mark(line, 1, max(1, len(text)))
        return Mark(line, start + 1, max(1, end - start))

    def position(self, line: int, index: int = 0) -> Position:
        """Find a cell as a position."""
        return Position(self.file, *self.mark(line, index))


def _end_of_cell(text: str, start: int) -> int:
    quoted = False
    for index in range(start, len(text)):
        if text[index] == '"':
            quoted = not quoted
        elif text[index] == "," and not quoted:
            return index
    return len(text)


def strange_cell(cells: Sequence[str]) -> tuple[int, str] | None:
    """Find a cell with an invisible character, or one that is not in NFC: its number and what is wrong."""
    joined = "".join(cells)
    if joined.isascii() and joined.isprintable():
        return None
    for index, cell in enumerate(cells):
        if hidden := INVISIBLE.search(cell):
            return index, f"the cell holds an invisible character: U+{ord(hidden[0]):04X}"
        if not unicodedata.is_normalized("NFC", cell):
            return index, f"{cell!r} is not in Unicode's composed form (NFC)"
    return None
