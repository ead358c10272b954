"""Multipliers as tables of integers that are joined to measured groups."""

from collections.abc import Iterator
from dataclasses import dataclass

from ratebook.compiler.conditions import column_type
from ratebook.compiler.sql import WIDEST, Lookup, Writer
from ratebook.usage.measure import FactorTable, Measure

UNNAMED = 0
"""Code of every key that a level of a multiplier does not name, and of NULL."""


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


def factor_join(measure: Measure, writer: Writer) -> FactorJoin:
    """Write the join of all multipliers of a measure."""
    queries: dict[str, str] = {}
    lookups: dict[str, Lookup] = {}
    aliases: list[list[str]] = [[] for _ in range(measure.variants)]
    joins: dict[str, str] = {}
    for number, table in enumerate(measure.factors):
        codes = [_codes(table, level) for level in range(len(table.by))]
        for level, code in enumerate(codes):
            keys = tuple(code)
            value = _key(measure, table.by[level], writer)
            lookups[f"c{number}_{level}"] = Lookup(value, keys, tuple(code.values()), UNNAMED)
        queries[f"factors_{number}"] = _factors(table, codes, writer)
        for variant in range(measure.variants):
            same = table.versions.index(table.versions[variant])
            alias = f"f{number}_{same}"
            aliases[variant].append(alias)
            if alias not in joins:
                joins[alias] = _join(measure, number, same, lookups, writer)
    keyed = writer.dialect.coded("measured", lookups, writer)
    return FactorJoin({"keyed": keyed} | queries, "\n".join(joins.values()), tuple(map(tuple, aliases)))


def _codes(table: FactorTable, level: int) -> dict[str, int]:
    """Number the keys that a level names; the order is fixed so that equal books write equal queries."""
    return {key: code for code, key in enumerate(sorted(table.named[level]), UNNAMED + 1)}


def _key(measure: Measure, name: str, writer: Writer) -> str:
    number = [dimension.name for dimension in measure.dimensions].index(name)
    dimension = measure.dimensions[number]
    kind = "string" if dimension.band else column_type(measure.source, name)
    return writer.dialect.text(f"m.d{number}", kind, writer)


def _factors(table: FactorTable, codes: list[dict[str, int]], writer: Writer) -> str:
    """Write the table of a multiplier's factors, by version and codes."""
    rows = sorted(
        (
            version,
            *(UNNAMED if key is None else code[key] for key, code in zip(keys, codes, strict=True)),
            factor,
        )
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


def _join(measure: Measure, number: int, variant: int, lookups: dict[str, Lookup], writer: Writer) -> str:
    """Write the join of one multiplier at the versions of one variant."""
    table, alias = measure.factors[number], f"f{number}_{variant}"
    versions = table.versions[variant]
    if len(set(versions)) == 1:
        version = writer.bind("integer", versions[0])
    else:
        name = f"v{number}_{variant}"
        lookups[name] = Lookup("m.slot", tuple(range(len(versions))), versions, -1)
        version = f"m.{name}"
    return "\n  AND ".join(_equalities(alias, number, len(table.by), version))


def _equalities(alias: str, number: int, levels: int, version: str) -> Iterator[str]:
    yield f"LEFT JOIN factors_{number} AS {alias}\n  ON {alias}.version = {version}"
    for level in range(levels):
        yield f"{alias}.code_{level} = m.c{number}_{level}"
