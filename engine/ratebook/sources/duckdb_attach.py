"""Attaching a source to DuckDB: Parquet as a view over its files, text as a typed table that is read once.

What is attached has the columns that the book declares, in their own exact types.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from ratebook.calendar import Interval
from ratebook.findings import Finding
from ratebook.sources.columns import Found, column_findings
from ratebook.sources.defects import Unreadable
from ratebook.sources.duckdb_types import found, time_sql
from ratebook.sources.errors import SourceError, pointer
from ratebook.sources.files import Files, csv_header
from ratebook.sources.json_lines import read_json_lines
from ratebook.sources.text_columns import declared_types, lacks_only_zone, typed
from ratebook.usage.measure import EventSource

ATTACHED = "attached"
"""Schema of what is attached: views and tables with the names of their sources."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A source in DuckDB.

    Attributes:
        zoned: whether its time is a TIMESTAMPTZ, else it is a TIMESTAMP in UTC.
        unreadable: name of the column that says which column of a row is defective; "" where there can be none.
        paths: the files that DuckDB may still read.
    """

    zoned: bool
    unreadable: str
    paths: tuple[str, ...]


def quoted(name: str) -> str:
    """Quote an identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text as a literal: the path of a file, which no view can have as a parameter."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Write a list of literals."""
    return f"[{', '.join(map(literal, texts))}]"


def columns_of(source: EventSource) -> tuple[str, ...]:
    """Name the columns that the book declares, each once."""
    return tuple(declared_types(source))


def attach(connection: duckdb.DuckDBPyConnection, source: EventSource, files: Files) -> Attached:
    """Attach a source's files.

    Raises:
        SourceError: columns are missing or of the wrong type, or a file is damaged.
        duckdb.Error: a file cannot be read.
    """
    if files.format == "parquet":
        return _attach_parquet(connection, source, files.paths)
    return _attach_text(connection, source, files)


class _Signature(NamedTuple):
    """The types of a source's columns in some of its files; files that agree are read together."""

    types: tuple[str, ...]
    paths: list[str]


def _attach_parquet(
    connection: duckdb.DuckDBPyConnection, source: EventSource, paths: Sequence[str]
) -> Attached:
    names = columns_of(source)
    groups: dict[tuple[str, ...], _Signature] = {}
    findings: dict[tuple[str, str], Finding] = {}
    for path, types in _parquet_types(connection, paths).items():
        _check(source, {name: found(type_) for name, type_ in types}, Path(path).name, findings)
        by_name = dict(types)
        signature = tuple(by_name.get(name, "") for name in names)
        groups.setdefault(signature, _Signature(signature, [])).paths.append(path)
    if findings:
        raise SourceError(findings.values())
    time = names.index(source.event_time)
    zoned = all(group.types[time] == "TIMESTAMP WITH TIME ZONE" for group in groups.values())
    selects = []
    for group in groups.values():
        columns = [quoted(name) for name in names]
        columns[time] = f"{time_sql(columns[time], group.types[time], zoned=zoned)} AS {columns[time]}"
        selects.append(f"SELECT {', '.join(columns)} FROM read_parquet({listed(group.paths)})")
    view = f"{ATTACHED}.{quoted(source.name)}"
    connection.execute(f"CREATE VIEW {view} AS {' UNION ALL '.join(selects)}")
    return Attached(zoned, "", tuple(paths))


def _check(
    source: EventSource, columns: Mapping[str, Found], where: str, findings: dict[tuple[str, str], Finding]
) -> None:
    """Add what is wrong with a file's columns, unless an earlier file has shown the same."""
    needed = {name.lower(): name for name in columns_of(source)}
    for name in columns:
        wanted = needed.get(name.lower())
        if wanted is not None and wanted != name and wanted in columns:
            message = f"{where} has the columns {wanted} and {name}, which DuckDB cannot tell apart"
            help_ = "rename one of them where the data is written"
            findings.setdefault(
                ("RB403", wanted), Finding("RB403", message, pointer(source.name), help=help_)
            )
    for finding in column_findings(source, columns, where):
        findings.setdefault((finding.code, finding.pointer), finding)


