"""A run: every contract × boundary has an outcome, streams are read in step, findings say what was not billed."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from ratebook.billrun.outcomes import BillRun
from ratebook.book.model import Contract
from ratebook.calendar import RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.fx import RateTable
from ratebook.usage.rows import UsageRow
from tests.builders import bill, book, periods
from tests.memory_store import MemoryStore, read_events

METERED = """
rating:
  rpc: {meter: requests, price: {amount: 1, per: 1}}
contracts:
"""


def contract(name: str, start: str = "2026-01-01", more: str = "") -> str:
    return f"  {name}: {{org: {name}, type: hybrid, spec: global, start: {start}, charges: [{{rating: rpc}}] {more}}}\n"


def used(subject: str, quantity: int, at: str = "2026-10-05T00:00:00Z", meter: str = "requests") -> str:
    return f"{meter} {at} {subject} {quantity} chain=eth\n"


# Outcomes


def test_f93_every_contract_and_boundary_has_an_outcome() -> None:
    run = bill(METERED + contract("a", "2026-10-10") + contract("b"), "2026-10", used("b", 3))
    assert [(one.contract, one.program.boundary.kind, one.status) for one in run.outcomes] == [
        ("a", "opening", "nothing_to_bill"),
        ("a", "period", "nothing_to_bill"),
        ("b", "period", "invoice"),
    ]


def test_f92_a_total_of_zero_with_lines_is_an_invoice() -> None:
    free = METERED.replace("{amount: 1, per: 1}", "free") + contract("a")
    assert bill(free, "2026-10", used("a", 3)).invoices() == [["usage rpc 0.00", "total 0.00"]]


def test_outcomes_come_in_order_of_contract_and_time() -> None:
    text = METERED + contract("b", more=", fees: [{id: f, name: F, amount: 1}]")
    text += contract("a", "2026-10-10", ", fees: [{id: f, name: F, amount: 1, bill: in_advance}]")
    run = bill(text, "2026-Q4")
    assert [one.contract for one in run.outcomes] == ["a"] * 4 + ["b"] * 3
    assert periods(run.documents)[:3] == [
        "opening 2026-10-10 2026-11-01",
        "period 2026-10-10 2026-11-01",
        "period 2026-11-01 2026-12-01",
    ]


def test_contracts_beyond_a_batch_get_their_own_usage() -> None:
    """More contracts than are rated at once, each with as many requests as its number."""
    count = 1_100
    text = METERED + "".join(contract(f"c{number:04}") for number in range(count))
    run = bill(text, "2026-10", "".join(used(f"c{number:04}", number) for number in range(1, count, 7)))
    totals = {one["contract"]: Decimal(one["total"]) for one in run.documents}
    assert totals == {f"c{number:04}": number for number in range(1, count, 7)}


def test_b82_subjects_of_a_contract_are_summed_before_tiers_and_of_two_contracts_are_not() -> None:
    tiers = METERED.replace(
        "{amount: 1, per: 1}", "{model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}"
    )
    together = tiers + contract("a").replace("org: a", "subjects: [a, b]")
    usage = used("a", 10) + used("b", 10)
    assert bill(together, "2026-10", usage).invoices() == [["usage rpc 30.00", "total 30.00"]]
    apart = bill(tiers + contract("a") + contract("b"), "2026-10", usage)
    assert [invoice[-1] for invoice in apart.invoices()] == ["total 20.00", "total 20.00"]


def test_e54_one_subject_may_pass_from_one_contract_to_the_next() -> None:
    first = contract("a", more=", end: 2026-10-15").replace("org: a", "org: acme")
    second = contract("b", "2026-10-15").replace("org: b", "org: acme")
    usage = used("acme", 3, "2026-10-14T23:59:59.999999Z") + used("acme", 5, "2026-10-15T00:00:00Z")
    run = bill(METERED + first + second, "2026-10", usage)
    assert [invoice[-1] for invoice in run.invoices()] == ["total 3.00", "total 5.00"]


def test_d46_usage_at_a_boundary_belongs_to_the_period_that_begins() -> None:
    usage = used("a", 3, "2026-10-31T23:59:59.999999Z") + used("a", 5, "2026-11-01T00:00:00Z")
    run = bill(METERED + contract("a"), "2026-10-01/2026-12-01", usage)
    assert [invoice[-1] for invoice in run.invoices()] == ["total 3.00", "total 5.00"]


def test_killbill_1981_1966_1968_1856_the_last_day_is_that_of_the_specs_zone() -> None:
    """22:30 UTC on 31 October is 1 November in Istanbul."""
    spec = "specs: {global: {time_zone: Europe/Istanbul, currency: USD}}\n" + METERED
    usage = used("a", 3, "2026-10-31T20:59:59Z") + used("a", 5, "2026-10-31T22:30:00Z")
    assert [invoice[-1] for invoice in bill(spec + contract("a"), "2026-10", usage).invoices()] == [
        "total 3.00"
    ]
    assert [invoice[-1] for invoice in bill(spec + contract("a"), "2026-11", usage).invoices()] == [
        "total 5.00"
    ]


def test_contracts_that_are_read_anew_for_the_second_pass_find_their_timelines() -> None:
    """A stream gives equal contracts each time, not the same objects."""
    made = book(METERED + contract("a") + contract("b"))
    store = MemoryStore(read_events(used("a", 3) + used("b", 5)))

    def contracts() -> Iterator[Contract]:
        return (replace(one, terms=one.terms.model_copy()) for one in made.contracts())

    run = BillRun(RunCompiler(made, RunPeriod.parse("2026-10")), contracts, store, RateTable())
    assert [one.document and one.document["total"] for one in run.outcomes()] == ["3.00", "5.00"]


def test_what_is_measured_is_known_once_outcomes_come() -> None:
    run = bill(METERED + contract("a"), "2026-10", used("a", 3)).run
    assert run.plan is not None
    assert [measure.name for measure in run.plan.measures] == ["requests"]


def test_f64_tiers_and_included_units_begin_anew_with_each_period_in_the_specs_zone() -> None:
    """10 units at 2 and 5 at 1, of which 5 are free each month; 20:59 UTC is the last minute of October in Istanbul."""
    tiers = "{model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}"
    text = METERED.replace("{amount: 1, per: 1}", tiers) + contract("a").replace(
        "{rating: rpc}", "{rating: rpc, included: 5}"
    )
    text += "specs: {global: {time_zone: Europe/Istanbul, currency: USD}}\n"
    usage = used("a", 20, "2026-10-31T20:59:59Z") + used("a", 20, "2026-10-31T21:00:00Z")
    run = bill(text, "2026-10-01/2026-12-01", usage)
    assert [invoice[-1] for invoice in run.invoices()] == ["total 25.00", "total 25.00"]


def test_lago_2561_fees_usage_and_minimum_end_with_the_contract() -> None:
    """19 of 31 days; what is used afterwards is reported, and nothing is billed in advance."""
    text = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
plans:
  pro:
    name: Pro
    fees: [{id: base, name: B, amount: 31}, {id: next, name: N, amount: 31, bill: in_advance}]
    charges: [{rating: rpc}]
    minimum: {amount: 310, applies_to: [usage]}
contracts:
  a: {org: a, type: hybrid, spec: global, plan: pro, start: 2026-01-01, end: 2026-10-20}
"""
    run = bill(text, "2026-10", used("a", 90) + used("a", 7, "2026-10-20T00:00:00Z"))
    assert run.invoices() == [["fee base 19.00", "usage rpc 90.00", "minimum minimum 100.00", "total 209.00"]]
    assert [finding.code for finding in run.findings] == ["RB502"]


