"""A scene: one run's period, and the days and instants around it at which things happen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from tests.oracle.calendar import run_dates
from tests.oracle.choices import Chooser
from tests.oracle.draw_prices import When

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
    "action": "string",
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
        has_rates: whether taxes have named rates.
        has_units: whether amounts may be in a pricing unit.
        has_stages: whether contracts change their plans, are on trial or pause.
    """

    chooser: Chooser
    period: str
    moments: Sequence[When]
    aggregates: Sequence[str]
    features: Sequence[str]
    has_rates: bool
    has_stages: bool
    has_units: bool

    def draws(self, feature: str, percent: int) -> bool:
        """Whether a feature is drawn here, in so many of a hundred cases where it is switched on."""
        return feature in self.features and self.chooser.often(percent)

    def draws_in_time(self, feature: str, percent: int) -> bool:
        """The same, where contracts have stages."""
        return self.has_stages and self.draws(feature, percent)

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
    has_rates = "taxes" in features and chooser.often(40)
    has_stages = chooser.often(50)
    has_units = "pricing_units" in features and chooser.often(30)
    return Scene(chooser, period, moments, aggregates, features, has_rates, has_stages, has_units)
