"""A small book over two months, and what a simulation says of it, in a few words a row."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from ratebook.book import Book, load
from ratebook.fx import RateTable
from ratebook.preview.diff import Side
from ratebook.preview.months import Months
from ratebook.preview.simulation import Simulation
from tests.oracle.memory_source import MemorySource

Files = dict[str, str]
Usage = Sequence[tuple[str, str, str, int]]
"""Subject, day, chain, how many calls."""

FILES: Files = {
    "specs/book.yaml": "syntax: 1\nname: small\ncurrency: USD\nsources:\n  raw:"
    " {subject: org, event_id: id, event_time: at, columns: {chain: string}}\n",
    "specs/world.yaml": "time_zone: UTC\ncurrency: USD\ntax: {name: VAT, percent: 20}\n",
    "meters/calls.yaml": "source: raw\naggregate: count\nunit: call\ndimensions: [chain]\n",
    "specs/rating/calls.yaml": "meter: calls\nlines_by: [chain]\nprice: {amount: 1, per: 1}\ndescription: Calls\n",
    "plans/pro.yaml": "name: Pro\nfees: [{id: base, name: Base, amount: 10, bill: in_arrears}]\n"
    "charges: [{rating: calls, included: 10}]\n",
    "plans/lite.yaml": "name: Lite\ncharges: [{rating: calls, price: {amount: 3, per: 1}}]\n",
    "contracts/acme.yaml": "org: acme\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n",
    "contracts/bolt.yaml": "org: bolt\ntype: metered\nspec: world\nplan: lite\nstart: 2026-01-01\n",
}
DEARER = {"specs/rating/calls.yaml": ("amount: 1", "amount: 2")}
COSTS = """\
usage:
  nodes:
    meter: calls
    price:
      model: matrix
      by: [chain]
      values: {eth: {amount: 0.50, per: 1}, default: {amount: 0.25, per: 1}}
contract: 2
plans: {pro: 5}
"""
USAGE: Usage = (
    ("acme", "2026-09-05", "eth", 12),
    ("acme", "2026-09-06", "sol", 8),
    ("acme", "2026-10-05", "eth", 100),
    ("bolt", "2026-10-07", "sol", 3),
)


def events(usage: Usage) -> list[dict[str, Any]]:
    """Give the calls one by one."""
    return [
        {
            "id": f"{subject}-{day}-{chain}-{number}",
            "at": datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC),
            "org": subject,
            "chain": chain,
        }
        for subject, day, chain, count in usage
        for number in range(count)
    ]


def edited(edits: Mapping[str, tuple[str, str]], **more: str) -> Files:
    """Give the files with a text replaced in some of them, and more contracts."""
    files = dict(FILES)
    for path, (old, new) in edits.items():
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    return files | {f"contracts/{name}.yaml": text for name, text in more.items()}


def book(files: Files) -> Book:
    loaded = load({path: text.encode() for path, text in files.items()})
    assert loaded.book is not None, [str(finding) for finding in loaded.findings]
    return loaded.book


def simulate(
    second: Files,
    first: Files | None = None,
    *,
    usage: Usage = USAGE,
    months: str = "2026-09/2026-10",
    by: str = "",
    currency: str = "",
    rates: RateTable | None = None,
    day: date | None = None,
) -> dict[str, Any]:
    """Simulate two months."""
    return Simulation(
        Side("second", book(second)),
        None if first is None else Side("first", book(first)),
        Months.parse(months),
        MemorySource({"raw": events(usage)}),
        rates or RateTable(),
        by,
        currency,
        day,
    ).document()


def rows(document: Mapping[str, Any], part: str, key: str = "") -> list[str]:
    """Write rows in a few words: `eth 96.00 → 192.00, costs 56.00`."""
    found = []
    for row in document[part]:
        name = f"{row[key] or '-'} " if key else ""
        was = f"{row['revenue']['was']} → " if document["base"] else ""
        costs = f", costs {row['cost']['will_be']}" if row["cost"] else ""
        found.append(f"{name}{was}{row['revenue']['will_be']}{costs}")
    return found
