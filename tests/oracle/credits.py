"""Credits: money given in advance that pays for service time in [from, expires).

They burn by priority (lower first), then those that expire first (none last), then by id. At the first boundary at or
after its end a credit's rest expires, but for the share that rolls over and is good for some time more. After tax they
pay what is left of entries with their tax.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Agreement
from tests.oracle.balances import Balances, CreditBalance
from tests.oracle.book import Own
from tests.oracle.calendar import instant
from tests.oracle.entries import Entry, Taken, take_off
from tests.oracle.exchange import Exchange
from tests.oracle.fees import Boundary
from tests.oracle.money import minor_unit, round_to
from tests.oracle.posting import Posting, taken_off
from tests.oracle.windows import Window, credit_windows

ZERO = Fraction(0)
Written = Mapping[str, Any]


@dataclass(frozen=True)
class Crediting:
    """The credits of a contract at one boundary.

    Attributes:
        standing: what lines come to that stand for themselves; what is given back is not paid for again.
    """

    terms: Agreement
    boundary: Boundary
    entries: Sequence[Entry]
    exchange: Exchange
    balances: Balances
    standing: Fraction

    def postings(self) -> list[Posting]:
        found = []
        for one in sorted(self.terms.contract.get("credits", []), key=self.order):
            found += self.burn(one)
        return found

    def order(self, one: Written) -> tuple[int, bool, datetime, str]:
        expires = self.expires(one)
        return one.get("priority", 0), expires is None, expires or self.boundary.at, one["id"]

    def expires(self, one: Written) -> datetime | None:
        return instant(one["expires"], self.terms.where) if "expires" in one else None

    def burn(self, one: Written) -> list[Posting]:
        """Pay for service until the credit expires, let it expire or roll over, and pay with what has rolled over."""
        amount = self.exchange.amount(Own(one["amount"], self.terms.currency))
        is_fresh = one["id"] not in self.balances.credits
        balance = self.balances.credit(one["id"], self.round(amount))
        window, later = credit_windows(self.terms, one)
        expires = window.end
        is_past = self.is_past(expires)
        found = [] if is_past else taken_off("credit", one["id"], self.pay(one, balance, window))
        if expires is not None and self.boundary.at >= expires:
            if is_fresh or not is_past:
                expire(balance, self.round(balance.left * rolled_share(one)))
            found += taken_off("credit", one["id"], self.pay(one, balance, later))
            if later.end is None or self.boundary.at >= later.end:
                expire(balance, ZERO)
        return found

    def round(self, amount: Fraction) -> Fraction:
        return round_to(amount, minor_unit(self.terms.currency), self.terms.rounding)

    def is_past(self, expires: datetime | None) -> bool:
        """Whether a credit has expired (and perhaps rolled over) at an earlier boundary."""
        before = None if self.boundary.ending is None else self.boundary.ending.billed.start
        return expires is not None and before is not None and before >= expires

    def pay(self, one: Written, balance: CreditBalance, window: Window) -> list[Taken]:
        eligible = [entry for entry in self.entries if entry.is_in(one.get("applies_to", ["usage", "fee"]))]
        bases = [max(ZERO, entry.inside(window)) for entry in eligible]
        whole = max(ZERO, sum((entry.left for entry in self.entries), self.standing))
        most = min(balance.left, whole, self.round(sum(bases, ZERO)))
        taken = take_off(eligible, most, bases, window, minor_unit(self.terms.currency))
        used = sum((one.amount for one in taken), ZERO)
        balance.used += used
        balance.left -= used
        return taken


def rolled_share(one: Written) -> Fraction:
    return Fraction(one["rollover"]["percent"]) / 100 if "rollover" in one else ZERO


def expire(balance: CreditBalance, kept: Fraction) -> None:
    balance.expired += balance.left - kept
    balance.left = kept
