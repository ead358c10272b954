"""A small book in git, a change of it on a branch, and people with real keys who approve it."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratebook import SEMANTICS, __version__
from ratebook.approval.folder import write_approval
from ratebook.approval.statement import Statement, bound, state
from ratebook.book import Book, load
from ratebook.calendar import tzdata_version
from ratebook.trees import read_commit, read_folder
from tests.book.small_book import BOOK

PEOPLE = ("mia", "jo", "eve")
"""Mia and Jo are of finance, Eve is nobody."""

POLICY = """\
thresholds: {{one: {{of: contract, over_percent: 5, {rule}}}}}
policy_change: {{needs: [finance]}}
roles:
  finance: {{approvers: [mia@rpc.example, jo@rpc.example]{at_least}}}
  legal: {{approvers: [jo@rpc.example]}}
signers:
  - {{email: mia@rpc.example, key: {mia}{window}}}
  - {{email: jo@rpc.example, key: {jo}}}
"""


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@rpc.example", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *identity, *words], capture_output=True, check=True)
    return done.stdout.decode().strip()


def make_keys(folder: Path) -> dict[str, Path]:
    """Make a key for everyone."""
    for name in PEOPLE:
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return {name: folder / name for name in PEOPLE}


def public(key: Path) -> str:
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])


@dataclass(frozen=True)
class Changed:
    """A book whose price is changed on a branch by Ann, and what diff says about it."""

    root: Path
    keys: Mapping[str, Path]
    result: dict[str, Any]

    @property
    def approvals(self) -> Path:
        return self.root / "approvals"

    def statement(self, by: str = "mia", *roles: str, result: Mapping[str, Any] | None = None) -> Statement:
        about = bound(self.result if result is None else result)
        return state(about, f"{by}@rpc.example", "2026-11-25T10:00:00Z", roles or ("finance",))

    def approve(
        self, by: str = "mia", *, key: str = "", namespace: str = "ratebook-approval", statement: Any = None
    ) -> Path:
        """Write an approval, signed by the command that users have."""
        made = self.statement(by) if statement is None else statement
        words = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(self.keys[key or by])]
        done = subprocess.run(words, input=made.signed, capture_output=True, check=True)
        return write_approval(self.root, made, done.stdout.decode())

    def save(self, file: Path) -> Path:
        file.write_text(json.dumps(self.result))
        return file


def book(files: Mapping[str, bytes]) -> Book:
    loaded = load(files)
    assert loaded.book is not None, loaded.findings
    return loaded.book


def changed_book(
    root: Path,
    keys: Mapping[str, Path],
    *,
    at_least: str = "",
    window: str = "",
    rule: str = "needs: [finance]",
) -> Changed:
    """Make the book, commit it on main, and change a price on a branch."""
    root.mkdir()
    mia, jo = public(keys["mia"]), public(keys["jo"])
    policy = POLICY.format(mia=mia, jo=jo, at_least=at_least, window=window, rule=rule)
    for name, text in {**BOOK, "specs/policy.yaml": policy}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.email", "mia@rpc.example")
    commit(root, "the book")
    git(root, "checkout", "-q", "-b", "change")
    plan = root / "plans/pro.yaml"
    plan.write_text(plan.read_text().replace("amount: 10", "amount: 11"))
    commit(root, "dearer")
    return Changed(root, keys, diff(root))


def commit(root: Path, message: str, author: str = "ann@rpc.example") -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message, "--author", f"Someone <{author}>")


def diff(root: Path) -> dict[str, Any]:
    """Write what `ratebook diff --format json` says about the change, as far as approvals look at it."""
    base, head = book(read_commit(root, "main")), book(read_folder(root))
    money = {"was": "10.00", "will_be": "11.00", "difference": "1.00", "percent": "10.00"}
    return {
        "format_version": "1.0",
        "kind": "diff",
        "period": "2026-10",
        "as_if": None,
        "closed_until": "2026-11-25",
        "base": {
            "name": f"main@{git(root, 'rev-parse', 'main')[:8]}",
            "book": base.digest,
            "source": base.source_digest,
        },
        "head": {"name": "working tree", "book": head.digest, "source": head.source_digest},
        "engine": {"ratebook": __version__, "semantics": SEMANTICS, "tzdata": tzdata_version()},
        "usage": {"window": {"from": "2026-10-01", "to": "2026-11-01"}, "digest": "sha256:u", "measures": []},
        "fx": {"digest": "sha256:f"},
        "contracts_compared": 1,
        "contracts_touched": 1,
        "totals": [{"currency": "USD", **money, "up": 1, "down": 0}],
        "causes": [
            {
                "pointer": "plans/pro#fees/0/amount",
                "place": "plans/pro.yaml:3",
                "title": "plans/pro: fee base, amount",
                "was": "10",
                "now": "11",
                "with": [],
                "categories": ["price_up"],
                "begins": None,
                "contracts": 1,
                "money": [{"currency": "USD", "difference": "1.00"}],
            }
        ],
        "contracts": [
            {
                "contract": "acme",
                "customer": None,
                "spec": "world",
                "plan": "pro",
                "currency": "USD",
                "status": "changed",
                **money,
                "causes": [{"cause": 0, "difference": "1.00"}],
                "lines": [],
                "shielded": [],
            }
        ],
        "usage_changes": {"newly_billed": [], "newly_unbilled": []},
        "price_sheets": [],
        "findings": [],
        "policy": None,
    }


HAS_SSH_KEYGEN = shutil.which("ssh-keygen") is not None