def test_polar_6625_the_period_after_a_change_of_plan_bills_its_own_usage_alone() -> None:
    """One customer, two contracts one after the other: nothing is billed twice."""
    first = contract("a", more=", end: 2026-10-15").replace("org: a", "org: acme")
    second = contract("b", "2026-10-15").replace("org: b", "org: acme")
    usage = "".join(used("acme", 1, f"2026-10-{day:02}T12:00:00Z") for day in range(1, 32))
    totals = [Decimal(one["total"]) for one in bill(METERED + first + second, "2026-10", usage).documents]
    assert totals == [14, 17]


# Odd usage


def test_b19_odd_values_of_dimensions_stay_as_they_are() -> None:
    made = book(METERED.replace("{meter: requests,", "{meter: requests, lines_by: [chain],") + contract("a"))

    class Odd(MemoryStore):
        def rows(self, measure: int) -> Iterator[UsageRow]:
            for value in ("", "\u0000", "ⅷ\u0301", '"; DROP', "default"):
                yield UsageRow(0, 0, 0, (value,), 1, Decimal(1), Decimal(1))

    run = BillRun(RunCompiler(made, RunPeriod.parse("2026-10")), made.contracts, Odd(), RateTable())
    (outcome,) = run.outcomes()
    assert outcome.document is not None
    assert [line["dimensions"]["chain"] for line in outcome.document["lines"]] == [
        "", "\u0000", '"; DROP', "default", "ⅷ\u0301"
    ]  # fmt: skip


