"""The prices of plans as a customer would read them, before and after."""

from collections.abc import Iterator, Mapping
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
from ratebook.money import plain
from ratebook.preview.words import flow


def price_sheets(first: Book, second: Book) -> list[dict[str, Any]]:
    """Give the sheets of all plans whose prices change, with all their rows, in order of plans.

    A row that only one book has is null on the other side.
    """
    sheets = []
    for name in sorted({*first.plans, *second.plans}):
        was, now = sheet(first, name), sheet(second, name)
        if was != now:
            rows = [
                {"item": item, "was": was.get(item), "will_be": now.get(item)}
                for item in dict.fromkeys((*now, *was))
            ]
            sheets.append({"plan": name, "rows": rows})
    return sheets


def sheet(book: Book, name: str) -> Mapping[str, str]:
    """Give the rows of a plan: what is paid for, and its price."""
    plan = book.plans.get(name)
    return {} if plan is None else dict(_rows(book, plan))


def _rows(book: Book, plan: Plan) -> Iterator[tuple[str, str]]:
    for fee in plan.fees:
        yield from _fee(fee)
    for charge in plan.charges:
        rule = book.rules.get(charge.rating)
        if rule is not None:
            yield from _charge(charge, rule)
    if plan.minimum is not None:
        for when, minimum in _versions(plan.minimum):
            yield f"minimum{when}", flow(meaning(minimum.amount))


def _fee(fee: Fee) -> Iterator[tuple[str, str]]:
    times = "" if fee.quantity == 1 else f" × {plain(fee.quantity)}"
    for when, amount in _versions(fee.amount):
        yield f"{fee.id}{when}", f"{flow(meaning(amount))}{times}"


def _charge(charge: Charge, rule: RatingRule) -> Iterator[tuple[str, str]]:
    said = {name: getattr(charge, name) or getattr(rule, name, None) for name in ("included", "price")}
    if said["included"] is not None:
        for when, units in _versions(said["included"]):
            yield f"{charge.id}: included{when}", flow(meaning(units))
    for when, price in _versions(said["price"]) if said["price"] is not None else ():
        yield from ((f"{charge.id}{item}{when}", text) for item, text in _price(price))
    for name in ("discount", "minimum", "maximum"):
        value = getattr(charge, name)
        for when, one in _versions(value) if value is not None else ():
            yield f"{charge.id}: {name}{when}", flow(meaning(one))


def _versions(dated: Dated[Any]) -> Iterator[tuple[str, Any]]:
    for version in dated.versions:
        yield "" if version.from_ is None else f" from {version.from_.isoformat()}", version.value


def _price(price: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any price of the model
    if isinstance(price, Graduated | Volume):
        for number, tier in enumerate(price.tiers, start=1):
            flat = f" + {flow(meaning(tier.flat))}" if tier.flat else ""
            up_to = "" if tier.up_to is None else f" up to {plain(tier.up_to)}"
            yield f", tier {number}{up_to}", f"{_amount(tier, price)}{flat}"
    elif isinstance(price, PerUnit):
        yield "", _amount(price, price)
    elif isinstance(price, Matrix):
        for path, cell in _cells(price.values):
            yield from ((f", {path}{item}", text) for item, text in _price(cell))
    else:
        yield "", flow(meaning(price))


def _amount(tier: Any, price: Any) -> str:  # noqa: ANN401 - a tier or a price by the unit
    per = tier.per or price.per
    text = flow(meaning(tier.amount))
    return text if per in {None, 1} else f"{text} / {plain(per)}"


def _cells(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, cell in tree.items():
        below = f"{path} {key}".strip()
        if isinstance(cell, Mapping):
            yield from _cells(cell, below)
        else:
            yield below, cell
