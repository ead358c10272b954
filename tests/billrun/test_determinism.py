"""Same inputs, same bytes: whatever the hash seed, the machine's time zone and its locale."""

import subprocess
import sys
from pathlib import Path

import pytest

BILL = """
from tests.billrun.test_explain import BOOK, RATE, USAGE
from tests.builders import bill
import orjson
run = bill(BOOK, "2026-Q4", USAGE, rates=RATE)
print(orjson.dumps([run.documents, [one.document() for one in run.findings]]).decode())
"""


def billed(**environment: str) -> str:
    paths = {"PYTHONPATH": ":".join([*sys.path, str(Path(__file__).parents[2])])}
    done = subprocess.run(
        [sys.executable, "-c", BILL], env=paths | environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def expected() -> str:
    return billed(PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C.UTF-8")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"},
    ],
)
def test_invoices_are_the_same_bytes_everywhere(environment: dict[str, str], expected: str) -> None:
    assert billed(**environment) == expected
