"""`ratebook watch`: each saved state of a book is answered with what is wrong, or with what it changes."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from ratebook.calendar import RunPeriod
from ratebook.cli.watching import Watched, Watcher
from tests.example import RATEBOOK, ratebook
from tests.small_files import SMALL

PRICE = "specs/rating/calls.yaml"
FILES = {**SMALL, PRICE: "meter: calls\nprice: {amount: 2, per: 1}\ndescription: Calls\n"}
USAGE = (("acme", 30), ("bolt", 5))


def write_usage(folder: Path, usage: tuple[tuple[str, int], ...] = USAGE) -> None:
    rows = [{"org": org, "id": org, "at": "2026-10-10T00:00:00Z", "n": n} for org, n in usage]
    (folder / "usage.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def saved(**changes: str) -> dict[str, bytes]:
    """Give the files with some texts replaced: the price, or a contract by its name."""
    texts = dict(FILES)
    for name, text in changes.items():
        texts[PRICE if name == "price" else f"contracts/{name}.yaml"] = text
    return {file: text.encode() for file, text in texts.items()}


def priced(amount: str) -> dict[str, bytes]:
    return saved(price=FILES[PRICE].replace("amount: 2", f"amount: {amount}"))


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    write_usage(tmp_path)
    return Watched(tmp_path, "local", RunPeriod.parse("2026-10"), date(2026, 11, 25))


@pytest.fixture
def watcher(watched: Watched) -> Iterator[Watcher]:
    found = Watcher(watched)
    yield found
    found.close()


def test_the_first_state_is_what_later_ones_are_compared_with(watcher: Watcher) -> None:
    assert watcher.see(saved()) == (
        "6 files, 2 contracts: all is well\nLater changes are compared with this: 2026-10, 2 invoices."
    )


def test_a_saved_price_is_shown_in_money(watcher: Watcher) -> None:
    watcher.see(saved())
    said = watcher.see(priced("3"))
    assert "2026-10, as it was → working tree\n2 contracts compared, 2 touched, 2 moved\n" in said
    assert "2 contracts: USD +35.00" in said
    assert "rating/calls: price, amount: 2 → 3\n    specs/rating/calls.yaml:2" in said


def test_each_state_is_compared_with_the_first_and_not_with_the_one_before(watcher: Watcher) -> None:
    _, _, said = map(watcher.see, (saved(), priced("3"), priced("4")))
    assert "amount: 2 → 4" in said
    assert "USD +70.00" in said


def test_what_was_taken_back_changes_nothing(watcher: Watcher) -> None:
    _, _, said = map(watcher.see, (saved(), priced("3"), saved()))
    assert said.endswith("Nothing changes: every contract pays the same with both books.")


def test_a_file_that_cannot_be_parsed_is_shown_at_its_place_and_the_next_state_goes_on(
    watcher: Watcher, tmp_path: Path
) -> None:
    watcher.see(saved())
    said = watcher.see(saved(price="meter: calls\nprice: {amount: 2, per: 1\n"))
    assert f"{tmp_path}/specs/rating/calls.yaml:3:1: error RB" in said
    assert "USD" not in said
    assert "USD +35.00" in watcher.see(priced("3"))


def test_a_book_that_is_broken_at_first_is_compared_once_it_is_whole(watcher: Watcher) -> None:
    assert "error RB" in watcher.see(saved(price="meter: call\n"))
    assert watcher.see(saved()).endswith("Later changes are compared with this: 2026-10, 2 invoices.")


def test_usage_that_is_not_there_is_an_error_until_it_is(watcher: Watcher, tmp_path: Path) -> None:
    (tmp_path / "usage.jsonl").rename(tmp_path / "away")
    assert "error RB" in watcher.see(saved())
    write_usage(tmp_path)
    watcher.see(saved())
    assert "USD +35.00" in watcher.see(priced("3"))


def test_usage_is_measured_once(watcher: Watcher, tmp_path: Path) -> None:
    watcher.see(saved())
    watcher.see(priced("3"))
    write_usage(tmp_path, (("acme", 1_000_000),))
    assert "USD +70.00" in watcher.see(priced("4"))


def test_one_contract_is_shown_with_its_lines(watched: Watched) -> None:
    watcher = Watcher(replace(watched, contract="acme"))
    watcher.see(saved())
    said = watcher.see(priced("3"))
    assert "1 contract compared, 1 touched, 1 moved" in said
    assert (
        "Calls                                                     60.00          90.00         +30.00 USD"
        in said
    )
    watcher.close()


def test_an_unknown_contract_is_named(watched: Watched) -> None:
    said = Watcher(replace(watched, contract="acne")).see(saved())
    assert said.endswith("The book has no contract acne.")


def test_files_are_watched_until_the_command_is_stopped(tmp_path: Path) -> None:
    for file, text in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    write_usage(tmp_path)
    words = [RATEBOOK, "watch", "--book", str(tmp_path), "--period", "2026-10"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = _Said(process)
    assert said.until("Later changes are compared with this: ")
    (tmp_path / PRICE).write_bytes(priced("[")[PRICE])
    assert said.until("specs/rating/calls.yaml:")
    (tmp_path / PRICE).write_bytes(priced("3")[PRICE])
    assert said.until("2 contracts: USD +35.00")
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=60)
    assert process.returncode == 130
    assert talk == f"--- watching {tmp_path}; Ctrl-C ends\n--- calls.yaml\n--- calls.yaml\n\n"


def test_a_folder_without_a_book_is_named(tmp_path: Path) -> None:
    done = ratebook("watch", "--book", str(tmp_path))
    said = f"{tmp_path} holds no book; name the folder that holds specs/book.yaml with --book\n"
    assert (done.code, done.stderr) == (2, said)


class _Said:
    """What a process prints, as it comes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._rows: Queue[str | None] = Queue()
        Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for row in process.stdout or ():
            self._rows.put(row)
        self._rows.put(None)

    def until(self, text: str) -> bool:
        """Wait for a row with a text, a minute at most for each row before it."""
        return any(text in row for row in iter(lambda: self._rows.get(timeout=60), None))
