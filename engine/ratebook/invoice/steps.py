"""What comes between rounding and tax, in its fixed order: discounts, minimum, commitments, credits."""

from collections.abc import Sequence
from typing import NamedTuple

from ratebook.invoice.balances import Balances
from ratebook.invoice.commitments import commit
from ratebook.invoice.credits import pay
from ratebook.invoice.discounts import discount, fill_up_to_minimum
from ratebook.invoice.entries import Divided, Entry
from ratebook.invoice.form import Form
from ratebook.invoice.tax import Tax, with_tax


class Settled(NamedTuple):
    """The lines that the steps added, what they left of each entry, and the balances that are carried forward."""

    lines: Sequence[Divided]
    entries: Sequence[Entry]
    balances: Balances


def settle(form: Form, entries: Sequence[Entry], before: Balances) -> Settled:
    """Take all steps between rounding and tax.

    Args:
        form: of the invoice.
        entries: its fees and charges.
        before: the balances that it brings forward.
    """
    program = form.program
    if not program.has_steps:
        return Settled((), entries, before)
    lines: list[Divided] = []
    after = Balances(before.commitments, before.credits)
    if program.discounts:
        step, pots = discount(form, entries, before.discounts)
        lines, entries, after = (
            [*step.lines],
            step.entries,
            Balances(before.commitments, before.credits, pots),
        )
    if program.minimums:
        step = fill_up_to_minimum(form, entries)
        lines, entries = [*lines, *step.lines], step.entries
    if program.commitments:
        step, after = commit(form, entries, after)
        lines, entries = [*lines, *step.lines], step.entries
    if program.credits and not program.credits[0].after_tax:
        step, after = pay(form, entries, after)
        lines, entries = [*lines, *step.lines], step.entries
    return Settled(lines, entries, after)


def settle_after_tax(
    form: Form, entries: Sequence[Entry], taxed: Tax, before: Balances
) -> tuple[Sequence[Divided], Balances]:
    """Let credits pay for what is billed with its tax, where the spec says so."""
    if not form.program.credits or not form.program.credits[0].after_tax:
        return (), before
    step, after = pay(form, with_tax(form, entries, taxed), before)
    return step.lines, after
