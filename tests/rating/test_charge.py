"""One charge in one period: price → discount → maximum → minimum, refusals, zero usage; whatever way rows come."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.compiler.program import ChargeProgram
from ratebook.fx import SAME, Rate
from ratebook.money import EXACT, plain
from ratebook.rating.charge import RatedCharge, rate_charge
from ratebook.usage.rows import UsageRow
from tests.builders import Billed, bill

CUT = "2026-10-15"
RATES = {"USD": SAME}


def contract(rule: str, terms: str = "", more: str = "") -> str:
    return f"""
rating:
  rpc: {{meter: requests, {rule}}}
contracts:
  acme: {{org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{{rating: rpc, {terms}}}], {more}}}
"""


def invoice(rule: str, quantity: str, terms: str = "") -> list[str]:
    """Bill a quantity used on 5 October, and if there is a second one, that used on the 20th."""
    days = zip(("05", "20"), quantity.split(), strict=False)
    usage = "\n".join(f"requests 2026-10-{day}T00:00:00Z o1 {one} chain=eth" for day, one in days)
    return next(iter(bill(contract(rule, terms), "2026-10", usage).invoices()), [])


def program(rule: str, terms: str = "") -> ChargeProgram:
    return bill(contract(rule, terms), "2026-10").outcomes[0].program.charges[0]


def rate(of: ChargeProgram, rows: Sequence[UsageRow]) -> RatedCharge:
    with localcontext(EXACT):
        return rate_charge(of, rows, RATES)


def row(chain: str | None, units: str, segment: int = 0, quantity: str = "") -> UsageRow:
    return UsageRow(0, 0, segment, (chain,), 1, Decimal(quantity or units), Decimal(units))


def nets(rated: RatedCharge) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    return rated.gross, rated.discounted, rated.capped, rated.net


# The order of nets

PRICE = "price: {amount: 1, per: 1}"


@pytest.mark.parametrize(
    ("quantity", "terms", "expected"),
    [
        ("100", "discount: {percent: 10}", ["usage rpc 100.00", "discount rpc -10.00", "total 90.00"]),
        ("100", "maximum: 60", ["usage rpc 100.00", "maximum rpc -40.00", "total 60.00"]),
        ("100", "minimum: 160", ["usage rpc 100.00", "minimum rpc 60.00", "total 160.00"]),
        ("100", "discount: {percent: 10}, maximum: 95", ["usage rpc 100.00", "discount rpc -10.00", "total 90.00"]),
        ("100", "discount: {percent: 10}, minimum: 95",
         ["usage rpc 100.00", "discount rpc -10.00", "minimum rpc 5.00", "total 95.00"]),
        ("100", "minimum: 10, maximum: 60", ["usage rpc 100.00", "maximum rpc -40.00", "total 60.00"]),
        ("0", "minimum: 5", ["usage rpc 0.00", "minimum rpc 5.00", "total 5.00"]),
        ("", "minimum: 5", ["minimum rpc 5.00", "total 5.00"]),
        ("100", "minimum: 0, maximum: 500", ["usage rpc 100.00", "total 100.00"]),
        ("100", "discount: {percent: 100}", ["usage rpc 100.00", "discount rpc -100.00", "total 0.00"]),
    ],
)  # fmt: skip
def test_f70_discount_then_maximum_then_minimum(quantity: str, terms: str, expected: list[str]) -> None:
    assert invoice(PRICE, quantity, terms) == expected


def test_a1_what_a_step_changes_is_the_difference_of_two_rounded_nets() -> None:
    """3.335 is 3.34; less 10 % it is 3.0015, which is 3.00: the discount shows as 0.34, and it adds up."""
    assert invoice("price: {amount: 0.667, per: 1}", "5", "discount: {percent: 10}") == [
        "usage rpc 3.34",
        "discount rpc -0.34",
        "total 3.00",
    ]


def test_a6_a_million_events_of_a_tiny_price() -> None:
    assert invoice("price: {amount: 0.0000012, per: 1}", "1000000") == ["usage rpc 1.20", "total 1.20"]


def test_e50_each_side_has_its_own_discount() -> None:
    """100 less 10 % and 100 less 50 %."""
    dated = f"discount: {{versions: [{{percent: 10}}, {{from: {CUT}, percent: 50}}]}}"
    assert invoice(PRICE, "100 100", dated) == ["usage rpc 200.00", "discount rpc -60.00", "total 140.00"]


def test_e50_each_side_has_its_own_price_and_the_position_carries_on() -> None:
    """60 at 1; then 40 more in the first tier at 2, and 20 beyond it at 1."""
    rule = f"""price: {{per: 1, model: graduated, versions: [
      {{tiers: [{{up_to: 100, amount: 1}}, {{amount: 0.5}}]}},
      {{from: {CUT}, tiers: [{{up_to: 100, amount: 2}}, {{amount: 1}}]}}]}}"""
    assert invoice(rule, "60 60") == ["usage rpc 160.00", "total 160.00"]


def test_f87_a_bound_and_a_price_are_converted_and_rounded_once() -> None:
    """50.005 USD at 1/0.9 EUR are 55.5611 EUR; the maximum of 50 USD is 55.5556."""
    of = program("price: {amount: 10.001, per: 1}", "maximum: 50")
    with localcontext(EXACT):
        rated = rate_charge(of, [row("eth", "5")], {"USD": Rate(Decimal(1), Decimal("0.9"))})
        assert rated.gross == Decimal("50.005") / Decimal("0.9")
        assert rated.net == Decimal(50) / Decimal("0.9")


# What is refused


def refused(rule: str, quantity: str, terms: str = "") -> tuple[list[str], list[str]]:
    days = zip(("05", "20"), quantity.split(), strict=False)
    usage = "\n".join(f"egress 2026-10-{day}T00:00:00Z o1 {one} chain=eth" for day, one in days)
    run = bill(contract(rule, terms).replace("meter: requests", "meter: egress"), "2026-10", usage)
    return [line for one in run.invoices() for line in one], [finding.code for finding in run.findings]


def test_e58_usage_beyond_a_blocked_price_is_a_finding_and_not_billed() -> None:
    assert refused("price: blocked", "100", "included: 40") == (["usage rpc 0.00", "total 0.00"], ["RB506"])
    assert refused("price: blocked", "41", "included: 40") == (["usage rpc 0.00", "total 0.00"], ["RB506"])
    assert refused("price: blocked", "40", "included: 40") == (["usage rpc 0.00", "total 0.00"], [])


def test_e58_a_blocked_price_says_how_many_units_were_beyond() -> None:
    run: Billed = bill(
        contract("price: blocked", "included: 40"), "2026-10", "requests 2026-10-05T00:00:00Z o1 100"
    )
    assert run.findings[0].details == {"contract": "acme", "charge": "rpc", "units": "60"}


def test_e58_units_beyond_a_blocked_price_are_billable_ones() -> None:
    """100 of 30 are 3.33 units, or 4 when started ones count; 2 are included."""
    for convert, beyond in (("divide_by: 30", "1.333333333333"), ("divide_by: 30, round: up", "2")):
        text = contract(f"convert: {{{convert}}}, price: blocked", "included: 2")
        (finding,) = bill(text, "2026-10", "requests 2026-10-05T00:00:00Z o1 100").findings
        assert finding.details["units"] == beyond


def test_e53_usage_before_the_first_version_of_a_price_is_a_finding() -> None:
    dated = f"price: {{per: 1, versions: [{{from: {CUT}, amount: 2}}]}}"
    assert refused(dated, "100 10") == (["usage rpc 20.00", "total 20.00"], ["RB506"])


def test_d72_less_than_nothing_is_a_finding_and_not_billed() -> None:
    assert refused(PRICE, "3 -10") == ([], ["RB507"])
    assert refused(PRICE, "3 -10", "minimum: 5") == (["minimum rpc 5.00", "total 5.00"], ["RB507"])


@pytest.mark.parametrize(
    "price",
    [
        "{amount: 1, per: 1}",
        f"{{per: 1, versions: [{{amount: 1}}, {{from: {CUT}, amount: 1}}]}}",
        f"{{per: 1, model: volume, versions: [{{tiers: [{{amount: 1}}]}}, {{from: {CUT}, tiers: [{{amount: 1}}]}}]}}",
        f"{{model: package, versions: [{{size: 1, amount: 1}}, {{from: {CUT}, size: 1, amount: 1}}]}}",
    ],
)
def test_d72_corrections_may_outweigh_what_one_side_of_a_change_used(price: str) -> None:
    assert refused(f"price: {price}", "10 -3") == (["usage rpc 7.00", "total 7.00"], [])
    assert refused(f"price: {price}", "-3 10") == (["usage rpc 7.00", "total 7.00"], [])


def test_d72_a_pool_below_zero_does_not_hide_the_others() -> None:
    run = bill(
        contract("pool_by: [chain], lines_by: [chain], price: {amount: 1, per: 1}").replace(
            "requests", "egress"
        ),
        "2026-10",
        "egress 2026-10-05T00:00:00Z o1 10 chain=eth\negress 2026-10-05T00:00:00Z o1 -1 chain=sol",
    )
    assert run.invoices() == [["usage rpc chain=eth 10.00", "total 10.00"]]
    assert [finding.code for finding in run.findings] == ["RB507"]


# Zero usage

FLAT = "price: {model: flat, amount: 12, FLAG}"
TIERS = (
    "price: {model: graduated, per: 1, FLAG, tiers: [{up_to: 10, amount: 1, flat: 3}, {amount: 1, flat: 4}]}"
)


@pytest.mark.parametrize(("rule", "due"), [(FLAT, "12.00"), (TIERS, "3.00")])
def test_lago_5760_the_first_flat_is_due_without_usage_only_where_the_price_says_so(
    rule: str, due: str
) -> None:
    asked, not_asked = rule.replace("FLAG", "flat_at_zero: true"), rule.replace("FLAG", "flat_at_zero: false")
    assert invoice(asked, "") == [f"usage rpc {due}", f"total {due}"]
    assert invoice(not_asked, "") == []
    assert invoice(asked, "0") == [f"usage rpc {due}", f"total {due}"]
    assert invoice(not_asked, "0") == ["usage rpc 0.00", "total 0.00"]
    assert invoice(asked, "5", "included: 5") == [f"usage rpc {due}", f"total {due}"]


def test_lago_5760_with_usage_it_is_due_once() -> None:
    assert invoice(TIERS.replace("FLAG", "flat_at_zero: true"), "5") == ["usage rpc 8.00", "total 8.00"]
    assert invoice(FLAT.replace("FLAG", "flat_at_zero: true"), "5 5") == ["usage rpc 12.00", "total 12.00"]


def test_without_usage_the_version_of_the_periods_start_counts() -> None:
    dated = (
        f"price: {{model: flat, flat_at_zero: true, versions: [{{amount: 12}}, {{from: {CUT}, amount: 15}}]}}"
    )
    assert invoice(dated, "") == ["usage rpc 12.00", "total 12.00"]


def test_without_usage_a_matrix_has_no_cell_and_nothing_is_due() -> None:
    matrix = "price: {model: matrix, by: [chain], values: {default: {model: flat, amount: 12, flat_at_zero: true}}}"
    assert invoice(matrix, "") == []
    assert invoice(matrix, "0") == ["usage rpc 12.00", "total 12.00"]


def test_each_pool_without_net_units_owes_its_flat() -> None:
    """Both pools are within their included units."""
    of = program(
        "pool_by: [chain], " + FLAT.replace("FLAG", "flat_at_zero: true"), "included: 9, included_each: true"
    )
    assert rate(of, [row("eth", "5"), row("sol", "9")]).gross == 24


def test_f62_no_usage_starts_no_package() -> None:
    assert invoice("price: {model: package, size: 1000, amount: 5}", "") == []
    assert invoice("price: {model: package, size: 1000, amount: 5}", "0") == ["usage rpc 0.00", "total 0.00"]


# Whatever the price and the usage

LADDERS = [
    "{amount: 0.0125, per: 1}",
    "{amount: 1, per: 3}",
    "{model: graduated, per: 100, tiers: [{up_to: 100, amount: 7}, {up_to: 1000, amount: 3, flat: 2.5}, {amount: 1}]}",
    "{model: volume, per: 10, tiers: [{up_to: 500, amount: 1, flat: 1}, {amount: 0.7}]}",
    "{model: package, size: 7, amount: 0.333}",
    "{model: flat, amount: 12.345, flat_at_zero: true}",
    "{model: matrix, by: [chain], values: {eth: {amount: 0.3, per: 1}, default: {model: package, size: 9, amount: 1}}}",
    "{model: matrix, by: [chain], values: {eth: blocked, sol: free}}",
]
SHAPES = ["", "pool_by: [chain], ", "lines_by: [chain], ", "pool_by: [chain], lines_by: [chain], "]
CONVERSIONS = [
    "",
    "convert: {divide_by: 7}, ",
    "convert: {divide_by: 10, round: up}, ",
    "convert: {divide_by: 3, round: half_up}, ",
]
TERMS = [
    "",
    "included: 100",
    "included: 70.5, included_each: true",
    "discount: {percent: 12.5}, maximum: 9",
    "minimum: 30",
]
CHAINS: list[str | None] = ["eth", "sol", "base", "", None]

rules = st.tuples(
    st.sampled_from(SHAPES), st.sampled_from(CONVERSIONS), st.sampled_from(LADDERS), st.sampled_from(TERMS)
)
uses = st.lists(
    st.tuples(st.sampled_from(CHAINS), st.integers(0, 1), st.decimals(-50, 900, places=1)),
    max_size=8,
    unique_by=lambda use: use[:2],
)


def made(rule: tuple[str, str, str, str], *, split: bool = False) -> ChargeProgram:
    """Make the charge's program, with a second version of its price on 15 October that says the same, or without."""
    shape, conversion, price, terms = rule
    keep = "" if "lines_by" in shape or "pool_by" in shape or "matrix" in price else "lines_by: [chain], "
    dated = f"{{versions: [{price}, {{from: {CUT}, {price[1:]}]}}" if split else price
    return program(f"{keep}{shape}{conversion}price: {dated}", terms)


