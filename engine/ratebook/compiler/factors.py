"""Multipliers as tables of integers that are joined to measured groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from ratebook.compiler.conditions import column_type, dimension_sql
from ratebook.compiler.sql import WIDEST, Lookup, Writer
from ratebook.usage.measure import FactorTable, Measure

UNNAMED: Final = 0
"""Code of every key that a level of a multiplier does not name, and of NULL."""

_FEW: Final = 255
"""So many keys are searched for each value of a column; where there are more, the value is joined to them later."""


class Coded(NamedTuple):
    """A dimension of a measure as the code of its key: the dimension's number, and the keys in order of their codes."""

    dimension: int
    keys: tuple[str, ...]


NONE_CODED: Final[Mapping[str, Coded]] = MappingProxyType({})
"""Every dimension is there as itself."""


def coded_dimensions(measure: Measure) -> dict[str, Coded]:
    """Give the columns by which events are grouped in place of dimensions that only multipliers need.

    A code is small where a text is wide, and all keys that a multiplier does not name become one group. A dimension
    has a column for each way in which multipliers number its keys.
    """
    columns: dict[str, Coded] = {}
    for number, dimension in enumerate(measure.dimensions):
        if dimension.band or dimension.name in measure.keep:
            continue
        named = dict.fromkeys(
            _ordered(keys)
            for table in measure.factors
            for name, keys in zip(table.by, table.named, strict=True)
            if name == dimension.name
        )
        text = column_type(measure.source, dimension.name) == "string"
        if text and all(len(keys) <= _FEW for keys in named):
            columns |= {f"x{number}_{place}": Coded(number, keys) for place, keys in enumerate(named)}
    return columns


def _ordered(keys: frozenset[str]) -> tuple[str, ...]:
    """Put keys into the order of their codes; it is fixed so that equal books write equal queries."""
    return tuple(sorted(keys))


def code_sql(measure: Measure, coded: Coded, writer: Writer) -> str:
    """Write the code of an event's key."""
    value, kind = dimension_sql(measure.dimensions[coded.dimension], measure.source, writer)
    return writer.dialect.code(writer.dialect.text(value, kind, writer), coded.keys, writer)


@dataclass(frozen=True, slots=True)
class FactorJoin:
    """How factors reach the groups of `measured`.

    Attributes:
        queries: the named queries to write before: `keyed`, with codes and versions, and the factors' tables.
        sql: the LEFT JOINs to `keyed AS m`.
        tables: for each variant, the alias of each multiplier's table; its column `factor` is NULL where the
            multiplier has no answer.
    """

    queries: dict[str, str]
    sql: str
    tables: tuple[tuple[str, ...], ...]


def factor_join(measure: Measure, coded: Mapping[str, Coded], writer: Writer) -> FactorJoin:
    """Write the join of all multipliers of a measure.

    Args:
        measure: whose multipliers.
        coded: the columns of `measured` that are codes already; see `coded_dimensions`.
        writer: of the query.
    """
    queries: dict[str, str] = {}
    lookups: dict[str, Lookup] = {}
    aliases: list[list[str]] = [[] for _ in range(measure.variants)]
    joins: dict[str, str] = {}
    for number, table in enumerate(measure.factors):
        codes = _codes(measure, number, coded, lookups, writer)
        queries[f"factors_{number}"] = _factors(table, writer)
        for variant in range(measure.variants):
            same = table.versions.index(table.versions[variant])
            alias = f"f{number}_{same}"
            aliases[variant].append(alias)
            if alias not in joins:
                version = _version(table, same, f"v{number}_{same}", lookups, writer)
                joins[alias] = _join(number, alias, version, codes)
    keyed = writer.dialect.coded("measured", lookups, writer)
    return FactorJoin({"keyed": keyed} | queries, "\n".join(joins.values()), tuple(map(tuple, aliases)))


def _codes(
    measure: Measure, number: int, coded: Mapping[str, Coded], lookups: dict[str, Lookup], writer: Writer
) -> list[str]:
    """Name the columns of `keyed` that hold the codes of a multiplier's levels; add the lookups that they take."""
    table = measure.factors[number]
    columns = {one: name for name, one in coded.items()}
    dimensions = [dimension.name for dimension in measure.dimensions]
    names = []
    for level, (name, named) in enumerate(zip(table.by, table.named, strict=True)):
        place, keys = dimensions.index(name), _ordered(named)
        column = columns.get(Coded(place, keys), f"c{number}_{level}")
        if column not in coded:
            value = dimension_text(measure, place, writer)
            lookups[column] = Lookup(value, keys, tuple(_numbered(keys).values()), UNNAMED)
        names.append(column)
    return names


def _numbered(keys: tuple[str, ...]) -> dict[str, int]:
    return {key: code for code, key in enumerate(keys, UNNAMED + 1)}


def dimension_text(measure: Measure, number: int, writer: Writer) -> str:
    """Write a group's value of a dimension as text."""
    dimension = measure.dimensions[number]
    kind = "string" if dimension.band else column_type(measure.source, dimension.name)
    return writer.dialect.text(f"m.d{number}", kind, writer)


def _factors(table: FactorTable, writer: Writer) -> str:
    """Write the table of a multiplier's factors, by version and codes."""
    codes = [{None: UNNAMED, **_numbered(_ordered(named))} for named in table.named]
    rows = sorted(
        (version, *(code[key] for key, code in zip(keys, codes, strict=True)), factor)
        for (version, keys), factor in table.rows.items()
    )
    if any(abs(row[-1]) > WIDEST for row in rows):
        raise ValueError(f"a factor of the multiplier {table.multiplier} has too many digits")
    names = ("version", *(f"code_{level}" for level in range(len(codes))), "factor")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    bound = {
        name: writer.bind("wide_integers" if name == "factor" else "integers", tuple(values))
        for name, values in zip(names, columns, strict=True)
    }
    return writer.dialect.rows(bound, optional="factor")


def _version(table: FactorTable, variant: int, name: str, lookups: dict[str, Lookup], writer: Writer) -> str:
    """Write the version in force in a group's slot; where it is not always the same, it is looked up under a name."""
    versions = table.versions[variant]
    if len(set(versions)) == 1:
        return writer.bind("integer", versions[0])
    lookups[name] = Lookup("m.slot", tuple(range(len(versions))), versions, -1)
    return f"m.{name}"


def _join(number: int, alias: str, version: str, codes: list[str]) -> str:
    """Write the join of one multiplier at the versions of one variant."""
    equalities = [f"{alias}.version = {version}"]
    equalities += [f"{alias}.code_{level} = m.{column}" for level, column in enumerate(codes)]
    return f"LEFT JOIN factors_{number} AS {alias}\n  ON " + "\n  AND ".join(equalities)
