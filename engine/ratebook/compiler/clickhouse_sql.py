"""How ClickHouse writes metering queries.

Its sums and products wrap silently, so they are made in 256 bits and must fit 128 bits afterwards; `accurateCast`
fails where they do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ratebook.calendar import Instant
from ratebook.compiler.reversals import remaining_sql
from ratebook.compiler.sql import (
    WIDEST,
    Lookup,
    Parameter,
    ParameterKind,
    Relation,
    Writer,
    indent,
    select,
    where,
)
from ratebook.usage.measure import DECIMAL_SCALE, ColumnType

_DECIMAL: Final = f"Decimal(76, {DECIMAL_SCALE})"
_TIME: Final = "DateTime64(6, 'UTC')"
_TYPES: Final[Mapping[ParameterKind, str]] = MappingProxyType(
    {
        "instant": _TIME,
        "text": "String",
        "integer": "Int64",
        "decimal": _DECIMAL,
        "boolean": "Bool",
        "texts": "Array(String)",
        "integers": "Array(Int64)",
        "wide_integers": "Array(Int256)",
    }
)


@dataclass(frozen=True, slots=True)
class ClickHouseDialect:
    """The dialect of ClickHouse."""

    name: str = "clickhouse"

    def placeholder(self, parameter: Parameter) -> str:
        """Write a typed parameter that the server binds."""
        kind = _TYPES[parameter.kind]
        if parameter.kind == "integer" and isinstance(parameter.value, int) and abs(parameter.value) >= 2**63:
            kind = "Int256"
        return f"{{{parameter.name}:{kind}}}"

    def quote(self, identifier: str) -> str:
        """Quote with backticks."""
        return f"`{identifier}`"

    def text(self, expression: str, column: ColumnType, writer: Writer) -> str:
        """Use toString, which leaves out the zeros at the end of a decimal by itself."""
        del writer
        if column == "decimal":
            return f"toString(CAST({expression} AS Nullable({_DECIMAL})))"
        return f"toString({expression})"

    def total(self, expression: str, column: ColumnType, writer: Writer) -> str:
        """Sum 256 bits wide."""
        if column != "decimal":
            return self.fitting(f"sum(toInt256({expression}))", writer)
        return self.fitting(self._scaled(f"sum(CAST({expression} AS Nullable({_DECIMAL})))", writer), writer)

    def integer(self, expression: str, column: ColumnType, writer: Writer) -> str:
        """Widen to 256 bits."""
        if column != "decimal":
            return f"toInt256({expression})"
        return self._scaled(f"CAST({expression} AS Nullable({_DECIMAL}))", writer)

    def _scaled(self, expression: str, writer: Writer) -> str:
        return f"toInt256({expression} * {writer.bind('integer', 10**DECIMAL_SCALE)})"

    def wide(self, expression: str) -> str:
        """Widen to 256 bits."""
        return f"toInt256({expression})"

    def added(self, expression: str) -> str:
        """Sum 256 bits wide."""
        return f"sum(toInt256({expression}))"

    def fitting(self, expression: str, writer: Writer) -> str:
        """Cast to 128 bits, which fails when the value does not fit."""
        return f"accurateCast(assumeNotNull({expression}), {writer.bind('text', 'Int128')})"

    def checked(self, expression: str, writer: Writer) -> str:
        """Cast to 128 bits and back, so that the next step cannot wrap."""
        return f"toInt256(accurateCast({expression}, {writer.bind('text', 'Nullable(Int128)')}))"

    def product(self, left: str, right: str, writer: Writer) -> str:
        """Multiply 256 bits wide; what is left beyond the scale is made too large to fit."""
        unit, widest = writer.bind("integer", 10**DECIMAL_SCALE), writer.bind("integer", WIDEST)
        two, both = writer.bind("integer", 2), f"{left} * {right}"
        whole = self.checked(f"intDiv({both}, {unit})", writer)
        beyond = f"toInt256(modulo({both}, {unit})) * {widest} * {two}"
        return self.checked(f"({whole} + {beyond})", writer)

    def quotient(self, expression: str, divisor: str) -> str:
        """Use intDiv."""
        return f"intDiv({expression}, {divisor})"

    def remainder(self, expression: str, divisor: str) -> str:
        """Use modulo, which cuts towards zero."""
        return f"toInt256(modulo({expression}, {divisor}))"

    def result(self, expression: str) -> str:
        """Write it as text: Arrow has no integer of 128 bits."""
        return f"toString({expression})"

    def micros(self, expression: str) -> str:
        """Give the microseconds since 1970; finer times are cut, not rounded."""
        return f"toUnixTimestamp64Micro(assumeNotNull(CAST({expression} AS Nullable({_TIME}))))"

    def slot(self, moment: str, bounds: tuple[Instant, ...], writer: Writer) -> str:
        """Round down to the bound that begins the slot, and look up its number."""
        starts = writer.bind("integers", bounds[:-1])
        numbers = writer.bind("integers", tuple(range(len(bounds) - 1)))
        rounded = f"roundDown({self.micros(moment)}, {starts})"
        return f"transform({rounded}, {starts}, {numbers}, {writer.bind('integer', -1)})"

    def last(self, order: Sequence[str]) -> str:
        """Use argMax over a tuple."""
        return f"argMax({order[-1]}, tuple({', '.join(order)}))"

    def starts_with(self, column: str, prefix: str) -> str:
        """Use startsWith, which knows no wildcards."""
        return f"startsWith({column}, {prefix})"

    def among(self, expression: str, texts: str) -> str:
        """Test against a bound list."""
        return f"{expression} IN {texts}"

    def rows(self, columns: Mapping[str, str], optional: str) -> str:
        """Join arrays of equal length side by side."""
        chosen = {
            alias: f"toNullable({alias}_item)" if alias == optional else f"{alias}_item" for alias in columns
        }
        lists = indent(select({f"{alias}_list": values for alias, values in columns.items()}))
        joined = ", ".join(f"{alias}_list AS {alias}_item" for alias in columns)
        return select(chosen, f"FROM (\n{lists}\n)", f"ARRAY JOIN {joined}")

    def code(self, text: str, keys: tuple[str, ...], writer: Writer) -> str:
        """Use transform, which looks a text up in a hash table."""
        codes = writer.bind("integers", tuple(range(1, len(keys) + 1)))
        zero = writer.bind("integer", 0)
        return f"toInt16(coalesce(transform({text}, {writer.bind('texts', keys)}, {codes}, {zero}), {zero}))"

    def coded(self, table: str, lookups: Mapping[str, Lookup], writer: Writer) -> str:
        """Use transform for each lookup."""
        columns = ["m.*"]
        for alias, lookup in lookups.items():
            keys: ParameterKind = "texts" if all(isinstance(key, str) for key in lookup.keys) else "integers"
            value = lookup.value if keys == "texts" else f"toInt64({lookup.value})"
            table_of_codes = (
                f"{writer.bind(keys, lookup.keys)}, {writer.bind('integers', lookup.codes)}, "
                f"{writer.bind('integer', lookup.otherwise)}"
            )
            columns.append(f"transform({value}, {table_of_codes}) AS {alias}")
        listed = ",\n  ".join(columns)
        return f"SELECT\n  {listed}\nFROM {table} AS m"

    def events(self, relation: Relation, writer: Writer) -> str:
        """Name the table, or write the query that gives each event once.

        A short hash nominates the ids that stand more than once; the whole id, day and content decide. What is
        the same several times in a UTC day stays once; ids with several contents in a day are left out.
        """
        if relation.reversals is not None:
            return f"(\n{indent(remaining_sql(relation, relation.reversals, writer))}\n)"
        table = ".".join(writer.name(part) for part in relation.table)
        if relation.once is None:
            return table
        columns = {writer.name(column): f"r.{writer.name(column)}" for column in relation.columns}
        nominated = self._nominated(relation, table, writer)
        read = f"FROM {table} AS r"
        single = select(columns, read, where((*self._in_days(relation, writer), f"NOT {nominated}")))
        several = select(columns, read, where((*self._in_days(relation, writer), nominated)))
        several = several.replace("SELECT", "SELECT DISTINCT", 1)
        contents = "contents"
        while contents in relation.columns:
            contents += "_"
        day = f"toStartOfDay(c.{writer.name(relation.time)}, {writer.bind('text', 'UTC')})"
        window = f"PARTITION BY c.{writer.name(relation.event_id)}, {day}"
        counted = select(
            {**{column: f"c.{column}" for column in columns}, contents: f"count() OVER ({window})"},
            f"FROM (\n{indent(several)}\n) AS c",
        )
        one = select(
            {column: f"o.{column}" for column in columns},
            f"FROM (\n{indent(counted)}\n) AS o",
            f"WHERE o.{contents} = {writer.bind('integer', 1)}",
        )
        return f"(\n{indent(single)}\n  UNION ALL\n{indent(one)}\n)"

    def _nominated(self, relation: Relation, table: str, writer: Writer) -> str:
        hashed = f"cityHash64(r.{writer.name(relation.event_id)})"
        repeated = select(
            {"id_hash": hashed},
            f"FROM {table} AS r",
            where(self._in_days(relation, writer)),
            f"GROUP BY {hashed}",
            f"HAVING count() > {writer.bind('integer', 1)}",
        )
        return f"{hashed} IN (\n{indent(repeated)}\n)"

    def _in_days(self, relation: Relation, writer: Writer) -> tuple[str, ...]:
        if relation.once is None:
            return ()
        time = f"r.{writer.name(relation.time)}"
        return (
            f"{time} >= {writer.bind('instant', relation.once.start)}",
            f"{time} < {writer.bind('instant', relation.once.end)}",
            f"toString(r.{writer.name(relation.event_id)}) != {writer.bind('text', '')}",
        )


CLICKHOUSE: Final = ClickHouseDialect()
