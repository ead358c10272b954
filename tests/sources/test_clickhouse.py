"""ClickHouse over its HTTP protocol: what can go wrong is said with the address, and never with the password."""

from dataclasses import replace

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.models import SettingDef

from ratebook.sources.clickhouse_connection import reading_settings
from ratebook.sources.clickhouse_types import found
from ratebook.sources.clickhouse_usage import ClickHouseUsage
from ratebook.sources.errors import SourceError
from ratebook.usage.measure import Measure
from tests.clickhouse_http import ClickHouseServer
from tests.sources.ask import COUNT, Asked, ask, events, measuring
from tests.sources.cases import CLICKHOUSE_COLUMNS, SCHEMA

READER = "reader:s3cret"


@pytest.fixture(scope="module", autouse=True)
def _tables(clickhouse: Client) -> None:
    clickhouse.command(f"CREATE OR REPLACE TABLE raw ({CLICKHOUSE_COLUMNS}) ENGINE = Memory")
    rows = events({"bytes": 5, "chain": "eth"}, {"bytes": 7, "chain": "sol"}, {"chain": "eth"})
    clickhouse.insert("raw", [[row[name] for name in SCHEMA.names] for row in rows], SCHEMA.names)


def asked(server: ClickHouseServer, measure: Measure = COUNT, credentials: str = READER) -> Asked:
    return ask(ClickHouseUsage(server.url, {}, credentials), measure)


def refused(server: ClickHouseServer, measure: Measure = COUNT, credentials: str = READER) -> SourceError:
    with pytest.raises(SourceError) as caught:
        asked(server, measure, credentials)
    assert "s3cret" not in str(caught.value)
    return caught.value


def test_a_table_is_measured_over_http(server: ClickHouseServer) -> None:
    assert asked(server, measuring("sum")).told == [((), 2, 12)]


@pytest.mark.parametrize("credentials", ["reader:wrong", "nobody:s3cret", ""])
def test_credentials_that_are_refused(credentials: str, server: ClickHouseServer) -> None:
    error = refused(server, credentials=credentials)
    assert error.finding.code == "RB602"
    assert server.url in str(error)


def test_a_server_that_is_down() -> None:
    with pytest.raises(SourceError) as caught:
        ask(ClickHouseUsage("http://user:s3cret@127.0.0.1:9/default", {}, READER), COUNT)
    assert caught.value.finding.code == "RB601"
    assert "http://127.0.0.1:9/default cannot be reached" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "clickhouse.internal", "ftp://x", "http://", "http://x:port/"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        ask(ClickHouseUsage(url, {}, READER), COUNT)
    assert caught.value.finding.code == "RB601"


def test_a_table_that_is_not_there(server: ClickHouseServer) -> None:
    missing = replace(COUNT, source=replace(COUNT.source, name="nowhere"))
    error = refused(server, missing)
    assert error.finding.code == "RB401"
    assert error.finding.pointer.endswith("/book#sources/nowhere")


def test_a_table_may_have_another_name_and_database(server: ClickHouseServer) -> None:
    elsewhere = replace(COUNT, source=replace(COUNT.source, name="usage"))
    assert ask(ClickHouseUsage(server.url, {"usage": "default.raw"}, READER), elsewhere).told == [((), 3, 3)]
    with pytest.raises(SourceError, match="no name for a table"):
        ask(ClickHouseUsage(server.url, {"usage": "raw; --"}, READER), elsewhere)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)", "RB606"),
        ("Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)", "RB606"),
        ("Code: 497. DB::Exception: Not enough privileges. (ACCESS_DENIED)", "RB602"),
        ("Code: 47. DB::Exception: Unknown identifier. (UNKNOWN_IDENTIFIER)", "RB605"),
        ("Code: 70. DB::Exception: Value cannot be safely converted. (CANNOT_CONVERT_TYPE)", "RB416"),
    ],
)
def test_errors_of_the_server_have_codes_of_ours(error: str, code: str, server: ClickHouseServer) -> None:
    server.failing["measured AS"] = error
    try:
        assert refused(server).finding.code == code
    finally:
        server.failing.clear()


def test_columns_are_checked_before_a_row_is_read(server: ClickHouseServer, clickhouse: Client) -> None:
    clickhouse.command(
        "CREATE OR REPLACE TABLE odd (id String, org String, ts String, chain Float64, bytes Float32) "
        "ENGINE = Memory"
    )
    source = replace(
        COUNT.source, name="odd", columns={"chain": "string", "bytes": "integer", "more": "string"}
    )
    error = refused(server, replace(COUNT, source=source))
    assert sorted(finding.code for finding in error.findings) == ["RB402", "RB403", "RB403", "RB404"]


