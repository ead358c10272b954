"""Tables of contracts: streamed row by row, in order of ids; rows with equal terms share one object of terms.

A row is first tried the fast way. One that does not pass is built as the document that YAML would have given, so
that its errors are found and placed like all others.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from ratebook.book.interning import Terms
from ratebook.book.model.contract import Contract, ContractDocument, ContractTerms, Customer
from ratebook.book.model.times import when
from ratebook.book.model.values import CELLS, ID_PATTERN, quoted
from ratebook.book.reader import Mark, Node
from ratebook.book.shape_errors import allowed_keys, shape_findings
from ratebook.book.suggest import nearest
from ratebook.book.tables import Row, Table, TableError, strange_cell
from ratebook.calendar import When
from ratebook.findings import Finding

MOST_FINDINGS: Final = 100
"""Most findings that are shown for one file."""

_MOST_COLUMNS: Final = 500

_ID: Final = re.compile(ID_PATTERN, re.ASCII)
_OF_ROWS: Final = ("id", "org", "start", "end")
_OF_ONE_CONTRACT: Final = ("customer.", "sink.")
_LISTS: Final = frozenset(
    {
        "subjects",
        "children",
        "fees",
        "charges",
        "discounts",
        "report",
        "commitments",
        "credits",
        "phases",
        "pauses",
    }
)

_MAPPINGS: Final = frozenset(
    {"customer", "sink", "overrides", "cycle", "price_fixed", "plan_change", "price_lock"}
)

Report = Callable[[Finding], None]


class _Columns(NamedTuple):
    """Where in a row things stand.

    Attributes:
        names: of all columns.
        place: name → number, for the columns that are no terms.
        customer: (key, number) of each column of the customer; likewise the sink.
        terms: gives the cells of the terms as a tuple.
        term_names: their dotted names.
    """

    names: Sequence[str]
    place: Mapping[str, int]
    customer: Sequence[tuple[str, int]]
    sink: Sequence[tuple[str, int]]
    terms: Callable[[Sequence[str]], tuple[str, ...]]
    term_names: Sequence[str]


@dataclass
class ContractTable:
    """A CSV file of contracts.

    Attributes:
        table: the file.
        terms: shares terms that are equal.
    """

    table: Table
    terms: Terms
    _known: dict[tuple[str, ...], ContractTerms | None] = field(default_factory=dict)

    def contracts(self, report: Report) -> Iterator[tuple[int, Contract]]:
        """Stream the contracts with the lines that they stand in, and report what is wrong with the others."""
        limited = Limited(self.table, report)
        try:
            rows = self.table.rows()
            columns = self._columns(next(rows, Row(1, [])), limited)
            if columns is None:
                return
            previous = ""
            for row in rows:
                contract = self._contract(row, columns, limited)
                if limited.is_full:
                    return
                if contract is not None and self._in_order(contract.id, previous, row, limited):
                    previous = contract.id
                    yield row.line, contract
        except TableError as error:
            report(error.finding)

    def _in_order(self, name: str, previous: str, row: Row, report: "Limited") -> bool:
        if name > previous:
            return True
        if name == previous:
            help_ = "rename one of the two" if name else ""
            report(
                Finding("RB113", f"the id `{name}` is taken", f"contracts/{name}", self._at(row), help=help_)
            )
        else:
            report(
                Finding(
                    "RB116",
                    f"`{name}` stands after `{previous}`",
                    f"contracts/{name}",
                    self._at(row),
                    "rows sorted by id, byte by byte, so that tables of any size can be read side by side",
                    _how_to_sort(self.table.file),
                )
            )
        return False

    def _at(self, row: Row, index: int = 0) -> Any:  # noqa: ANN401 - a position
        return self.table.position(row.line, index)

    def _columns(self, header: Row, report: "Limited") -> _Columns | None:
        names = header.cells
        before = report.count
        if len(names) > _MOST_COLUMNS:
            text = f"the table has {len(names):,} columns"
            report(Finding("RB115", text, position=self._at(header), expected=f"at most {_MOST_COLUMNS}"))
            return None
        if not names or names[0] != "id":
            text = f"the first column is {names[0]!r}" if names else "the file is empty"
            report(Finding("RB115", text, position=self._at(header), expected="id as first column"))
            return None
        for index, name in enumerate(names):
            wrong = _wrong_column(name, names[:index])
            if wrong:
                position = self._at(header, index)
                report(Finding("RB115", wrong[0], position=position, help=wrong[1]))
        if report.count > before:
            return None
        of_terms = [index for index, name in enumerate(names) if not _of_one_row(name)]
        return _Columns(
            names,
            {name: index for index, name in enumerate(names) if name in _OF_ROWS},
            _columns_under("customer.", names),
            _columns_under("sink.", names),
            _several(of_terms),
            [names[index] for index in of_terms],
        )

    def _contract(self, row: Row, columns: _Columns, report: "Limited") -> Contract | None:
        cells = row.cells
        if len(cells) != len(columns.names):
            text = f"the row has {len(cells)} cells, the header {len(columns.names)}"
            help_ = 'put a cell with a comma in it in "…"'
            report(Finding("RB115", text, position=self._at(row), help=help_))
            return None
        strange = strange_cell(cells)
        if strange:
            report(Finding("RB108", strange[1], position=self._at(row, strange[0]), help="type it anew"))
            return None
        if not _ID.fullmatch(cells[0]):
            expected = "lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit"
            report(Finding("RB206", f"{cells[0]!r} is not an id", position=self._at(row), expected=expected))
            return None
        try:
            return self._fast(cells, columns)
        except (ValidationError, PydanticCustomError, LookupError):
            self._explain(row, columns, report)
            return None

    def _fast(self, cells: Sequence[str], columns: _Columns) -> Contract:
        place = columns.place
        org = cells[place["org"]]
        if not org or org != org.strip() or not org.isprintable():
            raise LookupError(org)
        end = cells[place["end"]] if "end" in place else ""
        customer = {name: cells[index] for name, index in columns.customer if cells[index]}
        return Contract(
            id=cells[0],
            subjects=(org,),
            start=_when(cells[place["start"]]),
            end=_when(end) if end else None,
            customer=Customer.model_validate(_nested(customer), context=CELLS) if customer else None,
            sink={name: cells[index] for name, index in columns.sink if cells[index]},
            terms=self._terms(columns.terms(cells), columns.term_names),
        )

    def _terms(self, cells: tuple[str, ...], names: Sequence[str]) -> ContractTerms:
        if cells not in self._known:
            self._known[cells] = None
            data = _nested({name: cell for name, cell in zip(names, cells, strict=True) if cell})
            self._known[cells] = self.terms.shared(ContractTerms.model_validate(data, context=CELLS))
        terms = self._known[cells]
        if terms is None:
            raise LookupError(cells)
        return terms

    def _explain(self, row: Row, columns: _Columns, report: "Limited") -> None:
        root = self.document(row, columns.names)
        try:
            ContractDocument.model_validate(root.data, context=CELLS)
        except ValidationError as error:
            found = shape_findings(
                error, ContractDocument, root, self.table.file, f"contracts/{row.cells[0]}"
            )
            for finding in found:
                report(finding)

    def document(self, row: Row, names: Sequence[str]) -> Node:
        """Give a row as the document that YAML would have given, with the places of its cells."""
        root = Node({}, Mark(row.line, 1, max(1, len(self.table.line(row.line)))), {})
        for index, (name, cell) in enumerate(zip(names, row.cells, strict=False)):
            if cell and index:
                _put(root, name.split("."), Node(cell, self.table.mark(row.line, index)))
        return root

    def find(self, name: str) -> tuple[Row, Sequence[str]] | None:
        """Find the row of a contract, with the names of the columns."""
        names, lines = self._index
        if name not in lines:
            return None
        begun = self.table.from_line(lines[name])
        row = next(begun.rows(), None)
        return (Row(lines[name], row.cells), names) if row is not None else None

    @cached_property
    def _index(self) -> tuple[Sequence[str], Mapping[str, int]]:
        """The names of the columns, and the line of each contract: made when the first place is asked for."""
        lines: dict[str, int] = {}
        names: Sequence[str] = ()
        try:
            rows = self.table.rows()
            names = next(rows, Row(1, [])).cells
            for row in rows:
                lines.setdefault(row.cells[0], row.line)
        except TableError:
            pass  # what came before has places
        return names, lines


class Limited:
    """Passes findings of one file on, up to a number, and then says that there are more."""

    def __init__(self, table: Table, report: Report) -> None:
        self.table = table
        self.report = report
        self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether enough was reported."""
        return self.count > MOST_FINDINGS

    def __call__(self, finding: Finding) -> None:
        """Pass a finding on."""
        self.count += 1
        if self.count <= MOST_FINDINGS:
            self.report(finding)
        elif self.count == MOST_FINDINGS + 1:
            position = finding.position
            text = f"only the first {MOST_FINDINGS} errors of the file are shown"
            self.report(Finding("RB117", text, position=position, help="mend these, then check again"))


