"""A book's bytes from a folder: only its own folders and files, and never what a link leads to."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ratebook.book.layout import FOLDERS, IGNORED_FOLDERS, SUFFIXES

MOST_BYTES: Final = 1 << 30
"""Most bytes of one file; a table of ten million contracts has about as many."""
MOST_FILES: Final = 100_000


class TreeError(OSError):
    """A folder that cannot be read as a book; the message says which file and why."""


def read_folder(root: Path) -> dict[str, bytes]:
    """Read the files of the book in a folder.

    Args:
        root: the folder that holds `specs/book.yaml`.

    Returns:
        Path inside the book, with `/`, → bytes, in order of paths.

    Raises:
        TreeError: the folder is not there, a file cannot be read or is too large, or a link stands in the book.
    """
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise TreeError(f"{root} {what}; name the folder that holds specs/book.yaml")
    files: dict[str, bytes] = {}
    for path in _paths(root):
        name = path.relative_to(root).as_posix()
        if len(files) == MOST_FILES:
            raise TreeError(
                f"{root} holds more than {MOST_FILES:,} files of a book; put many contracts into a CSV"
            )
        files[_checked(name)] = _read(path)
    return dict(sorted(files.items()))


def _checked(name: str) -> str:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise TreeError(f"the name of the file {name!r} is not UTF-8; rename it") from None
    return name


def _paths(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        start = root / folder
        if start.is_symlink():
            raise TreeError(f"{start} is a link; a book holds its files itself")
        for base, folders, names in os.walk(start, onerror=_refuse):
            folders[:] = sorted(name for name in folders if _belongs(Path(base) / name, root))
            for name in names:
                path = Path(base) / name
                if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                    if path.is_symlink():
                        raise TreeError(f"{path} is a link; a book holds its files itself")
                    yield path


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise TreeError(f"{error.filename} cannot be read: {error.strerror}") from None


def _belongs(folder: Path, root: Path) -> bool:
    if folder.name.startswith(".") or folder.relative_to(root).as_posix() in IGNORED_FOLDERS:
        return False
    if folder.is_symlink():
        raise TreeError(f"{folder} is a link; a book holds its files itself")
    return True


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise TreeError(f"{path} cannot be read: {error.strerror}") from None
    if size > MOST_BYTES:
        raise TreeError(f"{path} has {size:,} bytes; a file of a book has at most {MOST_BYTES:,}")
    return data
