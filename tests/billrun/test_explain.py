"""An invoice replayed as a tree: every kind of line, with the numbers that are on the invoice."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings

from ratebook.explain.invoice import Evidence, explain_invoice
from ratebook.explain.step import Step, draw_tree
from tests.builders import bill
from tests.random_runs import RATES, runs

BOOK = """
multipliers:
  weights: {by: [chain], versions: [{values: {eth: 26, default: 1}}, {from: 2026-10-15, values: {eth: 2, default: 1}}]}
  double: {by: [method], values: {default: 2}}
rating:
  rpc:
    meter: requests
    multiply_by: [weights, double]
    lines_by: [chain]
    price: {model: graduated, per: 1000, tiers: [{up_to: 10_000, amount: 9}, {amount: 6, flat: 1}]}
  eg:
    meter: egress
    convert: {to: GiB, round: up}
    price:
      {model: matrix, by: [chain], values: {eth: {model: package, size: 2, amount: 7}, default: {amount: 1, per: 3}}}
  seats: {meter: peak, multiply_by: [weights], pool_by: [chain],
          price: {model: volume, per: 1, tiers: [{up_to: 9, amount: 2}, {amount: 1, flat: 3}]}}
  idle: {meter: peak, where: {chain: none}, price: {model: flat, amount: 12, flat_at_zero: true}}
plans:
  pro:
    name: Pro
    fees: [{id: base, name: Base fee, amount: 49, quantity: 2}]
    charges:
      - {rating: rpc, included: 1000, discount: {percent: 10}, maximum: 150}
      - {rating: eg, minimum: 30}
      - {rating: seats}
      - {rating: idle}
    minimum: {amount: 1000, applies_to: [usage]}
specs:
  eu: {time_zone: Europe/Berlin, currency: EUR, fx: {source: ecb}, tax: {name: VAT, percent: 20}}
contracts:
  acme: {org: o1, type: hybrid, spec: eu, plan: pro, start: 2026-10-10,
         discounts: [{percent: 5, applies_to: [usage, fee]}], overrides: {eg: {included: 1}}}
"""
USAGE = """
    requests 2026-10-11T00:00:00Z o1 1000 chain=eth method=call
    requests 2026-10-20T00:00:00Z o1 1000 chain=eth method=call
    requests 2026-10-20T00:00:00Z o1 500 chain=sol method=call
    egress 2026-10-12T00:00:00Z o1 4000000000 chain=eth
    egress 2026-10-12T00:00:00Z o1 1000000000 chain=sol
    peak 2026-10-22T00:00:00Z o1 4 chain=eth
    peak 2026-10-22T00:00:00Z o1 12 chain=sol
"""
RATE = "2026-10-30,ecb,USD/EUR,0.9"


def explained(book: str = BOOK, usage: str = USAGE, rates: str = RATE, period: str = "2026-10") -> list[Step]:
    """Explain each invoice as the command does: documents of a plain run, rows of a detailed one."""
    plain, detailed = (bill(book, period, usage, rates=rates, detailed=one) for one in (False, True))
    return [
        explain_invoice(Evidence(two._replace(document=one.document), detailed.run.compiler, ["query"] * 9))
        for one, two in zip(plain.outcomes, detailed.outcomes, strict=True)
    ]


def drawn() -> str:
    return draw_tree(explained()[-1], str)


def below(step: Step) -> Iterator[Step]:
    yield step
    for one in step.steps:
        yield from below(one)


@pytest.mark.parametrize(
    "row",
    [
        "Line 1, Base fee: fee = 62.59 EUR   [plans/pro#fees/0/amount]",
        "Amount: 49 USD × 2   [plans/pro#fees/0/amount]",
        "Share of the full period: 22 of 31   [plans/pro#fees/0]",
        "Exact, rounded half_up: 69.548387096774 USD",
        # 1000 × 26 × 2 in the first half; 1000 included
        "Tier up to 10,000: 10,000 request × 0.009 USD = 90 USD   [rating/rpc#price/tiers/0]",
        "Tier without end: 41,000 request × 0.006 USD + 1 × 1 USD = 247 USD   [rating/rpc#price/tiers/1]",
        "Included units = 1,000 request   [plans/pro#charges/0/included]",
        "eth, call: 1,000 request × 26 × 2 = 52,000   [multipliers/weights#versions/0/values/eth, ",
        "eth, call: 1,000 request × 2 × 2 = 4,000   [multipliers/weights#versions/1/values/eth, ",
        "Meter requests: 2 events = 2,000 request   [meters/requests]",
        "Discount 10 %   [plans/pro#charges/0/discount]",
        "Maximum: 150 USD = 135 EUR   [plans/pro#charges/0/maximum]",
        # 4 GB of eth are 4 GiB, 1 GB of sol is 1: one of the five is included, and it is one of eth's
        "Packages of 2: 2 × 7 USD = 14 USD   [rating/eg#price/values/eth]",
        "Included units = 1 GiB   [contracts/acme#overrides/eg/included]",
        "Conversion: units / 1073741824, round up = GiB   [rating/eg#convert]",
        "Minimum: 30 USD = 27 EUR   [plans/pro#charges/1/minimum]",
        # what cannot be added up: the peak of eth counts double at the period's end
        "Tier up to 9: 8 seat × 2 USD = 16 USD   [rating/seats#price/tiers/0]",
        "Tier without end: 12 seat × 1 USD + 1 × 3 USD = 15 USD   [rating/seats#price/tiers/1]",
        "eth: 4 seat × 2 = 8",
        "Due without usage: flat_at_zero = 12 USD   [rating/idle#price]",
        "Discount 5 %: discount",
        "Applies to: fee, usage",
        "Counts towards it: usage",
        "VAT 20 % on the subtotal: tax",
        "Exchange rate: ecb of 2026-10-30 for 2026-11-01 = 1 USD is 0.9 EUR   [specs/eu#fx]",
    ],
)
def test_every_kind_of_line_is_explained_with_its_numbers_and_places(row: str) -> None:
    assert row in drawn()


SHARES = """
book: {pricing_units: {credit: {name: Credits, versions: [{value: 0.01}, {from: 2026-10-15, value: 0.02}]}}}
meters:
  payments: {source: raw, aggregate: sum, value: level, unit: USD, dimensions: [chain]}
