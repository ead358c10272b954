"""The engine against the independent oracle (tests/oracle/bill.py says its rules) over random books and usage.

A case is known by its seed: `case_of(seed).files()` writes it, `disagreements(case_of(seed))` compares again.
"""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given

from ratebook.cli.main import cli
from tests.oracle.compare import differences, finding_differences
from tests.oracle.engine import disagreements
from tests.oracle.strategies import Case, case_of, cases

IS_LONG = os.environ.get("RATEBOOK_HYPOTHESIS_PROFILE") == "long"
CASES = 100_000 if IS_LONG else 2_000
FILE_CASES = 200 if IS_LONG else 6
CHUNKS = 8
"""Parts that may be run side by side."""

TWO_READINGS = pytest.mark.xfail(
    reason="engine and oracle read four rules differently: lines_by by largest remainder of exact or of scaled shares, "
    "what a contract discount leaves, its window over meters that do not add up, the step of spreading included units",
    strict=True,
)


def describe(failures: dict[int, list[str]]) -> str:
    rows = [f"seed {seed}:\n    " + "\n    ".join(found[:5]) for seed, found in list(failures.items())[:5]]
    return f"{len(failures)} cases differ: {sorted(failures)[:50]}\n" + "\n".join(rows)


@TWO_READINGS
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_cases_are_billed_as_the_oracle_bills_them(chunk: int) -> None:
    failures = {
        seed: found for seed in range(chunk, CASES, CHUNKS) if (found := disagreements(case_of(seed)))
    }
    assert not failures, describe(failures)


@pytest.mark.xfail(reason="the rater does not divide by the nominal period yet", strict=True)
def test_levels_over_time_are_billed_as_the_oracle_bills_them() -> None:
    drawn = {seed: case_of(seed, aggregates=("time_weighted_sum",)) for seed in range(CASES // 10)}
    failures = {seed: found for seed, case in drawn.items() if (found := disagreements(case))}
    assert not failures, describe(failures)


@pytest.mark.xfail(reason="as above; to shrink what is known to differ takes minutes", run=False)
@given(cases())
def test_hypothesis_finds_no_case_that_differs(case: Case) -> None:
    assert not disagreements(case)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_files_are_billed_as_the_oracle_bills_them(form: str, tmp_path: Path) -> None:
    failures = {
        seed: found for seed in range(FILE_CASES) if (found := file_disagreements(seed, form, tmp_path))
    }
    assert not failures, describe(failures)


def file_disagreements(seed: int, form: str, folder: Path) -> list[str]:
    """Bill a case from its files by the command, as a person would."""
    case = case_of(seed)
    for path, data in case.files(form).items():
        file = folder / str(seed) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    arguments = ["rate", "--book", str(folder / str(seed)), "--period", case.period, "--format", "json"]
    result = CliRunner().invoke(cli, arguments)
    document = json.loads(result.stdout)
    bill = case.bill()
    found = differences(bill, document["invoices"])
    return found + finding_differences(case.book, bill.findings, document["findings"])
