"""Small books for examples whose numbers are worked out by hand: one source, one meter, one rule, one contract."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.bill import Bill, bill

SOURCE = {
    "subject": "org",
    "event_id": "id",
    "event_time": "ts",
    "dedupe": "exact",
    "columns": {"chain": "string", "method": "string", "status": "integer", "units": "decimal"},
}


def book(
    contract: Mapping[str, Any],
    *,
    rule: Mapping[str, Any] | None = None,
    meter: Mapping[str, Any] | None = None,
    spec: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A book with the meter `units` (their sum, unless `meter` says otherwise), rated by the rule `api`."""
    return {
        "book": {"syntax": 1, "name": "example", "currency": "USD", "sources": {"raw": SOURCE}},
        "meters": {
            "units": {
                "source": "raw",
                "aggregate": "sum",
                "value": "units",
                "unit": "unit",
                "dimensions": ["chain", "method"],
                **(meter or {}),
            }
        },
        "rating": {"api": {"meter": "units", **(rule or {})}},
        "multipliers": {},
        "plans": {},
        "specs": {"global": {"time_zone": "UTC", "currency": "USD", **(spec or {})}},
        "contracts": {"acme": {"org": "acme", "spec": "global", "type": "hybrid", **contract}},
        **more,
    }


def used(units: str, at: str = "2026-10-05T12:00:00+00:00", **columns: Any) -> dict[str, Any]:
    """An event of acme; its id is what it says, unless given."""
    event = {"org": "acme", "ts": datetime.fromisoformat(at), "chain": None, "method": None, "status": 200}
    event |= {"units": Decimal(units), "id": f"{units} {at} {columns}"}
    return event | columns


def rate(
    of: Mapping[str, Any], events: Sequence[Mapping[str, Any]] = (), period: str = "2026-10", **more: Any
) -> Bill:
    return bill(of, {"raw": events}, more.get("fx", []), period, more.get("brought"))


def only(result: Bill) -> dict[str, Any]:
    (invoice,) = result.invoices
    return invoice


def amounts(invoice: Mapping[str, Any], *kinds: str) -> list[Fraction]:
    return [line["amount"] for line in invoice["lines"] if not kinds or line["kind"] in kinds]


def money(*texts: str) -> list[Fraction]:
    return [Fraction(text) for text in texts]


def usage_total(price: Any, units: Sequence[str], **rule: Any) -> Fraction:
    """What October costs a contract that used so many units, one event each."""
    contract = {"start": datetime(2026, 10, 1, tzinfo=UTC), "charges": [{"rating": "api"}]}
    events = [used(one, id=str(number)) for number, one in enumerate(units)]
    result = rate(book(contract, rule={"price": price, **rule}), events)
    total: Fraction = result.invoices[0]["subtotal"] if result.invoices else Fraction(0)
    return total
