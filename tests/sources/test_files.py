"""Files as they come: missing, of another shape, with inexact numbers or local times; each is refused with a reason."""

import gzip
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from ratebook.compiler.duckdb_sql import DUCKDB
from ratebook.compiler.queries import metering_query
from ratebook.money import plain
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.sources.errors import SourceError
from ratebook.usage.measure import ColumnType, Dimension, Measure
from tests.sources.ask import COUNT, Asked, ask, ask_parquet, events, measuring
from tests.sources.cases import SOURCE, START, moment

SMALL = replace(SOURCE, columns={"n": "integer"})
AT = "2026-06-01T12:00:00Z"


def small(kind: ColumnType = "integer", zone: str = "", aggregate: Any = "sum") -> Measure:
    source = replace(SMALL, columns={"n": kind}, event_time_zone=zone)
    return measuring(aggregate, "n", source=source)


def parquet(folder: Path, n: pa.Array, ts: pa.Array | None = None, name: str = "events.parquet") -> None:
    times = pa.array([moment(START)] * len(n), pa.timestamp("us", "UTC")) if ts is None else ts
    ids = pa.array([f"{name}{number}" for number in range(len(n))])
    table = pa.table({"id": ids, "org": pa.array(["a"] * len(n)), "ts": times, "n": n})
    pyarrow.parquet.write_table(table, folder / name)


def lines(folder: Path, *rows: str, name: str = "events.csv") -> None:
    header = "id,org,ts,n\n" if name.endswith(".csv") else ""
    (folder / name).write_text(header + "".join(f"{row}\n" for row in rows), "utf-8")


def asked(folder: Path, measure: Measure, pattern: str = "events.*") -> Asked:
    return ask(DuckDBUsage({"raw": pattern}, folder), measure)


def refused(folder: Path, measure: Measure, pattern: str = "events.*") -> SourceError:
    with pytest.raises(SourceError) as caught:
        asked(folder, measure, pattern)
    return caught.value


def test_a_pattern_that_matches_nothing(tmp_path: Path) -> None:
    error = refused(tmp_path, COUNT, "usage/*.parquet")
    assert error.finding.code == "RB401"
    assert "usage/*.parquet matches no file" in str(error)
    (tmp_path / "usage").mkdir()
    assert "is a folder" in str(refused(tmp_path, COUNT, "usage"))


def test_files_of_several_formats(tmp_path: Path) -> None:
    parquet(tmp_path, pa.array([1]))
    lines(tmp_path, f"e1,a,{AT},1")
    assert refused(tmp_path, small()).finding.code == "RB401"


def test_a_source_that_the_environment_does_not_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        ask(DuckDBUsage({}, tmp_path), COUNT)
    assert caught.value.finding.pointer.endswith("/book#sources/raw")


def test_names_of_files_may_be_odd(tmp_path: Path) -> None:
    parquet(tmp_path, pa.array([5]), name="it's [a] *.parquet")
    assert asked(tmp_path, small(), "it's [a] *.parquet").told == [((), 1, 5)]
    assert asked(tmp_path, small(), "it's*").told == [((), 1, 5)]


def test_all_missing_columns_are_reported(tmp_path: Path) -> None:
    table = pa.table({"ID": ["x"], "org": ["a"], "other": [1]})
    pyarrow.parquet.write_table(table, tmp_path / "events.parquet")
    error = refused(tmp_path, small())
    assert [finding.code for finding in error.findings] == ["RB402"] * 3
    assert "write ID: names are case-sensitive" in {finding.help for finding in error.findings}


def test_columns_that_differ_only_in_case(tmp_path: Path) -> None:
    """DuckDB would silently read the first of them."""
    table = pa.table({"id": ["x"], "org": ["a"], "ts": [moment(START)], "N": [1], "n": [2]})
    pyarrow.parquet.write_table(table, tmp_path / "events.parquet")
    assert "cannot tell apart" in str(refused(tmp_path, small()))


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_a_float_is_no_quantity(kind: pa.DataType, tmp_path: Path) -> None:
    """Pitfall 34: refused before a row is read."""
    parquet(tmp_path, pa.array([1.0], kind))
    assert refused(tmp_path, small("decimal")).finding.code == "RB404"
    assert refused(tmp_path, small("string", aggregate="unique")).finding.code == "RB403"


