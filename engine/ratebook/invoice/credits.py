"""Credits: money that pays for service time in its window, used in turn; what is left expires or rolls over."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from ratebook.compiler.money_off_programs import CreditProgram
from ratebook.invoice.balances import Balances, Credited, kept
from ratebook.invoice.discounts import draw
from ratebook.invoice.entries import Divided, Entry, Stepped, Windows
from ratebook.invoice.form import Form
from ratebook.invoice.lines import changed_line
from ratebook.money import total_of


def pay(form: Form, entries: Sequence[Entry], balances: Balances) -> tuple[Stepped, Balances]:
    """Let each credit pay for what the ones before it left."""
    lines, credits_ = list[Divided](), dict(balances.credits)
    for one in form.program.credits:
        step, credits_[one.credit] = _use(form, entries, one, credits_[one.credit])
        lines += step.lines
        entries = step.entries
    return Stepped(lines, entries), replace(balances, credits=credits_)


def _use(
    form: Form, entries: Sequence[Entry], one: CreditProgram, balance: Credited
) -> tuple[Stepped, Credited]:
    boundary = form.program.boundary
    since, now = one.expiry.age(boundary.billed.start), one.expiry.age(boundary.at)
    lines: list[Divided] = []
    if since == "open":
        lines, entries, balance = _pay_in(form, entries, one, balance, one.window)
    if since == "open" != now:
        balance = _left(balance, kept(balance.left, one.expiry, form.program))
    if now != "open":
        more, entries, balance = _pay_in(form, entries, one, balance, one.rolled)
        lines += more
    if now == "over":
        balance = _left(balance, balance.left - balance.left)
    return Stepped(lines, entries), balance


def _pay_in(
    form: Form, entries: Sequence[Entry], one: CreditProgram, balance: Credited, windows: Windows
) -> tuple[list[Divided], Sequence[Entry], Credited]:
    parts, entries = draw(form, entries, one.applies_to, balance.left, windows)
    if not parts:
        return [], entries, balance
    used = total_of(parts.values())
    line = changed_line(form, one.credit, "credit", one.name or f"Credit {one.credit}", -used)
    taken = Divided(line, {index: -part for index, part in parts.items()}, windows)
    return [taken], entries, balance._replace(used=balance.used + used, left=balance.left - used)


def _left(balance: Credited, left: Decimal) -> Credited:
    """Let the rest expire, but for what is left of it."""
    return balance._replace(expired=balance.expired + balance.left - left, left=left)
