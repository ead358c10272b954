"""What all invoices of a program have in common, worked out once: header, fee lines, exchange rates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from ratebook import SEMANTICS
from ratebook.calendar import EVERYTHING, Interval, iso, local_date, shift, tzdata_version
from ratebook.canonical import digest
from ratebook.compiler.program import ChargeProgram, FeeProgram, Program
from ratebook.compiler.tax_programs import TaxProgram, TaxRules
from ratebook.fx import SAME, Quote, Rate
from ratebook.invoice.entries import STANDARD, Entry, Piece
from ratebook.invoice.line import Line, amount_line, shown
from ratebook.money import ZERO, plain, round_money, rounder

NOTHING_BROUGHT_FORWARD = digest({})


class ChargeForm(NamedTuple):
    """What a charge's entries in all invoices of a program have in common.

    Attributes:
        line: a usage line without usage, to be copied.
        tax_rate: the name of its tax rate.
        splits: whether its tax rate changes inside the period, and each part is taxed at its own.
    """

    line: Line
    tax_rate: str
    splits: bool


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of an invoice that depend on the program and the exchange rates alone.

    Attributes:
        program: the terms.
        rates: for each currency of the program, how amounts become the invoice's currency.
        fees: in order, each with its line, to be copied.
        period: of the lines, as it is printed.
        head: the invoice's own fields between its contract and its lines.
        digests: of what all invoices of the program are made from.
        fx: the quotes as documents.
        has_windows: whether anything counts only in a part of the period, so that pieces in time are told apart.
        charges: for each charge of each part of the period, billed or reported only.
        tax_line: the line of a tax of one plain rate without its amount, likewise.
        rounded: rounds an exact amount to the invoice's currency: the one rounding point.
    """

    program: Program
    rates: Mapping[str, Rate]
    fees: tuple[Entry, ...]
    period: Mapping[str, str]
    head: Mapping[str, Any]
    digests: Mapping[str, Any]
    fx: list[dict[str, Any]]
    has_windows: bool
    charges: Mapping[tuple[str, bool, int], ChargeForm]
    tax_line: Line | None
    rounded: Callable[[Decimal], Decimal]

    def of(self, charge: ChargeProgram) -> ChargeForm:
        """Give the form of a charge."""
        return self.charges[charge.charge, charge.report_only, charge.part]

    def printed(self, interval: Interval) -> Mapping[str, str]:
        """Write the period of a line; that of the invoice, where it is the same, is one object."""
        return self.period if interval == self.program.boundary.billed else _printed(interval, self.program)


def issue_date(program: Program) -> date:
    """Give the planned issue date: the boundary's local date and what the spec adds to it."""
    agreement = program.agreement
    after = agreement.issue_after
    return shift(local_date(program.boundary.at, agreement.zone), after.number, after.unit)


def form_of(program: Program, quotes: Mapping[str, Quote]) -> Form:
    """Work out what all invoices of a program have in common.

    Args:
        program: the terms.
        quotes: for each foreign currency of the program, the quote against the invoice's currency.
    """
    agreement, boundary = program.agreement, program.boundary
    zone = agreement.zone
    shown_period = boundary.billed if boundary.kind == "period" else boundary.following or boundary.billed
    period = _printed(shown_period, program)
    issued = issue_date(program)
    documents = [quotes[currency].document() for currency in sorted(quotes)]
    rates = {agreement.currency: SAME} | {name: quote.from_currency(name) for name, quote in quotes.items()}
    head = {
        "spec": agreement.spec,
        "kind": boundary.kind,
        "boundary": iso(boundary.at, zone),
        "revision": 0,
        "period": {**period, "time_zone": zone.key},
        "issue_date": issued.isoformat(),
        "due_date": shift(issued, agreement.due.number, agreement.due.unit).isoformat(),
        "currency": agreement.currency,
    }
    digests = {
        "terms": program.digest,
        "fx": digest(documents),
        "brought_forward": NOTHING_BROUGHT_FORWARD,
        "tzdata": tzdata_version(),
        "semantics": SEMANTICS,
    }
    charges = {
        (charge.charge, charge.report_only, charge.part): _charge(charge, program)
        for charge in program.charges
    }
    has_windows = (
        bool(program.discounts or program.credits)
        or any(one.counts != EVERYTHING for one in program.minimums)
        or (isinstance(program.tax, TaxRules) and program.tax.split)
    )
    fees = tuple(_fee(fee, program, rates, has_pieces=has_windows) for fee in program.fees)
    tax = _tax_line(program, period)
    rounded = rounder(agreement.minor_unit, agreement.rounding)
    return Form(program, rates, fees, period, head, digests, documents, has_windows, charges, tax, rounded)


def _charge(charge: ChargeProgram, program: Program) -> ChargeForm:
    tax = program.tax
    splits = False
    if isinstance(tax, TaxRules) and tax.split:
        rate = tax.rate_of(charge.pointer, charge.charge)
        splits = len({id(tax.group(rate, segment.at)) for segment in charge.segments}) > 1
    line = _usage_line(charge, program.agreement.currency, _printed(charge.period, program))
    return ChargeForm(line, _tax_rate(program, charge.pointer, charge.charge), splits)


def _usage_line(charge: ChargeProgram, currency: str, period: Mapping[str, str]) -> Line:
    return {
        "charge": charge.charge,
        "kind": "usage",
        "description": "",
        "quantity": "0",
        "unit": charge.quantity_unit,
        "billable": "0",
        "billable_unit": charge.billable_unit,
        "amount": None,
        "currency": currency,
        "dimensions": {},
        "period": period,
    }


def _tax_line(program: Program, period: Mapping[str, str]) -> Line | None:
    tax = program.tax
    if not isinstance(tax, TaxProgram):
        return None
    text = f"{tax.name} {plain(tax.percent)} %"
    return amount_line("tax", "tax", text, ZERO, program.agreement.currency, period)


def _printed(interval: Interval, program: Program) -> dict[str, str]:
    zone = program.agreement.zone
    return {"from": iso(interval.start, zone), "to": iso(interval.end, zone)}


def _tax_rate(program: Program, pointer: str, part: str) -> str:
    return program.tax.rate_of(pointer, part) if isinstance(program.tax, TaxRules) else STANDARD


def _fee(fee: FeeProgram, program: Program, rates: Mapping[str, Rate], *, has_pieces: bool) -> Entry:
    agreement = program.agreement
    rate = rates[fee.currency] if fee.amount else SAME
    numerator = fee.amount * fee.quantity * fee.share.numerator * rate.numerator
    exact = numerator / (fee.share.denominator * rate.denominator)
    amount = round_money(exact, agreement.minor_unit, agreement.rounding)
    line = amount_line(fee.fee, "fee", fee.name, amount, agreement.currency, _printed(fee.period, program))
    line["quantity"] = shown(fee.quantity)
    pieces = (Piece(fee.period.start, Fraction(amount)),) if has_pieces else ()
    rate_name = _tax_rate(program, fee.share_pointer, fee.fee)
    return Entry(fee.fee, "fee", rate_name, amount, pieces, (line,), fee.period)
