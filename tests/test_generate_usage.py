"""Generated usage and books: the same from the same seed, and as they are described."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from benchmarks.alias import DRAWS, bins
from benchmarks.generate_book import write_book
from benchmarks.generate_usage import Organisation, Request, generate, main, organisations_of
from benchmarks.traffic import CHAINS, ECOSYSTEMS, UNLISTED_CHAINS, organisation
from benchmarks.usage_query import FATES, FATES_OUT_OF

BOOK = Path(__file__).resolve().parents[1]
EVENTS = 60_000


def usage(folder: Path, seed: int = 7, events: int = EVENTS, threads: int | None = None) -> Path:
    organisations = [Organisation(organisation(number)) for number in range(200)]
    generate(
        Request(events, organisations, date(2026, 10, 2), date(2026, 10, 5), seed), folder, threads=threads
    )
    return folder


def ask(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows: list[tuple[Any, ...]] = connection.execute(
            query.replace("USAGE", f"'{folder}/*.parquet'")
        ).fetchall()
    return rows


def content(folder: Path) -> list[tuple[Any, ...]]:
    query = (
        "SELECT * REPLACE (epoch_us(ts) AS ts, epoch_us(ingested_at) AS ingested_at) FROM USAGE ORDER BY ALL"
    )
    return ask(folder, query)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return usage(tmp_path_factory.mktemp("usage"))


def test_the_same_seed_gives_the_same_rows_whatever_the_threads(tmp_path: Path) -> None:
    first = usage(tmp_path / "a", events=3_000, threads=1)
    again = usage(tmp_path / "b", events=3_000, threads=2)
    assert content(first) == content(again)


def test_another_seed_gives_other_rows(tmp_path: Path) -> None:
    first = usage(tmp_path / "a", events=300)
    other = usage(tmp_path / "b", events=300, seed=8)
    assert not set(content(first)) & set(content(other))


def test_generating_again_leaves_no_file_of_before(tmp_path: Path) -> None:
    (tmp_path / "2025-01-01.parquet").touch()
    (tmp_path / "notes.txt").touch()
    usage(tmp_path, events=300)
    days = ["2026-10-02.parquet", "2026-10-03.parquet", "2026-10-04.parquet"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*days, "notes.txt"]


def test_columns_have_the_types_that_the_book_declares(sample: Path) -> None:
    declared = yaml.safe_load((BOOK / "specs" / "book.yaml").read_text("utf-8"))["sources"]["requests_raw"]
    types = dict(ask(sample, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM USAGE)"))
    kinds = {"VARCHAR": "string", "INTEGER": "integer", "BIGINT": "integer"}
    assert {name: kinds[types[name]] for name in declared["columns"]} == declared["columns"]
    assert types[declared["event_time"]] == types[declared["ingested_at"]] == "TIMESTAMP WITH TIME ZONE"
    assert types[declared["subject"]] == types[declared["event_id"]] == "VARCHAR"


def test_every_event_counts_once_and_lies_in_the_file_of_its_day(sample: Path) -> None:
    assert ask(sample, "SELECT count(DISTINCT request_id) FROM USAGE") == [(EVENTS,)]
    columns = "DISTINCT parse_filename(filename, true), ts::DATE::VARCHAR"
    by_file = f"SELECT {columns} FROM read_parquet(USAGE, filename = true)"
    assert all(file == day for file, day in ask(sample, by_file))


ONCE_AGAIN = "SELECT count(*) FROM (SELECT request_id FROM USAGE GROUP BY ALL HAVING count(*) = 2 AND {})"


@pytest.mark.parametrize(
    ("fate", "events"),
    [
        ("redelivered", ONCE_AGAIN.format("count(DISTINCT bytes_out) = 1")),
        ("conflicting", ONCE_AGAIN.format("count(DISTINCT bytes_out) = 2")),
        ("unlisted_chain", f"SELECT count(*) FROM USAGE WHERE chain IN {UNLISTED_CHAINS}"),
        ("unlisted_organisation", "SELECT count(*) FROM USAGE WHERE starts_with(org_id, 'org_unlisted_')"),
        ("server_error", "SELECT count(*) FROM USAGE WHERE status >= 500"),
        ("client_error", "SELECT count(*) FROM USAGE WHERE status BETWEEN 400 AND 499"),
        ("late", "SELECT count(*) FROM USAGE WHERE ingested_at - ts > INTERVAL 1 DAY"),
    ],
)
def test_things_go_wrong_as_often_as_said(sample: Path, fate: str, events: str) -> None:
    expected = EVENTS * dict(FATES)[fate] / FATES_OUT_OF
    ((count,),) = ask(sample, events)
    assert abs(count - expected) < 4 * expected**0.5


def test_repeated_deliveries_differ_in_nothing_but_when_they_came(sample: Path) -> None:
    columns = "request_id, org_id, ts, chain, network, method, status, latency_ms"
    assert ask(sample, f"SELECT count(*) FROM (SELECT DISTINCT {columns} FROM USAGE)") == [(EVENTS,)]


def test_organisations_are_of_very_different_size(sample: Path) -> None:
    counts = dict(ask(sample, "SELECT org_id, count(*) FROM USAGE GROUP BY ALL"))
    assert counts[organisation(0)] > 5 * counts[organisation(20)] > 10 * counts[organisation(199)] > 0


def test_a_day_has_its_rhythm(sample: Path) -> None:
    hours = dict(ask(sample, "SELECT hour(ts), count(*) FROM USAGE GROUP BY ALL"))
    assert hours[15] > 2 * hours[3]
    assert set(hours) == set(range(24))


def test_chains_and_methods_are_those_of_the_traffic(sample: Path) -> None:
    known = {(chain.name, method.name) for chain in CHAINS for method in ECOSYSTEMS[chain.ecosystem]}
    met = set(ask(sample, f"SELECT DISTINCT chain, method FROM USAGE WHERE chain NOT IN {UNLISTED_CHAINS}"))
    assert met <= known
    assert len({chain for chain, _ in met}) == len(CHAINS)


def test_customers_of_the_example_book_use_it_while_their_contracts_last(tmp_path: Path) -> None:
    organisations = organisations_of(BOOK)
    lives = {one.name: (one.first, one.last) for one in organisations}
    assert lives["org_delta_labs"] == (date(2025, 11, 1), date(2026, 10, 22))
    assert lives["org_orbit"][0] == date(2026, 10, 6)
    generate(Request(20_000, organisations, date(2026, 10, 21), date(2026, 10, 23), 7), tmp_path)
    days = ask(tmp_path, "SELECT DISTINCT ts::DATE::VARCHAR FROM USAGE WHERE org_id = 'org_delta_labs'")
    assert days == [("2026-10-21",)]


def test_a_month_comes_with_a_day_on_both_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["--month", "2026-12", "--events", "340", "--organisations", "5", "--out", str(tmp_path)]) == 0
    )
    days = sorted(path.stem for path in tmp_path.iterdir())
    assert (days[0], days[-1], len(days)) == ("2026-11-30", "2027-01-01", 33)
    told = capsys.readouterr()
    assert not told.out
    assert "340 events of 5 organisations" in told.err


def test_a_book_without_contracts_is_refused(tmp_path: Path) -> None:
    assert main(["--month", "2026-12", "--events", "9", "--book", str(tmp_path), "--out", str(tmp_path)]) == 2


def test_bins_pick_in_proportion_to_the_weights() -> None:
    weights = [7, 0, 1, 12, 5]
    picked = [0] * len(weights)
    for threshold, own, other in bins(weights):
        picked[own] += threshold
        picked[other] += DRAWS - threshold
    whole = sum(weights)
    for got, weight in zip(picked, weights, strict=True):
        assert abs(got * whole - weight * len(weights) * DRAWS) <= whole * len(weights)


@pytest.mark.parametrize("anchor", ["calendar", "contract_start"])
def test_a_benchmark_book_lists_its_contracts_in_order(tmp_path: Path, anchor: Any) -> None:
    write_book(tmp_path, contracts=60, anchor=anchor)
    rows = (tmp_path / "contracts" / "ordinary.csv").read_text("utf-8").splitlines()[1:]
    assert rows == sorted(rows)
    assert [one.name for one in organisations_of(tmp_path)] == [organisation(number) for number in range(60)]
    assert f"anchor: {anchor}" in (tmp_path / "plans" / "plus.yaml").read_text("utf-8")
