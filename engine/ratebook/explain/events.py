"""The steps of what events cost by themselves: a fixed fee, and bounds on what one of them costs."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ratebook.compiler.program import Ladder
from ratebook.explain.step import Step
from ratebook.invoice.line import shown
from ratebook.invoice.text import grouped
from ratebook.money import ZERO, plain
from ratebook.rating.events import Events

PERCENT: Final = frozenset({"percentage", "graduated_percentage", "dynamic"})
"""Words of prices that are a share of an amount."""


def percent_of(price: Decimal) -> str:
    """Write the price of one unit of money as a percentage."""
    return f"{shown(price * 100)} %"


def event_steps(events: Events, price: Ladder, divisor: Decimal) -> Iterator[Step]:
    """Explain what events cost: those within the bounds, where there are any, and those on them."""
    fee = price.event_fee
    if fee is None:
        return
    money = price.currency
    if fee.is_bound and events.fixed:
        units = f"{grouped(shown(events.units / divisor))} {money}"
        detail = f"{units} × {percent_of(price.tiers[0].price * divisor / price.denominator)}"
        amount = events.units * price.tiers[0].price / price.denominator
        yield Step("Events within their bounds", detail, f"{shown(amount)} {money}", price.pointer)
    if fee.fixed and (events.fixed or events.free):
        free = f", {_counted(events.free)} free" if events.free else ""
        yield _step("Fixed fee", events.fixed, fee.fixed, price, "fixed", free)
    if events.at_minimum:
        yield _step("Events at the minimum", events.at_minimum, fee.minimum or ZERO, price, "each/minimum")
    if events.at_maximum:
        yield _step("Events at the maximum", events.at_maximum, fee.maximum or ZERO, price, "each/maximum")


def _step(name: str, events: int, amount: Decimal, price: Ladder, key: str, more: str = "") -> Step:
    detail = f"{_counted(events)} × {plain(amount)} {price.currency}{more}"
    pointer = f"{price.pointer}{'/' if '#' in price.pointer else '#'}{key}"
    return Step(name, detail, f"{plain(events * amount)} {price.currency}", pointer)


def _counted(events: int) -> str:
    return "1 event" if events == 1 else f"{events:,} events"
