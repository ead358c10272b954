"""Contract discounts: in the order of the list, each on what the ones before it have left in its window.

A percentage is rounded once, on the sum of what it takes of each entry; `of: whole` takes it of what there was before
any discount, but never more than the rest. An amount comes off each billing period, as far as there is something. With
`periods: n` a discount holds in n billing periods, counted from the one in which it (or the contract) begins; with
`plan` it counts what is used while the contract is on that plan. Units that cost nothing are added to the included ones
(see `windows`).
"""

from collections.abc import Sequence
from fractions import Fraction

from tests.oracle.agreement import Agreement
from tests.oracle.book import Own
from tests.oracle.entries import Entry, take_off
from tests.oracle.exchange import Exchange
from tests.oracle.money import minor_unit, round_to
from tests.oracle.posting import Posting, taken_off
from tests.oracle.windows import Discount, discount_window, discounts_of, same_plan

ZERO = Fraction(0)


def post_discounts(terms: Agreement, entries: Sequence[Entry], exchange: Exchange) -> list[Posting]:
    """Take the contract's discounts off the entries."""
    found = []
    for name, discount in discounts_of(terms):
        if "units" not in discount:
            found += post_discount(terms, name, discount, entries, exchange)
    return found


def post_discount(
    terms: Agreement, name: str, discount: Discount, entries: Sequence[Entry], exchange: Exchange
) -> list[Posting]:
    window, unit = discount_window(terms, discount), minor_unit(terms.currency)
    reduced = [
        entry for entry in entries if entry.is_in(discount["applies_to"]) and is_on_plan(entry, discount)
    ]
    inside = [entry.inside(window) for entry in reduced]
    if "percent" in discount:
        percent = Fraction(discount["percent"]) / 100
        wanted = [part * percent for part in inside]
        if discount.get("of", "rest") == "whole":
            wholes = [entry.whole_inside(window) * percent for entry in reduced]
            wanted = [min(whole, part) for whole, part in zip(wholes, inside, strict=True)]
        total = round_to(sum(wanted, ZERO), unit, terms.rounding)
    else:
        wanted = inside
        most = round_to(exchange.amount(Own(discount["amount"], terms.currency)), unit, terms.rounding)
        total = min(most, round_to(sum(inside, ZERO), unit, terms.rounding))
    return taken_off("discount", name, take_off(reduced, total, wanted, window, unit))


def is_on_plan(entry: Entry, discount: Discount) -> bool:
    return "plan" not in discount or same_plan(discount["plan"], entry.stage.terms.plan)
