"""A diff document as a comment: goldens, any name shown as it is, and a size that is kept."""

from copy import deepcopy
from typing import Any

import pytest
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from ratebook.preview.markdown import draw_markdown
from ratebook.preview.markdown_text import code, escaped
from tests.preview.documents import DOCUMENTS, RICH, SMALL
from tests.preview.golden_file import MarkdownFile

HOSTILE = "Evil | `x` <img src=x onerror=alert(1)>\n@everyone [a](http://b) **c** #1 & \\| $y$ www.d.com"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_comment(name: str, snapshot: SnapshotAssertion) -> None:
    assert draw_markdown(DOCUMENTS[name]) == snapshot(extension_class=MarkdownFile)


def with_customer(name: str) -> Any:
    document: Any = deepcopy(SMALL)
    document["contracts"][0]["customer"] = name
    return document


def test_a_hostile_name_stays_one_cell_of_plain_text() -> None:
    drawn = draw_markdown(with_customer(HOSTILE))
    tokens = MarkdownIt("commonmark").enable("table").parse(drawn)
    cells = [token for token in tokens if token.type == "inline" and "Evil" in token.content]

    assert len(cells) == 1
    children = cells[0].children or []
    assert {child.type for child in children} == {"code_inline", "text"}
    shown = "".join(child.content for child in children).replace("\N{ZERO WIDTH SPACE}", "")
    assert shown == "acme " + " ".join(HOSTILE.split())


@pytest.mark.parametrize("text", ["@everyone", "#12", "!7", "GH-3", "https://x.org", "www.x.org"])
def test_what_would_call_somebody_is_broken_up(text: str) -> None:
    assert "\N{ZERO WIDTH SPACE}" in escaped(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("specs/rating.yaml:12", "`specs/rating.yaml:12`"),
        ("plans/pro@2", "`plans/pro@2`"),
        ("a|b", "<code>a\\|b</code>"),
        ("a`b", "<code>a\\`b</code>"),
    ],
)
def test_code(text: str, written: str) -> None:
    assert code(text) == written


@pytest.mark.parametrize("most", [8_000, 4_000, 2_500])
def test_a_comment_keeps_its_size_and_is_cut_at_whole_rows(most: int) -> None:
    drawn = draw_markdown(RICH, most)

    assert len(drawn) <= most
    assert drawn.startswith("### Rate book preview")
    assert drawn.endswith("</sub>\n")
    assert drawn.count("<details>") == drawn.count("</details>")
    assert all(row.endswith("|") for row in drawn.splitlines() if row.startswith("|"))
    assert "more\n" in drawn


def test_a_contract_that_is_not_shown_is_counted() -> None:
    drawn = draw_markdown(RICH)

    assert "<summary>Largest changes (10 of 58)</summary>" in drawn
    assert "… and 48 more" in drawn
