"""What other billing engines counted twice, late or never: their threads, as this engine bills the same situation."""

from pathlib import Path
from typing import Any

import pytest

from tests.pitfalls.situation import rated, refused

RULE = "rule: {price: {amount: 1, per: 1}}\n"


def test_lago_5916_identical_and_contained_filters_never_count_an_event_in_two_lines(tmp_path: Path) -> None:
    rules = """
rules:
  all: {price: {amount: 1, per: 1}}
  some: {where: {region: [eu, us]}, price: {amount: 10, per: 1}}
  one: {where: {region: eu}, price: {amount: 100, per: 1}}
usage: [{n: 1, region: eu}, {n: 1, region: us}, {n: 1, region: asia}, {n: 1}]
"""
    assert rated(tmp_path / "nested", rules).amounts == [["2.00", "10.00", "100.00"]]
    assert refused(tmp_path / "same", rules.replace("region: eu}, price", "region: [us, eu]}, price")) == [
        "RB314"
    ]


@pytest.mark.parametrize("ats", [("10", "10", "10"), ("10", "11", "12")])
def test_lago_5740_5861_events_of_one_instant_each_have_a_place_on_the_ladder(
    ats: tuple[str, str, str], tmp_path: Path
) -> None:
    """Two are free and the third costs 2: 2.00, not 6.00, whether they came at one time or not."""
    rule = "rule: {price: {model: graduated, per: 1, tiers: [{up_to: 2, amount: 0}, {amount: 2}]}}\n"
    usage = ", ".join(f"{{n: 1, at: 2026-10-05T{hour}:00:00Z}}" for hour in ats)
    assert rated(tmp_path, f"{rule}usage: [{usage}]").totals == {"acme": "2.00"}


def test_lago_4772_one_duplicate_in_a_batch_loses_nothing_of_the_rest(tmp_path: Path) -> None:
    usage = "usage: [{id: a, n: 1}, {id: b, n: 2}, {id: a, n: 1}, {id: c, n: 4}]"
    assert rated(tmp_path, RULE + usage).totals == {"acme": "7.00"}


def test_lago_5906_usage_that_is_below_zero_on_the_way_inflates_nothing(tmp_path: Path) -> None:
    usage = "usage: [{n: -5, at: 2026-10-02T00:00:00Z}, {n: 8, at: 2026-10-03T00:00:00Z}]"
    assert rated(tmp_path, RULE + usage).totals == {"acme": "3.00"}


def test_lago_6019_a_level_that_is_dated_back_counts_in_every_period_after_it(tmp_path: Path) -> None:
    """A seat of September that was recorded late: October has three, not two."""
    meter = "meter: {unit: seat, recurring: true}\n"
    usage = "usage: [{n: 2, at: 2026-10-05T00:00:00Z}, {id: late, n: 1, at: 2026-09-20T00:00:00Z}]"
    assert rated(tmp_path, meter + RULE + usage).totals == {"acme": "3.00"}


AGAIN = """
contracts:
  first: {org: acme, start: 2026-01-01, end: 2026-10-10}
  second: {org: acme, start: 2026-10-20}
usage: [{n: 1, at: 2026-09-05T00:00:00Z}, {n: 2, at: 2026-10-05T00:00:00Z}, {n: 4, at: 2026-10-25T00:00:00Z}]
"""


def test_lago_6139_a_customer_who_comes_back_is_not_billed_for_what_was_before(tmp_path: Path) -> None:
    back = rated(tmp_path, RULE + AGAIN)
    assert (back.totals, back.codes) == ({"first": "2.00", "second": "4.00"}, [])


def test_lago_5935_a_contract_that_begins_late_bills_no_period_before_it(tmp_path: Path) -> None:
    late = """
contract: {start: 2026-10-20, fees: [{id: base, name: Base, amount: 31}]}
usage: [{n: 4, at: 2026-10-05T00:00:00Z}]
"""
    (document,) = rated(tmp_path, RULE + late, "2026-Q4").documents[:1]
    assert [line["amount"] for line in document["lines"]] == ["12.00"]
    assert document["period"]["from"] == "2026-10-20T00:00:00Z"


