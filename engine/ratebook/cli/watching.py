"""What an author sees when files of a book were saved: what is wrong with it, or what its change costs whom."""

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from ratebook.billrun.issued import Issued, NothingIssued
from ratebook.billrun.outcomes import BillRun
from ratebook.book import Book, Loaded, load
from ratebook.book.model import Contract, Environment
from ratebook.calendar import RunPeriod
from ratebook.cli.render import draw_text as draw_findings
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding, draw, has_errors, printable
from ratebook.fx import RateTable
from ratebook.invoice.text import grouped
from ratebook.preview.diff import Comparison, Side
from ratebook.preview.document import DiffDocument, validated
from ratebook.preview.text import draw_text
from ratebook.preview.wording import counted, signed
from ratebook.sources.environment import open_rates, open_source
from ratebook.sources.errors import SourceError
from ratebook.sources.metering import MeteringStore
from ratebook.sources.remembered import RememberedSource


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched.

    Attributes:
        root: the folder of the book.
        environment: whose usage is rated.
        period: when it was used.
        on: the day of judgement.
        contract: rates only this one, and shows its lines.
        issued: invoices whose balances are brought forward.
    """

    root: Path
    environment: str
    period: RunPeriod
    on: date
    contract: str | None = None
    issued: Issued = field(default_factory=NothingIssued)


class Watcher:
    """Answers each state of the files of a book with a text; its usage is measured once.

    Args:
        watched: what is watched.
        base: what each state is compared with; the first one without an error unless given.
    """

    def __init__(self, watched: Watched, base: Side | None = None) -> None:
        self._watched = watched
        self._base = base
        self._source: tuple[Environment, RememberedSource] | None = None

    def see(self, files: Mapping[str, bytes]) -> str:
        """Say what is wrong with these files, or what they change.

        Args:
            files: path inside the book → bytes.
        """
        loaded = _load(files)
        said = "\n".join(draw_findings(loaded, self._watched.root))
        if loaded.book is None or has_errors(loaded.findings):
            return said
        try:
            return f"{said}\n{self._changes(loaded.book)}".rstrip()
        except SourceError as error:
            found = error.findings
            return "\n".join([said, *(draw(one, loaded.book.position(one.pointer)) for one in found)])

    def close(self) -> None:
        """Let go of the usage."""
        if self._source is not None:
            self._source[1].forget()

    def _changes(self, book: Book) -> str:
        watched = self._watched
        source = self._measured(book)
        rates, findings = open_rates(book, watched.environment, watched.root)
        if findings:
            raise SourceError(findings)
        with MeteringStore(source) as store:
            if self._base is None:
                return self._begin(book, store, rates)
            first = Side(self._base.name, self._only(self._base.book))
            second = Side("working tree", self._only(book))
            document = validated(
                Comparison(
                    first, second, watched.period, store, rates, watched.on, issued=watched.issued
                ).document()
            )
        return draw_text(document) + "\n".join(_lines(document) if watched.contract else ())

    def _begin(self, book: Book, store: MeteringStore, rates: RateTable) -> str:
        """Take a book as what later ones are compared with, and measure its usage."""
        watched, only = self._watched, self._only(book)
        if watched.contract and next(only.contracts(), None) is None:
            return f"The book has no contract {watched.contract}."
        self._base = Side("as it was", book)
        compiler = RunCompiler(only, watched.period)
        run = BillRun(compiler, only.contracts, store, rates, watched.issued)
        invoices = sum(outcome.document is not None for outcome in run.outcomes())
        return f"Later changes are compared with this: {watched.period.text}, {counted(invoices, 'invoice')}."

    def _measured(self, book: Book) -> RememberedSource:
        """Give the usage, opened anew where the book says that it is elsewhere."""
        name, root = self._watched.environment, self._watched.root
        environment = book.settings.environments.get(name)
        if environment is None:
            raise SourceError(
                [
                    Finding(
                        "RB603",
                        f"the book has no environment {name}",
                        "specs/book#environments",
                        help="add it",
                    )
                ]
            )
        if self._source is None or self._source[0] != environment:
            self.close()
            self._source = environment, RememberedSource(lambda: open_source(environment, name, root))
        return self._source[1]

    def _only(self, book: Book) -> Book:
        """Leave only the contract that is watched in a book."""
        contract = self._watched.contract
        return book if contract is None else replace(book, contract_source=_Only(book, contract))


@dataclass(frozen=True, slots=True)
class _Only:
    """One contract of a book."""

    book: Book
    contract: str

    def stream(self) -> Iterator[Contract]:
        """Give it, if it is there."""
        return (one for one in self.book.contracts() if one.id == self.contract)


def _load(files: Mapping[str, bytes]) -> Loaded:
    gc.disable()  # what is made here holds no cycles; looking for some takes a fifth of the time
    try:
        return load(files)
    finally:
        gc.enable()


def _lines(document: DiffDocument) -> Iterator[str]:
    """Draw the lines by which the invoices differ."""
    for contract in document["contracts"]:
        yield f"{'':<49}{'was':>14}{'will be':>15}{'difference':>15}"
        for line in contract["lines"]:
            was, now = (grouped(one) if one is not None else "none" for one in (line["was"], line["will_be"]))
            amounts = f"{was:>14}{now:>15}{signed(line['difference']):>15} {contract['currency']}"
            yield f"{printable(line['description'])[:48]:<49}{amounts}"
