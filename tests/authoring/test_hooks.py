"""What users of pre-commit get: hooks whose entries are commands that are there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ratebook.cli.main import COMMANDS
from tests.example import REPOSITORY, ratebook, write_book

HOOKS: list[dict[str, Any]] = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_a_command(hook: dict[str, Any]) -> None:
    program, command, *options = hook["entry"].split()
    assert (program, command in COMMANDS, hook["language"]) == ("ratebook", True, "python")
    printed = ratebook(command, "--help").stdout
    assert [option for option in options if option not in printed] == []


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_looks_at_the_files_of_a_book(hook: dict[str, Any]) -> None:
    pattern = re.compile(hook["files"])
    assert pattern.search("plans/pro.yaml")
    assert pattern.search("specs/rating/calls.yaml")
    assert not pattern.search("README.md")
    assert not pattern.search("specs/schema/plan.schema.json")


def test_formatting_a_file_by_its_name_gives_it_the_order_of_its_kind(tmp_path: Path) -> None:
    """A hook is called in the root of the repository, with names of files that changed."""
    plan = write_book(tmp_path) / "plans" / "free.yaml"
    plan.write_text("charges: [{rating: egress, price: free}]\nname: Free\n", "utf-8")
    assert ratebook("fmt", "--book", str(tmp_path), str(plan)).code == 0
    assert plan.read_text("utf-8") == "name: Free\ncharges: [{rating: egress, price: free}]\n"
