"""A book's bytes as a commit has them."""

import subprocess
from pathlib import Path

import pytest

from ratebook.trees import TreeError
from ratebook.trees.git import merge_base, read_commit


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *identity, *words], capture_output=True, check=True)
    return done.stdout.decode().strip()


def commit(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "change")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


def test_a_commit_is_read_and_not_the_working_tree(repository: Path) -> None:
    first = commit(repository, {"specs/book.yaml": "one", "plans/pro.yaml": "pro", "README.md": "no"})
    commit(repository, {"specs/book.yaml": "two"})
    (repository / "specs/book.yaml").write_text("three")
    assert read_commit(repository, first) == {"plans/pro.yaml": b"pro", "specs/book.yaml": b"one"}
    assert read_commit(repository, "main")["specs/book.yaml"] == b"two"


def test_a_book_may_stand_in_a_folder_of_the_repository(repository: Path) -> None:
    commit(repository, {"books/rpc/specs/book.yaml": "rpc", "books/web/specs/book.yaml": "web"})
    assert read_commit(repository / "books" / "rpc", "HEAD") == {"specs/book.yaml": b"rpc"}


@pytest.mark.parametrize("ref", ["nowhere", "--output=x", "HEAD:specs"])
def test_what_is_no_commit_is_refused(repository: Path, ref: str) -> None:
    commit(repository, {"specs/book.yaml": "one"})
    with pytest.raises(TreeError, match=r"no (commit|name)"):
        read_commit(repository, ref)


def test_a_folder_without_a_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="not a git repository"):
        read_commit(tmp_path, "HEAD")


def test_a_link_in_a_commit_is_refused(repository: Path) -> None:
    (repository / "plans").mkdir()
    (repository / "plans" / "pro.yaml").symlink_to("/etc/hostname")
    commit(repository, {"specs/book.yaml": "one"})
    with pytest.raises(TreeError, match=r"plans/pro\.yaml is a link"):
        read_commit(repository, "HEAD")


def test_a_branch_is_compared_with_where_it_left_the_base_and_not_with_the_work_at_hand(
    repository: Path,
) -> None:
    start = commit(repository, {"specs/book.yaml": "one"})
    git(repository, "checkout", "-q", "-b", "feature")
    commit(repository, {"specs/book.yaml": "two"})
    git(repository, "checkout", "-q", "main")
    newest = commit(repository, {"plans/pro.yaml": "pro"})
    assert merge_base(repository, "main", "feature") == (f"main@{start[:8]}", start)
    assert merge_base(repository, "main") == (f"main@{newest[:8]}", newest)


def test_commits_without_one_in_common_are_told_so(repository: Path) -> None:
    commit(repository, {"specs/book.yaml": "one"})
    git(repository, "checkout", "-q", "--orphan", "other")
    commit(repository, {"specs/book.yaml": "two"})
    with pytest.raises(TreeError, match="main and the work at hand have no commit in common"):
        merge_base(repository, "main")


def test_a_folder_without_a_repository_has_no_main_branch_for_that_reason(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="not a git repository"):
        merge_base(tmp_path, None)
