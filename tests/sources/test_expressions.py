"""Values that are computed from several columns, on both engines."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from ratebook.book.expression import ExpressionError, parse
from ratebook.compiler.clickhouse_sql import CLICKHOUSE
from ratebook.compiler.duckdb_sql import DUCKDB
from ratebook.compiler.queries import metering_query
from ratebook.compiler.sql import Dialect
from ratebook.sources.errors import SourceError
from ratebook.usage.measure import Measure
from tests.sources.ask import Both, ask_clickhouse, ask_parquet, d, events, measuring
from tests.sources.cases import Row
from tests.sources.test_injection import HOSTILE

NAMES = {"NULL", "(none)"}
"""Hostile as texts; here they are names of columns, which no source declares."""


def computing(text: str, aggregate: str = "sum") -> Measure:
    return measuring(aggregate, text, expression=parse(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes + status", "207"),
        ("bytes - status * 2", "-393"),
        ("-bytes", "-7"),
        ("-(-bytes)", "7"),  # two signs in a row would begin a comment
        ("bytes - -(-status)", "-193"),
        ("bytes * level", "17.50"),
        ("level * level", "6.25"),
        ("0.1 * bytes", "0.7"),
        ("ceil(bytes / 4)", "2"),
        ("floor(bytes / 4)", "1"),
        ("ceil(-bytes / 4)", "-1"),
        ("floor(-bytes / 4)", "-2"),
        ("ceil(level / 1)", "3"),
        ("floor(level / 2)", "1"),
        ("ceil(bytes * 0 / 4)", "0"),
        ("ceil((bytes + 1) / 4)", "2"),
        ("min(bytes, level)", "2.5"),
        ("max(bytes, 100)", "100"),
        ("coalesce(bytes, 0)", "7"),
        ("bytes * 10 + 4096 - 1_000", "3166"),
    ],
)
def test_what_one_event_comes_to(text: str, expected: str, both: Both) -> None:
    rows = events({"bytes": 7, "status": 200, "level": d("2.5")})
    assert both(rows, computing(text)).told == [((), 1, d(expected))]


def test_a_missing_column_makes_the_value_missing(both: Both) -> None:
    """Of both engines' least and greatest, neither would let it."""
    rows = events({"bytes": 5, "status": 1}, {"bytes": 5}, {"status": 1}, {})
    for text in ("bytes + status", "min(bytes, status)", "max(bytes, status)", "bytes * status"):
        asked = both(rows, computing(text))
        assert asked.told[0][1] == 1
        assert asked.codes == ["RB409"]
        assert f"3 event(s) of requests have no {text}, as e1" in asked.findings[0].message


def test_coalesce_stands_in_for_what_is_missing(both: Both) -> None:
    rows = events({"bytes": 5, "status": 1}, {"bytes": 5}, {"status": 1}, {})
    assert both(rows, computing("coalesce(bytes, 0) + coalesce(status, 10)")).told == [((), 4, 32)]
    asked = both(rows, computing("coalesce(bytes, status)"))
    assert asked.told == [((), 3, 11)]
    assert "1 event(s)" in asked.findings[0].message


@pytest.mark.parametrize(
    ("aggregate", "expected"), [("max", 6), ("min", 1), ("unique", 3), ("latest", 6), ("percentile", 6)]
)
def test_every_aggregate_takes_an_expression(aggregate: str, expected: int, both: Both) -> None:
    rows = events(*({"bytes": one} for one in (10, 2, 12, 12)))
    measure = replace(
        computing("floor(bytes * 5 / 10) + coalesce(status, 0)", aggregate), percent=Decimal(75)
    )
    assert both(rows, measure).told == [((), 4, expected)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("bytes * bytes * bytes", 2**62),  # 186 bits: more than the 128 that may be counted with
        ("bytes * bytes * bytes * bytes * bytes", 2**62),
        (
            "bytes * bytes + bytes * bytes + bytes * bytes + bytes * bytes + bytes * bytes + bytes * bytes",
            2**63 - 1,
        ),
        ("-bytes * bytes * 4", 2**63 - 1),
    ],
)
def test_what_does_not_fit_fails_on_both_engines(
    text: str, value: int, tmp_path: Path, clickhouse: Client
) -> None:
    """Pitfall 22: nothing wraps, not even on the way."""
    assert refusals(events({"bytes": value}), text, tmp_path, clickhouse) == ["RB416", "RB416"]


def refusals(rows: Sequence[Row], text: str, folder: Path, clickhouse: Client) -> list[str]:
    """Give the codes with which DuckDB and ClickHouse refuse to compute."""
    with pytest.raises(SourceError) as files:
        ask_parquet(folder, rows, computing(text))
    with pytest.raises(SourceError) as table:
        ask_clickhouse(clickhouse, rows, computing(text))
    return [error.value.finding.code for error in (files, table)]


def test_a_product_of_decimals_has_up_to_18_places(both: Both, tmp_path: Path, clickhouse: Client) -> None:
    rows = events({"level": d("-12345678.000001")})
    assert both(rows, computing("level * level")).told == [((), 1, d("152415765279708.691356000001"))]
    finer = events({"level": d("0.000001")})
    text = "level * level * level * level"
    assert refusals(finer, text, tmp_path, clickhouse) == ["RB416", "RB416"]  # 24 places


@pytest.mark.parametrize(
    "text",
    [
        *(text for text in HOSTILE if text not in NAMES),
        "bytes) FROM raw --",
        "sleep(10)",
        "bytes + (SELECT 1)",
        "bytes::text",
    ],
)
def test_an_expression_is_no_way_into_a_query(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_name_is_a_column_or_nothing(name: str) -> None:
    with pytest.raises(ValueError, match="declares no column"):
        metering_query(computing(f"{name} + 1"), DUCKDB)


@pytest.mark.parametrize("dialect", [DUCKDB, CLICKHOUSE], ids=lambda dialect: str(dialect.name))
def test_no_number_of_an_expression_stands_in_a_query(dialect: Dialect) -> None:
    """Pitfalls 24 and 25: literals are bound, and nothing divides but whole numbers."""
    text = "ceil(bytes * 987654 / 876543) + level * level * 1.765432"
    query = metering_query(computing(text), dialect)
    assert not re.search(r"987654|876543|765432|/", query.text)
    bound = [one.value for one in query.parameters]
    assert {987654, 876543, 1_765_432_000_000_000_000} <= {one for one in bound if isinstance(one, int)}


def test_an_expression_of_texts_is_refused() -> None:
    with pytest.raises(ValueError, match="chain is string: an expression needs numbers"):
        metering_query(computing("chain + 1"), DUCKDB)


def test_usage_without_a_place_is_counted_as_the_expression_says(both: Both) -> None:
    (lost,) = both(events({"org": "x", "bytes": 5}), computing("bytes * 2")).unbilled
    assert lost.quantity == 10
