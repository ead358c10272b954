"""One invoice from its parts: header, lines, totals, exchange rates and the digests of what it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ratebook import SEMANTICS
from ratebook.calendar import iso, local_date, shift, tzdata_version
from ratebook.canonical import business_id, digest
from ratebook.compiler.program import Program
from ratebook.fx import SAME, Quote, Rate
from ratebook.invoice.lines import Described, LineWriter
from ratebook.rating.charge import RatedCharge
from ratebook.usage.rows import UsageRow

NOTHING_BROUGHT_FORWARD = digest({})


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who an invoice is for: the contract's id and the customer as the book describes them."""

    contract: str
    customer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice whose lines still lack the descriptions that templates write, many at a time."""

    document: dict[str, Any]
    described: list[Described]


def build(
    program: Program,
    recipient: Recipient,
    charges: Sequence[RatedCharge],
    quotes: Mapping[str, Quote],
    findings: Sequence[Mapping[str, Any]],
    usage: str,
) -> Draft | None:
    """Build the invoice of one contract at one boundary.

    Args:
        program: the terms.
        recipient: who it is for.
        charges: the rated charges of the period that ended.
        quotes: for each foreign currency of the program, the quote against the invoice's currency.
        findings: what could not be billed, as documents.
        usage: digest of the usage that was rated.

    Returns:
        The draft, or None when there is nothing to bill.
    """
    agreement, boundary = program.agreement, program.boundary
    zone = agreement.zone
    shown = boundary.billed if boundary.kind == "period" else boundary.following or boundary.billed
    period = {"from": iso(shown.start, zone), "to": iso(shown.end, zone)}
    writer = LineWriter(program, rates_of(program, quotes), period)
    for fee in program.fees:
        writer.add_fee(fee)
    for charge in charges:
        writer.add_charge(charge)
    writer.add_discounts()
    writer.add_minimum()
    if not writer.lines and not writer.appendix:
        return None
    subtotal, tax = writer.add_tax()
    issued = issue_date(program)
    rates = [quotes[currency].document() for currency in sorted(quotes)]
    document: dict[str, Any] = {
        "invoice": invoice_id(recipient.contract, program),
        "contract": recipient.contract,
        "spec": agreement.spec,
        "kind": boundary.kind,
        "boundary": iso(boundary.at, zone),
        "revision": 0,
        "customer": recipient.customer,
        "period": period | {"time_zone": zone.key},
        "issue_date": issued.isoformat(),
        "due_date": shift(issued, agreement.due.number, agreement.due.unit).isoformat(),
        "currency": agreement.currency,
        "lines": writer.lines,
        "subtotal": str(subtotal),
        "tax": None if program.external_tax else str(tax),
        "total": str(subtotal + tax),
        "fx": rates,
        "findings": list(findings),
        "digests": {
            "terms": program.digest,
            "usage": usage,
            "fx": digest(rates),
            "brought_forward": NOTHING_BROUGHT_FORWARD,
            "tzdata": tzdata_version(),
            "semantics": SEMANTICS,
        },
    }
    if writer.appendix:
        document["appendix"] = writer.appendix
    return Draft(document, writer.described)


def issue_date(program: Program) -> date:
    """Give the planned issue date: the boundary's local date and what the spec adds to it."""
    agreement = program.agreement
    after = agreement.issue_after
    return shift(local_date(program.boundary.at, agreement.zone), after.number, after.unit)


def rates_of(program: Program, quotes: Mapping[str, Quote]) -> dict[str, Rate]:
    """Give, for each currency of a program, how its amounts become the invoice's currency."""
    foreign = {currency: quote.from_currency(currency) for currency, quote in quotes.items()}
    return {program.agreement.currency: SAME} | foreign


def invoice_id(contract: str, program: Program) -> str:
    """Give the id of a contract's invoice at a boundary; a retry gives the same one."""
    return business_id("inv", contract, program.boundary.at, program.boundary.kind, 0)


def usage_digest(program: Program, charges: Sequence[tuple[str, Sequence[UsageRow]]]) -> str:
    """Digest usage by what it is (charge, time, dimensions, quantities), not by how the run numbered it."""
    starts = {
        charge.charge: [segment.interval.start for segment in charge.segments] for charge in program.charges
    }
    return digest(
        [
            [
                charge,
                [
                    [starts[charge][row.segment], row.dimensions, row.events, row.quantity, row.units]
                    for row in rows
                ],
            ]
            for charge, rows in charges
        ]
    )


def write_descriptions(drafts: Sequence[Draft]) -> None:
    """Write the descriptions of many invoices, template by template, in one loop each."""
    waiting: dict[int, list[Described]] = {}
    for draft in drafts:
        for described in draft.described:
            waiting.setdefault(id(described.template), []).append(described)
    for group in waiting.values():
        texts = group[0].template.render([described.variables for described in group])
        for described, text in zip(group, texts, strict=True):
            described.line["description"] = text
