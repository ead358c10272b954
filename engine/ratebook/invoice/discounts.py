"""Contract discounts in their order, and the plan's minimum on what they left."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ratebook.calendar import BEGINNING, EVERYTHING, NEVER, Interval
from ratebook.compiler.money_off_programs import DiscountProgram
from ratebook.compiler.program import MinimumProgram
from ratebook.invoice.entries import ALWAYS, STANDARD, Divided, Entry, Stepped, Windows, counted, take
from ratebook.invoice.form import Form
from ratebook.invoice.lines import changed_line
from ratebook.money import ZERO, plain, total_of
from ratebook.rating.amounts import decimal_of

_NOTHING: Final = Fraction(0)

Pots = Mapping[str, Decimal]
"""What an invoice before left of amounts for the period that ends."""


def discount(form: Form, entries: Sequence[Entry], pots: Pots) -> tuple[Stepped, Pots]:
    """Take each contract discount off what the ones before it left.

    Returns:
        The step, and what is left of amounts for the period that begins.
    """
    whole, lines, left = entries, list[Divided](), dict[str, Decimal]()
    for one in form.program.discounts:
        if one.amount is None:
            parts, entries = _percentage(form, entries, whole, one)
        else:
            parts, entries, rest = _amount(form, entries, one, pots.get(one.discount, one.amount))
            left |= {one.discount: rest} if one.meets_twice and rest < one.amount else {}
        if parts:
            lines.append(_line(form, one, parts))
    return Stepped(lines, entries), left


def _percentage(
    form: Form, entries: Sequence[Entry], whole: Sequence[Entry], one: DiscountProgram
) -> tuple[dict[int, Decimal], Sequence[Entry]]:
    percent = Fraction(one.percent) / 100
    shares = {}
    for index, entry in counted(entries, one.applies_to):
        rest = entry.inside(one.windows)
        share = min(whole[index].inside(one.windows) * percent, rest) if one.of_whole else rest * percent
        if rest:
            shares[index] = share
    amount = form.rounded(decimal_of(sum(shares.values(), _NOTHING)))
    return take(entries, amount, shares, one.windows, form.program.agreement.minor_unit)


def _amount(
    form: Form, entries: Sequence[Entry], one: DiscountProgram, pot: Decimal
) -> tuple[dict[int, Decimal], Sequence[Entry], Decimal]:
    """Take an amount off what is of the period that ends, and off what is of the one that begins, once each."""
    at, amount = form.program.boundary.at, one.amount or pot
    ended, entries = _once(form, entries, one, pot, Interval(BEGINNING, at))
    begun, entries = _once(form, entries, one, amount, Interval(at, NEVER))
    parts = {index: ended.get(index, Decimal(0)) + begun.get(index, Decimal(0)) for index in ended | begun}
    return parts, entries, amount - total_of(begun.values())


def _once(
    form: Form, entries: Sequence[Entry], one: DiscountProgram, pot: Decimal, of: Interval
) -> tuple[dict[int, Decimal], Sequence[Entry]]:
    windows = tuple(window.clip(of) for window in one.windows)
    return draw(form, entries, one.applies_to, pot, windows)


def draw(
    form: Form, entries: Sequence[Entry], applies_to: frozenset[str], most: Decimal, windows: Windows
) -> tuple[dict[int, Decimal], Sequence[Entry]]:
    """Take an amount off what is left in some windows, in proportion to it, as far as it goes.

    What is given back on the same invoice was not left: no more is taken than all entries come to.
    """
    shares = {
        index: inside
        for index, entry in counted(entries, applies_to)
        if (inside := entry.inside(windows)) > 0
    }
    rest = max(total_of(entry.amount for entry in entries), ZERO)
    amount = min(most, rest, form.rounded(decimal_of(sum(shares.values(), _NOTHING))))
    return take(entries, amount, shares, windows, form.program.agreement.minor_unit)


def _line(form: Form, one: DiscountProgram, parts: Mapping[int, Decimal]) -> Divided:
    how = (
        f"{plain(one.percent)} %" if one.amount is None else f"{one.amount} {form.program.agreement.currency}"
    )
    text = one.name or f"Discount {how}"
    taken = {index: -part for index, part in parts.items()}
    line = changed_line(form, one.discount, "discount", text, total_of(taken.values()))
    return Divided(line, taken, one.windows)


def fill_up_to_minimum(form: Form, entries: Sequence[Entry]) -> Stepped:
    """Fill up to the plan's minimum, if what counts towards it came to less; to each plan's that divide a period."""
    lines: list[Divided] = []
    for one in form.program.minimums:
        more, entries = _fill_up(form, entries, one)
        lines += more
    return Stepped(lines, entries)


def _fill_up(form: Form, entries: Sequence[Entry], minimum: MinimumProgram) -> Stepped:
    rate = form.rates[minimum.bound.currency]
    numerator = minimum.bound.amount * minimum.share.numerator * rate.numerator
    wanted = form.rounded(numerator / (minimum.share.denominator * rate.denominator))
    windows = ALWAYS if minimum.counts == EVERYTHING else (minimum.counts,)
    inside = sum((entry.inside(windows) for _, entry in counted(entries, minimum.applies_to)), _NOTHING)
    reached = form.rounded(decimal_of(inside))
    if reached >= wanted:
        return Stepped((), entries)
    line = changed_line(form, "minimum", "minimum", "Minimum", wanted - reached)
    if minimum.period is not None:
        line["period"] = form.printed(minimum.period)
    filled = Entry("minimum", "minimum", STANDARD, wanted - reached, (), (line,))
    return Stepped((Divided(line, {len(entries): filled.amount}),), (*entries, filled))