@pytest.mark.parametrize(
    ("array", "kind", "code"),
    [
        (pa.array(["1"]), "integer", "RB403"),
        (pa.array([True]), "integer", "RB403"),
        (pa.array([1]), "boolean", "RB403"),
        (pa.array([Decimal("1.5")]), "integer", "RB403"),
        (pa.array([Decimal("0.1234567890123456789")]), "decimal", "RB403"),
        (pa.array([b"x"]), "string", "RB403"),
        (pa.array([{"n": 1}]), "integer", "RB403"),
    ],
)
def test_a_column_of_another_type(array: pa.Array, kind: ColumnType, code: str, tmp_path: Path) -> None:
    parquet(tmp_path, array)
    assert refused(tmp_path, small(kind, aggregate="unique")).finding.code == code


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([7], pa.uint8()), "integer"),
        (pa.array([7], pa.uint64()), "integer"),
        (pa.array([Decimal(7)], pa.decimal128(38, 0)), "integer"),
        (pa.array([7], pa.int8()), "decimal"),
        (pa.array([Decimal(7)], pa.decimal128(38, 18)), "decimal"),
        (pa.array([Decimal(7)], pa.decimal128(9, 2)), "decimal"),
    ],
)
def test_every_exact_type_is_read(array: pa.Array, kind: ColumnType, tmp_path: Path) -> None:
    parquet(tmp_path, array)
    for aggregate in ("sum", "max", "latest", "unique"):
        expected = 1 if aggregate == "unique" else 7
        assert asked(tmp_path, small(kind, aggregate=aggregate)).told == [((), 1, expected)]


def test_files_may_differ_in_their_types(tmp_path: Path) -> None:
    """A cast to the type of the first file would round or fail; each is read by its own."""
    parquet(tmp_path, pa.array([1], pa.int8()), name="events.1.parquet")
    parquet(tmp_path, pa.array([Decimal("0.25")]), name="events.2.parquet")
    naive = pa.array([datetime(2026, 6, 1, 12)], pa.timestamp("us"))  # noqa: DTZ001 - that is the point
    parquet(tmp_path, pa.array([2**62]), naive, name="events.3.parquet")
    assert asked(tmp_path, small("decimal", "UTC")).told == [((), 3, 2**62 + Decimal("1.25"))]
    parquet(tmp_path, pa.array([1.5]), name="events.4.parquet")
    assert "events.4.parquet" in str(refused(tmp_path, small("decimal", "UTC")))


def test_a_time_without_a_zone(tmp_path: Path) -> None:
    naive = pa.array([datetime(2026, 6, 1)], pa.timestamp("us"))  # noqa: DTZ001 - that is the point
    parquet(tmp_path, pa.array([1]), naive)
    error = refused(tmp_path, small())
    assert error.finding.code == "RB405"
    assert "event_time_zone: UTC" in error.finding.help
    assert asked(tmp_path, small(zone="UTC")).told == [((), 1, 1)]


@pytest.mark.parametrize("zone", ["UTC", None])
def test_nanoseconds_are_cut_not_rounded(zone: str | None, tmp_path: Path) -> None:
    """Pitfall 46: DuckDB's cast rounds 23:59:59.9999999 into the next period."""
    last = int(timedelta(days=1) / timedelta(microseconds=1)) + START
    times = pa.array([last * 1000 - 1, last * 1000], pa.timestamp("ns", zone))
    parquet(tmp_path, pa.array([1, 10]), times)
    assert asked(tmp_path, small(zone="UTC")).told == [((), 1, 1)]


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_coarser_times(unit: str, tmp_path: Path) -> None:
    parquet(tmp_path, pa.array([1]), pa.array([moment(START)], pa.timestamp(unit, "Europe/Istanbul")))
    assert asked(tmp_path, small()).told == [((), 1, 1)]


