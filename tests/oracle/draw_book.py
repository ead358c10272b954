"""Draws the parts of a book around one run: its meters, rules, multipliers, specs and plans."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.oracle.choices import Chooser
from tests.oracle.draw_meters import DIMENSIONS, MeterDrawing, is_money
from tests.oracle.draw_prices import BOUNDARIES, Money, Prices, fill
from tests.oracle.draw_scene import CONDITIONS, CURRENCIES, KEYS, SOURCE, ZONES, Scene
from tests.oracle.draw_taxes import TaxDrawing
from tests.oracle.draw_time import TRIALS

SHARES = ("share", "bounded")
"""What begins the names of rules that count money; prices of the second kind may bound what an event costs."""

SHARED_KEYS = {name: keys for name, keys in KEYS.items() if name != "live"}
LESS = [name for name in DIMENSIONS if name != "live"]
"""What meters that share a ladder all have."""

WORTHS = ("0.01", "0.012", "1", "0.333", "2")
FACTORS = ("1", "2", "0.5", "26", "0", "0.333", "1.5")


@dataclass(frozen=True)
class BookDrawing:
    """Draws a book for a scene; what contracts may bill is drawn first."""

    scene: Scene

    @property
    def chooser(self) -> Chooser:
        return self.scene.chooser

    def book(self) -> dict[str, Any]:
        one = self.chooser
        source = {**SOURCE, "dedupe": one.one(("exact", "trusted"))}
        meters = {f"meter-{n}": MeterDrawing(self.scene).meter() for n in range(one.count(1, 2))}
        multipliers = {f"weights-{n}": self.multiplier() for n in range(one.count(0, 2))}
        rating: dict[str, Any] = {}
        if len(meters) > 1 and self.scene.draws("shared", 40):
            meters["meter-1"] = {**meters["meter-1"], "dimensions": LESS}
            rating["joint-0"] = self.shared_rule(meters, multipliers)
        else:
            for name, meter in meters.items():
                rating |= self.rules(name, meter, sorted(multipliers))
        book: dict[str, Any] = {
            "book": {
                "syntax": 1,
                "name": "drawn",
                "currency": "USD",
                "sources": {"raw": source},
                **self.pricing_units(),
            },
            "meters": meters,
            "multipliers": multipliers,
            "rating": rating,
            "specs": {f"spec-{n}": self.spec() for n in range(one.count(1, 2))},
        }
        book["plans"] = {name: self.plan(book) for name in ("pro", "pro@2")[: one.count(0, 2)]}
        if "taxes_in_stages" not in self.scene.features:
            name_rates_alike(list(book["plans"].values()))
        return book

    def prices(self, rule: str = "") -> Prices:
        """What draws prices; those of a rule that counts money may be shares of it."""
        shares = next((kind for kind in SHARES if rule.startswith(kind)), "")
        keys = SHARED_KEYS if rule.startswith("joint") else KEYS
        features = [*self.scene.features, *(["units"] if self.scene.has_units else [])]
        return Prices(self.chooser, self.scene.moments, keys, shares, features)

    def pricing_units(self) -> dict[str, Any]:
        """What a credit is worth, in dollars and perhaps in euros."""
        if not self.scene.has_units:
            return {}
        one, money = self.chooser, Money("USD", ("EUR",))
        worth = Prices(one, self.scene.moments, KEYS)
        value = worth.dated(50, lambda: worth.amount(money, WORTHS), scalar=True)
        credit = value if isinstance(value, dict) and "versions" in value else {"value": value}
        return {"pricing_units": {"credit": {"name": "Credits", **credit}}}

    def multiplier(self) -> dict[str, Any]:
        prices = self.prices()
        by, shape = prices.tree_shape()
        factors = prices.dated(
            50, lambda: {"values": fill(shape, lambda: self.chooser.number(FACTORS))}, scalar=False
        )
        return {"by": by, **factors}

    def shared_rule(self, meters: Mapping[str, Any], multipliers: Mapping[str, Any]) -> dict[str, Any]:
        """A rule that adds up the units of several meters, of which the last has no dimension `live`."""
        one = self.chooser
        taken = [column for meter in meters.values() for column in meter.get("where", ())]
        fitting = [name for name in sorted(multipliers) if "live" not in multipliers[name]["by"]]
        uses = [
            {
                "meter": name,
                **one.maybe(40, "multiply_by", lambda: one.some(fitting)),
                **one.maybe(50, "factor", lambda: one.number(("0.5", "2", "0.04", "3"))),
            }
            for name in meters
        ]
        return {
            "meters": uses,
            "unit": "unit",
            **self.taxes().named(),
            **one.maybe(15, "where", lambda: dict(self.condition(taken))),
            **one.maybe(85, "price", lambda: self.prices("joint-0").price(Money("USD", ("EUR",)))),
            **one.maybe(40, "convert", lambda: {"divide_by": 10, "round": one.one(("none", "up"))}),
            **one.maybe(40, "pool_by", lambda: one.some(sorted(SHARED_KEYS))[:2]),
            **one.maybe(70, "lines_by", lambda: one.some(sorted(KEYS))[:2]),
        }

    def rules(self, name: str, meter: Mapping[str, Any], multipliers: Sequence[str]) -> dict[str, Any]:
        """The rules of a meter: one, and perhaps a narrower one and a surcharge."""
        rule_name = name.replace("meter", self.chooser.one(SHARES) if is_money(meter) else "rule")
        own = self.where(meter)
        found = {rule_name: self.rule(rule_name, name, meter, multipliers) | own}
        if self.scene.draws("narrower", 30):
            taken = {*meter.get("where", ()), *own.get("where", ())}
            where = {**own.get("where", {}), **self.condition(taken)}
            narrow = f"{rule_name}-narrow"
            found[narrow] = self.rule(narrow, name, meter, multipliers) | {"where": where}
        if self.scene.draws("narrower", 20):
            extra = f"{rule_name}-extra"
            found[extra] = (
                self.rule(extra, name, meter, multipliers) | self.where(meter) | {"surcharge": True}
            )
        return found

    def where(self, meter: Mapping[str, Any]) -> dict[str, Any]:
        narrowed = self.chooser.maybe(15, "where", lambda: dict(self.chooser.one(CONDITIONS)))
        return dict(narrowed) if not set(narrowed.get("where", ())) & set(meter.get("where", ())) else {}

    def condition(self, taken: Collection[str]) -> Mapping[str, Any]:
        """A condition on a column that has none yet."""
        return self.chooser.one([one for one in CONDITIONS if not set(one) & set(taken)])

    def rule(
        self, rule: str, name: str, meter: Mapping[str, Any], multipliers: Sequence[str]
    ) -> dict[str, Any]:
        one = self.chooser
        names = sorted(KEYS)
        return {
            "meter": name,
            **self.taxes().named(),
            **one.maybe(85, "price", lambda: self.prices(rule).price(Money("USD", ("EUR",)))),
            **one.maybe(50, "multiply_by", lambda: one.some(multipliers)),
            **(
                self.money_unit(rule, meter) if is_money(meter) else one.maybe(40, "convert", self.conversion)
            ),
            **one.maybe(40, "pool_by", lambda: [*self.account(), *one.some(names)[:2]]),
            **one.maybe(60, "lines_by", lambda: one.some(names)[:2]),
        }

    def account(self) -> list[str]:
        """Perhaps the dimension that tells accounts apart."""
        return ["account"] if self.scene.draws("children", 30) else []

    def money_unit(self, rule: str, meter: Mapping[str, Any]) -> dict[str, Any]:
        """How billable units of a meter that sums money are in a currency; bounded ones are not rounded."""
        rounding = {} if rule.startswith("bounded") else self.chooser.maybe(20, "round", value="half_up")
        if meter["unit"] == "cent":
            return {"unit": "USD", "convert": {"divide_by": 100, **rounding}}
        return dict(self.chooser.maybe(20, "convert", {"divide_by": 1, **rounding}))

    def conversion(self) -> dict[str, Any]:
        one = self.chooser
        rounding = {"round": one.one(("none", "up", "down", "half_up"))}
        if one.often(25):
            return {"to": one.one(("KiB", "kB")), **rounding}
        return {**one.maybe(70, "divide_by", lambda: one.number(("10", "4", "1000", "0.5"))), **rounding}

    def spec(self) -> dict[str, Any]:
        one = self.chooser
        return {
            "time_zone": one.one(ZONES),
            "currency": one.one(CURRENCIES),
            "fx": {
                "source": "bank",
                **one.maybe(70, "bulletin", lambda: one.one(("before", "same_day"))),
                **one.maybe(20, "date", lambda: one.one(("period_end", "invoice_date"))),
            },
            **self.taxes().tax(),
            **one.maybe(60, "rounding", lambda: {"mode": one.one(("half_up", "half_even", "up", "down"))}),
            **({"credits": {"tax": "before"}} if self.scene.draws("credits", 50) else {}),
            **one.maybe(40, "invoice", lambda: {"issue_after": one.one(("1 day", "0 days", "1 month"))}),
        }

    def cycle(self) -> dict[str, Any]:
        cycles = ("month", "month", "month", "quarter", "week", "year", "day")
        is_long = self.scene.last - self.scene.first > timedelta(days=100)
        every = self.chooser.one(cycles[:4] if is_long else cycles)
        return {"every": every, "anchor": self.chooser.one(("calendar", "contract_start"))}

    def fee(self, name: str, money: Money) -> dict[str, Any]:
        prices = self.prices()
        terms = {**self.fee_terms(money), **self.taxes().named()}
        return {"id": name, "name": name, **terms, "amount": self.fee_amount(prices, money)}

    def taxes(self) -> TaxDrawing:
        return TaxDrawing(self.scene, self.prices())

    def fee_amount(self, prices: Prices, money: Money) -> Any:
        listed = prices.listed(money)
        return prices.dated(30, lambda: prices.amount(listed), scalar=True)

    def fee_terms(self, money: Money) -> dict[str, Any]:
        one = self.chooser
        return {
            **one.maybe(60, "bill", lambda: one.one(("in_advance", "in_arrears"))),
            **one.maybe(50, "prorate", lambda: one.one(("seconds", "days", "none"))),
            **one.maybe(30, "every", lambda: one.one(("once", "month", "week", "quarter", "year"))),
            **one.maybe(30, "quantity", lambda: one.number(("2", "3", "12", "2.5"))),
        }

    def charge(self, book: Mapping[str, Any], rule: str, money: Money) -> dict[str, Any]:
        prices = self.prices(rule)
        percent = 50 if "price" in book["rating"][rule] else 100
        own = self.chooser.maybe(percent, "price", lambda: prices.price(money))
        besides = {"surcharge": True} if self.scene.draws("narrower", 7) else {}
        return {"rating": rule, **own, **prices.pricing(money), **besides, **self.taxes().named()}

    def plan(self, book: Mapping[str, Any]) -> dict[str, Any]:
        one = self.chooser
        money = Money(one.one(("USD", "EUR")), ("TRY",))
        charges = [self.charge(book, rule, money) for rule in one.some(sorted(book["rating"]), 1)]
        fees = [self.fee(name, money) for name in ("base", "seat")[: one.count(0, 2)]]
        return {
            "name": "Plan",
            **one.maybe(80 if money.own == "USD" else 100, "currency", money.own),
            **one.maybe(80, "cycle", self.cycle),
            "fees": fees,
            "charges": charges,
            **one.maybe(30, "minimum", lambda: self.minimum(Money(money.own), fees, charges)),
            **({"trial": one.one(TRIALS)} if self.scene.draws_in_time("trials", 30) else {}),
        }

    def minimum(self, money: Money, fees: Sequence[Any], charges: Sequence[Any]) -> Any:
        one, prices = self.chooser, self.prices()
        names = [*(fee["id"] for fee in fees), *(charge["rating"] for charge in charges)]
        return prices.dated(
            25,
            lambda: {
                "amount": prices.amount(money, BOUNDARIES),
                "applies_to": one.some(["usage", "fee", *names], 1),
                "prorate": one.one(("days", "seconds", "none")),
            },
            scalar=False,
        )


def name_rates_alike(plans: Sequence[Mapping[str, Any]]) -> None:
    """Give fees and charges the tax rate that those of the same name have in the first plan."""
    rates: dict[str, Any] = {}
    for plan in plans:
        for one in [*plan["fees"], *plan["charges"]]:
            rate = rates.setdefault(one.get("id", one.get("rating")), one.get("tax"))
            one.pop("tax", None)
            one.update({} if rate is None else {"tax": rate})
