"""`ratebook fmt`: one form for all files, with the same meaning and the same comments."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.authoring.formatting import UnformattableError, formatted
from ratebook.book import load
from ratebook.book.reader import read_yaml
from ratebook.trees import read_folder
from tests.example import REPOSITORY, ratebook, write_book

BOOKS = [REPOSITORY, *sorted(path for path in (REPOSITORY / "tests" / "books").iterdir())]


def form(text: str, path: str = "notes.yaml") -> str:
    return formatted(path, text.encode()).decode()


def data(text: str) -> Any:
    document = read_yaml("notes.yaml", text.encode())
    assert document.root is not None
    return document.root.data


def test_keys_stand_in_the_order_of_the_model() -> None:
    plan = """\
charges:
  - {included: 5, rating: calls}
fees:
  - bill: in_advance
    name: Base
    id: base
    amount: {versions: [{reference: P-1, value: 5, from: 2026-07-01}]}
name: Pro
"""
    assert form(plan, "plans/pro.yaml") == (
        """\
name: Pro
fees:
  - id: base
    name: Base
    amount: {versions: [{from: 2026-07-01, reference: P-1, value: 5}]}
    bill: in_advance
charges:
  - {rating: calls, included: 5}
"""
    )


@pytest.mark.parametrize(
    ("path", "written", "in_form"),
    [
        ("contracts/a.yaml", "{start: 1, spec: w, org: o}", "{org: o, spec: w, start: 1}"),
        ("specs/rating/a.yaml", "{price: {per: 1, amount: 2}}", "{price: {amount: 2, per: 1}}"),
        ("specs/rating/a.yaml", "{price: {size: 1, amount: 2, model: package}}",
         "{price: {model: package, size: 1, amount: 2}}"),
        ("specs/rating/a.yaml", "{price: {values: {z: {per: 1, amount: 2}, a: free}, by: [x], model: matrix}}",
         "{price: {model: matrix, by: [x], values: {z: {amount: 2, per: 1}, a: free}}}"),
        ("specs/multipliers/a.yaml", "{versions: [{values: {b: 1, a: 2}, from: 2026-01-01}], by: [x]}",
         "{by: [x], versions: [{from: 2026-01-01, values: {b: 1, a: 2}}]}"),
        ("meters/a.yaml", "{where: {b: {lt: 5, not_in: [1]}, a: 1}, source: s}",
         "{source: s, where: {b: {lt: 5, not_in: [1]}, a: 1}}"),
        ("meters/a.yaml", "{dimensions: [{z: {up_to: [1], of: x}}, y]}", "{dimensions: [{z: {of: x, up_to: [1]}}, y]}"),
        ("plans/a.yaml", "{name: {tr: T, en: E}}", "{name: {tr: T, en: E}}"),
        ("plans/a.yaml", "{unknown: 1, name: A, other: 2}", "{name: A, unknown: 1, other: 2}"),
        ("elsewhere.yaml", "{b: 1, a: 2}", "{b: 1, a: 2}"),
    ],
)  # fmt: skip
def test_only_keys_that_the_model_names_are_moved(path: str, written: str, in_form: str) -> None:
    assert form(written, path) == in_form + "\n"


def test_comments_move_with_what_they_are_about() -> None:
    plan = """\
# About the file.

# Two of them,
# about the fees.
fees:
  # The first.
  - name: Base     # its name
                   # and more of it
    id: base  # its id
# The plan.
name: Pro
# At the end.
"""
    assert form(plan, "plans/pro.yaml") == (
        """\
# About the file.

# The plan.
name: Pro
# Two of them,
# about the fees.
fees:
  # The first.
  - id: base  # its id
    name: Base     # its name
                   # and more of it
