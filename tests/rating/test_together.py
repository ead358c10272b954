"""Several meters on one ladder: their units are added up, each has lines of its own, included units count once."""

from decimal import Decimal

from tests.builders import amounts, bill

BOOK = """
multipliers:
  weights: {by: [method], values: {trace: 10, default: 2}}
  seats: {by: [chain], values: {eth: 3, default: 1}}
rating:
  units:
    meters: METERS
    unit: unit
    lines_by: [method]
    price: {model: graduated, per: 1, tiers: [{up_to: 100, amount: 1}, {amount: 0.5}]}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: units, included: 40}]}
"""
TWO = "[{meter: requests, multiply_by: [weights]}, {meter: egress, factor: 0.25}]"
USAGE = """
    requests 2026-10-05T10:00:00Z o1 5 method=trace chain=eth
    requests 2026-10-06T10:00:00Z o1 10 method=call chain=eth
    egress 2026-10-07T10:00:00Z o1 280 chain=eth
"""


def text(meters: str = TWO) -> str:
    return BOOK.replace("METERS", meters)


def test_units_are_added_up_after_multipliers_and_factors() -> None:
    """5 × 10 + 10 × 2 + 280 × 0.25 = 140 units, 40 are included: 100 at 1 = 100, shared 20 : 50 : 70."""
    (document,) = bill(text(), "2026-10", USAGE).documents
    assert [
        (line["meter"], line["dimensions"], line["quantity"], line["billable"]) for line in document["lines"]
    ] == [
        ("requests", {"method": "call"}, "10", "20"),
        ("requests", {"method": "trace"}, "5", "50"),
        ("egress", {}, "280", "70"),
    ]
    assert amounts(document) == [Decimal("14.29"), Decimal("35.71"), Decimal("50.00")]
    assert [line["unit"] for line in document["lines"]] == ["request", "request", "byte"]


def test_tiers_are_reached_by_all_meters_together() -> None:
    """Another 400 bytes are 100 units beyond the first tier: 50.00."""
    more = USAGE + "egress 2026-10-08T10:00:00Z o1 400 chain=eth"
    assert bill(text(), "2026-10", more).invoice["total"] == "150.00"


def test_f67_the_order_of_meters_and_of_events_does_not_change_who_used_the_included_units() -> None:
    turned = text("[{meter: egress, factor: 0.25}, {meter: requests, multiply_by: [weights]}]")
    one, other = bill(text(), "2026-10", USAGE).invoice, bill(turned, "2026-10", USAGE).invoice
    assert sorted(map(str, amounts(one))) == sorted(map(str, amounts(other)))


def test_a_meter_without_usage_has_no_line() -> None:
    only = "requests 2026-10-05T10:00:00Z o1 50 method=call"
    assert bill(text(), "2026-10", only).invoices() == [["usage units method=call 60.00", "total 60.00"]]


def test_a_meter_that_does_not_add_up_counts_at_the_price_of_the_periods_end() -> None:
    """60 requests at 1 until the 20th; then 10 more, and a peak of 4 seats, tripled, at 2: 60 + 20 + 24."""
    mixed = """
multipliers:
  seats: {by: [chain], values: {eth: 3, default: 1}}
rating:
  units:
    meters: [{meter: requests}, {meter: peak, multiply_by: [seats]}]
    unit: unit
    price: {per: 1, versions: [{amount: 1}, {from: 2026-10-20, amount: 2}]}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: units}]}
"""
    usage = """
        requests 2026-10-05T10:00:00Z o1 60
        peak 2026-10-06T10:00:00Z o1 4 chain=eth
        requests 2026-10-25T10:00:00Z o1 10
    """
    (document,) = bill(mixed, "2026-10", usage).documents
    assert amounts(document) == [Decimal("80.00"), Decimal("24.00")]
    assert [line["meter"] for line in document["lines"]] == ["requests", "peak"]


def test_a_level_over_time_beside_a_count() -> None:
    """15.5 of 31 days at a level of 2 are 1 seat, at 10 units a seat; 7 requests besides: 17 units at 3."""
    levels = """
meters:
  requests: {source: raw, aggregate: count, unit: request, dimensions: [chain, method]}
  seats: {source: raw, aggregate: time_weighted_sum, value: level, unit: seat}
rating:
  units: {meters: [{meter: requests}, {meter: seats, factor: 10}], unit: unit, price: {amount: 3, per: 1}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: units, included: 2}]}
"""
    usage = "requests 2026-10-05T10:00:00Z o1 7\nseats 2026-10-16T12:00:00Z o1 2"
    (document,) = bill(levels, "2026-10", usage).documents
    assert [(line["meter"], line["quantity"], line["billable"]) for line in document["lines"]] == [
        ("requests", "7", "7"),
        ("seats", "1", "10"),
    ]
    assert document["total"] == "45.00"


def test_no_multiplier_for_one_meter_loses_only_its_usage() -> None:
    lacking = text().replace("default: 2", "call: 2")
    run = bill(lacking, "2026-10", USAGE + "requests 2026-10-05T10:00:00Z o1 9 method=new chain=eth")
    assert run.invoice["total"] == "100.00"
    assert [finding.code for finding in run.findings] == ["RB504"]


def test_cuts_of_one_charge_split_what_another_reads_without_any_effect() -> None:
    """`solo` changes its price on the 20th, and reads `requests` too: the units of both meters are cut there."""
    both = text().replace(
        "contracts:",
        "  solo: {meter: requests, multiply_by: [weights], lines_by: [method], surcharge: true,\n"
        "         price: {per: 1, versions: [{amount: 1}, {from: 2026-10-06, amount: 2}]}}\ncontracts:",
    )
    both = both.replace("included: 40}]", "included: 40}, {rating: solo}]")
    (document,) = bill(both, "2026-10", USAGE).documents
    assert amounts(document)[:3] == [Decimal("14.29"), Decimal("35.71"), Decimal("50.00")]
    assert amounts(document)[3:] == [Decimal("40.00"), Decimal("50.00")]
