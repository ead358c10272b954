"""Currencies, the one rounding point, plain text of numbers, and division that adds up."""

import subprocess
import sys
from decimal import Decimal, FloatOperation, InvalidOperation, Overflow, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ratebook.money import (
    EXACT,
    MINOR_UNITS,
    RoundingMode,
    allocate,
    decimals,
    minor_unit,
    plain,
    plain_texts,
    round_money,
    total_of,
)

CENT = Decimal("0.01")

exact_numbers = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=18
)
shares = st.lists(st.fractions(min_value=0, max_value=10**9), min_size=1, max_size=12)
units = st.sampled_from([Decimal(1), CENT, Decimal("0.001")])


def parts(total: str, *shares: str) -> list[str]:
    return [str(part) for part in allocate(Decimal(total), [Decimal(share) for share in shares], CENT)]


# Rounding


@pytest.mark.parametrize(
    ("mode", "rounded"),
    [
        ("half_up", ["2.67", "-2.67", "2.66", "2.67"]),
        ("half_even", ["2.66", "-2.66", "2.66", "2.68"]),
        ("up", ["2.67", "-2.67", "2.67", "2.68"]),
        ("down", ["2.66", "-2.66", "2.66", "2.67"]),
    ],
)
def test_a5_the_mode_is_named_and_a_credit_mirrors_its_charge(mode: RoundingMode, rounded: list[str]) -> None:
    exact = [Decimal(number) for number in ("2.665", "-2.665", "2.6625", "2.675")]
    if mode in {"half_up", "down"}:
        exact[-1] = Decimal("2.6749")
    assert [str(round_money(number, CENT, mode)) for number in exact] == rounded


def test_a5_rounding_does_not_depend_on_the_context_around_it() -> None:
    with localcontext() as context:
        context.prec = 3
        assert round_money(Decimal("123456.785"), CENT, "half_up") == Decimal("123456.79")


def test_a6_what_is_rounded_late_is_not_lost() -> None:
    """A million events at 0.0000012 cost 1.20; rounded one by one they cost nothing."""
    price = Decimal("0.0000012")
    assert round_money(1_000_000 * price, CENT, "half_up") == Decimal("1.20")
    assert 1_000_000 * round_money(price, CENT, "half_up") == 0


def test_a8_the_exact_context_keeps_sixty_digits_and_refuses_floats() -> None:
    with localcontext(EXACT):
        product = Decimal("123456789012345678.123456789") * Decimal("0.0000012345")
        assert Fraction(product) == Fraction("123456789012345678.123456789") * Fraction("0.0000012345")
        with pytest.raises(FloatOperation):
            assert Decimal(1) < float("1.5")
        with pytest.raises(InvalidOperation):
            assert Decimal("NaN") < 0
        with pytest.raises(Overflow):
            Decimal("9e999999") * 10


# Currencies


