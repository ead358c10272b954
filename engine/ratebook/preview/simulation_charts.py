"""What the charts of a simulation show: revenue month by month, who moves by how much, margins."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.invoice.text import grouped
from ratebook.money import EXACT
from ratebook.preview.charts import Bar, columns, diverging
from ratebook.preview.simulation_words import bucket_words, movers, rounded
from ratebook.preview.wording import counted, signed

Row = Mapping[str, Any]

_MOST_BARS: Final = 12
_TONES: Final = {"gone": "down", "down": "down", "same": "level", "up": "up", "new": "up"}
_SCALES: Final = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))


class Chart(NamedTuple):
    """A chart and what it is about; `is_wide` where it needs the whole width."""

    title: str
    picture: str
    is_wide: bool = False


class CurrencyCharts(NamedTuple):
    """The charts that are of one currency."""

    currency: str
    charts: Sequence[Chart]


def spread(document: Row) -> str:
    """Draw how many contracts bring in less or more by how many percent; "" where nothing is compared."""
    bars = [
        Bar(
            _label(bucket),
            Decimal(bucket["contracts"]),
            f"{bucket['contracts']:,}",
            _TONES[bucket["direction"]],
            f"{counted(bucket['contracts'], 'contract')}: {bucket_words(bucket)}",
        )
        for bucket in document["distribution"]
        if bucket["direction"] != "same"
    ]
    title = "How many contracts bring in less or more, by percent"
    return columns(title, bars, ("← percent less", "percent more →")) if bars else ""


def _label(bucket: Row) -> str:
    """Name a column in few letters; the side on which it stands says whether it is less or more."""
    if bucket["over"] is None:
        return str(bucket["direction"])
    if bucket["up_to"] is None:
        return f">{bucket['over']}"
    return f"≤{bucket['up_to']}" if bucket["over"] == "0" else f"{bucket['over']}–{bucket['up_to']}"


def currency_charts(document: Row) -> Iterator[CurrencyCharts]:
    """Draw the charts of each currency, first that of most contracts."""
    for total in sorted(document["totals"], key=lambda one: (-one["contracts"], one["currency"])):
        currency = total["currency"]
        found = list(_charts(document, currency))
        yield CurrencyCharts(currency, [chart for chart in found if chart.picture])


def _charts(document: Row, currency: str) -> Iterator[Chart]:
    def of(part: str) -> list[Row]:
        return [row for row in document[part] if row["currency"] == currency]

    compared = ", as it was (grey) and will be" if document["base"] else ""
    yield Chart(f"Revenue by month{compared}", _months(of("by_month")), is_wide=True)
    if document["base"]:
        yield Chart("What moves, by plan", _bars(of("by_plan"), "plan", "difference"))
        moved = [one for one in movers(document) if one["currency"] == currency]
        yield Chart("Who moves most", _bars(moved[:_MOST_BARS], "contract", "difference"))
    else:
        yield Chart("Revenue by plan", _bars(of("by_plan"), "plan", "revenue"))
    if document["by"]:
        name = "margin" if of("by_value") and of("by_value")[0]["margin"] else "revenue"
        told = [row for row in of("by_value") if row["value"] is not None]
        ordered = sorted(told, key=lambda row: (-abs(_amount(row, name)), row["value"]))
        yield Chart(f"{name.capitalize()} by {document['by']}", _bars(ordered[:_MOST_BARS], "value", name))
    if of("by_plan") and of("by_plan")[0]["margin"]:
        yield Chart("Margin by plan", _bars(of("by_plan"), "plan", "margin"))


def _months(rows: Sequence[Row]) -> str:
    """Draw months side by side, what was beside what will be."""
    bars = []
    sides = [side for side in ("was", "will_be") if rows and rows[0]["revenue"][side] is not None]
    for row in rows:
        for side in sides:
            amount = Decimal(row["revenue"][side])
            is_last = side == "will_be"
            words = "will be" if is_last else "was"
            text = grouped(rounded(row["revenue"][side], row["currency"]))
            few = len(rows) * len(sides) <= _MOST_BARS
            tone = "up" if is_last else "level"
            label = row["month"][2:] if is_last else ""
            note = f"{row['month']} {words} {text} {row['currency']}"
            bars.append(Bar(label, max(amount, Decimal(0)), short(amount) if few else "", tone, note))
    return columns("Revenue by month", bars) if bars else ""


def _bars(rows: Sequence[Row], key: str, name: str) -> str:
    bars = []
    for row in rows:
        amount = rounded(str(_amount(row, name)), row["currency"])
        text = signed(amount) if name == "difference" else grouped(amount)
        bars.append(Bar(row[key] or "(no plan)", Decimal(amount), text))
    return diverging(name, bars) if any(bar.value for bar in bars) else ""


def _amount(row: Row, name: str) -> Decimal:
    return Decimal(row[name] if name == "difference" else row[name]["will_be"])


def short(amount: Decimal) -> str:
    """Write an amount in few letters.

    >>> short(Decimal("1234567.8")), short(Decimal("950")), short(Decimal("-2100"))
    ('1.2m', '950', '-2.1k')
    """
    for size, word in _SCALES:
        if abs(amount) >= size:
            return f"{EXACT.divide(amount, size).quantize(Decimal('0.1'), context=EXACT)}{word}"
    return str(amount.quantize(Decimal(1), context=EXACT))
