"""When discounts, credits and taxes change, and so cut usage; and which units cost nothing by a discount."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.agreement import Agreement, Item
from tests.oracle.book import changes
from tests.oracle.calendar import Span, instant, periods
from tests.oracle.stages import later_by, plain_name

ZERO = Fraction(0)
Discount = Mapping[str, Any]


class Window(NamedTuple):
    """From an instant, included, to another, excluded; None is without end."""

    start: datetime | None
    end: datetime | None

    def holds(self, moment: datetime) -> bool:
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)


ALWAYS = Window(None, None)


def window_of(written: Mapping[str, Any], where: ZoneInfo, end: str = "until") -> Window:
    """The window [from, until) that something says."""
    edges = [instant(written[key], where) if key in written else None for key in ("from", end)]
    return Window(edges[0], edges[1])


def discounts_of(terms: Agreement) -> Iterator[tuple[str, Discount]]:
    """The discounts of a contract with their names."""
    for number, discount in enumerate(terms.contract.get("discounts", []), start=1):
        yield discount.get("id", f"discount-{number}"), discount


def discount_window(terms: Agreement, discount: Discount) -> Window:
    """When a discount holds: [from, until), and with `periods` until the end of so many billing periods."""
    window = window_of(discount, terms.where)
    if "periods" not in discount:
        return window
    begin = max(window.start or terms.life.start, terms.life.start)
    counted = 0
    for period in periods(terms.cycle["every"], terms.cycle["anchor"], terms.life):
        counted += 1 if period.billed.end > begin else 0
        if counted == discount["periods"]:
            end = period.billed.end if window.end is None else min(window.end, period.billed.end)
            return Window(window.start, end)
    return window


def same_plan(one: str, other: str) -> bool:
    return plain_name(one) == plain_name(other)


def free_units(terms: Agreement, charge: Item, billed: Span) -> Fraction:
    """Billable units of a charge that cost nothing, by discounts whose window touches what is billed."""
    units = ZERO
    for _, discount in discounts_of(terms):
        on_plan = "plan" not in discount or same_plan(discount["plan"], terms.plan)
        if "units" in discount and charge.id in discount["applies_to"] and on_plan:
            window = discount_window(terms, discount)
            begins = window.start is None or window.start < billed.end
            touches = begins and (window.end is None or billed.start < window.end)
            units += Fraction(discount["units"]) if touches else ZERO
    return units


def discount_edges(terms: Agreement) -> set[datetime]:
    """The instants at which a discount of the contract begins or ends, and cuts usage."""
    windows = [
        discount_window(terms, discount) for _, discount in discounts_of(terms) if "units" not in discount
    ]
    return {edge for window in windows for edge in window if edge is not None}


def credit_windows(terms: Agreement, credit: Mapping[str, Any]) -> tuple[Window, Window]:
    """The service time that a credit pays for, and that which it pays for once it has rolled over."""
    first = window_of(credit, terms.where, "expires")
    if first.end is None or "rollover" not in credit:
        return first, Window(first.end, first.end)
    return first, Window(first.end, later_by(first.end, credit["rollover"]["for"], terms))


def credit_edges(terms: Agreement) -> set[datetime]:
    """The instants at which a credit of the contract begins or ends, and cuts usage."""
    windows = [
        window for credit in terms.contract.get("credits", []) for window in credit_windows(terms, credit)
    ]
    return {edge for window in windows for edge in window if edge is not None}


def tax_edges(terms: Agreement, charge: Item) -> set[datetime]:
    """The instants at which the tax of a charge changes, and cuts its usage if it is split there."""
    tax, own = terms.spec.get("tax"), terms.contract.get("tax", {})
    if (
        not isinstance(tax, Mapping)
        or tax.get("supply") != "split"
        or {"exempt", "reverse_charge"} & set(own)
    ):
        return set()
    named = tax.get("rates", {}).get(charge.get("tax", "standard"))
    standard = {key: value for key, value in tax.items() if key != "rates"}
    return changes([standard, named], terms.where)
