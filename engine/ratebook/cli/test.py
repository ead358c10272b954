"""`ratebook test`: the cases beside a book, rated, and compared with what they expect."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from ratebook.book import Book
    from ratebook.testing.files import CaseFile, NamedCase
    from ratebook.testing.rating import Job
    from ratebook.testing.running import Result

_CASES_A_PROCESS: Final = 40
"""Another process pays from so many cases on: it has to start, and to read the book."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked for."""

    root: Path
    name: str
    processes: int | None
    form: str
    ci: bool
    update: bool
    because: str | None
    by: str | None
    record: tuple[str, str] | None
    environment: str


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book.")
@click.option("-k", "name", default="", help="Run only cases whose names hold this.")
@click.option("--processes", type=click.IntRange(1), help="How many processes; as many as pay unless given.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs, or XML for CI.",
)
@click.option("--ci", is_flag=True, help="Refuse `focus` and `skip`, as where the variable CI is set.")
@click.option(
    "--update", is_flag=True, help="Rewrite what failing cases expect, for the reason of --because."
)
@click.option("--because", help="Why what is billed is right; kept in the file.")
@click.option("--by", help="Who says so; the user of git unless given.")
@click.option(
    "--record",
    nargs=2,
    metavar="CONTRACT PERIOD",
    help="Write a case from real usage, with names replaced, into tests/pricing/ instead.",
)
@click.option(
    "--environment",
    default="local",
    show_default=True,
    help="Environment of specs/book.yaml with the usage to record.",
)
def test(files: tuple[Path, ...], **given: Any) -> None:  # noqa: ANN401 - the options, by name
    """Rate the cases of FILES, or of tests/pricing/, and compare them with what they expect.

    A case gives usage, a contract and a period, and says which lines and totals must come of it. What differs is shown
    in money, at its place. The exit code is 1 when a case fails, and 2 when a file of cases or the book is broken.
    """
    options = Options(**given)
    _check(options)
    if options.record is not None:
        from ratebook.cli.test_record import Wanted, record_case

        record_case(Wanted(options.root, options.environment, *options.record))
        return
    found = _read(files, options)
    cases = [case for file in found for case in file.cases()]
    if not cases:
        click.echo("there are no cases: write some into tests/pricing/ of the book", err=True)
    _report(_run(options, cases), options)


def _check(options: Options) -> None:
    """Refuse options that need one another."""
    if options.update and not (options.because or "").strip():
        raise click.UsageError('--update needs --because "…": the reason is kept in the file')
    if not options.update and (options.because or options.by):
        raise click.UsageError("--because and --by go with --update")


def _read(files: Sequence[Path], options: Options) -> "list[CaseFile]":
    """Read the files of cases; exit when one is broken."""
    from ratebook.testing.files import find_files, read_files

    try:
        found = read_files(files or find_files(options.root))
    except OSError as error:
        click.echo(f"{error.filename} cannot be read: {error.strerror}", err=True)
        sys.exit(2)
    _stop_at([finding for file in found for finding in file.findings], found)
    return found


def _stop_at(findings: "Sequence[Any]", files: "Sequence[CaseFile]") -> None:
    """Show what is wrong with files of cases, and exit where anything is."""
    from ratebook.findings import draw, has_errors

    texts = {file.shown: file.data.decode("utf-8", "replace").splitlines() for file in files}
    for finding in findings:
        place = finding.position
        rows = texts.get(place.file, []) if place else []
        excerpt = rows[place.line - 1] if place and place.line <= len(rows) else None
        click.echo(draw(finding, place, excerpt) + "\n", err=True)
    if has_errors(findings):
        sys.exit(2)


def _run(options: Options, cases: "Sequence[NamedCase]") -> "list[Result]":
    from ratebook.testing.running import chosen

    if options.ci or os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        _refuse_marks(cases)
    run, results = chosen(cases, options.name)
    if cases and not (run or results):
        click.echo(f"no case is called like {options.name!r}", err=True)
        sys.exit(2)
    if run:
        results += _rated(options, run)
    order = {(case.file.shown, case.name): number for number, case in enumerate(cases)}
    return sorted(results, key=lambda result: order[result.file, result.name])


def _refuse_marks(cases: "Sequence[NamedCase]") -> None:
    from ratebook.testing.running import marked

    found = list(marked(cases))
    for place, text in found:
        click.echo(
            f"{place.file}:{place.line}:{place.column}: {text}; take it out: in CI all cases run", err=True
        )
    if found:
        sys.exit(1)


def _rated(options: Options, cases: "Sequence[NamedCase]") -> "list[Result]":
    from ratebook.testing.rating import prepare
    from ratebook.testing.running import run_in_processes, run_jobs

    book = open_book(options.root)
    jobs, findings = prepare(book, cases)
    _stop_at(findings, list({case.file.shown: case.file for case in cases}.values()))
    if options.update:
        from ratebook.cli.test_update import update

        return update(book, jobs, options.because or "", options.by)
    processes = options.processes or _processes(jobs)
    if processes == 1:
        return list(run_jobs(book, jobs))
    return list(run_in_processes(options.root, jobs, processes))


def _processes(jobs: "Sequence[Job]") -> int:
    from ratebook.testing.rating import groups_of

    most = min(os.cpu_count() or 1, len(groups_of(jobs)))
    return max(1, min(most, len(jobs) // _CASES_A_PROCESS))


def open_book(root: Path) -> "Book":
    """Read a book; exit when it is broken."""
    from ratebook.cli.session import BrokenError, draw_all, load_book
    from ratebook.findings import has_errors

    loaded = load_book(root)
    if loaded.book is None or has_errors(loaded.findings):
        raise BrokenError("\n".join(draw_all(loaded)))
    return loaded.book


def _report(results: "Sequence[Result]", options: Options) -> None:
    from ratebook.testing import reports

    if options.form == "json":
        import orjson

        click.echo(orjson.dumps(reports.document(results), option=orjson.OPT_INDENT_2))
    elif options.form == "junit":
        click.echo(reports.junit(results), nl=False)
    else:
        for row in reports.draw_results(results):
            click.echo(row)
    sys.exit(1 if any(result.status == "failed" for result in results) else 0)