rating:
  card: {meter: payments, price: {model: percentage, percent: 2.9, fixed: 0.3, free: {events: 1, amount: 10}}}
  bound: {meter: payments, price: {model: percentage, percent: 2, fixed: 0.1, each: {minimum: 0.5, maximum: 20}}}
  tiers: {meter: payments, price: {model: graduated_percentage, tiers: [{up_to: 1000, percent: 2}, {percent: 1}]}}
  cost: {meter: payments, price: {model: dynamic, markup_percent: 15}}
  calls: {meter: payments, price: {amount: {credit: 3}, per: 1}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [
    {rating: card}, {rating: bound}, {rating: tiers}, {rating: cost}, {rating: calls}]}
"""


@pytest.mark.parametrize(
    "row",
    [
        "Tier up to 10: 10 USD at no charge = 0 USD   [rating/card#price/free]",
        "Tier without end: 2,000 USD × 2.9 % = 58 USD   [rating/card#price]",
        "Fixed fee: 2 events × 0.3 USD, 1 event free = 0.6 USD   [rating/card#price/fixed]",
        "Events within their bounds: 100 USD × 2 % = 2 USD   [rating/bound#price]",
        "Fixed fee: 1 event × 0.1 USD = 0.1 USD   [rating/bound#price/fixed]",
        "Events at the minimum: 1 event × 0.5 USD = 0.5 USD   [rating/bound#price/each/minimum]",
        "Events at the maximum: 1 event × 20 USD = 20 USD   [rating/bound#price/each/maximum]",
        "Tier up to 1,000: 1,000 USD × 2 % = 20 USD   [rating/tiers#price/tiers/0]",
        "Tier without end: 2,010 USD × 115 % = 2311.5 USD   [rating/cost#price]",
        "1 Credits = 0.02 USD   [specs/book#pricing_units/credit/versions/1]",
    ],
)
def test_shares_of_an_amount_and_pricing_units_are_explained(row: str) -> None:
    usage = "".join(f"payments 2026-10-20T00:00:00Z o1 {amount} chain=eth\n" for amount in (10, 100, 1900))
    assert row in draw_tree(explained(SHARES, usage)[-1], str)


def test_the_steps_of_a_charge_add_up_to_what_it_costs() -> None:
    """In the invoice's currency, ladder by ladder and segment by segment."""
    (invoice,) = explained()[-1:]
    for charge in (step for step in below(invoice) if step.name.startswith("Charge ")):
        gross = next(step for step in charge.steps if step.name == "Gross, exact")
        parts = [step for step in charge.steps if " price" in step.name]
        assert sum(_number(part.result) for part in parts) == _number(gross.result)


def _number(result: str) -> Decimal:
    return Decimal(re.sub(r"[^0-9.\-]", "", result.split(" ", maxsplit=1)[0]))


def test_one_line_may_be_asked_for() -> None:
    plain = bill(BOOK, "2026-10", USAGE, rates=RATE)
    evidence = Evidence(plain.outcomes[-1], plain.run.compiler, ["query"] * 9)
    assert [step.name for step in explain_invoice(evidence, 1).steps] == ["Line 1, Base fee", "Exchange rate"]
    with pytest.raises(IndexError, match="lines, not a line 99"):
        explain_invoice(evidence, 99)


