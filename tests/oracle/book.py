"""What the book says: dated values, trees with `default`, and a contract's fees and charges, each in its own currency.

A book is what its YAML means, as plain dictionaries: `{"book": …, "meters": {id: …}, "rating": …, "multipliers": …,
"plans": …, "contracts": …, "specs": …}`; numbers are int, Decimal or Fraction, times are dates or aware datetimes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.calendar import Life, instant, zone

Node = Any
"""Any part of a book: a mapping, a list or a scalar."""


def in_force(node: Node, moment: datetime, where: ZoneInfo) -> Node:
    """Replace everything dated inside a part of the book by its version at an instant; None where none holds yet.

    Keys beside `versions` are common to all versions; a version that is nothing but a `value` is that value.
    """
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
        return in_force(whole["value"] if set(whole) == {"value"} else whole, moment, where)
    if isinstance(node, Mapping):
        return {key: in_force(value, moment, where) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [in_force(value, moment, where) for value in node]
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


@dataclass(frozen=True)
class Item:
    """A fee or a charge of a contract: for each key what is nearest, and whose money it is in."""

    id: str
    keys: Mapping[str, Own]

    def own(self, key: str) -> Own | None:
        return self.keys.get(key)

    def get(self, key: str, default: Node = None) -> Node:
        return self.keys[key].node if key in self.keys else default


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


@dataclass(frozen=True)
class Agreement:
    """What a contract comes to once its plan, its own additions and its overrides are put together."""

    id: str
    contract: Mapping[str, Any]
    spec: Mapping[str, Any]
    life: Life
    subjects: tuple[str, ...]
    currency: str
    cycle: Mapping[str, str]
    fees: tuple[Item, ...]
    charges: tuple[Item, ...]
    minimum: Own | None

    @property
    def where(self) -> ZoneInfo:
        return self.life.where

    @property
    def rounding(self) -> str:
        mode: str = self.spec.get("rounding", {}).get("mode", "half_up")
        return mode


def agreement(book: Mapping[str, Any], contract_id: str) -> Agreement:
    """Put a contract together: the plan's fees and charges, then its own; an override's keys replace whole keys."""
    contract = book["contracts"][contract_id]
    spec = book["specs"][contract["spec"]]
    where = zone(spec["time_zone"])
    currency = contract.get("currency", spec["currency"])
    plan = find_plan(book, contract["plan"]) if "plan" in contract else {}
    plan_currency = plan.get("currency", book["book"]["currency"])
    fixed = [{"id": "fixed", **contract["price_fixed"]}] if "price_fixed" in contract else []
    end = contract.get("end")
    return Agreement(
        id=contract_id,
        contract=contract,
        spec=spec,
        life=Life(instant(contract["start"], where), None if end is None else instant(end, where), where),
        subjects=tuple(contract["subjects"]) if "subjects" in contract else (contract["org"],),
        currency=currency,
        cycle={"every": "month", "anchor": "calendar", **contract.get("cycle", plan.get("cycle", {}))},
        fees=(
            *(item(fee, plan_currency, contract, currency) for fee in plan.get("fees", [])),
            *(item(fee, currency, contract, currency) for fee in [*fixed, *contract.get("fees", [])]),
        ),
        charges=(
            *(item(charge, plan_currency, contract, currency) for charge in plan.get("charges", [])),
            *(item(charge, currency, contract, currency) for charge in contract.get("charges", [])),
        ),
        minimum=Own(plan["minimum"], plan_currency) if "minimum" in plan else None,
    )


def item(
    written: Mapping[str, Any], currency: str, contract: Mapping[str, Any], contract_currency: str
) -> Item:
    """Make a fee or charge; the amounts of an override are in the contract's currency."""
    name = written.get("id", written.get("rating"))
    keys = {key: Own(value, currency) for key, value in written.items()}
    for key, value in contract.get("overrides", {}).get(name, {}).items():
        keys[key] = Own(value, contract_currency)
    return Item(str(name), keys)


def find_plan(book: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Bare `pro` is `pro@1`, never the newest."""
    plan: Mapping[str, Any] = (
        book["plans"][name] if name in book["plans"] else book["plans"][name.removesuffix("@1")]
    )
    return plan


def price_of(book: Mapping[str, Any], charge: Item) -> Own | None:
    """The price of a charge: the nearest of the override's, the charge's and the rule's (in the book's currency)."""
    own = charge.own("price")
    if own is not None:
        return own
    rule = book["rating"][charge.get("rating")]
    return Own(rule["price"], book["book"]["currency"]) if "price" in rule else None
