"""Commitments: what a customer has promised to spend, in each billing period, over a term, or in advance.

`every: period` fills up each billing period to its share of the amount. Over a term, what the boundaries b with
`from < b <= until` bill counts; what is missing is billed at the end, or (`true_up: period`) at each boundary towards
what should have been spent by then, and given back when more is spent later. A prepaid one is billed whole at the
boundary whose following period holds `from`; from then on it pays for what is billed, until it is used up or over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Agreement
from tests.oracle.balances import Balances, CommitmentBalance
from tests.oracle.book import Own
from tests.oracle.calendar import Period, Span, instant, local_date, share
from tests.oracle.entries import Entry, Taken, take_off
from tests.oracle.exchange import Exchange
from tests.oracle.fees import Boundary, accrues
from tests.oracle.money import divide_up, minor_unit, round_to
from tests.oracle.posting import Posting, standing, taken_off
from tests.oracle.stages import Part, later_by
from tests.oracle.windows import ALWAYS, window_of

ZERO = Fraction(0)
Written = Mapping[str, Any]


@dataclass(frozen=True)
class Committing:
    """The commitments of a contract at one boundary.

    Attributes:
        standing: what lines come to that stand for themselves.
    """

    terms: Agreement
    boundary: Boundary
    parts: Sequence[Part]
    entries: Sequence[Entry]
    exchange: Exchange
    balances: Balances
    standing: Fraction

    @property
    def unit(self) -> Fraction:
        return minor_unit(self.terms.currency)

    def postings(self) -> list[Posting]:
        """The lines of all commitments: what is filled up, then what is drawn, then what is beyond."""
        for entry in self.entries:
            entry.discounted = entry.left
        found: list[Posting] = []
        beyond: list[tuple[Written, Fraction]] = []
        written: Sequence[Written] = self.terms.contract.get("commitments", [])
        for one in written:
            if one.get("every") == "period":
                found += self.fill_up(one)
            elif not is_prepaid(one):
                beyond.append((one, self.beyond(one)))
                found += self.true_up(one, self.standing + standing(found))
        for one in sorted((one for one in written if is_prepaid(one)), key=self.order):
            found += self.draw(one, self.standing + standing(found))
            if self.counts(one):
                beyond.append((one, self.billed(one)))
        for entry in self.entries:
            entry.undrawn = entry.left
        for one, amount in beyond:
            found += self.overage(one, amount)
        return found

    def order(self, one: Written) -> tuple[datetime, str]:
        return self.at(one, "until"), one["id"]

    def at(self, one: Written, key: str) -> datetime:
        return instant(one[key], self.terms.where)

    def amount(self, one: Written) -> Fraction:
        return self.round(self.exchange.amount(Own(one["amount"], self.terms.currency)))

    def round(self, amount: Fraction) -> Fraction:
        return round_to(amount, self.unit, self.terms.rounding)

    def billed(self, one: Written) -> Fraction:
        """What counts towards a commitment: what contract discounts left of entries."""
        return sum((entry.discounted for entry in self.eligible(one)), ZERO)

    def eligible(self, one: Written) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_in(one.get("applies_to", ["usage"]))]

    # In each billing period

    def fill_up(self, one: Written) -> Iterator[Posting]:
        """What is missing to the share of the amount that the billed period has, where the commitment holds."""
        if not self.parts:
            return
        window = window_of(one, self.terms.where)
        shares = [self.share_in(part, window.start, window.end, one) for part in self.parts]
        promised = max(shares) if one.get("prorate", "days") == "none" else sum(shares, ZERO)
        missing = self.round(self.amount(one) * promised) - self.billed(one)
        if missing > 0:
            yield Posting("commitment", one["id"], missing)

    def share_in(self, part: Part, start: datetime | None, end: datetime | None, one: Written) -> Fraction:
        """The share of the nominal period that a part has inside a window."""
        billed = part.period.billed
        inside = Span(max(billed.start, start or billed.start), min(billed.end, end or billed.end))
        if not accrues(part.stage) or inside.start >= inside.end:
            return ZERO
        gives = part.period.gives_last_day and inside.end == billed.end
        return share(Period(part.period.nominal, inside, gives), one.get("prorate", "days"), self.terms.where)

    # Over a term, in arrears

    def true_up(self, one: Written, besides: Fraction) -> Iterator[Posting]:
        """What is due by now; during the term no more is given back than the invoice comes to, with lines `besides`."""
        amount = self.amount(one)
        balance = self.balance(one, amount)
        if self.counts(one):
            balance.spent += self.billed(one)
        target = self.target(one, amount)
        if target is not None:
            due = max(balance.spent, target) - balance.spent - balance.trued_up
            if not self.is_over(one):
                whole = sum((entry.left for entry in self.entries), besides)
                due = max(due, -max(whole, ZERO))
            balance.trued_up += due
            if due:
                yield Posting("commitment", one["id"], due)
        balance.left = max(ZERO, amount - balance.spent - balance.trued_up)

    def beyond(self, one: Written) -> Fraction:
        """How much of what is billed is beyond the cumulative amount."""
        amount = self.amount(one)
        spent = self.balance(one, amount).spent
        billed = self.billed(one) if self.counts(one) else ZERO
        return max(ZERO, spent + billed - amount) - max(ZERO, spent - amount)

    def balance(self, one: Written, amount: Fraction) -> CommitmentBalance:
        """The balance; where nothing was brought forward nothing is spent, and what was due before has been billed."""
        if one["id"] not in self.balances.commitments:
            balance = self.balances.commitment(one["id"], amount)
            before = self.before()
            if before is not None and one.get("true_up") == "period" and before > self.at(one, "from"):
                balance.trued_up = self.promised_by(one, amount, before)
        return self.balances.commitments[one["id"]]

    def promised_by(self, one: Written, amount: Fraction, moment: datetime) -> Fraction:
        """The part of the amount that the days until an instant are of the term's days."""
        start, end = (local_date(self.at(one, key), self.terms.where) for key in ("from", "until"))
        return self.round(amount * passed(start, local_date(moment, self.terms.where), end))

    def counts(self, one: Written) -> bool:
        return self.at(one, "from") < self.boundary.at <= self.at(one, "until")

    def is_over(self, one: Written) -> bool:
        """Whether this is the first boundary at or after the end, or the contract's last one."""
        until, before = self.at(one, "until"), self.before()
        is_first = self.boundary.at >= until and (before is None or before < until)
        is_last = self.boundary.beginning is None and self.at(one, "from") < self.boundary.at < until
        return is_first or is_last

    def before(self) -> datetime | None:
        """The boundary before this one; None at the opening."""
        return None if self.boundary.ending is None else self.boundary.ending.billed.start

    def target(self, one: Written, amount: Fraction) -> Fraction | None:
        """What should have been spent by now; None where nothing is trued up at this boundary."""
        if self.is_over(one):
            return amount
        if one.get("true_up", "end") == "end" or not self.counts(one):
            return None
        return self.promised_by(one, amount, self.boundary.at)

    def overage(self, one: Written, amount: Fraction) -> Iterator[Posting]:
        """What is beyond a commitment, and has not been drawn from any, costs less, or more: but not what that adds."""
        overage, eligible = one.get("overage"), self.eligible(one)
        bases = [max(ZERO, min(entry.left, entry.undrawn)) for entry in eligible]
        beyond = min(amount, sum(bases, ZERO))
        if overage is None or not beyond:
            return
        if "factor" in overage:
            more = self.round(beyond * (Fraction(overage["factor"]) - 1))
            parts = [
                Taken(entry, part, entry.supplied_in(ALWAYS))
                for entry, part in zip(eligible, divide_up(more, bases, self.unit), strict=True)
            ]
            for entry, part, _ in parts:
                entry.take(-part, ALWAYS)
            yield from [Posting("commitment", one["id"], more, parts)] if more else []
            return
        total = self.round(beyond * Fraction(overage["percent_off"]) / 100)
        yield from taken_off("discount", one["id"], take_off(eligible, total, bases, ALWAYS, self.unit))

    # In advance

    def draw(self, one: Written, besides: Fraction) -> Iterator[Posting]:
        amount = self.amount(one)
        is_fresh = one["id"] not in self.balances.commitments
        balance = self.balances.commitment(one["id"], amount)
        if self.boundary.beginning is not None and self.boundary.beginning.billed.holds(self.at(one, "from")):
            besides += amount
            yield Posting("commitment", one["id"], amount)
        if self.counts(one):
            yield from taken_off("commitment", one["id"], self.draw_from(one, balance, besides))
        self.roll_over(one, balance, is_fresh=is_fresh)
        if self.at(one, "until") < self.boundary.at <= self.last_use(one):
            yield from taken_off("commitment", one["id"], self.draw_from(one, balance, besides))
        if self.boundary.at >= self.last_use(one):
            balance.left = ZERO

    def draw_from(self, one: Written, balance: CommitmentBalance, besides: Fraction) -> list[Taken]:
        eligible = self.eligible(one)
        bases = [max(ZERO, entry.left) for entry in eligible]
        whole = max(ZERO, sum((entry.left for entry in self.entries), besides))
        drawn = min(balance.left, whole, sum(bases, ZERO))
        balance.spent += drawn
        balance.left -= drawn
        return take_off(eligible, drawn, bases, ALWAYS, self.unit)

    def last_use(self, one: Written) -> datetime:
        until = self.at(one, "until")
        return later_by(until, one["rollover"]["for"], self.terms) if "rollover" in one else until

    def roll_over(self, one: Written, balance: CommitmentBalance, *, is_fresh: bool) -> None:
        """At the first boundary at or after the end the rest lapses, but for the share of it that rolls over."""
        until, before = self.at(one, "until"), self.before()
        if self.boundary.at >= until and (is_fresh or before is None or before < until):
            kept = Fraction(one.get("rollover", {}).get("percent", 0)) / 100
            balance.left = self.round(balance.left * kept)


def is_prepaid(one: Written) -> bool:
    return bool(one.get("pay", "in_arrears") == "in_advance")


def passed(start: date, now: date, end: date) -> Fraction:
    """The share of a term's days that have passed."""
    return Fraction((min(now, end) - start).days, (end - start).days)