def test_row_groups_outside_of_the_period_are_not_read(tmp_path: Path) -> None:
    """The bounds are bound as the type of the column, or all of a year would be read for a month."""
    rows = events(*({"ts": moment(START + number * 1_000_000_000)} for number in range(400)))
    ask_parquet(tmp_path, rows)
    source = DuckDBUsage({"raw": "events.parquet"}, tmp_path)
    pyarrow.parquet.write_table(
        pyarrow.parquet.read_table(tmp_path / "events.parquet"),
        tmp_path / "events.parquet",
        row_group_size=20,
    )
    source.prepare([(SOURCE, COUNT.slots.window)])
    query = metering_query(COUNT, DUCKDB)
    explained = source._connection.execute(
        f"EXPLAIN ANALYZE {query.text}", source._bound(query, SOURCE)
    ).fetchall()
    source.close()
    assert "Row Groups Scanned: 5 / 20" in explained[0][1]


@pytest.mark.parametrize(
    "text", ["1e3", "1.0", "1.5", " 7", "+7", "007", "1_000", "٣", "0x10", "NaN", "9" * 39]
)
def test_what_is_not_exactly_an_integer_does_not_count(text: str, tmp_path: Path) -> None:
    """Pitfall 15, in usage."""
    lines(tmp_path, f"e1,a,{AT},{text}", f"e2,a,{AT},-5")
    found = asked(tmp_path, small())
    assert found.told == [((), 1, -5)]
    (finding,) = found.findings
    assert finding.code == "RB410"
    assert finding.details == {"events": 1, "column": "n", "value": text, "example": "e1"}


def test_a_decimal_with_too_many_places_is_neither_cut_nor_rounded(tmp_path: Path) -> None:
    """Pitfall 26: ClickHouse would cut, DuckDB would round."""
    lines(
        tmp_path, f"e1,a,{AT},0.1234567890123456789", f"e2,a,{AT},0.123456789012345678", f"e3,a,{AT},1.9999"
    )
    found = asked(tmp_path, small("decimal"))
    assert found.told == [((), 2, Decimal("2.123356789012345678"))]
    assert found.codes == ["RB410"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-06-01 12:00:00", "RB405"),
        ("2026-02-31T00:00:00Z", "RB408"),
        ("2026-06-01T23:59:60Z", "RB408"),
        ("2026-06-01T24:00:00Z", "RB408"),
        ("2026-06-01", "RB408"),
        ("1780272000", "RB408"),
        ("yesterday", "RB408"),
        ("2026-06-01T12:00:00+25:00", "RB408"),
        ("", "RB408"),
    ],
)
def test_times_that_say_too_little(text: str, code: str, tmp_path: Path) -> None:
    """Pitfalls 30 and 47: no date is made of 31 February, and a leap second is quarantined."""
    lines(tmp_path, f"e1,a,{text},1", f"e2,a,{AT},5")
    found = asked(tmp_path, small())
    assert found.told == [((), 1, 5)]
    assert found.codes == [code]


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-01T00:00:00Z",
        "2026-06-01 03:00:00.000000+03:00",
        "2026-05-31T20:30-0330",
        "2026-06-01T23:59:59.9999999Z",
    ],
)
def test_times_as_they_are_written(text: str, tmp_path: Path) -> None:
    lines(tmp_path, f"e1,a,{text},1")
    assert asked(tmp_path, small()).told == [((), 1, 1)]


def test_local_times_that_the_book_says_are_utc(tmp_path: Path) -> None:
    lines(tmp_path, "e1,a,2026-06-01 00:00:00,1", "e2,a,2026-06-01T02:59:59+03:00,10")
    assert asked(tmp_path, small(zone="UTC")).told == [((), 1, 1)]


@pytest.mark.parametrize(
    "row",
    ["e1,a", f"e1,a,{AT},1,2", f'e1,"a"b,{AT},1', f'e1,"a,{AT},1'],
    ids=["short", "long", "quote", "open"],
)
def test_a_csv_that_is_damaged(row: str, tmp_path: Path) -> None:
    lines(tmp_path, f"e0,a,{AT},1", row)
    assert refused(tmp_path, small()).finding.code == "RB415"


