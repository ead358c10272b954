"""How DuckDB writes metering queries. Integers are HUGEINT there, and every overflow raises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ratebook.calendar import Instant
from ratebook.compiler.sql import WIDEST, Lookup, Parameter, ParameterKind, Relation, Writer
from ratebook.usage.measure import DECIMAL_SCALE, ColumnType

_DECIMAL: Final = f"DECIMAL(38, {DECIMAL_SCALE})"
_LISTS: Final[Mapping[ParameterKind, str]] = MappingProxyType(
    {"texts": "VARCHAR[]", "integers": "BIGINT[]", "wide_integers": "HUGEINT[]"}
)


@dataclass(frozen=True, slots=True)
class DuckDBDialect:
    """The dialect of DuckDB. Sources are views of the book's columns, in which each event stands once."""

    name: str = "duckdb"

    def placeholder(self, parameter: Parameter) -> str:
        """Write a named parameter; an empty list has no type of its own, so lists get theirs."""
        written = f"${parameter.name}"
        return f"CAST({written} AS {_LISTS[parameter.kind]})" if parameter.kind in _LISTS else written

    def quote(self, identifier: str) -> str:
        """Quote with double quotes."""
        return f'"{identifier}"'

    def text(self, expression: str, column: ColumnType, writer: Writer) -> str:
        """Cast to VARCHAR; a decimal without the zeros at its end."""
        if column != "decimal":
            return f"CAST({expression} AS VARCHAR)"
        digits = f"CAST(CAST({expression} AS {_DECIMAL}) AS VARCHAR)"
        return f"rtrim(rtrim({digits}, {writer.bind('text', '0')}), {writer.bind('text', '.')})"

    def total(self, expression: str, column: ColumnType, writer: Writer) -> str:
        """Sum in the column's own exact type, then scale the sum."""
        return self.integer(f"sum({expression})", column, writer)

    def integer(self, expression: str, column: ColumnType, writer: Writer) -> str:
        """Cast to HUGEINT; a decimal by its whole and its fractional part, as neither can then overflow."""
        if column != "decimal":
            return f"CAST({expression} AS HUGEINT)"
        value = f"CAST({expression} AS {_DECIMAL})"
        unit = writer.bind("integer", 10**DECIMAL_SCALE)
        whole = f"CAST(trunc({value}) AS HUGEINT) * {unit}"
        return f"({whole} + CAST(({value} - trunc({value})) * {unit} AS HUGEINT))"

    def wide(self, expression: str) -> str:
        """Cast to HUGEINT."""
        return f"CAST({expression} AS HUGEINT)"

    def added(self, expression: str) -> str:
        """Sum: the sum of a HUGEINT raises when it overflows."""
        return f"sum({expression})"

    def fitting(self, expression: str, writer: Writer) -> str:
        """Leave it: HUGEINT arithmetic raises when it overflows."""
        del writer
        return expression

    def checked(self, expression: str, writer: Writer) -> str:
        """Leave it: HUGEINT arithmetic raises when it overflows."""
        del writer
        return expression

    def product(self, left: str, right: str, writer: Writer) -> str:
        """Multiply whole and fractional parts apart: the product of both would not fit 128 bits.

        What is left beyond the scale is made to overflow (twice the widest, which is not written as a constant, as that
        would overflow always).
        """
        unit, widest = writer.bind("integer", 10**DECIMAL_SCALE), writer.bind("integer", WIDEST)
        wholes = [f"divide({one}, {unit})" for one in (left, right)]
        fractions = [f"mod({one}, {unit})" for one in (left, right)]
        finest = f"{fractions[0]} * {fractions[1]}"
        beyond = f"mod({finest}, {unit}) * {widest}"
        return (
            f"({wholes[0]} * {wholes[1]} * {unit} + {wholes[0]} * {fractions[1]} + {fractions[0]} * {wholes[1]}"
            f" + divide({finest}, {unit}) + {beyond} + {beyond})"
        )

    def quotient(self, expression: str, divisor: str) -> str:
        """Use divide, which stays an integer."""
        return f"divide({expression}, {divisor})"

    def remainder(self, expression: str, divisor: str) -> str:
        """Use mod, which cuts towards zero."""
        return f"mod({expression}, {divisor})"

    def result(self, expression: str) -> str:
        """Leave it: HUGEINT reaches Arrow as 128 bits."""
        return expression

    def micros(self, expression: str) -> str:
        """Give the microseconds since 1970, never a datetime: the client would attach a session's zone to it."""
        return f"epoch_us({expression})"

    def slot(self, moment: str, bounds: tuple[Instant, ...], writer: Writer) -> str:
        """Search the slot by a binary tree of comparisons."""

        def between(first: int, last: int) -> str:
            if first == last:
                return writer.bind("integer", first)
            middle = (first + last + 1) // 2
            bound = writer.bind("instant", bounds[middle])
            left, right = between(first, middle - 1), between(middle, last)
            return f"CASE WHEN {moment} < {bound} THEN {left} ELSE {right} END"

        return f"CAST({between(0, len(bounds) - 2)} AS USMALLINT)"

    def last(self, order: Sequence[str]) -> str:
        """Use the greatest struct: arg_max over a struct is many times slower."""
        fields = ", ".join(f"o{number} := {value}" for number, value in enumerate(order))
        return f"(max(struct_pack({fields}))).o{len(order) - 1}"

    def starts_with(self, column: str, prefix: str) -> str:
        """Use starts_with, which knows no wildcards."""
        return f"starts_with({column}, {prefix})"

    def among(self, expression: str, texts: str) -> str:
        """Test against the rows of an unnested list."""
        return f"{expression} IN (SELECT unnest({texts}))"

    def rows(self, columns: Mapping[str, str], optional: str) -> str:
        """Unnest lists of equal length side by side."""
        del optional
        listed = ",\n  ".join(f"unnest({values}) AS {alias}" for alias, values in columns.items())
        return f"SELECT\n  {listed}"

    def code(self, text: str, keys: tuple[str, ...], writer: Writer) -> str:
        """Search a list: with a column of files that are written with a dictionary, only once for each entry of it."""
        place = f"list_position({writer.bind('texts', keys)}, {text})"
        return f"CAST(coalesce({place}, {writer.bind('integer', 0)}) AS UTINYINT)"

    def coded(self, table: str, lookups: Mapping[str, Lookup], writer: Writer) -> str:
        """Join a small table for each lookup."""
        columns = ["m.*"]
        joins = []
        for number, (alias, lookup) in enumerate(lookups.items()):
            keys: ParameterKind = "texts" if all(isinstance(key, str) for key in lookup.keys) else "integers"
            rows = self.rows(
                {"key": writer.bind(keys, lookup.keys), "code": writer.bind("integers", lookup.codes)}, ""
            )
            joins.append(f"LEFT JOIN (\n  {rows.replace(chr(10), chr(10) + '  ')}\n) AS l{number}")
            joins.append(f"  ON l{number}.key = {lookup.value}")
            columns.append(f"coalesce(l{number}.code, {writer.bind('integer', lookup.otherwise)}) AS {alias}")
        return "\n".join((f"SELECT\n  {(',' + chr(10) + '  ').join(columns)}", f"FROM {table} AS m", *joins))

    def events(self, relation: Relation, writer: Writer) -> str:
        """Name the view: the source sees to it that each event stands there once."""
        return ".".join(writer.name(part) for part in relation.table)


DUCKDB: Final = DuckDBDialect()
