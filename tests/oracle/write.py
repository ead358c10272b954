"""Writes a drawn book, its usage and its rates as the files that the engine reads: `{path: bytes}`.

Numbers are written as plain decimals, as a person types them; texts always in quotes; times with their offset.
"""

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.oracle.money import plain

FOLDERS = {
    "meters": "meters",
    "rating": "specs/rating",
    "multipliers": "specs/multipliers",
    "labels": "specs/labels",
    "plans": "plans",
    "contracts": "contracts",
    "sinks": "sinks",
    "specs": "specs",
}

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(38, 18),
    "boolean": pa.bool_(),
}

BARE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_@.-]*")
RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def book_files(book: Mapping[str, Any]) -> dict[str, bytes]:
    """Write a book as its YAML files."""
    files = {"specs/book.yaml": yaml_of(book["book"])}
    for kind, folder in FOLDERS.items():
        for name, document in book.get(kind, {}).items():
            files[f"{folder}/{name}.yaml"] = yaml_of(document)
    return files


def case_files(
    book: Mapping[str, Any],
    events: Mapping[str, Sequence[Mapping[str, Any]]],
    fx: Iterable[Mapping[str, Any]],
    form: str = "parquet",
) -> dict[str, bytes]:
    """Write a book with its usage (`parquet` or `jsonl`) and rates, and an environment `local` that finds them."""
    usage = {source: f"usage/{source}.{form}" for source in book["book"]["sources"]}
    local = {"usage": {"duckdb": usage}, "fx": {"file": "fx.csv"}}
    files = book_files({**book, "book": {**book["book"], "environments": {"local": local}}})
    for source, path in usage.items():
        declared = book["book"]["sources"][source]
        rows = events.get(source, [])
        files[path] = parquet_of(declared, rows) if form == "parquet" else jsonl_of(declared, rows)
    files["fx.csv"] = fx_of(fx)
    return files


def yaml_of(document: Mapping[str, Any]) -> bytes:
    return ("\n".join(block(document, 0)) + "\n").encode()


def block(node: Mapping[str, Any], depth: int) -> list[str]:
    """A mapping as indented lines; what is inside lists is written in one line."""
    rows = []
    for key, value in node.items():
        if isinstance(value, Mapping) and value:
            rows += [f"{'  ' * depth}{key_of(key)}:", *block(value, depth + 1)]
        else:
            rows.append(f"{'  ' * depth}{key_of(key)}: {flow(value)}")
    return rows


def flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key_of(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date):
        assert not isinstance(value, datetime) or value.tzinfo is not None, "a time carries its offset"
        return value.isoformat()
    assert isinstance(value, int | Decimal | Fraction), value
    return plain(value)


def key_of(key: Any) -> str:
    if isinstance(key, str) and BARE_KEY.fullmatch(key) and key.lower() not in RESERVED:
        return key
    return json.dumps(str(key), ensure_ascii=False)


def parquet_of(source: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bytes:
    schema = pa.schema(
        [
            (source["subject"], pa.string()),
            (source["event_id"], pa.string()),
            (source["event_time"], pa.timestamp("us", tz="UTC")),
            *((name, ARROW_TYPES[kind]) for name, kind in source["columns"].items()),
        ]
    )
    columns = {field.name: [row.get(field.name) for row in rows] for field in schema}
    stream = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), stream)
    return stream.getvalue()


def jsonl_of(source: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """JSON lines; times in UTC to the microsecond, decimals as numbers with all their digits."""
    return "".join(json_row(source, row) + "\n" for row in rows).encode()


def json_row(source: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    names = [source["subject"], source["event_id"], source["event_time"], *source["columns"]]
    return "{" + ", ".join(f"{json.dumps(name)}: {json_value(row.get(name))}" for name in names) + "}"


def json_value(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value.isoformat() if isinstance(value, datetime) else value, ensure_ascii=False)


def fx_of(rows: Iterable[Mapping[str, Any]]) -> bytes:
    lines = [f"{row['date'].isoformat()},{row['source']},{row['pair']},{plain(row['rate'])}" for row in rows]
    return ("\n".join(["date,source,pair,rate", *lines]) + "\n").encode()
