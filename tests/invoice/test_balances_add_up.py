"""Whatever a book says: of what a credit grants or a commitment prepays, nothing is lost and nothing is spent twice."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import pytest

from tests.oracle.engine import run_engine
from tests.oracle.strategies import Case, case_of

SEEDS = 400
CHUNKS = 4

Document = Mapping[str, Any]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_is_used_expired_and_left_is_what_was_granted(chunk: int) -> None:
    found = 0
    for case in map(case_of, range(chunk, SEEDS, CHUNKS)):
        for documents in chains(case, "credits"):
            for name in documents[0]["carry_forward"]["credits"]:
                check_credit(documents, name)
                found += 1
    assert found > SEEDS / CHUNKS / 10


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_is_drawn_lapsed_and_left_is_what_was_prepaid(chunk: int) -> None:
    found = 0
    for case in map(case_of, range(chunk, SEEDS, CHUNKS)):
        for documents in chains(case, "commitments"):
            for one in case.book["contracts"][documents[0]["contract"]]["commitments"]:
                if one.get("pay") == "in_advance":
                    check_prepaid(documents, one["id"])
                    found += 1
    assert found > SEEDS / CHUNKS / 25


def chains(case: Case, kind: str) -> Iterator[Sequence[Document]]:
    """Give the invoices of each contract that has balances of a kind, in order."""
    written = [name for name, contract in case.book["contracts"].items() if kind in contract]
    if not written:
        return
    for contract, group in groupby(run_engine(case).documents, key=itemgetter("contract")):
        documents = list(group)
        if contract in written and kind in documents[0].get("carry_forward", {}):
            yield documents


def taken(document: Document, kind: str, name: str) -> Decimal:
    """Give what an invoice takes from a balance: the sum of its lines below zero."""
    lines = [one for one in document["lines"] if one["kind"] == kind and one["charge"] == name]
    return -sum((amount for one in lines if (amount := Decimal(one["amount"])) < 0), Decimal(0))


def check_credit(documents: Sequence[Document], name: str) -> None:
    balances = [
        {key: Decimal(amount) for key, amount in document["carry_forward"]["credits"][name].items()}
        for document in documents
    ]
    for one in balances:
        assert one["granted"] == one["used"] + one["expired"] + one["left"]
        assert min(one.values()) >= 0
    for before, after, document in zip(balances, balances[1:], documents[1:], strict=False):
        assert after["granted"] == before["granted"]
        assert after["used"] - before["used"] == taken(document, "credit", name)
        assert after["expired"] >= before["expired"]


def check_prepaid(documents: Sequence[Document], name: str) -> None:
    """What is neither drawn nor left any more has lapsed, and does not come back."""
    balances = [
        {key: Decimal(amount) for key, amount in document["carry_forward"]["commitments"][name].items()}
        for document in documents
    ]
    for before, after, document in zip(balances, balances[1:], documents[1:], strict=False):
        drawn = taken(document, "commitment", name)
        lapsed = before["left"] - drawn - after["left"]
        assert after["spent"] - before["spent"] == drawn
        assert lapsed >= 0
        assert after["left"] >= 0
