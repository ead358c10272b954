"""What is measured: one query for all who need the same, slots at every boundary and change, factors as integers."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ratebook.calendar import iso, zone
from ratebook.compiler.measures import dimension, factor_table, factor_tree, versions_at
from ratebook.usage.measure import Band, Dimension, Measure, Slots
from tests.builders import Billed, bill, book
from tests.memory_store import instant

UTC = zone("UTC")
WEIGHTS = """
multipliers:
  weights:
    by: [chain, method]
    versions:
      - {from: 2026-01-01, values: {ethereum: {default: 1, eth_call: 26}, default: {default: 0.8}}}
      - {from: 2026-10-15, values: {ethereum: {default: 2.125}, base: {default: 3}}}
rating:
  rpc: {meter: requests, multiply_by: [weights], lines_by: [chain], price: {amount: 1, per: 1}}
  peaks: {meter: peak, lines_by: [chain], price: {amount: 1, per: 1}}
"""
BOTH_ZONES = (
    WEIGHTS
    + """
specs:
  global: {time_zone: UTC, currency: USD}
  turkey: {time_zone: Europe/Istanbul, currency: USD}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]}
  anka: {org: o2, type: metered, spec: turkey, start: 2026-01-01, charges: [{rating: rpc}]}
"""
)


def contract(charges: str) -> str:
    return WEIGHTS + (
        f"contracts: {{acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, charges: {charges}}}}}"
    )


def bounds(measure: Measure) -> list[str]:
    return [iso(bound, UTC).removesuffix("T00:00:00Z").removesuffix(":00Z") for bound in measure.slots.bounds]


def measured(run: Billed) -> list[str]:
    return [measure.name for measure in run.store.measures]


# One query for all who need the same


def test_charges_that_need_the_same_share_a_measure() -> None:
    run = bill(contract("[{rating: rpc}, {rating: rpc, id: again, price: {amount: 2, per: 1}}]"), "2026-10")
    assert measured(run) == ["requests × weights by chain"]


def test_what_a_charge_keeps_apart_or_narrows_makes_another_measure() -> None:
    rules = """
  by_method: {meter: requests, multiply_by: [weights], pool_by: [method], price: {amount: 1, per: 1}}
  calls: {meter: requests, where: {method: eth_call}, price: {amount: 1, per: 1}, surcharge: true}
"""
    text = contract("[{rating: rpc}, {rating: by_method}, {rating: calls}]").replace(
        "contracts:", rules + "contracts:"
    )
    assert measured(bill(text, "2026-10")) == [
        "requests × weights by chain",
        "requests × weights by method",
        "requests where method",
    ]


def test_what_narrowed_rules_leave_of_a_meter_is_measured_to_be_reported() -> None:
    rules = "  calls: {meter: requests, where: {method: eth_call}, price: {amount: 1, per: 1}}\n"
    usage = """
        requests 2026-10-05T10:00:00Z o1 7 method=eth_call
        requests 2026-10-05T10:00:00Z o1 5 method=trace
    """
    run = bill(contract("[{rating: calls}]").replace("contracts:", rules + "contracts:"), "2026-10", usage)
    assert measured(run) == ["requests where method", "requests but where method"]
    assert run.invoices() == [["usage calls 7.00", "total 7.00"]]
    assert [finding.code for finding in run.findings] == ["RB503"]


def test_a_matrix_needs_its_dimensions_kept() -> None:
    matrix = "{model: matrix, by: [method], values: {default: {amount: 1, per: 1}}}"
    run = bill(contract(f"[{{rating: rpc, price: {matrix}}}]"), "2026-10")
    assert run.store.measures[0].keep == ("chain", "method")


def test_an_explanation_keeps_the_dimensions_of_the_multipliers_and_cuts_where_they_change() -> None:
    plain, detailed = (bill(contract("[{rating: rpc}]"), "2026-10", detailed=one) for one in (False, True))
    assert (plain.store.measures[0].keep, detailed.store.measures[0].keep) == (
        ("chain",),
        ("chain", "method"),
    )
    assert len(plain.outcomes[0].program.charges[0].segments) == 1
    assert len(detailed.outcomes[0].program.charges[0].segments) == 2


def test_a_meter_that_cannot_be_added_up_is_multiplied_late() -> None:
    text = contract("[{rating: peaks}]").replace("{meter: peak,", "{meter: peak, multiply_by: [weights],")
    (measure,) = bill(text, "2026-10").store.measures
    assert (measure.factors, measure.keep) == ((), ("chain", "method"))


# Slots


def test_slots_begin_at_the_window_the_periods_and_the_changes_of_multipliers() -> None:
    (measure,) = bill(contract("[{rating: rpc}]"), "2026-10").store.measures
    assert bounds(measure) == ["2026-10-01", "2026-10-15", "2026-11-01"]


def test_d36_slots_are_those_of_every_zone() -> None:
    """Local midnight in Istanbul is 21:00 UTC of the day before, for months and for the multiplier's change."""
    (measure,) = bill(BOTH_ZONES, "2026-10").store.measures
    assert bounds(measure) == [
        "2026-09-30T21:00",
        "2026-10-01",
        "2026-10-14T21:00",
        "2026-10-15",
        "2026-10-31T21:00",
        "2026-11-01",
    ]


def test_e51_a_change_at_local_midnight_is_another_instant_in_another_zone() -> None:
    """Two variants: on the evening of the 14th the new version holds in Istanbul and not yet in UTC."""
    run = bill(BOTH_ZONES, "2026-10")
    (measure,) = run.store.measures
    utc, istanbul = measure.factors[0].versions
    assert measure.variants == 2
    assert (utc, istanbul) == ((0, 0, 0, 1, 1), (0, 0, 1, 1, 1))
    variants = {row.timeline: row.variant for row in run.store.segments[0] if row.first != row.last}
    assert variants == {0: 0, 1: 1}


