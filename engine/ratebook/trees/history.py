"""The history of a book in git: who wrote what lies between two commits."""

import re
from pathlib import Path

from ratebook.book.layout import FOLDERS
from ratebook.trees.git import commit_of, run_git

_FORMAT = "%ae%n%(trailers:key=Co-authored-by,valueonly)"


def authors(root: Path, base: str, head: str) -> frozenset[str]:
    """Give who wrote the changes of the book's files after a base: authors and co-authors of commits.

    Addresses are in lower case, and as the commits have them: a `.mailmap` is a part of what is judged.

    Raises:
        TreeError: there is no repository, or no such commit.
    """
    between = f"{commit_of(root, base)}..{commit_of(root, head)}"
    words = ("log", "--no-mailmap", "--no-show-signature", f"--format={_FORMAT}", between, "--", *FOLDERS)
    rows = run_git(root, *words).decode("utf-8", "replace").splitlines()
    return frozenset(_address(row) for row in rows if row.strip())


def own_address(root: Path) -> str:
    """Give the address that git would write into a commit now, in lower case."""
    return _address(run_git(root, "var", "GIT_AUTHOR_IDENT").decode("utf-8", "replace"))


def _address(text: str) -> str:
    found = re.search(r"<([^<>]*)>", text)
    return (found[1] if found else text).strip().lower()
