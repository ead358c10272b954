"""Files of a simulation: its tables as CSV and Parquet, the whole of it as JSON and as a page."""

import csv
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from ratebook.preview.simulation_html import draw_simulation_html
from ratebook.preview.simulation_rows import AMOUNTS, COLUMNS, TEXTS, simulation_rows

_DIGITS, _PLACES = 38, 6

Document = Mapping[str, Any]


def _csv(path: Path, document: Document) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(simulation_rows(document))


def _parquet(path: Path, document: Document) -> None:
    import pyarrow as pa  # noqa: PLC0415 - a fifth of a second, for this file alone
    from pyarrow import parquet  # noqa: PLC0415

    amount = pa.decimal128(_DIGITS, _PLACES)
    types = dict.fromkeys(TEXTS, pa.string()) | {"contracts": pa.int64()} | dict.fromkeys(AMOUNTS, amount)
    schema = pa.schema([(name, types[name]) for name in COLUMNS])
    rows = [
        {name: Decimal(value) if value and name in AMOUNTS else value for name, value in row.items()}
        for row in simulation_rows(document)
    ]
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def _json(path: Path, document: Document) -> None:
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def _html(path: Path, document: Document) -> None:
    path.write_text(draw_simulation_html(document), encoding="utf-8")


WRITERS: Final[Mapping[str, Callable[[Path, Document], None]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json,
    ".html": _html,
}
"""Ending of a file → what writes it."""


def write_file(path: Path, document: Document) -> None:
    """Write a simulation into a file, in the form that its ending says; a file that is there is replaced."""
    WRITERS[path.suffix](path, document)
