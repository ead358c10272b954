"""A situation as an example of docs/explanation/rating.md says one, rated by the engine from files to invoices."""

from pathlib import Path
from typing import Any, NamedTuple

from ratebook.book import load
from ratebook.book.reader import read_yaml
from ratebook.trees import read_folder
from tests.test_rating_examples import files_of, rate, write


class Rated(NamedTuple):
    """The invoices of a situation, and the codes of the run's findings."""

    documents: list[dict[str, Any]]
    codes: list[str]

    @property
    def totals(self) -> dict[str, str]:
        """What the invoices come to, by contract; of several of one contract, the last."""
        return {document["contract"]: document["total"] for document in self.documents}

    @property
    def amounts(self) -> list[list[str]]:
        """The amounts of the lines of each invoice."""
        return [[line["amount"] for line in document["lines"]] for document in self.documents]


def rated(folder: Path, situation: str, period: str = "2026-10") -> Rated:
    """Rate a situation for a period."""
    write(folder, files_of(_read(situation)))
    return Rated(*rate(folder, period))


def refused(folder: Path, situation: str) -> list[str]:
    """Give the codes of what is wrong with the book of a situation."""
    write(folder, files_of(_read(situation)))
    return [finding.code for finding in load(read_folder(folder)).findings]


def _read(situation: str) -> dict[str, Any]:
    document = read_yaml("situation.yaml", situation.encode())
    assert document.root is not None, document.findings
    assert not document.findings, document.findings
    data: dict[str, Any] = document.root.data
    return data
