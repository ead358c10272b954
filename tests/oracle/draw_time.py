"""Draws what happens to a contract in time: phases, trials, pauses, a price lock, dated overrides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.oracle.draw_prices import When, is_later, sorted_moments
from tests.oracle.draw_scene import Scene

TRIALS = ("14 days", "1 month", "3 days", "45 days", "2 weeks")

FIXED = {"bill", "every", "prorate", "included_each", "prorate_included"}
"""What an override that holds for a time cannot change."""


@dataclass(frozen=True)
class TimeDrawing:
    """Draws for one contract that begins at some moment, and perhaps ends at another."""

    scene: Scene
    start: When
    end: When | None = None

    def after(self, begin: When) -> list[When]:
        """Moments that come after one in every zone, in order."""
        options = [*self.scene.moments, self.scene.last + timedelta(days=45)]
        later = [when for when in options if is_later(when, begin)]
        return sorted_moments([when for when in later if self.end is None or is_later(self.end, when)])

    def phases(self, plans: Sequence[str]) -> dict[str, Any]:
        """Perhaps one or two plans before the contract's own, and what a change of plan does to ladders."""
        one = self.scene.chooser
        moments = self.after(self.start)
        if not plans or not moments or not self.scene.draws_in_time("phases", 60):
            return {}
        ends = one.some(moments, 1)[:2]
        phases = [{"until": end, "plan": one.one(plans)} for end in ends]
        tiers = one.maybe(60, "plan_change", lambda: {"tiers": one.one(("reset", "carry"))})
        return {"phases": phases, **tiers}

    def trial(self, percent: int) -> dict[str, Any]:
        one = self.scene.chooser
        if not self.scene.draws_in_time("trials", percent):
            return {}
        moments = self.after(self.start)
        if self.end is not None and not moments:
            return {}
        if moments and (self.end is not None or one.often(40)):
            return {"trial": {"until": one.one(moments)}}
        return {"trial": one.one(TRIALS)}

    def pauses(self) -> dict[str, Any]:
        one = self.scene.chooser
        moments = self.after(self.start)
        if len(moments) < 2 or not self.scene.draws_in_time("pauses", 40):
            return {}
        chosen = one.some(moments, 2)[: one.one((2, 2, 4))]
        pairs = zip(chosen[::2], chosen[1::2], strict=False)
        return {"pauses": [{"from": begin, "until": end} for begin, end in pairs]}

    def price_lock(self) -> dict[str, Any]:
        one = self.scene.chooser
        moments = self.after(self.start)
        if not moments or not self.scene.draws("price_lock", 20):
            return {}
        until = one.one(moments)
        before = [when for when in self.scene.moments if is_later(self.start, when)]
        at = one.maybe(40, "at", lambda: one.one(before)) if before else {}
        return {"price_lock": {"until": until, **at}}

    def dated(self, override: Mapping[str, Any]) -> dict[str, Any]:
        """An override, perhaps only in a window."""
        one = self.scene.chooser
        if not self.scene.draws("dated_overrides", 40):
            return dict(override)
        begin = one.maybe(70, "from", lambda: one.one(self.scene.moments))
        ends = self.after(begin.get("from", self.start))
        until = one.maybe(60, "until", lambda: one.one(ends)) if ends else {}
        fixed = FIXED if begin or until else set()
        return {**{key: value for key, value in override.items() if key not in fixed}, **begin, **until}
