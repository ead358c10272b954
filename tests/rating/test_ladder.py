"""Graduated, volume and package prices: what positions of a ladder cost, and that splitting them changes nothing."""

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ratebook.book.model.price import Price as WrittenPrice
from ratebook.compiler.prices import PriceTerms, compile_price
from ratebook.compiler.program import Ladder
from ratebook.money import EXACT, plain
from ratebook.rating.ladder import ladder_numerator, packages_of, tier_parts
from tests.builders import yaml

WRITTEN: TypeAdapter[WrittenPrice] = TypeAdapter(WrittenPrice)
TWO_TIERS = "{model: graduated, per: 1, tiers: [{up_to: 1000, amount: 0.010}, {amount: 0.008}]}"
VOLUME = "{model: volume, per: 1, tiers: [{up_to: 1000, amount: 0.01, flat: 2}, {amount: 0.008, flat: 1}]}"
FLATS = """
  model: graduated
  per: 1
  tiers: [{up_to: 10, amount: 0, flat: 5}, {up_to: 20, amount: 1, flat: 3}, {amount: 2, flat: 7}]
"""
PACKAGE = "{model: package, size: 1000, amount: 5}"


def ladder(text: str) -> Ladder:
    terms = PriceTerms("USD", "USD", Decimal(1), ())
    with localcontext(EXACT):
        found = compile_price(WRITTEN.validate_python(yaml(f"price: {text}")["price"]), terms, "x").ladder
    assert found is not None
    return found


def cost(of: Ladder, start: Decimal, end: Decimal, period_end: Decimal) -> Fraction:
    with localcontext(EXACT):
        return Fraction(ladder_numerator(of, start, end, period_end)) / Fraction(of.denominator)


def price(text: str, units: str, start: str = "0", period_end: str = "") -> str:
    end = Decimal(units)
    exact = cost(ladder(text), Decimal(start), end, Decimal(period_end) if period_end else end)
    with localcontext(EXACT):
        return plain(Decimal(exact.numerator) / exact.denominator)


# By hand


@pytest.mark.parametrize(
    ("units", "expected"),
    [("0", "0"), ("1", "0.01"), ("1000", "10"), ("1000.5", "10.004"), ("1001", "10.008"), ("2000", "18")],
)
def test_f60_a_bound_belongs_to_the_lower_tier(units: str, expected: str) -> None:
    assert price(TWO_TIERS, units) == expected


@pytest.mark.parametrize(
    ("units", "expected"), [("0", "0"), ("1000", "12"), ("1001", "9.008"), ("0.5", "2.005")]
)
def test_f61_all_units_cost_what_the_tier_says_in_which_the_quantity_ends(units: str, expected: str) -> None:
    """1001 × 0.008 + 1 is less than 1000 × 0.010 + 2: intended."""
    assert price(VOLUME, units) == expected


@pytest.mark.parametrize(
    ("units", "packages"),
    [("0", 0), ("0.001", 1), ("999", 1), ("1000", 1), ("1000.000001", 2), ("1001", 2), ("2000", 2)],
)
def test_f62_started_packages(units: str, packages: int) -> None:
    assert price(PACKAGE, units) == str(5 * packages)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("0", "0"),  # lago #5760: without usage no tier is entered
        ("0.1", "5"),
        ("10", "5"),
        ("11", "9"),  # 5 + 3 + 1 × 1
        ("20", "18"),  # 5 + 3 + 10 × 1
        ("21", "27"),  # 5 + 3 + 10 + 7 + 1 × 2
    ],
)
def test_f60_a_flat_is_due_once_its_tier_is_entered(units: str, expected: str) -> None:
    assert price(FLATS, units) == expected


def test_a_flat_price_costs_the_same_whatever_the_quantity() -> None:
    assert [price("{model: flat, amount: 12}", units) for units in ("0", "0.01", "99999")] == [
        "0",
        "12",
        "12",
    ]


@pytest.mark.parametrize("word", ["free", "blocked"])
def test_free_and_blocked_cost_nothing(word: str) -> None:
    assert price(word, "1000000") == "0"


def test_e50_positions_carry_on_across_a_cut() -> None:
    """A segment from position 990 to 1010: 10 units at 0.010, 10 at 0.008."""
    assert price(TWO_TIERS, "1010", start="990") == "0.18"


def test_e50_a_volume_price_looks_at_the_end_of_the_period_and_charges_its_flat_with_the_first_units() -> (
    None
):
    assert price(VOLUME, "500", period_end="1500") == "5"  # 500 × 0.008 + 1
    assert price(VOLUME, "1500", start="500", period_end="1500") == "8"  # 1000 × 0.008


