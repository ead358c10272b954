"""`ratebook simulate` as a user calls it: the how-to page, its files, and what it refuses."""

import csv
import json
import os
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from tests.example import RATEBOOK, REPOSITORY, ratebook

PAGE = (REPOSITORY / "docs" / "how-to" / "simulate-a-price.md").read_text("utf-8")
BLOCKS = re.compile(r"```(console|yaml)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Do what the page says, in order; each command prints what stands below it."""
    folder = tmp_path_factory.mktemp("page")
    path = {"PATH": f"{Path(RATEBOOK).parent}{os.pathsep}{os.environ['PATH']}"}
    for kind, text in BLOCKS.findall(PAGE):
        if kind == "yaml":
            (folder / text.partition("\n")[0].removeprefix("# ")).write_text(text, "utf-8")
            continue
        for step in filter(None, re.split(r"^\$ ", text, flags=re.MULTILINE)):
            command, _, expected = step.partition("\n")
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=folder,
                capture_output=True,
                check=False,
                text=True,
                env={**os.environ, **path},
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout == expected
    return folder


def test_the_commands_of_the_page_print_what_it_says(folder: Path) -> None:
    """September has no usage: its invoice is October's base fee, in both books."""
    text = (folder / "year.txt").read_text()
    assert re.search(r"^2026-09 +49\.00 +49\.00 +0\.00", text, re.MULTILINE)
    assert "growth → starter" in text
    assert (folder / "year.html").read_text().startswith("<!doctype html>")


def test_csv_parquet_and_json_say_the_same(folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"year.{ending}" for ending in ("csv", "parquet", "json")]
    words = [word for file in files for word in ("--out", str(file))]
    book, base = str(folder / "prices"), str(folder / "before")
    done = ratebook(
        "simulate",
        "--book",
        book,
        "--against",
        base,
        "--months",
        "2026-10",
        "--by",
        "chain",
        *words,
        "--format",
        "json",
    )
    assert done.code == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert json.loads(files[2].read_text()) == document

    with files[0].open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = {
        "total": "totals",
        "month": "by_month",
        "plan": "by_plan",
        "chain": "by_value",
        "contract": "by_contract",
    }
    for table, part in names.items():
        told = [row for row in rows if row["table"] == table]
        assert [(row["revenue_was"], row["revenue_will_be"], row["margin_will_be"]) for row in told] == [
            (row["revenue"]["was"], row["revenue"]["will_be"], row["margin"]["will_be"])
            for row in document[part]
        ]
    (own,) = [row for row in rows if row["table"] == "contract"]
    assert own["cheapest_saves"] == document["cheaper_plans"][0]["saves"]

    table = pyarrow.parquet.read_table(files[1]).to_pylist()
    assert [row["name"] or "" for row in table] == [row["name"] for row in rows]
    for column in (
        "revenue_was",
        "revenue_will_be",
        "difference",
        "cost_will_be",
        "margin_will_be",
        "cheapest_saves",
    ):
        assert [row[column] for row in table] == [
            Decimal(row[column]) if row[column] else None for row in rows
        ]


def test_revenue_is_what_rate_invoices_for_each_book(folder: Path) -> None:
    """Acme uses 4 M units beyond the included ones: 49 + 3 × 20 + 16, and 49 + 3 × 24 + 16."""
    found = []
    for book in ("before", "prices"):
        done = ratebook("rate", "--book", str(folder / book), "--period", "2026-10", "--format", "json")
        found += [invoice["subtotal"] for invoice in json.loads(done.stdout)["invoices"]]
    assert found == ["125.00", "137.00"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--months", "2026"), "'2026' are no months; write 2026-01/2026-12, or 2026-10 for one"),
        (("--months", "2024-01/2026-10"), "these are 34 months; a simulation runs over 1 to 24"),
        (("--last", "0"), "these are 0 months; a simulation runs over 1 to 24"),
        (("--last", "3", "--months", "2026-10"), "--months and --last exclude one another"),
        (("--by", "chian"), "no meter has a dimension 'chian'; did you mean `chain`?"),
        (("--currency", "usd"), "'usd' is not a currency, as in EUR"),
        (("--out", "year.xls"), "year.xls has none of the endings .csv, .parquet, .json, .html"),
        (("--against", "nowhere"), "nowhere"),
        (("--as-if", "all"), "--as-if all needs --against: what changes is seen beside the book before"),
        (("--as-if", "soon"), "'soon' is no date; write 2026-12-01 or all"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_measured(
    words: tuple[str, ...], said: str
) -> None:
    done = ratebook("simulate", "--book", str(REPOSITORY), *words, environment={"COLUMNS": "200"})
    assert done.code == 2
    assert said in done.stderr
