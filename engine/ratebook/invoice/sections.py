"""Sections of an invoice: what the usage of each child account came to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ratebook.book.accounts import Account
from ratebook.book.model.plan import ACCOUNT
from ratebook.invoice.form import Form
from ratebook.invoice.line import Line
from ratebook.money import total_of


def sections_of(form: Form, children: Sequence[Account], lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Give a section for each child that belonged to the contract in the billed period: the sum of its usage lines."""
    billed = form.program.boundary.billed
    alive = [child for child in children if child.life.start < billed.end and child.life.end > billed.start]
    return [
        {"account": child.id, "name": child.name, "amount": str(_used(form, child, lines))} for child in alive
    ]


def _used(form: Form, child: Account, lines: Sequence[Line]) -> Decimal:
    own = (Decimal(one["amount"]) for one in lines if one["dimensions"].get(ACCOUNT) == child.id)
    return form.rounded(total_of(own))
