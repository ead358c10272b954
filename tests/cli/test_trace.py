"""Every line of an invoice can carry the steps that led to it, and they come to its amount."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from ratebook.billrun.outcomes import BillRun
from ratebook.book import load
from ratebook.calendar import RunPeriod
from ratebook.cli.trace import draw_traces, traced
from ratebook.compiler.run import RunCompiler
from ratebook.fx import read_rates
from tests.builders import IssuedBefore, bill, book, rate_table
from tests.memory_store import MemoryStore, read_events
from tests.oracle.memory_source import MemorySource
from tests.oracle.strategies import Case, case_of
from tests.oracle.write import book_files, fx_of

SEEDS = 120
CHUNKS = 4


def documents(run: Callable[[bool], BillRun]) -> Iterator[dict[str, Any]]:
    """Give the traced invoices of a run, which can be made with all details or without."""
    return (document for document in traced(run(False), run(True)) if document is not None)


def run_of(case: Case) -> Callable[[bool], BillRun]:
    made = load(book_files(case.book)).book
    assert made is not None
    rates, _ = read_rates(fx_of(case.fx), "fx.csv")

    def run(detailed: bool) -> BillRun:
        compiler = RunCompiler(made, RunPeriod.parse(case.period), detailed=detailed)
        return BillRun(compiler, made.contracts, MemorySource(case.events), rates)

    return run


def check(document: Mapping[str, Any]) -> None:
    for line in document["lines"]:
        result = line["trace"]["result"].replace(",", "")
        assert result == f"{line['amount']} {line['currency']}"
    assert len(list(draw_traces(document, str))) == len(document["lines"])


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_each_line_of_random_invoices_has_a_trace_that_comes_to_its_amount(chunk: int) -> None:
    for seed in range(chunk, SEEDS, CHUNKS):
        for document in documents(run_of(case_of(seed))):
            check(document)


def test_corrections_and_notes_have_traces_too() -> None:
    text = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
specs: {late: {time_zone: UTC, currency: USD, tax: {name: VAT, percent: 20}, late_usage: {policy: credit_note}}}
contracts:
  acme: {org: o1, type: metered, spec: late, start: 2026-01-01, charges: [{rating: rpc}]}
  beta: {org: o2, type: metered, spec: late, start: 2026-01-01, charges: [{rating: rpc}]}
"""
    october = "requests 2026-10-05T00:00:00Z o1 9\nrequests 2026-10-05T00:00:00Z o2 9\n"
    today = october.replace("o1 9", "o1 5").replace("o2 9", "o2 12") + "requests 2026-11-05T00:00:00Z o2 1\n"
    issued: Sequence[Mapping[str, Any]] = bill(text, "2026-10", october).documents

    def run(detailed: bool) -> BillRun:
        made = book(text)
        compiler = RunCompiler(made, RunPeriod.parse("2026-11"), detailed=detailed, corrects=True)
        store = MemoryStore(read_events(today))
        return BillRun(compiler, made.contracts, store, rate_table(""), IssuedBefore(issued))

    found = list(documents(run))
    assert [(one["contract"], one.get("document")) for one in found] == [
        ("acme", "credit_note"),
        ("beta", None),
    ]
    for document in found:
        check(document)
