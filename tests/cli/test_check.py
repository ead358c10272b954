"""`ratebook check`: findings at their places, in three formats, and the exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ratebook.cli.main import COMMANDS, cli
from tests.book.small_book import BOOK, broken


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in BOOK.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def spoil(root: Path) -> None:
    files = broken({"plans/pro.yaml": {"amount: 10": "amuont: 10"}, "specs/world.yaml": {"USD": "usd"}})
    for name, data in files.items():
        (root / name).write_bytes(data)


def test_a_good_book_is_well(root: Path) -> None:
    result = run("check", "--book", root)

    assert (result.exit_code, result.output) == (0, "7 files, 1 contract: all is well\n")


def test_a_broken_book_shows_every_finding_at_its_place(root: Path) -> None:
    spoil(root)

    result = run("check", "--book", root)

    assert result.exit_code == 2
    assert (
        result.output.replace(root.as_posix(), "BOOK")
        == """\
BOOK/plans/pro.yaml:3:5: error RB202: `amount` is missing
  |
3 |   - {id: base, name: Base fee, amuont: 10}
  |     ^
  = expected: amount: …

BOOK/plans/pro.yaml:3:32: error RB201: unknown key `amuont`
  |
3 |   - {id: base, name: Base fee, amuont: 10}
  |                                ^^^^^^
  = expected: one of amount, bill, every, id, name, prorate, quantity, tax
  = help: did you mean `amount`?

BOOK/specs/world.yaml:2:11: error RB211: the text 'usd' is not a currency
  |
2 | currency: usd
  |           ^^^
  = expected: a code of ISO 4217, as in EUR
  = help: write USD

7 files, 1 contract: 3 errors
"""
    )


def test_warnings_leave_the_exit_code_at_zero(root: Path) -> None:
    (root / "plans" / "basic.yaml").write_text("name: Basic\n", "utf-8")

    result = run("check", "--book", root)

    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "8 files, 1 contract: 1 warning")


def test_json_is_for_programs(root: Path) -> None:
    spoil(root)

    result = run("check", "--book", root, "--format", "json")
    document = json.loads(result.stdout)

    assert result.exit_code == 2
    assert document["format_version"] == "1.0"
    assert document["summary"] == {"files": 7, "contracts": 1, "error": 3, "warning": 0, "info": 0}
    assert document["digests"] == {}
    assert document["findings"][1] == {
        "code": "RB201",
        "severity": "error",
        "message": "unknown key `amuont`",
        "pointer": "plans/pro#fees/0/amuont",
        "file": f"{root.as_posix()}/plans/pro.yaml",
        "line": 3,
        "column": 32,
        "expected": "one of amount, bill, every, id, name, prorate, quantity, tax",
        "help": "did you mean `amount`?",
    }


def test_json_of_a_good_book_has_its_digests(root: Path) -> None:
    digests = json.loads(run("check", "--book", root, "--format", "json").stdout)["digests"]

    assert {name: digest[:7] for name, digest in digests.items()} == {"book": "sha256:", "source": "sha256:"}


def test_github_annotates_the_line(root: Path) -> None:
    spoil(root)

    result = run("check", "--book", root, "--format", "github")

    assert result.exit_code == 2
    assert result.output.replace(root.as_posix(), "BOOK").splitlines()[1] == (
        "::error title=RB201 Unknown key,file=BOOK/plans/pro.yaml,line=3,col=32::unknown key `amuont`"
        "%0Aexpected: one of amount, bill, every, id, name, prorate, quantity, tax%0Ahelp: did you mean `amount`?"
    )


def test_github_says_when_it_shows_not_all(root: Path) -> None:
    for number in range(12):
        (root / "plans" / f"p{number}.yaml").write_text("name: P\n", "utf-8")

    lines = run("check", "--book", root, "--format", "github").output.splitlines()

    assert sum(line.startswith("::warning") for line in lines) == 12
    assert "::notice title=ratebook check::12 warnings; GitHub shows 10" in lines


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    result = run("check", "--book", tmp_path / "nowhere")

    assert result.exit_code == 2
    assert result.output == f"{tmp_path}/nowhere does not exist; name the folder that holds specs/book.yaml\n"


def test_a_folder_without_a_book_says_so(tmp_path: Path) -> None:
    result = run("check", "--book", tmp_path)

    assert result.exit_code == 2
    assert result.output.startswith("error RB114: there is no specs/book.yaml")


def test_a_mistyped_command_is_answered_with_those_that_resemble_it() -> None:
    result = run("chek")

    assert result.exit_code == 2
    assert "'check'" in result.output


def test_help_names_every_command_and_loads_none() -> None:
    program = """
import sys
from click.testing import CliRunner
from ratebook.cli.main import cli
print(CliRunner().invoke(cli, ["--help"]).output)
heavy = {"pydantic", "duckdb", "pyarrow", "yaml", "jinja2", "orjson", "rich", "jsonschema"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert all(f"\n  {command} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("kind", ["book", "meter", "plan", "contract"])
def test_schema_prints_the_schema_of_a_kind(kind: str) -> None:
    assert json.loads(run("schema", kind).stdout)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_schema_lists_the_kinds() -> None:
    assert "meter       meters/*.yaml\n" in run("schema").output


def test_schema_of_a_kind_that_there_is_not() -> None:
    result = run("schema", "plans")

    assert result.exit_code == 2
    assert "did you mean `plan`?" in result.output


def test_schema_writes_all_of_them(tmp_path: Path) -> None:
    result = run("schema", "--write", "--book", tmp_path)

    assert result.exit_code == 0
    assert len(list((tmp_path / "specs" / "schema").glob("*.schema.json"))) == 12


def test_a_published_plan_is_compared_with_an_earlier_book(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    later = tmp_path_factory.mktemp("later")
    for name, data in broken({"plans/pro.yaml": {"amount: 10": "amount: 11"}}).items():
        (later / name).parent.mkdir(parents=True, exist_ok=True)
        (later / name).write_bytes(data)

    assert run("check", "--book", root, "--against", root).exit_code == 0
    changed = run("check", "--book", later, "--against", root)
    assert changed.exit_code == 2
    assert (
        "error RB344: the plan `pro` is published, as acme is on it, and `amount` was 10 and is 11"
        in changed.output
    )


def test_an_earlier_book_may_be_a_commit(root: Path) -> None:
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    plan = root / "plans" / "pro.yaml"
    plan.write_text(plan.read_text("utf-8").replace("amount: 10", "amount: 11"), "utf-8")

    assert "error RB344" in run("check", "--book", root, "--against", "HEAD").output
    unknown = run("check", "--book", root, "--against", "nowhere")
    assert (unknown.exit_code, "no commit 'nowhere'" in unknown.output) == (2, True)


def test_an_earlier_book_must_be_whole(root: Path, tmp_path: Path) -> None:
    result = run("check", "--book", root, "--against", tmp_path / "specs")
    assert result.exit_code == 2
    assert "is broken itself" in result.output
