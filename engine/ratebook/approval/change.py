"""The change that approvals are about: its two books, a saved result about them, and who wrote it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratebook.book import Book, load
from ratebook.book.digests import source_digest
from ratebook.book.layout import lay_out
from ratebook.findings import has_errors
from ratebook.preview.document import DocumentError, read
from ratebook.trees import TreeError, merge_base, read_commit, read_folder
from ratebook.trees.history import authors, own_address

Files = Mapping[str, bytes]
Wanted = Mapping[str, Any] | None
"""A book as a result names it: `name`, and digests of meaning (`book`) and of all bytes (`source`)."""
Candidate = Callable[[], tuple[Files, str]]
"""Reads a book's files; the commit that they are of, or "", comes with them."""


class ChangeError(Exception):
    """What approvals are about cannot be found; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a book.

    Attributes:
        root: the folder of the book.
        result: what `ratebook diff` said about it, or None.
        base: the book that it changes.
        head: the changed book.
        base_commit: the base in git, or "" where it is a folder.
        head_commit: the head in git, or "" where it is the folder itself.
    """

    root: Path
    result: Mapping[str, Any] | None
    base: Book
    head: Book
    base_commit: str
    head_commit: str


def read_result(file: Path) -> dict[str, Any]:
    """Read a saved result of `ratebook diff`.

    Raises:
        ChangeError: it is none.
    """
    try:
        return {**read(file.read_bytes())}
    except DocumentError as error:
        raise ChangeError(f"{file}: {error}") from None


def open_change(root: Path, result: Mapping[str, Any] | None, base: str | None) -> Change:
    """Find the two books of a change.

    Args:
        root: the folder of the changed book.
        result: what was said about the change: its books must be these.
        base: a folder, commit or branch; without it what the result names, else where this branch left the main one.

    Raises:
        ChangeError: a book is not there, is broken, or is not the one of the result.
    """
    old, new = (None, None) if result is None else (result["base"], result["head"])
    base_files, base_commit = _find(_bases(root, base, old), old, "base")
    head_files, head_commit = _find(_heads(root, new), new, "head")
    books = _book(base_files, "base"), _book(head_files, "head")
    return Change(root, result, *books, base_commit, head_commit)


def _bases(root: Path, named: str | None, wanted: Wanted) -> list[Candidate]:
    """List where the base may be, as `ratebook diff` finds it: where this branch left the one that is named.

    A result calls it `main@1a2b3c4d`; that what is found is what was meant, its digest tells.
    """
    if named is not None and not Path(named).is_dir():
        return [lambda: _commit(root, merge_base(root, named)[1])]
    name = named or (str(wanted["name"]) if wanted is not None else "")
    if name and Path(name).is_dir():
        return [lambda: (read_folder(Path(name)), "")]
    found: list[Candidate] = [lambda: _commit(root, merge_base(root, None)[1])]
    return [lambda: _commit(root, name.rpartition("@")[2]), *found] if name else found


def _commit(root: Path, name: str) -> tuple[Files, str]:
    return read_commit(root, name), name


def _heads(root: Path, wanted: Wanted) -> list[Candidate]:
    found: list[Candidate] = [lambda: (read_folder(root), "")]
    if wanted is not None:
        name = str(wanted["name"])
        found.append(lambda: _commit(root, name))
    return found


def _find(candidates: Sequence[Candidate], wanted: Wanted, what: str) -> tuple[Files, str]:
    """Find the files that a result is about; without one, the first that are there."""
    problems: list[str] = []
    for candidate in candidates:
        try:
            files, commit = candidate()
        except TreeError as error:
            problems.append(str(error))
            continue
        if wanted is None or _source(files) == wanted["source"]:
            return files, commit
    if wanted is None:
        raise ChangeError(problems[0])
    seen = f" ({problems[0]})" if problems else ""
    raise ChangeError(
        f"the {what} of the result, {wanted['name']}, is not what stands here{seen}; run diff again"
    )


def _source(files: Files) -> str:
    return source_digest({filed.file: files[filed.file] for filed in lay_out(files).files})


def _book(files: Files, what: str) -> Book:
    loaded = load(files)
    if loaded.book is None or has_errors(loaded.findings):
        raise ChangeError(f"the book of the {what} is broken: `ratebook check` it first")
    return loaded.book


def authors_of(change: Change, named: Sequence[str]) -> frozenset[str]:
    """Give who wrote a change: those that are named, else authors and co-authors of its commits in git.

    Where the folder is not what its commit has, whoever works there is an author too.

    Raises:
        ChangeError: git does not know.
    """
    if named:
        return frozenset(name.lower() for name in named)
    if not change.base_commit:
        raise ChangeError("git does not know who wrote the change; name the authors with --author")
    try:
        found = authors(change.root, change.base_commit, change.head_commit or "HEAD")
        if not change.head_commit and _source(read_commit(change.root, "HEAD")) != change.head.source_digest:
            found |= {own_address(change.root)}
    except TreeError as error:
        raise ChangeError(f"{error}; name the authors with --author") from None
    return found
