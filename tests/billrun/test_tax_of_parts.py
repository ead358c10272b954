"""Tax where stages divide a period: each fee has the rate that its own plan names, of the time it is for."""

from tests.builders import bill, summary


def test_the_rate_of_a_fee_is_the_one_that_its_own_plan_names() -> None:
    """10 of 31 days of starter: 10.00 at 10 %; 21 days of pro: 42.00 at 20 %."""
    text = """
    plans:
      starter: {name: S, fees: [{id: base, name: Base, amount: 31, tax: reduced}]}
      pro: {name: P, fees: [{id: base, name: Base, amount: 62}]}
    specs: {global: {time_zone: UTC, currency: USD, tax: {name: VAT, percent: 20, rates: {reduced: {percent: 10}}}}}
    contracts:
      acme:
        org: o1
        type: fixed
        spec: global
        start: 2026-01-01
        plan: pro
        phases: [{until: 2026-10-11, plan: starter}]
    """
    document = bill(text, "2026-10").invoice
    assert summary(document) == [
        "fee base 10.00",
        "fee base 42.00",
        "tax tax 1.00",
        "tax tax 8.40",
        "total 61.40",
    ]


def test_a_fee_in_advance_after_a_trial_is_taxed_as_of_its_own_beginning() -> None:
    text = """
    specs:
      global:
        time_zone: UTC
        currency: USD
        tax: {name: VAT, versions: [{percent: 18}, {from: 2026-10-02, percent: 10}]}
    contracts:
      acme:
        org: o1
        type: fixed
        spec: global
        start: 2026-10-01
        trial: {until: 2026-10-16}
        fees: [{id: base, name: Base, amount: 31, bill: in_advance}]
    """
    opening = bill(text, "2026-10-01").documents[0]
    assert summary(opening) == ["fee base 16.00", "tax tax 1.60", "total 17.60"]


def test_a_named_rate_is_the_standard_one_before_its_first_version() -> None:
    text = """
    specs:
      global:
        time_zone: UTC
        currency: USD
        tax: {name: VAT, percent: 20, rates: {reduced: {versions: [{from: 2026-11-01, percent: 10}]}}}
    contracts:
      acme:
        org: o1
        type: fixed
        spec: global
        start: 2026-10-01
        cycle: {every: quarter}
        fees: [{id: base, name: Base, amount: 10, every: month, tax: reduced}]
    """
    (document,) = [one for one in bill(text, "2026-12").documents if one["kind"] == "period"]
    assert [(one["rate"], one["base"], one["amount"]) for one in document["taxes"]] == [
        ("standard", "10.00", "2.00"),
        ("reduced", "20.00", "2.00"),
    ]
