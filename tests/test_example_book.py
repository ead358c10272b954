"""The example book, billed: one golden file for each invoice of a contract that has a file of its own."""

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from ratebook.invoice.text import draw_invoice
from tests.example import BOOK_FOLDERS, PERIOD, REPOSITORY, invoices, ratebook, write_book, write_usage

CONTRACTS = sorted(path.stem for path in (REPOSITORY / "contracts").rglob("*.yaml"))
"""Those with a file of their own."""


class InvoiceFile(SingleFileSnapshotExtension):
    """Keeps each golden invoice in tests/golden/, as the text that a customer could read."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(Path(test_location.filepath).parent / "golden" / test_location.basename)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_book(tmp_path_factory.mktemp("example"))
    write_usage(folder)
    return folder


@pytest.fixture(scope="module")
def billed(book: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for invoice in invoices(book):
        found.setdefault(invoice["contract"], []).append(invoice)
    return found


@pytest.mark.parametrize("contract", CONTRACTS)
def test_invoice(contract: str, billed: dict[str, list[dict[str, Any]]], snapshot: SnapshotAssertion) -> None:
    for invoice in billed.get(contract, ()):
        name = f"{invoice['kind']} {invoice['boundary'][:10]}"
        text = draw_invoice(invoice)
        digests = "".join(f"{key} {value}\n" for key, value in sorted(invoice["digests"].items()))
        assert text + digests == snapshot(name=name, extension_class=InvoiceFile)


def test_ordinary_contracts(billed: dict[str, list[dict[str, Any]]], snapshot: SnapshotAssertion) -> None:
    rows = [
        f"{contract} {invoice['kind']} {invoice['total']} {invoice['currency']} {len(invoice['lines'])} lines"
        for contract, found in billed.items()
        if contract not in CONTRACTS
        for invoice in found
    ]
    assert len(rows) >= 300
    assert "\n".join(rows) + "\n" == snapshot(extension_class=InvoiceFile)


def test_every_contract_kind_of_the_design_is_in_the_book(billed: dict[str, list[dict[str, Any]]]) -> None:
    every = [invoice for found in billed.values() for invoice in found]
    assert {invoice["kind"] for invoice in every} == {"opening", "period"}
    assert {invoice["currency"] for invoice in every} == {"USD", "EUR", "TRY"}
    kinds = {line["kind"] for invoice in every for line in invoice["lines"]}
    assert kinds == {"fee", "usage", "discount", "maximum", "minimum", "tax"}


def test_an_invoice_is_the_same_when_it_is_rated_alone(
    book: Path, billed: dict[str, list[dict[str, Any]]]
) -> None:
    assert list(invoices(book, "--contract", "acme")) == billed["acme"]


def test_invoices_on_disk_are_those_that_are_printed_and_the_index_finds_each(
    book: Path, billed: dict[str, list[dict[str, Any]]]
) -> None:
    out = book / "written"
    assert ratebook("rate", "--book", str(book), "--period", PERIOD, "--out", str(out)).code == 1
    data = (out / "invoices.jsonl").read_bytes()
    rows = [row.split(",") for row in (out / "index.csv").read_text().splitlines()[1:]]
    written = [json.loads(data[int(row[3]) : int(row[3]) + int(row[4])]) for row in rows]
    assert written == [invoice for found in billed.values() for invoice in found]
    assert json.loads((out / "manifest.json").read_bytes())["invoices"] == len(written)


def test_a_folder_with_invoices_is_not_overwritten(book: Path) -> None:
    out = book / "kept"
    arguments = ("rate", "--book", str(book), "--period", PERIOD, "--contract", "acme", "--out", str(out))
    ratebook(*arguments)
    before = (out / "invoices.jsonl").read_bytes()
    again = ratebook(*arguments)
    assert again.code == 2
    assert "nothing is overwritten" in again.stderr
    assert (out / "invoices.jsonl").read_bytes() == before


@pytest.mark.parametrize("contract", ["acme", "anka", "kapadokya", "quartz-bank", "orbit-indexer"])
def test_an_explanation_ends_at_the_book_and_where_asked_for_at_the_query(book: Path, contract: str) -> None:
    arguments = ("explain", "--book", str(book), "--contract", contract, "--period", PERIOD)
    done = ratebook(*arguments)
    assert done.code == 0, done.stderr
    assert "specs/rating/" in done.stdout or "contracts/" in done.stdout
    assert "*#" not in done.stdout
    assert "WITH measured AS" not in done.stdout
    assert ("WITH measured AS" in ratebook(*arguments, "--queries").stdout) == ("Meter " in done.stdout)


def test_each_line_has_its_trace_where_asked_for(book: Path, billed: dict[str, list[dict[str, Any]]]) -> None:
    arguments = ("rate", "--book", str(book), "--period", PERIOD, "--trace")
    traced = json.loads(ratebook(*arguments, "--format", "json").stdout)["invoices"]
    lines = [line for invoice in traced for line in invoice["lines"]]
    assert all(line.pop("trace")["result"].split()[0].replace(",", "") == line["amount"] for line in lines)
    assert traced == [invoice for one in billed.values() for invoice in one]
    text = ratebook(*arguments, "--contract", "acme").stdout
    assert "Line 2, Base mainnet: 6.57 k requests: usage = 52.10 EUR\n└─ Charge rpc-requests, divided" in text
    assert "[plans/enterprise.yaml:17]" in text


def test_an_edit_elsewhere_in_the_book_changes_no_invoice(
    book: Path, billed: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    edited = write_book(tmp_path / "edited")
    (edited / "usage").symlink_to(book / "usage")
    plan = edited / "plans" / "pro@2.yaml"
    plan.write_text(plan.read_text().replace("amount: 59", "amount: 61"))
    (edited / "meters" / "egress.yaml").write_text(
        "# moved down\n" + (edited / "meters" / "egress.yaml").read_text()
    )
    assert list(invoices(edited, "--contract", "acme")) == billed["acme"]


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/Los_Angeles", "LC_ALL": "tr_TR.UTF-8"},
    ],
    ids=lambda environment: environment["TZ"],
)
def test_the_machine_changes_no_byte(book: Path, environment: dict[str, str]) -> None:
    arguments = ("rate", "--book", str(book), "--period", PERIOD, "--format", "json")
    assert ratebook(*arguments, environment=environment).stdout == ratebook(*arguments).stdout


def test_the_repository_is_a_book_without_errors() -> None:
    assert set(BOOK_FOLDERS) <= {path.name for path in REPOSITORY.iterdir()}
    done = ratebook("check", "--book", str(REPOSITORY))
    assert done.code == 0, done.stdout


README = (REPOSITORY / "README.md").read_text("utf-8")


def test_the_invoice_in_the_readme_is_the_golden_one(billed: dict[str, list[dict[str, Any]]]) -> None:
    assert draw_invoice(billed["acme"][0]) in README


def test_the_explanation_in_the_readme_is_what_the_command_prints(book: Path) -> None:
    arguments = ("explain", "--book", str(book), "--contract", "acme", "--period", PERIOD, "--line", "2")
    printed = {row.rstrip() for row in ratebook(*arguments).stdout.splitlines()}
    shown = README.split("$ ratebook explain --period 2026-10 --contract acme --line 2\n")[1].split("```")[0]
    rows = [row for row in shown.splitlines() if not row.endswith("…")]
    assert len(rows) > 15
    assert [row for row in rows if row.rstrip() not in printed] == []
