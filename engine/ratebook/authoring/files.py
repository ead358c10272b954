"""Finds the files of a book that are to be formatted, and writes them so that none is ever half written."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ratebook.authoring.formatting import UnformattableError
from ratebook.book.layout import FOLDERS, IGNORED_FOLDERS

TESTS: Final = "tests/pricing"
"""Where a book's tests stand."""


def yaml_files(root: Path, paths: Iterable[Path]) -> dict[Path, str]:
    """Find files: those named, those below folders that are named, or all of the book.

    Args:
        root: the folder of the book.
        paths: files and folders; none for the whole book.

    Returns:
        File → its path in the book; for one outside of the book its name alone.
    """
    named = list(paths) or [folder for name in (*FOLDERS, TESTS) if (folder := root / name).is_dir()]
    found: dict[Path, str] = {}
    for path in named:
        for file in sorted(_below(path)) if path.is_dir() else (path,):
            found.setdefault(file, _in_book(file, root))
    return {file: name for file, name in found.items() if not _is_ignored(name)}


def _below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*.yaml"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not hidden and not file.is_symlink():
            yield file


def _in_book(file: Path, root: Path) -> str:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return file.name


def _is_ignored(name: str) -> bool:
    return any(name.startswith(f"{folder}/") for folder in IGNORED_FOLDERS)


def refuse_others(path: Path) -> None:
    """Refuse a file that is no YAML file of a book, so that none is ever written that was named by mistake.

    Raises:
        UnformattableError: it is a link, or of another kind.
    """
    if path.is_symlink() or path.suffix != ".yaml":
        what = "is a link" if path.is_symlink() else "is not called .yaml"
        raise UnformattableError(f"the file {what}, and is left alone")


def replace(path: Path, data: bytes) -> None:
    """Write a file anew: whole, or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        shutil.copymode(path, partial)
        os.replace(partial, path)  # noqa: PTH105 - one call on both systems
    finally:
        partial.unlink(missing_ok=True)
