"""What the documentation says is there: commands, files, examples in docstrings."""

import doctest
import importlib
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import ratebook
from ratebook.cli.main import COMMANDS, cli
from tests.example import REPOSITORY
from tests.example import ratebook as run

README = (REPOSITORY / "README.md").read_text("utf-8")
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(ratebook.__path__, "ratebook.") if not module.ispkg
)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_readme_names_every_command(command: str) -> None:
    assert f"ratebook {command} " in README or f"ratebook {command}`" in README


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_with_each_of_its_options(command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    options = [row for row in done.stdout.splitlines() if row.strip().startswith("-")]
    assert options
    assert all(re.search(r"\s{2,}\S", row.strip()) for row in options if "--" in row)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def every_command() -> Iterator[tuple[str, ...]]:
    """Give the words that call each command, those of groups too."""
    for name in sorted(COMMANDS):
        yield (name,)
        command = cli.get_command(click.Context(cli), name)
        for inner in sorted(command.commands) if isinstance(command, click.Group) else ():
            yield name, inner


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_call_of_a_page_has_options_that_exist(page: Path) -> None:
    for row in re.findall(r"^\$ ratebook (.*)$", page.read_text("utf-8"), re.MULTILINE):
        words = shlex.split(re.split(r"\s[>|]", row)[0], comments=True)
        group: click.Command = cli
        while isinstance(group, click.Group) and not words[0].startswith("-"):
            _, inner, words = group.resolve_command(click.Context(group), words)
            assert inner is not None
            group = inner
        group.make_parser(click.Context(group)).parse_args(words)


def test_no_page_has_a_gap_left_to_fill() -> None:
    texts = {
        page.name: re.sub(r"^@@ -\S+ \+\S+ @@", "", page.read_text("utf-8"), flags=re.MULTILINE)
        for page in PAGES
    }
    assert [name for name, text in texts.items() if re.search(r"@@|TODO|FIXME", text)] == []


def test_the_reference_of_commands_is_their_help() -> None:
    """To renew it, paste what each command prints with `--help`, 100 columns wide."""
    page = (REPOSITORY / "docs" / "reference" / "commands.md").read_text("utf-8")
    for words in [(), *every_command()]:
        printed = run(*words, "--help", environment={"COLUMNS": "100"}).stdout
        assert f"```\n{printed}```" in page, words
