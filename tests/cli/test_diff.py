"""`ratebook diff`: a branch against where it left the main one, two folders, and what the exit code says."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.example import ratebook
from tests.small_files import SMALL, write_files, write_usage

BOOK = SMALL
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJLiVIvLeKNYdOaPGcIH7xqZgdIvGypv+7LI2XfxBSzB"
ASKED = ("--period", "2026-10", "--on", "2026-11-20")


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *identity, *words], capture_output=True, check=True)


def write(root: Path, name: str, text: str) -> None:
    write_files(root, {name: text})


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """A book on a branch that left `main`; since then main has doubled the price, and the branch is not about that."""
    write_usage(tmp_path, [("acme", "2026-10-05", 100), ("bolt", "2026-10-05", 7)])
    write_files(tmp_path, BOOK)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "branch", "offer")
    write(tmp_path, "specs/rating/calls.yaml", "meter: calls\nprice: {amount: 2, per: 1}\n")
    git(tmp_path, "commit", "-q", "-a", "-m", "two")
    git(tmp_path, "checkout", "-q", "offer")
    return tmp_path


def diff(root: Path, *words: str) -> dict[str, Any]:
    done = ratebook("diff", *words, "--book", str(root), *ASKED, "--format", "json")
    assert done.code == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_working_tree_is_compared_with_where_its_branch_left_the_main_one(branch: Path) -> None:
    assert diff(branch)["causes"] == []
    write(
        branch,
        "contracts/acme.yaml",
        BOOK["contracts/acme.yaml"] + "discounts: [{percent: 10, applies_to: [usage]}]\n",
    )
    document = diff(branch)
    assert document["base"]["name"].startswith("main@")
    assert [(one["contract"], one["difference"]) for one in document["contracts"]] == [("acme", "-10.00")]
    assert (document["contracts_compared"], document["contracts_touched"]) == (2, 1)
    assert [one["place"] for one in document["causes"]] == ["contracts/acme.yaml:6"]


def test_any_two_commits_or_folders_can_be_compared(branch: Path, tmp_path: Path) -> None:
    document = diff(branch, "offer", "main")
    assert [(one["contract"], one["difference"]) for one in document["contracts"]] == [
        ("acme", "100.00"),
        ("bolt", "7.00"),
    ]
    for name, text in BOOK.items():
        write(tmp_path / "other", name, text.replace("amount: 1", "amount: 3"))
    assert diff(branch, str(tmp_path / "other"))["totals"][0]["difference"] == "-214.00"


def test_the_exit_code_tells_a_change_from_none_and_from_one_that_needs_approval(branch: Path) -> None:
    asked = ("--book", str(branch), *ASKED, "--exit-code")
    assert ratebook("diff", *asked).code == 0
    write(
        branch,
        "contracts/acme.yaml",
        BOOK["contracts/acme.yaml"] + "discounts: [{percent: 10, applies_to: [usage]}]\n",
    )
    assert ratebook("diff", *asked).code == 3
    policy = "thresholds: {any: {of: contract, over_percent: 5, needs: [finance]}}\n"
    policy += f"signers: [{{email: a@b.example, key: {KEY}}}]\n"
    policy += "roles: {finance: {approvers: [a@b.example]}}\n"
    write(branch, "specs/policy.yaml", policy)
    git(branch, "add", "-A")
    git(branch, "commit", "-q", "-m", "three")
    write(
        branch,
        "contracts/acme.yaml",
        BOOK["contracts/acme.yaml"] + "discounts: [{percent: 20, applies_to: [usage]}]\n",
    )
    found = ratebook("diff", "HEAD", *asked)
    assert (found.code, "needs approval by finance" in found.stdout) == (1, True), found.stderr


def test_a_branch_that_is_not_there_is_named(branch: Path) -> None:
    done = ratebook("diff", "release", "--book", str(branch))
    assert (done.code, done.stderr.count("\n")) == (2, 1)
    assert "there is no commit 'release'" in done.stderr


def test_a_result_is_saved_while_it_is_shown(branch: Path, tmp_path: Path) -> None:
    saved = tmp_path / "october.json"
    shown = ratebook(
        "rate", "--book", str(branch), "--period", "2026-10", "--save", str(saved), "--format", "json"
    )
    assert json.loads(saved.read_bytes()) == json.loads(shown.stdout)
    assert [one["total"] for one in json.loads(saved.read_bytes())["invoices"]] == ["100.00", "7.00"]


def test_two_saved_results_are_compared_without_usage(branch: Path, tmp_path: Path) -> None:
    saved = [str(tmp_path / name) for name in ("a.json", "b.json")]
    ratebook("rate", "--book", str(branch), "--period", "2026-10", "--save", saved[0])
    git(branch, "checkout", "-q", "main")
    ratebook("rate", "--book", str(branch), "--period", "2026-10", "--save", saved[1])
    (branch / "usage.jsonl").unlink()

    done = ratebook("diff", *saved, "--format", "json", "--exit-code")

    assert (done.code, done.stderr) == (3, "")
    assert [(one["contract"], one["difference"]) for one in json.loads(done.stdout)["contracts"]] == [
        ("acme", "100.00"),
        ("bolt", "7.00"),
    ]
    assert ratebook("diff", saved[0], saved[0], "--exit-code").code == 0


def test_a_saved_result_that_is_not_there_or_alone_is_named(branch: Path, tmp_path: Path) -> None:
    gone = ratebook("diff", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    write(tmp_path, "alone.json", '{"format_version": "1.0", "kind": "rating"}')
    alone = ratebook("diff", str(tmp_path / "alone.json"))

    assert (gone.code, gone.stderr) == (2, f"{tmp_path}/a.json cannot be read: No such file or directory\n")
    assert (alone.code, "ratebook diff A.json B.json" in alone.stderr) == (2, True)


def test_a_saved_difference_is_shown_in_another_form_without_usage(branch: Path, tmp_path: Path) -> None:
    write(branch, "specs/rating/calls.yaml", "meter: calls\nprice: {amount: 3, per: 1}\n")
    shown = ratebook("diff", "--book", str(branch), *ASKED, "--format", "markdown").stdout
    (tmp_path / "diff.json").write_text(
        ratebook("diff", "--book", str(branch), *ASKED, "--format", "json").stdout
    )
    (branch / "usage.jsonl").unlink()
    assert ratebook("diff", str(tmp_path / "diff.json"), "--format", "markdown").stdout == shown


def test_annotations_name_files_as_seen_from_where_the_command_was_called(branch: Path) -> None:
    write(branch, "specs/rating/calls.yaml", "meter: calls\nprice: {amount: 3, per: 1}\n")
    printed = ratebook("diff", "--book", str(branch), *ASKED, "--format", "github").stdout
    assert f"file={branch}/specs/rating/calls.yaml,line=2" in printed


def test_a_change_that_begins_later_is_judged_as_if_it_held_already(branch: Path) -> None:
    later = "price: {per: 1, versions: [{amount: 1}, {from: 2026-12-01, amount: 3}]}"
    write(branch, "specs/rating/calls.yaml", f"meter: calls\n{later}\n")
    assert diff(branch)["totals"] == []
    document = diff(branch, "--as-if", "all")
    assert (document["as_if"], document["totals"][0]["difference"]) == ("2026-12-01", "214.00")
    done = ratebook("diff", "--book", str(branch), "--as-if", "soon")
    assert (done.code, "'soon' is no date; write 2026-12-01 or all" in done.stderr) == (2, True)
