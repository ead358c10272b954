"""When what stands on an invoice was supplied, and so in which rate groups each of its lines is taxed."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from ratebook.calendar import Interval, days_touched
from ratebook.compiler.program import Program, supply_of
from ratebook.compiler.tax_programs import TaxRules
from ratebook.invoice.entries import Divided, Entry, Piece
from ratebook.invoice.rate_groups import Part, Shares, divide

_WHOLE: Final = Fraction(1)


class Standing(NamedTuple):
    """What stands on an invoice before its tax.

    Attributes:
        first: fees and charges as they were rounded, with their lines.
        steps: the lines that came after them, each divided over the entries.
        entries: what is left of fees and charges, and what fills up.
        pieces: for lines that were supplied in parts (by `id`): what each part cost.
    """

    first: Sequence[Entry]
    steps: Sequence[Divided]
    entries: Sequence[Entry]
    pieces: dict[int, Sequence[Piece]]


def parts_of(program: Program, rules: TaxRules, standing: Standing) -> list[Part]:
    """Divide every line over the groups in which it is taxed, in order of the lines."""
    unit = program.agreement.minor_unit
    number, parts = 0, []
    for index, entry in enumerate(standing.first):
        for line in entry.lines:
            pieces = standing.pieces.get(id(line), entry.pieces)
            shares = shares_of(program, rules, entry, pieces)
            for group, amount in divide(Decimal(line["amount"]), shares, unit):
                parts.append(Part(number, group, amount, {index: amount}))
            number += 1
    left = [*standing.first, *standing.entries[len(standing.first) :]]
    for step in standing.steps:
        parts += _of_step(program, rules, number, step, left)
        number += 1
    return parts


def _of_step(
    program: Program, rules: TaxRules, number: int, step: Divided, left: list[Entry]
) -> Iterator[Part]:
    """Divide a line over the groups of what it was taken off, and take it off there."""
    gathered: dict[object, Part] = {}
    for index, whole in step.parts.items():
        entry = left[index]
        shares = shares_of(program, rules, entry, entry.within(step.windows))
        for group, amount in divide(whole, shares, program.agreement.minor_unit):
            key = group and (group.rate, group.percent, group.code)
            before = gathered.get(key, Part(number, group, Decimal(0), {}))
            of = {**before.of, index: amount}
            gathered[key] = before._replace(amount=before.amount + amount, of=of)
        if rules.split and whole < 0:
            left[index] = entry.less(-whole, step.windows)
    yield from gathered.values()


def shares_of(program: Program, rules: TaxRules, entry: Entry, pieces: Sequence[Piece]) -> Shares:
    """Give the groups of a fee or charge with their shares of it.

    Args:
        program: whose boundary it is billed at.
        rules: the tax.
        entry: the fee or charge.
        pieces: what of it counts, in time.
    """
    if not rules.split:
        own = entry.period if entry.kind == "fee" else None
        supplied = supply_of(own, program.boundary) if own is not None else rules.last
        return [(rules.group(entry.tax_rate, supplied), _WHOLE)]
    if entry.kind == "fee" and entry.period is not None:
        return _by_days(program, rules, entry.tax_rate, entry.period)
    if not pieces:
        return [(rules.group(entry.tax_rate, rules.last), _WHOLE)]
    return [(rules.group(entry.tax_rate, at), amount) for at, amount in pieces]


def _by_days(program: Program, rules: TaxRules, rate: str, period: Interval) -> Shares:
    """Share a fee by local days; a day in which the rate changes belongs to the new one."""
    zone = program.agreement.zone
    starts = [period.start, *(at for at, _ in rules.versions(rate) if period.start < at < period.end)]
    days = [days_touched(Interval(start, period.end), zone) for start in starts]
    return [
        (rules.group(rate, start), Fraction(here - after))
        for start, (here, after) in zip(starts, pairwise([*days, 0]), strict=True)
    ]
