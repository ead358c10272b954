"""Pitfalls H 79 to 82: who pays for an account, when, and that nobody pays twice."""

from pathlib import Path

import pytest

from tests.pitfalls.situation import rated, refused

RULE = "rule: {price: {amount: 1, per: 1}}\n"
MOVED = """
contracts:
  alpha: {org: a, children: [{id: team, org: t, until: 2026-10-15T12:00:00Z}]}
  beta: {org: b, children: [{id: team, org: t, from: 2026-10-15T12:00:00Z}]}
usage: [{n: 1, org: t, at: 2026-10-15T11:59:59.999999Z}, {n: 2, org: t, at: 2026-10-15T12:00:00Z}, {n: 4, org: b}]
"""


def test_79_usage_is_attributed_by_the_hierarchy_of_its_time(tmp_path: Path) -> None:
    moved = rated(tmp_path, RULE + MOVED)
    assert (moved.totals, moved.codes) == ({"alpha": "1.00", "beta": "6.00"}, [])


def test_79_a_gap_between_two_parents_is_reported(tmp_path: Path) -> None:
    gap = MOVED.replace("from: 2026-10-15T12:00:00Z", "from: 2026-10-16")
    parted = rated(tmp_path, RULE + gap)
    assert (parted.totals, parted.codes) == ({"alpha": "1.00", "beta": "4.00"}, ["RB502"])


def test_79_the_next_period_knows_todays_parent_only(tmp_path: Path) -> None:
    november = MOVED.replace("{n: 4, org: b}", "{n: 8, org: t, at: 2026-11-05T00:00:00Z}")
    assert rated(tmp_path, RULE + november, "2026-11").totals == {"beta": "8.00"}


def test_79_a_level_is_weighed_by_the_time_in_which_the_parent_had_it(tmp_path: Path) -> None:
    """A level of 31 from the 6th on: until noon of the 15th are 9.5 of 31 days; the new parent saw no change of it."""
    meter = "meter: {aggregate: time_weighted_sum, unit: seat}\n"
    usage = "usage: [{n: 31, org: t, at: 2026-10-06T00:00:00Z}]"
    level = rated(tmp_path, meter + RULE + MOVED[: MOVED.index("usage:")] + usage)
    assert level.totals == {"alpha": "9.50"}


@pytest.mark.parametrize(
    ("prorate", "totals"),
    [
        ("none", {"beta": "62.00"}),
        ("days", {"alpha": "15.00", "beta": "24.00"}),
        ("seconds", {"alpha": "15.00", "beta": "24.00"}),
    ],
)
def test_79_a_level_that_carries_over_stays_with_the_parent_of_its_time(
    prorate: str, totals: dict[str, str], tmp_path: Path
) -> None:
    """31 seats since September, and 62 from the 20th on, with the new parent since the 16th: 15 and 12 of 31 days."""
    meter = f"meter: {{aggregate: latest, unit: seat, recurring: true, prorate: {prorate}}}\n"
    parents = MOVED[: MOVED.index("usage:")].replace("2026-10-15T12:00:00Z", "2026-10-16")
    usage = "usage: [{n: 31, org: t, at: 2026-09-06T00:00:00Z}, {n: 62, org: t, at: 2026-10-20T00:00:00Z}]"
    assert rated(tmp_path, meter + RULE + parents + usage).totals == totals


def test_80_a_parent_pays_on_one_invoice_with_a_section_for_each_child_and_its_own_tax(
    tmp_path: Path,
) -> None:
    family = """
spec: {tax: {name: VAT, percent: 20}}
contract: {children: [{id: eu, name: Acme EU, org: acme-eu}, {id: us, org: acme-us}]}
usage: [{n: 10}, {n: 20, org: acme-eu}, {n: 30, org: acme-us}]
"""
    (document,) = rated(tmp_path, RULE + family).documents
    assert document["sections"] == [
        {"account": "eu", "name": "Acme EU", "amount": "20.00"},
        {"account": "us", "name": "us", "amount": "30.00"},
    ]
    assert (document["subtotal"], document["tax"], document["total"]) == ("60.00", "12.00", "72.00")


def test_80_a_child_with_a_contract_of_its_own_is_excluded_exactly_once(tmp_path: Path) -> None:
    """From the 20th on it pays for itself."""
    own = """
contracts:
  parent: {org: p, children: [{id: kid, org: k, until: 2026-10-20}]}
  kid: {org: k, start: 2026-10-20}
usage: [{n: 1, org: k, at: 2026-10-19T23:59:59Z}, {n: 2, org: k, at: 2026-10-20T00:00:00Z}]
"""
    assert rated(tmp_path / "apart", RULE + own).totals == {"parent": "1.00", "kid": "2.00"}
    assert refused(tmp_path / "both", RULE + own.replace(", until: 2026-10-20", "")) == ["RB309"]


def test_81_two_contracts_cannot_pay_for_one_another(tmp_path: Path) -> None:
    cycle = """
contracts:
  alpha: {org: a, children: [{id: b, org: b}]}
  beta: {org: b, children: [{id: a, org: a}]}
usage: []
"""
    assert refused(tmp_path, RULE + cycle) == ["RB309", "RB309"]


def test_81_a_contract_is_no_child_of_its_own_and_children_have_none(tmp_path: Path) -> None:
    own = "contract: {org: a, children: [{id: a, org: a}]}\n"
    deep = "contract: {org: a, children: [{id: b, org: b, children: [{id: c, org: c}]}]}\n"
    assert refused(tmp_path / "own", RULE + own) == ["RB309"]
    assert refused(tmp_path / "deep", RULE + deep) == ["RB201"]


def test_82_ids_of_one_customer_are_added_up_before_tiers(tmp_path: Path) -> None:
    """12 calls of two ids: ten at 1 and two at 0.10, in a child as in a contract of its own."""
    tiers = "rule: {price: {model: graduated, per: 1, tiers: [{up_to: 10, amount: 1}, {amount: 0.1}]}}\n"
    usage = "usage: [{n: 6, org: x}, {n: 6, org: y}]\n"
    alone = rated(tmp_path / "alone", tiers + "contract: {subjects: [x, y]}\n" + usage)
    child = rated(tmp_path / "child", tiers + "contract: {children: [{id: c, subjects: [x, y]}]}\n" + usage)
    assert alone.totals == child.totals == {"acme": "10.20"}


def test_82_one_id_of_two_customers_is_refused(tmp_path: Path) -> None:
    twice = "contracts: {alpha: {subjects: [a, x]}, beta: {org: b, children: [{id: c, subjects: [x]}]}}\n"
    assert refused(tmp_path, RULE + twice) == ["RB309"]
