"""Usage that a contract has no price for on the plan it is on then is reported, and none is lost."""

import pytest

from tests.billrun.plan_change import RULES
from tests.builders import bill

EGRESS = "egress 2026-10-05T00:00:00Z o1 10\negress 2026-10-20T00:00:00Z o1 5"
"""Usage of a meter that only one of two plans has a price for."""


@pytest.mark.parametrize(("without", "events", "total"), [("starter", 10, "5.00"), ("pro", 5, "10.00")])
def test_e53_usage_on_a_plan_without_a_price_for_it_is_reported(
    without: str, events: int, total: str
) -> None:
    charges = dict.fromkeys(("starter", "pro"), "[{rating: rpc}, {rating: eg}]") | {
        without: "[{rating: rpc}]"
    }
    text = (
        RULES
        + f"""
  eg: {{meter: egress, price: {{amount: 1, per: 1}}}}
plans: {{starter: {{name: S, charges: {charges["starter"]}}}, pro: {{name: P, charges: {charges["pro"]}}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, plan: pro,
         phases: [{{until: 2026-10-11, plan: starter}}]}}
"""
    )
    run = bill(text, "2026-10", EGRESS)
    assert run.invoice["total"] == total
    assert [(one.code, one.details["largest"][0]["quantity"]) for one in run.findings] == [
        ("RB503", str(events))
    ]


def test_e53_what_a_narrowed_rule_of_one_plan_leaves_is_reported_in_its_part_alone() -> None:
    text = """
rating:
  eth: {meter: requests, where: {chain: eth}, price: {amount: 1, per: 1}}
  all: {meter: requests, price: {amount: 1, per: 1}}
plans: {starter: {name: S, charges: [{rating: eth}]}, pro: {name: P, charges: [{rating: all}]}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, plan: pro,
         phases: [{until: 2026-10-11, plan: starter}]}
"""
    usage = "\n".join(
        f"requests 2026-10-{day}T00:00:00Z o1 {count} chain={chain}"
        for day, count, chain in (("05", 1, "eth"), ("05", 2, "sol"), ("20", 4, "eth"), ("20", 8, "sol"))
    )
    run = bill(text, "2026-10", usage)
    assert run.invoice["total"] == "13.00"
    assert [(one.code, one.details["largest"][0]["quantity"]) for one in run.findings] == [("RB503", "2")]


@pytest.mark.parametrize(
    ("rule", "quantity"), [("eth", "3"), ("eth, surcharge: true", "3"), ("surcharge", "3")]
)
def test_e53_usage_that_only_another_plan_bills_is_reported_though_its_period_is_not_billed_yet(
    rule: str, quantity: str
) -> None:
    """The second plan bills calls on eth, or only a surcharge on them; the quarter is billed in January."""
    text = f"""
rating:
  eth: {{meter: requests, where: {{chain: eth}}, price: {{amount: 1, per: 1}}}}
  surcharge: {{meter: requests, where: {{chain: eth}}, surcharge: true, price: {{amount: 1, per: 1}}}}
  all: {{meter: requests, price: {{amount: 1, per: 1}}}}
plans: {{starter: {{name: S, charges: [{{rating: all}}]}}, pro: {{name: P, charges: [{{rating: {rule}}}]}}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, plan: pro, cycle: {{every: quarter}},
         phases: [{{until: 2026-10-11, plan: starter}}]}}
"""
    usage = "\n".join(
        f"requests 2026-10-{day}T00:00:00Z o1 {count} chain={chain}"
        for day, count, chain in (("05", 1, "sol"), ("20", 2, "eth"), ("20", 3, "sol"))
    )
    run = bill(text, "2026-10", usage)
    assert [one.details["largest"][0]["quantity"] for one in run.findings if one.code == "RB503"] == [
        quantity
    ]


def test_e53_what_changes_a_level_that_a_later_plan_bills_is_not_lost() -> None:
    """Seats that are added before they have a price are billed from then on; those of another chain never are."""
    text = """
meters: {seats: {source: raw, aggregate: sum, value: level, unit: seat, recurring: true, dimensions: [chain]}}
rating: {seats: {meter: seats, where: {chain: eth}, price: {amount: 1, per: 1}}}
plans: {starter: {name: S, charges: []}, pro: {name: P, charges: [{rating: seats}]}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, plan: pro,
         phases: [{until: 2026-11-01, plan: starter}]}
"""
    usage = "seats 2026-10-05T00:00:00Z o1 4 chain=eth\nseats 2026-10-05T00:00:00Z o1 7 chain=sol"
    findings = bill(text, "2026-10", usage).findings
    assert [one.details["largest"][0]["quantity"] for one in findings] == ["7"]


def test_e53_a_level_whose_plan_is_over_for_good_is_lost() -> None:
    """Seats have a price in the middle of three plans alone: what is added before is billed there, after it nowhere."""
    text = """
meters: {seats: {source: raw, aggregate: sum, value: level, unit: seat, recurring: true, dimensions: [chain]}}
rating: {seats: {meter: seats, price: {amount: 1, per: 1}}}
plans: {bare: {name: S, charges: []}, full: {name: P, charges: [{rating: seats}]}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, plan: bare,
         phases: [{until: 2026-10-01, plan: bare}, {until: 2026-11-01, plan: full}]}
"""
    usage = "seats 2026-09-05T00:00:00Z o1 4\nseats 2026-11-05T00:00:00Z o1 7"
    september, november = (bill(text, month, usage).findings for month in ("2026-09", "2026-11"))
    assert september == []
    assert [one.details["largest"][0]["quantity"] for one in november] == ["7"]