def told(rated: RatedCharge) -> Any:
    """Say what came out, with weights as shares of the whole."""
    weight = sum((Fraction(one) for one in rated.lines.weights), Fraction(0))
    lines = [
        (key, plain(quantity), plain(billable), Fraction(own) / weight if weight else 0)
        for key, quantity, billable, own in zip(*rated.lines[:4], strict=True)
    ]
    lost = sorted((one.code, one.ladder.sort_key, one.units) for one in rated.refused)
    return nets(rated), lines, lost, sorted(repr(one) for one in rated.missing)


def test_a3_a_tie_of_rounded_units_goes_to_the_line_that_comes_first_not_to_the_row() -> None:
    """Two lines of 15 units of 10 are 3 units: two of them are a's, in whatever order the rows came."""
    of = program("lines_by: [chain], convert: {divide_by: 10, round: up}, price: {amount: 1, per: 1}")
    for rows in ([row("a", "15"), row("b", "15")], [row("b", "15"), row("a", "15")]):
        lines = rate(of, rows).lines
        assert list(lines.keys) == [("a",), ("b",)]
        assert [plain(units) for units in lines.billables] == ["2", "1"]


@given(rules, uses, st.randoms(use_true_random=False))
def test_the_order_of_rows_has_no_meaning(
    rule: tuple[str, str, str, str], used: list[Any], random: Any
) -> None:
    of = made(rule, split=True)
    rows = [row(chain, str(units), segment) for chain, segment, units in used]
    mixed = random.sample(rows, len(rows))
    assert told(rate(of, rows)) == told(rate(of, mixed))


