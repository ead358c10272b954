"""What commands that run a book share: the book from its folder, its environment opened, errors drawn."""

import atexit
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click

from ratebook.billrun.issued import NothingIssued
from ratebook.billrun.outcomes import BillRun
from ratebook.book import Book, Loaded, load
from ratebook.book.model import Contract
from ratebook.book.suggest import did_you_mean
from ratebook.calendar import Instant, RunPeriod, from_datetime
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding, draw, has_errors
from ratebook.fx import RateTable
from ratebook.sources.environment import open_rates, open_store
from ratebook.sources.errors import SourceError
from ratebook.sources.issued import IssuedFolders
from ratebook.trees import TreeError, merge_base, read_commit, read_folder


class BrokenError(click.ClickException):
    """A book that is broken, or something a run needs that is not there: exit 2, and no traceback."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print the message as it is; it says where and what to do by itself."""
        del file
        click.echo(self.message, err=True)


def broken(error: SourceError) -> BrokenError:
    """Draw everything that is wrong with a source."""
    return BrokenError("\n".join(draw(finding, finding.position) for finding in error.findings))


@dataclass(frozen=True, slots=True)
class Session:
    """A book that was read from a folder, with one of its environments."""

    root: Path
    book: Book
    environment: str
    rates: RateTable

    def contracts(self, ids: Sequence[str]) -> tuple[Contract, ...]:
        """Find contracts by id.

        Raises:
            BrokenError: the book has no such contract.
        """
        wanted = set(ids)
        found = tuple(contract for contract in self.book.contracts() if contract.id in wanted)
        missing = sorted(wanted - {contract.id for contract in found})
        if missing:
            near = did_you_mean(missing[0], (contract.id for contract in self.book.contracts()))
            raise BrokenError(f"the book has no contract {', '.join(missing)}{near and f'; {near}'}")
        return found

    def run(
        self,
        period: RunPeriod,
        ids: Sequence[str] = (),
        *,
        issued: Sequence[Path] = (),
        detailed: bool = False,
    ) -> BillRun:
        """Make a run over all contracts, or over some, which brings forward and corrects what was issued before."""
        chosen = self.contracts(ids) if ids else ()
        subjects = tuple(dict.fromkeys(subject for one in chosen for subject in one.all_subjects))
        compiler = RunCompiler(self.book, period, subjects, detailed, corrects=bool(issued))
        store = open_store(self.book, self.environment, self.root)

        def contracts() -> Iterator[Contract]:
            return iter(chosen) if chosen else self.book.contracts()

        before = IssuedFolders(issued) if issued else NothingIssued()
        return BillRun(compiler, contracts, store, self.rates, before)

    def place(self, pointer: str) -> str:
        """Draw a pointer as `file:line`."""
        position = self.book.position(pointer)
        return pointer if position is None else f"{position.file}:{position.line}"

    def draw(self, finding: Finding) -> str:
        """Draw a finding at its place."""
        position = finding.position or (self.book.position(finding.pointer) if finding.pointer else None)
        return draw(finding, position)


def load_book(root: Path, commit: str = "") -> Loaded:
    """Read the book of a folder, or as a commit has it.

    Raises:
        BrokenError: the folder or the commit cannot be read.
    """
    try:
        return load(read_commit(root, commit) if commit else read_folder(root))
    except TreeError as error:
        raise BrokenError(str(error)) from None


def read_book(root: Path, commit: str = "") -> Book:
    """Read a book that has no errors.

    Raises:
        BrokenError: it cannot be read, or it has errors, all of which it draws.
    """
    loaded = load_book(root, commit)
    if loaded.book is None or has_errors(loaded.findings):
        where = f"as {commit} has it, the book is broken:\n" if commit else ""
        raise BrokenError(where + "\n".join(draw_all(loaded)))
    return loaded.book


def earlier_book(root: Path, name: str | None, head: str | None = None) -> tuple[str, Book]:
    """Read the book that one in a folder is compared with, and say what to call it.

    Args:
        root: the folder.
        name: another folder, or a branch or commit whose common ancestor with the head is taken; the main branch
            unless given.
        head: the branch or commit that is compared with it; the work at hand unless given.

    Raises:
        BrokenError: there is no such book, or it has errors.
    """
    if name is not None and Path(name).is_dir():
        return name, read_book(Path(name))
    try:
        called, commit = merge_base(root, name, head)
    except TreeError as error:
        raise BrokenError(str(error)) from None
    return called, read_book(root, commit)


def open_session(root: Path, environment: str) -> Session:
    """Read a book and open one of its environments.

    Raises:
        BrokenError: the book has errors, all of which it draws, or the environment is not there.
    """
    book = read_book(root)
    if environment not in book.settings.environments:
        names = ", ".join(sorted(book.settings.environments)) or "none"
        msg = f"specs/book.yaml has no environment {environment!r}; it has {names}"
        raise BrokenError(msg)
    try:
        rates, findings = open_rates(book, environment, root)
    except SourceError as error:
        raise broken(error) from None
    if findings:
        raise BrokenError("\n".join(draw(finding, finding.position) for finding in findings))
    gc.freeze()  # The book lives until the end: the collector need not look at it again …
    atexit.register(gc.unfreeze)  # … but DuckDB complains at exit of what was never collected.
    return Session(root, book, environment, rates)


def draw_all(loaded: Loaded) -> Iterator[str]:
    """Draw the findings of a book, each with its excerpt."""
    for finding in loaded.findings:
        position = finding.position
        if position is None and finding.pointer:
            position = loaded.places.position(finding.pointer)
        yield draw(finding, position, loaded.places.source_line(position) if position else None)


def read_period(text: str) -> RunPeriod:
    """Read a period, as an option has it."""
    try:
        return RunPeriod.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--period") from None


def now() -> Instant:
    """Read the clock: only to say that a period is not over, never for an amount."""
    return from_datetime(datetime.now(UTC))  # noqa: TID251 - the edge of the program


def read_date(text: str | None, option: str, otherwise: str = "") -> date | None:
    """Read a date of an option; None where it is not given."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no date; write 2026-12-01{otherwise}", param_hint=option
        ) from None


def read_as_if(text: str | None, first: Book, second: Book, after: date) -> date | None:
    """Read `--as-if`: a date, or `all` for the day on which the last change of two books begins after a period."""
    from ratebook.preview.as_if import last_begin

    return last_begin(first, second, after) if text == "all" else read_date(text, "--as-if", " or all")
