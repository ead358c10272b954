"""Files that no case of `cases/` can hold: bytes that are no text, and more errors than are shown."""

from ratebook.book import load
from tests.book.small_book import broken, found


def test_a_file_that_is_not_utf8() -> None:
    files = broken({}) | {"contracts/acme.yaml": b"org: acm\xe9\n"}

    assert found(load(files)) == ["contracts/acme.yaml:1:9 RB101 byte 0xe9 is not UTF-8"]


def test_a_table_that_is_not_utf8() -> None:
    files = broken({}) | {
        "contracts/many.csv": b"id,org,type,spec,plan,start\nb,org_b\xe9,hybrid,world,pro,2026-01-01\n"
    }

    assert found(load(files)) == ["contracts/many.csv:2:8 RB101 byte 0xe9 is not UTF-8"]


def test_a_table_with_a_byte_order_mark_is_read() -> None:
    rows = "\ufeffid,org,type,spec,plan,start\nb,org_b,hybrid,world,pro,2026-01-01\n"

    assert found(load(broken({}) | {"contracts/many.csv": rows.encode()})) == []


def test_of_a_table_a_hundred_errors_are_shown() -> None:
    rows = "".join(f"b-{number:04},org_{number},hybird,world,pro,2026-01-01\n" for number in range(200))
    loaded = load(broken({"contracts/many.csv": "id,org,type,spec,plan,start\n" + rows}))

    assert [finding.code for finding in loaded.findings] == ["RB204"] * 100 + ["RB117"]


def test_of_a_table_of_factors_a_hundred_errors_are_shown() -> None:
    changes: dict[str, str | dict[str, str] | None] = {
        "specs/multipliers/weights.yaml": "by: [chain]\ntable: weights.csv\n",
        "specs/multipliers/weights.csv": "chain,factor\n"
        + "".join(f"c{number},x\n" for number in range(200)),
        "specs/rating/calls.yaml": {"lines_by": "multiply_by: [weights]\nlines_by"},
    }
    codes = [finding.code for finding in load(broken(changes)).findings]

    assert codes == ["RB203"] * 100 + ["RB117"]


def test_files_outside_of_the_books_folders_are_ignored() -> None:
    others = [
        "README.md",
        "book.yaml",
        "tests/pricing/pro.yaml",
        "engine/x.yml",
        "specs/schema/plan.yaml",
        "meters/README.md",
        "plans/.#pro.yaml",
        "specs/fx.csv",
    ]

    loaded = load(broken({}) | dict.fromkeys(others, b"\xff"))

    assert (found(loaded), loaded.files) == ([], 7)


def test_nothing_at_all_is_no_book() -> None:
    assert found(load({})) == ["RB114 there is no specs/book.yaml, the root of a book"]