@given(rules, uses)
def test_e50_a_change_that_changes_nothing_changes_no_amount(
    rule: tuple[str, str, str, str], used: list[Any]
) -> None:
    whole: dict[str | None, Decimal] = {}
    for chain, _, units in used:
        whole[chain] = whole.get(chain, Decimal(0)) + units
    unsplit = rate(made(rule), [row(chain, str(units)) for chain, units in whole.items()])
    split = rate(made(rule, split=True), [row(chain, str(units), segment) for chain, segment, units in used])
    assert nets(split) == nets(unsplit)
    assert sorted(zip(*split.lines[:3], strict=True), key=repr) == sorted(
        zip(*unsplit.lines[:3], strict=True), key=repr
    )
    assert [(one.code, one.units) for one in split.refused] == [
        (one.code, one.units) for one in unsplit.refused
    ]


@given(rules, uses)
def test_lines_share_what_the_charge_costs(rule: tuple[str, str, str, str], used: list[Any]) -> None:
    rated = rate(made(rule, split=True), [row(chain, str(units), segment) for chain, segment, units in used])
    exact = sum((part.gross.fraction for part in rated.priced), Fraction(0))
    with localcontext(EXACT):
        assert rated.gross == Decimal(exact.numerator) / exact.denominator
    if rated.lines.keys:
        assert sum((Fraction(one) for one in rated.lines.weights), Fraction(0)) == exact


@given(rules, uses)
def test_nets_keep_their_order(rule: tuple[str, str, str, str], used: list[Any]) -> None:
    rated = rate(made(rule, split=True), [row(chain, str(units), segment) for chain, segment, units in used])
    assert 0 <= rated.capped <= rated.discounted <= rated.gross
    assert rated.net >= rated.capped