def test_lago_5901_an_event_after_the_end_is_said_once_and_ends_nothing(tmp_path: Path) -> None:
    after = "contract: {end: 2026-10-10}\nusage: [{n: 1, at: 2026-10-09T00:00:00Z}, {n: 2, at: 2026-10-11T00:00:00Z}]"
    first, second = (rated(tmp_path / name, RULE + after) for name in ("one", "two"))
    assert first == second
    assert (first.totals, first.codes) == ({"acme": "1.00"}, ["RB502"])


def quantities(documents: list[dict[str, Any]]) -> list[str]:
    return [line["quantity"] for document in documents for line in document["lines"]]


def test_killbill_293097809b_months_one_by_one_bill_what_a_quarter_at_once_does(tmp_path: Path) -> None:
    days = ("10-01T00:00:00Z", "10-31T23:59:59.999999Z", "11-01T00:00:00Z", "12-31T23:59:59Z", "2027")
    usage = ", ".join(f"{{n: {2**index}, at: 2026-{day}}}" for index, day in enumerate(days[:4]))
    at_once = rated(tmp_path / "quarter", f"{RULE}usage: [{usage}]", "2026-Q4").documents
    one_by_one = [
        document
        for month in ("10", "11", "12")
        for document in rated(tmp_path / month, f"{RULE}usage: [{usage}]", f"2026-{month}").documents
    ]
    assert quantities(at_once) == quantities(one_by_one) == ["3", "4", "8"]


def test_killbill_1081_large_usage_is_all_there(tmp_path: Path) -> None:
    """Three times 9,223,372,036,854,775,807 is more than 64 bits hold."""
    usage = ", ".join(["{n: 9_223_372_036_854_775_807}"] * 3)
    assert quantities(rated(tmp_path, f"{RULE}usage: [{usage}]").documents) == ["27670116110564327421"]


def test_killbill_150_640_to_rate_again_changes_nothing(tmp_path: Path) -> None:
    usage = "contract: {fees: [{id: base, name: B, amount: 9}]}\nusage: [{n: 5}]"
    once, again = (rated(tmp_path, RULE + usage) for _ in range(2))
    assert once == again


def test_killbill_154_what_was_taken_back_is_not_invoiced_again(tmp_path: Path) -> None:
    usage = "usage: [{n: 10}, {n: -10}, {n: 1, at: 2026-11-05T00:00:00Z}]"
    assert rated(tmp_path / "october", RULE + usage).totals == {"acme": "0.00"}
    assert rated(tmp_path / "november", RULE + usage, "2026-11").totals == {"acme": "1.00"}


def test_flexprice_299_two_prices_on_one_meter_have_each_their_own_usage(tmp_path: Path) -> None:
    rules = """
rules:
  read: {where: {kind: read}, price: {amount: 1, per: 1}}
  write: {where: {kind: write}, price: {amount: 10, per: 1}}
usage: [{n: 3, kind: read}, {n: 2, kind: write}]
"""
    assert rated(tmp_path, rules).amounts == [["3.00", "20.00"]]


def test_flexprice_2370_invoices_of_one_period_have_ids_of_their_own(tmp_path: Path) -> None:
    """An opening in the middle of a month, and two contracts that bill parts of it."""
    fee = "fees: [{id: base, name: B, amount: 31, bill: in_advance}]"
    contracts = """
contracts: {first: {org: a, end: 2026-10-10, FEE}, second: {org: a, start: 2026-10-10, FEE}}
usage: [{n: 5, org: a}]
"""
    documents = rated(tmp_path, RULE + contracts.replace("FEE", fee)).documents
    assert [(one["contract"], one["kind"]) for one in documents] == [
        ("second", "opening"),
        ("second", "period"),
    ]
    assert len({one["invoice"] for one in documents}) == 2


def test_polar_6625_a_plan_that_changes_inside_a_period_bills_its_usage_once(tmp_path: Path) -> None:
    phases = """
plans: {small: {fees: [{id: base, name: Small, amount: 31}]}, large: {fees: [{id: base, name: Large, amount: 62}]}}
contract: {phases: [{until: 2026-10-11, plan: small}], plan: large}
usage: [{n: 3, at: 2026-10-05T00:00:00Z}, {n: 4, at: 2026-10-11T00:00:00Z}]
"""
    (document,) = rated(tmp_path, RULE + phases).documents
    usage = [line for line in document["lines"] if line["kind"] == "usage"]
    assert [line["quantity"] for line in usage] == ["3", "4"]
    assert document["total"] == "59.00"
