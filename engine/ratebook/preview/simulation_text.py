"""A simulation as text for people at a terminal: totals, tables, who moves by how much, who would change the plan."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import Any, Final

from ratebook.findings import printable
from ratebook.invoice.text import grouped
from ratebook.preview.simulation_words import (
    as_if_words,
    bucket_words,
    finding_words,
    months_words,
    movers,
    rate_words,
    rounded,
)
from ratebook.preview.wording import counted, percent, signed

Row = Mapping[str, Any]

WIDTH: Final = 100
_NAME: Final = 22
_MOST_ROWS: Final = 24
_MOST_MOVERS: Final = 10
_MOST_FINDINGS: Final = 10
_BAR: Final = 40


def draw_simulation(document: Row) -> str:
    """Draw a simulation, 100 columns wide; of contracts only those that move most, since JSON and CSV have all."""
    rows = [_head(document), *_sections(document)]
    return "\n".join(printable(row).rstrip() for row in rows) + "\n"


def _head(document: Row) -> str:
    months = months_words(document)
    base = f"{document['base']['name']} → " if document["base"] else ""
    converted = f", all in {document['currency']}" if document["currency"] else ""
    return (
        f"{months}, {base}{document['head']['name']}{as_if_words(document)}{converted}; revenue without tax"
    )


def _sections(document: Row) -> Iterator[str]:
    by = document["by"] or "value"
    sections = {
        "Totals": _table(document["totals"], lambda _: "all contracts"),
        "By month": _table(document["by_month"], lambda row: row["month"]),
        "By plan": _table(document["by_plan"], lambda row: row["plan"] or "(no plan)"),
        f"By {by}": _table(document["by_value"], lambda row: row["value"] or f"(not by {by})"),
        "Who moves by how much": _distribution(document["distribution"]),
        "Largest changes": _table(movers(document)[:_MOST_MOVERS], lambda row: row["contract"]),
        "Who would pay less on another plan": _plan_changes(document),
        "Exchange rates": _wrapped(rate_words(document)),
        "Findings": _wrapped(finding_words(one) for one in document["findings"][:_MOST_FINDINGS]),
    }
    for title, rows in sections.items():
        drawn = list(rows)
        if drawn:
            yield from ("", f"{title} ".ljust(WIDTH, "-"), *drawn)


def _table(rows: Sequence[Row], name: Any) -> Iterator[str]:  # noqa: ANN401 - names a row
    if not rows:
        return
    has_base, has_costs = rows[0]["difference"] is not None, rows[0]["cost"] is not None
    heads = ["was", "will be", "difference", "percent"] if has_base else ["revenue"]
    heads += ["cost", "margin"] if has_costs else []
    widths = [13, 13, 12, 11][: len(heads) - 2 * has_costs] + [12, 13] * has_costs
    yield "".join(
        [" " * _NAME, *(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)), " cur"]
    )
    for row in rows[:_MOST_ROWS]:
        cells = [
            f"{cell:>{width}}" for cell, width in zip(_cells(row, has_base=has_base), widths, strict=True)
        ]
        yield "".join([f"{_cut(name(row)):<{_NAME}}", *cells, f" {row['currency']}"])
    if len(rows) > _MOST_ROWS:
        yield f"… and {len(rows) - _MOST_ROWS:,} more; --format json has them all"


def _cells(row: Row, *, has_base: bool) -> Iterator[str]:
    def money(amount: str) -> str:
        return grouped(rounded(amount, row["currency"]))

    if has_base:
        yield money(row["revenue"]["was"])
    yield money(row["revenue"]["will_be"])
    if has_base:
        yield signed(rounded(row["difference"], row["currency"]))
        yield percent(row["percent"])
    if row["cost"] is not None:
        yield money(row["cost"]["will_be"])
        yield money(row["margin"]["will_be"])


def _distribution(buckets: Sequence[Row]) -> Iterator[str]:
    most = max((bucket["contracts"] for bucket in buckets), default=0)
    for bucket in buckets:
        if bucket["contracts"]:
            bar = "█" * max(1, bucket["contracts"] * _BAR // most)
            money = " · ".join(
                f"{one['currency']} {signed(rounded(one['difference'], one['currency']))}"
                for one in bucket["money"]
                if Decimal(one["difference"])
            )
            yield f"{bucket_words(bucket):<{_NAME}}{bucket['contracts']:>8,} {bar} {money}"


def _plan_changes(document: Row) -> Iterator[str]:
    for move in document["plan_changes"][:_MOST_ROWS]:
        saves = grouped(rounded(move["saves"], move["currency"]))
        who = counted(move["contracts"], "contract")
        route = f"{move['from'] or '(no plan)'} → {move['to']}"
        yield f"{route:<40}{who:>16}, who would save {saves} {move['currency']}"
    own = sum(not one["would_leave"] for one in document["cheaper_plans"])
    if own:
        yield f"{counted(own, 'contract')} more would pay less as listed, and have terms of their own"


def _wrapped(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from wrap(text, WIDTH, subsequent_indent="  ")


def _cut(text: str) -> str:
    return text if len(text) < _NAME else text[: _NAME - 2] + "…"
