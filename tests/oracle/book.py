"""What the book says: dated values, trees with `default`, and a contract's fees and charges, each in its own currency.

A book is what its YAML means, as plain dictionaries: `{"book": …, "meters": {id: …}, "rating": …, "multipliers": …,
"plans": …, "contracts": …, "specs": …}`; numbers are int, Decimal or Fraction, times are dates or aware datetimes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.calendar import instant

Node = Any
"""Any part of a book: a mapping, a list or a scalar."""


def in_force(node: Node, moment: datetime, where: ZoneInfo, keep: str = "") -> Node:
    """Replace everything dated inside a part of the book by its version at an instant; None where none holds yet.

    Keys beside `versions` are common to all versions; a version that is nothing but a `value` is that value.
    What has the key `keep` stays dated.
    """
    if isinstance(node, Mapping) and keep in node:
        return node
    if isinstance(node, Mapping) and "versions" in node:
        chosen = None
        for version in node["versions"]:
            if "from" not in version or instant(version["from"], where) <= moment:
                chosen = version
        if chosen is None:
            return None
        common = {key: value for key, value in node.items() if key != "versions"}
        own = {key: value for key, value in chosen.items() if key not in {"from", "reference"}}
        whole = {**common, **own}
        return in_force(whole["value"] if set(whole) == {"value"} else whole, moment, where, keep)
    if isinstance(node, Mapping):
        return {key: in_force(value, moment, where, keep) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [in_force(value, moment, where, keep) for value in node]
    return node


def changes(node: Node, where: ZoneInfo) -> set[datetime]:
    """Collect the instants at which anything dated inside a part of the book changes."""
    found: set[datetime] = set()
    if isinstance(node, Mapping):
        for version in node.get("versions", []):
            if "from" in version:
                found.add(instant(version["from"], where))
        for value in node.values():
            found |= changes(value, where)
    elif isinstance(node, list | tuple):
        for value in node:
            found |= changes(value, where)
    return found


def values_of(node: Node, key: str) -> Iterator[Node]:
    """Find everything that stands under a key anywhere inside a part of the book."""
    if isinstance(node, Mapping):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from values_of(value, key)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from values_of(value, key)


def walk(tree: Node, keys: Sequence[str | None]) -> tuple[tuple[str, ...], Node] | None:
    """Find a leaf of a tree: at each level the key itself, else `default`, and back again if that leads nowhere.

    Gives the path of keys that led there and the leaf, or None. A NULL (None) matches only `default`.
    """
    if not keys:
        return (), tree
    named = {str(key): value for key, value in tree.items()}
    for key in (keys[0], "default"):
        if key is not None and key in named:
            below = walk(named[key], keys[1:])
            if below is not None:
                path, leaf = below
                return (key, *path), leaf
    return None


class Own(NamedTuple):
    """A part of the book, and the currency that its plain amounts are in."""

    node: Node
    currency: str


def own_at(own: Own | None, moment: datetime, where: ZoneInfo, keep: str = "") -> Own | None:
    """What a part of the book says at an instant, and in whose currency; None where it says nothing then."""
    node = None if own is None else in_force(own.node, moment, where, keep)
    if own is None or node is None:
        return None
    if isinstance(node, Mapping) and "own" in node:
        return None if node["own"] is None else Own(node["own"], node["of"])
    return Own(node, own.currency)


class MeterUse(NamedTuple):
    """A meter that a rating rule counts, with what its quantity is multiplied by."""

    meter: str
    multiply_by: tuple[str, ...]
    factor: Fraction


def meters_of(rule: Mapping[str, Any]) -> list[MeterUse]:
    """The meters whose units a rule adds up: one, or several that share its ladder."""
    several = rule.get("meters", [rule])
    return [
        MeterUse(one["meter"], tuple(one.get("multiply_by", [])), Fraction(one.get("factor", 1)))
        for one in several
    ]


def dimension_names(meter: Mapping[str, Any]) -> list[str]:
    """The names of a meter's dimensions; those of bands are the keys of mappings."""
    names: list[str] = []
    for dimension in meter.get("dimensions", []):
        names += list(dimension) if isinstance(dimension, Mapping) else [dimension]
    return names
