"""Which two books a change has, and who wrote it."""

from pathlib import Path

import pytest

from ratebook.approval.change import ChangeError, authors_of, open_change
from tests.approval.signing import HAS_SSH_KEYGEN, Changed, changed_book, commit, diff, git, make_keys

pytestmark = pytest.mark.skipif(not HAS_SSH_KEYGEN, reason="there is no ssh-keygen")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def change(tmp_path: Path, keys: dict[str, Path]) -> Changed:
    return changed_book(tmp_path / "book", keys)


def merge_something_else(root: Path) -> None:
    """Let somebody merge another change into main meanwhile."""
    git(root, "checkout", "-q", "main")
    (root / "plans/team.yaml").write_text("name: Team\nfees: [{id: base, name: Base, amount: 5}]\n")
    commit(root, "a plan", author="other@rpc.example")
    git(root, "checkout", "-q", "change")


@pytest.mark.parametrize("base", [None, "main"])
def test_the_base_is_where_the_branch_left_the_main_one(change: Changed, base: str | None) -> None:
    merge_something_else(change.root)

    for result in (change.result, None):
        opened = open_change(change.root, result, base)
        assert opened.base.source_digest == change.result["base"]["source"]
        assert authors_of(opened, ()) == {"ann@rpc.example"}


def test_a_base_that_the_result_is_not_about_is_refused(change: Changed) -> None:
    first = git(change.root, "rev-parse", "main")
    git(change.root, "checkout", "-q", "-b", "later", first)
    (change.root / "plans/pro.yaml").write_text("name: Pro\nfees: [{id: base, name: Base, amount: 12}]\n")
    commit(change.root, "another line of work")
    result = {**change.result, "base": {**change.result["base"], "source": "sha256:another"}}

    with pytest.raises(
        ChangeError, match=r"the base of the result, main@\w+, is not what stands here; run diff again"
    ):
        open_change(change.root, result, None)


def test_the_head_may_be_a_commit(change: Changed) -> None:
    result = {**change.result, "head": {**change.result["head"], "name": "change"}}
    git(change.root, "checkout", "-q", "main")

    opened = open_change(change.root, result, None)

    assert opened.head.source_digest == change.result["head"]["source"]
    assert authors_of(opened, ()) == {"ann@rpc.example"}


def test_a_base_in_a_folder_needs_authors(change: Changed, tmp_path: Path) -> None:
    git(change.root, "worktree", "add", "-q", str(tmp_path / "base"), "main")
    opened = open_change(change.root, change.result, str(tmp_path / "base"))

    with pytest.raises(ChangeError, match="name the authors with --author"):
        authors_of(opened, ())
    assert authors_of(opened, ("Ann@rpc.example",)) == {"ann@rpc.example"}


def test_a_broken_base_is_said(change: Changed, tmp_path: Path) -> None:
    (change.root / "plans/pro.yaml").write_text("nonsense: true\n")

    with pytest.raises(ChangeError, match="the book of the head is broken: `ratebook check` it first"):
        open_change(change.root, None, None)


def test_a_change_that_grows_has_the_authors_of_all_its_commits(change: Changed) -> None:
    plan = change.root / "plans/pro.yaml"
    plan.write_text(plan.read_text() + "# more\n")
    commit(change.root, "more\n\nCo-authored-by: Jo <jo@rpc.example>", author="mia@rpc.example")

    opened = open_change(change.root, diff(change.root), None)

    assert authors_of(opened, ()) == {"ann@rpc.example", "mia@rpc.example", "jo@rpc.example"}
