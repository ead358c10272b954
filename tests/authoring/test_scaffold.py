"""`ratebook init`: each template is a book without a fault, with an invoice that was worked out by hand."""

import json
import re
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from ratebook.authoring.scaffold import TEMPLATES, scaffold
from tests.example import REPOSITORY, ratebook

# Worked out by hand, in the currency of the book; each line's charge and amount, then the total.
INVOICES = {
    # 150,000 + 80,000 + 30,000 calls, those that failed with 503 not; 10,000 are included.
    # 100,000 × 0.50 / 1,000 + 150,000 × 0.40 / 1,000 = 50 + 60
    "usage-tiers": [("acme", [("base", "49.00"), ("calls", "110.00")], "159.00")],
    # 12 - 2 seats since September, 31 more on 16 of 31 days: 10 + 16 seats; 10 × 12 + 16 × 10
    "seats": [("acme", [("base", "20.00"), ("seats", "280.00")], "300.00")],
    # 1,000 × 8 credits, 7,000 × 1 credit at 0.01; first 2,000 welcome credits, then 10,000 bought ones
    "credits": [
        (
            "acme",
            [("base", "20.00"), ("tasks", "80.00"), ("tasks", "70.00"), ("welcome", "-20.00"), ("bought", "-100.00")],
            "50.00",
        )
    ],
    # acme: 12 × 10 + 100 × 2 = 320, filled up to 500; globex: 50 × 10 + 100 × 2, all from what was paid in advance
    "committed-spend": [
        ("acme", [("compute", "120.00"), ("compute", "200.00"), ("monthly", "180.00")], "500.00"),
        ("globex", [("year-2027", "6000.00")], "6000.00"),
        ("globex", [("compute", "500.00"), ("compute", "200.00"), ("year-2027", "-700.00")], "0.00"),
    ],
    # ethereum 75,000 × 26 + 18,000 × 75 = 3,300,000; solana 35,000 × 20 + 1,000 × 400 = 1,100,000 compute units;
    # 400,000 are included; 3 × 20 + 1 × 16 = 76, of which ethereum has three quarters
    "multi-chain-rpc": [("acme", [("base", "49.00"), ("rpc", "57.00"), ("rpc", "19.00")], "125.00")],
}  # fmt: skip


@pytest.fixture(scope="module", params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def book(template: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Start a book from the template."""
    folder = tmp_path_factory.mktemp(template) / "Our Prices"
    done = ratebook("init", str(folder), "--template", template)
    assert done.code == 0, done.stderr
    return folder


def test_a_template_is_a_book_without_a_fault(book: Path) -> None:
    checked = ratebook("check", "--book", str(book))
    assert (checked.code, checked.stdout.endswith(": all is well\n")) == (0, True), checked.stdout
    assert ratebook("fmt", "--book", str(book), "--check").code == 0
    tested = ratebook("test", "--book", str(book))
    assert tested.code == 0, tested.stdout
    assert "name: our-prices\n" in (book / "specs" / "book.yaml").read_text("utf-8")


def test_a_template_makes_invoices_at_once(book: Path, template: str) -> None:
    rated = ratebook("rate", "--book", str(book), "--period", "2026-10", "--format", "json")
    assert rated.code == 0, rated.stdout
    assert [
        (one["contract"], [(line["charge"], line["amount"]) for line in one["lines"]], one["total"])
        for one in json.loads(rated.stdout)["invoices"]
    ] == INVOICES[template]


def test_every_file_names_a_schema_that_is_there(book: Path) -> None:
    files = [*book.rglob("*.yaml")]
    assert len(files) > 5
    for file in files:
        modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text("utf-8"))
        assert modeline, file
        assert (file.parent / modeline[1]).is_file(), file


def test_the_readme_of_a_book_shows_commands_that_work(tmp_path: Path) -> None:
    book = tmp_path / "book"
    ratebook("init", str(book), "--template", "usage-tiers", "--name", "ours")
    readme = (book / "README.md").read_text("utf-8")
    assert readme.startswith("# ours\n")
    commands = re.findall(r"^ratebook (.+)$", readme, re.MULTILINE)
    assert len(commands) > 2
    for command in commands:
        words = command.split()
        assert ratebook(words[0], "--book", str(book), *words[1:]).code == 0, command


def test_nothing_is_written_where_something_is_already(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("ours", "utf-8")
    (tmp_path / "meters").write_text("a file, where a folder must be", "utf-8")
    done = ratebook("init", str(tmp_path), "--template", "seats")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == (
        "nothing is written, since these are there already:\n"
        f"  {tmp_path}/README.md\n  {tmp_path}/meters/seats.yaml\n"
        "  = help: name another folder, or move them away\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "meters"]
    assert (tmp_path / "README.md").read_text("utf-8") == "ours"


def test_no_link_is_followed_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "plans").symlink_to(tmp_path / "elsewhere")
    assert ratebook("init", str(tmp_path / "book"), "--template", "seats").code == 2
    assert [*(tmp_path / "elsewhere").iterdir()] == []


@pytest.mark.parametrize(
    ("platform", "files"),
    [
        ("github", [".github/workflows/ratebook.yml"]),
        ("gitlab", [".gitlab-ci.yml", ".gitlab/ratebook.yml"]),
        ("none", []),
    ],
)
def test_a_pipeline_comes_with_it(platform: str, files: list[str], tmp_path: Path) -> None:
    ratebook("init", str(tmp_path), "--template", "seats", "--ci", platform)
    found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yml")]
    assert sorted(found) == files


def test_prices_are_in_the_currency_that_is_asked_for(tmp_path: Path) -> None:
    assert ratebook("init", str(tmp_path), "--template", "seats", "--currency", "JPY").code == 0
    rated = ratebook("rate", "--book", str(tmp_path), "--period", "2026-10", "--format", "json")
    assert [(one["currency"], one["total"]) for one in json.loads(rated.stdout)["invoices"]] == [
        ("JPY", "300")
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--template", "seat"], "there is no template 'seat'; did you mean `seats`?"),
        ([], "--template is missing: one of committed-spend, credits,"),
        (["--template", "seats", "--currency", "eur"], "'eur' is no code of ISO 4217; write EUR"),
        (["--template", "seats", "--name", "Our Book"], "'Our Book' is not an id"),
    ],
)
def test_wrong_use_is_explained(options: list[str], said: str, tmp_path: Path) -> None:
    done = ratebook("init", str(tmp_path), *options)
    assert (done.code, said in done.stderr, [*tmp_path.iterdir()]) == (2, True, [])


def test_the_templates_are_listed() -> None:
    done = ratebook("init", "--list")
    assert [row.split()[0] for row in done.stdout.splitlines()] == list(TEMPLATES)


def test_templates_are_in_the_wheel() -> None:
    wheel = {file.distribution_path for file in WheelBuilder(str(REPOSITORY)).recurse_included_files()}
    folder = "ratebook/authoring/templates"
    expected = {
        f"{folder}/{template}/{path}" for template in TEMPLATES for path in scaffold(template, "b", "USD")
    }
    readmes = {f"{folder}/{template}/README.md" for template in TEMPLATES}
    assert (expected - readmes) | {f"{folder}/README.md"} <= wheel
