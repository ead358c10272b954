"""Which charge bills an event, where several of a contract count the same meter.

Of two charges, the narrower one, whose conditions hold for some of the other's events and for none besides, bills what
both match, and the other leaves that out. A surcharge bills besides, and takes nothing from anyone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

from tests.oracle.agreement import Agreement, Item
from tests.oracle.book import meters_of
from tests.oracle.measure import meets

Where = Mapping[str, Any]


def is_surcharge(book: Mapping[str, Any], charge: Item) -> bool:
    return bool(charge.get("surcharge", book["rating"][charge.get("rating")].get("surcharge", False)))


def narrower(book: Mapping[str, Any], agreement: Agreement, charge: Item, meter: str) -> Iterator[Where]:
    """The conditions of a contract's charges that take events of a meter from one of its charges."""
    if is_surcharge(book, charge):
        return
    own = book["rating"][charge.get("rating")].get("where", {})
    for other in agreement.charges:
        rule = book["rating"][other.get("rating")]
        counts = meter in {use.meter for use in meters_of(rule)}
        if counts and not is_surcharge(book, other) and is_narrower(rule.get("where", {}), own):
            yield rule["where"]


def is_narrower(one: Where, other: Where) -> bool:
    """Whether conditions hold for some of the events of others, and for none besides."""
    return includes(other, one) and not includes(one, other)


def includes(wide: Where, narrow: Where) -> bool:
    """Whether conditions hold wherever others do, tried on all values of columns that can make a difference."""
    return tried(json.dumps([wide, narrow], sort_keys=True, default=str))


@cache
def tried(written: str) -> bool:
    wide, narrow = json.loads(written)
    samples = {column: samples_of(column, wide, narrow) for column in {*wide, *narrow}}
    rows = (dict(zip(samples, values, strict=True)) for values in product(*samples.values()))
    return all(meets(row, wide) for row in rows if meets(row, narrow))


def samples_of(column: str, *wheres: Where) -> list[Any]:
    """Values of a column on, below, above and between what conditions ask for, and NULL."""
    found: list[Any] = [None]
    for where in wheres:
        written = where.get(column, {})
        for wanted in written.values() if isinstance(written, Mapping) else [written]:
            for one in wanted if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]:
                found += neighbours(one)
    return found


def neighbours(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [True, False]
    return [value, value + "~", "~"] if isinstance(value, str) else [value - 1, value, value + 1]
