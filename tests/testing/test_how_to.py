"""The page on testing a book is run as it stands: its cases are written, its commands print what it shows."""

import os
import re
import shlex
import subprocess
from datetime import date
from pathlib import Path

from benchmarks.generate_usage import Request, generate, organisations_of
from tests.example import RATEBOOK, REPOSITORY, write_book

PAGE = REPOSITORY / "docs" / "how-to" / "test-a-book.md"
BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(folder: Path, text: str) -> None:
    for part in filter(None, re.split(r"^\$ ", text, flags=re.MULTILINE)):
        command, _, shown = part.partition("\n")
        words = shlex.split(command)
        done = subprocess.run(
            [RATEBOOK, *words[1:]],
            cwd=folder,
            env={**os.environ, "CI": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.stdout.rstrip() == shown.rstrip(), command


def test_the_page_is_true(tmp_path: Path) -> None:
    book = write_book(tmp_path / "book")
    request = Request(2_000, organisations_of(book), date(2026, 9, 30), date(2026, 11, 2), seed=7)
    generate(request, book / "usage", "parquet")
    for kind, text in BLOCK.findall(PAGE.read_text("utf-8")):
        if kind == "console":
            run(book, text)
        else:
            file = book / text.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
