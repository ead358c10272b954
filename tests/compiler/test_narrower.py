"""Charges that share a meter: the narrower bills what both match, a surcharge is billed besides."""

import pytest

from tests.builders import Billed, bill

RULES = """
rating:
  calls: {meter: requests, price: {amount: 1, per: 1}}
  eth: {meter: requests, where: {chain: eth}, price: {amount: 10, per: 1}}
  traces: {meter: requests, where: {chain: eth, method: trace}, price: {amount: 100, per: 1}}
  sol: {meter: requests, where: {chain: sol}, price: {amount: 1000, per: 1}, surcharge: true}
  top: {meter: peak, price: {amount: 1, per: 1}}
  eth-top: {meter: peak, where: {chain: eth}, price: {amount: 10, per: 1}}
contracts:
"""
USAGE = """
    requests 2026-10-05T10:00:00Z o1 1 chain=eth method=trace
    requests 2026-10-05T10:00:00Z o1 2 chain=eth method=call
    requests 2026-10-05T10:00:00Z o1 3 chain=sol method=trace
    requests 2026-10-05T10:00:00Z o1 4 chain=NULL method=NULL
"""


def contract(name: str, org: str, *rules: str) -> str:
    charges = ", ".join(f"{{rating: {rule}}}" for rule in rules)
    return f"  {name}: {{org: {org}, type: metered, spec: global, start: 2026-01-01, charges: [{charges}]}}\n"


def billed(*rules: str, usage: str = USAGE) -> Billed:
    return bill(RULES + contract("acme", "o1", *rules), "2026-10", usage)


def test_each_event_is_billed_once_by_the_narrowest() -> None:
    assert billed("calls", "eth", "traces").invoices() == [
        ["usage calls 7.00", "usage eth 20.00", "usage traces 100.00", "total 127.00"]
    ]


def test_the_order_in_which_charges_are_listed_has_no_meaning() -> None:
    assert billed("traces", "calls", "eth").invoices() == [
        ["usage traces 100.00", "usage calls 7.00", "usage eth 20.00", "total 127.00"]
    ]


def test_a_surcharge_is_billed_besides() -> None:
    assert billed("calls", "sol").invoices() == [["usage calls 10.00", "usage sol 3000.00", "total 3010.00"]]


def test_a_surcharge_of_the_charge_takes_no_part_either() -> None:
    text = RULES + contract("acme", "o1", "calls", "eth").replace(
        "{rating: eth}", "{rating: eth, surcharge: true}"
    )
    assert bill(text, "2026-10", USAGE).invoices() == [
        ["usage calls 10.00", "usage eth 30.00", "total 40.00"]
    ]


def test_narrower_charges_of_a_meter_that_does_not_add_up() -> None:
    usage = "peak 2026-10-05T10:00:00Z o1 9 chain=eth\npeak 2026-10-06T10:00:00Z o1 4 chain=sol"
    assert billed("top", "eth-top", usage=usage).invoices() == [
        ["usage top 4.00", "usage eth-top 90.00", "total 94.00"]
    ]


def test_what_no_charge_but_a_surcharge_matches_has_no_price() -> None:
    """Of ten requests three are on Ethereum, which is billed; the others are reported, those with a surcharge too."""
    run = billed("eth", "sol")
    assert run.invoices() == [["usage eth 30.00", "usage sol 3000.00", "total 3030.00"]]
    assert [one.code for one in run.findings] == ["RB503"]
    assert [one.quantity for one in run.store.lost] == [3, 4]


def test_a_surcharge_alone_on_a_meter_is_its_price() -> None:
    run = billed("sol")
    assert run.invoices() == [["usage sol 3000.00", "total 3000.00"]]
    assert [one.code for one in run.findings] == ["RB503"]
    assert [one.quantity for one in run.store.lost] == [1, 2, 4]


def test_contracts_that_leave_out_the_same_share_a_measure() -> None:
    text = (
        RULES
        + contract("a", "o1", "calls", "eth")
        + contract("b", "o2", "calls", "eth")
        + contract("c", "o3", "calls")
    )
    run = bill(text, "2026-10", USAGE + USAGE.replace(" o1 ", " o3 "))
    assert [measure.name for measure in run.store.measures] == [
        "requests but where chain",
        "requests where chain",
        "requests",
    ]
    assert [invoice[-1] for invoice in run.invoices()] == ["total 37.00", "total 10.00"]


def test_one_measure_may_be_what_one_contract_bills_and_another_does_not() -> None:
    text = RULES + contract("a", "o1", "calls", "eth") + contract("b", "o2", "eth")
    run = bill(text, "2026-10", USAGE + USAGE.replace(" o1 ", " o2 "))
    assert len(run.store.measures) == 2
    assert [invoice[-1] for invoice in run.invoices()] == ["total 37.00", "total 30.00"]
    assert [(one.code, one.details["largest"][0]["key"]) for one in run.findings] == [("RB503", ["o2"])]


@pytest.mark.parametrize("rules", [("calls",), ("calls", "eth"), ("eth", "traces", "calls")])
def test_a_split_by_conditions_loses_no_event(rules: tuple[str, ...]) -> None:
    run = billed(*rules)
    assert sum(int(line["quantity"]) for line in run.invoice["lines"]) == 10
    assert run.findings == []
