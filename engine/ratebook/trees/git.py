"""A book's bytes as a commit of git has them: read from the objects, so that the working tree is never touched."""

import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from ratebook.book.layout import FOLDERS, IGNORED_FOLDERS, SUFFIXES
from ratebook.trees.folder import MOST_FILES, TreeError

_FILES: Final = frozenset({"100644", "100755"})


def read_commit(root: Path, ref: str) -> dict[str, bytes]:
    """Read the files of the book that stands in `root`, as they are in a commit.

    Args:
        root: the folder of the book in the working tree of a git repository.
        ref: a branch, a tag, a commit.

    Returns:
        Path inside the book, with `/`, → bytes, in order of paths.

    Raises:
        TreeError: there is no repository or no such commit, the book does not stand in it, or it holds a link.
    """
    commit, prefix = commit_of(root, ref), _prefix(root)
    listed = run_git(root, "ls-tree", "-r", "-z", "--full-tree", commit, *([prefix] if prefix else []))
    found: dict[str, str] = {}
    for entry in filter(None, listed.split(b"\0")):
        described, _, path = entry.partition(b"\t")
        mode, _, name = described.decode().split(" ")
        inside = path.decode("utf-8", "surrogateescape").removeprefix(prefix)
        if _belongs(inside):
            if mode not in _FILES:
                raise TreeError(f"{inside} is a link in {ref}; a book holds its files itself")
            found[inside] = name
    if not found:
        raise TreeError(
            f"{ref} has no book in {prefix or 'its root'}; name a commit that holds specs/book.yaml"
        )
    if len(found) > MOST_FILES:
        raise TreeError(f"{ref} holds more than {MOST_FILES:,} files of a book")
    return dict(sorted(zip(found, _objects(root, list(found.values())), strict=True)))


def _belongs(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return (
        len(parts) > 1
        and parts[0] in FOLDERS
        and "/".join(parts[:2]) not in IGNORED_FOLDERS
        and PurePosixPath(path).suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in parts)
    )


def commit_of(root: Path, ref: str) -> str:
    """Find the commit that a branch, a tag or another name stands for."""
    if ref.startswith("-"):
        raise TreeError(f"{ref!r} is no name of a commit")
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    return run_git(root, *words, about=ref).decode().strip()


def _prefix(root: Path) -> str:
    return run_git(root, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").rstrip("\n")


def run_git(root: Path, *words: str, about: str = "") -> bytes:
    """Run git, whose words are never a user's but behind a check or an end of options.

    Raises:
        TreeError: git is not there, or it says that something is wrong.
    """
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)  # noqa: S603, S607
    except OSError:
        raise TreeError("git cannot be run; install it, or name two folders instead of a commit") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        what = f"there is no commit {about!r}" if about and not said else f"git says: {said or 'nothing'}"
        raise TreeError(f"{root}: {what}")
    return done.stdout


def _objects(root: Path, names: Sequence[str]) -> list[bytes]:
    """Read many objects through one process."""
    asked = "".join(f"{name}\n" for name in names).encode()
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(root), "cat-file", "--batch"],  # noqa: S607
        input=asked,
        capture_output=True,
        check=True,
    )
    data, start, found = done.stdout, 0, []
    for _ in names:
        begin = data.index(b"\n", start) + 1
        size = int(data[start:begin].split(b" ")[2])
        found.append(data[begin : begin + size])
        start = begin + size + 1
    return found


MAIN_BRANCHES: Final = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where changes are merged to, the first of these that there is."""


def merge_base(root: Path, ref: str | None, head: str | None = None) -> tuple[str, str]:
    """Find where some work left a branch: what was merged there since is no part of the comparison.

    Args:
        root: a folder of the repository.
        ref: the branch, or None for the one that changes are merged to.
        head: the work: a branch or commit; the one at hand unless given.

    Returns:
        A name for people, as `main@1a2b3c4d`, and the commit.

    Raises:
        TreeError: there is no repository, no such commit, or no commit in common.
    """
    name = ref or _main_branch(root)
    commit, work = commit_of(root, name), commit_of(root, head or "HEAD")
    try:
        base = run_git(root, "merge-base", commit, work, about=name).decode().strip()
    except TreeError:
        raise TreeError(
            f"{root}: {name} and {head or 'the work at hand'} have no commit in common; of a clone without its history"
            " fetch it (git fetch --unshallow), or name a folder"
        ) from None
    return f"{name.removeprefix('origin/')}@{base[:8]}", base


def _main_branch(root: Path) -> str:
    run_git(root, "rev-parse", "--git-dir")
    for name in MAIN_BRANCHES:
        try:
            commit_of(root, name)
        except TreeError:
            continue
        return run_git(root, "rev-parse", "--abbrev-ref", name).decode().strip()
    raise TreeError(
        f"{root}: there is no branch {' or '.join(MAIN_BRANCHES[-2:])} to compare with; name a commit or a folder"
    )
