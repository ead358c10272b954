"""`ratebook approve` and `ratebook approvals verify`, as they are called."""

import json
import os
import shlex
from pathlib import Path

import pytest

from tests.approval.signing import HAS_SSH_KEYGEN, Changed, changed_book, make_keys
from tests.example import REPOSITORY, Done, ratebook

pytestmark = pytest.mark.skipif(not HAS_SSH_KEYGEN, reason="there is no ssh-keygen")


@pytest.fixture
def change(tmp_path: Path) -> Changed:
    keys = tmp_path / "keys"
    keys.mkdir()
    return changed_book(tmp_path / "book", make_keys(keys))


@pytest.fixture
def saved(change: Changed, tmp_path: Path) -> str:
    return str(change.save(tmp_path / "diff.json"))


def approve(of: Changed, saved: str, by: str, *more: str) -> Done:
    return ratebook("approve", "--book", str(of.root), "--of", saved, "--key", str(of.keys[by]), *more)


def verify(of: Changed, *more: str) -> Done:
    return ratebook("approvals", "verify", "--book", str(of.root), *more)


def test_a_change_is_approved_and_verified(change: Changed, saved: str) -> None:
    before = verify(change, "--of", saved)
    assert before.code == 1
    assert before.stdout.splitlines() == [
        "specs/policy#roles/finance: error RB712: 0 of 1 have approved as finance",
        "  = expected: an approval by one of jo@rpc.example, mia@rpc.example, who wrote no part of the change",
        "  = help: ratebook approve --of FILE --key KEY",
        "",
        "finance: 0 of 1",
        "not approved",
    ]

    done = approve(change, saved, "mia")
    agreed = "mia@rpc.example agrees as finance to 1 cause(s), 1 contract(s), USD 10.00 → 11.00 in 2026-10"
    assert (done.code, done.stderr.splitlines()[0]) == (0, agreed)
    (path,) = change.approvals.iterdir()
    assert done.stdout == f"{path}\n"
    assert path.name.endswith("-mia@rpc.example.json")

    after = verify(change, "--of", saved, "--format", "json")
    assert after.code == 0
    found = json.loads(after.stdout)
    (one,) = found.pop("approvals")
    assert (one["file"], one["by"], one["roles"]) == (
        f"approvals/{path.name}",
        "mia@rpc.example",
        ["finance"],
    )
    assert found == {
        "format_version": "1.0",
        "kind": "approvals",
        "approved": True,
        "needs": [{"role": "finance", "at_least": 1, "by": ["mia@rpc.example"], "met": True}],
        "findings": [],
    }
    assert verify(change).code == 0


def test_the_authors_may_be_named(change: Changed, saved: str) -> None:
    approve(change, saved, "mia")

    done = verify(change, "--of", saved, "--author", "Mia@rpc.example")

    assert done.code == 1
    assert "RB710" in done.stdout


def test_the_day_may_be_named(change: Changed, saved: str) -> None:
    approve(change, saved, "mia")

    done = verify(change, "--of", saved, "--at", "2026-01-01")

    assert done.code == 1
    assert "RB708" in done.stdout
    assert verify(change, "--at", "soon").code == 2


def test_without_a_result_an_approval_of_the_book_is_wanted(change: Changed) -> None:
    done = verify(change)

    assert done.code == 1
    assert "RB712: nobody has approved the book as it stands here" in done.stdout


def test_who_is_nobody_is_told_so_before_signing(change: Changed, saved: str) -> None:
    done = approve(change, saved, "eve")

    assert (done.code, done.stderr) == (
        2,
        "the policy of the base has no signer with this key; it is added by a change of its own\n",
    )
    done = approve(change, saved, "mia", "--role", "legal")
    assert (done.code, done.stderr) == (
        2,
        "mia@rpc.example does not approve as legal; the policy says as finance\n",
    )
    assert not change.approvals.exists()


def test_a_refused_change_is_not_signed(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    of = changed_book(tmp_path / "book", make_keys(keys), rule="refuse: true")
    saved = str(of.save(tmp_path / "diff.json"))
    said = "acme pays 10 percent (1.00 USD) more, over 5 percent"

    done = approve(of, saved, "mia")

    assert (done.code, done.stderr) == (1, f"the policy refuses this change, whoever agrees:\n{said}\n")
    assert f"RB713: the policy refuses the change, whoever agrees: {said}" in verify(of, "--of", saved).stdout


def test_without_ssh_keygen_it_says_so(change: Changed, saved: str, tmp_path: Path) -> None:
    approve(change, saved, "mia")
    folder = tmp_path / "bin"
    folder.mkdir()
    git = next(Path(one) / "git" for one in os.environ["PATH"].split(":") if (Path(one) / "git").exists())
    (folder / "git").symlink_to(git)

    done = ratebook(
        "approvals", "verify", "--book", str(change.root), "--of", saved, environment={"PATH": str(folder)}
    )

    assert (done.code, done.stderr) == (
        2,
        "ssh-keygen is not there; install OpenSSH 8.9 or newer to sign or check approvals\n",
    )


def test_what_is_no_result_is_said(change: Changed, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("{}")

    done = verify(change, "--of", str(file))

    assert (done.code, done.stderr) == (
        2,
        f'{file}: this is no diff document: its "kind" is not "diff"; make one with --format json\n',
    )


def test_a_result_without_the_digest_of_rates_is_not_approved(change: Changed, tmp_path: Path) -> None:
    change.result["fx"]["digest"] = None  # two saved results at other rates
    saved = str(change.save(tmp_path / "diff.json"))

    done = approve(change, saved, "mia")

    assert (done.code, done.stderr) == (
        2,
        f"{saved} does not say all that an approval binds: fx/digest; run diff again\n",
    )


def test_the_commands_of_the_how_to_do_what_it_says(change: Changed, tmp_path: Path) -> None:
    page = (REPOSITORY / "docs/how-to/approve-a-change.md").read_text("utf-8")
    key, saved = str(change.keys["mia"]), str(change.save(tmp_path / "change.json"))
    written = [
        row.removeprefix("$ ratebook ") for row in page.splitlines() if row.startswith("$ ratebook appr")
    ]
    commands = [row.replace("~/.ssh/id_ed25519", key).replace("change.json", saved) for row in written]

    done = [ratebook(*shlex.split(command), "--book", str(change.root)) for command in commands]

    assert [one.code for one in done] == [0, 0]
    assert done[0].stderr.splitlines()[0] in page
    assert done[1].stdout.splitlines()[1:] == ["finance: 1 of 1", "approved"]
    assert "\n".join(done[1].stdout.splitlines()[1:]) in page
