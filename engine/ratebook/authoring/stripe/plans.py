"""Products and prices of Stripe as plans and rating rules of a book."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ratebook.authoring.stripe.amounts import NoCounterpartError, amounts, written
from ratebook.authoring.stripe.names import Ids, wishes
from ratebook.authoring.stripe.usage import Metering, usage_price
from ratebook.authoring.yaml_text import Noted, first_of

_CYCLES: Final = {
    ("day", 1): "day", ("week", 1): "week", ("month", 1): "month", ("month", 3): "quarter", ("month", 12): "year",
    ("year", 1): "year",
}  # fmt: skip
ONCE: Final = "once"


class Document(NamedTuple):
    """A file of the book before it is written: rows of comments above it, and its data."""

    comments: list[str]
    data: dict[str, Any]


class Offer(NamedTuple):
    """A price with its product, how often it is due, and whether the product has no other of its kind."""

    price: Mapping[str, Any]
    product: Mapping[str, Any]
    every: str
    is_only: bool

    @property
    def group(self) -> tuple[str, str, str]:
        """What it has in common with prices that a customer may have together with it."""
        return str(self.product["id"]), self.every, self.currency

    @property
    def currency(self) -> str:
        """Its own currency, before other options."""
        return str(self.price["currency"]).upper()

    @property
    def wishes(self) -> tuple[str, ...]:
        """The ids that suit it, the best first."""
        return wishes(self.price, self.product, self.every, is_only=self.is_only)

    @property
    def name(self) -> str:
        """What it is called."""
        return first_of(self.price.get("nickname"), self.product.get("name"), self.price["id"])


class Charged(NamedTuple):
    """A rating rule that was made of a metered price."""

    rule: str
    meter: str
    offer: Offer


def how_often(price: Mapping[str, Any]) -> str:
    """Tell how often a price is due.

    Raises:
        NoCounterpartError: in a cycle that a book does not have.
    """
    if price.get("type") == "one_time" or not price.get("recurring"):
        return ONCE
    recurring = price["recurring"]
    cycle = (recurring.get("interval"), recurring.get("interval_count") or 1)
    if cycle not in _CYCLES:
        raise NoCounterpartError(f"it is due every {cycle[1]} {cycle[0]}s")
    return _CYCLES[cycle]


def is_metered(price: Mapping[str, Any]) -> bool:
    """Tell whether a price is for usage that is counted."""
    return (price.get("recurring") or {}).get("usage_type") == "metered"


@dataclass
class Plans:
    """The plans and rules that were made.

    Attributes:
        home: currency of the book.
        metering: the meters that rules need.
        rules: id → document.
        plans: id → document.
    """

    home: str
    metering: Metering
    rules: dict[str, Document] = field(default_factory=dict)
    plans: dict[str, Document] = field(default_factory=dict)
    _charged: dict[tuple[str, str, str], list[Charged]] = field(default_factory=dict)
    _rule_ids: Ids = field(default_factory=Ids)
    _plan_ids: Ids = field(default_factory=Ids)

    def add_rule(self, one: Offer) -> None:
        """Make a rating rule of a metered price.

        Raises:
            NoCounterpartError: a book has no such price.
        """
        priced = usage_price(one.price, self.home)
        unit = first_of(one.product.get("unit_label"), "unit")
        meter = self.metering.meter_of(one.price, unit)
        name = self._rule_ids.give(*one.wishes)
        described = {"description": one.name.replace("{", "(").replace("}", ")")}
        self.rules[name] = Document(_about(one), {"meter": meter, "price": priced, **described})
        self._charged.setdefault(one.group, []).append(Charged(name, meter, one))

    def add_plan(self, one: Offer) -> None:
        """Make a plan of a price that is not metered, with the metered ones beside it.

        Raises:
            NoCounterpartError: a book has no such fee.
        """
        if one.price.get("billing_scheme") == "tiered":
            raise NoCounterpartError("a fee has one amount; count what it depends on with a meter")
        charged = self._together(one.group)
        home = self.home if self.home in amounts(one.price) else one.currency
        fee = _fee(one, home, [each.rule for each in charged])
        self._add(one, home, [fee], charged)

    def add_plans_of_usage(self, groups: set[tuple[str, str, str]]) -> None:
        """Make plans of metered prices, where there are no others beside them or too many alike.

        Args:
            groups: those that have plans already.
        """
        for group, charged in self._charged.items():
            together = self._together(group)
            if together and group not in groups:
                self._add(together[0].offer, together[0].offer.currency, [], together)
            for each in () if together else charged:
                self._add(each.offer, each.offer.currency, [], [each])

    def _together(self, group: tuple[str, str, str]) -> list[Charged]:
        """Give the metered prices of a group if a customer may have them all: none counts what another counts."""
        charged = self._charged.get(group, [])
        return charged if len({each.meter for each in charged}) == len(charged) else []

    def _add(self, one: Offer, home: str, fees: list[Noted], charged: list[Charged]) -> None:
        name = self._plan_ids.give(*one.wishes)
        days = (one.price.get("recurring") or {}).get("trial_period_days")
        description = first_of(one.product.get("description"))
        data = {
            "name": first_of(one.product.get("name"), one.name),
            **({"description": description} if description else {}),
            **({"currency": home} if home != self.home else {}),
            **({"cycle": {"every": one.every, "anchor": "contract_start"}} if one.every != ONCE else {}),
            **({"fees": fees} if fees else {}),
            **({"charges": [Noted(str(each.offer.price["id"]), {"rating": each.rule}) for each in charged]}
               if charged else {}),
            **({"trial": f"{days} day" if days == 1 else f"{days} days"} if days else {}),
        }  # fmt: skip
        self.plans[name] = Document(_about(one, is_whole=not fees), data)


def _fee(one: Offer, home: str, taken: list[str]) -> Noted:
    price = one.price
    recurring = {"prorate": "seconds"} if one.every != ONCE else {"every": ONCE}
    name = one.wishes[0]
    transform = price.get("transform_quantity")
    packages = f"; its quantity is of packages of {transform['divide_by']}" if transform else ""
    return Noted(
        f"{price['id']}{packages}",
        {
            "id": name if name not in taken else f"{name}-fee",
            "name": one.name,
            "amount": written(amounts(price), home),
            "bill": "in_advance",
            **recurring,
        },
    )


def _about(one: Offer, *, is_whole: bool = True) -> list[str]:
    """Say what a file comes from, and what Stripe says besides."""
    what = f", price {one.price['id']}" if is_whole else ""
    return [f"Stripe: product {one.product['id']}{what}.", *_besides(one)]


def _besides(one: Offer) -> Iterator[str]:
    if one.price.get("tax_behavior") == "inclusive":
        yield "The price contains the tax."
    for key in ("tax_code", "statement_descriptor"):
        if one.product.get(key):
            yield f"{key}: {one.product[key]}"
    for kind, thing in (("product", one.product), ("price", one.price)):
        for key, value in sorted((thing.get("metadata") or {}).items()):
            yield f"metadata of the {kind}: {key} = {value}"
