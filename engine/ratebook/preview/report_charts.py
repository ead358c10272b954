"""What the charts of a report show of a diff document: how many move by how much, who, and why."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from ratebook.invoice.text import grouped
from ratebook.money import total_of
from ratebook.preview.charts import Bar, columns, diverging, waterfall
from ratebook.preview.document import ContractChange, CurrencyTotal, DiffDocument
from ratebook.preview.wording import counted, movers, name_of, percent, signed

_EDGES: Final = (1, 2, 5, 10, 20, 50)
"""Percentages at which one column ends and the next begins, in either direction."""

_MOST_MOVERS: Final = 10
_MOST_STEPS: Final = 8


class CurrencyCharts(NamedTuple):
    """The charts that are of one currency."""

    currency: str
    by_cause: str
    """From was to will be; "" where no cause is known."""
    movers: str


def spread(document: DiffDocument) -> str:
    """Draw how many contracts pay less or more by how many percent."""
    found = movers(document)
    lower = [one for one in found if Decimal(one["difference"]) < 0]
    upper = [one for one in found if Decimal(one["difference"]) > 0]
    bars = [*reversed(_columns(lower, "down")), *_columns(upper, "up")]
    title = "How many contracts pay less or more, by percent of their bill"
    return columns(title, bars, ("← percent less", "percent more →"))


def _columns(found: list[ContractChange], tone: str) -> list[Bar]:
    names = [f"<{_EDGES[0]}", *(f"{low}–{high}" for low, high in pairwise(_EDGES)), f">{_EDGES[-1]}"]
    counts = Counter(_column(one["percent"]) for one in found)
    words = "less" if tone == "down" else "more"
    return [
        Bar(
            name,
            Decimal(counts[index]),
            f"{counts[index]:,}",
            tone,
            f"{counted(counts[index], 'contract')}: {name} % {words}",
        )
        for index, name in enumerate(names)
    ]


def _column(share: str | None) -> int:
    """Find the column of a percentage; what was nothing before is in the last."""
    return len(_EDGES) if share is None else sum(abs(Decimal(share)) >= edge for edge in _EDGES)


def currency_charts(document: DiffDocument) -> Iterator[CurrencyCharts]:
    """Draw the charts of each currency in which a bill moves, first that of most contracts."""
    for total in sorted(document["totals"], key=lambda one: -(one["up"] + one["down"])):
        if total["up"] or total["down"]:
            found = [one for one in movers(document) if one["currency"] == total["currency"]]
            yield CurrencyCharts(
                total["currency"], _by_cause(document, total), _movers(found, total["currency"])
            )


def _movers(found: list[ContractChange], currency: str) -> str:
    bars = [
        Bar(name_of(one), Decimal(one["difference"]), signed(one["difference"]), note=_note(one))
        for one in found[:_MOST_MOVERS]
    ]
    return diverging(f"Who moves most, in {currency}", bars)


def _note(one: ContractChange) -> str:
    share = one["percent"] and f" ({percent(one['percent'])})"
    return f"{name_of(one)}: {grouped(one['was'])} → {grouped(one['will_be'])}{share or ''}"


def _by_cause(document: DiffDocument, total: CurrencyTotal) -> str:
    steps = [
        _step(number, cause["title"], money["difference"])
        for number, cause in enumerate(document["causes"], 1)
        for money in cause["money"]
        if money["currency"] == total["currency"]
    ]
    if not steps:
        return ""
    was, will_be = _level("was", total["was"]), _level("will be", total["will_be"])
    title = f"From was to will be by cause, in {total['currency']}"
    return waterfall(title, was, _largest(steps), will_be)


def _step(number: int, title: str, difference: str) -> Bar:
    """Make the bar of a cause, called by what changes; where it does is said when it is pointed at."""
    label = title.partition(": ")[2] or title
    text = signed(difference)
    return Bar(f"{number} {label}", Decimal(difference), text, note=f"{title}: {text}")


def _largest(steps: list[Bar]) -> list[Bar]:
    """Keep the largest steps in their order, and make one of the others."""
    size = sorted((abs(step.value) for step in steps), reverse=True)[:_MOST_STEPS][-1]
    kept = [step for step in steps if abs(step.value) >= size][:_MOST_STEPS]
    others = [step for step in steps if step not in kept]
    if not others:
        return kept
    rest = total_of(step.value for step in others)
    return [*kept, Bar(counted(len(others), "other cause"), rest, signed(str(rest)))]


def _level(words: str, amount: str) -> Bar:
    return Bar(words, Decimal(amount), grouped(amount), "level")