@pytest.mark.parametrize("data", [b"", b"id,org,ts,n,n\n", b"id,org,ts,n\ne1,\xff,2026-06-01T12:00:00Z,1\n"])
def test_a_csv_that_is_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_bytes(data)
    assert refused(tmp_path, small()).finding.code == "RB415"


def test_csv_as_spreadsheets_write_it(tmp_path: Path) -> None:
    text = "\ufeffn,more,ts,org,id\r\n" + f'5,"x, ""y""\r\nz",{AT},a,e1\r\n'
    (tmp_path / "events.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert asked(tmp_path, small()).told == [((), 1, 5)]


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("0.123456789012345678", "0.123456789012345678"),
        ("12345678901234567890.5", "12345678901234567890.5"),
        ('"0.50"', "0.5"),
        ("0.1000000000000000055", "RB410"),
        ("1e3", "RB410"),
        ("[1]", "RB410"),
        ("true", "RB410"),
        ("null", "RB409"),
    ],
)
def test_numbers_of_json_never_become_floats(value: str, answer: str, tmp_path: Path) -> None:
    """Pitfall 17: DuckDB's own reader makes 0.1 of 0.1000000000000000055."""
    lines(tmp_path, f'{{"id": "e1", "org": "a", "ts": "{AT}", "n": {value}}}', "", name="events.jsonl")
    found = asked(tmp_path, small("decimal"))
    assert [plain(row.quantity) for row in found.rows] + found.codes == [answer]


@pytest.mark.parametrize("line", ["{", "[]", "1", '{"n": NaN}', '{"id": "\\ud800"}', "\x00"])
def test_json_lines_that_are_damaged(line: str, tmp_path: Path) -> None:
    lines(tmp_path, f'{{"id": "e1", "org": "a", "ts": "{AT}", "n": 1}}', line, name="events.jsonl")
    error = refused(tmp_path, small())
    assert error.finding.code == "RB415"
    assert "events.jsonl" in str(error)


@pytest.mark.parametrize("more", ['"n": 2', '"n": 1', '"tags": {"a": 1, "a": 2}'])
def test_a_key_that_stands_twice_in_a_line_is_refused(more: str, tmp_path: Path) -> None:
    """As in a book (pitfall 14): nobody knows which value is meant, and the last one would win in silence."""
    lines(tmp_path, f'{{"id": "e1", "org": "a", "ts": "{AT}", "n": 1, {more}}}', "", name="events.jsonl")
    error = refused(tmp_path, small())
    assert error.finding.code == "RB415"
    assert "line 1: the key" in error.finding.message
    assert "stands twice" in error.finding.message


def test_a_parquet_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_bytes(b"PAR1 not really")
    assert refused(tmp_path, small()).finding.code == "RB415"


def test_the_engine_is_locked_once_the_files_are_attached(tmp_path: Path) -> None:
    ask_parquet(tmp_path, events({}))
    (tmp_path / "secret.csv").write_text("a\n1\n", "utf-8")
    source = DuckDBUsage({"raw": "events.parquet"}, tmp_path)
    source.prepare([(SOURCE, COUNT.slots.window)])
    for statement in (
        f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/other.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            source._connection.execute(statement)
    source.close()
    assert not (tmp_path / "out.csv").exists()


def test_temporary_files_do_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    ask_parquet(tmp_path, events({}))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_dimensions_of_files_with_enums_and_uuids(tmp_path: Path) -> None:
    """A dictionary in Parquet is a text, an id may be a UUID."""
    duckdb.connect().execute(
        "COPY (SELECT 'f47ac10b-58cc-4372-a567-0e02b2c3d479'::UUID AS id, 7 AS org, "
        "TIMESTAMPTZ '2026-06-01 00:00:00Z' AS ts, 'big'::ENUM('small', 'big') AS n) "
        f"TO '{tmp_path}/events.parquet' (FORMAT parquet)"
    )
    measure = replace(small("string", aggregate="count"), value="", dimensions=(Dimension("n"),), keep=("n",))
    found = asked(tmp_path, measure)
    assert found.lost == {("unknown_subject", ("7",)): 1}
    assert found.unbilled[0].example == "f47ac10b-58cc-4372-a567-0e02b2c3d479"
