"""Child accounts: their usage on the payer's invoice, told apart, on shared ladders, each in its time."""

from decimal import Decimal
from typing import Any

import pytest

from ratebook.invoice.text import draw_invoice
from tests.builders import Billed, amounts, bill

BOOK = """
rating:
  rpc:
    meter: requests
    lines_by: [chain]
    price: {model: graduated, per: 1, tiers: [{up_to: 100, amount: 1}, {amount: 0.5}]}
  top: {meter: peak, price: {amount: 1, per: 1}}
contracts:
  globex:
    org: o1
    type: metered
    spec: global
    start: 2026-01-01
    charges: [{rating: rpc, included: 20}]
    children:
      - {id: eu, name: Globex EU, org: o2}
      - {id: us, org: o3, from: 2026-10-15, until: 2026-11-01}
  other: {org: o9, type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]}
"""
USAGE = """
    requests 2026-10-05T10:00:00Z o1 60 chain=eth
    requests 2026-10-06T10:00:00Z o2 50 chain=eth
    requests 2026-10-07T10:00:00Z o2 10 chain=sol
    requests 2026-10-20T10:00:00Z o3 40 chain=eth
    requests 2026-10-20T10:00:00Z o9 3 chain=eth
"""


def globex(text: str = BOOK, usage: str = USAGE, period: str = "2026-10") -> dict[str, Any]:
    return next(one for one in bill(text, period, usage).documents if one["contract"] == "globex")


def lines(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(*line["dimensions"].values(), line["quantity"], line["amount"]) for line in document["lines"]]


def test_b80_children_are_on_one_invoice_on_one_ladder_with_a_section_each() -> None:
    """160 requests, 20 are included: 100 at 1 and 40 at 0.50 are 120.00, shared 60 : 50 : 10 : 40."""
    document = globex()
    assert lines(document) == [
        (None, "eth", "60", "45.00"),
        ("eu", "eth", "50", "37.50"),
        ("eu", "sol", "10", "7.50"),
        ("us", "eth", "40", "30.00"),
    ]
    assert [list(line["dimensions"]) for line in document["lines"]] == [["account", "chain"]] * 4
    assert document["sections"] == [
        {"account": "eu", "name": "Globex EU", "amount": "45.00"},
        {"account": "us", "name": "us", "amount": "30.00"},
    ]
    assert document["total"] == "120.00"


def test_a_contract_without_children_looks_as_ever() -> None:
    other = bill(BOOK, "2026-10", USAGE).documents[1]
    assert lines(other) == [("eth", "3", "3.00")]
    assert "sections" not in other


def test_f68_each_child_has_a_ladder_of_its_own_only_where_that_is_said() -> None:
    """The 20 included units are shared 60 : 60 : 40, as 8, 7 and 5; nobody reaches the second tier."""
    pooled = BOOK.replace("included: 20", "included: 20, pool_by: [account]")
    assert lines(globex(pooled)) == [
        (None, "eth", "60", "52.00"),
        ("eu", "eth", "50", "44.17"),
        ("eu", "sol", "10", "8.83"),
        ("us", "eth", "40", "35.00"),
    ]
    each = pooled.replace("included: 20", "included: 20, included_each: true")
    assert amounts(globex(each)) == [Decimal(40), Decimal("33.33"), Decimal("6.67"), Decimal(20)]


def test_the_rule_may_say_it_for_all_and_an_override_for_one() -> None:
    rule = BOOK.replace("lines_by: [chain]", "lines_by: [chain]\n    pool_by: [account]")
    assert globex(rule)["total"] == "140.00"
    assert bill(rule, "2026-10", USAGE).documents[1]["total"] == "3.00"
    override = rule.replace("children:", "overrides: {rpc: {pool_by: []}}\n    children:")
    assert globex(override)["total"] == "120.00"


