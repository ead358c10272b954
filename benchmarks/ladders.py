"""How fast rating alone is, on one core: bare ladders, and complete lines as they stand on an invoice."""

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Final

import orjson

from benchmarks.generate_book import write_book
from ratebook.billrun.outcomes import BillRun
from ratebook.book import load
from ratebook.book.model import Contract
from ratebook.calendar import Interval, RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding
from ratebook.fx import RateTable
from ratebook.money import EXACT
from ratebook.rating.ladder import ladder_numerator
from ratebook.trees import read_folder
from ratebook.usage.measure import Measure
from ratebook.usage.rows import MeasureCount, MeasuredUsage, SegmentRow, SubjectRow, Unbilled, UsageRow

CONTRACTS: Final = 20_000
LINES: Final = 4
ROUNDS: Final = 3


class ReadyUsage:
    """Usage that is measured already: a few rows for each contract."""

    def __init__(self) -> None:
        """Make the rows."""
        names = [(f"chain-{number}",) for number in range(LINES)]
        self.ready = [
            UsageRow(
                contract, 0, 0, names[line], 100 + line, _units(contract, line), _units(contract, line) * 26
            )
            for contract in range(CONTRACTS)
            for line in range(LINES)
        ]

    def enroll(self, subjects: Iterable[SubjectRow]) -> None:
        """Let the contracts be compiled."""
        for _ in subjects:
            pass

    def measure(
        self, measures: Sequence[Measure], segments: Sequence[Sequence[SegmentRow]], window: Interval
    ) -> MeasuredUsage:
        """Give what is ready."""
        del measures, segments, window
        return self

    def rows(self, measure: int) -> Iterator[UsageRow]:
        """Give the rows."""
        del measure
        return iter(self.ready)

    def unbilled(self) -> tuple[Unbilled, ...]:
        """Leave nothing unbilled."""
        return ()

    def findings(self) -> tuple[Finding, ...]:
        """Find nothing."""
        return ()

    def counts(self) -> tuple[MeasureCount, ...]:
        """Count nothing."""
        return ()


def _units(contract: int, line: int) -> Decimal:
    return Decimal(contract * 37 % 50_000 * (line + 1))


def bare() -> float:
    """Rate one ladder of four tiers again and again, and give how many a second."""
    contract, compiler = _one_contract()
    timeline, _ = compiler.enroll(contract)
    ladder = timeline.programs[0].charges[0].segments[0].price.ladder
    if ladder is None:
        raise TypeError
    zero = Decimal(0)
    units = [_units(number, 3) for number in range(200_000)]
    with localcontext(EXACT):
        started = time.perf_counter()
        for one in units:
            ladder_numerator(ladder, zero, one, one)
        return len(units) / (time.perf_counter() - started)


def lines() -> float:
    """Rate, round and write invoices of usage that is measured already, and give how many lines a second."""
    contract, _ = _one_contract()
    contracts = [replace(contract, id=f"c{number:06d}") for number in range(CONTRACTS)]
    usage = ReadyUsage()
    best = 0.0
    for _ in range(ROUNDS):
        compiler = _one_contract()[1]
        run = BillRun(compiler, lambda: iter(contracts), usage, RateTable())
        gc.collect()
        gc.freeze()
        started = time.perf_counter()
        written = 0
        for outcome in run.outcomes():
            if outcome.document is not None:
                orjson.dumps(outcome.document)
                written += len(outcome.document["lines"])
        best = max(best, written / (time.perf_counter() - started))
    return best


def _one_contract() -> tuple[Contract, RunCompiler]:
    folder = Path(".bench") / "one-contract"
    write_book(folder, contracts=1)
    book = load(read_folder(folder)).book
    if book is None:
        raise TypeError
    return next(book.contracts()), RunCompiler(book, RunPeriod.parse("2026-10"))
