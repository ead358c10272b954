"""Prices that are a share of an amount of money: percentage, graduated_percentage, dynamic.

Units are there amounts in the currency that the billable unit names, and so are `fixed`, `each`, `free.amount` and
`flat`. The two allowances of `free` are used up from the beginning of the billing period, each for itself: so many
events carry no fixed fee, and so much of the amount no percentage, whichever events these are.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracle.book import Own
from tests.oracle.exchange import Exchange
from tests.oracle.price import Cost, Stretch, Tier, graduated

NOTHING = Fraction(0)
MODELS = {"percentage", "graduated_percentage", "dynamic"}


def is_share(price: Own | None) -> bool:
    """Whether a price is a share of an amount, and so in the currency of the billable unit."""
    return price is not None and isinstance(price.node, Mapping) and price.node.get("model") in MODELS


def share_cost(
    price: Own, amounts: Stretch, events: Stretch, each: Mapping[Any, list[Fraction]], exchange: Exchange
) -> Cost:
    """Price a stretch of amounts and events.

    Args:
        price: one of the three, in the currency of the billable unit.
        amounts: where the ladder is, in net amounts.
        events: where it is in events.
        each: the amount of each event, by line; only asked for where the price bounds what an event costs.
        exchange: into the invoice's currency.
    """
    node = price.node

    unit = exchange.amount(Own(1, price.currency))
    if node["model"] == "dynamic":
        return Cost(amounts.units * unit * (1 + Fraction(node.get("markup_percent", 0)) / 100))
    if node["model"] == "graduated_percentage":
        return Cost(graduated(share_tiers(node["tiers"], unit), amounts))
    if "each" in node:
        return Cost(by_line={line: event_costs(node, one) * unit for line, one in each.items()})
    free = node.get("free", {})
    return Cost(
        beyond(amounts, Fraction(free.get("amount", 0))) * unit * Fraction(node["percent"]) / 100,
        beyond(events, Fraction(free.get("events", 0))) * unit * Fraction(node.get("fixed", 0)),
    )


def share_cost_at_zero(price: Own, exchange: Exchange) -> Fraction:
    """What a ladder without net units costs: the first tier's flat where the price says `flat_at_zero`."""
    if not price.node.get("flat_at_zero", False):
        return NOTHING
    return share_tiers(price.node["tiers"], exchange.amount(Own(1, price.currency)))[0].flat


def beyond(stretch: Stretch, free: Fraction) -> Fraction:
    """How much of a stretch lies beyond an allowance that is used up from the ladder's beginning."""
    return max(stretch.until, free) - max(stretch.after, free)


def event_costs(node: Mapping[str, Any], amounts: list[Fraction]) -> Fraction:
    """What events cost together, each for itself: percent and fixed fee, at least the minimum, at most the maximum."""
    total = NOTHING
    for amount in amounts:
        cost = amount * Fraction(node["percent"]) / 100 + Fraction(node.get("fixed", 0))
        if "minimum" in node["each"]:
            cost = max(cost, Fraction(node["each"]["minimum"]))
        if "maximum" in node["each"]:
            cost = min(cost, Fraction(node["each"]["maximum"]))
        total += cost
    return total


def share_tiers(written: list[Mapping[str, Any]], unit: Fraction) -> list[Tier]:
    tiers: list[Tier] = []
    lower = NOTHING
    for tier in written:
        upper = Fraction(tier["up_to"]) if "up_to" in tier else None
        flat = Fraction(tier.get("flat", 0)) * unit
        tiers.append(Tier(lower, upper, unit * Fraction(tier["percent"]) / 100, flat))
        lower = upper if upper is not None else lower
    return tiers
