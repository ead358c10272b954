"""The side table of a book: where the parts that pointers name stand in its files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ratebook.book import pointers
from ratebook.book.book import Places
from ratebook.book.contract_tables import ContractTable
from ratebook.book.reader import Node
from ratebook.book.tables import Table
from ratebook.findings import Finding, Position


@dataclass
class FilePlaces:
    """Finds pointers in the files of a book.

    Attributes:
        files: path → bytes.
        documents: pointer of a document, as `plans/pro` → its file and content.
        cells: pointer → its place in a table of factors.
        tables: the tables of contracts.
    """

    files: Mapping[str, bytes]
    documents: dict[str, tuple[str, Node]] = field(default_factory=dict)
    cells: dict[str, Position] = field(default_factory=dict)
    tables: list[ContractTable] = field(default_factory=list)
    _texts: dict[str, Table] = field(default_factory=dict)

    def position(self, pointer: str) -> Position | None:
        """Find a pointer's place, or that of the nearest part around it.

        A scalar's place is its value, that of a list or mapping the key that leads to it.
        """
        if pointer in self.cells:
            return self.cells[pointer]
        document, parts = pointers.split(pointer)
        found = self.documents.get(document) or self._row(document)
        if found is None:
            return None
        file, node = found
        for part in parts:
            below = node.child(part) or (node.child(int(part)) if part.isdecimal() else None)
            if below is None:
                break
            node = below
        mark = node.key if node.items is not None and node.key is not None else node.mark
        return Position(file, *mark)

    def key(self, pointer: str) -> Position | None:
        """Find the key that leads to a pointer's place."""
        document, parts = pointers.split(pointer)
        around, last = self.documents.get(document) or self._row(document), parts[-1] if parts else ""
        if around is None:
            return None
        file, node = around
        for part in parts[:-1]:
            below = node.child(part) or (node.child(int(part)) if part.isdecimal() else None)
            if below is None:
                return self.position(pointer)
            node = below
        leaf = node.child(last)
        return (
            Position(file, *leaf.key) if leaf is not None and leaf.key is not None else self.position(pointer)
        )

    def _row(self, document: str) -> tuple[str, Node] | None:
        kind, _, name = document.partition("/")
        for table in self.tables if kind == "contracts" else ():
            found = table.find(name)
            if found is not None:
                node = table.document(*found)
                self.documents[document] = (table.table.file, node)
                return self.documents[document]
        return None

    def source_line(self, position: Position) -> str | None:
        """Give the text of a position's line."""
        if position.file not in self.files:
            return None
        if position.file not in self._texts:
            self._texts[position.file] = Table(position.file, self.files[position.file])
        return self._texts[position.file].line(position.line)


def placed(findings: Iterable[Finding], places: Places) -> tuple[Finding, ...]:
    """Give findings with their positions, each once, in order of their places."""
    found: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        position = finding.position or (places.position(finding.pointer) if finding.pointer else None)
        key = (position or finding.pointer, finding.code, finding.message)
        found.setdefault(key, replace(finding, position=position))
    return tuple(sorted(found.values(), key=_by_place))


def _by_place(finding: Finding) -> tuple[str, int, int, str, str]:
    position = finding.position or Position("", 0, 0)
    return position.file, position.line, position.column, finding.code, finding.message
