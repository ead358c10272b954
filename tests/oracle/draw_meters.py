"""Draws meters: what they measure, in which unit, and which columns they look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.oracle.draw_scene import CONDITIONS, CURRENCIES, Scene

BAND = {"band": {"of": "latency", "up_to": [100, 500]}}
DIMENSIONS = ["chain", "method", BAND, "status", "live"]
EXPRESSIONS = (
    "size + latency",
    "coalesce(latency, 3) * 2",
    "max(size, latency) - min(size, latency)",
    "ceil(size / 1000)",
    "floor((size + 7) / 4) + coalesce(status, 1)",
    "level * 1.5",
    "max(coalesce(level, size), 0.5) + -(-size)",
)
OPERATION = {"column": "action", "add": ["add", "join"], "remove": ["remove"]}
PERCENTS = ("95", "50", "99.9", "33.3", "100", "1")


@dataclass(frozen=True)
class MeterDrawing:
    """Draws the meters of a scene."""

    scene: Scene

    def meter(self) -> dict[str, Any]:
        one = self.scene.chooser
        where: dict[str, Any] = {}
        for condition in one.some(CONDITIONS)[: one.one((0, 0, 1, 2))]:
            where.update(condition)
        measured = self.money() if self.scene.draws("shares", 25) else {**self.measured(), "unit": "byte"}
        return {"source": "raw", **measured, "dimensions": DIMENSIONS} | ({"where": where} if where else {})

    def money(self) -> dict[str, Any]:
        """A sum of money; of cents, rules make dollars."""
        return {
            "aggregate": "sum",
            "value": self.scene.chooser.one(("size", "level")),
            "unit": self.scene.chooser.one(("USD", "cent", *CURRENCIES)),
        }

    def measured(self) -> dict[str, Any]:
        one = self.scene.chooser
        if self.scene.draws("percentile", 8):
            return {"aggregate": "percentile", "percent": one.number(PERCENTS), "value": self.value()}
        if self.scene.draws("recurring", 15):
            return self.recurring()
        how = one.one(self.scene.aggregates)
        if how == "count":
            return {"aggregate": how}
        if how == "unique":
            return {"aggregate": how, "value": "method", **self.members()}
        return {"aggregate": how, "value": self.value()}

    def recurring(self) -> dict[str, Any]:
        """A meter that carries over, prorated or not."""
        how = self.scene.chooser.one(("sum", "latest", "unique"))
        if how == "unique":
            return {"aggregate": how, "value": "method", "operation": OPERATION, "recurring": True}
        prorate = self.scene.chooser.maybe(
            70, "prorate", lambda: self.scene.chooser.one(("days", "seconds", "none"))
        )
        return {"aggregate": how, "value": self.value(), "recurring": True, **prorate}

    def members(self) -> Mapping[str, Any]:
        return {"operation": OPERATION} if self.scene.draws("operation", 40) else {}

    def value(self) -> str:
        if self.scene.draws("expressions", 30):
            return self.scene.chooser.one(EXPRESSIONS)
        return self.scene.chooser.one(("size", "level"))


def is_money(meter: Mapping[str, Any]) -> bool:
    """Whether a meter sums money, so that a share of it is a price."""
    return meter["unit"] in {"cent", *CURRENCIES}
