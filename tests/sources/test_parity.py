"""Every engine and format gives the usage that a reading of the words in plain Python gives."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import localcontext
from pathlib import Path
from typing import NamedTuple

import pytest
from clickhouse_connect.driver.client import Client

from ratebook.money import EXACT
from ratebook.sources.clickhouse_usage import ClickHouseUsage
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.sources.metering import Metered, MeteringStore
from ratebook.sources.protocol import UsageSource
from ratebook.usage.rows import MeasureCount, Unbilled, UsageRow
from tests.clickhouse_http import ClickHouseServer
from tests.oracle.memory_source import MemorySource
from tests.sources.cases import Case, fill_clickhouse, random_case, write_csv, write_json_lines, write_parquet

SEEDS = range(50)
"""Of four measures each: two hundred questions."""


class Answer(NamedTuple):
    rows: list[list[UsageRow]]
    unbilled: list[Unbilled]
    findings: list[str]
    counts: Sequence[MeasureCount]


def ask(source: UsageSource, case: Case) -> Answer:
    with MeteringStore(source) as store:
        store.enroll(case.subjects)
        metered = store.measure(case.measures, case.segments, case.window)
        return answer(metered, case)


def answer(metered: Metered, case: Case) -> Answer:
    rows = [list(metered.rows(number)) for number in range(len(case.measures))]
    findings = sorted(f"{one.code} {one.message}" for one in metered.findings())
    return Answer(rows, sorted(metered.unbilled(), key=place), findings, metered.counts())


def place(unbilled: Unbilled) -> tuple[str, str, tuple[str, ...]]:
    return unbilled.reason, unbilled.measure, unbilled.key


def expected(case: Case) -> tuple[list[list[UsageRow]], list[Unbilled]]:
    memory = MemorySource({"raw": case.rows})
    memory.enroll(case.subjects)
    with localcontext(EXACT):
        memory.measure(case.measures, case.segments, case.window)
    additive = {one.name for one in case.measures if one.additive}
    unbilled = [
        one._replace(
            quantity=one.quantity if one.measure in additive else one.quantity * 0,
            key=tuple(key.replace("=None", "=(none)") for key in one.key),
        )
        for one in memory.unbilled()
    ]
    return [list(memory.rows(number)) for number in range(len(case.measures))], sorted(unbilled, key=place)


@pytest.mark.parametrize("seed", SEEDS)
def test_parquet_and_clickhouse_give_what_plain_python_gives(
    seed: int, tmp_path: Path, clickhouse: Client
) -> None:
    case = random_case(seed)
    rows, unbilled = expected(case)
    files = ask(DuckDBUsage({"raw": write_parquet(case, tmp_path)}, tmp_path), case)
    assert files.rows == rows
    assert files.unbilled == unbilled
    fill_clickhouse(case, clickhouse, f"raw_{seed}")
    table = ask(ClickHouseUsage("chdb", {"raw": f"raw_{seed}"}, client=clickhouse), case)
    assert table == files


@pytest.mark.parametrize("seed", range(6))
def test_text_gives_what_parquet_gives(seed: int, tmp_path: Path) -> None:
    case = without_empty_texts(random_case(seed))
    parquet = ask(DuckDBUsage({"raw": write_parquet(case, tmp_path)}, tmp_path), case)
    assert ask(DuckDBUsage({"raw": write_csv(case, tmp_path)}, tmp_path), case) == parquet
    assert ask(DuckDBUsage({"raw": write_json_lines(case, tmp_path)}, tmp_path), case) == parquet


@pytest.mark.parametrize("seed", range(6))
def test_http_gives_what_the_engine_gives(seed: int, clickhouse: Client, server: ClickHouseServer) -> None:
    case = random_case(seed)
    fill_clickhouse(case, clickhouse, f"http_{seed}")
    tables = {"raw": f"http_{seed}"}
    within = ask(ClickHouseUsage("chdb", tables, client=clickhouse), case)
    assert ask(ClickHouseUsage(server.url, tables, "reader:s3cret"), case) == within
    assert {request.settings["readonly"] for request in server.requests if "e.`ts`" in request.query} == {"2"}


@pytest.mark.parametrize("seed", [3, 7])
def test_order_of_rows_and_number_of_files_are_nothing(seed: int, tmp_path: Path) -> None:
    case = random_case(seed)
    backwards = replace(case, rows=list(reversed(case.rows)))
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    one = ask(DuckDBUsage({"raw": write_parquet(case, tmp_path / "one", 1)}, tmp_path / "one"), case)
    many = ask(DuckDBUsage({"raw": write_parquet(backwards, tmp_path / "many", 5)}, tmp_path / "many"), case)
    assert one == many


def without_empty_texts(case: Case) -> Case:
    """A text that is empty is absent in CSV."""
    return replace(case, rows=[{**row, "method": row["method"] or None} for row in case.rows])
