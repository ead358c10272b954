"""The steps of lines that take money off or fill it up: what they apply to, what was promised, and where it stood."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from ratebook.billrun.outcomes import Outcome
from ratebook.calendar import BEGINNING, NEVER, Interval, iso
from ratebook.compiler.money_off_programs import CommitmentProgram, CreditProgram, DiscountProgram
from ratebook.compiler.program import Program
from ratebook.explain.step import Step
from ratebook.invoice.text import grouped
from ratebook.money import plain


def money_off_steps(outcome: Outcome, line: Mapping[str, Any]) -> tuple[str, tuple[Step, ...]] | None:
    """Give the place in the book and the steps of a discount's, commitment's or credit's line; None for another's."""
    program, name = outcome.program, line["charge"]
    if line["kind"] == "discount":
        discount = next((one for one in program.discounts if one.discount == name), None)
        if discount is not None:
            return discount.pointer, tuple(_discount(discount, program))
    if line["kind"] in {"commitment", "discount"}:
        promise = next((one for one in program.commitments if one.commitment == name), None)
        if promise is not None:
            return promise.pointer, tuple(_commitment(promise, outcome))
    if line["kind"] == "credit":
        credit = next(one for one in program.credits if one.credit == name)
        return credit.pointer, tuple(_credit(credit, outcome))
    return None


def applies_to_step(name: str, names: frozenset[str]) -> Step:
    """Say what something counts."""
    return Step(name, ", ".join(sorted(names)))


def _discount(one: DiscountProgram, program: Program) -> Iterator[Step]:
    yield applies_to_step("Applies to", one.applies_to)
    if one.amount is not None:
        yield Step("Amount of each billing period", "", _money(str(one.amount), program))
    else:
        of = "what there was before all discounts" if one.of_whole else "what is left"
        yield Step("Percent", f"{plain(one.percent)} % of {of}")
    for window in one.windows:
        yield from _window("Window", window, program.agreement.zone)


def _commitment(one: CommitmentProgram, outcome: Outcome) -> Iterator[Step]:
    program = outcome.program
    yield Step("Promised", "", _money(str(one.amount), program))
    yield applies_to_step("Counts towards it", one.applies_to)
    yield from _window("Term", one.term, program.agreement.zone)
    if one.due is not None and one.due.numerator != one.due.denominator:
        yield Step("Due by now", f"{one.due.numerator} of {one.due.denominator} of it")
    if one.overage is not None:
        yield Step("Beyond it", f"changes by {plain(one.overage.change * 100)} %")
    for name, balances in (("Before", outcome.brought_forward), ("After", outcome.carried_forward)):
        balance = balances.commitments.get(one.commitment)
        if balance is not None:
            yield _balance(name, balance._asdict(), program)


def _credit(one: CreditProgram, outcome: Outcome) -> Iterator[Step]:
    program = outcome.program
    yield applies_to_step("Pays for", one.applies_to)
    for name, windows in (("Service time", one.window), ("Rolled over", one.rolled)):
        for window in windows:
            if window.length:
                yield from _window(name, window, program.agreement.zone)
    for name, balances in (("Before", outcome.brought_forward), ("After", outcome.carried_forward)):
        yield _balance(name, balances.credits[one.credit]._asdict(), program)


def _balance(name: str, amounts: Mapping[str, Any], program: Program) -> Step:
    texts = [f"{key.replace('_', ' ')} {grouped(str(amount))}" for key, amount in amounts.items()]
    return Step(name, ", ".join(texts[:-1]), f"{texts[-1]} {program.agreement.currency}")


def _window(name: str, window: Interval, zone: ZoneInfo) -> Iterator[Step]:
    begin = "" if window.start <= BEGINNING else f"from {_short(iso(window.start, zone))}"
    end = "" if window.end >= NEVER else f"until {_short(iso(window.end, zone))}"
    if begin or end:
        yield Step(name, " ".join(filter(None, (begin, end))))


def _short(moment: str) -> str:
    return moment[:10] if moment[11:19] == "00:00:00" else moment[:16].replace("T", " ")


def _money(amount: str, program: Program) -> str:
    return f"{grouped(amount)} {program.agreement.currency}"
