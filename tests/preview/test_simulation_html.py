"""The page of a simulation: whole in one file, safe whatever contracts are called, searched and sorted in a browser."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ratebook.preview.simulation_charts import short
from ratebook.preview.simulation_html import draw_simulation_html
from tests.preview.browser import FOUND, browser
from tests.preview.simulated import COSTS, DEARER, FILES, USAGE, edited, simulate

LISTED = "[...document.querySelectorAll('#list > tbody:not([hidden])')].map((one) => one.dataset.contract)"
CARA = "org: cara\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Acme pays 120 and then 220, bolt 9, cara 20 twice, who would pay 6 on Lite."""
    usage = (*USAGE, ("cara", "2026-10-08", "eth", 2))
    first, second = edited({}, cara=CARA), edited(DEARER, cara=CARA) | {"specs/costs.yaml": COSTS}
    return simulate(second, first, usage=usage, by="chain")


def test_the_page_is_whole_in_itself(document: dict[str, Any]) -> None:
    page = draw_simulation_html(document)
    assert not re.search(r"""(src|href)=["'](?!#)""", page)
    assert "1 contract would have paid something else" in page
    assert (
        page.count("<svg") == 6
    )  # movement, and of dollars: months, plans, movers, margin by chain and by plan


def test_the_page_without_a_book_before_shows_revenue_alone() -> None:
    page = draw_simulation_html(simulate(FILES))
    assert "Revenue of 2 months" in page
    assert "Difference" not in page
    assert "Margin" not in page


def test_names_are_texts_and_never_markup(document: dict[str, Any]) -> None:
    name = '<img src=x onerror="alert(1)">'
    rows = [{**row, "contract": name, "plan": name} for row in document["by_contract"]]
    plans = [{**row, "plan": name} for row in document["by_plan"]]
    page = draw_simulation_html({**document, "by_contract": rows, "by_plan": plans})
    assert "<img" not in page


def test_many_contracts_are_cut_to_those_that_move_most(document: dict[str, Any]) -> None:
    page = draw_simulation_html(document, most=1)
    assert re.findall(r'data-contract="(\w+)"', page) == ["acme"]
    assert "1 contract, of 3; the JSON has all of them" in page


@pytest.mark.skipif(FOUND is None, reason="the page is not opened: there is no chromium; install it")
def test_the_list_is_searched_and_sorted(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "simulation.html"
    file.write_text(draw_simulation_html(document), encoding="utf-8")
    with browser(tmp_path) as page:
        page.open(f"{file.as_uri()}#q=pro&sort=-contract")
        assert page.ask(LISTED) == ["cara", "acme"]
        assert page.complaints == []


def test_amounts_in_few_letters() -> None:
    amounts = ("999", "1000", "1550000", "-2500000000")
    assert [short(Decimal(amount)) for amount in amounts] == ["999", "1.0k", "1.6m", "-2.5bn"]