def test_a7_a_third_of_a_unit_is_a_third_of_its_price() -> None:
    """Three times a third of a cent is a cent."""
    assert price("{amount: 0.01, per: 3}", "3") == "0.01"


def test_f61_the_parts_say_which_tier_priced_what() -> None:
    parts = tier_parts(ladder(FLATS), Decimal(5), Decimal(25), Decimal(25))
    assert [(plain(part.units), part.flats) for part in parts] == [("5", 0), ("10", 1), ("5", 1)]


def test_a_flat_stands_beside_prices_that_do_not_end() -> None:
    """12 units at a third each are 4; the flats 5 and 7 are not divided by 3."""
    assert (
        price(
            "{model: graduated, per: 3, tiers: [{up_to: 9, amount: 1, flat: 5}, {amount: 1, flat: 7}]}", "12"
        )
        == "16"
    )


def test_f60_the_first_flat_falls_due_with_the_first_units() -> None:
    parts = tier_parts(ladder(FLATS), Decimal(0), Decimal(10), Decimal(10))
    assert [(plain(part.units), part.flats) for part in parts] == [("10", 1)]


def test_huge_quantities_are_exact() -> None:
    assert (
        price("{amount: 0.000001, per: 1}", "123456789012345678901234567890.5")
        == "123456789012345678901234.5678905"
    )


# Whatever the ladder

amounts = st.decimals(0, 100, places=4)
positions = st.decimals(0, 5000, places=2) | st.integers(0, 50).map(lambda hundreds: Decimal(hundreds * 100))


@st.composite
def tiered(draw: st.DrawFn, *, models: tuple[str, ...] = ("graduated", "volume")) -> str:
    """Draw a ladder with up to four tiers whose bounds positions often hit."""
    bounds = sorted(draw(st.sets(st.integers(1, 40), max_size=3)))
    rows = [f"{{up_to: {bound * 100}, amount: {draw(amounts)}, flat: {draw(amounts)}}}" for bound in bounds]
    per = draw(st.sampled_from([1, 3, 1000]))
    rows.append(f"{{amount: {draw(amounts)}}}")
    return f"{{model: {draw(st.sampled_from(models))}, per: {per}, tiers: [{', '.join(rows)}]}}"


packages = st.builds("{{model: package, size: {0}, amount: {1}}}".format, st.integers(1, 500), amounts)


@given(tiered() | packages, st.lists(positions, min_size=2, max_size=6))
def test_e50_splitting_anywhere_changes_nothing(text: str, cuts: list[Decimal]) -> None:
    of, marks = ladder(text), [Decimal(0), *sorted(cuts)]
    parts = [cost(of, start, end, marks[-1]) for start, end in pairwise(marks)]
    assert sum(parts) == cost(of, Decimal(0), marks[-1], marks[-1])


@given(tiered() | packages, st.lists(positions, min_size=2, max_size=6))
def test_d72_corrections_on_the_way_change_nothing_but_where_it_ends(text: str, marks: list[Decimal]) -> None:
    of, marks = ladder(text), [Decimal(0), *marks]
    parts = [cost(of, start, end, marks[-1]) for start, end in pairwise(marks)]
    assert sum(parts) == cost(of, Decimal(0), marks[-1], marks[-1])


@given(tiered(models=("graduated",)) | packages, positions, positions)
def test_more_never_costs_less(text: str, one: Decimal, other: Decimal) -> None:
    of = ladder(text)
    less, more = sorted((one, other))
    assert cost(of, Decimal(0), less, less) <= cost(of, Decimal(0), more, more)


@given(tiered(), positions, positions)
def test_the_parts_are_what_it_costs(text: str, one: Decimal, other: Decimal) -> None:
    of = ladder(text)
    start, end = sorted((one, other))
    with localcontext(EXACT):
        parts = list(tier_parts(of, start, end, end))
        assert sum((part.units for part in parts), Decimal(0)) == end - start
        assert sum(
            (part.units * part.tier.price + part.flats * part.tier.flat * of.denominator for part in parts),
            Decimal(0),
        ) == ladder_numerator(of, start, end, end)


@given(positions, st.integers(1, 500))
def test_f62_packages_hold_what_was_used_and_no_more_than_needed(units: Decimal, size: int) -> None:
    started = packages_of(ladder(f"{{model: package, size: {size}, amount: 1}}"), Decimal(0), units)
    assert (started - 1) * size < units <= started * size or not (started or units)


@given(positions, st.integers(1, 500))
def test_f62_full_packages_are_no_more_than_what_was_used(units: Decimal, size: int) -> None:
    full = packages_of(ladder(f"{{model: package, size: {size}, amount: 1, round: down}}"), Decimal(0), units)
    assert full * size <= units < (full + 1) * size
