"""`ratebook ci`: previews in pull and merge requests."""

import os
import re
import sys
from pathlib import Path
from typing import Final

import click

_FORBIDDEN: Final = 403
_SAID: Final = {
    "created": "the comment was written: {}",
    "updated": "the comment was updated: {}",
    "equal": "the comment shows this preview already: {}",
    "older": "the comment shows the preview of a later run, and was left as it is: {}",
}


@click.group()
def ci() -> None:
    """Show in every pull or merge request what it changes for whom.

    Print a workflow, put it where it says, and commit it.
    """


@ci.command()
def github() -> None:
    """Print a workflow for GitHub Actions, for .github/workflows/ratebook.yml."""
    _print("github")


@ci.command()
def gitlab() -> None:
    """Print a pipeline for GitLab CI, to be included from .gitlab-ci.yml."""
    _print("gitlab")


def _print(platform: str) -> None:
    from ratebook.ci.workflows import workflow

    click.echo(workflow(platform), nl=False)


@ci.command()
@click.option(
    "--file",
    "preview",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Markdown to show.",
)
@click.option("--head", help="Commit that was previewed, if not the request's newest as the run knows it.")
def comment(preview: Path, head: str | None) -> None:
    """Write a preview into the one comment of this run's pull or merge request.

    The comment is found again by a hidden marker and updated in place. It is left as it is when it shows the same,
    or the preview of a later run. Where there is no request or no token, as in runs for forks, nothing is written
    and that is said. Which request it is, and the token, come from the environment: GITHUB_TOKEN, or GITLAB_TOKEN.
    """
    from ratebook.ci.environment import PERMISSIONS, SkippedError, UnknownRunError, read_run
    from ratebook.ci.post import post
    from ratebook.http import HttpError

    if head is not None and not re.fullmatch("[0-9a-f]{7,64}", head):
        raise click.BadParameter("a commit is written as 7 to 64 of 0-9 and a-f", param_hint="--head")
    text = preview.read_text("utf-8")
    try:
        run = read_run(os.environ)
        with run.connect() as platform:
            outcome = post(
                platform, text, head or run.head, run.number, f"[what the run left]({run.address})"
            )
    except SkippedError as skipped:
        click.echo(f"no comment: {skipped}", err=True)
    except (UnknownRunError, HttpError) as error:
        click.echo(str(error), err=True)
        if isinstance(error, HttpError) and error.status == _FORBIDDEN:
            click.echo(
                f"  = help: a job on GitHub comments with `{PERMISSIONS}`, a token of GitLab with `api`",
                err=True,
            )
        sys.exit(2)
    else:
        click.echo(_SAID[outcome.decision].format(outcome.comment.address), err=True)
