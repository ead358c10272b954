"""What a run of continuous integration says of itself in its environment: which request it previews, and as whom."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from ratebook.ci.platforms import GitHub, GitLab, Platform
from ratebook.http import Http

PERMISSIONS: Final = "permissions: {contents: read, pull-requests: write}"
"""What a job on GitHub needs so that its token may comment."""
_DEPENDABOT: Final = "dependabot[bot]"


class SkippedError(Exception):
    """There is no request to comment on, or no token that may: the message says which. No fault of the change."""


class UnknownRunError(Exception):
    """The environment is not that of a run, or says too little; the message names what is missing."""


class Run(NamedTuple):
    """A run for one pull or merge request.

    Attributes:
        platform: `github` or `gitlab`.
        head: the commit that is previewed.
        number: of the run; it grows from run to run.
        address: where a person finds the run and what it left.
        request: number of the pull or merge request.
        variables: the environment, with the token.
    """

    platform: str
    head: str
    number: int
    address: str
    request: str
    variables: Mapping[str, str]

    @contextmanager
    def connect(self) -> Iterator[Platform]:
        """Open a connection to the platform."""
        with ExitStack() as opened:
            yield (_github if self.platform == "github" else _gitlab)(self, opened)


def read_run(variables: Mapping[str, str]) -> Run:
    """Read which run this is.

    Args:
        variables: the environment.

    Raises:
        SkippedError: the run is of no request, the request comes from a fork, or there is no token.
        UnknownRunError: this is no run of GitHub or GitLab.
    """
    if variables.get("GITHUB_EVENT_PATH"):
        return _github_run(variables)
    if variables.get("CI_API_V4_URL"):
        return _gitlab_run(variables)
    raise UnknownRunError(
        "this is no run of GitHub Actions or GitLab CI: neither GITHUB_EVENT_PATH nor CI_API_V4_URL is set\n"
        "  = help: call it from a workflow; `ratebook ci github` and `ratebook ci gitlab` print one"
    )


def _github_run(variables: Mapping[str, str]) -> Run:
    request = _event(Path(variables["GITHUB_EVENT_PATH"])).get("pull_request")
    if not request:
        raise SkippedError("this run is of no pull request")
    repository = _needed(variables, "GITHUB_REPOSITORY")
    if variables.get("GITHUB_EVENT_NAME") == "pull_request":
        if _is_of_fork(request, repository):
            raise SkippedError("the pull request comes from a fork, whose runs get no token that may comment")
        if variables.get("GITHUB_ACTOR") == _DEPENDABOT:
            raise SkippedError("the run is Dependabot's, which gets no token that may comment")
    if not variables.get("GITHUB_TOKEN"):
        raise SkippedError(
            "GITHUB_TOKEN is not set: add `env: {GITHUB_TOKEN: '${{ github.token }}'}` to the step"
        )
    server = variables.get("GITHUB_SERVER_URL", "https://github.com")
    return Run(
        "github",
        request["head"]["sha"],
        _number(variables.get("GITHUB_RUN_NUMBER", "")),
        f"{server}/{repository}/actions/runs/{variables.get('GITHUB_RUN_ID', '')}",
        str(request["number"]),
        variables,
    )


def _event(path: Path) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise UnknownRunError(f"{path}, which GITHUB_EVENT_PATH names, is no event: {error}") from None
    return event


def _is_of_fork(request: Mapping[str, Any], repository: str) -> bool:
    """Whether the branch is in another repository, or in one that was deleted."""
    head = request["head"]["repo"]
    return head is None or head["full_name"] != repository


def _github(run: Run, opened: ExitStack) -> Platform:
    variables = run.variables
    address = variables.get("GITHUB_API_URL") or "https://api.github.com"
    graph = variables.get("GITHUB_GRAPHQL_URL") or f"{address.removesuffix('/v3')}/graphql"
    headers = {
        "Authorization": f"Bearer {variables['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    rest, graphs = (opened.enter_context(Http(one, headers)) for one in (address, graph))
    return GitHub(rest, graphs, variables["GITHUB_REPOSITORY"], run.request)


def _gitlab_run(variables: Mapping[str, str]) -> Run:
    request = variables.get("CI_MERGE_REQUEST_IID")
    if not request:
        raise SkippedError(
            "this pipeline is of no merge request; add `if: $CI_MERGE_REQUEST_IID` to its rules"
        )
    project = _needed(variables, "CI_PROJECT_ID")
    if variables.get("CI_MERGE_REQUEST_PROJECT_ID", project) != project:
        raise SkippedError(
            "the merge request comes from a fork, whose pipelines get no token that may comment"
        )
    if not variables.get("GITLAB_TOKEN"):
        raise SkippedError(
            "GITLAB_TOKEN is not set: add a project access token with the scope `api` as a masked variable"
            " (a job's own token may not comment, and a protected variable is not given to unprotected branches)"
        )
    return Run(
        "gitlab",
        variables.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or variables.get("CI_COMMIT_SHA", ""),
        _number(variables.get("CI_PIPELINE_IID", "")),
        f"{variables.get('CI_JOB_URL', '')}/artifacts/browse",
        request,
        variables,
    )


def _gitlab(run: Run, opened: ExitStack) -> Platform:
    variables = run.variables
    http = opened.enter_context(
        Http(variables["CI_API_V4_URL"], {"PRIVATE-TOKEN": variables["GITLAB_TOKEN"]})
    )
    project = variables.get("CI_MERGE_REQUEST_PROJECT_URL") or variables.get("CI_PROJECT_URL", "")
    address = f"{project}/-/merge_requests/{run.request}"
    return GitLab(http, variables["CI_PROJECT_ID"], run.request, address)


def _needed(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise UnknownRunError(f"{name} is not set, although this is a run")
    return variables[name]


def _number(written: str) -> int:
    return int(written) if written.isdecimal() else 0
