"""The tampered corpus: each approval that is not one is refused in full, with the right reason."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ratebook.approval.change import ChangeError, authors_of, open_change
from ratebook.approval.folder import read_approvals
from ratebook.approval.statement import Statement, bound
from ratebook.approval.verify import Case, counted, needs_of
from ratebook.findings import Finding
from tests.approval.signing import HAS_SSH_KEYGEN, Changed, changed_book, commit, diff, make_keys, public

pytestmark = pytest.mark.skipif(not HAS_SSH_KEYGEN, reason="there is no ssh-keygen")

TODAY = date(2026, 11, 25)
NO_SIGNER = "eve@rpc.example is no signer of the policy that the change is judged by"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def change(tmp_path: Path, keys: dict[str, Path]) -> Changed:
    return changed_book(tmp_path / "book", keys)


def checked(of: Changed, on: date = TODAY) -> tuple[list[str], list[Finding]]:
    """Give who has agreed as finance, and what was found."""
    opened = open_change(of.root, of.result, None)
    case = Case(opened.base.policy, opened.head.policy, bound(of.result), authors_of(opened, ()), on)
    accepted, findings = counted(read_approvals(of.root), case)
    (need,) = needs_of(["finance"], opened.base.policy, accepted)
    return list(need.by), findings


def refusals(of: Changed, on: date = TODAY) -> list[str]:
    """Give why approvals do not count, none of which does; in place of a file's digest stands `X`."""
    by, findings = checked(of, on)
    assert by == []
    names = sorted((path.name for path in of.approvals.glob("*.json")), key=len, reverse=True)
    said = [f"{finding.code} {finding.message}" for finding in findings]
    for name in names:
        said = [text.replace(f"approvals/{name}", "X") for text in said]
    return said


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def rewrite(path: Path, change: Callable[[dict[str, Any]], None], *, rename: bool = True) -> Path:
    """Change what an approval's file says, and give it the name and the form that belong to it."""
    document = json.loads(path.read_text())
    change(document)
    name = Statement(document["statement"]).name if rename else path.name
    path.unlink()
    written = path.with_name(name)
    written.write_text(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return written


def test_a_genuine_approval_counts(change: Changed) -> None:
    change.approve("mia")

    assert checked(change) == (["mia@rpc.example"], [])


def test_the_wrong_key(change: Changed) -> None:
    change.approve("mia", key="eve")

    assert refusals(change) == [
        "RB707 X: it says that mia@rpc.example signed it, and a key that the policy does not have did"
    ]


def test_the_key_of_another_signer(change: Changed) -> None:
    change.approve("mia", key="jo")

    assert refusals(change) == [
        "RB707 X: it says that mia@rpc.example signed it, and the key of jo@rpc.example did"
    ]


def test_the_wrong_namespace(change: Changed) -> None:
    change.approve("mia", namespace="git")

    assert refusals(change) == ["RB705 X: it was signed for 'git', not as an approval"]


@pytest.mark.parametrize(("window", "day", "reason"), [
    (", until: 2026-11-25", "2026-11-25", "the key of mia@rpc.example has expired on 2026-11-25"),
    (", from: 2026-11-26", "2026-11-25", "the key of mia@rpc.example may not sign before 2026-11-26"),
    ("", "2026-11-24", "it was signed on 2026-11-25, after 2026-11-24"),
])  # fmt: skip
def test_a_key_outside_its_window(
    tmp_path: Path, keys: dict[str, Path], window: str, day: str, reason: str
) -> None:
    of = changed_book(tmp_path / "book", keys, window=window)
    of.approve("mia")

    assert refusals(of, date.fromisoformat(day)) == [f"RB708 X: {reason}"]


def test_a_key_on_the_first_and_last_day_of_its_window(tmp_path: Path, keys: dict[str, Path]) -> None:
    of = changed_book(tmp_path / "book", keys, window=", from: 2026-11-25, until: 2026-11-27")
    of.approve("mia")

    assert checked(of, date(2026, 11, 25)) == checked(of, date(2026, 11, 26)) == (["mia@rpc.example"], [])


def test_the_author_approves(tmp_path: Path, keys: dict[str, Path]) -> None:
    of = changed_book(tmp_path / "book", keys)
    append(of.root / "plans/pro.yaml", "# by Mia\n")
    commit(of.root, "more", author="Mia@rpc.example")
    of = Changed(of.root, keys, diff(of.root))
    of.approve("mia")

    assert refusals(of) == [
        "RB710 X: mia@rpc.example wrote a part of the change, and nobody approves their own"
    ]


def test_whoever_works_in_the_folder_approves(change: Changed) -> None:
    append(change.root / "plans/pro.yaml", "# not committed; git would say that Mia is the author\n")
    of = Changed(change.root, change.keys, diff(change.root))
    of.approve("mia")

    assert refusals(of) == [
        "RB710 X: mia@rpc.example wrote a part of the change, and nobody approves their own"
    ]


def test_the_author_approves_under_another_address(tmp_path: Path, keys: dict[str, Path]) -> None:
    of = changed_book(tmp_path / "book", keys, window=", also: [41+mia@forge.example]")
    append(of.root / "plans/pro.yaml", "# by Mia, in the browser\n")
    commit(of.root, "more", author="41+mia@forge.example")
    of = Changed(of.root, keys, diff(of.root))
    of.approve("mia")

    assert refusals(of) == [
        "RB710 X: mia@rpc.example wrote a part of the change, and nobody approves their own"
    ]


def test_who_commits_an_approval_is_no_author_of_the_change(change: Changed) -> None:
    change.approve("mia")
    commit(change.root, "approve", author="mia@rpc.example")

    assert checked(change) == (["mia@rpc.example"], [])


def test_one_byte_of_the_statement(change: Changed) -> None:
    path = change.approve("mia")
    path.write_text(path.read_text().replace('"sha256:u"', '"sha256:v"'))

    assert refusals(change) == [
        "RB702 X is not as it was written: its name or its form does not belong to what it says"
    ]


def test_one_byte_of_the_statement_and_the_name_that_belongs_to_it(change: Changed) -> None:
    rewrite(change.approve("jo"), lambda document: document["statement"].update(by="mia@rpc.example"))

    assert refusals(change) == ["RB702 X: the statement or its signature was changed after it was signed"]


def test_every_byte_of_the_signature(change: Changed) -> None:
    """Each character inside of the armour becomes another one of the alphabet; the last carries unused bits."""
    path = change.approve("mia")
    text = path.read_text()
    signature = json.loads(text)["signature"]
    rows = signature.splitlines(keepends=True)
    start, end = len(rows[0]), len(signature) - len(rows[-1])
    for index in range(start, end, 7):
        letter = signature[index]
        if letter in "=\n":
            continue
        other = signature[:index] + ("A" if letter != "A" else "B") + signature[index + 1 :]
        path.write_text(text.replace(json.dumps(signature), json.dumps(other)))
        by, findings = checked(change)
        assert by == [], index
        assert [finding.code for finding in findings] in [["RB702"], ["RB705"], ["RB707"]], index


def test_every_digest_that_a_statement_lacks(change: Changed) -> None:
    lacks = [(part, key) for part, inner in bound(change.result).items() if inner for key in inner]
    lacks = [one for one in lacks if one[0] != "period"]
    for part, key in lacks:
        document = json.loads(json.dumps(change.statement().document))
        del document[part][key]
        path = change.approve("mia", statement=Statement(document))

        assert refusals(change) == [
            f"RB704 X does not bind {part}/{key}, so it would cover whatever stands there"
        ]
        path.unlink()
    assert len(lacks) == 11


def test_a_file_that_the_approved_book_did_not_have(change: Changed) -> None:
    """The source digest is over all files: one that is added later is not covered."""
    change.approve("mia")
    (change.root / "specs/multipliers").mkdir()
    (change.root / "specs/multipliers/more.csv").write_text("chain,factor\neth,2\n")
    later = Changed(change.root, change.keys, diff(change.root))

    assert refusals(later) == ["RB703 X: it is for other files of the book"]


@pytest.mark.parametrize(("part", "key", "reason"), [
    ("head", "book", "another book"),
    ("head", "source", "other files of the book"),
    ("base", "book", "another base"),
    ("base", "source", "other files of the base"),
    ("fx", "digest", "other exchange rates"),
    ("usage", "digest", "other usage"),
    ("engine", "ratebook", "another version of ratebook"),
    ("engine", "semantics", "other rating semantics"),
    ("engine", "tzdata", "another release of time zones"),
])  # fmt: skip
def test_an_approval_for_something_else(change: Changed, part: str, key: str, reason: str) -> None:
    other = json.loads(json.dumps(change.result))
    other[part][key] = "something else"
    change.approve("mia", statement=change.statement("mia", result=other))

    assert refusals(change) == [f"RB703 X: it is for {reason}"]


def test_an_approval_for_another_window_or_day_of_prices(change: Changed) -> None:
    other = json.loads(json.dumps(change.result))
    other["usage"]["window"]["to"] = "2026-12-01"
    other |= {"period": "2026-Q4", "as_if": "2026-12-01"}
    change.approve("mia", statement=change.statement("mia", result=other))

    assert refusals(change) == [
        "RB703 X: it is for another period, another day of prices, another window of usage"
    ]


def test_yesterdays_approval(change: Changed) -> None:
    change.approve("mia")
    plan = change.root / "plans/pro.yaml"
    plan.write_text(plan.read_text().replace("amount: 11", "amount: 12"))
    commit(change.root, "dearer still")

    assert refusals(Changed(change.root, change.keys, diff(change.root))) == [
        "RB703 X: it is for another book, other files of the book"
    ]


def test_a_result_that_is_not_about_the_book_that_stands_here(change: Changed) -> None:
    change.approve("mia")
    append(change.root / "plans/pro.yaml", "# a word more\n")

    with pytest.raises(ChangeError, match=r"the head of the result, working tree, is not what stands here"):
        checked(change)


def test_a_link_to_an_approval(change: Changed, tmp_path: Path) -> None:
    path = change.approve("mia")
    shutil.move(path, tmp_path / path.name)
    path.symlink_to(tmp_path / path.name)

    assert refusals(change) == ["RB701 X is not counted: it is a link"]


def test_a_link_to_a_folder_of_approvals(change: Changed, tmp_path: Path) -> None:
    change.approve("mia")
    shutil.move(change.approvals, tmp_path / "approvals")
    change.approvals.symlink_to(tmp_path / "approvals")

    assert checked(change)[0] == []
    assert [finding.message for finding in checked(change)[1]] == ["approvals is not counted: it is a link"]


def test_a_link_in_the_book(change: Changed, tmp_path: Path) -> None:
    change.approve("mia")
    shutil.move(change.root / "plans/pro.yaml", tmp_path / "pro.yaml")
    (change.root / "plans/pro.yaml").symlink_to(tmp_path / "pro.yaml")

    with pytest.raises(ChangeError, match=r"plans/pro.yaml is a link; a book holds its files itself"):
        checked(change)


def test_one_person_twice_counts_once(tmp_path: Path, keys: dict[str, Path]) -> None:
    of = changed_book(tmp_path / "book", keys, at_least=", at_least: 2")
    of.approve("mia")
    second = Statement({**of.statement("mia").document, "at": "2026-11-25T11:00:00Z"})
    of.approve("mia", statement=second)

    by, findings = checked(of)

    assert by == ["mia@rpc.example"]
    assert [finding.code for finding in findings] == ["RB711"]


def test_two_people_count_as_two(tmp_path: Path, keys: dict[str, Path]) -> None:
    of = changed_book(tmp_path / "book", keys, at_least=", at_least: 2")
    of.approve("mia")
    of.approve("jo")

    assert checked(of) == (["jo@rpc.example", "mia@rpc.example"], [])


def test_a_signer_that_only_the_change_adds(change: Changed) -> None:
    policy = change.root / "specs/policy.yaml"
    eve = f"  - {{email: eve@rpc.example, key: {public(change.keys['eve'])}}}\n"
    policy.write_text(policy.read_text().replace("[mia@rpc", "[eve@rpc.example, mia@rpc") + eve)
    commit(change.root, "Eve too")
    of = Changed(change.root, change.keys, diff(change.root))
    of.approve("eve")

    assert refusals(of) == [
        f"RB706 X: {NO_SIGNER}; that the change itself adds them does not count",
    ]


def test_nobody(change: Changed) -> None:
    change.approve("eve")

    assert refusals(change) == [
        f"RB706 X: {NO_SIGNER}",
    ]


def test_roles_that_are_none_or_those_of_others(change: Changed) -> None:
    path = change.approve("mia", statement=change.statement("mia", "board", "finance"))
    assert refusals(change) == ["RB709 X: it is given as `board`, a role that the policy does not have"]
    path.unlink()
    change.approve("mia", statement=change.statement("mia", "finance", "legal"))

    assert refusals(change) == ["RB709 X: mia@rpc.example does not approve as `legal`"]


@pytest.mark.parametrize(("text", "reason"), [
    ("{", "it is not JSON"),
    ("[]", "it is no approval: a mapping with `statement` and `signature`"),
    ('{"statement": {}, "signature": ""}', "it holds no statement of kind ratebook-approval"),
    ('{"statement": {"kind": "ratebook-approval"}, "signature": ""}', "its format_version is not 1.0"),
    (" " * 70_000, "it has more than 65,536 bytes"),
])  # fmt: skip
def test_what_is_no_approval(change: Changed, text: str, reason: str) -> None:
    change.approvals.mkdir()
    (change.approvals / "one.json").write_text(text)

    assert refusals(change) == [f"RB701 X is not counted: {reason}"]


def test_a_key_that_nobody_knows_and_one_that_stands_twice(change: Changed) -> None:
    path = change.approve("mia")
    text = path.read_text()
    path.write_text(text.replace('"by":', '"by": "jo@rpc.example",\n    "by":'))
    assert refusals(change)[0].startswith("RB702 X is not as it was written")
    path.unlink()
    change.approve("mia", statement=Statement({**change.statement("mia").document, "for": "everything"}))

    assert refusals(change) == ["RB701 X is not counted: nobody knows what `for` in it means"]


def test_a_folder_and_a_device_are_no_approvals(change: Changed) -> None:
    (change.approvals / "one.json").mkdir(parents=True)

    assert refusals(change)[0].startswith("RB701 X is not counted: ")
