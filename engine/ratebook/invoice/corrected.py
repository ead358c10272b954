"""Corrections on documents: lines of the next invoice, or a credit note of their own, taxed as the original was."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ratebook.canonical import business_id
from ratebook.invoice.corrections import Correction, correction_line
from ratebook.invoice.form import Form
from ratebook.invoice.line import Line
from ratebook.invoice.tax import Tax, tax_corrections
from ratebook.money import total_of


class Corrected(NamedTuple):
    """What is corrected of one issued invoice.

    Attributes:
        form: of its boundary, as it is rated today.
        issued: the invoice.
        cause: what has changed since.
        found: the corrections.
        lines: of them.
        tax: of the corrections.
    """

    form: Form
    issued: Mapping[str, Any]
    cause: Sequence[str]
    found: Sequence[Correction]
    lines: Sequence[Line]
    tax: Tax

    @property
    def total(self) -> Decimal:
        """What all of it comes to, with its tax."""
        return self.tax.subtotal + self.tax.amount


def corrected(
    form: Form, issued: Mapping[str, Any], found: Sequence[Correction], cause: Sequence[str]
) -> Corrected:
    """Write the lines of an invoice's corrections, and tax them as it was taxed."""
    lines = [correction_line(one, issued["invoice"], cause) for one in found]
    tax = tax_corrections(form, lines, [one.line for one in found])
    return Corrected(form, issued, cause, found, lines, tax)


def at_most(one: Corrected, limit: Decimal) -> Corrected | None:
    """Give back no more than an amount with its tax, of each line the same share; None where that is nothing.

    Args:
        one: what gives back more.
        limit: of what is given back, in the currency of the invoice.
    """
    unit = one.form.program.agreement.minor_unit
    whole = total_of(correction.amount for correction in one.found)
    part = -_units(whole * limit / one.total, unit)
    while part < 0:
        less = corrected(one.form, one.issued, _shared(one.found, whole, part, unit), one.cause)
        if -less.total <= limit:
            return less
        part += unit
    return None


def _shared(found: Sequence[Correction], whole: Decimal, part: Decimal, unit: Decimal) -> list[Correction]:
    """Give of each correction the share that a part is of the whole; the largest has what rounding leaves."""
    amounts = [_units(abs(one.amount) * part / whole, unit).copy_sign(one.amount) for one in found]
    largest = max(range(len(found)), key=lambda index: abs(found[index].amount))
    amounts[largest] += part - total_of(amounts)
    return [one._replace(amount=amount) for one, amount in zip(found, amounts, strict=True)]


def _units(amount: Decimal, unit: Decimal) -> Decimal:
    """Cut an amount of zero or more to whole minor units."""
    return (amount // unit) * unit


def add_corrections(document: dict[str, Any], corrections: Sequence[Corrected], place: int) -> None:
    """Put corrections on an invoice: their lines after its own, then the taxes, each at its own rate.

    Args:
        document: the invoice.
        corrections: of earlier invoices.
        place: how many of its lines come before its tax.
    """
    own, taxes = document["lines"][:place], document["lines"][place:]
    document["lines"] = [
        *own,
        *(line for one in corrections for line in one.lines),
        *taxes,
        *(_tax_line(line, one) for one in corrections for line in one.tax.lines),
    ]
    document["corrections"] = [_summary(one) for one in corrections]
    document["subtotal"] = _plus(document["subtotal"], [one.tax.subtotal for one in corrections])
    if document["tax"] is not None:
        document["tax"] = _plus(document["tax"], [one.tax.amount for one in corrections])
    document["total"] = _plus(document["total"], [one.total for one in corrections])


def _plus(amount: str, more: Sequence[Decimal]) -> str:
    return str(total_of((Decimal(amount), *more)))


def _tax_line(line: Line, one: Corrected) -> Line:
    invoice = one.issued["invoice"]
    text = f"{line['description']}, correction of {one.issued['period']['from'][:10]}"
    return line | {"description": text, "corrects": {"invoice": invoice}}


def _summary(one: Corrected) -> dict[str, Any]:
    """Sum up what is corrected of one invoice."""
    return {
        "invoice": one.issued["invoice"],
        "period": one.issued["period"],
        "cause": list(one.cause),
        "subtotal": str(one.tax.subtotal),
        "tax": None if one.form.program.external_tax else str(one.tax.amount),
        **one.tax.said,
    }


def note(one: Corrected, revision: int) -> dict[str, Any]:
    """Write a document of its own: a credit note gives back what was billed too much, a debit note asks for more.

    Args:
        one: what is corrected.
        revision: how many notes to this invoice there are, with this one.
    """
    issued, boundary = one.issued, one.form.program.boundary
    return {
        "invoice": business_id("note", issued["contract"], boundary.at, boundary.kind, revision),
        "document": "credit_note" if one.total < 0 else "debit_note",
        "refers_to": issued["invoice"],
        "contract": issued["contract"],
        "customer": issued["customer"],
        **one.form.head,
        "revision": revision,
        "lines": [*one.lines, *(_tax_line(line, one) for line in one.tax.lines)],
        "subtotal": str(one.tax.subtotal),
        "tax": None if one.form.program.external_tax else str(one.tax.amount),
        "total": str(one.total),
        **one.tax.said,
        "cause": list(one.cause),
        "fx": one.form.fx,
        "findings": [],
        "digests": dict(one.form.digests),
    }
