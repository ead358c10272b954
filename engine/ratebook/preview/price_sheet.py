"""The prices of plans as a customer would read them, before and after."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from ratebook.book import Book
from ratebook.book.meaning import meaning
from ratebook.book.model import (
    Charge,
    Dated,
    Fee,
    Graduated,
    Matrix,
    PerUnit,
    Plan,
    RatingRule,
    Volume,
)
from ratebook.invoice.text import grouped
from ratebook.money import plain
from ratebook.preview.words import flow

Dates = Mapping[str, Mapping[str, str]]
"""From when a price holds, "" for all time → its rows: what is paid for, and how much."""


def price_sheets(first: Book, second: Book) -> list[dict[str, Any]]:
    """Give the sheets of all plans whose prices change, with all their rows, in order of plans.

    A row for each day from which either book says something: what holds from then on in both of them.
    """
    sheets = []
    for name in sorted({*first.plans, *second.plans}):
        was, now = (dict(_prices(book, book.plans.get(name))) for book in (first, second))
        if was != now:
            rows = [
                row
                for item in dict.fromkeys((*now, *was))
                for row in _rows(was.get(item, {}), now.get(item, {}))
            ]
            sheets.append({"plan": name, "rows": rows})
    return sheets


def _rows(was: Dates, now: Dates) -> Iterator[dict[str, str | None]]:
    for day in sorted({*was, *now}):
        old, new = _in_force(was, day), _in_force(now, day)
        for item in dict.fromkeys((*new, *old)):
            since = f" from {day}" if day else ""
            yield {"item": f"{item}{since}", "was": old.get(item), "will_be": new.get(item)}


def _in_force(dates: Dates, day: str) -> Mapping[str, str]:
    begun = [one for one in dates if one <= day]
    return dates[max(begun)] if begun else {}


def _prices(book: Book, plan: Plan | None) -> Iterator[tuple[str, Dates]]:
    """Give what is dated by itself in a plan: each fee, each charge's included units, price and bounds."""
    for fee in plan.fees if plan is not None else ():
        yield fee.id, _dated(fee.amount, partial(_of_fee, fee))
    for charge in plan.charges if plan is not None else ():
        if charge.rating in book.rules:
            yield from _charge(charge, book.rules[charge.rating])
    if plan is not None and plan.minimum is not None:
        yield "minimum", _dated(plan.minimum, lambda minimum: {"minimum": _money(minimum.amount)})


def _charge(charge: Charge, rule: RatingRule) -> Iterator[tuple[str, Dates]]:
    for name in ("included", "discount", "minimum", "maximum"):
        value, item = getattr(charge, name), f"{charge.id}: {name}"
        if value is not None:
            yield item, _dated(value, partial(_one_row, item))
    price = charge.price or rule.price
    if price is not None:
        yield (
            charge.id,
            _dated(price, lambda one: {f"{charge.id}{item}": text for item, text in _price(one)}),
        )


def _of_fee(fee: Fee, amount: object) -> Mapping[str, str]:
    return {fee.id: _money(amount) if fee.quantity == 1 else f"{_money(amount)} × {_said(fee.quantity)}"}


def _one_row(item: str, value: object) -> Mapping[str, str]:
    return {item: _said(value)}


def _dated(dated: Dated[Any], rows: Callable[[Any], Mapping[str, str]]) -> Dates:
    return {
        "" if version.from_ is None else version.from_.isoformat(): rows(version.value)
        for version in dated.versions
    }


def _said(value: object) -> str:
    if isinstance(value, Decimal):
        return grouped(plain(value))
    return flow(meaning(value))


def _money(amount: object) -> str:
    """Write an amount with two decimals or more; one for each currency as the book has it."""
    whole, _, rest = _said(amount).partition(".")
    return f"{whole}.{rest:0<2}" if isinstance(amount, Decimal) else _said(amount)


def _price(price: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any price of the model
    if isinstance(price, Graduated | Volume):
        for number, tier in enumerate(price.tiers, start=1):
            flat = f" + {_money(tier.flat)}" if tier.flat else ""
            up_to = "" if tier.up_to is None else f" up to {_said(tier.up_to)}"
            yield f", tier {number}{up_to}", f"{_amount(tier, price)}{flat}"
    elif isinstance(price, PerUnit):
        yield "", _amount(price, price)
    elif isinstance(price, Matrix):
        for path, cell in _cells(price.values):
            yield from ((f", {path}{item}", text) for item, text in _price(cell))
    else:
        yield "", _said(price)


def _amount(tier: Any, price: Any) -> str:  # noqa: ANN401 - a tier or a price by the unit
    per = tier.per or price.per
    text = _money(tier.amount)
    return text if per in {None, 1} else f"{text} / {_said(per)}"


def _cells(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, cell in tree.items():
        below = f"{path} {key}".strip()
        if isinstance(cell, Mapping):
            yield from _cells(cell, below)
        else:
            yield below, cell
