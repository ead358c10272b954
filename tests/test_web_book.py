"""The web book: 10,000 real requests of a public web site, billed, pinned, and worked out a second time.

The log is not part of the repository, for it names its clients by their addresses. It is looked for at
`../shared/data/web-usage-2015-05.csv` beside the repository, or where RATEBOOK_WEB_DATA says.
"""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.location import PyTestLocation

from tests.books.web.recompute import (
    Client,
    Event,
    Invoice,
    Line,
    clients_of,
    contracts,
    invoices_of,
    is_page,
    is_request,
    is_sent,
    read_log,
)

REPOSITORY = Path(__file__).resolve().parents[1]
BOOK = REPOSITORY / "tests" / "books" / "web"
LOG = Path(
    os.environ.get("RATEBOOK_WEB_DATA", REPOSITORY.parent / "shared" / "data" / "web-usage-2015-05.csv")
)

pytestmark = pytest.mark.skipif(not LOG.is_file(), reason=f"the log of real requests is not there: {LOG}")


METERS: dict[str, Callable[[Event], bool]] = {"requests": is_request, "egress": is_sent, "pages": is_page}
"""Which events each meter counts."""


class Golden(JSONSnapshotExtension):
    """Keeps the golden files beside the book."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(BOOK / "golden" / Path(test_location.filepath).stem)  # syrupy wants the test in the path


class Billed(NamedTuple):
    """The log, its clients by pseudonym, and what `ratebook rate` printed about it."""

    log: dict[str, list[Event]]
    clients: dict[str, Client]
    output: dict[str, Any]


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    book = tmp_path_factory.mktemp("web") / "book"
    log = read_log(LOG)
    clients = clients_of(log)
    write_book(book, clients)
    command = str(Path(sys.executable).with_name("ratebook"))
    arguments = ["rate", "--book", str(book), "--period", "2015-05", "--format", "json"]
    done = subprocess.run([command, *arguments], capture_output=True, check=False)
    assert done.returncode == 1, done.stderr.decode()
    return Billed(log, {client.pseudonym: client for client in clients}, json.loads(done.stdout))


def write_book(folder: Path, clients: list[Client]) -> None:
    """Copy the book, and put the log and a contract for each client into it."""
    shutil.copytree(BOOK, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "golden"))
    (folder / "usage").mkdir()
    shutil.copy(LOG, folder / "usage" / "log.csv")
    rows = list(contracts(clients))
    (folder / "contracts").mkdir()
    with (folder / "contracts" / "clients.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def documents(billed: Billed) -> dict[str, list[dict[str, Any]]]:
    """Give the engine's invoices by contract."""
    found: dict[str, list[dict[str, Any]]] = {}
    for document in billed.output["invoices"]:
        found.setdefault(document["contract"], []).append(document)
    return found


def as_recomputed(document: dict[str, Any]) -> Invoice:
    """Bring an invoice of the engine into the shape of the recomputation."""
    lines = [
        Line(
            kind=line["kind"],
            charge=line["charge"],
            section=line["dimensions"].get("section"),
            quantity=number(line["quantity"]),
            billable=number(line["billable"]),
            amount=cents(line["amount"]),
        )
        for line in document["lines"]
    ]
    return Invoice(document["kind"], lines, cents(document["subtotal"]), cents(document["tax"]))


def number(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def cents(text: str) -> int:
    amount = Fraction(text) * 100
    assert amount.denominator == 1
    return int(amount)


def test_every_amount_of_every_client_is_what_a_second_computation_gives(billed: Billed) -> None:
    known = [client for client in billed.clients.values() if client.known]
    expected = {client.pseudonym: invoices_of(client, billed.log[client.name]) for client in known}
    expected = {contract: invoices for contract, invoices in expected.items() if invoices}
    actual = {
        contract: [as_recomputed(document) for document in invoices]
        for contract, invoices in documents(billed).items()
    }
    assert sum(len(invoices) for invoices in expected.values()) > 2_000
    for contract, invoices in expected.items():
        assert actual.get(contract) == invoices, contract
    assert actual.keys() == expected.keys()


@pytest.mark.parametrize(("meter", "counts"), METERS.items(), ids=list(METERS))
def test_requests_outside_every_contract_are_reported_to_the_last_one(
    billed: Billed, meter: str, counts: Callable[[Event], bool]
) -> None:
    missed = {"RB501": 0, "RB502": 0}
    for client in billed.clients.values():
        for event in filter(counts, billed.log[client.name]):
            if not client.known:
                missed["RB501"] += 1
            elif not client.is_under_contract(event.time):
                missed["RB502"] += 1
    reported = {
        finding["code"]: finding["details"]["events"]
        for finding in billed.output["findings"]
        if finding["pointer"] == f"meters/{meter}"
    }
    assert reported == missed


def test_nothing_else_is_reported(billed: Billed) -> None:
    codes = Counter(finding["code"] for finding in billed.output["findings"])
    assert codes == {"RB501": len(METERS), "RB502": len(METERS)}


def test_the_largest_invoices_read_so(billed: Billed, snapshot: SnapshotAssertion) -> None:
    known = [client for client in billed.clients.values() if client.known]
    largest = sorted(known, key=lambda client: (-len(billed.log[client.name]), client.pseudonym))[:6]
    # Digests also cover what no customer sees, as the release of the time zones; the example book pins them.
    shown = {
        client.pseudonym: [
            {key: value for key, value in invoice.items() if key != "digests"}
            for invoice in documents(billed)[client.pseudonym]
        ]
        for client in largest
    }
    assert shown == snapshot(extension_class=Golden)


def test_no_amount_of_any_client_changes(billed: Billed, snapshot: SnapshotAssertion) -> None:
    digests = {}
    for contract, invoices in sorted(documents(billed).items()):
        amounts = [
            [invoice["currency"], *(line["amount"] for line in invoice["lines"]), invoice["total"]]
            for invoice in invoices
        ]
        digests[contract] = hashlib.sha256(json.dumps(amounts).encode()).hexdigest()[:16]
    assert digests == snapshot(extension_class=Golden)
