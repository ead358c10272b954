"""SQL put together from typed parts: identifiers are checked and quoted, every value is a bound parameter.

Nothing a book, a file or a customer says is ever pasted into a query's text, and neither is a number.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

from ratebook.calendar import Instant, Interval
from ratebook.usage.measure import ColumnType, Scalar

ParameterKind = Literal[
    "instant", "text", "integer", "decimal", "boolean", "texts", "integers", "wide_integers"
]
"""What a parameter is bound as; `wide_integers` may have up to 38 digits each."""

ParameterValue = Scalar | Instant | tuple[str, ...] | tuple[int, ...]

WIDEST: Final = 2**127 - 1
"""The largest amount of any state, factor or product, on both engines; beyond it a query fails."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def check_identifier(name: str) -> str:
    """Give a name back if it may stand for a table or a column.

    Raises:
        ValueError: it has other characters than ASCII letters, digits and `_`, or begins with a digit.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a table or column: use letters, digits and _ (up to 63)")
    return name


class Parameter(NamedTuple):
    """A value of a query, bound by its name and never part of the text."""

    name: str
    kind: ParameterKind
    value: ParameterValue


@dataclass(frozen=True, slots=True)
class MeteringQuery:
    """A query ready to run: its text in one dialect, its parameters, and the columns that it gives back."""

    dialect: str
    text: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Maps a value to a small number: each key to its code; every other value, and NULL, to `otherwise`.

    Attributes:
        value: the expression that is looked up.
        keys: texts, or integers.
        codes: the code of each key.
        otherwise: the code of all other values.
    """

    value: str
    keys: tuple[str, ...] | tuple[int, ...]
    codes: tuple[int, ...]
    otherwise: int


@dataclass(frozen=True, slots=True)
class Reversals:
    """How a source says that an event takes back another.

    Attributes:
        column: the column that holds the id of the event that is taken back.
        subject: the column of who is billed; a reversal takes back only what is of its own subject.
        since: from when on reversals are looked for; earlier ones cannot take back anything later.
        exact: whether a reversal whose id stands with several contents in a UTC day does not count.
    """

    column: str
    subject: str
    since: Instant
    exact: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """The events of a source as a query reads them.

    Attributes:
        table: the parts of the table's name.
        columns: every declared column, the event's time, id and subject among them.
        time: the column of the event's time.
        event_id: the column of the event's id, or "".
        once: the UTC days in which the query itself has to leave out re-delivered events; None where the table
            already holds each event once.
        reversals: how the query itself has to leave out events that were taken back; None where there are none.
    """

    table: tuple[str, ...]
    columns: tuple[str, ...]
    time: str
    event_id: str
    once: Interval | None = None
    reversals: Reversals | None = None


