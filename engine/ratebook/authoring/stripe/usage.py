"""Meters and metered prices of Stripe as sources, meters and rating rules of a book."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ratebook.authoring.stripe.amounts import (
    Amounts,
    NoCounterpartError,
    amount,
    amounts,
    holders,
    is_zero,
    scaled,
    times,
    written,
)
from ratebook.authoring.stripe.names import Ids, slug
from ratebook.authoring.yaml_text import clean, first_of
from ratebook.book.model.values import COLUMN_PATTERN

_FORMULAS: Final = {"count": "count", "sum": "sum", "last": "latest", "max": "max"}
_LEGACY: Final = {"sum": "sum", "last_during_period": "last", "max": "max"}
_CUSTOMER: Final = "stripe_customer_id"
_VALUE: Final = "value"


@dataclass
class Metering:
    """The meters that prices need, and the sources that these count.

    Attributes:
        meters: id of Stripe → id in the book.
        documents: id in the book → document.
        comments: id in the book → what it comes from.
        sources: source → document.
    """

    exported: Mapping[str, Mapping[str, Any]]
    meters: dict[str, str] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ids: Ids = field(default_factory=Ids)

    def meter_of(self, price: Mapping[str, Any], unit: str) -> str:
        """Give the meter of a price, which is made when it is first asked for.

        Raises:
            NoCounterpartError: it cannot be counted.
        """
        recurring = price["recurring"]
        key = recurring.get("meter")
        if key is None:
            return self._made(str(price["id"]), _legacy(price), unit)
        if key not in self.exported:
            raise NoCounterpartError(
                f"its meter {key} is not in the export; add `stripe billing meters list`"
            )
        return self._made(key, self.exported[key], unit)

    def _made(self, key: str, meter: Mapping[str, Any], unit: str) -> str:
        if key in self.meters:
            return self.meters[key]
        formula = (meter.get("default_aggregation") or {}).get("formula")
        if formula not in _FORMULAS:
            raise NoCounterpartError(f"its meter {key} aggregates by {formula}")
        source, value = self._source(meter, _FORMULAS[formula])
        event = str(meter.get("event_name") or "")
        if not event or clean(event) != event:
            raise NoCounterpartError(f"the event of its meter {key} has no name that can be written")
        name = self._ids.give(slug(event) or "meter")
        self.meters[key] = name
        self.documents[name] = {
            "description": first_of(meter.get("display_name"), event),
            "source": source,
            "where": {"event_name": event},
            "aggregate": _FORMULAS[formula],
            **({"value": value} if formula != "count" else {}),
            "unit": unit,
        }
        self.comments[name] = f"Stripe: meter {key}."
        return name

    def _source(self, meter: Mapping[str, Any], aggregate: str) -> tuple[str, str]:
        """Give the source that a meter counts, and its column of values."""
        customer = _column((meter.get("customer_mapping") or {}).get("event_payload_key"), _CUSTOMER)
        value = _column((meter.get("value_settings") or {}).get("event_payload_key"), _VALUE)
        name = "meter_events" if customer == _CUSTOMER else f"meter_events_by_{customer}"[:63]
        source = self.sources.setdefault(
            name,
            {
                "subject": customer,
                "event_id": "identifier",
                "event_time": "timestamp",
                "dedupe": "exact",
                "columns": {"event_name": "string"},
            },
        )
        if aggregate != "count":
            source["columns"][value] = "decimal"
        return name, value


def _column(key: object, usual: str) -> str:
    text = usual if key is None else str(key)
    if not re.fullmatch(COLUMN_PATTERN, text, re.ASCII):
        raise NoCounterpartError(f"{text!r} can be no column")
    return text


def _legacy(price: Mapping[str, Any]) -> dict[str, Any]:
    """Give the meter that stands for usage records, which were about a price itself."""
    usage = price["recurring"].get("aggregate_usage") or "sum"
    if usage not in _LEGACY:
        raise NoCounterpartError(f"its usage records are aggregated by {usage}")
    return {
        "display_name": f"Usage records of {price['id']}",
        "event_name": price["id"],
        "default_aggregation": {"formula": _LEGACY[usage]},
    }


def usage_price(price: Mapping[str, Any], home: str) -> dict[str, Any]:
    """Give the price of a rule.

    Args:
        price: a metered price.
        home: currency of the book.

    Raises:
        NoCounterpartError: a book has no such price.
    """
    if price.get("billing_scheme") == "tiered":
        return _tiered(price, home)
    each = amounts(price)
    transform = price.get("transform_quantity")
    if transform:
        return {
            "model": "package",
            "size": transform["divide_by"],
            "amount": written(each, home),
            **({"round": "down"} if transform.get("round") == "down" else {}),
        }
    per = scaled([each])
    return {"amount": written(times(each, per), home), "per": per}


def _tiered(price: Mapping[str, Any], home: str) -> dict[str, Any]:
    ladders = {currency: _ladder(holder) for currency, holder in holders(price).items()}
    bounds = [[_bound(tier) for tier in ladder] for ladder in ladders.values()]
    if any(one != bounds[0] for one in bounds):
        raise NoCounterpartError("its tiers end elsewhere in another currency")
    if bounds[0][-1] is not None:
        raise NoCounterpartError("its last tier has an end")
    units = [_in_tier(ladders, index, "unit_amount") for index in range(len(bounds[0]))]
    flats = [_in_tier(ladders, index, "flat_amount") for index in range(len(bounds[0]))]
    per = scaled(units)
    tiers = [
        {
            **({} if bound is None else {"up_to": bound}),
            "amount": written(times(unit, per), home),
            **({} if is_zero(flat) else {"flat": written(flat, home)}),
        }
        for bound, unit, flat in zip(bounds[0], units, flats, strict=True)
    ]
    return {
        "model": "volume" if price.get("tiers_mode") == "volume" else "graduated",
        "per": per,
        "tiers": tiers,
        **({} if is_zero(flats[0]) else {"flat_at_zero": True}),
    }


def _bound(tier: Mapping[str, Any]) -> Decimal | None:
    written = tier.get("up_to")
    return None if written in {None, "inf"} else Decimal(str(written))


def _ladder(holder: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tiers: Sequence[Mapping[str, Any]] = holder.get("tiers") or ()
    if not tiers:
        raise NoCounterpartError("its tiers are not in the export; list prices with --expand data.tiers")
    return tiers


def _in_tier(ladders: Mapping[str, Sequence[Mapping[str, Any]]], index: int, key: str) -> Amounts:
    return {
        currency: amount(ladder[index], key, currency) or Decimal(0) for currency, ladder in ladders.items()
    }