def _parquet_types(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """Give name and type of every column of every file; what is inside a struct or list is skipped."""
    rows = connection.execute(
        "SELECT file_name, name, duckdb_type, num_children FROM parquet_schema($paths) ORDER BY file_name, column_id",
        {"paths": list(paths)},
    ).fetchall()
    types: dict[str, list[tuple[str, str]]] = {path: [] for path in paths}
    inside: dict[str, int] = {}
    for path, name, type_, children in rows:
        if path not in inside:
            inside[path] = 0  # the root of the file's schema
        elif inside[path]:
            inside[path] += (children or 0) - 1
        else:
            types[path].append((name, "STRUCT" if children else type_))
            inside[path] = children or 0
    return types


def _attach_text(connection: duckdb.DuckDBPyConnection, source: EventSource, files: Files) -> Attached:
    types = declared_types(source)
    unreadable, text = _free("unreadable", types), _free("unreadable_text", types)
    utc = source.event_time_zone == "UTC"
    values = {name: typed(f"r.{quoted(name)}", kind, utc=utc) for name, kind in types.items()}
    broken = [
        f"WHEN r.{quoted(name)} IS NOT NULL AND {value} IS NULL THEN " for name, value in values.items()
    ]
    which = " ".join(branch + literal(name) for branch, name in zip(broken, types, strict=True))
    what = " ".join(f"{branch}r.{quoted(name)}" for branch, name in zip(broken, types, strict=True))
    columns = [f"{value} AS {quoted(name)}" for name, value in values.items()]
    columns += [f"CASE {which} END AS {unreadable}", f"CASE {what} END AS {text}"]
    table = f"{ATTACHED}.{quoted(source.name)}"
    create = f"CREATE TABLE {table} AS SELECT {', '.join(columns)} FROM"
    if files.format == "csv":
        connection.execute(f"{create} ({_read_csv(source, files.paths)}) AS r")
    else:
        batches = read_json_lines(source.name, files.paths, tuple(types))
        schema = pa.schema([(name, pa.string()) for name in types])
        _create_from(connection, f"{create} json_lines AS r", schema, batches)
    return Attached(zoned=True, unreadable=unreadable, paths=())


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Give a column name that the book does not use."""
    lowered = {one.lower() for one in taken}
    while name in lowered:
        name += "_"
    return name


def _create_from(
    connection: duckdb.DuckDBPyConnection, sql: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> None:
    """Create a table from batches; what is wrong with their file is said as it is, without DuckDB's words around it."""
    wrong: list[SourceError] = []

    def watched() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except SourceError as error:
            wrong.append(error)
            raise

    connection.register("json_lines", pa.RecordBatchReader.from_batches(schema, watched()))
    try:
        connection.execute(sql)
    except duckdb.Error:
        if wrong:
            raise wrong[0] from None
        raise
    finally:
        connection.unregister("json_lines")


def _read_csv(source: EventSource, paths: Sequence[str]) -> str:
    """Write a query of a CSV's declared columns as text. Nothing is guessed: a wrong guess reads no row at all."""
    groups: dict[tuple[str, ...], list[str]] = {}
    findings: dict[tuple[str, str], Finding] = {}
    for path in paths:
        header = csv_header(source.name, path)
        types = declared_types(source)
        text = {
            name: Found("instant" if types.get(name) == "time" else _as_declared(types.get(name)), "text")
            for name in header
        }
        _check(source, text, Path(path).name, findings)
        groups.setdefault(header, []).append(path)
    if findings:
        raise SourceError(findings.values())
    names = ", ".join(quoted(name) for name in columns_of(source))
    options = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
    selects = []
    for header, group in groups.items():
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
        selects.append(f"SELECT {names} FROM read_csv({listed(group)}, {options}, columns = {{{columns}}})")
    return " UNION ALL ".join(selects)


def _as_declared(kind: str | None) -> Any:  # noqa: ANN401 - a kind of column
    """Text is of whatever type its column is declared to be, until it is read."""
    return kind or "string"


def unreadable_rows(
    connection: duckdb.DuckDBPyConnection, source: EventSource, attached: Attached, window: Interval
) -> Iterator[Unreadable]:
    """Give what could not be read.

    Rows whose time is known to lie outside the window are another run's concern.
    """
    text = _free("unreadable_text", declared_types(source))
    event_id = f"min({quoted(source.event_id)})" if source.event_id else "NULL"
    time = f"epoch_us({quoted(source.event_time)})"
    zone = f"{attached.unreadable} = {literal(source.event_time)} AND {lacks_only_zone(text)}"
    rows = connection.execute(
        f"SELECT {attached.unreadable}, {zone} AS lacks_zone, count(*), min({text}), coalesce({event_id}, '') "
        f"FROM {ATTACHED}.{quoted(source.name)} WHERE {attached.unreadable} IS NOT NULL "
        f"AND ({time} IS NULL OR ({time} >= $start AND {time} < $end)) GROUP BY ALL ORDER BY ALL",
        {"start": window.start, "end": window.end},
    ).fetchall()
    yield from map(Unreadable._make, rows)
