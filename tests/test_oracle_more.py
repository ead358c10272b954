"""The engine against the independent oracle: the other half of the seeds, levels over time, and usage in files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ratebook.cli.main import cli
from tests.oracle.compare import differences, finding_differences
from tests.oracle.engine import CASES, CHUNKS, IS_LONG, described, differing
from tests.oracle.strategies import case_of

FILE_CASES = 200 if IS_LONG else 6


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_more_random_cases_are_billed_as_the_oracle_bills_them(chunk: int) -> None:
    found = differing(range(CASES // 2 + chunk, CASES, CHUNKS))
    assert not found, found


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_levels_over_time_are_billed_as_the_oracle_bills_them(chunk: int) -> None:
    found = differing(range(chunk, CASES // 10, CHUNKS), ("time_weighted_sum",))
    assert not found, found


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_files_are_billed_as_the_oracle_bills_them(form: str, tmp_path: Path) -> None:
    failures = {
        seed: found for seed in range(FILE_CASES) if (found := file_disagreements(seed, form, tmp_path))
    }
    assert not failures, described(failures)


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
