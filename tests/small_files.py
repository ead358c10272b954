"""The files of a small book whose usage is one JSON-lines file beside it: calls of two customers."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

SMALL: Final = {
    "specs/book.yaml": """\
syntax: 1
name: small
currency: USD
sources:
  events: {subject: org, event_id: id, event_time: at, columns: {n: integer}}
environments: {local: {usage: {duckdb: {events: usage.jsonl}}}}
""",
    "specs/world.yaml": "time_zone: UTC\ncurrency: USD\n",
    "meters/calls.yaml": "source: events\naggregate: sum\nvalue: n\nunit: call\n",
    "specs/rating/calls.yaml": "meter: calls\nprice: {amount: 1, per: 1}\n",
    "contracts/acme.yaml": "org: acme\ntype: metered\nspec: world\nstart: 2026-01-01\ncharges: [{rating: calls}]\n",
    "contracts/bolt.yaml": "org: bolt\ntype: metered\nspec: world\nstart: 2026-01-01\ncharges: [{rating: calls}]\n",
}


def write_files(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def write_usage(folder: Path, usage: Iterable[tuple[str, str, int]]) -> None:
    """Write calls: who made them, when, and how many."""
    rows = [{"org": org, "id": f"{org}-{at}", "at": f"{at}T00:00:00Z", "n": n} for org, at, n in usage]
    (folder / "usage.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
