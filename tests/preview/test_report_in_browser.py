"""The report in headless Chromium: searched, sorted, opened; and what is no part of it does not run."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from ratebook.preview.html import draw_html
from tests.preview.documents import RICH

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER: Final = next(filter(None, map(shutil.which, NAMES)), None)

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason=f"the report is not opened: there is no {' or '.join(NAMES)}; install chromium"
)


def opened(folder: Path, view: str = "", page: str | None = None) -> str:
    """Open the report at a view and give the page as it then is."""
    file = folder / "report.html"
    file.write_text(page or draw_html(RICH), encoding="utf-8")
    done = subprocess.run(
        [
            str(BROWSER),
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000", "--dump-dom"),
            f"{file.as_uri()}#{view}",
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return done.stdout.decode()


def listed(page: str) -> list[str]:
    """Name the contracts that the list shows, in its order."""
    bodies = re.findall(r"<tbody ([^>]*data-found=[^>]*)>", page)
    shown = [body for body in bodies if not re.search(r'\bhidden=""', body)]
    return [re.findall(r'data-contract="([^"]*)"', body)[0] for body in shown]


def status(page: str) -> str:
    return "".join(re.findall(r'<p id="count"[^>]*>([^<]*)', page))


def test_all_contracts_are_listed_as_they_are(tmp_path: Path) -> None:
    page = opened(tmp_path)

    assert listed(page) == [contract["contract"] for contract in RICH["contracts"]]
    assert status(page) == "60 contracts"
    assert 'aria-expanded="false"' in page


def test_a_search_finds_letters_with_marks_and_adds_up_what_it_found(tmp_path: Path) -> None:
    page = opened(tmp_path, "q=kapadokya+turizm&open=kapadokya")

    assert listed(page) == ["kapadokya", "c001-kapadokyaturiz"]
    assert status(page) == "2 of 60 contracts · TRY -188,877.92"
    assert page.count('aria-expanded="true"') == 1
    assert listed(opened(tmp_path, "q=sahin")) == ["c000-ahiniletiim"]


def test_the_list_is_sorted_by_a_column_within_a_cause(tmp_path: Path) -> None:
    page = opened(tmp_path, "cause=1&sort=-percent&currency=TRY")

    assert listed(page) == ["c004-gneenerji", "bosphorus-pay", "kapadokya"]
    assert re.search(r'data-key="percent" aria-sort="descending"', page)
    assert status(page) == "3 of 60 contracts · TRY -200,917.99"


def test_what_is_no_part_of_the_report_does_not_run(tmp_path: Path) -> None:
    script = (
        "<script>document.body.dataset.ran = 'yes'</script><img src=x onerror='document.body.dataset.ran=2'>"
    )
    page = opened(tmp_path, page=draw_html(RICH).replace("</main>", f"{script}</main>"))

    assert "data-ran" not in page
    assert 'class="js"' in page
