"""Invoices that were issued before: read contract by contract, and trusted only as runs wrote them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ratebook.sinks.files import InvoiceFolder
from ratebook.sources.errors import SourceError
from ratebook.sources.issued import INDEX, INVOICES, MANIFEST, IssuedFolders


def written(folder: Path, *invoices: str) -> Path:
    """Write invoices as a run does: `acme 2026-10-01` is the invoice of acme at that boundary."""
    with InvoiceFolder(folder) as files:
        for one in invoices:
            contract, day = one.split()
            files.write(document(contract, day, folder.name))
        files.finish([], {})
    return folder


def document(contract: str, day: str, folder: str) -> dict[str, Any]:
    boundary = f"{day}T00:00:00+03:00"
    return {"contract": contract, "boundary": boundary, "invoice": f"inv_{folder}", "text": "Füße"}


def seen(folders: IssuedFolders, contract: str) -> list[str]:
    return [f"{one['boundary'][:10]} {one['invoice']}" for one in folders.of(contract)]


def test_each_contract_gets_its_own_invoices_in_order_of_time(tmp_path: Path) -> None:
    october = written(tmp_path / "october", "a 2026-10-01", "a 2026-11-01", "c 2026-11-01")
    september = written(tmp_path / "september", "a 2026-09-01", "b 2026-10-01", "c 2026-10-01")
    folders = IssuedFolders([october, september])
    assert seen(folders, "a") == [
        "2026-09-01 inv_september",
        "2026-10-01 inv_october",
        "2026-11-01 inv_october",
    ]
    assert seen(folders, "a0") == []
    assert seen(folders, "c") == ["2026-10-01 inv_september", "2026-11-01 inv_october"]
    assert seen(folders, "d") == []


def test_of_two_invoices_of_a_boundary_that_of_the_later_folder_is_the_newer(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, "a 2026-10-01") for name in ("first", "second"))
    assert seen(IssuedFolders([first, second]), "a") == ["2026-10-01 inv_first", "2026-10-01 inv_second"]
    assert seen(IssuedFolders([second, first]), "a") == ["2026-10-01 inv_second", "2026-10-01 inv_first"]


def test_a_folder_without_invoices_is_no_fault(tmp_path: Path) -> None:
    assert seen(IssuedFolders([written(tmp_path / "empty")]), "a") == []


def test_a_run_that_ends_with_an_error_leaves_no_invoices(tmp_path: Path) -> None:
    def break_off() -> None:
        with InvoiceFolder(tmp_path / "out") as files:
            files.write(document("a", "2026-10-01", "out"))
            raise TimeoutError

    with pytest.raises(TimeoutError):
        break_off()

    assert list((tmp_path / "out").iterdir()) == []
    assert seen(IssuedFolders([written(tmp_path / "out", "a 2026-10-01")]), "a") == ["2026-10-01 inv_out"]


def _delete(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink()


def _edit(folder: Path, name: str, old: bytes, new: bytes) -> None:
    path = folder / name
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda folder: _delete(folder, MANIFEST), "its run did not finish"),
    "no folder of a run": (lambda folder: _delete(folder, MANIFEST, INDEX), "no run wrote it"),
    "no index": (lambda folder: _delete(folder, INDEX), "No such file"),
    "no invoices": (lambda folder: _delete(folder, INVOICES), "No such file"),
    "another head": (lambda folder: _edit(folder, INDEX, b"sha256", b"md5"), "index.csv:1 is not the head"),
    "a cut row": (lambda folder: _edit(folder, INDEX, b",inv_issued", b""), "index.csv:2 is not a row"),
    "another number": (lambda folder: _edit(folder, INDEX, b",0,", b",x,"), "index.csv:2 is not a row"),
    "another order": (lambda folder: _edit(folder, INDEX, b"\na,", b"\nz,"), "b stands after z"),
    "another invoice": (
        lambda folder: _edit(folder, INVOICES, "Füße".encode(), "Hüte".encode()),
        "the invoice of a at byte 0 is not what the index says",
    ),
}


def read_all(folder: Path) -> None:
    folders = IssuedFolders([folder])
    for name in ("a", "b"):
        folders.of(name)


@pytest.mark.parametrize("case", BROKEN)
def test_what_a_run_did_not_write_is_refused(case: str, tmp_path: Path) -> None:
    spoil, message = BROKEN[case]
    folder = written(tmp_path / "issued", "a 2026-10-01", "b 2026-10-01")
    spoil(folder)
    with pytest.raises(SourceError) as caught:
        read_all(folder)
    assert caught.value.finding.code == "RB608"
    assert message in caught.value.finding.message
