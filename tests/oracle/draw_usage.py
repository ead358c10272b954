"""Draws usage and exchange rates for a drawn book: at, just before and just after every instant that matters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tests.oracle.agreement import agreement
from tests.oracle.calendar import MICROSECOND, instant, run_window
from tests.oracle.choices import Chooser
from tests.oracle.draw_scene import CURRENCIES, Scene
from tests.oracle.fees import boundaries

SIZES = ("1", "0", "2", "3", "5", "10", "100", "999", "1000", "1001", "1024", "1000000")
LEVELS = ("1", "0.5", "2.5", "3", "10", "0.001", "1000.5", "0.333", "0")
CHAINS = ("ethereum", "base", "solana", "polygon", None)
METHODS = ("eth_call", "eth_getLogs", "net_version", None)
STATUSES = (200, 404, 500, None)
LATENCIES = (100, 99, 101, 500, 501, None)
ACTIONS = ("add", "join", "remove", "rename", None)
RATES = ("1.1", "2", "0.5", "40.505", "3", "0.0333")


@dataclass(frozen=True)
class UsageDrawing:
    """Draws events for the contracts of a book."""

    scene: Scene
    book: Mapping[str, Any]

    @property
    def chooser(self) -> Chooser:
        return self.scene.chooser

    def events(self, most: int) -> list[dict[str, Any]]:
        """Mostly of the contracts, in the periods that are billed; some of strangers, and at any time around."""
        one = self.chooser
        every = [(self.subjects(name), self.times(name)) for name in self.book["contracts"]]
        homes = [home for home in every if home[1]] or every
        anyone = [*(subject for subjects, _ in every for subject in subjects), "stranger"]
        window = run_window(self.scene.period, agreement(self.book, "c0").where)
        any_time = [*window, *sorted({time for _, times in homes for time in times})]
        found: list[dict[str, Any]] = []
        for number in range(one.count(0, most)):
            if found and one.often(12):
                found.append(self.again(one.one(found)))
                continue
            subjects, times = one.one(homes)
            if not times or one.often(10):
                subjects, times = anyone, any_time
            found.append(self.event(f"e{number}", one.one(subjects), one.one(times)))
        return found

    def event(self, event_id: str, subject: str, time: datetime) -> dict[str, Any]:
        one = self.chooser
        return {
            "org": subject,
            "id": event_id,
            "ts": time,
            "chain": one.one(CHAINS),
            "method": one.one(METHODS),
            "status": one.one(STATUSES),
            "size": int(one.one(SIZES)),
            "level": Decimal(one.one(LEVELS)),
            "latency": one.one(LATENCIES),
            "live": one.one((True, False, None)),
            "action": one.one(ACTIONS),
        }

    def again(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """An event delivered twice: as it was, with another content, or its id on another day."""
        tomorrow = event["ts"] + timedelta(days=1)
        changes: tuple[dict[str, Any], ...] = ({}, {}, {"size": 7}, {"chain": "base"}, {"ts": tomorrow})
        return {**event, **self.chooser.one(changes)}

    def subjects(self, contract: str) -> list[str]:
        document = self.book["contracts"][contract]
        subjects: list[str] = document.get("subjects", [document.get("org")])
        return [*subjects, *(child["org"] for child in document.get("children", []))]

    def times(self, contract: str) -> list[datetime]:
        """Times in what is billed of a contract: its edges, the changes inside, just before them, and between them."""
        agreed = agreement(self.book, contract)
        window = run_window(self.scene.period, agreed.where)
        ends = [one.ending.billed for one in boundaries(agreed, window.end) if one.ending is not None]
        billed = [span for span in ends if span.end > window.start]
        if not billed:
            return []
        changes = {instant(when, agreed.where) for when in self.scene.moments}
        edges = sorted({edge for span in billed for edge in span} | changes)
        inside = [edge for edge in edges if billed[0].start <= edge <= billed[-1].end]
        between = [start + (end - start) / 2 for start, end in pairwise(inside)]
        return [*between, *inside, *(edge - MICROSECOND for edge in inside)]


def draw_rates(scene: Scene) -> list[dict[str, Any]]:
    """Rates between all currencies, each pair in one direction, that change around the ends of the run's period."""
    one = scene.chooser
    edges = {scene.first - timedelta(days=1), scene.first, scene.last - timedelta(days=1), scene.last}
    days = [date(2020, 1, 1), *sorted(edges)]
    rows: list[dict[str, Any]] = []
    for number, base in enumerate(CURRENCIES):
        for counter in CURRENCIES[number + 1 :]:
            pair = f"{base}/{counter}" if one.often(50) else f"{counter}/{base}"
            rows += [
                {"date": day, "source": "bank", "pair": pair, "rate": Decimal(one.one(RATES))}
                for day in [days[0], *one.some(days[1:])]
            ]
    return rows
