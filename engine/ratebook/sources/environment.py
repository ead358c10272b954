"""An environment of a book, opened: where its usage and its exchange rates come from."""

import os
from pathlib import Path
from typing import Final

from ratebook.book import Book
from ratebook.book.model import Environment
from ratebook.compiler.clickhouse_sql import CLICKHOUSE
from ratebook.compiler.duckdb_sql import DUCKDB
from ratebook.compiler.queries import metering_query
from ratebook.compiler.run import RunPlan
from ratebook.compiler.sql import Dialect, MeteringQuery
from ratebook.findings import Finding
from ratebook.fx import RateTable, read_rates
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.sources.errors import SourceError
from ratebook.sources.metering import MeteringStore
from ratebook.sources.protocol import UsageSource

_ENVIRONMENT: Final = "env:"
_FILE: Final = "file:"


def open_store(book: Book, environment: str, root: Path) -> MeteringStore:
    """Open the store that measures the usage of an environment.

    Raises:
        SourceError: the environment names no usage, or its credentials are not there.
    """
    return MeteringStore(open_source(book.settings.environments[environment], environment, root))


def open_source(environment: Environment, name: str, root: Path) -> UsageSource:
    """Open the source of an environment's usage.

    Raises:
        SourceError: the environment names no usage, or its credentials are not there.
    """
    usage = environment.usage
    if usage is not None and usage.duckdb is not None:
        return DuckDBUsage(usage.duckdb, root)
    if usage is not None and usage.clickhouse is not None:
        from ratebook.sources.clickhouse_usage import ClickHouseUsage

        clickhouse = usage.clickhouse
        credentials = _secret(clickhouse.credentials, name) if clickhouse.credentials else ""
        return ClickHouseUsage(clickhouse.url, clickhouse.tables, credentials)
    raise SourceError(
        [
            Finding(
                "RB603",
                f"the environment {name} does not say where usage is",
                f"specs/book#environments/{name}",
                expected="usage: {duckdb: {…}} or usage: {clickhouse: {…}}",
                help="add it to specs/book.yaml, or name another environment with --environment",
            )
        ]
    )


def _secret(reference: str, name: str) -> str:
    """Resolve a reference to a secret from the environment's variables or from a file."""
    if reference.startswith(_ENVIRONMENT) and (value := os.environ.get(reference.removeprefix(_ENVIRONMENT))):
        return value
    if reference.startswith(_FILE):
        try:
            return Path(reference.removeprefix(_FILE)).read_text("utf-8").strip()
        except OSError:
            pass
    raise SourceError(
        [
            Finding(
                "RB604",
                f"the secret {reference} is not there",
                f"specs/book#environments/{name}/usage/clickhouse/credentials",
                expected="env:NAME of a variable that is set, or file:PATH of a file that can be read",
                help="set it to user:password; vault: and sops: are resolved by the production runner",
            )
        ]
    )


def open_rates(book: Book, environment: str, root: Path) -> tuple[RateTable, list[Finding]]:
    """Read the exchange rates of an environment; without a table there are none.

    Returns:
        The table, and a finding for each line that could not be read.

    Raises:
        SourceError: the file cannot be read.
    """
    fx = book.settings.environments[environment].fx
    if fx is None:
        return RateTable(), []
    try:
        return read_rates((root / fx.file).read_bytes(), fx.file)
    except OSError as error:
        finding = Finding(
            "RB601",
            f"the exchange rates in {fx.file} cannot be read: {error.strerror or error}",
            f"specs/book#environments/{environment}/fx/file",
            help="correct the path; it is relative to the book's folder",
        )
        raise SourceError([finding]) from None


def queries_of(book: Book, environment: str, plan: RunPlan | None) -> list[MeteringQuery]:
    """Write the metering query of each measure in the dialect of the environment's source."""
    usage = book.settings.environments[environment].usage
    dialect: Dialect = CLICKHOUSE if usage is not None and usage.clickhouse is not None else DUCKDB
    return [metering_query(measure, dialect) for measure in (plan.measures if plan is not None else ())]
