"""Charts as inline SVG: columns, bars to both sides of zero, and a waterfall. Colours come from the page's classes.

Values are exact; only where a bar begins and ends on the page is a binary fraction.
"""

from collections.abc import Sequence
from decimal import Decimal
from html import escape
from typing import Final, NamedTuple

WIDTH: Final = 560
_WIDE: Final = 860
_ROW: Final = 30
_BAR: Final = 18
_LABELS: Final = 196
_VALUES: Final = 104
_PLOT: Final = WIDTH - _LABELS - _VALUES
_COLUMNS: Final = 180
_LONGEST: Final = 25
_LEAST: Final = 1.5
"""So wide is a bar that would be too small to see."""

_ZERO: Final = Decimal(0)
_MARGIN: Final = Decimal("0.15")


class Bar(NamedTuple):
    """One bar of a chart.

    Attributes:
        label: what it is.
        value: how long it is.
        text: the value as people read it.
        tone: `up`, `down` or `level`, which gives its colour; "" for that of its sign.
        note: more about it, shown when it is pointed at.
    """

    label: str
    value: Decimal
    text: str
    tone: str = ""
    note: str = ""

    def colour(self) -> str:
        """Give the class of its colour."""
        if self.tone:
            return self.tone
        return "level" if self.value == 0 else "up" if self.value > 0 else "down"


def columns(title: str, bars: Sequence[Bar], ends: tuple[str, str] = ("", "")) -> str:
    """Draw columns side by side, as of how many contracts move by how much; no value is negative.

    Args:
        title: what the chart shows.
        bars: the columns.
        ends: what it means to be far to the left, and to the right.
    """
    most = max((bar.value for bar in bars), default=_ZERO) or Decimal(1)
    step = _WIDE / max(1, len(bars))
    parts = []
    for index, bar in enumerate(bars):
        left, middle = step * index, step * (index + 0.5)
        height = _length(bar.value, most, _COLUMNS - 24)
        top = _COLUMNS - height
        parts += [
            f"<g>{_note(bar)}",
            _rectangle(left + step * 0.12, top, step * 0.76, height, bar.colour()),
            _words(middle, top - 6, bar.text if bar.value else "", "value middle"),
            _words(middle, _COLUMNS + 18, bar.label, "label middle"),
            "</g>",
        ]
    parts += [
        _line(0, _COLUMNS, _WIDE, _COLUMNS),
        _words(0, _COLUMNS + 40, ends[0], "label"),
        _words(_WIDE, _COLUMNS + 40, ends[1], "label end"),
    ]
    return _picture(title, _WIDE, _COLUMNS + (48 if any(ends) else 28), parts)


def diverging(title: str, bars: Sequence[Bar]) -> str:
    """Draw horizontal bars to the left and right of zero, as of who pays less and who pays more."""
    low, high = min((_ZERO, *(bar.value for bar in bars))), max((_ZERO, *(bar.value for bar in bars)))
    scale = _Scale(low, high)
    parts = [_line(scale.at(_ZERO), 0, scale.at(_ZERO), _ROW * len(bars))]
    for index, bar in enumerate(bars):
        parts += _row(index, bar, scale, _ZERO, bar.value)
    return _picture(title, WIDTH, _ROW * len(bars), parts)


def waterfall(title: str, start: Bar, steps: Sequence[Bar], end: Bar) -> str:
    """Draw how steps lead from one amount to another. The axis begins where the steps can be told apart."""
    levels = [start.value]
    for step in steps:
        levels.append(levels[-1] + step.value)
    levels.append(end.value)
    scale = _Scale(*_around(levels))
    parts = []
    for index, bar in enumerate((start, *steps, end)):
        is_step = 0 < index <= len(steps)
        begins = levels[index - 1] if is_step else scale.low if scale.low > 0 else min(_ZERO, scale.high)
        parts += _row(index, bar, scale, begins, levels[index])
        if index <= len(steps):
            x = scale.at(levels[index])
            top = _ROW * index + (_ROW + _BAR) / 2
            parts.append(_line(x, top, x, top + _ROW - _BAR))
        if not is_step and scale.low > 0:
            parts.append(_break(scale.at(scale.low), _ROW * index))
    return _picture(title, WIDTH, _ROW * (len(steps) + 2), parts)


class _Scale(NamedTuple):
    """Where amounts stand between the labels and the values."""

    low: Decimal
    high: Decimal

    def at(self, value: Decimal) -> float:
        span = self.high - self.low
        return _LABELS + (float((value - self.low) / span) * _PLOT if span else 0.0)


def _around(levels: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Give the ends of an axis: zero is one of them unless the steps would be too small to see beside it."""
    low, high = min(levels), max(levels)
    margin = (high - low) * _MARGIN
    if low > 0 and high - low < high / 4 and margin:
        return low - margin, high + margin / 2
    return min(low, _ZERO), max(high, _ZERO)


def _row(index: int, bar: Bar, scale: _Scale, begins: Decimal, ends: Decimal) -> list[str]:
    left, right = sorted((scale.at(begins), scale.at(ends)))
    top, base = _ROW * index + (_ROW - _BAR) / 2, _ROW * (index + 0.5) + 4
    width = max(right - left, _LEAST if bar.value else 0)
    label = bar.label if len(bar.label) <= _LONGEST else bar.label[: _LONGEST - 1] + "…"
    return [
        f"<g>{_note(bar)}",
        _words(_LABELS - 10, base, label, "label end"),
        _rectangle(left, top, width, _BAR, bar.colour()),
        _words(WIDTH, base, bar.text, "value end"),
        "</g>",
    ]


def _length(value: Decimal, most: Decimal, room: float) -> float:
    return max(float(value / most) * room, _LEAST if value else 0.0)


def _note(bar: Bar) -> str:
    return f"<title>{escape(bar.note or f'{bar.label}: {bar.text}')}</title>"


def _rectangle(left: float, top: float, width: float, height: float, colour: str) -> str:
    place = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="bar {colour}" {place} rx="2"/>'


def _words(left: float, base: float, text: str, classes: str) -> str:
    return f'<text class="{classes}" x="{left:.1f}" y="{base:.1f}">{escape(text)}</text>' if text else ""


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="rule" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _break(left: float, top: float) -> str:
    """Mark that a bar begins before the axis does."""
    slants = "".join(
        f"M{left + shift:.1f} {top + _ROW - 4:.1f}l6 {8 - _ROW}" for shift in (_LEAST * 4, _LEAST * 8)
    )
    return f'<path class="break" d="{slants}"/>'


def _picture(title: str, width: int, height: float, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {width} {height:.0f}"'
    head = f'<svg class="chart" role="img" aria-label="{escape(title)}" {size}>'
    return f"{head}{''.join(parts)}</svg>"
