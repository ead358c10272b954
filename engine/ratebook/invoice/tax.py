"""Tax: on the sum of what is left, or line by line."""

from collections.abc import Sequence
from decimal import Decimal

from ratebook.invoice.form import Form
from ratebook.invoice.line import Line
from ratebook.money import ZERO, total_of


def tax_lines(form: Form, lines: Sequence[Line], subtotal: Decimal) -> tuple[list[Line], Decimal]:
    """Tax what stands on the invoice, and give the tax's lines and their sum."""
    tax = form.program.tax
    if tax is None or form.tax_line is None:
        return [], form.rounded(ZERO)
    parts = [subtotal] if tax.round_on == "rate_group" else [Decimal(line["amount"]) for line in lines]
    amount = total_of([form.rounded(part * tax.percent / 100) for part in parts])
    return [form.tax_line | {"amount": str(amount)}], amount
