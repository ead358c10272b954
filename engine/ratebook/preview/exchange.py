"""Figures of several currencies in one, where somebody asks for it: by the book's own rates, which are then named."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ratebook.calendar import local_date
from ratebook.compiler.program import Program
from ratebook.fx import SAME, Quote, Rate, RateTable
from ratebook.money import EXACT

STEP: Final = Decimal("0.000001")
"""What does not end is kept to six decimals, from there on all sums are exact."""


@dataclass(slots=True)
class Exchange:
    """Converts what invoices come to at the rate of their period's end.

    Attributes:
        rates: the book's exchange rates.
        currency: of the figures; "" leaves each invoice in its own.
        missing: pairs and days for which there was no rate, and how many invoices stayed in their own currency.
    """

    rates: RateTable
    currency: str = ""
    missing: dict[tuple[str, str], int] = field(default_factory=dict)
    _quotes: dict[tuple[str, str, date], Quote | None] = field(default_factory=dict)

    def of(self, program: Program, *, is_counted: bool = True) -> tuple[str, Rate]:
        """Give the currency of an invoice's figures, and how its amounts become it.

        Args:
            program: of the invoice.
            is_counted: whether it is counted among those for which a rate is missing.
        """
        own = program.agreement.currency
        if self.currency in {"", own}:
            return own, SAME
        quote = self._quote(program, own)
        if quote is None:
            if is_counted:
                wanted = local_date(program.boundary.at, program.agreement.zone).isoformat()
                pair = f"{own}/{self.currency}", wanted
                self.missing[pair] = self.missing.get(pair, 0) + 1
            return own, SAME
        return self.currency, quote.from_currency(own)

    def _quote(self, program: Program, own: str) -> Quote | None:
        agreement = program.agreement
        if agreement.fx is None:
            return None
        wanted = local_date(program.boundary.at, agreement.zone)
        key = (agreement.spec, own, wanted)
        if key not in self._quotes:
            self._quotes[key] = self.rates.quote(agreement.fx, own, self.currency, wanted)
        return self._quotes[key]

    def documents(self) -> list[dict[str, Any]]:
        """Name the rates that were used, each once."""
        quotes = {quote: None for quote in self._quotes.values() if quote is not None}
        return [quote.document() for quote in sorted(quotes, key=_order)]


def _order(quote: Quote) -> tuple[str, str, str, date]:
    return quote.source, quote.base, quote.counter, quote.wanted


def converted(amount: Decimal, rate: Rate) -> Decimal:
    """Convert a part of an invoice; at the same currency it stays what it is."""
    if rate is SAME:
        return amount
    return rate.convert(amount).quantize(STEP, context=EXACT)
