"""docs/reference/pitfalls.md is complete: every number and thread has a row, and every test that it names is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "reference" / "pitfalls.md"
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[^`]+?)::([^`]+)`")
LATER = re.compile(r"Comes with (the ledger|the runner|delivery|feeds): [a-z]")

NUMBERS = {
    "A": range(1, 13),
    "B": range(13, 22),
    "C": range(22, 35),
    "D": range(35, 50),
    "E": range(50, 60),
    "F": range(60, 71),
    "G": range(71, 79),
    "H": range(79, 84),
    "I": range(84, 91),
    "J": range(91, 100),
}
THREADS = {
    "lago-api": """
        #821 #824 #829 #879 #1246 #1569 #1655 #1794 #1834 #1868 #1988 #2244 #2561 #2643 #3005 #3174 #3274 #3676 #3809
        #3851 #3911 #4225 #4227 #4273 #4399 #4411 #4449 #4553 #4639 #4641 #4772 #4795 #4945 #5020 #5024 #5102 #5104
        #5117 #5121 #5187 #5244 #5287 #5305 #5495 #5522 #5523 #5525 #5564 #5579 #5583 #5616 #5630 #5651 #5653 #5665
        #5708 #5740 #5760 #5861 #5870 #5901 #5906 #5916 #5935 #5980 #6019 #6123 #6139 #6173 #6194""",
    "getlago/lago": "#325 #648",
    "killbill": "#139 #150 #154 #640 #1081 #1856 #1966 #1968 #1981 #2133 293097809b",
    "flexprice": """
        #299 #793 #1441 #2155 #2252 #2370 #2456 #2526 #2549 0dfb7a514 27afd2777 3a9196387 3f6e7b997 41568f4ae
        74a058381 96d38bb34 bcd7a3ec7 c1e7c3677 cd60989bf da1dd4ce6 daysInDuration df2bf8a40 eb565cde8""",
    "meteroid": "#848 #851 #871 #956 #1056",
    "polarsource/polar": "#6625",
    "ChronoAIProject/NyxID": "#1050",
}
FOUND_BY_READING = {
    "meteroid proration in f64",
    "meteroid coupons of a cent",
    "lago-api coupon over two rates",
    "lago-api eight lines of 1.4 cents",
}


def rows() -> list[tuple[str, str, str]]:
    """Give what stands in the tables: number or threads, what goes wrong, tests."""
    found: list[tuple[str, str, str]] = ROW.findall(PAGE.read_text("utf-8"))
    return [row for row in found if row[0] not in {"Number", "Thread"}]


def keys_of(cell: str) -> Iterator[str]:
    """Give the numbers or threads of a row; `lago-api #1, #2` are two threads of one repository."""
    repository = ""
    for part in cell.split(", "):
        name, _, thread = part.rpartition(" ") if " " in part else (repository, "", part)
        repository = name
        yield f"{name} {thread}".strip()


def keys() -> set[str]:
    """Give every number and thread that the page must have."""
    numbers = {f"{section}{number}" for section, every in NUMBERS.items() for number in every}
    threads = {f"{name} {thread}" for name, every in THREADS.items() for thread in every.split()}
    return numbers | {"C33b"} | threads | FOUND_BY_READING


def carries(name: str, key: str) -> bool:
    """Say whether the name of a test holds a number or thread; `#648` asked the question of `#5760` first."""
    number = key.rpartition(" ")[2].lstrip("#ABDEFGHIJ")
    return key == "getlago/lago #648" or re.search(rf"(?<!\d){re.escape(number)}(?!\d)", name) is not None


@cache
def names_in(file: str) -> frozenset[str]:
    """Give the tests of a module, or the names of cases in a file of them."""
    path = REPOSITORY / file
    if not path.is_file():
        return frozenset()
    text = path.read_text("utf-8")
    if path.suffix == ".yaml":
        return frozenset(case["name"] for case in yaml.safe_load(text))
    return frozenset(node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))


def test_every_number_and_thread_has_one_row_and_no_other_is_there() -> None:
    found = list(chain.from_iterable(keys_of(row[0]) for row in rows()))
    assert len(found) == len(set(found))
    assert set(found) == keys()


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_row_names_tests_that_are_there_or_says_with_what_it_comes(row: tuple[str, str, str]) -> None:
    tests = TEST.findall(row[2])
    assert [test for test in tests if test[1] not in names_in(test[0])] == []
    rest = TEST.sub("", row[2]).replace("<br>", "")
    assert rest == "" or LATER.match(rest)
    assert tests or rest


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_number_and_thread_is_in_the_name_of_a_test(row: tuple[str, str, str]) -> None:
    names = [name for _, name in TEST.findall(row[2])]
    named = {key for key in keys_of(row[0]) if key not in FOUND_BY_READING and not re.match(r"C\d", key)}
    assert {key for key in named if names and not any(carries(name, key) for name in names)} <= {
        "flexprice daysInDuration"
    }
