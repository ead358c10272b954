"""`ratebook ci comment`, as a workflow calls it, against servers that answer as GitHub and GitLab do."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ratebook.ci.comment import compose, marker_of
from ratebook.cli.main import cli
from tests.ci.fakes import GITHUB_BOT, GITLAB_BOT, TOKEN, WHOSE_TOKEN, Fake, FakeGitHub, FakeGitLab, reply
from tests.example import ratebook
from tests.loopback import loopback

HEAD = "c0ffee00" * 5
PREVIEW = "**acme** pays 4.00 USD less\n"


class Place:
    """A request on a platform, and the environment of run 12 for it."""

    def __init__(self, fake: Fake, bot: str, environment: dict[str, str], folder: Path) -> None:
        self.fake = fake
        self.bot = bot
        self.environment = environment
        self.file = folder / "preview.md"
        self.file.write_text(PREVIEW)

    def comment(self, *options: str, **changes: str) -> tuple[int, str]:
        """Run the command; give its exit code and what it said."""
        environment = {**self.environment, **changes}
        done = CliRunner().invoke(cli, ["ci", "comment", "--file", str(self.file), *options], env=environment)
        assert done.stdout == ""
        assert TOKEN not in done.output
        return done.exit_code, done.stderr


def event(**changes: Any) -> str:
    request = {"number": 7, "head": {"sha": HEAD, "repo": {"full_name": "acme/prices"}}, **changes}
    return json.dumps({"pull_request": request})


@contextmanager
def github(folder: Path) -> Iterator[Place]:
    (folder / "event.json").write_text(event())
    fake = FakeGitHub()
    with loopback(fake) as address:
        environment = {
            "GITHUB_API_URL": address,
            "GITHUB_GRAPHQL_URL": f"{address}/graphql",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_ACTOR": "ada",
            "GITHUB_REPOSITORY": "acme/prices",
            "GITHUB_RUN_ID": "8888",
            "GITHUB_RUN_NUMBER": "12",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_TOKEN": TOKEN,
        }
        yield Place(fake, GITHUB_BOT, environment, folder)


@contextmanager
def gitlab(folder: Path) -> Iterator[Place]:
    fake = FakeGitLab()
    with loopback(fake) as address:
        environment = {
            "GITHUB_EVENT_PATH": "",
            "CI_API_V4_URL": f"{address}/api/v4",
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.example/acme/prices",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_COMMIT_SHA": HEAD,
            "CI_JOB_URL": "https://gitlab.example/acme/prices/-/jobs/5",
            "CI_PIPELINE_IID": "12",
            "GITLAB_TOKEN": TOKEN,
        }
        yield Place(fake, GITLAB_BOT, environment, folder)


@pytest.fixture(params=[github, gitlab])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    opened: Callable[[Path], Any] = request.param
    with opened(tmp_path) as found:
        yield found


@pytest.fixture
def on_github(tmp_path: Path) -> Iterator[Place]:
    with github(tmp_path) as found:
        yield found


@pytest.fixture
def on_gitlab(tmp_path: Path) -> Iterator[Place]:
    with gitlab(tmp_path) as found:
        yield found


def of_run(run: int, text: str = PREVIEW) -> str:
    """Write a comment as run number so-and-so did."""
    return compose(text, marker_of(text, HEAD, run), 1_000_000, "the run")


def test_a_first_preview_becomes_a_comment(place: Place) -> None:
    place.fake.say("ada", "I wonder what this changes")
    code, said = place.comment()
    assert code == 0
    assert said.startswith("the comment was written: https://")
    assert place.fake.written == [f"{marker_of(PREVIEW, HEAD, 12).line()}\n{PREVIEW}"]


def test_the_next_preview_replaces_it_in_place_though_it_stands_on_a_later_page(place: Place) -> None:
    for number in range(4):
        place.fake.say("ada", f"remark {number}")
    ours = place.fake.say(place.bot, of_run(11, "acme pays more\n"))
    place.fake.say("bob", "so be it")
    assert place.comment()[1].startswith("the comment was updated: ")
    assert place.fake.text(ours).strip() == of_run(12).strip()
    assert len(place.fake.comments) == 6


def test_an_equal_preview_is_not_written_again(place: Place) -> None:
    place.comment()
    assert place.comment()[1].startswith("the comment shows this preview already: ")
    assert len(place.fake.written) == 1


def test_a_later_preview_is_never_overwritten(place: Place) -> None:
    place.fake.say(place.bot, of_run(13, "acme pays more\n"))
    code, said = place.comment()
    assert (code, place.fake.written) == (0, [])
    assert said.startswith("the comment shows the preview of a later run, and was left as it is: ")


def test_a_comment_of_somebody_else_with_our_marker_is_not_touched(place: Place) -> None:
    theirs = place.fake.say("mallory", of_run(99, "you pay nothing\n"))
    assert place.comment()[1].startswith("the comment was written: ")
    assert place.fake.text(theirs).strip() == of_run(99, "you pay nothing\n").strip()


def test_other_comments_of_the_same_author_are_not_touched(place: Place) -> None:
    place.fake.say(place.bot, "tests passed")
    place.comment()
    assert place.fake.text(1001) == "tests passed"


def test_the_previewed_commit_may_be_named(place: Place) -> None:
    place.comment("--head", "0123abc")
    assert "head=0123abc " in place.fake.written[0]


def test_what_is_no_commit_is_refused(place: Place) -> None:
    code, said = place.comment("--head", "main -->")
    assert code == 2
    assert "7 to 64 of 0-9 and a-f" in said


def test_a_limited_request_is_repeated_when_the_platform_says(place: Place) -> None:
    place.fake.before["GET"] = [reply(403, {"message": "secondary rate limit"}, {"Retry-After": "0"})]
    place.fake.before["POST"] = [reply(429, {"message": "slow down"}, {"Retry-After": "0"})]
    assert place.comment()[0] == 0
    assert len(place.fake.written) == 1


def test_a_used_up_limit_is_an_error_that_says_so(on_github: Place) -> None:
    limited = reply(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0"})
    on_github.fake.before["GET"] = [limited]
    code, said = on_github.comment()
    assert code == 2
    assert '403 Forbidden: {"message": "API rate limit exceeded"}' in said


def test_a_token_that_may_not_comment_is_an_error_with_the_permissions_to_add(on_github: Place) -> None:
    refused = reply(403, {"message": "Resource not accessible by integration"})
    on_github.fake.before["POST"] = [WHOSE_TOKEN, refused]
    code, said = on_github.comment()
    assert code == 2
    assert "Resource not accessible by integration" in said
    assert "permissions: {contents: read, pull-requests: write}" in said


def test_an_unknown_token_is_an_error_without_the_token(place: Place) -> None:
    code, said = place.comment(GITHUB_TOKEN="wrong-token-0123", GITLAB_TOKEN="wrong-token-0123")
    assert code == 2
    assert "401 Unauthorized" in said
    assert "wrong-token" not in said


def test_a_missing_request_is_an_error(place: Place) -> None:
    place.fake.before["GET"] = [reply(404, {"message": "Not Found"})] * 2
    code, said = place.comment()
    assert code == 2
    assert "404 Not Found" in said


def test_what_the_platform_finds_wrong_is_an_error_that_quotes_it(on_github: Place) -> None:
    refused = reply(422, {"message": "Validation Failed"})
    on_github.fake.before["POST"] = [WHOSE_TOKEN, refused]
    code, said = on_github.comment()
    assert code == 2
    assert '422 Unprocessable Entity: {"message": "Validation Failed"}' in said


def test_a_long_preview_is_cut_to_what_the_platform_takes(on_github: Place) -> None:
    section = "## Contracts\n" + "| acme | 1.00 |\n" * 1_000
    on_github.file.write_text(f"{PREVIEW}\n{section * 10}")
    assert on_github.comment()[0] == 0
    written = on_github.fake.written[0]
    assert len(written) <= 65_536
    assert written.count("## Contracts") == 4
    assert "in [what the run left](https://github.com/acme/prices/actions/runs/8888)." in written


def test_a_long_preview_of_gitlab_says_where_its_artefacts_are(on_gitlab: Place) -> None:
    on_gitlab.file.write_text("## Contracts\n" + "| acme | 1.00 |\n" * 100_000)
    assert on_gitlab.comment()[0] == 0
    assert len(on_gitlab.fake.written[0]) <= 1_000_000
    assert "(https://gitlab.example/acme/prices/-/jobs/5/artifacts/browse)" in on_gitlab.fake.written[0]


@pytest.mark.parametrize("repository", [None, {"full_name": "mallory/prices"}])
def test_a_run_for_a_fork_says_that_it_may_not_comment_and_succeeds(
    on_github: Place, repository: Any
) -> None:
    path = Path(on_github.environment["GITHUB_EVENT_PATH"])
    path.write_text(event(head={"sha": HEAD, "repo": repository}))
    assert on_github.comment() == (
        0,
        "no comment: the pull request comes from a fork, whose runs get no token that may comment\n",
    )


def test_a_run_of_dependabot_says_that_it_may_not_comment_and_succeeds(on_github: Place) -> None:
    code, said = on_github.comment(GITHUB_ACTOR="dependabot[bot]")
    assert (code, said) == (0, "no comment: the run is Dependabot's, which gets no token that may comment\n")


def test_a_pipeline_of_a_fork_says_that_it_may_not_comment_and_succeeds(on_gitlab: Place) -> None:
    code, said = on_gitlab.comment(CI_PROJECT_ID="77")
    assert code == 0
    assert said.startswith("no comment: the merge request comes from a fork")


def test_a_run_without_a_token_says_which_and_succeeds(place: Place) -> None:
    code, said = place.comment(GITHUB_TOKEN="", GITLAB_TOKEN="")
    assert code == 0
    assert said.startswith("no comment: GIT")
    assert "_TOKEN is not set" in said


def test_a_run_of_no_request_has_nothing_to_comment_on(place: Place) -> None:
    if "GITHUB_TOKEN" in place.environment:
        Path(place.environment["GITHUB_EVENT_PATH"]).write_text('{"ref": "refs/heads/main"}')
    code, said = place.comment(CI_MERGE_REQUEST_IID="")
    assert code == 0
    assert said.startswith("no comment: this ")


def test_outside_of_a_run_the_command_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "preview.md").write_text(PREVIEW)
    nowhere = {"GITHUB_EVENT_PATH": "", "CI_API_V4_URL": ""}
    done = ratebook("ci", "comment", "--file", str(tmp_path / "preview.md"), environment=nowhere)
    assert done.code == 2
    assert done.stderr.startswith("this is no run of GitHub Actions or GitLab CI")
