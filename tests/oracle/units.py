"""Pricing units: amounts in something that is worth money, as credits or tokens, by a dated conversion.

An amount `{credit: 3}` is read as the dated amount that it is worth: so a change of the conversion splits usage as a
change of the price does, and a fee has the conversion of its period's start.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.book import Own
from tests.oracle.exchange import Exchange

Units = Mapping[str, Any]


def with_worth(node: Any, units: Units, home: str) -> Any:
    """Give every amount in a pricing unit its worth in money beside it."""
    if isinstance(node, Mapping):
        if len(node) == 1 and set(node) <= set(units):
            ((unit, number),) = node.items()
            return {"pricing": dict(node), **worth(units[unit], Fraction(number), home)}
        return {key: with_worth(value, units, home) for key, value in node.items()}
    return [with_worth(one, units, home) for one in node] if isinstance(node, list | tuple) else node


def worth(unit: Mapping[str, Any], number: Fraction, home: str) -> dict[str, Any]:
    """What so many units are worth: in each currency of the conversion, dated as it is."""
    if "versions" not in unit:
        return {"value": money(unit["value"], number, home)}
    return {"versions": [{**one, "value": money(one["value"], number, home)} for one in unit["versions"]]}


def money(value: Any, number: Fraction, home: str) -> dict[str, Fraction]:
    """What so many units are worth in each currency that is listed; a bare number is in the book's."""
    listed = value if isinstance(value, Mapping) else {home: value}
    return {currency: Fraction(each) * number for currency, each in listed.items()}


def unit_of(prices: Sequence[Own | None]) -> str | None:
    """The pricing unit of prices; None where some of them is in money."""
    found = set(units_in([price.node for price in prices if price is not None]))
    return found.pop() if len(found) == 1 else None


def without_worth(node: Any) -> Any:
    """A price with everything blocked whose amounts are in a unit that is worth nothing yet, cell by cell."""
    if isinstance(node, Mapping) and node.get("model") == "matrix":
        return {**node, "values": cells_without_worth(node["values"], len(node["by"]))}
    return "blocked" if lacks_worth(node) else node


def cells_without_worth(node: Any, depth: int) -> Any:
    if depth == 0:
        return without_worth(node)
    return {key: cells_without_worth(below, depth - 1) for key, below in node.items()}


def lacks_worth(node: Any) -> bool:
    """Whether an amount is in a unit that is worth nothing yet."""
    if isinstance(node, Mapping):
        return any(value is None or lacks_worth(value) for value in node.values())
    return isinstance(node, list | tuple) and any(lacks_worth(one) for one in node)


def units_in(node: Any) -> Iterator[str | None]:
    """In which units the amounts of a price are; None is money."""
    if isinstance(node, Mapping) and "pricing" in node:
        yield from node["pricing"]
    elif isinstance(node, Mapping):
        if node.get("model") in {"percentage", "graduated_percentage", "dynamic"}:
            yield None
        for key, value in node.items():
            is_number = isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool)
            if key in {"amount", "flat"} and (is_number or is_listed(value)):
                yield None
            yield from units_in(value)
    elif isinstance(node, list | tuple):
        for one in node:
            yield from units_in(one)


def is_listed(value: Any) -> bool:
    """Whether an amount is listed in currencies."""
    return isinstance(value, Mapping) and not {"pricing", "versions"} & set(value)


class UnitExchange(Exchange):
    """Leaves amounts in a pricing unit as they are; every other amount of such a price is zero."""

    def __init__(self) -> None:
        """Nothing of an exchange is needed."""

    def amount(self, own: Own) -> Fraction:
        if isinstance(own.node, Mapping) and "pricing" in own.node:
            (number,) = own.node["pricing"].values()
            return Fraction(number)
        return Fraction(0)
