"""The tutorial is run as it stands: each command, each file, each change, and what is shown is printed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(console|yaml|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = "ssh-ed25519 AAAA…"


class Block(NamedTuple):
    """A block of the page, and the line where it begins."""

    kind: str
    text: str
    line: int


def blocks() -> list[Block]:
    page = PAGE.read_text("utf-8")
    return [Block(one[1], one[2], page.count("\n", 0, one.start()) + 2) for one in BLOCK.finditer(page)]


class Reader:
    """Someone who follows the page in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tools = folder / "tools"
        tools.mkdir()
        command = tools / "ratebook"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ratebook.cli.main "$@"\n', "utf-8")
        command.chmod(0o755)
        identity = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "Elif"), ("EMAIL", "elif@prices.example"))
        }
        self.environment = {
            **os.environ,
            **identity,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "COLUMNS": "100",
        }

    def follow(self, block: Block) -> None:
        if block.kind == "console":
            for command, shown in commands(block.text):
                self.run(command, shown, block.line)
        elif block.kind == "yaml":
            self.write(block.text)
        else:
            subprocess.run(["git", "apply", "-"], cwd=self.folder, input=block.text, text=True, check=True)

    def run(self, command: str, shown: list[str], line: int) -> None:
        words = ["sh", "-c", f"{command} && pwd"]
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"docs/tutorial.md:{line}: $ {command}\n{done.stdout}{done.stderr}"
        printed, _, where = done.stdout.rstrip("\n").rpartition("\n")
        self.folder = Path(where)
        printed += done.stderr
        for row in shown:
            assert row in printed, f"docs/tutorial.md:{line}: $ {command} prints no {row!r}, but\n{printed}"

    def write(self, text: str) -> None:
        path = self.folder / text.partition("\n")[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        key = self.folder.parent / "mia.pub"
        public = " ".join(key.read_text("utf-8").split()[:2]) if key.exists() else PLACEHOLDER
        path.write_text(text.replace(PLACEHOLDER, public), "utf-8")


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Give the commands of a console with the lines that each shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, [row.strip() for row in shown if row.strip()]


@pytest.mark.skipif(sys.platform == "win32", reason="the page is written for a POSIX shell")
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block in blocks():
        reader.follow(block)
    assert (tmp_path / "change.html").stat().st_size > 10_000
