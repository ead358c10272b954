"""What is left of fees and charges: divided exactly, reduced in windows, never pushed below zero."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ratebook.calendar import Instant, Interval
from ratebook.invoice.entries import ALWAYS, STANDARD, Entry, Piece, divide, take

CENT = Decimal("0.01")
EARLY = (Interval(Instant(0), Instant(10)),)
LATE = (Interval(Instant(10), Instant(20)),)


def entry(early: str, late: str) -> Entry:
    pieces = (Piece(Instant(0), Fraction(early)), Piece(Instant(10), Fraction(late)))
    return Entry("rpc", "usage", STANDARD, Decimal(early) + Decimal(late), pieces, ())


def test_a_window_sees_its_own_pieces_and_reduces_no_others() -> None:
    reduced = entry("3.00", "7.00").less(Decimal("2.00"), LATE)
    assert [str(reduced.inside(windows)) for windows in (EARLY, LATE, (*EARLY, *LATE), ALWAYS)] == list(
        "3588"
    )
    assert str(reduced.amount) == "8.00"


def test_an_entry_is_named_by_its_id_or_its_kind_and_what_fills_up_by_neither() -> None:
    rpc = entry("1.00", "1.00")
    assert [rpc.counts(frozenset([name])) for name in ("rpc", "usage", "fee")] == [True, True, False]
    filled = rpc._replace(kind="minimum", id="minimum")
    assert not filled.counts(frozenset(["minimum", "usage", "fee"]))


def test_two_halves_of_a_cent_are_taken_once() -> None:
    """Each window rounds its half up to a cent; the second finds that nothing is left."""
    halves = [entry("0.005", "0.005")]
    parts, left = take(halves, CENT, {0: Fraction(1, 200)}, EARLY, CENT)
    assert [str(parts[0]), str(left[0].amount)] == ["0.01", "0.000"]
    parts, left = take(left, CENT, {0: left[0].inside(LATE)}, LATE, CENT)
    assert (len(parts), str(left[0].amount)) == (0, "0.000")


@given(
    st.integers(0, 10_000),
    st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 3000)), min_size=1, max_size=6),
)
def test_a_division_adds_up_and_respects_every_limit(total: int, drawn: list[tuple[int, int]]) -> None:
    limits = [CENT * limit for _, limit in drawn]
    parts = divide(CENT * total, [Fraction(share) for share, _ in drawn], limits, CENT)
    assert sum(parts) == min(CENT * total, sum(limits))
    assert all(0 <= part <= limit for part, limit in zip(parts, limits, strict=True))
