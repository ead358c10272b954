"""Which charge bills an event, where several of a contract count the same meter.

A charge whose conditions contain all those of another, and more, is the more specific one: it bills the events that it
matches, and the other leaves them out. A surcharge bills besides, and takes nothing from anyone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.oracle.agreement import Agreement, Item
from tests.oracle.book import meters_of
from tests.oracle.measure import meets

Condition = tuple[str, str, str]


def conditions(rule: Mapping[str, Any]) -> set[Condition]:
    """The conditions of a rule one by one: column, operator and what is asked for."""
    found: set[Condition] = set()
    for column, written in rule.get("where", {}).items():
        if isinstance(written, Mapping):
            found |= {(column, operator, repr(wanted)) for operator, wanted in written.items()}
        else:
            operator = "in" if isinstance(written, list | tuple) else "eq"
            found.add((column, operator, repr(written)))
    return found


def is_surcharge(book: Mapping[str, Any], charge: Item) -> bool:
    return bool(charge.get("surcharge", book["rating"][charge.get("rating")].get("surcharge", False)))


def more_specific(
    book: Mapping[str, Any], agreement: Agreement, charge: Item, meter: str
) -> Iterator[Mapping[str, Any]]:
    """The rules of a contract's charges that take events of a meter from one of its charges."""
    if is_surcharge(book, charge):
        return
    own = conditions(book["rating"][charge.get("rating")])
    for other in agreement.charges:
        rule = book["rating"][other.get("rating")]
        counts = meter in {use.meter for use in meters_of(rule)}
        if counts and not is_surcharge(book, other) and conditions(rule) > own:
            yield rule


def is_claimed(row: Mapping[str, Any], rules: list[Mapping[str, Any]]) -> bool:
    return any(meets(row, rule.get("where", {})) for rule in rules)