def test_e51_usage_is_multiplied_by_the_version_in_force_when_it_happened() -> None:
    """13:59:59.999999 counts once, 14:00 twice: 10 + 2 × 10."""
    text = contract("[{rating: rpc}]").replace("{from: 2026-10-15,", "{from: 2026-10-15T14:00:00+03:00,")
    usage = """
        requests 2026-10-15T10:59:59.999999Z o1 10 chain=ethereum method=x
        requests 2026-10-15T11:00:00.000000Z o1 10 chain=ethereum method=x
    """
    assert bill(text, "2026-10", usage).invoices() == [["usage rpc chain=ethereum 31.25", "total 31.25"]]


def test_segments_say_which_slots_belong_to_which_period() -> None:
    """The contract ends on the 20th: slot 2, from there to the end of the month, belongs to nobody."""
    text = contract("[{rating: rpc}]").replace("start: 2026-01-01", "start: 2026-01-01, end: 2026-10-20")
    run = bill(text, "2026-10")
    assert bounds(run.store.measures[0]) == ["2026-10-01", "2026-10-15", "2026-10-20", "2026-11-01"]
    assert [(row.boundary, row.first, row.last) for row in run.store.segments[0]] == [(0, 0, 0), (0, 0, 2)]


def test_a_run_in_which_no_billing_period_ends_still_measures() -> None:
    """A single day: usage of subjects that nobody bills can be reported all the same."""
    run = bill(contract("[{rating: rpc}]"), "2026-10-05", "requests 2026-10-05T10:00:00Z nobody 1 chain=base")
    assert run.outcomes == ()
    assert bounds(run.store.measures[0]) == ["2026-10-05", "2026-10-06"]
    assert [finding.code for finding in run.findings] == ["RB501"]


def test_a_run_over_contracts_of_the_future_still_measures() -> None:
    text = contract("[{rating: rpc}]").replace("start: 2026-01-01", "start: 2027-01-01")
    assert bounds(bill(text, "2026-10").store.measures[0]) == ["2026-10-01", "2026-10-15", "2026-11-01"]


def test_a_slot_is_found_by_what_lies_in_it() -> None:
    slots = Slots((instant("2026-10-01T00:00Z"), instant("2026-10-15T00:00Z"), instant("2026-11-01T00:00Z")))
    assert [slots.at(instant(f"2026-10-{day}T00:00Z")) for day in ("01", "14", "15", "31")] == [0, 0, 1, 1]
    assert slots.at(slots.window.end) == len(slots)


# Factors


def test_factors_are_integers_at_one_scale_for_every_combination_of_named_keys() -> None:
    table = factor_table("weights", book(WEIGHTS).multipliers["weights"], [(0, 1)])
    assert table.scale == 3
    assert [sorted(names) for names in table.named] == [["base", "ethereum"], ["eth_call"]]
    assert {key: factor for (version, key), factor in table.rows.items() if version == 0} == {
        ("ethereum", "eth_call"): 26_000,
        ("ethereum", None): 1_000,
        ("base", "eth_call"): 800,
        ("base", None): 800,
        (None, "eth_call"): 800,
        (None, None): 800,
    }
    assert (1, (None, None)) not in table.rows


def test_only_versions_that_are_in_force_somewhere_are_resolved() -> None:
    table = factor_table("weights", book(WEIGHTS).multipliers["weights"], [(0, 0)])
    assert {version for version, _ in table.rows} == {0}


def test_before_its_first_version_a_multiplier_has_no_factor() -> None:
    multiplier = book(WEIGHTS).multipliers["weights"]
    (version,) = versions_at(multiplier, [instant("2025-12-31T23:59:59Z")], UTC)
    assert version == -1
    assert factor_tree(multiplier, version).resolve(("ethereum", "eth_call")) is None


def test_a_future_multiplier_does_not_weigh_what_cannot_be_added_up() -> None:
    text = contract("[{rating: peaks}]").replace("{meter: peak,", "{meter: peak, multiply_by: [weights],")
    run = bill(
        text.replace("from: 2026-01-01,", "from: 2027-01-01,").replace(
            "from: 2026-10-15", "from: 2027-10-15"
        ),
        "2026-10",
        "peak 2026-10-05T10:00:00Z o1 7 chain=base",
    )
    assert run.documents == []
    assert [finding.code for finding in run.findings] == ["RB504"]


@given(st.decimals("0.000000000000000001", 10**29, places=18))
def test_no_digit_of_a_factor_is_lost(factor: Decimal) -> None:
    values = f"multipliers: {{w: {{by: [chain], values: {{default: {factor:f}}}}}}}"
    text = (
        values
        + """
rating: {rpc: {meter: requests, multiply_by: [w], price: {amount: 1, per: 1}}}
contracts: {acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]}}
"""
    )
    (measure,) = bill(text, "2026-10").store.measures
    (scaled,) = measure.factors[0].rows.values()
    assert Fraction(scaled, 10**measure.unit_scale) == Fraction(factor)


# Dimensions


def test_a_band_is_a_dimension_with_bounds() -> None:
    meters = """
meters:
  timed: {source: raw, aggregate: count, unit: request, dimensions: [chain, {size: {of: bytes, up_to: [100, 0.5]}}]}
"""
    meter = book(meters).meters["timed"]
    assert dimension(meter, "chain") == Dimension("chain")
    assert dimension(meter, "size") == Dimension("size", Band("bytes", (100, Decimal("0.5"))))
