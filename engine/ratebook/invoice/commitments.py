"""Commitments: filled up each billing period or over a term, or paid in advance and drawn down; and what is beyond."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ratebook.compiler.money_off_programs import CommitmentProgram, OverageProgram
from ratebook.invoice.balances import Balances, Committed, kept
from ratebook.invoice.discounts import draw
from ratebook.invoice.entries import ALWAYS, STANDARD, Divided, Entry, Stepped, counted, take
from ratebook.invoice.form import Form
from ratebook.invoice.line import amount_line
from ratebook.invoice.lines import changed_line
from ratebook.money import ZERO, allocate, total_of


class _Beyond(NamedTuple):
    """A commitment with an overage, and how much of what is billed at this boundary lies beyond it at most."""

    promise: CommitmentProgram
    most: Decimal | None


def commit(form: Form, entries: Sequence[Entry], balances: Balances) -> tuple[Stepped, Balances]:
    """Fill up what was promised and not spent, draw on what was paid in advance, then charge what lies beyond.

    Those in arrears come first: what counts towards them is what there was before anything was drawn.
    """
    spending, lines, committed = entries, list[Divided](), dict(balances.commitments)
    beyond: list[_Beyond] = []
    for one in sorted(form.program.commitments, key=lambda one: one.kind == "prepaid"):
        before = committed.get(one.commitment)
        spent = total_of(entry.amount for _, entry in counted(spending, one.applies_to))
        if one.kind == "prepaid" and before is not None:
            step, committed[one.commitment] = _prepaid(form, entries, one, before)
        elif before is not None:
            step, committed[one.commitment] = _over_term(form, entries, one, before, spent)
        else:
            step = _fill_up(form, entries, one, max(_due(form, one) - spent, ZERO))
        lines += step.lines
        entries = step.entries
        if one.counts and one.overage is not None and before is not None:
            most = None if one.kind == "prepaid" else _more_beyond(one, before, committed[one.commitment])
            beyond.append(_Beyond(one, most))
    undrawn = entries
    for promise, most in beyond:
        step = _overage(form, entries, undrawn, promise, most)
        lines += step.lines
        entries = step.entries
    return Stepped(lines, entries), replace(balances, commitments=committed)


def _due(form: Form, one: CommitmentProgram) -> Decimal:
    if one.due is None:
        return ZERO
    return form.rounded(one.amount * one.due.numerator / one.due.denominator)


def _fill_up(form: Form, entries: Sequence[Entry], one: CommitmentProgram, amount: Decimal) -> Stepped:
    if not amount:
        return Stepped((), entries)
    line = changed_line(form, one.commitment, "commitment", _label(one), amount)
    return _added(entries, one, Divided(line, {len(entries): amount}))


def _added(entries: Sequence[Entry], one: CommitmentProgram, added: Divided) -> Stepped:
    """Add a line that is an entry of its own."""
    (amount,) = added.parts.values()
    entry = Entry(one.commitment, "commitment", STANDARD, amount, (), (added.line,))
    return Stepped((added,), (*entries, entry))


def _over_term(
    form: Form, entries: Sequence[Entry], one: CommitmentProgram, before: Committed, spent: Decimal
) -> tuple[Stepped, Committed]:
    """Count what was spent, and fill up to what is due by now, less what was filled up before.

    No more is given back than the invoice comes to; the rest follows later in the term, at its end in full.
    """
    spent = before.spent + (spent if one.counts else ZERO)
    more = ZERO
    if one.due is not None:
        more = max(spent, _due(form, one)) - spent - before.trued_up
        if one.due.numerator < one.due.denominator:
            more = max(more, -max(total_of(entry.amount for entry in entries), ZERO))
    trued_up = before.trued_up + more
    left = max(one.amount - spent - trued_up, form.rounded(ZERO))
    after = Committed(form.rounded(spent), form.rounded(trued_up), form.rounded(left))
    return _fill_up(form, entries, one, more), after


def _prepaid(
    form: Form, entries: Sequence[Entry], one: CommitmentProgram, before: Committed
) -> tuple[Stepped, Committed]:
    """Bill it once, draw on it, and let the rest roll over or lapse when its term ends."""
    boundary, lines = form.program.boundary, list[Divided]()
    since, now = one.expiry.age(boundary.billed.start), one.expiry.age(boundary.at)
    ends, left = since == "open" != now, before.left
    if ends and not one.counts:
        left = kept(left, one.expiry, form.program)
    drawn = ZERO
    if one.counts or one.draws_rolled:
        parts, entries = draw(form, entries, one.applies_to, left, ALWAYS)
        drawn = total_of(parts.values())
        if parts:
            line = changed_line(form, one.commitment, "commitment", _label(one), -drawn)
            lines.append(Divided(line, {index: -part for index, part in parts.items()}))
    left -= drawn
    if ends and one.counts:
        left = kept(left, one.expiry, form.program)
    if now == "over":
        left = ZERO
    if one.bills:
        step = _added(entries, one, Divided(_billed_line(form, one), {len(entries): one.amount}))
        lines, entries = [*lines, *step.lines], step.entries
    after = Committed(form.rounded(before.spent + drawn), before.trued_up, form.rounded(left))
    return Stepped(lines, entries), after


def _billed_line(form: Form, one: CommitmentProgram) -> dict[str, object]:
    period = form.printed(one.term)
    currency = form.program.agreement.currency
    return amount_line(one.commitment, "commitment", _label(one), one.amount, currency, period)


def _more_beyond(one: CommitmentProgram, before: Committed, after: Committed) -> Decimal:
    return max(after.spent - one.amount, ZERO) - max(before.spent - one.amount, ZERO)


def _overage(
    form: Form,
    entries: Sequence[Entry],
    undrawn: Sequence[Entry],
    one: CommitmentProgram,
    most: Decimal | None,
) -> Stepped:
    """Make what is left of what counts, up to an amount, cost less or more; what another overage adds costs no more."""
    overage = one.overage or OverageProgram(ZERO, "discount")
    limits = {
        index: min(entry.amount, undrawn[index].amount) for index, entry in counted(entries, one.applies_to)
    }
    shares = {index: Fraction(limit) for index, limit in limits.items() if limit > 0}
    rest = total_of(limits[index] for index in shares)
    amount = form.rounded(min(rest, rest if most is None else most) * overage.change)
    unit = form.program.agreement.minor_unit
    if amount < 0:
        off, left = take(entries, -amount, shares, ALWAYS, unit)
        parts = {index: -part for index, part in off.items()}
    else:
        parts = (
            dict(zip(shares, allocate(amount, list(shares.values()), unit), strict=True)) if amount else {}
        )
        left = [
            entry.less(-parts[index], ALWAYS) if index in parts else entry
            for index, entry in enumerate(entries)
        ]
    if not parts:
        return Stepped((), entries)
    text = one.name or f"Overage of {one.commitment}"
    line = changed_line(form, one.commitment, overage.kind, text, total_of(parts.values()))
    return Stepped((Divided(line, parts),), left)


def _label(one: CommitmentProgram) -> str:
    return one.name or f"Commitment {one.commitment}"
