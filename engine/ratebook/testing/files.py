"""Files of cases: found, read strictly, each part with its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ratebook.book import pointers
from ratebook.book.model.pricing_tests import Case, PricingTests
from ratebook.book.places import FilePlaces
from ratebook.book.reader import Node, read_yaml
from ratebook.book.shape_errors import shape_findings
from ratebook.findings import Finding, Position

FOLDER: Final = "tests/pricing"
"""Where the cases of a book stand beside it."""

DOCUMENT: Final = "tests/pricing"
"""Pointer of a file of cases; a position is looked up in the file itself."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of cases.

    Attributes:
        path: where it is.
        shown: its path as findings and reports show it.
        data: its bytes.
        tests: what it says; None where it has errors.
        root: its content with the places of all parts.
        findings: what is wrong with it.
    """

    path: Path
    shown: str
    data: bytes
    tests: PricingTests | None
    root: Node | None
    findings: tuple[Finding, ...]

    def cases(self) -> Iterator["NamedCase"]:
        """Give its cases in their order."""
        for name, case in (self.tests.cases if self.tests else {}).items():
            yield NamedCase(self, name, case)

    def places(self) -> FilePlaces:
        """Give the places of its parts, below `DOCUMENT`."""
        places = FilePlaces({self.shown: self.data})
        if self.root is not None:
            places.documents[DOCUMENT] = (self.shown, self.root)
        return places


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A case, with its name and the file that holds it."""

    file: CaseFile
    name: str
    case: Case

    def pointer(self, *parts: str | int) -> str:
        """Point at a part of the case."""
        written = [pointers.key(part) if isinstance(part, str) else part for part in parts]
        return pointers.at(DOCUMENT, "cases", pointers.key(self.name), *written)

    def place(self, *parts: str | int) -> Position:
        """Give the place of a part of the case, or of the nearest part around it."""
        found = self.file.places().position(self.pointer(*parts))
        return found or Position(self.file.shown, 1)

    def node(self, *parts: str) -> Node | None:
        """Give the content of a part of the case."""
        found = self.file.root
        for part in ("cases", self.name, *parts):
            found = None if found is None else found.child(part)
        return found


def find_files(root: Path) -> list[Path]:
    """Find the files of cases beside a book."""
    return sorted(path for path in (root / FOLDER).rglob("*.yaml") if not path.name.startswith("."))


def read_files(paths: Sequence[Path]) -> list[CaseFile]:
    """Read files of cases.

    Raises:
        OSError: one cannot be read.
    """
    return [read_cases(path, path.as_posix(), path.read_bytes()) for path in paths]


def read_cases(path: Path, shown: str, data: bytes) -> CaseFile:
    """Read the cases of a file, or everything that is wrong with it."""
    document = read_yaml(shown, data)
    root = document.root
    if root is None:
        return CaseFile(path, shown, data, None, None, document.findings)
    tests, findings = None, list(document.findings)
    try:
        tests = PricingTests.model_validate(root.data)
    except ValidationError as error:
        findings += shape_findings(error, PricingTests, root, shown, DOCUMENT)
    return CaseFile(path, shown, data, None if findings else tests, root, tuple(findings))
