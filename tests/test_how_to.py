"""The how-to pages: every command in them runs, in order, and prints what stands below it."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.example import RATEBOOK, REPOSITORY

PAGES = [REPOSITORY / "docs" / "how-to" / f"{name}.md" for name in ("start-a-book", "import-from-stripe")]
BLOCKS = re.compile(r"```console\n(.*?)```", re.DOTALL)


def steps(page: Path) -> list[tuple[str, str]]:
    """Give each command of a page, and what stands below it."""
    blocks = BLOCKS.findall(page.read_text("utf-8"))
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_print_what_it_says(page: Path, tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "tests" / "authoring" / "stripe.json", tmp_path)
    for command, expected in steps(page):
        words = shlex.split(command)
        assert words[0] == "ratebook", command
        done = subprocess.run(
            [RATEBOOK, *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            text=True,
            env={**os.environ, "COLUMNS": "100"},
        )
        assert done.returncode in {0, 1}, done.stderr
        if expected:
            assert done.stdout.rstrip() == expected.rstrip(), command
