"""The steps of the printed workflows, run by a shell for a branch of a small book as the platforms would run them."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.fakes import TOKEN, FakeGitHub, FakeGitLab
from tests.example import RATEBOOK, ratebook
from tests.loopback import loopback
from tests.small_files import SMALL

FILES = {
    **SMALL,
    "specs/policy.yaml": """\
thresholds: {any: {of: contract, over_percent: 5, needs: [finance]}}
roles: {finance: {approvers: [mia@rpc.example]}}
signers:
  - {email: mia@rpc.example, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJLiVIvLeKNYdOaPGcIH7xqZgdIvGypv+7LI2XfxBSzB}
""",
    "specs/rating/calls.yaml": "meter: calls\nprice: {amount: 2, per: 1}\n",
}
LATER = "meter: calls\nprice: {per: 1, versions: [{amount: 2}, {from: 2100-01-01, amount: 4}]}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A book in a folder of a repository, on a branch by which the price doubles in some years."""
    root = tmp_path / "repository"
    for name, text in FILES.items():
        (root / "prices" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "prices" / name).write_text(text)
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    row = {"org": "acme", "id": "1", "at": last_month.isoformat(), "n": 10}
    (root / "prices" / "usage.jsonl").write_text(json.dumps(row) + "\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    git(root, "checkout", "-q", "-b", "offer")
    (root / "prices" / "specs/rating/calls.yaml").write_text(LATER)
    git(root, "commit", "-q", "-a", "-m", "two")
    return root


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(root), *identity, *words], capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


def shell(root: Path, script: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    path = f"{Path(RATEBOOK).parent}:{os.environ['PATH']}"
    words = ["bash", "-e", "-o", "pipefail", "-c", script]
    variables = {**os.environ, "PATH": path, **environment}
    return subprocess.run(words, cwd=root, env=variables, capture_output=True, text=True, check=False)


def workflow(platform: str) -> Any:
    return yaml.load(ratebook("ci", platform).stdout, yaml.BaseLoader)  # noqa: S506 - it makes texts only


def test_the_workflow_for_github_previews_comments_and_waits_for_approval(
    repository: Path, tmp_path: Path
) -> None:
    event = {
        "number": 7,
        "head": {"sha": git(repository, "rev-parse", "HEAD"), "repo": {"full_name": "acme/prices"}},
    }
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": event}))
    (tmp_path / "env").touch()
    steps = {
        step["name"]: step["run"] for step in workflow("github")["jobs"]["preview"]["steps"] if "run" in step
    }
    del steps["Install Ratebook"]
    fake = FakeGitHub()
    with loopback(fake) as address:
        environment = {
            "BOOK": "prices",
            "TARGET": git(repository, "rev-parse", "main"),
            "GITHUB_ENV": str(tmp_path / "env"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GITHUB_API_URL": address,
            "GITHUB_GRAPHQL_URL": f"{address}/graphql",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_ACTOR": "ada",
            "GITHUB_REPOSITORY": "acme/prices",
            "GITHUB_TOKEN": TOKEN,
        }
        done = {}
        for name, script in steps.items():
            done[name] = shell(repository, script, environment)
            environment |= dict(row.split("=", 1) for row in (tmp_path / "env").read_text().splitlines())
    assert {name: one.returncode for name, one in done.items()} == {
        "Find where the change began": 0,
        "Check": 0,
        "Test": 0,
        "Preview": 0,
        "Comment": 0,
        "Approvals": 1,
    }, [one.stderr for one in done.values()]
    assert "file=prices/specs/rating/calls.yaml,line=2" in done["Preview"].stdout
    assert "not approved" in done["Approvals"].stdout
    assert "+20.00" in fake.written[0]
    assert (tmp_path / "summary.md").read_text() == (repository / "preview/preview.md").read_text()
    assert sorted(path.name for path in (repository / "preview").iterdir()) == [
        "preview.html",
        "preview.json",
        "preview.md",
    ]


def test_a_pipeline_of_a_fork_that_cannot_see_the_usage_does_not_fail(repository: Path) -> None:
    (repository / "prices" / "usage.jsonl").unlink()
    script = workflow("gitlab")["ratebook"]["script"][1]
    environment = {
        "BOOK": "prices",
        "BASE": "main",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_PROJECT_ID": "42",
    }
    assert shell(repository, script, environment).returncode == 1
    assert shell(repository, script, {**environment, "CI_PROJECT_ID": "77"}).returncode == 0


def test_the_pipeline_for_gitlab_previews_comments_and_waits_for_approval(repository: Path) -> None:
    fake = FakeGitLab()
    with loopback(fake) as address:
        environment = {
            "BOOK": "prices",
            "BASE": git(repository, "merge-base", "main", "HEAD"),
            "GITHUB_EVENT_PATH": "",
            "CI_API_V4_URL": f"{address}/api/v4",
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_COMMIT_SHA": git(repository, "rev-parse", "HEAD"),
            "GITLAB_TOKEN": TOKEN,
        }
        done = [shell(repository, script, environment) for script in workflow("gitlab")["ratebook"]["script"]]
    assert [one.returncode for one in done] == [0, 0, 1], [one.stderr for one in done]
    assert "not approved" in done[-1].stdout
    assert "+20.00" in fake.written[0]
    [change] = json.loads((repository / "preview/quality.json").read_text())[-1:]
    assert change["location"]["path"].startswith("prices/specs/")
    assert sorted(path.name for path in (repository / "preview").iterdir()) == [
        "preview.html",
        "preview.json",
        "preview.md",
        "preview.xml",
        "quality.json",
        "tests.xml",
    ]
