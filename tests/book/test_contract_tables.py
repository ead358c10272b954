"""Tables of contracts: streamed, in order of ids beside files, with terms that rows share."""

import tracemalloc
from datetime import date

from ratebook.book import Book, load
from ratebook.book.model import Contract
from tests.book.small_book import broken

HEADER = (
    "id,org,type,spec,plan,start,end,customer.name,customer.address.city,"
    "sink.stripe_customer,overrides.calls.included\n"
)
ROWS = (
    "a-1,org_a1,hybrid,world,pro,2026-01-01,,,,,\n"
    "b-1,org_b1,hybrid,world,pro,2026-02-01,2026-05-01,Beta Ltd,Berlin,cus_1,60_000\n"
    'b-2,org_b2,hybrid,world,pro,2026-02-01,,"Two, Ltd",,,60000.0\n'
)


def book(rows: str) -> Book:
    loaded = load(broken({"contracts/many.csv": HEADER + rows}))
    assert loaded.book is not None, loaded.findings
    return loaded.book


def by_id(rows: str) -> dict[str, Contract]:
    return {contract.id: contract for contract in book(rows).contracts()}


def test_contracts_stream_in_order_of_ids_from_files_and_tables() -> None:
    assert [contract.id for contract in book(ROWS).contracts()] == ["a-1", "acme", "b-1", "b-2"]


def test_contracts_stream_as_often_as_they_are_asked_for() -> None:
    found = book(ROWS)

    assert list(found.contracts()) == list(found.contracts())


def test_a_row_says_what_a_file_would() -> None:
    contract = by_id(ROWS)["b-1"]

    assert (contract.subjects, contract.start, contract.end) == (
        ("org_b1",),
        date(2026, 2, 1),
        date(2026, 5, 1),
    )
    assert contract.customer is not None
    assert (contract.customer.name, contract.customer.address) == ("Beta Ltd", {"city": "Berlin"})
    assert contract.sink == {"stripe_customer": "cus_1"}
    assert (contract.terms.plan, contract.terms.type) == ("pro", "hybrid")
    included = contract.terms.overrides["calls"].included
    assert included is not None
    assert included.versions[0].value == 60_000


def test_an_empty_cell_is_absent() -> None:
    contract = by_id(ROWS)["a-1"]

    assert (contract.end, contract.customer, contract.sink, contract.terms.overrides) == (None, None, {}, {})


def test_contracts_with_equal_terms_share_them_whichever_way_they_are_written() -> None:
    contracts = by_id(ROWS)

    assert contracts["a-1"].terms is contracts["acme"].terms
    assert contracts["b-1"].terms is contracts["b-2"].terms
    assert contracts["a-1"].terms is not contracts["b-1"].terms


def test_a_pointer_into_a_row_leads_to_its_cell() -> None:
    found = book(ROWS)

    assert found.position("contracts/b-1#overrides/calls/included") == ("contracts/many.csv", 3, 73, 6)
    assert found.position("contracts/b-2#customer/name") == ("contracts/many.csv", 4, 41, 10)
    assert found.position("contracts/b-9#plan") is None


def test_streaming_holds_no_rows() -> None:
    rows = "".join(
        f"b-{number:05},org_{number},hybrid,world,pro,2026-01-01,,Name {number},,,\n"
        for number in range(20_000)
    )
    found = book(rows)
    tracemalloc.start()

    assert sum(1 for _ in found.contracts()) == 20_001

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(rows) // 2