def test_h79_usage_goes_to_the_parent_of_its_time() -> None:
    """One child leaves `globex` for `other` at noon of the 15th."""
    moved = BOOK.replace("org: o2}", "org: o2, until: 2026-10-15T12:00:00Z}").replace(
        "charges: [{rating: rpc}]}",
        "charges: [{rating: rpc}],\n         children: [{id: eu, org: o2, from: 2026-10-15T12:00:00Z}]}",
    )
    usage = """
        requests 2026-10-15T11:59:59.999999Z o2 7 chain=eth
        requests 2026-10-15T12:00:00Z o2 5 chain=eth
        requests 2026-10-16T12:00:00Z o9 2 chain=eth
    """
    run = bill(moved, "2026-10", usage)
    assert run.findings == []
    assert [lines(document) for document in run.documents] == [
        [("eu", "eth", "7", "0.00")],
        [(None, "eth", "2", "2.00"), ("eu", "eth", "5", "5.00")],
    ]


def test_usage_of_a_child_outside_its_time_is_reported() -> None:
    run = bill(BOOK, "2026-10", USAGE + "requests 2026-10-14T23:59:59Z o3 8 chain=eth")
    assert run.documents[0]["total"] == "120.00"
    assert [(one.code, one.details["largest"][0]["key"]) for one in run.findings] == [("RB502", ["o3"])]


def test_children_are_cut_to_the_life_of_the_contract_that_pays() -> None:
    ended = BOOK.replace("    type: metered\n", "    type: metered\n    end: 2026-10-20\n", 1)
    run = bill(ended, "2026-10", USAGE)
    assert [section["account"] for section in run.documents[0]["sections"]] == ["eu", "us"]
    assert run.documents[0]["total"] == "100.00"
    assert [one.code for one in run.findings] == ["RB502"]


def test_a_child_without_usage_has_an_empty_section_and_one_of_another_time_has_none() -> None:
    document = globex(usage=USAGE.replace(" o2 ", " o1 "))
    assert document["sections"][0] == {"account": "eu", "name": "Globex EU", "amount": "0.00"}
    earlier = globex(usage="requests 2026-09-05T10:00:00Z o1 60 chain=eth", period="2026-09")
    assert [section["account"] for section in earlier["sections"]] == ["eu"]


def test_what_does_not_add_up_is_measured_for_each_child_in_its_time() -> None:
    """Peaks of 5, 9 and 4: that of 30 falls into a time in which `us` was not there."""
    tops = BOOK.replace("rating: rpc, included: 20", "rating: top")
    usage = """
        peak 2026-10-05T10:00:00Z o1 5
        peak 2026-10-05T10:00:00Z o2 9
        peak 2026-10-05T10:00:00Z o3 30
        peak 2026-10-25T10:00:00Z o3 4
    """
    assert lines(globex(tops, usage)) == [(None, "5", "5.00"), ("eu", "9", "9.00"), ("us", "4", "4.00")]


def test_a_level_lasts_until_the_child_leaves() -> None:
    """`us` is there from the 15th, for 17 of 31 days; a level of 31 from the 16th on, 16 days, is 16."""
    levels = """
meters:
  requests: {source: raw, aggregate: count, unit: request, dimensions: [chain, method]}
  egress: {source: raw, aggregate: sum, value: bytes, unit: byte, dimensions: [chain]}
  peak: {source: raw, aggregate: time_weighted_sum, value: level, unit: seat, dimensions: [chain]}
""" + BOOK.replace("rating: rpc, included: 20", "rating: top").replace(
        "until: 2026-11-01", "until: 2026-10-26"
    )
    usage = "peak 2026-10-16T00:00:00Z o3 31\npeak 2026-10-16T00:00:00Z o1 31"
    assert lines(globex(levels, usage)) == [(None, "16", "16.00"), ("us", "10", "10.00")]


