"""Hypothesis strategies: a small random book with contracts, usage, rates and a period to bill.

`cases()` shrinks. `case_of(seed)` gives a case by a number, ten times as fast, for great numbers of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.oracle.bill import Bill, bill
from tests.oracle.choices import Chooser, Drawn, Seeded
from tests.oracle.draw_book import BookDrawing
from tests.oracle.draw_contracts import ContractDrawing
from tests.oracle.draw_scene import draw_scene
from tests.oracle.draw_usage import UsageDrawing, draw_rates
from tests.oracle.features import SWITCHED_ON
from tests.oracle.write import case_files


@dataclass(frozen=True)
class Case:
    """Everything that a run is made from.

    Attributes:
        book: what the YAML of a book means.
        events: raw rows by source.
        fx: rows of the rate table.
        period: the run's period, as text.
    """

    book: Mapping[str, Any]
    events: Mapping[str, Sequence[Mapping[str, Any]]]
    fx: Sequence[Mapping[str, Any]]
    period: str

    def files(self, form: str = "parquet") -> dict[str, bytes]:
        return case_files(self.book, self.events, self.fx, form)

    def bill(self) -> Bill:
        return bill(self.book, self.events, self.fx, self.period)


AGGREGATES = ("sum", "count", "max", "min", "unique", "latest")
"""The aggregates of drawn meters, unless others are asked for; `time_weighted_sum` divides, so it has cases apart."""


def draw_case(
    chooser: Chooser, most_events: int, aggregates: Sequence[str], features: Sequence[str] = SWITCHED_ON
) -> Case:
    scene = draw_scene(chooser, aggregates, features)
    book = BookDrawing(scene).book()
    book["contracts"] = ContractDrawing(scene, book).contracts()
    events = UsageDrawing(scene, book).events(most_events)
    return Case(book, {"raw": events}, draw_rates(scene), scene.period)


@st.composite
def cases(draw: DrawFn, most_events: int = 20, aggregates: Sequence[str] = AGGREGATES) -> Case:
    """Draw a case by Hypothesis."""
    return draw_case(Chooser(Drawn(draw)), most_events, aggregates)


def case_of(
    seed: int,
    most_events: int = 20,
    aggregates: Sequence[str] = AGGREGATES,
    features: Sequence[str] = SWITCHED_ON,
) -> Case:
    """Draw the case of a seed."""
    return draw_case(Chooser(Seeded(seed)), most_events, aggregates, features)
