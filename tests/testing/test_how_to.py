"""The page on testing a book is run as it stands: its cases are written, its commands print what it shows."""

import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.generate_usage import Request, generate, organisations_of
from ratebook.cli.main import cli
from tests.example import REPOSITORY, write_book

PAGE = REPOSITORY / "docs" / "how-to" / "test-a-book.md"
BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(text: str) -> None:
    for part in filter(None, re.split(r"^\$ ", text, flags=re.MULTILINE)):
        line, _, shown = part.partition("\n")
        name, *words = shlex.split(line)
        printed = CliRunner(env={"CI": ""}).invoke(cli, words, catch_exceptions=False).output
        assert (name, printed.rstrip()) == ("ratebook", shown.rstrip()), line


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = write_book(tmp_path / "book")
    monkeypatch.chdir(book)
    request = Request(2_000, organisations_of(book), date(2026, 9, 30), date(2026, 11, 2), seed=7)
    generate(request, book / "usage", "parquet")
    for kind, text in BLOCK.findall(PAGE.read_text("utf-8")):
        if kind == "console":
            run(text)
        else:
            file = book / text.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