@pytest.mark.parametrize(
    ("currency", "unit"), [("EUR", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("CLF", "0.0001"), ("ISK", "1")]
)
def test_a11_the_minor_unit_is_that_of_iso_4217(currency: str, unit: str) -> None:
    assert str(minor_unit(currency)) == unit


@pytest.mark.parametrize("currency", sorted(MINOR_UNITS))
def test_a11_every_currency_rounds_to_its_own_places(currency: str) -> None:
    rounded = round_money(Decimal("1234.56785"), minor_unit(currency), "half_up")
    assert -int(rounded.as_tuple().exponent) == MINOR_UNITS[currency]
    assert abs(rounded - Decimal("1234.56785")) * 2 <= minor_unit(currency)


@pytest.mark.parametrize("unknown", ["usd", "TRL", "XXX", "", "EURO"])
def test_a11_an_unknown_currency_is_refused(unknown: str) -> None:
    with pytest.raises(KeyError):
        minor_unit(unknown)


# The one text of a number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("-0.00", "0"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("1.0", "1"),
        ("1.10", "1.1"),
        ("-1.50", "-1.5"),
        ("0E+5", "0"),
        ("-0E-9", "0"),
        ("100", "100"),
    ],
)
def test_a9_a_number_has_one_text(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@given(exact_numbers)
def test_a9_the_text_says_the_number_and_nothing_else(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert not text.endswith((".", "-0"))
    assert "." not in text or not text.endswith("0")
    assert plain(Decimal(text)) == text


@given(st.lists(exact_numbers | st.sampled_from([Decimal("-0.00"), Decimal("1E+3"), Decimal("1.10")])))
def test_a9_many_numbers_have_the_texts_that_each_has(numbers: list[Decimal]) -> None:
    assert plain_texts(numbers) == [plain(number) for number in numbers]


@pytest.mark.parametrize(
    ("number", "places"), [("1.250", 2), ("1E+3", 0), ("0.000", 0), ("-0.5", 1), ("1E-18", 18)]
)
def test_decimals_counts_only_what_matters(number: str, places: int) -> None:
    assert decimals(Decimal(number)) == places


# Division that adds up


def test_a3_three_thirds_of_a_hundred() -> None:
    assert parts("100.00", "1", "1", "1") == ["33.34", "33.33", "33.33"]
    assert parts("-100.00", "-1", "-1", "-1") == ["-33.34", "-33.33", "-33.33"]


def test_a2_tax_of_a_rate_group_is_allocated_to_lines() -> None:
    """20 % of 0.33 + 0.33 + 0.34 is 0.20: 0.066 + 0.066 + 0.068 → 0.06 + 0.06 + 0.06, and 0.02 to the largest."""
    assert parts("0.20", "0.33", "0.33", "0.34") == ["0.07", "0.06", "0.07"]


def test_a4_the_alabama_paradox_is_why_issued_documents_are_never_divided_again() -> None:
    """6 : 6 : 2. Of 10 the smallest gets 2 (1.43 has the largest remainder); of 11, one more, it gets 1."""
    six = [Decimal(6), Decimal(6), Decimal(2)]
    assert [allocate(Decimal(total), six, Decimal(1)) for total in (10, 11)] == [[4, 4, 2], [5, 5, 1]]


def test_the_earlier_share_wins_a_tie() -> None:
    assert parts("0.01", "5", "5") == ["0.01", "0.00"]
    assert parts("0.01", "1", "5", "5") == ["0.00", "0.01", "0.00"]


def test_shares_of_nothing_divide_evenly() -> None:
    assert parts("0.05", "0", "0") == ["0.03", "0.02"]


def test_a_share_below_zero_takes_away_from_the_others() -> None:
    assert parts("7.00", "10", "-3") == ["10.00", "-3.00"]


def test_one_share_is_all_and_no_share_is_none() -> None:
    assert parts("0.07", "123") == ["0.07"]
    assert allocate(Decimal("0.00"), [], CENT) == []


@given(st.integers(-(10**12), 10**12), shares, units)
@example(steps=1, weights=[Fraction(0), Fraction(0)], unit=CENT)
def test_parts_add_up_stay_near_their_shares_and_mirror(
    steps: int, weights: list[Fraction], unit: Decimal
) -> None:
    total = steps * unit
    signed = [weight if steps >= 0 else -weight for weight in weights]
    divided = allocate(total, signed, unit)
    assert sum(divided) == total
    assert [-part for part in allocate(-total, [-weight for weight in signed], unit)] == divided
    assume(sum(weights))
    exact = [Fraction(total) * weight / sum(weights) for weight in weights]
    assert all(abs(part - share) < unit for part, share in zip(map(Fraction, divided), exact, strict=True))


@given(st.integers(0, 10**6), shares)
def test_only_proportions_matter(steps: int, weights: list[Fraction]) -> None:
    total = steps * CENT
    assert allocate(total, weights, CENT) == allocate(total, [weight * 7 / 3 for weight in weights], CENT)


@given(st.integers(0, 10**6), st.lists(st.decimals(0, 10**6, places=4), min_size=1, max_size=8))
def test_decimal_and_fractional_shares_agree(steps: int, weights: list[Decimal]) -> None:
    total = steps * CENT
    assert allocate(total, weights, CENT) == allocate(total, [Fraction(one) for one in weights], CENT)


def test_division_is_exact_outside_of_the_exact_context_too() -> None:
    total = Decimal("123456789012345678901234567890.12")
    assert sum(map(Fraction, allocate(total, [Decimal(1), Decimal(2)], CENT))) == Fraction(total)
    assert total_of([total, CENT]) == Decimal("123456789012345678901234567890.13")


def test_total_of_nothing_is_zero() -> None:
    assert total_of([]) == 0
    assert total_of([CENT, -CENT, CENT]) == CENT


# On any machine


@pytest.mark.parametrize("locale", ["C", "tr_TR.UTF-8", "de_DE.UTF-8"])
def test_b18_no_locale_changes_a_number(locale: str) -> None:
    code = (
        "from ratebook.money import plain; from decimal import Decimal; print(plain(Decimal('1234567.50')))"
    )
    environment = {"LC_ALL": locale, "LANG": locale, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1234567.5\n"
