"""What is due for each fee and charge with its tax, for what pays after tax."""

from collections.abc import Sequence
from decimal import Decimal

from ratebook.compiler.program import TaxRules
from ratebook.invoice.entries import Entry
from ratebook.invoice.form import Form
from ratebook.invoice.rate_groups import taxes_of_entries
from ratebook.invoice.tax import Tax
from ratebook.money import ZERO, allocate


def dues(form: Form, entries: Sequence[Entry], tax: Tax) -> list[Decimal]:
    """Give what the customer owes for each entry: what is left of it, with its tax and without what is withheld.

    They add up to the invoice's total.

    Args:
        form: of the invoice.
        entries: as the steps before tax left them.
        tax: of the invoice.
    """
    rules, unit = form.program.tax, form.program.agreement.minor_unit
    amounts = [entry.amount for entry in entries]
    if not isinstance(rules, TaxRules):
        taxes = allocate(tax.amount, amounts, unit) if tax.amount else [ZERO] * len(amounts)
        return [amount + one for amount, one in zip(amounts, taxes, strict=True)]
    added = [ZERO] * len(tax.parts) if rules.inclusive else list(tax.taxation.taxes)
    for group in tax.taxation.groups:
        of_parts = [tax.taxation.taxes[number] for number in group.parts]
        withheld = allocate(group.withheld, of_parts, unit) if group.withheld else []
        for number, part in zip(group.parts, withheld, strict=False):
            added[number] -= part
    taxes = taxes_of_entries(tax.parts, added, len(entries), unit)
    return [amount + one for amount, one in zip(amounts, taxes, strict=True)]
