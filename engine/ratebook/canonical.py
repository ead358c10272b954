"""Canonical JSON (RFC 8785), digests and ids: equal meaning gives equal bytes on every machine.

Numbers of a document are integers within 2**53 or decimals written as plain strings, so the number rules of
RFC 8785 never come into play; keys are ASCII, so byte order and its UTF-16 order agree.
"""

import hashlib
from decimal import Decimal
from typing import Any, Final

import orjson

from ratebook.money import plain

_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
)


def canonical_json(document: Any) -> bytes:  # noqa: ANN401 - any JSON document
    """Write a document as canonical JSON; a `Decimal` becomes a plain string.

    That no float gets here is up to who makes the document: looking for one would cost more than writing it.

    Raises:
        TypeError: the document holds an integer beyond 2**53, or what JSON has no place for: a date, a set.
    """
    return orjson.dumps(document, default=_plain, option=_OPTIONS)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    msg = f"{type(value).__name__} has no canonical JSON form"
    raise TypeError(msg)


def digest(document: Any) -> str:  # noqa: ANN401 - any JSON document
    """Give `sha256:…` over the canonical JSON of a document."""
    return digest_bytes(canonical_json(document))


def digest_bytes(data: bytes) -> str:
    """Give `sha256:…` over bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def business_id(prefix: str, *identity: str | int) -> str:
    """Make an id from business identity alone, so that a retry makes the same one.

    >>> business_id("inv", "acme", "2026-11-01T00:00:00Z", "period", 0)
    'inv_a98c168fe0155b2c3d5bbc4c'
    """
    return f"{prefix}_{hashlib.sha256(canonical_json(list(identity))).hexdigest()[:24]}"
