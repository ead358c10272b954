"""One ClickHouse engine for each process of the tests: chdb has no more."""

from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from tests.clickhouse_http import ClickHouseServer, clickhouse_server
from tests.sources.ask import Both


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[Client]:
    """The engine, in the process."""
    client = clickhouse_connect.get_client(interface="chdb")
    yield client
    client.close()


@pytest.fixture(scope="session")
def server(clickhouse: Client) -> Iterator[ClickHouseServer]:
    """The same engine over HTTP."""
    with clickhouse_server({"reader": "s3cret"}) as running:
        yield running


@pytest.fixture
def both(tmp_path: Path, clickhouse: Client) -> Both:
    """Both engines, asked the same."""
    return Both(tmp_path, clickhouse)