@lru_cache(maxsize=4096)
def _when(text: str) -> When:
    return when(text)


def _how_to_sort(file: str) -> str:
    return f"sort it: (head -n 1 {file}; tail -n +2 {file} | LC_ALL=C sort -t, -k1,1) > sorted.csv"


def _of_one_row(name: str) -> bool:
    return name in _OF_ROWS or name.startswith(_OF_ONE_CONTRACT)


def _columns_under(prefix: str, names: Sequence[str]) -> list[tuple[str, int]]:
    return [(name.removeprefix(prefix), index) for index, name in enumerate(names) if name.startswith(prefix)]


def _several(indices: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if len(indices) == 1:
        return lambda cells: (cells[indices[0]],)
    return itemgetter(*indices) if indices else lambda _: ()


def _wrong_column(name: str, before: Sequence[str]) -> tuple[str, str] | None:
    """Say what is wrong with a column, and what to do."""
    if name in before:
        return f"the column `{name}` stands twice", "delete one of the two"
    if any(other.startswith(f"{name}.") or name.startswith(f"{other}.") for other in before):
        return f"the column `{name}` is a part of another column", "delete one of the two"
    if not all(name.split(".")):
        return f"the column {quoted(name)} has an empty part", "write it as in customer.email"
    return _wrong_path(*name.partition("."))


def _wrong_path(first: str, _: str, rest: str) -> tuple[str, str] | None:
    known = {"id", *allowed_keys(ContractDocument, ())} - _LISTS
    if first in _LISTS:
        return f"`{first}` is a list, which a cell cannot hold", "write these contracts as YAML files"
    if first not in known:
        near = nearest(first, known)
        help_ = f"did you mean `{near}`?" if near else f"the columns are {', '.join(sorted(known))}"
        return f"unknown column {quoted(first)}", help_
    if not rest and first in _MAPPINGS:
        return (
            f"`{first}` is a mapping, which a cell cannot hold",
            f"name one of its keys, as in {first}.name",
        )
    if first == "sink" and not _ID.fullmatch(rest):
        return f"{quoted(rest)} is not a key of a sink", "write it as in sink.stripe_customer"
    return None


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, cell in flat.items():
        *outer, last = name.split(".")
        inner = nested
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[last] = cell
    return nested


def _put(root: Node, path: Sequence[str], leaf: Node) -> None:
    node = root
    for part in path[:-1]:
        if not isinstance(node.items, dict):
            return
        if part not in node.items:
            node.items[part] = Node({}, leaf.mark, {})
            node.data[part] = node.items[part].data
        node = node.items[part]
    if isinstance(node.items, dict):
        node.items[path[-1]] = leaf
        node.data[path[-1]] = leaf.data
