"""One invoice from its parts: head, lines, totals, and the digests of what it was made from."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from ratebook.book.accounts import Account
from ratebook.book.model.plan import ACCOUNT
from ratebook.canonical import business_id, digest
from ratebook.compiler.program import Program
from ratebook.invoice.balances import NO_BALANCES, Balances
from ratebook.invoice.corrected import Corrected, add_corrections
from ratebook.invoice.form import Form
from ratebook.invoice.line import shown_texts
from ratebook.invoice.lines import Described, LineWriter
from ratebook.invoice.sections import sections_of
from ratebook.invoice.steps import settle, settle_after_tax
from ratebook.invoice.supply import Standing
from ratebook.invoice.tax import tax
from ratebook.money import plain_texts, total_of
from ratebook.rating.charge import RatedCharge
from ratebook.template import Rows
from ratebook.usage.rows import UsageRow


class Recipient(NamedTuple):
    """Who an invoice is for: the contract's id, the customer as the book describes them, and the child accounts."""

    contract: str
    customer: Mapping[str, Any]
    children: Sequence[Account] = ()


class Brought(NamedTuple):
    """What an invoice brings forward: balances, and what it corrects of earlier invoices."""

    balances: Balances = NO_BALANCES
    corrected: Sequence[Corrected] = ()


NOTHING_BROUGHT: Final = Brought()


class Built(NamedTuple):
    """A draft, or None where there is nothing to bill, and the balances that the boundary leaves."""

    draft: "Draft | None"
    balances: Balances


class Draft(NamedTuple):
    """An invoice whose usage lines still lack their quantities and descriptions, which are written many at a time."""

    document: dict[str, Any]
    described: list[Described]


def build(
    form: Form,
    recipient: Recipient,
    charges: Sequence[RatedCharge],
    findings: list[dict[str, Any]],
    usage: str,
    brought: Brought = NOTHING_BROUGHT,
) -> Built:
    """Build the invoice of one contract at one boundary.

    Args:
        form: what it has in common with the other invoices of its program.
        recipient: who it is for.
        charges: the rated charges of the period that ended.
        findings: what could not be billed, as documents.
        usage: digest of the usage that was rated.
        brought: what it brings forward.
    """
    before, corrected = brought
    writer = LineWriter(form)
    for fee in form.fees:
        writer.add_fee(fee)
    for charge in charges:
        writer.add_charge(charge)
    added, entries, after = settle(form, writer.entries, before)
    lines = writer.lines + [one.line for one in added]
    if not lines and not writer.appendix and not corrected:
        return Built(None, after)
    taxed = tax(form, lines, Standing(writer.entries, added, entries, writer.pieces))
    paid, after = settle_after_tax(form, entries, taxed, after)
    total = taxed.subtotal + taxed.amount
    document: dict[str, Any] = {
        "invoice": invoice_id(recipient.contract, form.program),
        "contract": recipient.contract,
        "customer": recipient.customer,
        **form.head,
        "lines": [*lines, *taxed.lines, *(one.line for one in paid)],
        "subtotal": str(taxed.subtotal),
        "tax": None if form.program.external_tax else str(taxed.amount),
        **taxed.said,
    }
    if paid:
        credited = total_of(amount for one in paid for amount in one.parts.values())
        document["credited"] = str(credited)
        total += credited
    document["total"] = str(total)
    document["fx"] = form.fx
    document["findings"] = findings
    document["digests"] = {"usage": usage, **form.digests}
    if recipient.children and form.program.boundary.kind == "period":
        document["sections"] = sections_of(form, recipient.children, lines)
    if form.program.has_balances:
        document["digests"]["brought_forward"] = digest(before.document())
        document["carry_forward"] = after.document()
    if writer.appendix:
        document["appendix"] = writer.appendix
    if corrected:
        add_corrections(document, corrected, len(lines))
    if document["total"].startswith("-"):
        document["document"] = "credit_note"
    return Built(Draft(document, writer.described), after)


def invoice_id(contract: str, program: Program) -> str:
    """Give the id of a contract's invoice at a boundary; a retry gives the same one."""
    return business_id("inv", contract, program.boundary.at, program.boundary.kind, 0)


def usage_digest(used: Sequence[tuple[RatedCharge, Sequence[UsageRow]]]) -> str:
    """Digest usage by what it is (charge, time, dimensions, quantities), not by how the run numbered it."""
    return digest([[rated.program.charge, _rows(rated, rows)] for rated, rows in used])


def _rows(rated: RatedCharge, rows: Sequence[UsageRow]) -> list[tuple[Any, ...]]:
    if not rows:
        return []
    _, _, segments, dimensions, events, quantities, units = zip(*rows, strict=True)
    starts = [rated.program.starts[segment] for segment in segments]
    return list(zip(starts, dimensions, events, plain_texts(quantities), plain_texts(units), strict=True))


def write_usage(drafts: Iterable[Draft]) -> None:
    """Write the quantities and descriptions of many invoices, template by template, in one loop each."""
    waiting: dict[tuple[int, tuple[str, ...]], list[Described]] = {}
    for draft in drafts:
        for described in draft.described:
            waiting.setdefault((id(described.template), described.dimensions), []).append(described)
    for group in waiting.values():
        template, dimensions, *_ = group[0]
        known = {*dimensions, ACCOUNT}
        lines = list(chain.from_iterable([one.lines for one in group]))
        quantities = shown_texts(list(chain.from_iterable([one.rated.quantities for one in group])))
        billables = shown_texts(list(chain.from_iterable([one.rated.billables for one in group])))
        written = {"quantity": quantities, "billable": billables}
        named = [line["dimensions"] for line in lines]
        columns = {name: _column(name, named) for name in template.names & known}
        columns |= {name: written.get(name) or _column(name, lines) for name in template.names - known}
        texts = template.render(Rows(len(lines), columns))
        for line, quantity, billable, text in zip(lines, quantities, billables, texts, strict=True):
            line["quantity"] = quantity
            line["billable"] = billable
            line["description"] = text


def _column(name: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [row.get(name) or "" for row in rows]