def test_a_boundary_without_an_invoice_says_so() -> None:
    assert draw_tree(explained()[0], str) == "acme: nothing to bill\n"


def test_a_tree_is_drawn_with_branches_and_given_as_json() -> None:
    step = Step("a", steps=(Step("b", "1 + 1", "2", "x#y", (Step("c\nd"),)), Step("e")))
    assert draw_tree(step, lambda pointer: f"{pointer}!") == (
        "a\n├─ b: 1 + 1 = 2   [x#y!]\n│  └─ c\n│        d\n└─ e\n"
    )
    assert step.document() == {
        "step": "a",
        "steps": [
            {"step": "b", "detail": "1 + 1", "result": "2", "pointer": "x#y", "steps": [{"step": "c\nd"}]},
            {"step": "e"},
        ],
    }


def test_a_value_of_usage_cannot_take_over_the_terminal() -> None:
    step = Step("Query\nSELECT 1", "\x1b[2J: 3 × 4", "12", "", (Step("\x07"),))
    assert (
        draw_tree(step, str)
        == "Query\nSELECT 1: \N{REPLACEMENT CHARACTER}[2J: 3 × 4 = 12\n└─ \N{REPLACEMENT CHARACTER}\n"
    )


def test_a_charge_named_like_a_discount_or_a_minimum_is_explained_as_a_charge() -> None:
    text = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
plans:
  pro:
    name: Pro
    charges: [{rating: rpc, id: minimum}, {rating: rpc, id: off}]
    minimum: {amount: 50, applies_to: [usage]}
contracts:
  acme: {org: o1, type: metered, spec: global, plan: pro, start: 2026-01-01,
         discounts: [{id: off, percent: 10, applies_to: [usage]}]}
"""
    (invoice,) = explained(text, "requests 2026-10-11T00:00:00Z o1 10 chain=eth")
    assert [[one.name for one in step.steps] for step in invoice.steps] == [
        ["Charge minimum"],
        ["Charge off"],
        ["Applies to", "Percent"],
        ["Counts towards it"],
    ]


def test_money_off_is_explained_with_what_was_promised_and_where_it_stood() -> None:
    text = """
rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}
contracts:
  acme:
    {org: o1, type: metered, spec: global, start: 2026-10-01, charges: [{rating: rpc}],
     discounts: [{amount: 10, applies_to: [rpc], until: 2027-01-01}],
     commitments: [{id: y, amount: 36_500, from: 2026-10-01, until: 2027-10-01, pay: in_arrears, true_up: period},
                   {id: p, amount: 20, from: 2026-10-01, until: 2026-11-01, pay: in_advance,
                    overage: {percent_off: 50}}],
     credits: [{id: c, amount: 5, expires: 2026-12-01}]}
"""
    tree = draw_tree(explained(text, "requests 2026-10-11T00:00:00Z o1 100")[-1], str)
    for row in (
        "Amount of each billing period = 10.00 USD",
        "Window: until 2027-01-01",
        "Line 4, Commitment p: commitment = -20.00 USD   [contracts/acme#commitments/1]",
        "Term: from 2026-10-01 until 2026-11-01",
        "Before: spent 0.00, trued up 0.00 = left 20.00 USD",
        "After: spent 20.00, trued up 0.00 = left 0.00 USD",
        "Line 3, Commitment y: commitment = 3,010.00 USD   [contracts/acme#commitments/0]",
        "Due by now: 31 of 365 of it",
        "Line 5, Overage of p: discount = -35.00 USD   [contracts/acme#commitments/1]",
        "Beyond it: changes by -50 %",
        "Line 6, Credit c: credit = -5.00 USD   [contracts/acme#credits/0]",
        "Service time: until 2026-12-01",
        "After: granted 5.00, used 5.00, expired 0.00 = left 0.00 USD",
    ):
        assert row in tree


def test_a_flat_beside_usage_that_no_multiplier_covers_is_explained() -> None:
    """The line has no dimensions, though lines have one, and though rows came."""
    text = """
multipliers: {weights: {by: [chain], values: {sol: 2}}}
rating:
  seats:
    {meter: peak, multiply_by: [weights], lines_by: [chain], price: {model: flat, amount: 9, flat_at_zero: true}}
contracts: {acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: seats}]}}
"""
    (invoice,) = explained(text, "peak 2026-10-11T00:00:00Z o1 10 chain=eth")
    assert "Due without usage: flat_at_zero = 9 USD" in draw_tree(invoice, str)


def test_each_line_of_meters_that_share_a_ladder_has_its_own_units() -> None:
    book = """
