"""Prices as the book writes them, compiled to ladders with exact prices of one unit."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ratebook.book.model.price import Price as WrittenPrice
from ratebook.book.units import unit_divisor
from ratebook.compiler.prices import NoCommonCurrencyError, PriceTerms, compile_price, pick, unit_prices
from ratebook.compiler.program import Ladder, Price
from ratebook.money import EXACT, plain
from tests.builders import yaml

WRITTEN: TypeAdapter[WrittenPrice] = TypeAdapter(WrittenPrice)


def compiled(text: str, *, currency: str = "USD", home: str = "USD", divisor: str = "1") -> Price:
    terms = PriceTerms(currency, home, Decimal(divisor), ("chain", "country", "carrier"))
    with localcontext(EXACT):
        return compile_price(
            WRITTEN.validate_python(yaml(f"price: {text}")["price"]), terms, "rating/rpc#price"
        )


def ladder(text: str, *, currency: str = "USD", home: str = "USD", divisor: str = "1") -> Ladder:
    found = compiled(text, currency=currency, home=home, divisor=divisor).ladder
    assert found is not None
    return found


def tiers(of: Ladder) -> list[str]:
    """Write each tier as `up_to price flat`."""
    return [
        " ".join(
            plain(number) if number is not None else "-" for number in (tier.up_to, tier.price, tier.flat)
        )
        for tier in of.tiers
    ]


def test_b21_a_price_for_a_million_is_a_millionth_for_one() -> None:
    assert tiers(ladder("{amount: 0.45, per: 1_000_000}")) == ["- 0.00000045 0"]


def test_a7_a_unit_price_that_does_not_end_is_kept_as_a_fraction() -> None:
    third = ladder("{amount: 1, per: 3}")
    assert (tiers(third), str(third.denominator)) == (["- 1 0"], "3")


def test_tiers_with_different_pers_share_a_denominator() -> None:
    """1 for 3 units is 7/21, 1 for 7 units is 3/21."""
    mixed = ladder("{model: graduated, tiers: [{up_to: 10, amount: 1, per: 3}, {amount: 1, per: 7}]}")
    assert (tiers(mixed), str(mixed.denominator)) == (["10 7 0", "- 3 0"], "21")


def test_a_flat_price_is_one_tier_that_costs_nothing_but_its_flat() -> None:
    flat = ladder("{model: flat, amount: 12, flat_at_zero: true}")
    assert (flat.model, tiers(flat), flat.flat_at_zero) == ("graduated", ["- 0 12"], True)


def test_a_package_has_a_size_and_an_amount() -> None:
    package = ladder("{model: package, size: 1000, amount: 5}", divisor="1024")
    assert (package.model, tiers(package), plain(package.size)) == ("package", ["- 0 5"], "1024000")


@pytest.mark.parametrize("word", ["free", "blocked"])
def test_e58_free_and_blocked_are_said_in_a_word(word: str) -> None:
    assert (ladder(word).model, ladder(word).tiers) == (word, ())


def test_b20_conversion_goes_into_the_ladder_so_that_units_are_not_divided() -> None:
    """A GiB has 1,073,741,824 bytes: 100 of them are the bound, 0.09 / 1,073,741,824 is what a byte costs."""
    graduated = "{model: graduated, per: 1, tiers: [{up_to: 100, amount: 0.09}, {amount: 0.07}]}"
    per_byte = ladder(graduated, divisor="1073741824")
    assert per_byte.tiers[0].up_to == 107_374_182_400
    assert per_byte.tiers[0].price * 1_073_741_824 == Decimal("0.09") * per_byte.denominator


@given(st.lists(st.tuples(st.decimals(0, 10**9, places=9), st.integers(1, 10**9)), min_size=1, max_size=4))
def test_unit_prices_are_exact(listed: list[tuple[Decimal, int]]) -> None:
    amounts, units = [amount for amount, _ in listed], [Decimal(unit) for _, unit in listed]
    with localcontext(EXACT):
        prices, denominator = unit_prices(amounts, units)
        assert [price * unit for price, unit in zip(prices, units, strict=True)] == [
            amount * denominator for amount in amounts
        ]


# Matrices


def test_a_matrix_finds_its_dimensions_among_those_of_the_measure() -> None:
    matrix = compiled(
        "{model: matrix, by: [country, carrier], values: {US: {verizon: {amount: 0.0113, per: 1}, default: free},"
        " default: {default: {model: graduated, per: 1, tiers: [{amount: 0.05}]}}}}"
    )
    assert (matrix.ladder, matrix.by) == (None, (1, 2))
    assert matrix.matrix is not None
    assert {path: leaf.pointer for path, leaf in matrix.matrix.leaves.items()} == {
        ("US", "verizon"): "rating/rpc#price/values/US/verizon",
        ("US", "default"): "rating/rpc#price/values/US/default",
        ("default", "default"): "rating/rpc#price/values/default/default",
    }


# Currencies


@pytest.mark.parametrize(
    ("amount", "currency", "home", "chosen"),
    [
        ("5", "EUR", "USD", ("5", "USD")),
        ("{USD: 5, EUR: 4}", "EUR", "USD", ("4", "EUR")),
        ("{USD: 5, EUR: 4}", "TRY", "EUR", ("4", "EUR")),
        ("{USD: 5, EUR: 4}", "TRY", "GBP", ("4", "EUR")),  # neither: the first by name
        ("0", "EUR", "USD", ("0", "EUR")),  # nothing is nothing in any currency
        ("{USD: 0, EUR: 0}", "EUR", "USD", ("0", "EUR")),
    ],
)
def test_the_nearest_listed_currency_is_taken(
    amount: str, currency: str, home: str, chosen: tuple[str, str]
) -> None:
    written = yaml(f"amount: {amount}")["amount"]
    listed = (
        {key: Decimal(one) for key, one in written.items()} if isinstance(written, dict) else Decimal(written)
    )
    found, of = pick(listed, currency, home)
    assert (plain(found), of) == chosen


def test_e55_one_price_is_in_one_currency() -> None:
    """The first tier is listed in EUR too, the second in USD alone: the ladder is in USD."""
    mixed = "{model: graduated, per: 1, tiers: [{up_to: 10, amount: {USD: 5, EUR: 4}}, {amount: 3, flat: 0}]}"
    assert ladder(mixed, currency="EUR").currency == "USD"


def test_e55_amounts_without_a_common_currency_are_refused_by_name() -> None:
    mixed = "{model: graduated, per: 1, tiers: [{up_to: 10, amount: {GBP: 5}}, {amount: {EUR: 4}}]}"
    with pytest.raises(NoCommonCurrencyError, match="listed in EUR, GBP, but not all of them in one"):
        ladder(mixed)


def test_a_price_of_nothing_is_in_the_invoices_currency() -> None:
    assert ladder("{amount: 0, per: 1}", currency="TRY").currency == "TRY"


# Units of data and time


@pytest.mark.parametrize(
    ("measured", "billable", "divisor"),
    [
        ("byte", "GiB", "1073741824"),
        ("byte", "GB", "1000000000"),
        ("MiB", "GiB", "1024"),
        ("KiB", "MB", "976.5625"),
        ("second", "hour", "3600"),
        ("millisecond", "second", "1000"),
    ],
)
def test_b20_a_gb_is_not_a_gib_and_both_are_exact(measured: str, billable: str, divisor: str) -> None:
    with localcontext(EXACT):
        assert plain(unit_divisor(measured, billable)) == divisor


def test_b20_the_largest_units_are_exact_too() -> None:
    with localcontext(EXACT):
        assert unit_divisor("PiB", "EB") * 2**50 == 10**18


@pytest.mark.parametrize(("measured", "billable"), [("byte", "hour"), ("request", "GiB"), ("byte", "Gib")])
def test_b20_units_of_different_kinds_do_not_convert(measured: str, billable: str) -> None:
    with pytest.raises(KeyError):
        unit_divisor(measured, billable)
