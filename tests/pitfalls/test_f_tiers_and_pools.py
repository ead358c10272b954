"""Pitfalls F 63, 67 and 68: how far a ladder reaches, who uses shared allowances, and what a hierarchy shares."""

from pathlib import Path

import pytest

from tests.pitfalls.situation import rated

TIERS = "{model: graduated, per: 1, tiers: [{up_to: 100, amount: 1}, {amount: 0.5}]}"
FAMILY = """
rule: {price: TIERS}
contract:
  charges: [{rating: calls POOL}]
  children: [{id: eu, org: acme-eu}, {id: us, org: acme-us}]
usage: [{n: 80}, {n: 80, org: acme-eu}, {n: 40, org: acme-us}]
""".replace("TIERS", TIERS)


def test_63_an_org_that_is_split_into_children_reaches_the_same_tiers(tmp_path: Path) -> None:
    """200 calls: 100 at 1 and 100 at 0.50, whoever made them."""
    split = rated(tmp_path / "split", FAMILY.replace("POOL", ""))
    whole = rated(tmp_path / "whole", FAMILY.replace("POOL", "").replace("{n: 80, org: acme-eu}", "{n: 80}"))
    assert split.totals == whole.totals == {"acme": "150.00"}


def test_63_a_ladder_for_each_child_is_declared(tmp_path: Path) -> None:
    assert rated(tmp_path, FAMILY.replace("POOL", ", pool_by: [account]")).totals == {"acme": "200.00"}


@pytest.mark.parametrize(
    ("terms", "total"),
    [
        (", included: 60", "120.00"),
        (", included: 60, included_each: true", "120.00"),
        (", included: 60, pool_by: [account]", "140.00"),
        (", included: 60, pool_by: [account], included_each: true", "40.00"),
    ],
)
def test_68_a_free_tier_is_shared_in_a_hierarchy_once_and_per_child_only_where_it_is_said(
    terms: str, total: str, tmp_path: Path
) -> None:
    assert rated(tmp_path, FAMILY.replace("POOL", terms)).totals == {"acme": total}


POOLED = """
meters: {calls: {unit: call, where: {kind: call}}, bytes: {unit: byte, where: {kind: byte}}}
rule: {meters: [ORDER], unit: u, price: {amount: 1, per: 1}}
contract: {charges: [{rating: calls, included: 10}]}
usage: [{n: 12, kind: FIRST}, {n: 8, kind: SECOND, at: 2026-10-20T00:00:00Z}]
"""


@pytest.mark.parametrize("order", ["{meter: calls}, {meter: bytes}", "{meter: bytes}, {meter: calls}"])
@pytest.mark.parametrize(("first", "second"), [("call", "byte"), ("byte", "call")])
def test_67_who_uses_a_pooled_allowance_depends_on_no_order(
    order: str, first: str, second: str, tmp_path: Path
) -> None:
    """20 units, 10 of them included: 6.00 for the twelve and 4.00 for the eight, whichever came or stands first."""
    situation = POOLED.replace("ORDER", order).replace("FIRST", first).replace("SECOND", second)
    (document,) = rated(tmp_path, situation).documents
    assert {line["quantity"]: line["amount"] for line in document["lines"]} == {"12": "6.00", "8": "4.00"}


def test_67_no_more_is_used_of_an_allowance_than_there_is_and_nothing_is_carried_over(tmp_path: Path) -> None:
    """The six units that are left in October do not count in November."""
    few = POOLED.replace("ORDER", "{meter: calls}, {meter: bytes}")
    few = (
        few.replace("FIRST", "call")
        .replace("SECOND", "byte")
        .replace("n: 12", "n: 1")
        .replace("n: 8", "n: 3")
    )
    later = few.replace("2026-10-20", "2026-11-20").replace("n: 3", "n: 15")
    later = later.replace("n: 1,", "n: 1, at: 2026-11-02T00:00:00Z,")
    assert rated(tmp_path / "october", few).totals == {"acme": "0.00"}
    assert rated(tmp_path / "november", later, "2026-11").totals == {"acme": "6.00"}
