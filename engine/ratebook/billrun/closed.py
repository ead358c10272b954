"""Closed periods: what was issued for them against what they cost today, and the documents that correct it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ratebook.billrun.issued import Invoice, boundary_of
from ratebook.compiler.program import Program
from ratebook.findings import Finding
from ratebook.invoice.corrected import Corrected, at_most, corrected, note
from ratebook.invoice.corrections import billed, causes, corrections
from ratebook.invoice.form import Form
from ratebook.money import ZERO, total_of


class Rerated(NamedTuple):
    """A closed period as it is rated today.

    Attributes:
        form: what its invoice has in common with others.
        lines: of its invoice.
        digests: of what they were made from.
    """

    form: Form
    lines: Sequence[Mapping[str, Any]]
    digests: Mapping[str, Any]


class Settlement(NamedTuple):
    """How corrections reach a customer: as lines of the next invoice, as documents of their own, or not at all."""

    next_invoice: Sequence[Corrected]
    documents: Sequence[dict[str, Any]]
    findings: Sequence[Finding]


def invoice_of(program: Program, invoices: Sequence[Invoice]) -> Invoice | None:
    """Find the invoice that was issued at a boundary; of several with the same one, the newest."""
    found = [
        one
        for one in invoices
        if "refers_to" not in one
        and one["kind"] == program.boundary.kind
        and boundary_of(one) == program.boundary.at
    ]
    return found[-1] if found else None


def compare(rerated: Rerated, issued: Invoice, invoices: Sequence[Invoice]) -> Corrected | Finding | None:
    """Compare a closed period with what was billed for it.

    Args:
        rerated: the period today.
        issued: its invoice.
        invoices: everything that was issued to the contract, earlier corrections among it.

    Returns:
        What is to be corrected, or a finding where it cannot be; None where everything is as it was.
    """
    program = rerated.form.program
    if issued["currency"] != program.agreement.currency:
        return _other_currency(issued, program)
    now = {"lines": rerated.lines, "digests": rerated.digests}
    found = corrections(billed(issued, invoices), now, program.agreement.minor_unit)
    return corrected(rerated.form, issued, found, causes(issued, now)) if found else None


def settle_corrections(
    found: Sequence[Corrected], following: Form | None, policy: str, invoices: Sequence[Invoice]
) -> Settlement:
    """Decide by which documents corrections are made.

    Args:
        found: the corrections of a contract's closed periods.
        following: of the next invoice; None where the contract has no more.
        policy: the spec's `late_usage`.
        invoices: everything that was issued to the contract.
    """
    if policy == "report_only":
        return Settlement((), (), [_reported(one) for one in found])
    own = [one for one in found if following is None or (policy == "credit_note" and one.total < 0)]
    later = [one for one in found if one not in own]
    documents, findings = [], []
    for one in own:
        before = [other for other in invoices if other.get("refers_to") == one.issued["invoice"]]
        left = max(_left(one.issued, before), ZERO)
        given = one if one.total + left >= 0 else at_most(one, left)
        if given is not one:
            findings.append(_beyond(one, given))
        if given is not None:
            documents.append(note(given, len(before) + 1) | _issued_with(following))
    return Settlement(later, documents, findings)


def _left(issued: Invoice, notes: Sequence[Invoice]) -> Decimal:
    """Give what an invoice came to, less its notes; what credits paid of it after its tax was paid."""
    credited = Decimal(issued.get("credited", 0))
    return total_of(Decimal(document["total"]) for document in (issued, *notes)) - credited


def _issued_with(following: Form | None) -> dict[str, Any]:
    """Give the dates of a document that is issued beside the next invoice."""
    if following is None:
        return {}
    return {name: following.head[name] for name in ("boundary", "issue_date", "due_date")}


def _reported(one: Corrected) -> Finding:
    period = one.issued["period"]["from"][:10]
    return Finding(
        "RB512",
        f"{one.issued['contract']}: the period from {period} would come to {one.total:+f} {one.issued['currency']}"
        f" with tax today ({', '.join(one.cause) or 'other rules of rating'}); nothing is billed for it",
        pointer=f"specs/{one.form.program.agreement.spec}#late_usage",
        help="bill it with `policy: next_invoice` or `credit_note`, or leave it as it is",
        details={
            "contract": one.issued["contract"],
            "invoice": one.issued["invoice"],
            "cause": list(one.cause),
            "lines": [
                {
                    "charge": line["charge"],
                    "kind": line["corrects"]["kind"],
                    "dimensions": line["dimensions"],
                    "was": line["corrects"]["was"],
                    "is": line["corrects"]["is"],
                }
                for line in one.lines
            ],
        },
    )


def _other_currency(issued: Invoice, program: Program) -> Finding:
    currency = program.agreement.currency
    return Finding(
        "RB513",
        f"{issued['contract']}: the invoice {issued['invoice']} is in {issued['currency']}, and the contract's"
        f" invoices are in {currency} now: it is not compared",
        pointer=f"contracts/{issued['contract']}",
        help="end the contract in the old currency and begin another, so that each has one currency",
        details={"contract": issued["contract"], "invoice": issued["invoice"]},
    )


def _beyond(one: Corrected, given: Corrected | None) -> Finding:
    contract, invoice, currency = one.issued["contract"], one.issued["invoice"], one.issued["currency"]
    rest = -one.total if given is None else given.total - one.total
    note_ = "no credit note is" if given is None else f"a credit note of {given.total:f} {currency} is"
    return Finding(
        "RB514",
        f"{contract}: the period of the invoice {invoice} came to {-one.total:f} {currency} less, which is {rest:f}"
        f" more than what is left of the invoice: {note_} made, and {rest:f} are not given back",
        pointer=f"specs/{one.form.program.agreement.spec}#late_usage",
        help="where credits or earlier notes had paid for it, grant the rest in the contract's `credits` again;"
        " else look for a folder that is given twice with --issued",
        details={
            "contract": contract,
            "invoice": invoice,
            "correction": str(one.total),
            "given_back": "0" if given is None else str(-given.total),
            "rest": str(rest),
        },
    )