def test_children_and_meters_that_share_a_ladder() -> None:
    """Lines are by meter, then by account: 60 requests and 100 bytes, of which 40 count, at 1."""
    shared = BOOK.replace(
        "meter: requests\n", "meters: [{meter: requests}, {meter: egress, factor: 0.4}]\n    unit: u\n", 1
    )
    usage = """
        requests 2026-10-05T10:00:00Z o1 50 chain=eth
        requests 2026-10-05T10:00:00Z o2 10 chain=eth
        egress 2026-10-06T10:00:00Z o2 100 chain=eth
    """
    document = globex(shared.replace(", included: 20", ""), usage)
    assert [(line["meter"], line["dimensions"]["account"], line["amount"]) for line in document["lines"]] == [
        ("requests", None, "50.00"),
        ("requests", "eu", "10.00"),
        ("egress", "eu", "40.00"),
    ]
    assert [section["amount"] for section in document["sections"]] == ["50.00", "0.00"]


def test_a_reported_rule_tells_accounts_apart_too() -> None:
    text = BOOK.replace(
        "charges: [{rating: rpc, included: 20}]", "price_fixed: {name: All, amount: 9}\n    report: [rpc]"
    )
    document = globex(text.replace("type: metered", "type: fixed", 1))
    assert [(one["dimensions"]["account"], one["quantity"]) for one in document["appendix"]] == [
        (None, "60"),
        ("eu", "50"),
        ("eu", "10"),
        ("us", "40"),
    ]
    assert [section["amount"] for section in document["sections"]] == ["0.00", "0.00"]


def test_a_template_may_name_the_account() -> None:
    text = BOOK.replace(
        "lines_by: [chain]",
        "lines_by: [chain]\n    description: '{{ account | default(\"own\") }} {{ chain }}'",
    )
    assert [line["description"] for line in globex(text)["lines"]] == [
        "own eth",
        "eu eth",
        "eu sol",
        "us eth",
    ]
    assert bill(text, "2026-10", USAGE).documents[1]["lines"][0]["description"] == "own eth"


def measured(run: Billed) -> list[str]:
    return [measure.name for measure in run.store.measures]


def test_contracts_with_and_without_children_share_a_query() -> None:
    assert measured(bill(BOOK, "2026-10", USAGE)) == ["requests by chain"]


def test_contracts_after_one_with_children_get_their_own_usage() -> None:
    many = BOOK + "".join(
        f"  z{number}: {{org: z{number}, type: metered, spec: global, start: 2026-01-01, charges: [{{rating: rpc}}]}}\n"
        for number in range(20)
    )
    usage = USAGE + "".join(
        f"requests 2026-10-05T10:00:00Z z{number} {number + 1} chain=eth\n" for number in range(20)
    )
    totals = [document["total"] for document in bill(many, "2026-10", usage).documents]
    assert totals == ["120.00", "3.00", *sorted((f"{number + 1}.00" for number in range(20)), key=_order(20))]


def _order(count: int) -> Any:
    """Contracts come in order of ids: z0, z1, z10 …."""
    ids = sorted(f"z{number}" for number in range(count))
    return lambda total: ids.index(f"z{int(Decimal(total)) - 1}")


@pytest.mark.parametrize("pool", ["", ", pool_by: [account]"])
def test_f63_to_split_an_org_into_children_is_no_discount_unless_it_is_said(pool: str) -> None:
    """160 requests of one org or of three: the same, with one ladder for all; more, with one for each."""
    text = BOOK.replace(", included: 20", pool)
    alone = globex(text, USAGE.replace(" o2 ", " o1 ").replace(" o3 ", " o1 "))["total"]
    assert alone == "130.00"
    assert globex(text)["total"] == ("160.00" if pool else "130.00")


def test_the_text_draws_a_section_for_each_child() -> None:
    more = BOOK.replace("included: 20", "included: 20, maximum: 100")
    drawn = draw_invoice(globex(more, USAGE.replace("chain=sol", "chain=NULL")))
    rows = [" ".join(row.split()) for row in drawn.splitlines()[4:11]]
    assert rows == [
        "rpc 60 request 45.00",
        "Globex EU (eu): 45.00",
        "rpc 10 request 7.50",
        "rpc 50 request 37.50",
        "us (us): 30.00",
        "rpc 40 request 30.00",
        "Maximum of rpc -20.00",
    ]