multipliers:
  weights: {by: [chain], values: {eth: 26, default: 1}}
rating:
  units:
    meters: [{meter: requests, multiply_by: [weights]}, {meter: egress, factor: 0.5}]
    unit: unit
    price: {amount: 1, per: 1}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-10-01, charges: [{rating: units}]}
"""
    usage = "requests 2026-10-05T00:00:00Z o1 3 chain=eth\negress 2026-10-05T00:00:00Z o1 40 chain=eth"
    requests, egress = (draw_tree(line, str) for line in explained(book, usage)[-1].steps)
    assert "eth: 3 request × 26 = 78   [multipliers/weights#values/eth]" in requests
    assert "Meter requests: 1 event = 3 request" in requests
    assert "Meter egress: 1 event = 40 byte" in egress
    assert "40 byte × 0.5 = 20   [rating/units#meters/1]" in egress


def test_what_narrower_charges_bill_is_named() -> None:
    book = """
rating:
  calls: {meter: requests, price: {amount: 1, per: 1}}
  eth: {meter: requests, where: {chain: eth}, price: {amount: 1, per: 1}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-10-01, charges: [{rating: calls}, {rating: eth}]}
"""
    usage = "requests 2026-10-05T00:00:00Z o1 3 chain=eth\nrequests 2026-10-05T00:00:00Z o1 4 chain=sol"
    calls, eth = (draw_tree(line, str) for line in explained(book, usage)[-1].steps)
    assert "Left to narrower charges: eth" in calls
    assert "Left" not in eth


def test_each_part_of_a_divided_period_is_explained_by_its_own_plan() -> None:
    book = """
rating: {rpc: {meter: requests, price: {model: graduated, per: 1, tiers: [{up_to: 10, amount: 2}, {amount: 1}]}}}
plans:
  starter: {name: S, fees: [{id: base, name: Base, amount: 31}], charges: [{rating: rpc}],
            minimum: {amount: 62, applies_to: [usage]}}
  pro: {name: P, fees: [{id: base, name: Base, amount: 62}], charges: [{rating: rpc, included: 12}],
        minimum: {amount: 93, applies_to: [usage]}}
contracts:
  acme: {org: o1, type: hybrid, spec: global, start: 2026-01-01, plan: pro, plan_change: {tiers: carry},
         phases: [{until: 2026-10-11, plan: starter}]}
"""
    usage = "requests 2026-10-05T00:00:00Z o1 10\nrequests 2026-10-20T00:00:00Z o1 5"
    (invoice,) = explained(book, usage)
    texts = [draw_tree(line, str) for line in invoice.steps]
    first, second = texts[2:4]
    assert "31 USD × 1   [plans/starter#fees/0/amount]" in texts[0]
    assert "Share of the full period: 21 of 31" in texts[1]
    assert "Charge rpc, 2026-10-01 00:00 until 2026-10-11 00:00" in first
    assert "Charge rpc, 2026-10-11 00:00 until 2026-11-01 00:00" in second
    assert "Goes on where the part before stopped: 10 request used before it = position 10" in second
    assert "Tier without end: 3 request × 1 USD = 3 USD" in second
    assert "Line 5, Minimum: minimum = 60.00 USD   [plans/pro#minimum]" in texts[4]


def test_usage_on_trial_is_explained() -> None:
    book = """
rating: {rpc: {meter: requests, price: {amount: 2, per: 1}}}
contracts:
  acme: {org: o1, type: metered, spec: global, start: 2026-10-01, trial: 10 days, charges: [{rating: rpc}]}
"""
    (_, invoice) = explained(book, "requests 2026-10-05T00:00:00Z o1 10")
    assert "trial price = 0 USD   [contracts/acme#trial]" in draw_tree(invoice, str)


def test_corrections_that_outweigh_a_side_are_taken_back() -> None:
    text = """
rating: {eg: {meter: egress, price: {per: 1, versions: [{amount: 1}, {from: 2026-10-15, amount: 2}]}}}
contracts: {acme: {org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: eg}]}}
"""
    (invoice,) = explained(text, "egress 2026-10-11T00:00:00Z o1 10\negress 2026-10-20T00:00:00Z o1 -3")
    assert "Tier without end: -3 byte × 2 USD = -6 USD" in draw_tree(invoice, str)
    assert invoice.result == "4.00 USD"


@settings(max_examples=30)
@given(runs(most=1))
def test_whatever_is_billed_can_be_explained(drawn: tuple[str, str]) -> None:
    book, usage = drawn
    for step in explained(book, usage, RATES, "2026-Q4"):
        lines = [one for one in step.steps if one.name.startswith("Line ")]
        assert all(one.result and one.steps for one in lines)
        assert draw_tree(step, str)
