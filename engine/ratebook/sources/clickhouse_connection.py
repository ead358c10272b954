"""A connection to ClickHouse that only reads, and never takes a part of a result for the whole."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from ratebook.compiler.sql import MeteringQuery, Parameter
from ratebook.sources.errors import SourceError, failure, without_credentials

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2299, 12, 31, tzinfo=UTC)
"""What a DateTime64 can be compared with."""

_CUTTING: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *(
                "read_overflow_mode",
                "read_overflow_mode_leaf",
                "group_by_overflow_mode",
                "sort_overflow_mode",
            ),
            *(
                "result_overflow_mode",
                "timeout_overflow_mode",
                "timeout_overflow_mode_leaf",
                "set_overflow_mode",
            ),
            *("join_overflow_mode", "transfer_overflow_mode", "distinct_overflow_mode"),
        ),
        "throw",
    ),
    **dict.fromkeys(
        ("limit", "offset", "use_query_cache", "skip_unavailable_shards", "transform_null_in"), "0"
    ),
}
"""Settings of a user's profile under which ClickHouse would answer with less than all, and what they have to be."""

_UNKNOWN_TABLE: Final = frozenset({60, 81})
_REFUSED: Final = frozenset({164, 192, 193, 194, 492, 497, 516})
_TOO_LARGE: Final = frozenset({69, 70, 321, 407})
_EXHAUSTED: Final = frozenset({159, 160, 202, 241, 243, 307, 396})
_TIMEOUT: Final = 3_600
_SYSTEM: Final = re.compile(r"\[Errno -?\d+\] ([^'\")]+)")
"""What the system said, in the middle of what libraries say about it."""

logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())  # a finding says it, once


def connect(url: str, credentials: str) -> Client:
    """Connect to a server.

    Args:
        url: scheme, host, port, and the database as path.
        credentials: `user:password`, or "" for the default user.

    Raises:
        SourceError: the server cannot be reached or refuses the credentials.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or (8443 if parts.scheme == "https" else 8123)
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port:
        raise failure(
            "RB601",
            f"{without_credentials(url)} is no address of a ClickHouse server",
            expected="https://host:8443/database",
            help_="correct `url` under environments in specs/book.yaml",
        )
    user, _, password = credentials.partition(":")
    with translated("", url, password):
        return clickhouse_connect.get_client(
            interface=parts.scheme,
            host=parts.hostname,
            port=port,
            username=user or "default",
            password=password,
            database=unquote(parts.path.strip("/")) or "default",
            send_receive_timeout=_TIMEOUT,
            autogenerate_session_id=False,
            client_name="ratebook",
        )


def reading_settings(client: Client, url: str) -> dict[str, str]:
    """Give the settings of every query: only reading, and all or nothing.

    Raises:
        SourceError: the user's profile cuts results, and does not let a query say otherwise.
    """
    settings: dict[str, str] = {}
    known = client.server_settings
    for name, wanted in _CUTTING.items():
        setting = known.get(name)
        if setting is None or setting.value in {wanted, ""}:
            continue
        if setting.readonly:
            raise failure(
                "RB602",
                f"the user's profile at {without_credentials(url)} has {name} = {setting.value}, which cuts results",
                expected=f"{name} = {wanted}",
                help_="correct the profile on the server, or let the user change settings (readonly = 2)",
            )
        settings[name] = wanted
    readonly = known.get("readonly")
    if readonly is not None and readonly.value == "0" and client.uri.startswith("http"):
        settings["readonly"] = "2"
    return settings


def bound(query: MeteringQuery) -> dict[str, Any]:
    """Give a query's parameters as the client sends them."""
    return {parameter.name: _value(parameter) for parameter in query.parameters}


def _value(parameter: Parameter) -> Any:  # noqa: ANN401 - by its kind
    if parameter.kind == "instant" and isinstance(parameter.value, int):
        return moment(parameter.value)
    if isinstance(parameter.value, tuple):
        return list(parameter.value)
    return format(parameter.value, "f") if isinstance(parameter.value, Decimal) else parameter.value


def moment(instant: int) -> str:
    """Write an instant as ClickHouse reads it."""
    seconds, micros = divmod(instant, 1_000_000)
    time = min(max(_EPOCH + timedelta(seconds=seconds, microseconds=micros), _EARLIEST), _LATEST)
    return time.strftime("%Y-%m-%d %H:%M:%S.%f")


def as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Make text of bytes, as older servers send it, and see that all of it is UTF-8."""
    for index, field in enumerate(batch.schema):
        if pa.types.is_binary(field.type):
            column = batch.column(index).cast(pa.string())
            batch = batch.set_column(index, pa.field(field.name, pa.string()), column)
    batch.validate(full=True)
    return batch


@contextmanager
def translated(source: str, url: str, secret: str = "") -> Iterator[None]:
    """Turn what the client raises into a `SourceError` that names the address, and no credentials."""
    try:
        yield
    except ClickHouseError as error:
        raise _explained(error, source, without_credentials(url), secret) from None
    except pa.ArrowInvalid as error:
        raise failure(
            "RB605",
            f"{without_credentials(url)} sent what cannot be read: {error}",
            source=source,
            help_="look for subjects or dimensions that are no UTF-8",
        ) from None


def _explained(error: ClickHouseError, source: str, address: str, secret: str) -> SourceError:
    code = getattr(error, "code", None)
    said = " ".join(str(error).split())[:500]
    if secret:
        said = said.replace(secret, "…")
    if code in _REFUSED:
        message = f"{address} refuses: {said}"
        help_ = "correct the credentials, and grant SELECT on the tables of usage"
        return failure("RB602", message, source=source, help_=help_)
    if code in _UNKNOWN_TABLE:
        help_ = "correct `url` or `tables` under environments in specs/book.yaml"
        return failure("RB401", f"{address}: {said}", source=source, help_=help_)
    if code in _TOO_LARGE:
        message = f"a quantity of {source} is too large to count with: {said}"
        help_ = "look for an event with an absurd value; sums may have up to 38 digits, decimals 20 before the point"
        return failure("RB416", message, source=source, help_=help_)
    if code in _EXHAUSTED:
        help_ = "raise the limits of the user's profile, or measure a shorter period"
        return failure("RB606", f"{address} gave up: {said}", source=source, help_=help_)
    if code is None and isinstance(error, OperationalError):
        help_ = "see that the server runs and can be reached from here; nothing is billed without it"
        system = _SYSTEM.search(said)
        said = system[1] if system else said
        return failure("RB601", f"{address} cannot be reached: {said}", source=source, help_=help_)
    return failure(
        "RB605", f"a query at {address} failed: {said}", source=source, help_="report this as a bug"
    )
