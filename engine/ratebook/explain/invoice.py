"""The tree of an invoice: each line through rounding, bounds, discounts, prices and multipliers to the meter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Any

from ratebook.billrun.outcomes import Outcome
from ratebook.calendar import iso
from ratebook.compiler.program import FeeProgram, MinimumProgram, Program
from ratebook.compiler.run import RunCompiler
from ratebook.compiler.tax_programs import TaxProgram
from ratebook.compiler.terms import pointer_for
from ratebook.explain.charge import charge_step
from ratebook.explain.correction import correction_steps
from ratebook.explain.money_off import applies_to_step, money_off_steps
from ratebook.explain.step import Step
from ratebook.explain.tax import tax_pointer, tax_steps
from ratebook.invoice.line import shown
from ratebook.invoice.text import grouped
from ratebook.money import EXACT, plain


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an explanation is drawn from.

    Attributes:
        outcome: the invoice, and its charges rated from rows that keep every dimension of the multipliers.
        compiler: of that run.
        queries: the metering query of each measure, as text; none where they are not shown.
    """

    outcome: Outcome
    compiler: RunCompiler
    queries: Sequence[str]


def explain_invoice(evidence: Evidence, line: int | None = None) -> Step:
    """Explain an invoice, or one line of it.

    Args:
        evidence: what happened.
        line: number of a line as it stands on the invoice, from 1.

    Raises:
        IndexError: the invoice has no such line.
    """
    invoice = evidence.outcome.document
    if invoice is None:
        return Step(f"{evidence.outcome.contract}: {evidence.outcome.status.replace('_', ' ')}")
    lines = invoice["lines"]
    if line is not None and not 1 <= line <= len(lines):
        msg = f"the invoice has {len(lines)} lines, not a line {line}"
        raise IndexError(msg)
    numbers = range(1, len(lines) + 1) if line is None else [line]
    with localcontext(EXACT):
        steps = tuple(_line_step(evidence, lines[number - 1], number) for number in numbers)
    currency = invoice["currency"]
    name = f"Invoice {invoice['invoice']} of {invoice['contract']}"
    tax = (
        f"+ tax {grouped(invoice['tax'])}"
        if invoice["tax"] is not None
        else "before the tax that the sink adds"
    )
    detail = f"{grouped(invoice['subtotal'])} {tax}"
    return Step(name, detail, f"{grouped(invoice['total'])} {currency}", steps=(*steps, *_rates(evidence)))


def _rates(evidence: Evidence) -> Iterator[Step]:
    policy = evidence.outcome.program.agreement.fx
    for quote in (evidence.outcome.document or {}).get("fx", ()):
        base, counter = quote["pair"].split("/")
        estimated = ", estimated" if quote["estimated"] else ""
        detail = f"{quote['source']} of {quote['published']} for {quote['wanted']}{estimated}"
        yield Step(
            "Exchange rate",
            detail,
            f"1 {base} is {quote['rate']} {counter}",
            policy.pointer if policy else "",
        )


def _line_step(evidence: Evidence, line: Mapping[str, Any], number: int) -> Step:
    outcome = evidence.outcome
    program = outcome.program
    name = f"Line {number}, {line['description']}"
    result = f"{grouped(line['amount'])} {line['currency']}"
    below: tuple[Step, ...] = ()
    pointer = ""
    if "corrects" in line:
        below, pointer = tuple(correction_steps(line)), f"specs/{program.agreement.spec}#late_usage"
    elif line["kind"] == "fee":
        fee = _fee_of(program, line)
        below, pointer = tuple(_fee_steps(fee, program)), fee.pointer
    elif line["kind"] == "tax" and program.tax is not None and outcome.document is not None:
        below = tuple(tax_steps(program.tax, outcome.document, line))
        pointer = tax_pointer(program.tax, outcome.document, line)
        if isinstance(program.tax, TaxProgram):
            name += " on each line by itself" if program.tax.round_on == "line" else " on the subtotal"
    elif (found := money_off_steps(outcome, line)) is not None:
        pointer, below = found
    elif (minimum := _minimum_of(program, line)) is not None:
        pointer = minimum.bound.pointer
        below = (applies_to_step("Counts towards it", minimum.applies_to),)
    else:
        below = (charge_step(evidence.compiler, evidence.queries, outcome, line),)
    return _of_contract(Step(name, line["kind"], result, pointer, below), outcome.contract)


def _of_contract(step: Step, contract: str) -> Step:
    """Name the contract in the pointers of terms that many contracts share."""
    below = tuple(_of_contract(one, contract) for one in step.steps)
    return replace(step, pointer=pointer_for(step.pointer, contract), steps=below)


def _minimum_of(program: Program, line: Mapping[str, Any]) -> MinimumProgram | None:
    if not line["kind"] == line["charge"] == "minimum":
        return None
    begin, zone = line["period"]["from"], program.agreement.zone
    return next(
        (one for one in program.minimums if one.period is None or iso(one.period.start, zone) == begin), None
    )


def _fee_of(program: Program, line: Mapping[str, Any]) -> FeeProgram:
    zone = program.agreement.zone
    return next(
        fee
        for fee in program.fees
        if fee.fee == line["charge"] and iso(fee.period.start, zone) == line["period"]["from"]
    )


def _fee_steps(fee: FeeProgram, program: Program) -> Iterator[Step]:
    yield Step("Amount", f"{plain(fee.amount)} {fee.currency} × {plain(fee.quantity)}", pointer=fee.pointer)
    if fee.share.numerator != fee.share.denominator:
        part = f"{fee.share.numerator} of {fee.share.denominator}"
        yield Step("Share of the full period", part, pointer=fee.share_pointer)
    exact = fee.amount * fee.quantity * fee.share.numerator / Decimal(fee.share.denominator)
    yield Step(f"Exact, rounded {program.agreement.rounding}", f"{shown(exact)} {fee.currency}")
