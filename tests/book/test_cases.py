"""Each case of `cases/` breaks a small book in one way and says all that is found."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ratebook.book import load
from ratebook.finding_codes import CODES
from ratebook.findings import Finding, draw
from tests.book.small_book import broken, check, found

FOLDER = Path(__file__).parent / "cases"
CASES = {
    f"{file.stem}: {case['name']}": case
    for file in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_case(case: dict[str, Any]) -> None:
    assert check(case["change"]) == case["finds"]


def test_the_book_that_cases_break_is_without_a_fault() -> None:
    assert check({}) == []


def all_findings() -> list[Finding]:
    return [finding for case in CASES.values() for finding in load(broken(case["change"])).findings]


OF_OTHER_TESTS = {"RB101", "RB109", "RB117", "RB344"}
"""Codes for files that no text of a case can hold (`test_files.py`), or for two books (`test_published.py`)."""


def test_every_code_of_a_book_is_found_in_some_case() -> None:
    shown = {finding.code for finding in all_findings()} | OF_OTHER_TESTS

    assert shown == {code for code in CODES if code < "RB400"}


def test_every_finding_says_what_to_do() -> None:
    silent = {
        f"{finding.code} {finding.message}"
        for finding in all_findings()
        if not finding.help + finding.expected
    }

    assert silent == set()


def test_every_finding_is_placed_inside_its_line() -> None:
    for case in CASES.values():
        loaded = load(broken(case["change"]))
        for finding in loaded.findings:
            if finding.position is not None:
                line = loaded.places.source_line(finding.position)
                assert line is not None
                assert finding.position.column <= len(line) + 1, found(loaded)


def test_no_message_speaks_of_python_or_pydantic() -> None:
    texts = " ".join(draw(finding, finding.position) for finding in all_findings())

    for word in (
        "pydantic",
        "Input should",
        "Field required",
        "Extra inputs",
        "Decimal(",
        "NoneType",
        "dict",
        "Traceback",
    ):
        assert word not in texts
