"""`ratebook test`: what it prints, and how it ends."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.example import REPOSITORY, Done, ratebook
from tests.testing.small import FILES, command

CASES = """cases:
  right: {contract: acme, period: 2026-10, expect: {total: 58.80}}
  wrong: {plan: pro, period: 2026-10, usage: [{count: 1_000, chain: eth}], expect: {total: 58.80}}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    for name, text in (FILES | {"tests/pricing/a.yaml": CASES}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def run(book: Path, *arguments: str, ci: str = "") -> Done:
    return command("test", "--book", str(book), *arguments, ci=ci)


def test_the_cases_of_the_example_book_pass() -> None:
    done = run(REPOSITORY)

    assert (done.code, done.stdout) == (0, "13 cases: 13 passed\n"), done.stderr


def test_what_failed_is_told_in_money_and_ends_with_1(book: Path) -> None:
    done = run(book)

    file = (book / "tests/pricing/a.yaml").as_posix()
    assert done.code == 1
    assert done.stdout == (
        f"failed wrong ({file}:3)\n"
        f"  wrong total: expected 58.80 USD, billed 61.20 USD (+2.40)   [{file}:3]\n"
        "2 cases: 1 passed, 1 failed\n"
    )


def test_several_processes_tell_the_same(book: Path) -> None:
    (book / "tests/pricing/b.yaml").write_text(CASES.replace("10,", "11,"), "utf-8")

    assert ratebook("test", "--book", str(book), "--processes", "2").stdout == run(book).stdout


def test_programs_get_json_and_ci_gets_junit(book: Path) -> None:
    document = json.loads(run(book, "--format", "json").stdout)
    suite = ET.fromstring(run(book, "--format", "junit").stdout)[0]  # noqa: S314 - our own

    assert document["summary"] == {"cases": 2, "passed": 1, "failed": 1, "skipped": 0}
    assert document["cases"][1]["differences"][0]["difference"] == "2.40"
    assert suite.attrib["failures"] == "1"
    assert suite[1][0].attrib["message"] == "wrong total: expected 58.80 USD, billed 61.20 USD (+2.40)"


def test_a_name_chooses_cases(book: Path) -> None:
    assert run(book, "-k", "rig").stdout == "1 case: 1 passed\n"
    assert run(book, "-k", "left").code == 2


def test_focus_and_skip_choose_cases_but_not_in_ci(book: Path) -> None:
    file = book / "tests/pricing/a.yaml"
    file.write_text(CASES.replace("{plan: pro,", "{skip: prices are new, plan: pro,"), "utf-8")
    assert run(book).code == 0
    assert "skipped wrong" in run(book).stdout

    done = run(book, ci="true")
    assert (done.code, done.stdout) == (1, "")
    assert "a.yaml:3:17: wrong has `skip`: prices are new; take it out: in CI all cases run" in done.stderr

    file.write_text(CASES.replace("{contract: acme,", "{focus: true, contract: acme,"), "utf-8")
    assert run(book).stdout.endswith("2 cases: 1 passed, 1 skipped\n")
    assert run(book, "--ci").code == 1


def test_a_broken_file_of_cases_ends_with_2_and_shows_its_place(book: Path) -> None:
    (book / "tests/pricing/a.yaml").write_text(CASES.replace("plan: pro", "plan: prow"), "utf-8")

    done = run(book)

    assert done.code == 2
    assert "a.yaml:3:17: error RB301: " in done.stderr
    assert "did you mean `pro`?" in done.stderr


def test_a_book_without_cases_says_where_to_write_some(book: Path) -> None:
    (book / "tests/pricing/a.yaml").unlink()

    done = run(book)

    assert (done.code, done.stdout) == (0, "0 cases: none\n")
    assert "tests/pricing/" in done.stderr


def test_update_rewrites_what_fails_and_keeps_who_and_why(book: Path) -> None:
    file = book / "tests/pricing/a.yaml"

    done = run(book, "--update", "--because", "the base fee was forgotten", "--by", "A. Person")

    assert (done.code, done.stdout) == (0, "2 cases: 2 passed\n")
    assert file.read_text("utf-8").startswith(
        CASES.replace("eth}], expect: {total: 58.80}", "eth}], expect: {total: 61.20}")
    )
    assert "by: A. Person, because: the base fee was forgotten, cases: [wrong]}" in file.read_text("utf-8")
    assert run(book).code == 0


def test_update_writes_goldens_and_says_so_in_the_history(book: Path) -> None:
    file = book / "tests/pricing/a.yaml"
    file.write_text(CASES.replace("{total: 58.80}}", "{total: 58.80}, golden: true}", 1), "utf-8")
    assert "right golden: there is none yet" in run(book, "-k", "right").stdout

    run(book, "-k", "right", "--update", "--because", "the first golden", "--by", "A. Person")

    assert "because: the first golden, cases: [right]}" in file.read_text("utf-8")
    assert '"total": "58.80"' in (book / "tests/pricing/__snapshots__/a/right.json").read_text("utf-8")
    assert run(book, "-k", "right").code == 0


def test_update_without_a_reason_is_refused(book: Path) -> None:
    done = run(book, "--update")

    assert done.code == 2
    assert "--update needs --because" in done.stderr
    assert (book / "tests/pricing/a.yaml").read_text("utf-8") == CASES
