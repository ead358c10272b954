"""Pricing units: amounts in something that is worth money, as credits or tokens, by a dated conversion.

An amount `{credit: 3}` is read as the dated amount that it is worth: so a change of the conversion splits usage as a
change of the price does, and a fee has the conversion of its period's start.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracle.book import Own, values_of
from tests.oracle.exchange import Exchange

Units = Mapping[str, Any]


def with_worth(node: Any, units: Units) -> Any:
    """Give every amount in a pricing unit its worth in money beside it."""
    if isinstance(node, Mapping):
        if len(node) == 1 and set(node) <= set(units):
            ((unit, number),) = node.items()
            return {"pricing": dict(node), **worth(units[unit], Fraction(number))}
        return {key: with_worth(value, units) for key, value in node.items()}
    return [with_worth(one, units) for one in node] if isinstance(node, list | tuple) else node


def worth(unit: Mapping[str, Any], number: Fraction) -> dict[str, Any]:
    """What so many units are worth: in each currency of the conversion, dated as it is."""
    if "versions" not in unit:
        return {"value": money(unit["value"], number)}
    return {"versions": [{**one, "value": money(one["value"], number)} for one in unit["versions"]]}


def money(value: Mapping[str, Any], number: Fraction) -> dict[str, Fraction]:
    return {currency: Fraction(each) * number for currency, each in value.items()}


def unit_of(price: Own | None) -> str | None:
    """The pricing unit of a price; None where it is in money."""
    found = {
        unit for pricing in values_of(None if price is None else price.node, "pricing") for unit in pricing
    }
    return found.pop() if len(found) == 1 else None


class UnitExchange(Exchange):
    """Leaves amounts in a pricing unit as they are; every other amount of such a price is zero."""

    def __init__(self) -> None:
        """Nothing of an exchange is needed."""

    def amount(self, own: Own) -> Fraction:
        if isinstance(own.node, Mapping) and "pricing" in own.node:
            (number,) = own.node["pricing"].values()
            return Fraction(number)
        return Fraction(0)
