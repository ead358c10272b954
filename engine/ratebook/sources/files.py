"""Which files a source's pattern names, and of which format they are."""

import csv
import glob
import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple, TextIO, cast

from ratebook.sources.errors import SourceError, failure

Format = Literal["parquet", "csv", "jsonl"]

_SUFFIXES: Final[dict[str, Format]] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".ndjson.gz": "jsonl",
}
_HELP: Final = (
    "correct the pattern under environments in specs/book.yaml; it is relative to the book's folder"
)


class Files(NamedTuple):
    """The files of a source, in order of their names, all of one format."""

    format: Format
    paths: tuple[str, ...]


def find_files(source: str, pattern: str, root: Path) -> Files:
    """Find the files that a pattern names; `*` and `**` match.

    Raises:
        SourceError: there are none, or they are of several formats, or of none that can be read.
    """
    literal = root / pattern
    if literal.is_file():
        found = [str(literal.resolve())]
    else:
        matches = sorted(glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207 - pathlib has no absolute patterns
        found = [str((root / one).resolve()) for one in matches if (root / one).is_file()]
    if not found:
        what = "is a folder" if literal.is_dir() else "matches no file"
        raise failure("RB401", f"{pattern} {what}", source=source, expected="at least one file", help_=_HELP)
    formats = {_format(path) for path in found}
    if len(formats) > 1 or None in formats:
        odd = next((path for path in found if _format(path) is None), found[-1])
        raise failure(
            "RB401",
            f"{pattern} names files of several or unknown formats, as {Path(odd).name}",
            source=source,
            expected="files ending in .parquet, .csv, .jsonl (or .csv.gz, .jsonl.gz), all alike",
            help_=_HELP,
        )
    kind = formats.pop()
    if kind is None:
        raise AssertionError
    return Files(kind, tuple(found))


def _format(path: str) -> Format | None:
    name = Path(path).name.lower()
    return next((kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix)), None)


@contextmanager
def open_text(path: str) -> Iterator[TextIO]:
    """Open a text file, compressed or not; a byte order mark is no text."""
    with ExitStack() as files:
        raw: BinaryIO = files.enter_context(Path(path).open("rb"))
        if path.endswith(".gz"):
            raw = cast("BinaryIO", files.enter_context(gzip.open(raw, "rb")))
        yield files.enter_context(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""))


def csv_header(source: str, path: str) -> tuple[str, ...]:
    """Read the names of a CSV file's columns.

    Raises:
        SourceError: the file is empty, no UTF-8, or names a column twice.
    """
    try:
        with open_text(path) as text:
            header = tuple(next(csv.reader(text, strict=True), ()))
    except (UnicodeDecodeError, csv.Error, OSError, EOFError) as error:
        raise unreadable(source, path, str(error)) from None
    if not header:
        raise unreadable(source, path, "it is empty, without even a header")
    twice = [name for name, following in pairwise(sorted(header)) if name == following]
    if twice:
        raise unreadable(source, path, f"its header names {twice[0]} twice")
    return header


def unreadable(source: str, path: str, reason: str) -> SourceError:
    """Make the error of a file that is damaged."""
    return failure(
        "RB415",
        f"{Path(path).name} cannot be read: {reason}",
        source=source,
        help_="repair the file, or take it out of the pattern; nothing is billed from half a file",
    )
