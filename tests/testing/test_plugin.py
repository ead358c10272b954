"""Cases run under pytest: one item each, failures told in money, goldens kept by syrupy."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.testing.small import FILES

INSTALLED = any(one.value == "ratebook.testing.plugin" for one in entry_points(group="pytest11"))

CASES = """cases:
  right: {contract: acme, period: 2026-10, golden: true, expect: {total: 58.80}}
  wrong: {plan: pro, period: 2026-10, usage: [{count: 1_000, chain: eth}], expect: {total: 58.80}}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    for name, text in (FILES | {"tests/pricing/a.yaml": CASES, "pytest.ini": "[pytest]\n"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def run(book: Path, *arguments: str, ci: str = "") -> str:
    plugin = [] if INSTALLED else ["-p", "ratebook.testing.plugin"]
    words = ["-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *plugin, *arguments]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=book,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_case_is_an_item_that_fails_in_money(book: Path) -> None:
    shown = run(book, "--snapshot-update")

    assert "1 failed, 1 passed" in shown
    assert "wrong total: expected 58.80 USD, billed 61.20 USD (+2.40)   [tests/pricing/a.yaml:3]" in shown
    assert "Traceback" not in shown


def test_a_golden_is_the_whole_invoice_and_differs_in_money(book: Path) -> None:
    assert "a golden: there is none" not in run(book, "-k", "right", "--snapshot-update")
    golden = book / "tests/pricing/__snapshots__/a/right.json"
    assert '"total": "58.80"' in golden.read_text("utf-8")
    assert "1 passed" in run(book, "-k", "right")

    (book / "plans/pro.yaml").write_text(FILES["plans/pro.yaml"].replace("49", "50"), "utf-8")
    shown = run(book, "-k", "right")

    assert "acme fee base: golden 49.00 USD, billed 50.00 USD (+1.00)   [tests/pricing/a.yaml:2]" in shown
    assert "acme total: golden 58.80 USD, billed 60.00 USD (+1.20)" in shown


def test_marks_choose_cases_but_not_in_ci(book: Path) -> None:
    text = CASES.replace("golden: true", "focus: true")
    (book / "tests/pricing/a.yaml").write_text(text, "utf-8")

    assert "1 passed, 1 skipped" in run(book)
    assert "right has `focus`; take it out: in CI all cases run" in run(book, ci="true")


def test_a_broken_file_of_cases_is_an_error_with_its_place(book: Path) -> None:
    (book / "tests/pricing/a.yaml").write_text(CASES.replace("total: 58.80", "totl: 1"), "utf-8")

    shown = run(book)

    assert "tests/pricing/a.yaml:2:67: error RB201: unknown key `totl`" in shown
    assert "did you mean `total`?" in shown


def test_other_files_of_yaml_are_not_looked_at(book: Path) -> None:
    (book / "specs/book.yaml").rename(book / "specs/other.yaml")

    assert "no tests ran" in run(book)


def test_the_plugin_loads_nothing_until_there_are_cases() -> None:
    loaded = "[m for m in ('pydantic', 'duckdb', 'pyarrow') if m in sys.modules]"
    code = f"import ratebook.testing.plugin, sys; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
