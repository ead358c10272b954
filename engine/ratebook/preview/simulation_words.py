"""What the text and the page of a simulation say in the same words."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ratebook.money import EXACT, minor_unit
from ratebook.preview.wording import counted

Row = Mapping[str, Any]

_OF: Final = {"was": "before: ", "will_be": "", "costs": "costs: ", "usage": ""}
_ALONE: Final = {"gone": "nothing more", "same": "unchanged", "new": "new"}


def months_words(document: Row) -> str:
    """Name the months, as in `2026-01 to 2026-12`."""
    months = document["months"]
    return str(months[0]) if len(months) == 1 else f"{months[0]} to {months[-1]}"


def as_if_words(document: Row) -> str:
    """Say which day's versions were taken to hold in all months; nothing where each had its own."""
    return f", as if from {document['as_if']}" if document["as_if"] else ""


def rounded(amount: str, currency: str) -> str:
    """Round an amount to its currency, for people."""
    return str(Decimal(amount).quantize(minor_unit(currency), context=EXACT))


def bucket_words(bucket: Row) -> str:
    """Say how contracts of a bucket move, as in `-5 to -10 %`."""
    direction = bucket["direction"]
    if direction in _ALONE:
        return _ALONE[direction]
    sign = "+" if direction == "up" else "-"
    if bucket["up_to"] is None:
        return f"over {sign}{bucket['over']} %"
    if bucket["over"] == "0":
        return f"up to {sign}{bucket['up_to']} %"
    return f"{sign}{bucket['over']} to {sign}{bucket['up_to']} %"


def movers(document: Row) -> list[Row]:
    """Give the contracts whose revenue moves, the largest difference first."""
    moved = [one for one in document["by_contract"] if one["difference"] and Decimal(one["difference"])]
    return sorted(moved, key=lambda one: (-abs(Decimal(one["difference"])), one["contract"]))


def listed(document: Row) -> list[Row]:
    """Give all contracts: those that move most first, then those that bring in most."""
    return sorted(
        document["by_contract"],
        key=lambda one: (
            -abs(Decimal(one["difference"] or 0)),
            -Decimal(one["revenue"]["will_be"]),
            one["contract"],
        ),
    )


def finding_words(finding: Row) -> str:
    """Say what was found, and how often."""
    more = f" (and {finding['count'] - 1:,} more)" if finding["count"] > 1 else ""
    return f"{finding['code']} {_OF[finding['of']]}{finding['example']}{more}"


def rate_words(document: Row) -> Iterator[str]:
    """Name the rates by which figures were converted, and what was not for want of one."""
    for pair in sorted({(one["source"], one["pair"]) for one in document["rates"]}):
        found = [one for one in document["rates"] if (one["source"], one["pair"]) == pair]
        days = ", ".join(f"{one['rate']} for {one['wanted']}" for one in found)
        yield f"{pair[1]} of {pair[0]}: {days}"
    for one in document["rates_missing"]:
        yield f"{one['pair']}: no rate for {one['date']}; {counted(one['invoices'], 'invoice')} not converted"
