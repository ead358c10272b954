"""In which money: every amount of the book as an exact amount in the currency of one invoice."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Agreement
from tests.oracle.book import Own
from tests.oracle.calendar import local_date
from tests.oracle.money import after, quote


class Exchange:
    """Brings amounts into an invoice's currency: the one listed in it, else by the rate of its date."""

    def __init__(
        self, agreement: Agreement, boundary: datetime, table: Sequence[Mapping[str, Any]], home: str
    ) -> None:
        self.home = home
        self.currency = agreement.currency
        self.policy: Mapping[str, Any] | None = agreement.spec.get("fx")
        self.day = quote_date(agreement, boundary)
        self.table = table

    def amount(self, own: Own) -> Fraction:
        """Give an amount, exactly and not rounded, in the currency of the invoice."""
        amount, currency = own.node, own.currency
        if isinstance(amount, Mapping) and "pricing" in amount:
            amount = amount["value"]
            currency = next(one for one in (currency, self.home, *amount) if one in amount)
        if isinstance(amount, Mapping):
            if self.currency in amount:
                return Fraction(amount[self.currency])
            amount = amount[currency]
        if currency == self.currency:
            return Fraction(amount)
        assert self.policy is not None, "without `fx` every amount must be listed in the invoice's currency"
        return Fraction(amount) * quote(currency, self.currency, self.policy, self.day, self.table)


def quote_date(agreement: Agreement, boundary: datetime) -> date:
    """The day whose rate is meant: the planned issue date (boundary + `issue_after`), or the boundary's local day."""
    day = local_date(boundary, agreement.where)
    if agreement.spec.get("fx", {}).get("date", "invoice_date") == "period_end":
        return day
    return after(day, agreement.spec.get("invoice", {}).get("issue_after", "0 days"))
