"""Runs the engine on a drawn case, its usage measured in memory, and says where it and the oracle differ.

A case is known by its seed: `case_of(seed).files()` writes it, `disagreements(case_of(seed))` compares again.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ratebook.billrun.outcomes import BillRun
from ratebook.book import load
from ratebook.calendar import RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding
from ratebook.fx import read_rates
from tests.oracle.compare import differences, finding_differences
from tests.oracle.memory_source import MemorySource
from tests.oracle.strategies import AGGREGATES, Case, case_of
from tests.oracle.write import book_files, fx_of

IS_LONG = os.environ.get("RATEBOOK_HYPOTHESIS_PROFILE") == "long"
CASES = 100_000 if IS_LONG else 2_000
CHUNKS = 4
"""Parts of each half of the cases."""


class RefusedError(ValueError):
    """The engine does not take a book that was drawn."""


@dataclass(frozen=True)
class Run:
    """What the engine makes of a case."""

    documents: list[dict[str, Any]]
    findings: list[Finding]


def run_engine(case: Case) -> Run:
    """Bill a case with the engine, from the text of its files on."""
    loaded = load(book_files(case.book))
    if loaded.book is None:
        raise RefusedError("\n".join(str(finding) for finding in loaded.findings))
    rates, _ = read_rates(fx_of(case.fx), "fx.csv")
    run = BillRun(
        RunCompiler(loaded.book, RunPeriod.parse(case.period)),
        loaded.book.contracts,
        MemorySource(case.events),
        rates,
    )
    documents = [outcome.document for outcome in run.outcomes() if outcome.document is not None]
    return Run(documents, run.findings)


def disagreements(case: Case) -> list[str]:
    """Say in a line each where the engine and the oracle differ over a case."""
    expected, actual = case.bill(), run_engine(case)
    found = differences(expected, actual.documents)
    documents = [finding.document() for finding in actual.findings]
    return found + finding_differences(case.book, expected.findings, documents)


def differing(seeds: Iterable[int], aggregates: Sequence[str] = AGGREGATES) -> str:
    """Describe the cases of some seeds that differ; nothing if none does."""
    found = {seed: disagreements(case_of(seed, aggregates=aggregates)) for seed in seeds}
    return described({seed: rows for seed, rows in found.items() if rows})


def described(failures: Mapping[int, Sequence[str]]) -> str:
    """Name the seeds of cases that differ, and say how the first ones do; nothing if there are none."""
    if not failures:
        return ""
    rows = [f"seed {seed}:\n    " + "\n    ".join(found[:5]) for seed, found in list(failures.items())[:5]]
    return f"{len(failures)} cases differ: {sorted(failures)[:50]}\n" + "\n".join(rows)
