"""Where a term comes from: override, charge of the plan, rule; the nearest wins whole, and says whose money it is."""

from datetime import date

import pytest

from ratebook.book.model import Dated
from ratebook.book.terms import Homes, Sources
from ratebook.calendar import zone
from ratebook.compiler.terms import ANY_CONTRACT, at_version, in_force, pointer_for
from tests.builders import bill, book
from tests.memory_store import instant

HOMES = Homes(book="USD", plan="EUR", contract="TRY")
BOOK = book("""
rating:
  rpc: {meter: requests, price: {amount: 1, per: 1}, description: from the rule}
  eg: {meter: egress, price: {amount: 1, per: 1}}
plans:
  pro:
    name: Pro
    currency: EUR
    fees: [{id: base, name: Base, amount: 49}, {id: seat, name: Seats, amount: 9, quantity: 12}]
    charges: [{rating: rpc, included: 100, discount: {percent: 10}}, {rating: eg, price: {amount: 2, per: 1}}]
contracts:
  acme:
    {org: o1, type: hybrid, spec: global, plan: pro, currency: TRY, start: 2026-01-01,
     fees: [{id: extra, name: Extra, amount: 5}],
     charges: [{rating: rpc, id: again}],
     overrides: {rpc: {included: 200}, seat: {quantity: 20, amount: 8, every: quarter}}}
""")
TERMS = next(BOOK.contracts()).terms
PLAN = BOOK.plans["pro"]
SOURCES = Sources(ANY_CONTRACT, TERMS, PLAN, "plans/pro", BOOK.rules, HOMES)


@pytest.mark.parametrize(
    ("charge", "term", "home", "pointer"),
    [
        ("rpc", "included", "TRY", "contracts/*#overrides/rpc/included"),
        ("rpc", "discount", "EUR", "plans/pro#charges/0/discount"),
        ("rpc", "price", "USD", "rating/rpc#price"),
        ("rpc", "description", "USD", "rating/rpc#description"),
        ("eg", "price", "EUR", "plans/pro#charges/1/price"),
        ("again", "price", "USD", "rating/rpc#price"),
    ],
)
def test_the_nearest_place_that_says_a_term_wins(charge: str, term: str, home: str, pointer: str) -> None:
    sources = {one.charge.id: one for one in SOURCES.charges()}
    found = sources[charge].nearest(term)
    assert found is not None
    assert (found.home, found.pointer) == (home, pointer)


def test_a_term_that_nobody_says_is_none() -> None:
    (first, *_) = SOURCES.charges()
    assert first.nearest("maximum") is None


def test_charges_are_the_plans_then_the_contracts_own() -> None:
    assert [one.charge.id for one in SOURCES.charges()] == ["rpc", "eg", "again"]


def test_an_override_of_a_fee_changes_what_it_says_and_nothing_else() -> None:
    base, seat, extra = SOURCES.fees()
    assert (str(seat.fee.quantity), seat.fee.every, seat.fee.name) == ("20", "quarter", "Seats")
    assert [(fee.amount.home, fee.amount.pointer) for fee in (base, seat, extra)] == [
        ("EUR", "plans/pro#fees/0/amount"),
        ("TRY", "contracts/*#overrides/seat/amount"),
        ("TRY", "contracts/*#fees/0/amount"),
    ]


def test_a_fixed_price_is_a_fee_and_comes_first() -> None:
    invoice = bill(
        """
contracts:
  anka: {org: o1, type: fixed, spec: global, start: 2026-01-01, price_fixed: {name: Monthly, amount: 25_000},
         fees: [{id: support, name: Support, amount: 100}]}
""",
        "2026-10",
    ).invoices()
    assert invoice == [["fee fixed 25000.00", "fee support 100.00", "total 25100.00"]]


def test_a_pointer_of_shared_terms_names_the_contract() -> None:
    assert pointer_for("contracts/*#overrides/rpc", "acme") == "contracts/acme#overrides/rpc"
    assert pointer_for("plans/pro#fees/0", "acme") == "plans/pro#fees/0"


def test_a_version_is_in_force_from_its_own_midnight_on() -> None:
    dated = Dated[int].model_validate({"versions": [{"value": 1}, {"from": date(2026, 7, 1), "value": 2}]})
    istanbul = zone("Europe/Istanbul")
    before, after = (
        in_force(dated, instant("2026-06-30T20:59:59Z"), istanbul),
        in_force(dated, instant("2026-06-30T21:00:00Z"), istanbul),
    )
    assert before is not None
    assert after is not None
    assert (before.value, after.value) == (1, 2)
    assert at_version("plans/pro#fees/0/amount", after) == "plans/pro#fees/0/amount/versions/1"
    assert at_version("multipliers/weights", after) == "multipliers/weights#versions/1"


def test_nothing_is_in_force_before_the_first_version() -> None:
    dated = Dated[int].model_validate({"versions": [{"from": date(2026, 7, 1), "value": 2}]})
    assert in_force(dated, instant("2026-06-30T00:00:00Z"), zone("UTC")) is None
