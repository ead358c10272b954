"""Reads what was exported from Stripe: products, prices and meters, in lists, arrays or by themselves."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ratebook.authoring.stripe.shape import what_is_wrong

_KINDS: Final = {"product": "products", "price": "prices", "billing.meter": "meters"}


class ExportError(ValueError):
    """A file that is no export; the message says why."""


@dataclass
class Export:
    """What was exported.

    Attributes:
        products: id → product.
        prices: id → price.
        meters: id → meter.
        others: kind of other objects → how many there are.
        is_cut: whether a list says that Stripe has more.
    """

    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    prices: dict[str, dict[str, Any]] = field(default_factory=dict)
    meters: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    is_cut: bool = False


def read_export(files: Iterable[tuple[str, bytes]]) -> Export:
    """Read files, each of JSON.

    Args:
        files: name and bytes of each.

    Raises:
        ExportError: one is no JSON, an object in it is not as Stripe writes it, or there is no price in all of them.
    """
    export = Export()
    for name, data in files:
        try:
            _take(export, json.loads(data.decode("utf-8-sig"), parse_float=Decimal))
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise ExportError(f"{name} is no JSON: {error}") from None
    if not export.prices:
        raise ExportError("there is no price in the export; print one with `stripe prices list`")
    return export


def _take(export: Export, value: Any) -> None:  # noqa: ANN401 - whatever stands in the file
    if isinstance(value, list):
        for item in value:
            _take(export, item)
    elif isinstance(value, Mapping):
        _take_object(export, dict(value))


def _take_object(export: Export, value: dict[str, Any]) -> None:
    kind = value.get("object")
    if kind in _KINDS and isinstance(value.get("id"), str):
        wrong = what_is_wrong(value)
        if wrong:
            raise ExportError(f"{kind} {value['id']} is not as Stripe writes it: {wrong}")
        getattr(export, _KINDS[kind]).setdefault(value["id"], value)
        if isinstance(value.get("product"), Mapping):  # as `expand[]=data.product` gives it
            _take_object(export, dict(value["product"]))
    elif kind == "list":
        export.is_cut = export.is_cut or bool(value.get("has_more"))
        _take(export, value.get("data"))
    elif isinstance(kind, str):
        export.others[kind] = export.others.get(kind, 0) + 1
    else:
        for item in value.values():
            _take(export, item)
