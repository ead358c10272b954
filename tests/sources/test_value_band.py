"""The band of an event's own value: cut exactly alike by all engines, in columns of any type and in expressions."""

from decimal import Decimal

import pytest

from ratebook.book.expression import parse
from ratebook.usage.measure import VALUE_BAND, Band, Dimension, Measure
from tests.sources.ask import Both, events, measuring

BOUND = Decimal("17.241379310344827586")
"""0.50 at 2.9 %, cut to the decimals that a value can have."""
ROWS = events(
    {"level": Decimal("17.241379"), "bytes": 9},
    {"level": Decimal("17.241380"), "bytes": 10},
    {"level": Decimal("-3.5"), "bytes": -1},
    {"level": Decimal("0.25"), "bytes": 4},
)


def measure(value: str, *bounds: Decimal) -> Measure:
    expression = parse(value) if not value.isidentifier() else None
    band = Dimension(VALUE_BAND, Band(value, bounds))
    return measuring("sum", value, dimensions=(band,), keep=(VALUE_BAND,), expression=expression)


@pytest.mark.parametrize(
    ("value", "bounds", "expected"),
    [
        ("level", (BOUND,), {"17.241379310344827586": (3, "13.991379"), "over": (1, "17.24138")}),
        ("bytes", (Decimal("9.5"),), {"9.5": (3, "12"), "over": (1, "10")}),
        ("bytes", (Decimal("-1.5"), Decimal(4)), {"4": (2, "3"), "over": (2, "19")}),
        ("level * 2", (BOUND * 2,), {"34.482758620689655172": (3, "27.982758"), "over": (1, "34.48276")}),
        ("bytes + 1", (Decimal("10.5"),), {"10.5": (3, "15"), "over": (1, "11")}),
    ],
)
def test_values_are_cut_at_bounds(
    value: str, bounds: tuple[Decimal, ...], expected: dict[str, tuple[int, str]], both: Both
) -> None:
    asked = both(ROWS, measure(value, *bounds))
    assert asked.told == [((key,), count, Decimal(total)) for key, (count, total) in expected.items()]