class Dialect(Protocol):
    """How one engine writes what the queries need. Expressions come in and go out as text."""

    @property
    def name(self) -> str:
        """The engine's name."""
        ...

    def placeholder(self, parameter: Parameter) -> str:
        """Write a bound parameter."""
        ...

    def quote(self, identifier: str) -> str:
        """Quote a checked identifier."""
        ...

    def text(self, expression: str, column: ColumnType, writer: "Writer") -> str:
        """Turn a value into text that is equal on all engines; NULL stays NULL."""
        ...

    def total(self, expression: str, column: ColumnType, writer: "Writer") -> str:
        """Sum a column into a wide integer (decimals scaled by `DECIMAL_SCALE`) that cannot wrap."""
        ...

    def integer(self, expression: str, column: ColumnType, writer: "Writer") -> str:
        """Turn one value into a wide integer (decimals scaled by `DECIMAL_SCALE`)."""
        ...

    def wide(self, expression: str) -> str:
        """Widen an integer so that its product with a factor cannot wrap."""
        ...

    def added(self, expression: str) -> str:
        """Sum a wide integer without wrapping (an aggregate)."""
        ...

    def fitting(self, expression: str, writer: "Writer") -> str:
        """Let a wide integer pass only if it is within `WIDEST`; the query fails otherwise."""
        ...

    def checked(self, expression: str, writer: "Writer") -> str:
        """Let a wide integer of one event, or NULL, pass only if it is within `WIDEST`; the query fails otherwise."""
        ...

    def product(self, left: str, right: str, writer: "Writer") -> str:
        """Multiply two integers that are scaled by `DECIMAL_SCALE`; what has more places than that fails."""
        ...

    def quotient(self, expression: str, divisor: str) -> str:
        """Divide a wide integer that the divisor divides."""
        ...

    def remainder(self, expression: str, divisor: str) -> str:
        """Give what is left of a wide integer; it has the integer's sign."""
        ...

    def result(self, expression: str) -> str:
        """Write a wide integer in the type in which the engine hands it out unharmed."""
        ...

    def micros(self, expression: str) -> str:
        """Turn a time into an instant, cut to whole microseconds."""
        ...

    def slot(self, moment: str, bounds: tuple[Instant, ...], writer: "Writer") -> str:
        """Give the number of the slot that an event's time falls into, of two or more slots."""
        ...

    def last(self, order: Sequence[str]) -> str:
        """Give the last of some values of the row in which they are greatest, compared in order (an aggregate)."""
        ...

    def starts_with(self, column: str, prefix: str) -> str:
        """Test a text for a prefix."""
        ...

    def among(self, expression: str, texts: str) -> str:
        """Test whether a text is among those of a bound list."""
        ...

    def rows(self, columns: Mapping[str, str], optional: str) -> str:
        """Write a query whose columns are bound lists; `optional` is NULL where a LEFT JOIN finds no row."""
        ...

    def code(self, text: str, keys: tuple[str, ...], writer: "Writer") -> str:
        """Give the place of a text among a few keys, from 1; 0 for every other text and for NULL."""
        ...

    def coded(self, table: str, lookups: Mapping[str, Lookup], writer: "Writer") -> str:
        """Write a query that adds a column for each lookup to those of a table `m`."""
        ...

    def events(self, relation: Relation, writer: "Writer") -> str:
        """Write where events are read from: a table, or a query in parentheses that gives each event once."""
        ...


@dataclass(slots=True)
class Writer:
    """Collects the parameters of one query while it is written; equal values share a parameter."""

    dialect: Dialect
    parameters: dict[tuple[ParameterKind, ParameterValue, type], Parameter] = field(default_factory=dict)

    def bind(self, kind: ParameterKind, value: ParameterValue) -> str:
        """Bind a value and give its placeholder."""
        key = (kind, value, type(value))
        if key not in self.parameters:
            self.parameters[key] = Parameter(f"p{len(self.parameters)}", kind, value)
        return self.dialect.placeholder(self.parameters[key])

    def column(self, name: str) -> str:
        """Write a declared column of the events, always qualified so that no alias can stand before it."""
        return f"e.{self.name(name)}"

    def name(self, name: str) -> str:
        """Check and quote an identifier."""
        return self.dialect.quote(check_identifier(name))

    def query(self, text: str, columns: Iterable[str]) -> MeteringQuery:
        """Finish the query."""
        return MeteringQuery(self.dialect.name, text, tuple(self.parameters.values()), tuple(columns))


def select(columns: Mapping[str, str], *clauses: str) -> str:
    """Write `SELECT expression AS alias, …` and the clauses after it, a line each."""
    listed = ",\n  ".join(f"{expression} AS {alias}" for alias, expression in columns.items())
    return "\n".join((f"SELECT\n  {listed}", *(clause for clause in clauses if clause)))


def indent(text: str) -> str:
    """Move a query to the right, to stand in parentheses."""
    return "\n".join(f"  {line}" for line in text.splitlines())


def with_queries(named: Mapping[str, str], final: str) -> str:
    """Write `WITH name AS (…), … final`."""
    parts = ",\n".join(f"{name} AS (\n{indent(text)}\n)" for name, text in named.items())
    return f"WITH {parts}\n{final}"


def where(conditions: Iterable[str]) -> str:
    """Write a WHERE clause, one condition a line; "" without any."""
    listed = "\n  AND ".join(conditions)
    return f"WHERE {listed}" if listed else ""