# At the end.
"""
    )


@pytest.mark.parametrize(
    ("written", "in_form"),
    [
        ("a:   1_000", "a: 1_000"),
        ("a: 0.450", "a: 0.450"),
        ("a: 'x y'", 'a: "x y"'),
        ("a: 'say \"x\"'", "a: 'say \"x\"'"),
        ('a: "500"', 'a: "500"'),
        ("a:\n- 1\n-   2", "a:\n  - 1\n  - 2"),
        ("a:\n      b:\n            c: 1", "a:\n  b:\n    c: 1"),
        ("a: {b: 1,c:   2}", "a: {b: 1, c: 2}"),
        ("a: [\n  1,\n  2\n]", "a: [1, 2]"),
        ("a: 1 # x", "a: 1  # x"),
        ("a: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2"),
        ("\na:\n\n  b: 1", "a:\n  b: 1"),
        ("a: 1\r\nb: 2", "a: 1\nb: 2"),
        ("\ufeffa: 1", "a: 1"),
        ("---\na: 1\n...", "a: 1"),
        ("a: |\n     x\n       y\n\n     z\nb: 1", "a: |\n  x\n    y\n\n  z\nb: 1"),
        ("a: >2-\n    x\nb: 1", "a: >2-\n    x\nb: 1"),
        ("a: |+\n  x\n\n\nb: 1", "a: |+\n  x\n\n\nb: 1"),
        ("a:\n  # why\n  [1]", "# why\na: [1]"),
        ("- # why\n  a: 1", "# why\n- a: 1"),
    ],
)
def test_space_is_regular_and_values_are_as_typed(written: str, in_form: str) -> None:
    assert form(written + "\n") == in_form + "\n"


def test_a_wide_mapping_in_brackets_is_folded() -> None:
    wide = ", ".join(f"key-{number}: {number}_000" for number in range(10, 19))
    assert form(f"a: {{{wide}}}\n") == (
        "a:\n"
        "  {key-10: 10_000, key-11: 11_000, key-12: 12_000, key-13: 13_000, key-14: 14_000, key-15: 15_000,\n"
        "   key-16: 16_000, key-17: 17_000, key-18: 18_000}\n"
    )


def test_what_is_folded_has_110_columns_and_what_stands_in_one_row_120() -> None:
    keys = ", ".join(f"key-{number}: {number}_000" for number in range(10, 16))
    in_one, folded = f"a: {{{keys}, key-16: 16_000}}\n", f"a:\n  {{{keys},\n   key-16: 16_000}}\n"
    assert len(in_one) == 116
    assert (form(in_one), form(folded)) == (in_one, folded)


def test_expectations_end_with_the_amount() -> None:
    case = "{cases: {a: {plan: p, period: 2026-10, expect: {total: 1, lines: [{amount: 1, charge: c, quantity: 2}]}}}}"
    in_form = case.replace(
        "{total: 1, lines: [{amount: 1, charge: c, quantity: 2}]}",
        "{lines: [{charge: c, quantity: 2, amount: 1}], total: 1}",
    )
    assert form(case, "tests/pricing/a.yaml") == in_form + "\n"


def test_brackets_with_comments_in_them_stay_as_typed() -> None:
    text = "a: {b: 1,   # one\n  c: 2}\n"
    assert form(text) == text


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: &x 1\n", "a: [1\n", "a: 1e5\n", "\ta: 1\n"])
def test_what_the_reader_does_not_take_is_left_alone(text: str) -> None:
    with pytest.raises(UnformattableError) as caught:
        form(text)
    assert caught.value.findings


def test_a_text_without_an_end_of_line_would_get_one_and_is_left_alone() -> None:
    with pytest.raises(UnformattableError, match="its meaning"):
        form("a: |\n  x")


def test_a_mere_text_is_no_file_of_a_book() -> None:
    with pytest.raises(UnformattableError, match="holds no keys"):
        form("root:x:0:0:root\nbin:x:2:2:bin\n")


@pytest.mark.parametrize("root", BOOKS, ids=lambda root: root.name)
def test_the_books_here_are_in_form(root: Path) -> None:
    files = {path: text for path, text in read_folder(root).items() if path.endswith(".yaml")}
    assert [path for path, text in files.items() if formatted(path, text) != text] == []


@pytest.mark.parametrize("root", BOOKS, ids=lambda root: root.name)
def test_a_book_that_was_written_backwards_means_the_same_in_form(root: Path) -> None:
    """Every file's first keys are moved to its end, with the comments above them."""
    files = read_folder(root)
    shuffled = {path: _backwards(text) if path.endswith(".yaml") else text for path, text in files.items()}
    restored = {
        path: formatted(path, text) if path.endswith(".yaml") else text for path, text in shuffled.items()
    }
    before, after = load(files).book, load(restored).book
    assert before is not None
    assert after is not None
    assert before.digest == after.digest
    assert [_comments(text) for text in restored.values()] == [_comments(text) for text in files.values()]


def _backwards(text: bytes) -> bytes:
    """Turn the order of the keys at the left edge, each with the rows above and below it that are its own."""
    top, *parts = re.split(r"^(?=(?:#.*\n)*[a-z_\"]+:)", text.decode(), flags=re.MULTILINE)
    return (top + "".join(part if part.endswith("\n") else part + "\n" for part in parts[::-1])).encode()


