"""Contract discounts: in the order of the list, each on what the ones before it have left in its window.

A percentage is rounded once, on the sum of what it takes of each entry; `of: whole` takes it of what there was before
any discount, but never more than the rest. An amount comes off each billing period, first off its fees in advance. With
`periods: n` a discount holds in n billing periods, counted from the one in which it (or the contract) begins; with
`plan` it counts what is used while the contract is on that plan. Units that cost nothing are added to the included ones
(see `windows`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.agreement import Agreement
from tests.oracle.balances import Balances
from tests.oracle.book import Own
from tests.oracle.entries import Entry, Taken, take_off
from tests.oracle.exchange import Exchange
from tests.oracle.fees import Boundary
from tests.oracle.money import minor_unit, round_to
from tests.oracle.posting import Posting, taken_off
from tests.oracle.windows import Discount, Window, discount_window, discounts_of, same_plan

ZERO = Fraction(0)


@dataclass(frozen=True)
class Discounting:
    """The discounts of a contract at one boundary."""

    terms: Agreement
    boundary: Boundary
    entries: Sequence[Entry]
    exchange: Exchange
    balances: Balances

    def postings(self) -> list[Posting]:
        found = []
        for name, discount in discounts_of(self.terms):
            if "units" not in discount:
                taken = (
                    self.percent_off(discount) if "percent" in discount else self.amount_off(name, discount)
                )
                found += taken_off("discount", name, taken)
        return found

    @property
    def unit(self) -> Fraction:
        return minor_unit(self.terms.currency)

    def round(self, amount: Fraction) -> Fraction:
        return round_to(amount, self.unit, self.terms.rounding)

    def reduced(self, discount: Discount) -> list[Entry]:
        return [
            one for one in self.entries if one.is_in(discount["applies_to"]) and is_on_plan(one, discount)
        ]

    def percent_off(self, discount: Discount) -> list[Taken]:
        window, reduced = discount_window(self.terms, discount), self.reduced(discount)
        percent = Fraction(discount["percent"]) / 100
        inside = [entry.inside(window) for entry in reduced]
        wanted = [part * percent for part in inside]
        if discount.get("of", "rest") == "whole":
            wholes = [entry.whole_inside(window) * percent for entry in reduced]
            wanted = [min(whole, part) for whole, part in zip(wholes, inside, strict=True)]
        return take_off(reduced, self.round(sum(wanted, ZERO)), wanted, window, self.unit)

    def amount_off(self, name: str, discount: Discount) -> list[Taken]:
        """Once each billing period: of the one that ended what fees in advance have left, and for those of the next."""
        amount = self.round(self.exchange.amount(Own(discount["amount"], self.terms.currency)))
        window, at = discount_window(self.terms, discount), self.boundary.at
        ended = Window(window.start, at if window.end is None else min(at, window.end))
        begins = Window(at if window.start is None else max(at, window.start), window.end)
        taken = self.most_off(discount, self.balances.discounts.pop(name, amount), ended)
        ahead = self.most_off(discount, amount, begins)
        self.balances.discounts[name] = amount - sum((one.amount for one in ahead), ZERO)
        return [*taken, *ahead]

    def most_off(self, discount: Discount, amount: Fraction, window: Window) -> list[Taken]:
        reduced = self.reduced(discount)
        inside = [entry.inside(window) for entry in reduced]
        total = min(amount, self.round(sum(inside, ZERO)))
        return take_off(reduced, total, inside, window, self.unit)


def is_on_plan(entry: Entry, discount: Discount) -> bool:
    return "plan" not in discount or same_plan(discount["plan"], entry.stage.terms.plan)
