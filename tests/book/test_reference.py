"""The reference pages say what the code says."""

import re
from pathlib import Path

from ratebook.book.schema import reference
from ratebook.finding_codes import CODES

DOCS = Path(__file__).parents[2] / "docs" / "reference"
FINDINGS = (DOCS / "findings.md").read_text("utf-8")


def test_every_code_has_a_heading_with_its_title_and_severity() -> None:
    sections = re.findall(r"^### (RB\d{3}) (.+)\n\n\*\*(\w+)\*\*", FINDINGS, re.MULTILINE)

    assert {code: (severity, title) for code, title, severity in sections} == {
        code: (meaning.severity, meaning.title) for code, meaning in CODES.items()
    }


def test_codes_stand_in_order_each_once() -> None:
    codes = re.findall(r"^### (RB\d{3})", FINDINGS, re.MULTILINE)

    assert codes == sorted(CODES)


def test_every_code_says_what_to_do() -> None:
    sections = FINDINGS.split("\n### ")[1:]

    assert [section[:5] for section in sections if "*What to do:*" not in section] == []


def test_the_page_of_formats_is_the_one_that_the_model_tells() -> None:
    assert (DOCS / "book.md").read_text("utf-8") == reference(), (
        "run: ratebook schema --markdown > docs/reference/book.md"
    )
