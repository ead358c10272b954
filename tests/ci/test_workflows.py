"""The workflows that `ratebook ci` prints: what they promise, and that their commands are commands."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from ratebook.cli.main import cli
from tests.example import REPOSITORY, ratebook

PLATFORMS = ("github", "gitlab")
OWN = REPOSITORY / ".github" / "workflows" / "ci.yml"


def printed(platform: str) -> str:
    done = ratebook("ci", platform)
    assert (done.code, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def text(platform: str) -> str:
    return printed(platform)


@pytest.fixture(scope="module")
def on_github() -> Any:
    return yaml.load(printed("github"), yaml.BaseLoader)  # noqa: S506 - it makes texts only


@pytest.fixture(scope="module")
def on_gitlab() -> Any:
    return yaml.load(printed("gitlab"), yaml.BaseLoader)["ratebook"]  # noqa: S506 - it makes texts only


def called(text: str) -> Iterator[list[str]]:
    """Give the words of each call of ratebook, with what the shell puts in."""
    for row in re.findall(r"^(?:\s*- |\s*run: |\s+)(?:if ! )?(ratebook .*?)(?:; then)?$", text, re.MULTILINE):
        words = shlex.split(re.split(r"\s(?:>|\|\|)", row)[0])
        yield [word.replace("$BOOK", ".").replace("$BASE", "main") for word in words[1:]]


def test_the_workflow_is_as_it_was_reviewed(text: str, snapshot: SnapshotAssertion) -> None:
    assert text == snapshot


def test_every_call_of_ratebook_has_options_that_exist(text: str) -> None:
    calls = list(called(text))
    assert {words[0] for words in calls} == {"check", "test", "diff", "ci", "approvals"}
    for words in calls:
        parse(cli, words)


def parse(group: click.Group, words: list[str]) -> None:
    """Parse a command line as click does before it runs the command."""
    context = click.Context(group)
    name, command, rest = group.resolve_command(context, words)
    assert command is not None
    if isinstance(command, click.Group):
        parse(command, rest)
    else:
        with_files = [__file__ if word.startswith("preview/") else word for word in rest]
        command.make_context(name, with_files, parent=context)


def test_it_installs_the_version_that_printed_it(text: str) -> None:
    version = ratebook("--version").stdout.split()[-1]
    assert f'pip install --quiet "ratebook=={version}"' in text


def test_actions_are_pinned_by_their_commit_with_the_full_version_beside() -> None:
    for workflow in (printed("github"), OWN.read_text("utf-8")):
        used = re.findall(r"uses: (.*)", workflow)
        assert used
        assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)


def test_the_project_itself_is_tested_on_every_python_it_supports() -> None:
    workflow = yaml.load(OWN.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes texts only
    job = workflow["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert job["steps"][-1]["run"] == "make test PYTHON=python"


def test_the_job_may_read_and_comment_and_nothing_else(on_github: Any) -> None:
    assert on_github["permissions"] == {}
    assert on_github["jobs"]["preview"]["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_code_of_a_fork_never_runs_with_a_token_that_writes(on_github: Any) -> None:
    assert on_github["on"] == "pull_request"


def test_no_step_but_the_comment_gets_the_token(on_github: Any) -> None:
    steps = on_github["jobs"]["preview"]["steps"]
    assert [step["name"] for step in steps if "GITHUB_TOKEN" in str(step)] == ["Comment"]
    assert steps[0]["with"]["persist-credentials"] == "false"


def test_no_text_of_the_pull_request_reaches_a_shell(on_github: Any) -> None:
    steps = on_github["jobs"]["preview"]["steps"]
    assert [step["name"] for step in steps if "${{" in step.get("run", "")] == []


def test_a_newer_run_cancels_an_older_one(on_github: Any, on_gitlab: Any) -> None:
    assert on_github["concurrency"]["cancel-in-progress"] == "true"
    assert on_gitlab["interruptible"] == "true"


def test_the_whole_history_is_there_to_compare_with(on_github: Any, on_gitlab: Any) -> None:
    assert on_github["jobs"]["preview"]["steps"][0]["with"]["fetch-depth"] == "0"
    assert on_gitlab["variables"]["GIT_DEPTH"] == "0"


def test_the_report_is_kept_even_when_the_change_is_refused(on_github: Any, on_gitlab: Any) -> None:
    keep = on_github["jobs"]["preview"]["steps"][-2]
    assert keep["if"].startswith("${{ !cancelled()")
    assert keep["with"]["path"] == "preview/"
    assert (on_gitlab["artifacts"]["when"], on_gitlab["artifacts"]["paths"]) == ("always", ["preview/"])


def test_an_unknown_platform_is_answered_with_those_there_are() -> None:
    done = ratebook("ci", "githup")
    assert done.code == 2
    assert "github" in done.stderr
