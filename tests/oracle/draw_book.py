"""Draws the parts of a book around one run: its meters, rules, multipliers, specs and plans."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from tests.oracle.calendar import run_dates
from tests.oracle.choices import Chooser
from tests.oracle.draw_prices import BOUNDARIES, Money, Prices, When, fill

CURRENCIES = ("USD", "EUR", "TRY", "JPY", "KWD")
ZONES = (
    "UTC",
    "Europe/Istanbul",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Africa/Cairo",
    "Pacific/Auckland",
    "America/Havana",
    "Asia/Beirut",
)
PERIODS = (
    "2026-10",
    "2026-03",
    "2026-02",
    "2024-02",
    "2026-04",
    "2026-W14",
    "2026-Q1",
    "2026",
    "2026-03-29",
    "2026-10-15/2026-11-20",
    "2026-12-31/2027-01-02",
)
COLUMNS = {
    "chain": "string",
    "method": "string",
    "status": "integer",
    "size": "integer",
    "level": "decimal",
    "latency": "integer",
    "live": "boolean",
}
SOURCE = {"subject": "org", "event_id": "id", "event_time": "ts", "columns": COLUMNS}
KEYS = {
    "chain": ("ethereum", "base", "solana"),
    "method": ("eth_call", "eth_getLogs"),
    "band": ("100", "500", "over"),
    "status": ("200", "404"),
    "live": ("true", "false"),
}
"""Dimensions and the keys that usage has there (NULL besides)."""

BAND = {"band": {"of": "latency", "up_to": [100, 500]}}
FACTORS = ("1", "2", "0.5", "26", "0", "0.333", "1.5")
CONDITIONS: tuple[Mapping[str, Any], ...] = (
    {"status": {"lt": 500}},
    {"status": {"gte": 200, "lte": 404}},
    {"status": {"gt": 200}},
    {"method": {"not_in": ["net_version"]}},
    {"method": {"starts_with": "eth_"}},
    {"method": {"exists": True}},
    {"chain": {"exists": False}},
    {"chain": ["ethereum", "base"]},
    {"chain": {"in": ["solana"]}},
    {"chain": "ethereum"},
    {"live": True},
    {"size": {"eq": 10}},
)


@dataclass(frozen=True)
class Scene:
    """One run: its period, and the days and instants around it at which things happen.

    Attributes:
        moments: dates and times at which contracts begin and end, and versions change.
        aggregates: what meters may do.
        features: what is drawn besides (see `tests.oracle.features`).
    """

    chooser: Chooser
    period: str
    moments: Sequence[When]
    aggregates: Sequence[str]
    features: Sequence[str]

    def draws(self, feature: str, percent: int) -> bool:
        """Whether a feature is drawn here, in so many of a hundred cases where it is switched on."""
        return feature in self.features and self.chooser.often(percent)

    @property
    def first(self) -> date:
        return run_dates(self.period)[0]

    @property
    def last(self) -> date:
        return run_dates(self.period)[1]


def draw_scene(chooser: Chooser, aggregates: Sequence[str], features: Sequence[str]) -> Scene:
    period = chooser.one(PERIODS)
    first, last = run_dates(period)
    middle = first + (last - first) // 2
    eastern = timezone(timedelta(hours=3))
    noon = datetime(middle.year, middle.month, middle.day, 12, tzinfo=UTC)
    moments: list[When] = [
        middle,
        middle + timedelta(days=1),
        first,
        last,
        first + timedelta(days=1),
        last - timedelta(days=1),
        noon,
        (noon + timedelta(hours=2, microseconds=1)).astimezone(eastern),
        first - timedelta(days=1),
        first.replace(day=1) - timedelta(days=1),
        first - timedelta(days=40),
    ]
    return Scene(chooser, period, moments, aggregates, features)


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
        meters = {f"meter-{n}": self.meter() for n in range(one.count(1, 2))}
        multipliers = {f"weights-{n}": self.multiplier() for n in range(one.count(0, 2))}
        rating: dict[str, Any] = {}
        for name, meter in meters.items():
            rating |= self.rules(name, meter, sorted(multipliers))
        book: dict[str, Any] = {
            "book": {"syntax": 1, "name": "drawn", "currency": "USD", "sources": {"raw": source}},
            "meters": meters,
            "multipliers": multipliers,
            "rating": rating,
            "specs": {f"spec-{n}": self.spec() for n in range(one.count(1, 2))},
        }
        book["plans"] = {name: self.plan(book) for name in ("pro", "pro@2")[: one.count(0, 2)]}
        return book

    def meter(self) -> dict[str, Any]:
        one = self.chooser
        how = one.one(self.scene.aggregates)
        value = (
            {}
            if how == "count"
            else {"value": one.one(("method", "size") if how == "unique" else ("size", "level"))}
        )
        where: dict[str, Any] = {}
        for condition in one.some(CONDITIONS)[: one.one((0, 0, 1, 2))]:
            where.update(condition)
        dimensions = ["chain", "method", BAND, "status", "live"]
        return {"source": "raw", "aggregate": how, **value, "unit": "byte", "dimensions": dimensions} | (
            {"where": where} if where else {}
        )

    def prices(self) -> Prices:
        return Prices(self.chooser, self.scene.moments, KEYS)

    def multiplier(self) -> dict[str, Any]:
        prices = self.prices()
        by, shape = prices.tree_shape()
        factors = prices.dated(
            50, lambda: {"values": fill(shape, lambda: self.chooser.number(FACTORS))}, scalar=False
        )
        return {"by": by, **factors}

    def rules(self, name: str, meter: Mapping[str, Any], multipliers: Sequence[str]) -> dict[str, Any]:
        """The rules of a meter: one, and perhaps a narrower one and a surcharge."""
        rule_name = name.replace("meter", "rule")
        rule = self.rule(name, meter, multipliers)
        found = {rule_name: rule}
        taken = {*meter.get("where", ()), *rule.get("where", ())}
        if self.scene.draws("narrower", 30):
            where = {**rule.get("where", {}), **self.condition(taken)}
            found[f"{rule_name}-narrow"] = {**self.rule(name, meter, multipliers), "where": where}
        if self.scene.draws("narrower", 20):
            extra = {**self.rule(name, meter, multipliers), "surcharge": True}
            found[f"{rule_name}-extra"] = extra
        return found

    def condition(self, taken: Collection[str]) -> Mapping[str, Any]:
        """A condition on a column that has none yet."""
        return self.chooser.one([one for one in CONDITIONS if not set(one) & set(taken)])

    def rule(self, name: str, meter: Mapping[str, Any], multipliers: Sequence[str]) -> dict[str, Any]:
        one = self.chooser
        names = sorted(KEYS)
        narrowed = one.maybe(15, "where", lambda: dict(one.one(CONDITIONS)))
        return {
            "meter": name,
            **one.maybe(85, "price", lambda: self.prices().price(Money("USD", ("EUR",)))),
            **(narrowed if not set(narrowed.get("where", ())) & set(meter.get("where", ())) else {}),
            **one.maybe(50, "multiply_by", lambda: one.some(multipliers)),
            **one.maybe(40, "convert", self.conversion),
            **one.maybe(40, "pool_by", lambda: one.some(names)[:2]),
            **one.maybe(60, "lines_by", lambda: one.some(names)[:2]),
        }

    def conversion(self) -> dict[str, Any]:
        one = self.chooser
        rounding = {"round": one.one(("none", "up", "down", "half_up"))}
        if one.often(25):
            return {"to": one.one(("KiB", "kB")), **rounding}
        return {**one.maybe(70, "divide_by", lambda: one.number(("10", "4", "1000", "0.5"))), **rounding}

    def spec(self) -> dict[str, Any]:
        one = self.chooser
        tax = {"name": "VAT", "round_on": one.one(("rate_group", "line"))}
        rates = self.prices().dated(
            50, lambda: {"percent": one.number(("20", "18", "0", "7.7"))}, scalar=False
        )
        return {
            "time_zone": one.one(ZONES),
            "currency": one.one(CURRENCIES),
            "fx": {
                "source": "bank",
                **one.maybe(70, "bulletin", lambda: one.one(("before", "same_day"))),
                **one.maybe(20, "date", lambda: one.one(("period_end", "invoice_date"))),
            },
            **one.maybe(60, "tax", {**tax, **rates} if one.often(90) else "external"),
            **one.maybe(60, "rounding", lambda: {"mode": one.one(("half_up", "half_even", "up", "down"))}),
            **one.maybe(40, "invoice", lambda: {"issue_after": one.one(("1 day", "0 days", "1 month"))}),
        }

    def cycle(self) -> dict[str, Any]:
        cycles = ("month", "month", "month", "quarter", "week", "year", "day")
        is_long = self.scene.last - self.scene.first > timedelta(days=100)
        every = self.chooser.one(cycles[:4] if is_long else cycles)
        return {"every": every, "anchor": self.chooser.one(("calendar", "contract_start"))}

    def fee(self, name: str, money: Money) -> dict[str, Any]:
        prices = self.prices()
        return {"id": name, "name": name, **self.fee_terms(money), "amount": self.fee_amount(prices, money)}

    def fee_amount(self, prices: Prices, money: Money) -> Any:
        listed = money if self.chooser.often(25) else Money(money.own)
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
        prices = self.prices()
        percent = 50 if "price" in book["rating"][rule] else 100
        own = self.chooser.maybe(percent, "price", lambda: prices.price(money))
        besides = {"surcharge": True} if self.scene.draws("narrower", 7) else {}
        return {"rating": rule, **own, **prices.pricing(money), **besides}

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
