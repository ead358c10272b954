"""JSON lines as columns of text, read without a float: DuckDB's reader turns `0.1000000000000000055` into 0.1."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from ratebook.sources.files import open_text, unreadable

NESTED: Final = "\N{SYMBOL FOR NULL}"
"""Stands for a value that is an object or an array, which no column can be."""

_BATCH: Final = 20_000


def _refuse(constant: str) -> Any:  # noqa: ANN401 - json's hook
    raise ValueError(f"{constant} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its keys; of two values under one key neither is known to be meant."""
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return row


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=_refuse
)


def read_json_lines(source: str, paths: Iterable[str], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Read files of JSON objects, one a line, as batches of text; numbers are as they were typed.

    Raises:
        SourceError: a line is no JSON object.
    """
    schema = pa.schema([(name, pa.string()) for name in columns])
    rows: list[dict[str, Any]] = []
    for path in paths:
        for row in _objects(source, path):
            rows.append(row)
            if len(rows) == _BATCH:
                yield _batch(source, path, rows, schema)
                rows = []
        yield _batch(source, path, rows, schema)
        rows = []


def _objects(source: str, path: str) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        with open_text(path) as text:
            for number, line in enumerate(text, 1):
                if line.isspace():
                    continue
                row = _DECODER.decode(line.strip())
                if not isinstance(row, dict):
                    raise unreadable(source, path, f"line {number} is no JSON object")
                yield row
    except (ValueError, OSError, EOFError, RecursionError) as error:
        raise unreadable(source, path, f"line {number or 1}: {error}") from None


def _batch(source: str, path: str, rows: list[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    try:
        arrays = [pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in schema.names]
    except UnicodeEncodeError as error:
        raise unreadable(source, path, f"a text is no Unicode: {error}") from None
    return pa.record_batch(arrays, schema=schema)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return NESTED
