"""Of two charges on one meter that share events the narrower bills them; where none is narrower, both are refused."""

from typing import Any

import pytest

from ratebook.book.model import Charge, RatingRule
from ratebook.book.overlap import Claim, claims_of, contested, is_narrower, left_out
from ratebook.book.terms import ChargeSources, Saying


def sources(name: str, where: dict[str, Any], *, surcharge: bool = False) -> ChargeSources:
    rule = RatingRule.model_validate({"meter": "calls", "where": where, "surcharge": surcharge})
    charge = Charge(rating=name, id=name)
    return ChargeSources(charge, f"plans/pro#{name}", rule, (Saying(charge, "", ""), Saying(rule, "", "")))


def claim(where: dict[str, Any], name: str = "one") -> Claim:
    (found,) = claims_of([sources(name, where)])
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"chain": "eth"}, {}),
        ({"chain": "eth", "method": "call"}, {"chain": "eth"}),
        ({"chain": "eth"}, {"chain": ["eth", "sol"]}),
        ({"chain": "eth"}, {"chain": {"not_in": ["sol"]}}),
        ({"chain": {"not_in": ["eth", "sol"]}}, {"chain": {"not_in": ["sol"]}}),
        ({"chain": {"exists": False}}, {"chain": {"not_in": ["sol"]}}),
        ({"chain": "eth"}, {"chain": {"exists": True}}),
        ({"status": {"lt": 400}}, {"status": {"exists": True}}),
        ({"status": {"lt": 400}}, {"status": {"lte": 400}}),
        ({"status": {"lte": 399}}, {"status": {"lt": 400}}),
        ({"status": {"gte": 500}}, {"status": {"gt": 499}}),
        ({"status": {"gte": 200, "lt": 300}}, {"status": {"lt": 400}}),
        ({"status": {"lt": 400}}, {"status": {"not_in": [404, 500]}}),
        ({"status": [200, 404]}, {"status": {"lte": 404}}),
        ({"method": {"starts_with": "eth_get"}}, {"method": {"starts_with": "eth_"}}),
        ({"method": "eth_call"}, {"method": {"starts_with": "eth_"}}),
        ({"method": {"starts_with": "eth_"}}, {"method": {"not_in": ["net_version"]}}),
    ],
)
def test_one_has_some_of_the_others_events_and_none_besides(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert is_narrower(claim(one), claim(other))
    assert not is_narrower(claim(other), claim(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"chain": "eth"}, {"chain": ["eth"]}),
        ({"chain": "eth"}, {"method": "call"}),
        ({"chain": {"not_in": ["eth"]}}, {"chain": {"exists": True}}),
        ({"chain": {"exists": True}}, {"chain": {"not_in": ["eth"]}}),
        ({"status": {"lte": 400}}, {"status": {"gte": 400}}),
        ({"status": [200, 500]}, {"status": {"lt": 400}}),
        ({"method": {"starts_with": "eth_"}}, {"method": {"not_in": ["eth_call"]}}),
    ],
)
def test_neither_is_narrower(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not is_narrower(claim(one), claim(other))
    assert not is_narrower(claim(other), claim(one))


def names(claims: list[Claim]) -> list[str]:
    return [one.charge.charge.id for one in claims]


def test_the_charge_of_all_leaves_out_what_narrower_ones_bill_each_part_named_once() -> None:
    rest, eth, traces = (
        claim({}, "rest"),
        claim({"chain": "eth"}, "eth"),
        claim({"method": "t", "chain": "eth"}, "t"),
    )
    claims = [rest, eth, traces]
    assert list(contested(claims)) == []
    assert [names(left_out(one, claims)) for one in claims] == [["eth"], ["t"], []]


def test_what_two_share_is_contested_unless_a_third_has_all_of_it() -> None:
    eth, traces = claim({"chain": "eth"}, "eth"), claim({"method": "t"}, "traces")
    both = claim({"chain": "eth", "method": "t"}, "both")
    part = claim({"chain": "eth", "method": "t", "status": 200}, "part")
    assert [names(list(pair)) for pair in contested([eth, traces])] == [["eth", "traces"]]
    assert [names(list(pair)) for pair in contested([eth, traces, part])] == [["eth", "traces"]]
    assert list(contested([eth, traces, both])) == []
    assert names(left_out(eth, [eth, traces, both])) == ["both"]


def test_a_surcharge_claims_nothing() -> None:
    assert claims_of([sources("more", {}, surcharge=True)]) == []
