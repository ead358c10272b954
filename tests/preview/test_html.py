"""A diff document as a report: goldens of the page without its styles and script, and names that cannot become code."""

import re
from copy import deepcopy
from html.parser import HTMLParser
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ratebook.preview.html import draw_html
from tests.preview.documents import DOCUMENTS, RICH
from tests.preview.golden_file import HtmlFile

HOSTILE = (
    "</script></style>\"'><script>document.body.dataset.ran=1</script><img src=x onerror=alert(1)>{{ 7*7 }}"
)


class Tags(HTMLParser):
    """Gathers the tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_report(name: str, snapshot: SnapshotAssertion) -> None:
    page = re.sub("(?s)(<style>|<script>).*?(</style>|</script>)", r"\1\2", draw_html(DOCUMENTS[name]))
    assert re.sub(r"sha256-[\w+/=]+", "sha256-…", page) == snapshot(extension_class=HtmlFile)


def hostile(value: Any) -> Any:
    """Put a hostile text in the place of all that may hold any text."""
    if isinstance(value, dict):
        kept = {
            "categories",
            "code",
            "currency",
            "status",
            "verdict",
            "by",
            "severity",
            "kind",
            "format_version",
        }
        return {key: one if key in kept else hostile(one) for key, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    is_text = isinstance(value, str) and not re.fullmatch(r"-?[\d.]+|[a-z]+_[a-z]+|price_lock", value)
    return HOSTILE if is_text else value


def test_no_text_of_a_document_becomes_a_tag_or_runs() -> None:
    document = hostile(deepcopy(RICH))
    page = draw_html(document)

    tags = Tags(page).found
    assert page.count("&lt;img") > 100
    assert [tag for tag, _ in tags].count("script") == 1
    assert [tag for tag, _ in tags].count("img") == 0
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


def test_the_page_loads_nothing_and_runs_only_its_own_script() -> None:
    page = draw_html(RICH)
    tags = Tags(page).found
    policy = next(one["content"] for tag, one in tags if one.get("http-equiv") == "Content-Security-Policy")

    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert [name for _, one in tags for name in one if name in {"src", "style"}] == []
    assert {one["href"] for _, one in tags if "href" in one} == {"#contracts"}
    assert "//" not in re.sub(r"(?m)//.*$", "", page.split("<script>")[1])


def test_every_table_has_heads_and_every_control_a_name() -> None:
    page = draw_html(RICH)

    assert len(re.findall("<table", page)) == len(re.findall("<thead>", page))
    assert not re.search(r"<th(?! scope)(?!ead)", page)
    controls = [one for tag, one in Tags(page).found if tag in {"input", "select"}]
    assert len(re.findall(r"<label[^>]*>[^<]+<(?:input|select)", page)) == len(controls) == 4


def test_a_page_lists_only_so_many_contracts_and_says_so() -> None:
    page = draw_html(RICH, 5)

    assert page.count('<tr class="row">') == 5
    assert "5 contracts that move most, of 60; the JSON has all of them" in page


def test_two_saved_results_have_a_report_without_causes() -> None:
    document: Any = deepcopy(RICH)
    document["causes"] = []
    for contract in document["contracts"]:
        contract["causes"] = []
        contract["shielded"] = []

    page = draw_html(document)

    assert "Who moves most" in page
    assert "by cause" not in page
