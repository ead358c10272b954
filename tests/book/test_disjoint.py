"""Conditions that exclude one another, without which two charges would bill an event twice."""

import pytest

from ratebook.book.model import Meter
from ratebook.book.overlap import disjoint


def where(conditions: dict[str, object]) -> Meter:
    return Meter.model_validate({"source": "s", "aggregate": "count", "unit": "u", "where": conditions})


@pytest.mark.parametrize(
    ("one", "other", "excluded"),
    [
        ({}, {}, False),
        ({"chain": "eth"}, {}, False),
        ({"chain": "eth"}, {"chain": "sol"}, True),
        ({"chain": "eth"}, {"method": "call"}, False),
        ({"chain": ["eth", "sol"]}, {"chain": ["sol", "ton"]}, False),
        ({"chain": ["eth", "sol"]}, {"chain": {"not_in": ["eth", "sol", "ton"]}}, True),
        ({"chain": ["eth", "sol"]}, {"chain": {"not_in": ["eth"]}}, False),
        ({"chain": {"not_in": ["eth"]}}, {"chain": {"not_in": ["sol"]}}, False),
        ({"status": {"lt": 400}}, {"status": {"gte": 400}}, True),
        ({"status": {"lte": 400}}, {"status": {"gte": 400}}, False),
        ({"status": {"lt": 400}}, {"status": {"gt": 400}}, True),
        ({"status": {"gte": 200, "lt": 300}}, {"status": {"gte": 300, "lt": 400}}, True),
        ({"status": 404}, {"status": {"lt": 400}}, True),
        ({"status": [200, 404]}, {"status": {"lt": 400}}, False),
        ({"method": {"starts_with": "eth_"}}, {"method": {"starts_with": "debug_"}}, True),
        ({"method": {"starts_with": "eth_"}}, {"method": {"starts_with": "eth_get"}}, False),
        ({"method": {"starts_with": "eth_"}}, {"method": "net_version"}, True),
        ({"chain": {"exists": False}}, {"chain": "eth"}, True),
        ({"chain": {"exists": False}}, {"chain": {"exists": True}}, True),
        ({"chain": {"exists": False}}, {"chain": {"not_in": ["eth"]}}, False),
        ({"a": 1, "chain": "eth"}, {"a": 1, "chain": "sol"}, True),
    ],
)
def test_conditions_exclude_one_another(
    one: dict[str, object], other: dict[str, object], *, excluded: bool
) -> None:
    assert disjoint(where(one).where, where(other).where) is excluded
    assert disjoint(where(other).where, where(one).where) is excluded
