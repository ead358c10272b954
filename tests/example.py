"""The example book with a month of generated usage in a folder of its own, rated once for all tests that look."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.generate_usage import Request, generate, organisations_of

REPOSITORY = Path(__file__).resolve().parents[1]
BOOK_FOLDERS = ("meters", "plans", "contracts", "sinks", "specs")
RATEBOOK = str(Path(sys.executable).with_name("ratebook"))
PERIOD = "2026-10"
EVENTS = 200_000


class Done(NamedTuple):
    """What a command printed, and how it ended."""

    code: int
    stdout: str
    stderr: str


def ratebook(*arguments: str, environment: Mapping[str, str] | None = None) -> Done:
    """Run a command as a user does."""
    done = subprocess.run(
        [RATEBOOK, *arguments], capture_output=True, check=False, env={**os.environ, **(environment or {})}
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def write_book(folder: Path) -> Path:
    """Copy the example book."""
    for name in BOOK_FOLDERS:
        shutil.copytree(REPOSITORY / name, folder / name)
    shutil.copy(REPOSITORY / "fx.csv", folder / "fx.csv")
    return folder


def write_usage(folder: Path, kind: str = "parquet") -> None:
    """Generate the month's usage, and a day on both sides."""
    organisations = organisations_of(folder)
    request = Request(EVENTS, organisations, date(2026, 9, 30), date(2026, 11, 2), seed=7)
    generate(request, folder / "usage", kind)


def invoices(book: Path, *arguments: str) -> Sequence[dict[str, Any]]:
    """Rate the month and give the invoices."""
    done = ratebook("rate", "--book", str(book), "--period", PERIOD, "--format", "json", *arguments)
    assert done.code in {0, 1}, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["invoices"]
    return found