@pytest.mark.parametrize(
    ("written", "kind", "nullable"),
    [
        ("String", "string", False),
        ("LowCardinality(Nullable(String))", "string", True),
        ("Enum8('a' = 1, 'b' = 2)", "string", False),
        ("UUID", "string", False),
        ("FixedString(16)", "other", False),
        ("UInt64", "integer", False),
        ("Nullable(Int128)", "integer", True),
        ("UInt256", "other", False),
        ("Int256", "other", False),
        ("Decimal(18, 0)", "integer", False),
        ("Decimal(38, 18)", "decimal", False),
        ("Nullable(Decimal(76, 19))", "fine_decimal", True),
        ("Float64", "inexact", False),
        ("Nullable(BFloat16)", "inexact", True),
        ("Bool", "boolean", False),
        ("DateTime", "instant", False),
        ("DateTime64(3, 'Europe/Istanbul')", "instant", False),
        ("Date", "other", False),
        ("Array(String)", "other", False),
        ("SimpleAggregateFunction(sum, UInt64)", "other", False),
    ],
)
def test_types(written: str, kind: str, nullable: bool) -> None:
    assert found(written) == (kind, written, nullable)


@pytest.mark.parametrize(
    "kind", ["DateTime", "DateTime('Asia/Tokyo')", "DateTime64(3)", "DateTime64(9, 'UTC')"]
)
def test_times_of_every_precision_are_instants(kind: str, clickhouse: Client) -> None:
    """Pitfall 46: finer times are cut, coarser ones do not move."""
    clickhouse.command(f"CREATE OR REPLACE TABLE times (id String, org String, ts {kind}) ENGINE = Memory")
    finer = ".999999999" if "9" in kind else ".999" if "3" in kind else ""
    clickhouse.command(
        "INSERT INTO times SELECT 'e1', 'a', parseDateTime64BestEffort('2026-05-31T23:59:59.999Z', 3, 'UTC') UNION ALL "
        "SELECT 'e2', 'a', toDateTime64('2026-06-01 00:00:00', 9, 'UTC') UNION ALL "
        f"SELECT 'e3', 'a', toDateTime64('2026-06-01 23:59:59{finer}', 9, 'UTC')"
    )
    measure = replace(COUNT, source=replace(COUNT.source, columns={}))
    asked = ask(ClickHouseUsage("chdb", {"raw": "times"}, client=clickhouse), measure)
    assert asked.told == [((), 2, 2)]


def test_a_replacing_table_that_is_not_merged_yet_counts_once(clickhouse: Client) -> None:
    """Pitfall 32: without FINAL its parts hold the same event several times, and a view over it never dedupes."""
    clickhouse.command(
        f"CREATE OR REPLACE TABLE parts ({CLICKHOUSE_COLUMNS}) ENGINE = ReplacingMergeTree ORDER BY id"
    )
    clickhouse.command("SYSTEM STOP MERGES parts")
    for _ in range(3):
        rows = events({"bytes": 5}, {"bytes": 7})
        clickhouse.insert("parts", [[row[name] for name in SCHEMA.names] for row in rows], SCHEMA.names)
    asked = ask(ClickHouseUsage("chdb", {"raw": "parts"}, client=clickhouse), measuring("sum"))
    assert asked.told == [((), 2, 12)]
    assert asked.counts[0].duplicates == 4


class Profile:
    """A client as far as its settings go."""

    uri = "http://clickhouse"

    def __init__(self, *settings: SettingDef) -> None:
        self.server_settings = {setting.name: setting for setting in settings}


def test_a_profile_that_cuts_results_is_overruled() -> None:
    """A group-by that may stop at a limit, or a result that may, would bill a part for the whole."""
    profile = Profile(
        SettingDef("group_by_overflow_mode", "any", 0),
        SettingDef("result_overflow_mode", "throw", 0),
        SettingDef("limit", "1000", 0),
        SettingDef("readonly", "0", 0),
    )
    assert reading_settings(profile, "http://clickhouse") == {  # type: ignore[arg-type]
        "group_by_overflow_mode": "throw",
        "limit": "0",
        "readonly": "2",
    }


def test_a_profile_that_cuts_results_and_cannot_be_overruled_is_refused() -> None:
    profile = Profile(SettingDef("read_overflow_mode", "break", 1), SettingDef("readonly", "1", 1))
    with pytest.raises(SourceError, match="read_overflow_mode = break"):
        reading_settings(profile, "http://clickhouse")  # type: ignore[arg-type]


def test_a_reader_who_may_change_nothing_is_asked_for_nothing() -> None:
    profile = Profile(SettingDef("readonly", "1", 1), SettingDef("limit", "0", 1))
    assert reading_settings(profile, "http://clickhouse") == {}  # type: ignore[arg-type]
