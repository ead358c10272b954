"""Months that are rated one after the other, each bringing forward what the folders of those before it say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.example import ratebook
from tests.small_files import SMALL, write_files, write_usage

BOOK = {
    **{name: text for name, text in SMALL.items() if not name.startswith("contracts/")},
    "contracts/acme.yaml": """\
org: acme
type: metered
spec: world
start: 2026-01-01
charges: [{rating: calls}]
commitments: [{id: y, amount: 500, from: 2026-01-01, until: 2026-04-01, pay: in_advance, overage: {percent_off: 50}}]
credits: [{id: c, amount: 130, priority: 1, expires: 2026-04-01}]
""",
    "contracts/zeta.yaml": """\
org: zeta
type: metered
spec: world
start: 2026-01-01
charges: [{rating: calls}]
credits: [{id: c, amount: 1_000}]
""",
}
ZETA = "org: zeta\ntype: metered\nspec: world\nstart: 2026-01-01\ncharges: [{rating: calls}]\n"
USAGE = [
    ("acme", "01", 300),
    ("acme", "02", 400),
    ("acme", "03", 100),
    ("zeta", "01", 600),
    ("zeta", "03", 600),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path, BOOK)
    write_usage(tmp_path, [(org, f"2026-{month}-10", n) for org, month, n in USAGE])
    return tmp_path


def rate(folder: Path, period: str, *arguments: str) -> dict[str, Any]:
    done = ratebook("rate", "--book", str(folder), "--period", period, "--format", "json", *arguments)
    assert done.code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_months_bill_what_a_quarter_bills(folder: Path) -> None:
    quarter = rate(folder, "2026-Q1")["invoices"]
    issued: list[str] = []
    found = []
    for month in ("01", "02", "03"):
        out = str(folder / f"invoices-{month}")
        found += rate(folder, f"2026-{month}", *issued, "--out", out)["invoices"]
        issued += ["--issued", out]
    assert sorted(found, key=lambda one: (one["contract"], one["boundary"])) == quarter
    assert [(one["contract"], one["total"]) for one in quarter] == [
        ("acme", "500.00"),
        ("acme", "0.00"),
        ("acme", "0.00"),
        ("acme", "20.00"),
        ("zeta", "0.00"),
        ("zeta", "200.00"),
    ]


def test_without_them_it_is_said_and_it_is_no_fault(folder: Path) -> None:
    found = rate(folder, "2026-02", "--contract", "acme")
    assert [one["code"] for one in found["findings"]] == ["RB511"]
    text = ratebook("rate", "--book", str(folder), "--period", "2026-02", "--contract", "acme")
    assert text.code == 0
    assert "acme began earlier" in text.stderr


def test_an_explanation_says_where_balances_stood(folder: Path) -> None:
    rate(folder, "2026-01", "--out", str(folder / "january"))
    arguments = ("--book", str(folder), "--period", "2026-02", "--contract", "acme")
    done = ratebook("explain", *arguments, "--issued", str(folder / "january"))
    assert done.code == 0, done.stderr
    assert "Before: spent 300.00, trued up 0.00 = left 200.00 USD" in done.stdout
    assert "After: spent 500.00, trued up 0.00 = left 0.00 USD" in done.stdout


def test_usage_that_came_late_is_corrected_and_explained(folder: Path) -> None:
    rate(folder, "2026-01", "--contract", "zeta", "--out", str(folder / "january"))
    late = {"org": "zeta", "id": "late", "at": "2026-01-31T23:00:00Z", "n": 7}
    with (folder / "usage.jsonl").open("a", encoding="utf-8") as usage:
        usage.write(json.dumps(late) + "\n")
    arguments = ("--contract", "zeta", "--issued", str(folder / "january"))
    (invoice,) = rate(folder, "2026-02", *arguments)["invoices"]
    (line,) = invoice["lines"]
    assert (line["kind"], line["amount"], line["corrects"]["cause"]) == ("correction", "7.00", ["usage"])
    done = ratebook("explain", "--book", str(folder), "--period", "2026-02", *arguments)
    assert "Was billed, with earlier corrections = 600.00 USD" in done.stdout
    assert "Is today, as usage = 607.00 USD" in done.stdout


@pytest.mark.parametrize(("n", "total"), [(250, "-350.00"), (1_000, "400.00")])
def test_usage_that_is_taken_back_after_its_invoice_is_corrected(folder: Path, n: int, total: str) -> None:
    book = folder / "specs" / "book.yaml"
    book.write_text(
        book.read_text("utf-8").replace("event_time: at", "event_time: at, reverses: undoes"), "utf-8"
    )
    (folder / "contracts" / "zeta.yaml").write_text(ZETA, "utf-8")
    rate(folder, "2026-01", "--contract", "zeta", "--out", str(folder / "january"))
    with (folder / "usage.jsonl").open("a", encoding="utf-8") as usage:
        usage.write(json.dumps({"org": "zeta", "id": "x", "at": "2026-02-05T00:00:00Z", "n": n}) + "\n")
        back = {"org": "zeta", "id": "y", "at": "2026-02-06T00:00:00Z", "undoes": "zeta-2026-01-10"}
        usage.write(json.dumps(back) + "\n")
    arguments = ("--contract", "zeta", "--issued", str(folder / "january"))
    (invoice,) = rate(folder, "2026-02", *arguments)["invoices"]
    assert [(line["kind"], line["amount"]) for line in invoice["lines"]] == [
        ("usage", f"{n}.00"),
        ("correction", "-600.00"),
    ]
    assert invoice["total"] == total


def test_a_folder_that_is_none_is_refused(folder: Path) -> None:
    done = ratebook("rate", "--book", str(folder), "--period", "2026-02", "--issued", str(folder))
    assert done.code == 2
    assert "RB608" in done.stderr
    assert "no run wrote it" in done.stderr
