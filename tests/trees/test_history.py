"""Who wrote what of a book lies between two commits."""

import subprocess
from pathlib import Path

import pytest

from ratebook.trees.history import authors, own_address


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *identity, *words], capture_output=True, check=True)
    return done.stdout.decode().strip()


def commit(root: Path, file: str, author: str, message: str = "change") -> str:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.read_text() + "x" if path.exists() else "x")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message, "--author", f"Someone <{author}>")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "specs/book.yaml", "first@example.org")
    return tmp_path


def test_the_authors_are_those_of_commits_after_the_base_that_touch_the_book(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "change")
    commit(repository, "plans/pro.yaml", "Mia@Example.org")
    commit(repository, "plans/pro.yaml", "jo@example.org", "x\n\nCo-authored-by: Elif <elif@example.org>")
    commit(repository, "approvals/one.json", "approver@example.org")
    commit(repository, "README.md", "writer@example.org")

    assert authors(repository, "main", "HEAD") == {"mia@example.org", "jo@example.org", "elif@example.org"}


def test_a_mailmap_hides_nobody(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "change")
    (repository / ".mailmap").write_text("Other <other@example.org> <mia@example.org>\n")
    commit(repository, "plans/pro.yaml", "mia@example.org")

    assert authors(repository, "main", "HEAD") == {"mia@example.org"}


def test_a_book_in_a_folder_has_the_authors_of_that_folder(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "change")
    commit(repository, "books/web/specs/book.yaml", "web@example.org")
    commit(repository, "plans/pro.yaml", "mia@example.org")

    assert authors(repository / "books/web", "main", "HEAD") == {"web@example.org"}


def test_ones_own_address_is_that_of_the_repository(repository: Path) -> None:
    git(repository, "config", "user.email", "Mia@Example.org")
    git(repository, "config", "user.name", "Mia")

    assert own_address(repository) == "mia@example.org"
