"""What a part of the book means, as a JSON document: equal however it is formatted, and without places in files."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from ratebook.book.model.dated import Dated
from ratebook.book.model.times import Duration
from ratebook.money import plain


def meaning(value: object) -> Any:  # noqa: ANN401 - a JSON document
    """Give the meaning of a model, or of anything that stands in one. Numbers become plain strings."""
    if isinstance(value, BaseModel):
        return _of_model(value)
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return plain(Decimal(value))
    if isinstance(value, Mapping):
        return {key: meaning(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [meaning(item) for item in value]
    return _of_time(value)


def _of_model(model: BaseModel) -> Any:  # noqa: ANN401 - a JSON document
    """Give what a model says besides its defaults, so that a new key changes no digest of a book without it."""
    if isinstance(model, Dated):
        return [
            {"from": meaning(version.from_), "value": meaning(version.value), "reference": version.reference}
            for version in model.versions
        ]
    fields = type(model).model_fields.items()
    return {
        field.alias or name: meaning(value)
        for name, field in fields
        if not field.exclude and (value := getattr(model, name)) is not None and value != field.default
    }


def _of_time(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Duration):
        return f"{value.number} {value.unit}"
    raise TypeError(type(value).__name__)