def test_huge_quantities_are_billed_to_the_cent() -> None:
    text = METERED.replace("amount: 1, per: 1", "amount: 0.000000000000000001, per: 1").replace(
        "requests", "egress"
    )
    run = bill(
        text + contract("a"), "2026-10", used("a", 123_456_789_012_345_678_901_234_567_890, meter="egress")
    )
    assert run.invoices() == [["usage rpc 123456789012.35", "total 123456789012.35"]]


# Findings


def test_a_finding_of_a_contract_stands_on_its_invoice_and_in_the_run() -> None:
    text = METERED.replace("{amount: 1, per: 1}", "blocked") + contract(
        "a", more=", fees: [{id: f, name: F, amount: 1}]"
    )
    run = bill(text, "2026-10", used("a", 3))
    assert [one["code"] for one in run.invoice["findings"]] == ["RB506"]
    assert [one.code for one in run.findings] == ["RB506"]
    assert run.findings[0].message == (
        "a: rpc: 3 units are used beyond the included ones, and the price is blocked; they are not billed"
    )


def test_a_finding_without_an_invoice_is_not_lost() -> None:
    text = METERED.replace("meter: requests", "meter: egress") + contract("a")
    run = bill(text, "2026-10", used("a", -3, meter="egress"))
    assert [one.status for one in run.outcomes] == ["nothing_to_bill"]
    assert [one.code for one in run.findings] == ["RB507"]


def test_e54_usage_outside_of_a_contract_and_of_nobody_is_reported() -> None:
    usage = used("a", 3, "2026-10-05T00:00:00Z") + used("zoe", 4)
    run = bill(METERED + contract("a", "2026-10-10"), "2026-10", usage)
    assert [one.code for one in run.findings] == ["RB502", "RB501"]


def test_usage_of_a_fixed_contract_is_covered_by_its_price() -> None:
    """Another contract has requests measured; those of `b` are no leak."""
    fixed = (
        "  b: {org: b, type: fixed, spec: global, start: 2026-01-01, price_fixed: {name: All, amount: 5}}\n"
    )
    run = bill(METERED + contract("a") + fixed, "2026-10", used("a", 3) + used("b", 4))
    assert [invoice[-1] for invoice in run.invoices()] == ["total 3.00", "total 5.00"]
    assert run.findings == []


def test_e53_a_version_of_a_matrix_without_the_cell_leaves_a_finding_for_its_side_alone() -> None:
    matrix = """{model: matrix, by: [chain], versions: [
      {values: {eth: {amount: 1, per: 1}}}, {from: 2026-10-15, values: {sol: {amount: 1, per: 1}}}]}"""
    text = METERED.replace("{amount: 1, per: 1}", matrix) + contract("a")
    run = bill(text, "2026-10", used("a", 3) + used("a", 5, "2026-10-20T00:00:00Z"))
    assert run.invoices() == [["usage rpc 3.00", "total 3.00"]]
    assert [(one.code, one.details["events"]) for one in run.findings] == [("RB505", 1)]


def test_usage_without_a_factor_of_a_meter_that_cannot_be_added_up_is_a_finding() -> None:
    text = """
multipliers: {weights: {by: [chain], values: {eth: 2}}}
rating: {top: {meter: peak, multiply_by: [weights], lines_by: [chain], price: {amount: 1, per: 1}}}
contracts: {a: {org: a, type: metered, spec: global, start: 2026-01-01, charges: [{rating: top}]}}
"""
    run = bill(
        text, "2026-10", used("a", 3, meter="peak") + used("a", 5, meter="peak").replace("=eth", "=sol")
    )
    assert [(one.code, one.details["key"]) for one in run.findings] == [("RB504", ["sol"])]
    assert run.invoice["total"] == "6.00"
