"""Tables of factors: a CSV beside a multiplier, with a column for each of its dimensions and one for the factor."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ratebook.book import pointers
from ratebook.book.reader import Node
from ratebook.book.scalars import BROKEN, UnclearScalarError, read_number
from ratebook.book.suggest import did_you_mean, nearest
from ratebook.book.tables import Row, Table, TableError, strange_cell
from ratebook.findings import Finding, Position

FACTOR: Final = "factor"
_MOST_FINDINGS: Final = 100


class FactorTables:
    """Reads the tables that multipliers name.

    Attributes:
        findings: what is wrong with tables and their names.
        places: pointer of a factor → its place in a table.
        used: paths of the tables that a multiplier names.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.findings: list[Finding] = []
        self.places: dict[str, Position] = {}
        self.used: set[str] = set()

    def fill(self, file: str, document: str, root: Node) -> Any:  # noqa: ANN401 - the data of a file
        """Give a multiplier's data with the values of the tables that it names."""
        data = root.data
        by = data.get("by") if isinstance(data, dict) else None
        if (
            not isinstance(data, dict)
            or not isinstance(by, list)
            or not all(isinstance(one, str) for one in by)
        ):
            return data
        filled = self._filled(file, data, root, by, document)
        versions = data.get("versions")
        if isinstance(versions, list) and root.child("versions") is not None:
            nodes = [root.child("versions").child(index) for index in range(len(versions))]  # type: ignore[union-attr]
            filled["versions"] = [
                self._filled(file, version, node, by, pointers.at(document, "versions", index))
                if isinstance(version, dict) and node is not None
                else version
                for index, (version, node) in enumerate(zip(versions, nodes, strict=True))
            ]
        return filled

    def _filled(
        self, file: str, data: Mapping[str, Any], node: Node, by: Sequence[str], pointer: str
    ) -> dict[str, Any]:
        name = data.get("table")
        named = node.child("table")
        if not isinstance(name, str) or named is None:
            return dict(data)
        position = Position(file, *named.mark)
        if "values" in data:
            self.findings.append(
                Finding(
                    "RB214",
                    "`values` and `table` exclude one another",
                    pointers.at(pointer, "table"),
                    position,
                    "one of the two",
                )
            )
            return dict(data)
        return {**data, "values": self._values(file, name, by, pointer, position)}

    def _values(self, file: str, name: str, by: Sequence[str], pointer: str, position: Position) -> Any:  # noqa: ANN401
        path = f"{file.rpartition('/')[0]}/{name}"
        if path not in self.files:
            folder = path.rpartition("/")[0]
            beside = [
                one.rpartition("/")[2]
                for one in self.files
                if one.startswith(folder) and one.endswith(".csv")
            ]
            self.findings.append(
                Finding(
                    "RB301",
                    f"there is no file {path}",
                    pointers.at(pointer, "table"),
                    position,
                    "a CSV file beside this one",
                    did_you_mean(name, beside),
                )
            )
            return BROKEN
        self.used.add(path)
        return self._read(Table(path, self.files[path]), by, pointer)

    def _read(self, table: Table, by: Sequence[str], pointer: str) -> Any:  # noqa: ANN401 - a tree, or BROKEN
        before = len(self.findings)
        values: dict[str, Any] = {}
        try:
            rows = table.rows()
            columns = self._columns(table, next(rows, Row(1, [])), by)
            for row in rows if columns else ():
                if len(self.findings) - before >= _MOST_FINDINGS:
                    self._add(
                        "RB117", "there are more errors than these", table, row.line, help_="mend these first"
                    )
                    break
                self._row(table, row, columns, values, pointer)
        except TableError as error:
            self.findings.append(error.finding)
        return BROKEN if len(self.findings) > before else values

    def _add(
        self, code: str, message: str, table: Table, line: int, index: int = 0, *, help_: str = ""
    ) -> None:
        self.findings.append(Finding(code, message, position=table.position(line, index), help=help_))

    def _columns(self, table: Table, header: Row, by: Sequence[str]) -> list[int]:
        """Find the columns of the dimensions, in order of the levels, and that of the factor."""
        wanted = [*by, FACTOR]
        for index, name in enumerate(header.cells):
            if name not in wanted or name in header.cells[:index]:
                near = nearest(name, wanted)
                help_ = (
                    f"rename it to {near}, or delete it" if near else f"the columns are {', '.join(wanted)}"
                )
                self._add(
                    "RB115",
                    f"the column {name!r} has no meaning here",
                    table,
                    header.line,
                    index,
                    help_=help_,
                )
        missing = [name for name in wanted if name not in header.cells]
        if missing:
            text = f"the column `{missing[0]}` is missing"
            self._add("RB115", text, table, header.line, help_=f"the columns are {', '.join(wanted)}")
            return []
        return [header.cells.index(name) for name in wanted]

    def _row(
        self, table: Table, row: Row, columns: Sequence[int], values: dict[str, Any], pointer: str
    ) -> None:
        if len(row.cells) <= max(columns):
            self._add(
                "RB115",
                f"the row has {len(row.cells)} cells",
                table,
                row.line,
                help_="give it one for each column",
            )
            return
        strange = strange_cell(row.cells)
        if strange:
            self._add("RB108", strange[1], table, row.line, strange[0], help_="type it anew")
            return
        *keys, factor = (row.cells[index] for index in columns)
        number = self._factor(table, row, factor, columns[-1])
        empty = next((index for index, key in zip(columns, keys, strict=False) if not key), None)
        if empty is not None:
            self._add(
                "RB110", "the cell is empty", table, row.line, empty, help_="write a value, or `default`"
            )
            return
        tree = values
        for key in keys[:-1]:
            tree = tree.setdefault(key, {})
        if keys[-1] in tree:
            self._add(
                "RB103",
                f"the combination {', '.join(keys)} stands twice",
                table,
                row.line,
                help_="delete one",
            )
        tree[keys[-1]] = number
        place = pointers.at(pointer, "values", *(pointers.key(key) for key in keys))
        self.places[place] = table.position(row.line, columns[-1])

    def _factor(self, table: Table, row: Row, text: str, index: int) -> int | Decimal:
        try:
            number = read_number(text)
        except UnclearScalarError as error:
            self._add("RB107", str(error), table, row.line, index, help_=error.help)
            return 0
        if number is None or number < 0:
            self._add(
                "RB203",
                f"{text!r} is not a factor",
                table,
                row.line,
                index,
                help_="write a number, zero or more",
            )
            return 0
        return number
