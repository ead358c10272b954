"""Groups of tax: whatever lines there are, taxes of parts are those of groups, and what is printed adds up."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from ratebook.calendar import BEGINNING, Instant, Share
from ratebook.compiler.tax_programs import RateGroup, TaxRules, Withholding
from ratebook.invoice.rate_groups import Part, divide, share_out, tax_groups, taxes_of_entries
from ratebook.money import EXACT, RoundingMode, rounder
from tests.builders import bill

MODES: tuple[RoundingMode, ...] = ("half_up", "half_even", "up", "down")
PERCENTS = [Decimal(text) for text in ("20", "10", "1", "7.7", "0", "100")]
GROUPS = [RateGroup(f"r{number}", percent, "", "", "") for number, percent in enumerate(PERCENTS)]
GROUPS += [RateGroup("r4", Decimal(0), "301", "", ""), RateGroup("reverse_charge", Decimal(0), "AE", "", "")]
CENT = Decimal("0.01")


def rules(
    round_on: Literal["rate_group", "line"] = "rate_group",
    *,
    inclusive: bool = False,
    share: Share | None = None,
) -> TaxRules:
    return TaxRules(
        name="T",
        round_on=round_on,
        inclusive=inclusive,
        split=False,
        rates={"standard": ((BEGINNING, GROUPS[0]),)},
        named={},
        otherwise="standard",
        last=Instant(0),
        withholding=None if share is None else Withholding("602", share, ""),
        currency="",
        pointer="",
    )


amounts = st.integers(-10_000_000, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
places = st.sampled_from([Decimal(1), CENT, Decimal("0.001")])


@st.composite
def parts(draw: st.DrawFn) -> tuple[list[Part], Decimal]:
    unit = draw(places)
    drawn = draw(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from(GROUPS)), max_size=12))
    return [
        Part(line, group, unit * amount, {line % 3: unit * amount})
        for line, (amount, group) in enumerate(drawn)
    ], unit


@given(
    drawn=parts(),
    round_on=st.sampled_from(["rate_group", "line"]),
    inclusive=st.booleans(),
    mode=st.sampled_from(MODES),
    tenths=st.integers(1, 10),
)
def test_taxes_of_parts_are_the_groups_and_the_groups_are_the_invoices(
    drawn: tuple[list[Part], Decimal], round_on: Any, inclusive: bool, mode: RoundingMode, tenths: int
) -> None:
    given_parts, unit = drawn
    with localcontext(EXACT):
        rounded = rounder(unit, mode)
        rule = rules(round_on, inclusive=inclusive, share=Share(tenths, 10))
        found = tax_groups(given_parts, rule, rounded, unit)
        entries = taxes_of_entries(given_parts, found.taxes, 3, unit)
    assert sum(found.taxes) == found.amount == sum(one.amount for one in found.groups) == sum(entries)
    for one in found.groups:
        own = [(given_parts[number].amount, found.taxes[number]) for number in one.parts]
        gross = sum(amount for amount, _ in own)
        assert one.amount == sum(tax for _, tax in own)
        assert gross == (one.base + one.amount if inclusive else one.base)
        assert abs(one.withheld) <= abs(one.amount)
        whole = 100 + one.group.percent if inclusive else 100
        exact = [Fraction(amount) * Fraction(one.group.percent) / Fraction(whole) for amount, _ in own]
        if round_on == "rate_group":
            assert abs(Fraction(one.amount) - sum(exact)) < Fraction(unit)
        assert all(
            abs(Fraction(tax) - want) < Fraction(unit) for (_, tax), want in zip(own, exact, strict=True)
        )


@given(st.lists(st.sampled_from(GROUPS), min_size=1, max_size=12))
def test_groups_are_told_apart_by_rate_percentage_and_code(drawn: list[RateGroup]) -> None:
    found = tax_groups(
        [Part(n, group, CENT, {}) for n, group in enumerate(drawn)], rules(), rounder(CENT, "up"), CENT
    )
    keys = [(one.group.rate, one.group.percent, one.group.code) for one in found.groups]
    assert keys == list(dict.fromkeys((group.rate, group.percent, group.code) for group in drawn))


@given(drawn=parts(), mode=st.sampled_from(MODES), inclusive=st.booleans())
def test_a3_what_is_taken_back_has_the_same_tax_with_the_other_sign(
    drawn: tuple[list[Part], Decimal], mode: RoundingMode, inclusive: bool
) -> None:
    given_parts, unit = drawn
    with localcontext(EXACT):
        back = [part._replace(amount=-part.amount) for part in given_parts]
        both = [
            tax_groups(one, rules(inclusive=inclusive), rounder(unit, mode), unit).taxes
            for one in (given_parts, back)
        ]
        assert both[1] == [-tax for tax in both[0]]


@given(
    amount=amounts,
    shares=st.lists(
        st.tuples(st.sampled_from(GROUPS), st.fractions(-5, 50, max_denominator=9)), min_size=1, max_size=6
    ),
)
def test_a_divided_line_adds_up(amount: Decimal, shares: list[tuple[RateGroup, Fraction]]) -> None:
    with localcontext(EXACT):
        found = divide(amount, shares, CENT)
        assert sum(part for _, part in found) == amount
        assert found
        assert len({(group.rate, group.code) for group, _ in found if group}) == len(found)


def test_a_part_that_needs_no_rounding_keeps_its_tax() -> None:
    """20 % of 100.00 is 20.00, and stays it beside a discount of 33.33."""
    exact = [Fraction(20), Fraction("-6.666")]
    assert share_out(Decimal("13.33"), exact, CENT) == [Decimal("20.00"), Decimal("-6.67")]


fee = st.tuples(st.integers(0, 100_000), st.sampled_from(["standard", "reduced", "zero", "out"]))


@given(
    fees=st.lists(fee, min_size=1, max_size=6),
    discounts=st.lists(st.integers(0, 100), max_size=3),
    prices=st.sampled_from(["exclusive", "inclusive"]),
    round_on=st.sampled_from(["rate_group", "line"]),
    currency=st.sampled_from(["JPY", "TRY", "KWD"]),
    contract=st.sampled_from(
        ["", "tax: {withholding: 603},", "tax: {exempt: 351},", "tax: {reverse_charge: AE},"]
    ),
)
def test_an_invoice_adds_up_however_it_is_taxed(
    fees: list[tuple[int, str]],
    discounts: list[int],
    prices: str,
    round_on: str,
    currency: str,
    contract: str,
) -> None:
    written = ", ".join(
        f"{{id: f{number}, name: F, amount: {amount}.{amount % 997:03}, tax: {rate}}}"
        for number, (amount, rate) in enumerate(fees)
    )
    off = ", ".join(f"{{percent: {percent}, applies_to: [fee]}}" for percent in discounts)
    rates = "{reduced: {percent: 10}, zero: {percent: 0}, out: {percent: 0, exempt: 301}}"
    tax = f"{{name: T, percent: 18, prices: {prices}, round_on: {round_on}, rates: {rates}}}"
    found = bill(
        f"""
