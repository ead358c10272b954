"""Draws contract discounts, commitments and credits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.draw_prices import PERCENTS, When
from tests.oracle.draw_scene import Scene
from tests.oracle.draw_time import TimeDrawing

AMOUNTS = ("10", "0.5", "33.333", "1000", "0.01", "2.5", "100000")
UNITS = ("1", "5", "100", "2.5")
ROLLOVER = ("10", "50", "100", "33.3")
DURATIONS = ("1 month", "1 year", "10 days")


@dataclass(frozen=True)
class MoneyOff:
    """Draws for one contract, which may be charged for the fees and charges of some names."""

    time: TimeDrawing
    fees: Sequence[str]
    charges: Sequence[str]
    plans: Sequence[str]

    @property
    def scene(self) -> Scene:
        return self.time.scene

    @property
    def start(self) -> When:
        return self.time.start

    def applies_to(self) -> list[str]:
        return self.scene.chooser.some(["usage", "fee", *self.fees, *self.charges], 1)

    def discounts(self) -> dict[str, Any]:
        one = self.scene.chooser
        count = one.count(0, 2) if one.often(40) else 0
        found = [self.discount(number) for number in range(count)]
        return {"discounts": found} if found else {}

    def discount(self, number: int) -> dict[str, Any]:
        one = self.scene.chooser
        found: dict[str, Any] = {**self.taken(), **one.maybe(30, "id", f"special-{number}")}
        found.update(one.maybe(40, "from", lambda: one.one(self.scene.moments)))
        ends = self.time.after(found.get("from", self.start))
        found.update(one.maybe(40, "until", lambda: one.one(ends)) if ends else {})
        if found.get("from") in {None, *self.time.after(self.start)} and self.scene.draws("discounts", 30):
            found["periods"] = one.count(1, 3)
        if self.plans and self.scene.draws("discounts", 20):
            found["plan"] = one.one(self.plans)
        return found

    def taken(self) -> dict[str, Any]:
        """How much comes off what."""
        one = self.scene.chooser
        if self.scene.draws("discounts", 30):
            return {"amount": one.number(AMOUNTS), "applies_to": self.applies_to()}
        unbounded = [name for name in self.charges if not name.startswith("bounded")]
        if unbounded and self.scene.draws("discounts", 20):
            return {"units": one.number(UNITS), "applies_to": one.some(unbounded, 1)}
        of = {"of": one.one(("whole", "rest"))} if self.scene.draws("discounts", 30) else {}
        return {"percent": one.number(PERCENTS), "applies_to": self.applies_to(), **of}

    def commitments(self) -> dict[str, Any]:
        if not self.scene.draws("commitments", 30):
            return {}
        one = self.scene.chooser
        return {"commitments": [self.commitment(f"y{number}") for number in range(one.count(1, 2))]}

    def commitment(self, name: str) -> dict[str, Any]:
        one = self.scene.chooser
        found = {"id": name, "amount": one.number(AMOUNTS), "applies_to": self.applies_to()}
        begin = one.one([self.start, *self.time.after(self.start)])
        ends = self.time.after(begin)
        if not ends or one.often(30):
            until = one.maybe(40, "until", lambda: one.one(ends)) if ends else {}
            window = {**one.maybe(40, "from", begin), **until}
            prorate = one.maybe(60, "prorate", lambda: one.one(("days", "seconds", "none")))
            return {**found, "every": "period", **window, **prorate}
        term = {"from": begin, "until": one.one(ends)}
        if one.often(50):
            return {**found, **term, "pay": "in_advance", **self.overage(), **self.rollover()}
        true_up = one.maybe(60, "true_up", lambda: one.one(("end", "period")))
        return {**found, **term, "pay": "in_arrears", **true_up, **self.overage()}

    def overage(self) -> Mapping[str, Any]:
        one = self.scene.chooser
        kinds = ({"percent_off": one.number(PERCENTS)}, {"factor": one.number(("1.2", "2", "1.005"))})
        return one.maybe(30, "overage", lambda: one.one(kinds))

    def rollover(self) -> Mapping[str, Any]:
        one = self.scene.chooser
        return one.maybe(30, "rollover", lambda: {"percent": one.number(ROLLOVER), "for": one.one(DURATIONS)})

    def credits(self) -> dict[str, Any]:
        if not self.scene.draws("credits", 30):
            return {}
        one = self.scene.chooser
        return {"credits": [self.credit(f"credit-{number}") for number in range(one.count(1, 3))]}

    def credit(self, name: str) -> dict[str, Any]:
        one = self.scene.chooser
        begin = one.one([self.start, *self.time.after(self.start)])
        ends = self.time.after(begin)
        expires = one.maybe(60, "expires", lambda: one.one(ends)) if ends else {}
        return {
            "id": name,
            "amount": one.number(AMOUNTS),
            "from": begin,
            **expires,
            **one.maybe(30, "priority", lambda: one.count(0, 2)),
            **one.maybe(50, "applies_to", self.applies_to),
            **(self.rollover() if expires else {}),
        }
