"""Nothing that a book or an event says is ever part of a query: hostile texts are data, hostile names are refused."""

from dataclasses import replace

import pytest

from ratebook.calendar import BEGINNING, NEVER
from ratebook.compiler.clickhouse_sql import CLICKHOUSE
from ratebook.compiler.duckdb_sql import DUCKDB
from ratebook.compiler.queries import metering_query
from ratebook.compiler.sql import Dialect
from ratebook.usage.measure import Band, Condition, Dimension, FactorTable
from ratebook.usage.rows import SubjectRow
from tests.sources.ask import COUNT, Both, events

HOSTILE = [
    "'; DROP TABLE raw; --",
    'a"b`c',
    "\\'",
    "a\\",
    "{p0:String}",
    "$p0",
    "%(x)s",
    "NULL",
    "\\N",
    "line\nbreak\ttab\r",
    "*/ UNION ALL SELECT 1 /*",
    "İıŞ💥",
    "(none)",
    "nul\0byte",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_a_text(text: str, both: Both) -> None:
    """As a condition's value, a dimension, a multiplier's key, a subject, an id."""
    weights = FactorTable("weights", ("chain",), (frozenset({text, "eth"}),), {(0, (text,)): 3}, 0, ((0,),))
    measure = replace(
        COUNT,
        where=(Condition("method", "in", (text, "other")), Condition("method", "starts_with", text)),
        dimensions=(Dimension("chain"),),
        keep=("chain",),
        factors=(weights,),
    )
    hostile = {"org": text, "chain": text, "method": text}
    written = events(hostile, hostile, {**hostile, "chain": "eth"})
    rows = [{**one, "id": f"{text}{number}"} for number, one in enumerate(written)]
    asked = both(rows, measure, subjects=[SubjectRow(text, 0, 0, BEGINNING, NEVER)])
    (row,) = asked.rows
    assert row.dimensions == (text,)
    assert row.events == 2
    assert row.units == 6
    assert asked.lost == {("no_multiplier", ("chain=eth",)): 1}
    assert asked.unbilled[0].example == f"{text}2"


@pytest.mark.parametrize("text", HOSTILE)
def test_an_unknown_subject_may_be_hostile(text: str, both: Both) -> None:
    assert both(events({"org": text})).lost == {("unknown_subject", (text,)): 1}


@pytest.mark.parametrize("dialect", [DUCKDB, CLICKHOUSE], ids=lambda dialect: str(dialect.name))
@pytest.mark.parametrize("name", ['x"', "x`", "x; --", "", "1x", "é", "a.b", "x y", "x" * 64])
def test_a_hostile_name_is_refused(name: str, dialect: Dialect) -> None:
    columns = {**COUNT.source.columns, name: "integer"}
    source = replace(COUNT.source, columns=columns)
    for measure in (
        replace(COUNT, source=replace(source, name=name)),
        replace(COUNT, source=replace(source, subject=name)),
        replace(COUNT, source=source, where=(Condition(name, "eq", 1),)),
        replace(COUNT, source=source, aggregate="sum", value=name),
        replace(COUNT, source=source, dimensions=(Dimension(name),), keep=(name,)),
        replace(COUNT, source=source, dimensions=(Dimension("d", Band(name, (1,))),), keep=("d",)),
    ):
        with pytest.raises(ValueError, match="no name for a table or column"):
            metering_query(measure, dialect)
