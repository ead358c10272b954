"""Measure the figures that the README shows, in one run on one machine, and print them as one table.

    python -m benchmarks.run            10 million events, 20,000 contracts
    python -m benchmarks.run --large    100 million events, 100,000 contracts

What it generates is kept in `.bench/` for the next run.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from benchmarks import compare, ladders
from benchmarks.generate_book import write_book
from benchmarks.process import best, run

WORK: Final = Path(".bench")
PYTHON: Final = sys.executable
RATEBOOK: Final = str(Path(sys.executable).parent / "ratebook")
MEMORY: Final = "1000MB"
PERIOD: Final = "2026-10"

Anchor = Literal["calendar", "contract_start"]


class Figure(NamedTuple):
    """One row of the table."""

    what: str
    measured: str
    bound: str


def whole_way(anchor: Anchor, events: int, contracts: int, rounds: int) -> Iterator[Figure]:
    """Compare the way from Parquet to invoices on disk with the bare aggregate over the same keys and epochs."""
    book = WORK / f"{anchor}-{contracts}"
    usage = WORK / f"usage-{anchor}-{events}-{contracts}"
    if not usage.exists():
        _generate_usage(usage, anchor, events, contracts)
    shutil.rmtree(book, ignore_errors=True)
    write_book(book, contracts=contracts, anchor=anchor, usage=f"../{usage.name}/*.parquet", dedupe="trusted")
    edges = _edges(book)
    bare = [
        PYTHON,
        "-m",
        "benchmarks.bare",
        "--usage",
        f"{usage}/*.parquet",
        "--memory",
        MEMORY,
        "--edges",
        *edges,
    ]
    rate = [RATEBOOK, "rate", "--book", str(book), "--period", PERIOD, "--out"]
    by_hand, ours = best([_always(*bare), lambda number: [*rate, str(book / f"out-{number}")]], rounds)
    out = book / "out-0"
    lines = sum(invoice.count(b'"charge":') for invoice in (out / "invoices.jsonl").open("rb"))
    invoices = json.loads((out / "manifest.json").read_bytes())["invoices"]
    ratio = ours.seconds / by_hand.seconds
    name = f"{events // 1_000_000} M events, {contracts:,} contracts, {anchor} anchors"
    yield Figure(f"{name}: GROUP BY by hand", f"{by_hand.seconds:.1f} s, {by_hand.peak_mb:,.0f} MB", "")
    yield Figure(
        f"{name}: Parquet to {invoices:,} invoices, {lines:,} lines",
        f"{ours.seconds:.1f} s, {ours.peak_mb:,.0f} MB",
        "below 2,000 MB",
    )
    yield Figure(f"{name}: ratio", f"{ratio:.2f} ×", "at most 1.6 ×")


def _always(*words: str) -> Callable[[int], Sequence[str]]:
    """Give a command that is the same in every round."""
    return lambda _: words


def _generate_usage(folder: Path, anchor: Anchor, events: int, contracts: int) -> None:
    """Generate a month, or the two months in which periods end in it."""
    first = "2026-09-01" if anchor == "contract_start" else "2026-09-30"
    options = ["--from", first, "--to", "2026-11-02", "--events", str(events)]
    _generate(folder, [*options, "--organisations", str(contracts)])


def _edges(book: Path) -> list[str]:
    """Ask the rating plan where its slots begin and end."""
    plan = json.loads(
        run([RATEBOOK, "compile", "--book", str(book), "--period", PERIOD, "--format", "json"]).output
    )
    (measure,) = plan["measures"]
    return [str(edge) for edge in measure["bounds"]]


def checks() -> Iterator[Figure]:
    """Time what people wait for: help, and the check of a large book."""
    files = WORK / "two-hundred-files"
    shutil.rmtree(files, ignore_errors=True)
    write_book(files, contracts=1)
    for number in range(190):
        text = f"org: extra_{number}\ntype: hybrid\nspec: world\nplan: plus\nstart: 2026-01-01\n"
        (files / "contracts" / f"extra-{number:03d}.yaml").write_text(text, "utf-8")
    many = WORK / "many-contracts"
    shutil.rmtree(many, ignore_errors=True)
    write_book(many, contracts=100_000)
    commands = [["--help"], ["check", "--book", str(files)], ["check", "--book", str(many)]]
    helped, checked, streamed = best([_always(RATEBOOK, *words) for words in commands], 3)
    yield Figure("ratebook --help", f"{helped.seconds:.2f} s", "below 0.1 s")
    yield Figure("check of 200 files", f"{checked.seconds:.2f} s", "below 0.5 s")
    measured = f"{streamed.seconds:.1f} s, {streamed.peak_mb:,.0f} MB"
    yield Figure("check of 100,000 contracts in a CSV file", measured, "below 5 s and 200 MB")


def comparisons() -> Iterator[Figure]:
    """Time what a pull request waits for: the difference of two books."""
    compared = [RATEBOOK, *compare.example_pair(WORK, _generate)]
    touched, hundred = ([RATEBOOK, *words] for words in compare.one_in_a_hundred(WORK, _generate))
    (example,) = best([_always(*compared)], 3)
    yield Figure(
        "diff of one amount on the example book, 200,000 events", f"{example.seconds:.2f} s", "below 1 s"
    )
    read = [RATEBOOK, "check", "--book", str(WORK / "hundred-after")]
    rated, reading, differing = best([_always(*touched), _always(*read), _always(*hundred)], 2)
    name = "100,000 contracts, 1 % of them touched, 10 M events"
    yield Figure(f"{name}: rating the touched ones", f"{rated.seconds:.1f} s", "")
    yield Figure(f"{name}: reading one of the two books", f"{reading.seconds:.1f} s", "")
    yield Figure(f"{name}: diff", f"{differing.seconds:.1f} s, {differing.peak_mb:,.0f} MB", "")
    yield Figure(f"{name}: ratio to rating", f"{differing.seconds / rated.seconds:.2f} ×", "at most 1.3 ×")
    rest = (differing.seconds - 2 * reading.seconds) / rated.seconds
    yield Figure(f"{name}: ratio without reading both books", f"{rest:.2f} ×", "")


def _generate(folder: Path, options: Sequence[str]) -> None:
    partial = folder.with_suffix(".partial")
    run([PYTHON, "-m", "benchmarks.generate_usage", *options, "--out", str(partial)])
    partial.rename(folder)


def figures(*, large: bool) -> Iterator[Figure]:
    """Measure everything."""
    events, contracts, rounds = (100_000_000, 100_000, 1) if large else (10_000_000, 20_000, 3)
    yield from checks()
    yield from comparisons()
    yield Figure("bare ladders of four tiers, one core", f"{ladders.bare():,.0f} /s", "at least 800,000 /s")
    yield Figure("complete lines, one core", f"{ladders.lines():,.0f} /s", "at least 350,000 /s")
    yield from whole_way("calendar", events, contracts, rounds)
    yield from whole_way("contract_start", events, contracts, rounds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table as Markdown, a row as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--large", action="store_true", help="100 million events and 100,000 contracts")
    parsed = parser.parse_args(arguments)
    WORK.mkdir(exist_ok=True)
    sys.stdout.write("| what | measured | bound |\n|---|--:|--:|\n")
    for figure in figures(large=parsed.large):
        sys.stdout.write(f"| {figure.what} | {figure.measured} | {figure.bound} |\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
