"""The report in headless Chromium: searched, sorted, opened, passed on; and what is no part of it does not run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ratebook.preview.html import draw_html
from tests.preview.browser import FOUND, NAMES, Page, browser
from tests.preview.documents import RICH

pytestmark = pytest.mark.skipif(
    FOUND is None, reason=f"the report is not opened: there is no {' or '.join(NAMES)}; install chromium"
)
LISTED = "[...document.querySelectorAll('#list > tbody:not([hidden])')].map((one) => one.dataset.contract)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(draw_html(RICH), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def page(chromium: Page, report: Path) -> Iterator[Page]:
    chromium.open(report.as_uri())
    yield chromium
    assert chromium.complaints == []


def listed(page: Page) -> Any:
    return page.ask(LISTED)


def status(page: Page) -> Any:
    return page.ask("document.getElementById('count').textContent")


def test_all_contracts_are_listed_those_that_move_most_first(page: Page) -> None:
    assert listed(page) == [contract["contract"] for contract in RICH["contracts"]]
    assert status(page) == "60 contracts"


def test_a_search_needs_no_marks_on_letters_and_adds_up_what_it_finds(page: Page) -> None:
    page.click("#q")
    page.type("kapadokya turizm")

    assert listed(page) == ["kapadokya", "c001-kapadokyaturiz"]
    assert status(page) == "2 of 60 contracts · TRY -188,877.92"

    page.click("#clear")
    page.click("#q")
    page.type("sahin")
    assert listed(page) == ["c000-ahiniletiim"]


def test_a_column_sorts_one_way_and_then_the_other(page: Page) -> None:
    page.click("[data-key=will_be] button")
    down = listed(page)
    assert page.ask("document.querySelector('[data-key=will_be]').ariaSort") == "descending"
    page.click("[data-key=will_be] button")

    will_be = {one["contract"]: float(one["will_be"]) for one in RICH["contracts"]}
    assert down == sorted(will_be, key=lambda one: -will_be[one])
    assert listed(page) == down[::-1]


def test_a_cause_leads_to_the_contracts_that_it_moves(page: Page) -> None:
    page.click("button[data-cause='3']")

    assert listed(page) == ["bosphorus-pay"]


def test_a_contract_opens_by_mouse_and_by_keyboard(page: Page) -> None:
    is_seen = "document.querySelector('#more-0').offsetHeight > 0"
    assert page.ask(is_seen) is False
    page.click("#list .row .name")
    assert page.ask(is_seen) is True
    page.ask("document.querySelector('.toggle').focus()")
    page.press("Enter", 13)
    assert page.ask(is_seen) is False


def test_one_currency_has_its_charts_at_a_time(page: Page) -> None:
    shown = "[...document.querySelectorAll('.pair:not([hidden])')].map((one) => one.dataset.charts)"
    assert page.ask(shown) == ["USD"]
    page.click(".tabs [data-currency=TRY]")
    assert page.ask(shown) == ["TRY"]


def test_a_view_can_be_passed_on(page: Page, report: Path) -> None:
    page.click("[data-key=percent] button")
    page.click("#q")
    page.type("turkey")
    address, contracts = page.ask("location.href"), listed(page)
    assert address == f"{report.as_uri()}#q=turkey&sort=-percent"

    page.open(f"{address}&open=kapadokya")
    assert listed(page) == contracts
    assert page.ask("document.querySelector('.open').dataset.contract") == "kapadokya"


def test_what_is_shown_is_saved_as_a_table(page: Page) -> None:
    page.ask("URL.createObjectURL = (blob) => { window.saved = blob.text(); return '#'; }; 0")
    page.click("#q")
    page.type("bogazici")
    page.click("#csv")

    assert page.ask("saved").splitlines() == [
        '"contract","customer","plan","currency","status","was","will_be","difference","percent"',
        (
            '"bosphorus-pay","Boğaziçi Ödeme A.Ş.","kurumsal@1","TRY","changed",'
            '"80831.04","67720.64","-13110.40","-16.22"'
        ),
    ]


def test_dark_and_light_can_be_chosen(page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.ask(background)
    page.click("#theme")

    assert (light, page.ask(background)) == ("rgb(244, 246, 248)", "rgb(14, 19, 24)")


def test_what_is_no_part_of_the_report_does_not_run(chromium: Page, tmp_path: Path) -> None:
    script = (
        "<script>document.body.dataset.ran = 1</script><img src=x onerror='document.body.dataset.ran = 1'>"
    )
    file = tmp_path / "report.html"
    file.write_text(draw_html(RICH).replace("</main>", f"{script}</main>"), encoding="utf-8")
    chromium.open(file.as_uri())

    assert chromium.ask("document.body.dataset.ran ?? null") is None
    assert chromium.ask("document.documentElement.className") == "js"
    assert len([one for one in chromium.complaints if "Content Security Policy" in one]) >= 2
