"""Draws taxes: a spec's rates and how it rounds, what names a rate, and a contract's own tax."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.oracle.draw_prices import Prices
from tests.oracle.draw_scene import Scene

PERCENTS = ("20", "18", "0", "7.7")
REDUCED = ("10", "1", "8.1")


@dataclass(frozen=True)
class TaxDrawing:
    """Draws what is about tax in a scene; either all specs with a tax have named rates, or none."""

    scene: Scene
    prices: Prices

    def tax(self) -> dict[str, Any]:
        """Perhaps what a spec says of its tax; a tax where one must have its rates."""
        one = self.scene.chooser
        if self.scene.has_rates:
            return {"tax": self.terms()}
        return dict(one.maybe(60, "tax", lambda: "external" if one.often(10) else self.terms()))

    def terms(self) -> dict[str, Any]:
        one = self.scene.chooser
        found = {"name": "VAT", "round_on": one.one(("rate_group", "line"))}
        standard = self.prices.dated(self.dated(50), lambda: {"percent": one.number(PERCENTS)}, scalar=False)
        if "taxes" not in self.scene.features:
            return {**found, **standard}
        return {
            **found,
            **standard,
            **one.maybe(25, "prices", value="inclusive"),
            **one.maybe(25, "supply", value="split"),
            **({"rates": self.rates()} if self.scene.has_rates else {}),
        }

    def dated(self, percent: int) -> int:
        """How often a rate changes: not yet where contracts have stages."""
        together = not self.scene.has_stages or "taxes_in_stages" in self.scene.features
        return percent if together else 0

    def rates(self) -> dict[str, Any]:
        one = self.scene.chooser
        reduced = self.prices.dated(self.dated(30), lambda: {"percent": one.number(REDUCED)}, scalar=False)
        if "versions" in reduced:
            reduced["versions"][0].pop("from", None)
        return {"reduced": reduced, "export": {"percent": 0, "exempt": "301", "reason": "Abroad"}}

    def named(self) -> dict[str, str]:
        """Perhaps the name of a rate, for a fee, a rule or a charge."""
        one = self.scene.chooser
        if not self.scene.has_rates:
            return {}
        return dict(one.maybe(40, "tax", lambda: one.one(("reduced", "export", "standard"))))

    def contract(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Perhaps what is different about a customer's tax, where the spec has one."""
        one = self.scene.chooser
        if not isinstance(spec.get("tax"), Mapping) or not self.scene.draws("taxes", 15):
            return {}
        kinds: list[dict[str, Any]] = [
            {"exempt": "351", "reason": "Exempt"},
            {"reverse_charge": "AE"},
            {"withholding": one.one(("602", "603", "624"))},
            {"withholding": "801", "share": "1/3"},
        ]
        return {"tax": one.one(kinds)}
