"""Generate a provider's usage: realistic, seeded, the same on any machine and with any number of threads.

    python -m benchmarks.generate_usage --month 2026-10 --events 200000 --seed 7 --out usage

Writes one file a UTC day. Every column of a row is computed from the day, the row's number and the seed
alone, by integer arithmetic in DuckDB, so that rows may be made in parallel and in bounded memory. What makes
usage hard to bill is in it too: about 1 % of the events are delivered twice, a few come back with another
payload, some arrive days late, some call chains that have no price yet or come from organisations without a
contract.
"""

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
import yaml

from benchmarks import traffic
from benchmarks.usage_query import MACROS, Day
from benchmarks.usage_tables import calls, places, slices

FORMATS: Final = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER true",
    "jsonl": "FORMAT json",
}
MEMORY_LIMIT: Final = "1200MB"


class Organisation(NamedTuple):
    """A subject of usage, and the UTC days `[first, last)` on which it makes requests."""

    name: str
    first: date = date.min
    last: date = date.max


@dataclass(frozen=True, slots=True)
class Request:
    """What to generate: how many events, for whom (large ones first), on which UTC days `[first, last)`."""

    events: int
    organisations: Sequence[Organisation]
    first: date
    last: date
    seed: int

    @property
    def days(self) -> list[date]:
        """The UTC days, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days)]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: events, rows (more than events by the repeated deliveries), files."""

    events: int
    rows: int
    files: tuple[Path, ...]


def generate(request: Request, folder: Path, kind: str = "parquet", threads: int | None = None) -> Written:
    """Write the usage of a request into a folder, one file a day.

    Args:
        request: what to generate.
        folder: where to; it is made if need be, and files of an earlier generation in it are removed.
        kind: a key of `FORMATS`.
        threads: how many threads DuckDB may use; the data do not depend on it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("????-??-??.*"):
        stale.unlink()
    counts = _events_by_day(request)
    rows, files = 0, []
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT}) as connection:
        _prepare(connection, max(counts), threads)
        living: list[str] = []
        for day, events in zip(request.days, counts, strict=True):
            living, before = (
                [one.name for one in request.organisations if one.first <= day < one.last],
                living,
            )
            if living != before:
                _create(connection, "places", places(living, request.seed))
            path = folder / f"{day}.{kind}"
            query = Day(day, events, len(living) * len(traffic.PLACES), request.seed).query()
            rows += connection.execute(f"COPY ({query}) TO '{path}' ({FORMATS[kind]})").fetchall()[0][0]
            files.append(path)
    return Written(sum(counts), rows, tuple(files))


def organisations_of(book: Path) -> list[Organisation]:
    """List the usage subjects of a book's contracts: of YAML files by contract id, then of CSV files.

    The order is the rank that gives an organisation its share of the usage, so customers with a file of their
    own are the large ones.
    """
    folder = book / "contracts"
    found: list[Organisation] = []
    for path in sorted(folder.rglob("*.yaml"), key=lambda path: path.stem):
        contract = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - builds strings only
        names = contract.get("subjects") or [contract["org"]]
        found += [Organisation(name, *_life(contract["start"], contract.get("end"))) for name in names]
    for path in sorted(folder.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            found += [Organisation(row["org"], *_life(row["start"], row.get("end"))) for row in rows]
    return found


def _life(start: str, end: str | None) -> tuple[date, date]:
    """Give the UTC days of a contract. One that begins within a day is in use from the next day on."""
    first = date.fromisoformat(start[:10]) + timedelta(days="T" in start)
    return first, date.fromisoformat(end[:10]) if end else date.max


def _events_by_day(request: Request) -> list[int]:
    """Spread the events over the days by weekday, adding up exactly."""
    weights = [traffic.WEEKDAYS[day.weekday()] for day in request.days]
    events: list[int] = []
    before = 0
    for weight in weights:
        before += weight
        events.append(request.events * before // sum(weights) - sum(events))
    return events


def _prepare(connection: duckdb.DuckDBPyConnection, largest_day: int, threads: int | None) -> None:
    """Set the connection up, and make the macros and tables that a day's query needs."""
    if threads:
        connection.execute(f"SET threads = {threads}")
    connection.execute("SET TimeZone = 'UTC'")
    # The events stream past the tables that they are joined with, in the order in which they are numbered.
    connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    for macro in MACROS:
        connection.execute(macro)
    connection.execute(f"CREATE TABLE numbers AS SELECT i FROM range({largest_day}) AS t(i)")
    _create(connection, "calls", calls())
    _create(connection, "slices", slices())


def _create(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Make a table of rows, in place of an earlier one."""
    connection.register("incoming", pa.Table.from_pylist(rows))
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM incoming")
    connection.unregister("incoming")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generate_usage", description="Generate a provider's usage."
    )
    day = date.fromisoformat
    parser.add_argument("--month", help="a month as 2026-10, with a day on both sides for the time zones")
    parser.add_argument("--from", dest="first", type=day, help="first UTC day, in place of the month's")
    parser.add_argument("--to", dest="last", type=day, help="the UTC day after the last one")
    parser.add_argument("--events", type=int, required=True, help="how many, repeated deliveries apart")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--book", type=Path, default=Path(), help="whose contracts name the organisations")
    parser.add_argument("--organisations", type=int, help="so many generated ones, in place of a book's")
    parser.add_argument("--format", choices=sorted(FORMATS), default="parquet")
    parser.add_argument("--threads", type=int)
    parsed = parser.parse_args(arguments)
    if parsed.month:
        first = day(f"{parsed.month}-01")
        parsed.first = parsed.first or first - timedelta(days=1)
        parsed.last = parsed.last or (first + timedelta(days=31)).replace(day=1) + timedelta(days=1)
    if not (parsed.first and parsed.last and parsed.first < parsed.last):
        parser.error("say --month, or --from and a later --to")
    return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and tell on stderr, in one line, what was written."""
    parsed = _arguments(arguments)
    if parsed.organisations:
        organisations = [Organisation(traffic.organisation(number)) for number in range(parsed.organisations)]
    else:
        organisations = organisations_of(parsed.book)
    if not organisations:
        sys.stderr.write(f"no contracts in {parsed.book.resolve()}: say --book, or --organisations\n")
        return 2
    started = time.perf_counter()
    request = Request(parsed.events, organisations, parsed.first, parsed.last, parsed.seed)
    written = generate(request, parsed.out, parsed.format, parsed.threads)
    size = sum(path.stat().st_size for path in written.files) / 1_000_000
    sys.stderr.write(
        f"{parsed.out}: {written.events:,} events of {len(organisations):,} organisations,"
        f" {written.rows:,} rows, {len(written.files)} days, {size:,.1f} MB,"
        f" {time.perf_counter() - started:.1f} s\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
