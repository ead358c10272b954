"""Generate a book for benchmarks: one rating rule, many ordinary contracts, usage that matches.

    python -m benchmarks.generate_book --contracts 20000 --anchor calendar --out DIR
    python -m benchmarks.generate_usage --month 2026-10 --events 10000000 --organisations 20000 --out DIR/usage

Every contract is billed a base fee and its requests by chain: about five lines. The weights of the methods change
three times in the month, so that usage has four slots; with `contract_start` anchors each day of the year is the
start of some contracts' periods (their usage begins in the month before: `--from 2026-09-01 --to 2026-11-02`).
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal

from benchmarks import traffic

Anchor = Literal["calendar", "contract_start"]

CHANGES: Final = ((8, "00:00:00+00:00"), (15, "14:00:00+03:00"), (23, "00:00:00+00:00"))
"""Day of the month and time at which the weights of the methods change."""

BOOK: Final = """\
syntax: 1
name: benchmark
currency: USD
sources:
  requests_raw:
    subject: org_id
    event_id: request_id
    event_time: ts
    ingested_at: ingested_at
    dedupe: {dedupe}
    columns: {{chain: string, network: string, method: string, status: integer, bytes_out: integer,
      latency_ms: integer}}
environments:
  local:
    usage: {{duckdb: {{requests_raw: "{usage}"}}}}
"""

METER: Final = """\
source: requests_raw
aggregate: count
unit: request
dimensions: [chain, network, method]
"""

RULE: Final = """\
meter: requests
multiply_by: [compute-units]
unit: compute unit
lines_by: [chain]
price:
  model: graduated
  per: 1_000
  tiers:
    - {up_to: 10_000, amount: 0.45}
    - {up_to: 100_000, amount: 0.40}
    - {up_to: 1_000_000, amount: 0.35}
    - {amount: 0.30}
description: "{{ chain }}: {{ quantity | compact }} requests"
"""

PLAN: Final = """\
name: {name}
cycle: {{every: month, anchor: {anchor}}}
fees:
  - {{id: base, name: Base fee, amount: {fee}, bill: in_arrears, prorate: days}}
charges:
  - {{rating: requests, included: {included}, prorate_included: days}}
"""

SPEC: Final = """\
region: world
language: en
time_zone: Europe/Berlin
currency: USD
tax: {name: VAT, round_on: rate_group, percent: 19}
invoice: {issue_after: 1 day, due: 14 days}
"""


def write_book(
    folder: Path,
    *,
    contracts: int,
    anchor: Anchor = "calendar",
    month: str = "2026-10",
    usage: str = "usage/*.parquet",
    dedupe: Literal["exact", "trusted"] = "exact",
) -> None:
    """Write a benchmark book.

    Args:
        folder: where to.
        contracts: how many; their subjects are those of `generate_usage --organisations`.
        anchor: what the contracts' months are counted from.
        month: in which the weights change.
        usage: the files of usage, relative to the book.
        dedupe: whether the engine drops repeated deliveries, or trusts the source to have done it.
    """
    files = {
        "specs/book.yaml": BOOK.format(usage=usage, dedupe=dedupe),
        "specs/world.yaml": SPEC,
        "specs/rating/requests.yaml": RULE,
        "specs/multipliers/compute-units.yaml": _compute_units(month),
        "meters/requests.yaml": METER,
        "plans/standard.yaml": PLAN.format(name="Standard", anchor=anchor, fee=20, included="1_000"),
        "plans/plus.yaml": PLAN.format(name="Plus", anchor=anchor, fee=50, included="5_000"),
    }
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    (folder / "contracts").mkdir(exist_ok=True)
    with (folder / "contracts" / "ordinary.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ("id", "org", "type", "spec", "plan", "start", "customer.name", "customer.email",
             "overrides.requests.included")
        )  # fmt: skip
        writer.writerows(_contracts(contracts))


def _contracts(count: int) -> Iterator[tuple[str, ...]]:
    """Give the rows in order of id: seven of ten on one plan, one of fifty with a term of its own."""
    for number in range(count):
        start = date(2025, 1, 1) + timedelta(days=number * 7 % 365)
        yield (
            f"c{number + 1:06d}",
            traffic.organisation(number),
            "hybrid",
            "world",
            "standard" if number % 10 < 7 else "plus",
            start.isoformat(),
            f"Customer {number + 1}",
            f"billing@customer-{number + 1}.example",
            "2000" if number % 50 == 0 else "",
        )


def _compute_units(month: str) -> str:
    """Write weights for every chain and method, and a little more of each with every change."""
    rows = ["by: [chain, method]", "versions:"]
    for number, begins in enumerate(("", *(f"{month}-{day:02d}T{time}" for day, time in CHANGES))):
        rows.append(f"  - from: {begins}" if begins else "  - from: 2025-01-01")
        rows.append("    values:")
        for chain in traffic.CHAINS:
            methods = traffic.ECOSYSTEMS[chain.ecosystem]
            rows.append(f"      {chain.name}:")
            rows.append("        default: 20")
            rows += [f"        {method.name}: {_weight(method, number)}" for method in methods]
    return "\n".join(rows) + "\n"


def _weight(method: traffic.Method, version: int) -> str:
    """Weigh a method by how long it takes, in tenths, so that factors have decimals."""
    tenths = 50 + 5 * method.latency + version
    return f"{tenths // 10}.{tenths % 10}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generate_book", description="Generate a book."
    )
    parser.add_argument("--contracts", type=int, required=True)
    parser.add_argument("--anchor", choices=("calendar", "contract_start"), default="calendar")
    parser.add_argument("--month", default="2026-10", help="in which the weights of the methods change")
    parser.add_argument("--usage", default="usage/*.parquet", help="the files of usage, relative to the book")
    parser.add_argument("--dedupe", choices=("exact", "trusted"), default="exact")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parsed = parser.parse_args(arguments)
    write_book(
        parsed.out,
        contracts=parsed.contracts,
        anchor=parsed.anchor,
        month=parsed.month,
        usage=parsed.usage,
        dedupe=parsed.dedupe,
    )
    sys.stderr.write(f"{parsed.out}: a book with {parsed.contracts:,} contracts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
