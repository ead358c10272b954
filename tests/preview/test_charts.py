"""Charts: where bars begin and end, in pictures whose texts cannot break them."""

import re
from decimal import Decimal
from xml.etree.ElementTree import Element, fromstring

from ratebook.preview.charts import Bar, columns, diverging, waterfall

PLOT = 196, 560 - 196 - 104
"""Where the bars of a row begin, and how much room they have."""


def bar(value: str, label: str = "one") -> Bar:
    return Bar(label, Decimal(value), value)


def picture(svg: str) -> Element:
    return fromstring(svg)  # noqa: S314 - just drawn here


def spans(svg: str) -> list[tuple[str | None, float, float]]:
    found = picture(svg).iterfind(".//rect")
    return [
        (one.get("class"), float(one.get("x", "")), float(one.get("x", "")) + float(one.get("width", "")))
        for one in found
    ]


def test_bars_go_from_zero_to_either_side() -> None:
    left, room = PLOT

    assert spans(diverging("who", [bar("-10"), bar("30")])) == [
        ("bar down", left, left + room / 4),
        ("bar up", left + room / 4, left + room),
    ]


def test_a_bar_too_small_to_see_is_seen_and_one_of_nothing_is_not() -> None:
    _, small, nothing = spans(diverging("who", [bar("100000"), bar("0.01"), bar("0")]))

    assert (small[2] - small[1], nothing[2] - nothing[1]) == (1.5, 0)


def test_steps_lead_from_the_first_amount_to_the_last() -> None:
    left, room = PLOT

    assert spans(waterfall("why", bar("100"), [bar("-60"), bar("20")], bar("60"))) == [
        ("bar up", left, left + room),
        ("bar down", left + room * 0.4, left + room),
        ("bar up", left + room * 0.4, left + room * 0.6),
        ("bar up", left, left + room * 0.6),
    ]


def test_an_axis_that_does_not_begin_at_zero_is_marked() -> None:
    near = waterfall("why", bar("1000"), [bar("-10")], bar("990"))
    far = waterfall("why", bar("1000"), [bar("-900")], bar("100"))

    assert (near.count('class="break"'), far.count('class="break"')) == (2, 0)


def test_totals_below_zero_have_a_waterfall_too() -> None:
    assert len(spans(waterfall("why", bar("-5"), [bar("10")], bar("5")))) == 3
    assert len(spans(waterfall("why", bar("0"), [], bar("0")))) == 2


def test_columns_are_as_high_as_they_count() -> None:
    heights = [
        float(one.get("height", ""))
        for one in picture(columns("how many", [bar("1"), bar("2")])).iter("rect")
    ]

    assert heights == [78, 156]


def test_any_label_is_text() -> None:
    svg = diverging('"><script>', [bar("1", "<b>&\"'</b>")])

    assert not re.search("<script|<b>", svg)
    assert [one.text for one in picture(svg).iter("text")] == ["<b>&\"'</b>", "1"]
