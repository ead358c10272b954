"""What a comparison of two books costs: a price that changes on the example book, and one contract in a hundred."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.generate_book import write_book

EXAMPLE: Final = Path(__file__).parent.parent
FOLDERS: Final = ("contracts", "meters", "plans", "sinks", "specs")
PERIOD: Final = "2026-10"
EVENTS: Final = 10_000_000
CONTRACTS: Final = 100_000


def example_pair(work: Path, generate: Callable[[Path, Sequence[str]], None]) -> Sequence[str]:
    """Copy the example book twice, change one amount of one of the two, and give the arguments that compare them."""
    before, after = work / "example-before", work / "example-after"
    for folder in (before, after):
        shutil.rmtree(folder, ignore_errors=True)
        for name in FOLDERS:
            shutil.copytree(EXAMPLE / name, folder / name)
        shutil.copy(EXAMPLE / "fx.csv", folder)
    rule = after / "specs/rating/rpc-requests.yaml"
    rule.write_text(rule.read_text("utf-8").replace("amount: 0.41}", "amount: 0.42}", 1), "utf-8")
    usage = work / "example-usage"
    if not usage.exists():
        generate(usage, ["--month", PERIOD, "--events", "200000", "--seed", "7"])
    (after / "usage").symlink_to(usage.resolve())
    return ["diff", str(before), "--book", str(after), "--period", PERIOD, "--format", "json"]


def one_in_a_hundred(work: Path, generate: Callable[[Path, Sequence[str]], None]) -> Iterator[Sequence[str]]:
    """Write a large book twice, one contract in a hundred with other terms.

    Yields:
        The arguments that rate only those contracts, then those that compare the two books.
    """
    usage = work / f"usage-calendar-{EVENTS}-{CONTRACTS}"
    if not usage.exists():
        generate(usage, ["--month", PERIOD, "--events", str(EVENTS), "--organisations", str(CONTRACTS)])
    before, after, only = (work / f"hundred-{name}" for name in ("before", "after", "only"))
    for folder in (before, after, only):
        shutil.rmtree(folder, ignore_errors=True)
        write_book(folder, contracts=CONTRACTS, usage=f"../{usage.name}/*.parquet", dedupe="trusted")
    rows = (after / "contracts/ordinary.csv").read_text("utf-8").splitlines(keepends=True)
    changed = [
        row.replace(",2000\n", ",3000\n") if number % 100 == 1 else row for number, row in enumerate(rows)
    ]
    (after / "contracts/ordinary.csv").write_text("".join(changed), "utf-8")
    (only / "contracts/ordinary.csv").write_text(rows[0] + "".join(changed[1::100]), "utf-8")
    yield ["rate", "--book", str(only), "--period", PERIOD, "--format", "json"]
    yield ["diff", str(before), "--book", str(after), "--period", PERIOD, "--format", "json"]
