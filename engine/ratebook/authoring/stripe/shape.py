"""The shape of what Stripe exports, as far as it is read here."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jsonschema import Draft7Validator

Schema = Mapping[str, Any]

_TEXT: Final[Schema] = {"type": ["string", "null"]}
_WHOLE: Final[Schema] = {"type": ["integer", "null"], "minimum": 0}
_DECIMAL: Final[Schema] = {"type": ["string", "null"], "pattern": r"^[0-9]{1,20}(\.[0-9]{1,12})?$"}
_MAPPING: Final[Schema] = {"type": ["object", "null"]}
_KEYED: Final[Schema] = {"type": ["object", "null"], "properties": {"event_payload_key": _TEXT}}

_TIER: Final[Schema] = {
    "type": "object",
    "properties": {
        "up_to": {"anyOf": [_WHOLE, {"enum": ["inf"]}]},
        "unit_amount": _WHOLE,
        "unit_amount_decimal": _DECIMAL,
        "flat_amount": _WHOLE,
        "flat_amount_decimal": _DECIMAL,
    },
}
_AMOUNTS: Final[Schema] = {
    "unit_amount": _WHOLE,
    "unit_amount_decimal": _DECIMAL,
    "tiers": {"type": ["array", "null"], "items": _TIER},
}
_PRICE: Final[Schema] = {
    "required": ["currency", "product"],
    "properties": {
        **_AMOUNTS,
        "active": {"type": "boolean"},
        "created": {"type": "integer"},
        "currency": {"type": "string"},
        "product": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["id"]}]},
        "lookup_key": _TEXT,
        "nickname": _TEXT,
        "metadata": _MAPPING,
        "custom_unit_amount": _MAPPING,
        "currency_options": {
            "type": ["object", "null"],
            "additionalProperties": {"type": "object", "properties": _AMOUNTS},
        },
        "recurring": {
            "type": ["object", "null"],
            "properties": {
                "interval": {"type": "string"},
                "interval_count": {"type": "integer", "minimum": 1},
                "trial_period_days": {"type": ["integer", "null"], "minimum": 0},
                "meter": _TEXT,
                "aggregate_usage": _TEXT,
            },
        },
        "transform_quantity": {
            "type": ["object", "null"],
            "required": ["divide_by"],
            "properties": {"divide_by": {"type": "integer", "minimum": 1}, "round": {"enum": ["up", "down"]}},
        },
    },
}
_PRODUCT: Final[Schema] = {"properties": {"active": {"type": "boolean"}, "name": _TEXT, "metadata": _MAPPING}}
_METER: Final[Schema] = {
    "properties": {
        "event_name": _TEXT,
        "display_name": _TEXT,
        "default_aggregation": {"type": ["object", "null"], "properties": {"formula": _TEXT}},
        "customer_mapping": _KEYED,
        "value_settings": _KEYED,
    }
}
_SHAPES: Final[Mapping[str, Schema]] = {"price": _PRICE, "product": _PRODUCT, "billing.meter": _METER}


@cache
def _validator(kind: str) -> Draft7Validator:
    return Draft7Validator(_SHAPES[kind])


def what_is_wrong(thing: Mapping[str, Any]) -> str:
    """Say what is not as Stripe writes it; empty where all is well."""
    error = next(iter(_validator(thing["object"]).iter_errors(thing)), None)
    if error is None:
        return ""
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place}: {error.message[:200]}" if place else error.message[:200]
