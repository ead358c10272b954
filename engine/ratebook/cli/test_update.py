"""`ratebook test --update`: what failing cases expect is rewritten, and who, when and why is kept in their files."""

import subprocess
from collections.abc import Sequence
from datetime import UTC, date, datetime

import click

from ratebook.book import Book
from ratebook.calendar import to_datetime, zone
from ratebook.cli.session import BrokenError, now
from ratebook.testing.files import CaseFile, read_cases
from ratebook.testing.golden import golden_differences, golden_path, golden_text
from ratebook.testing.rating import Job, Rated, rate_jobs
from ratebook.testing.rewriting import Why, rewrite
from ratebook.testing.running import Result, result_of, with_golden


def update(book: Book, jobs: Sequence[Job], because: str, by: str | None) -> list[Result]:
    """Rewrite what failing cases expect, and give what becomes of them afterwards."""
    why = Why(by or user_of_git(), _today(), because.strip())
    rated = list(rate_jobs(book, jobs))
    files = {job.case.file.shown: job.case.file for job in jobs}
    results = []
    for shown, file in files.items():
        outcomes = {
            job.case.name: (job.contract.id, one) for job, one in rated if job.case.file.shown == shown
        }
        results += _update_file(file, outcomes, why)
    return results


def _update_file(file: CaseFile, outcomes: dict[str, tuple[str, Rated]], why: Why) -> list[Result]:
    goldens = {
        case.name: rated.documents
        for case in file.cases()
        if case.case.golden and case.name in outcomes and not (rated := outcomes[case.name][1]).refused
    }
    changed = [
        case.name
        for case in file.cases()
        if case.name in goldens and golden_differences(case, goldens[case.name])
    ]
    rewritten = rewrite(file, outcomes, why, changed)
    if rewritten.cases:
        file.path.write_bytes(rewritten.text.encode())
        click.echo(f"{file.shown}: rewrote {', '.join(rewritten.cases)}", err=True)
    again = read_cases(file.path, file.shown, rewritten.text.encode())
    results = []
    for case in again.cases():
        if case.name in outcomes:
            who, rated = outcomes[case.name]
            if case.name in changed:
                path = golden_path(case)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(golden_text(goldens[case.name]), "utf-8")
            results.append(with_golden(case, result_of(case, who, rated)))
    return results


def user_of_git() -> str:
    """Name the user of git.

    Raises:
        BrokenError: git knows none.
    """
    try:
        done = subprocess.run(
            ["git", "config", "user.name"],  # noqa: S607 - the user's git
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        done = None
    name = done.stdout.strip() if done is not None else ""
    if not name:
        raise BrokenError("git knows no user.name; say who you are with --by")
    return name


def _today() -> date:
    """Give the day in UTC: only to say when expectations were rewritten."""
    moment: datetime = to_datetime(now(), zone("UTC"))
    return moment.astimezone(UTC).date()