specs: {{s: {{time_zone: UTC, currency: {currency}, tax: {tax}}}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: s, start: 2026-01-01, {contract} discounts: [{off}], fees: [{written}]}}
""",
        "2026-10",
    ).invoice
    lines = [line for line in found["lines"] if line["kind"] != "tax"]
    taxes = [Decimal(line["amount"]) for line in found["lines"] if line["kind"] == "tax"]
    withheld = sum(Decimal(one.get("withheld", "0")) for one in found["taxes"])
    stands = sum(Decimal(line["amount"]) for line in lines)
    assert Decimal(found["tax"]) == sum(taxes) == sum(Decimal(line["tax"]) for line in lines) - withheld
    assert Decimal(found["subtotal"]) + Decimal(found["tax"]) == Decimal(found["total"])
    assert sum(Decimal(one["base"]) for one in found["taxes"]) == Decimal(found["subtotal"])
    if prices == "inclusive":
        assert Decimal(found["total"]) == stands - withheld
    else:
        assert Decimal(found["subtotal"]) == stands


def test_the_tax_of_a_part_is_shared_by_what_it_was_taken_from_whatever_its_sign() -> None:
    """A discount of 30 over entries of 20 and 10 lowers their taxes as 4 : 2; a tax against the sign mirrors."""
    part = Part(0, None, Decimal("-30.00"), {0: Decimal("-20.00"), 1: Decimal("-10.00")})
    assert taxes_of_entries([part], [Decimal("-6.00")], 2, Decimal("0.01")) == [
        Decimal("-4.00"),
        Decimal("-2.00"),
    ]
    assert taxes_of_entries([part], [Decimal("6.00")], 2, Decimal("0.01")) == [
        Decimal("4.00"),
        Decimal("2.00"),
    ]
