"""Contract discounts, each on what the ones before it left, and the plan's minimum on what they all left."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from ratebook.calendar import EVERYTHING
from ratebook.compiler.program import DiscountProgram, MinimumProgram
from ratebook.invoice.entries import ALWAYS, STANDARD, Divided, Entry, Stepped, counted, take
from ratebook.invoice.form import Form
from ratebook.invoice.lines import changed_line
from ratebook.money import plain, total_of
from ratebook.rating.amounts import decimal_of

_NOTHING: Final = Fraction(0)


def discount(form: Form, entries: Sequence[Entry]) -> Stepped:
    """Take each contract discount off what the ones before it left."""
    lines: list[Divided] = []
    for one in form.program.discounts:
        more, entries = _take_off(form, entries, one)
        lines += more
    return Stepped(lines, entries)


def _take_off(form: Form, entries: Sequence[Entry], one: DiscountProgram) -> Stepped:
    percent = Fraction(one.percent) / 100
    windows = (one.window,)
    shares = {
        index: inside * percent
        for index, entry in counted(entries, one.applies_to)
        if (inside := entry.inside(windows))
    }
    amount = form.rounded(decimal_of(sum(shares.values(), _NOTHING)))
    parts, left = take(entries, amount, shares, windows, form.program.agreement.minor_unit)
    taken = {index: -part for index, part in parts.items() if part}
    if not taken:
        return Stepped((), entries)
    text = one.name or f"Discount {plain(one.percent)} %"
    line = changed_line(form, one.discount, "discount", text, total_of(taken.values()))
    return Stepped((Divided(line, taken, windows),), left)


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