def _comments(text: bytes) -> list[str]:
    return sorted(re.findall(r"(?:^|\s)(#.*)$", text.decode(), re.MULTILINE))


KEYS = st.sampled_from(["name", "id", "amount", "fees", "price", "tiers", "x", '"q r"', "versions", "from"])
SCALARS = st.sampled_from(
    ["1", "1_000", "0.450", "-0.10", "text", "two words", "'a: b'", '"#no"', "''", "true", "a#b", "http://x",
     "2026-01-01", "'it''s'", '"tab\\t"', "é"]
)  # fmt: skip
FLOWS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=8).map(lambda items: f"[{' , '.join(items)}]"),
        st.dictionaries(KEYS, inner, max_size=8).map(
            lambda items: "{" + ",  ".join(f"{key}:  {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=12,
)
NOISE = st.lists(st.sampled_from(["", "# a", "#b", "    # deep", "  # deeper: 1", "# - c"]), max_size=3)
ENDS = st.sampled_from(["", "", " # end", "     # far", "  #"])


@st.composite
def rows(draw: st.DrawFn, levels: int = 3) -> list[str]:
    """Make the rows of a mapping or list, with comments and gaps wherever they may be."""
    is_list, step = draw(st.booleans()), draw(st.integers(2, 4))
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    found: list[str] = []
    for key in keys:
        found += draw(NOISE)
        lead = "-" if is_list else f"{key}:"
        if levels and draw(st.booleans()):
            below = draw(rows(levels=levels - 1))
            found += [lead + draw(ENDS), *(" " * step + row if row else row for row in below)]
        else:
            found.append(f"{lead} {draw(FLOWS)}{draw(ENDS)}")
    return found + draw(NOISE)


@given(
    rows().map(lambda found: "\n".join(found) + "\n"),
    st.sampled_from(["plans/p.yaml", "a.yaml", "contracts/c.yaml"]),
)
def test_meaning_and_comments_stay_whatever_is_written_and_once_is_enough(text: str, path: str) -> None:
    once = form(text, path)
    assert data(once) == data(text)
    assert _comments(once.encode()) == _comments(text.encode())
    assert form(once, path) == once


def test_the_command_writes_only_what_is_not_in_form(tmp_path: Path) -> None:
    book = write_book(tmp_path)
    plan = book / "plans" / "free.yaml"
    in_form = plan.read_text("utf-8")
    plan.write_text(in_form.replace("currency: USD", "currency:   USD"), "utf-8")

    asked = ratebook("fmt", "--book", str(book), "--check")
    assert (asked.code, asked.stdout) == (1, f"{plan}\n")
    shown = ratebook("fmt", "--book", str(book), "--diff", str(plan))
    assert (shown.code, "-currency:   USD\n+currency: USD\n" in shown.stdout) == (1, True)
    assert plan.read_text("utf-8") != in_form

    done = ratebook("fmt", "--book", str(book))
    assert (done.code, done.stdout, plan.read_text("utf-8")) == (0, f"{plan}\n", in_form)
    assert ratebook("fmt", "--book", str(book), "--check").code == 0
    assert [path.name for path in plan.parent.iterdir() if path.name.startswith(".")] == []


def test_the_command_leaves_a_broken_file_alone_and_formats_the_others(tmp_path: Path) -> None:
    book = write_book(tmp_path)
    free, pro = book / "plans" / "free.yaml", book / "plans" / "pro.yaml"
    free.write_text("name: [Free\n", "utf-8")
    pro.write_text(pro.read_text("utf-8") + "\n\n", "utf-8")
    done = ratebook("fmt", "--book", str(book))
    assert (done.code, done.stdout, free.read_text("utf-8")) == (2, f"{pro}\n", "name: [Free\n")
    assert f"{free}:2:1: error RB102" in done.stderr


def test_the_command_writes_no_file_that_is_no_yaml_file_and_follows_no_link(tmp_path: Path) -> None:
    table, link = tmp_path / "contracts.csv", tmp_path / "link.yaml"
    table.write_text("id,plan\nacme,pro\n", "utf-8")
    (tmp_path / "plan.yml").write_text("name:   Pro\n", "utf-8")
    link.symlink_to(tmp_path / "plan.yml")
    for path, what in ((table, "is not called .yaml"), (link, "is a link")):
        done = ratebook("fmt", str(path))
        assert (done.code, done.stderr) == (2, f"{path}: the file {what}, and is left alone\n1 left alone\n")
    assert table.read_text("utf-8") == "id,plan\nacme,pro\n"
    assert link.is_symlink()
