"""What is counted, and where an event belongs: the numeric and temporal traps of both engines."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client

from ratebook.calendar import BEGINNING, DAY, NEVER, SECOND, Instant, Interval, instant_of, zone
from ratebook.sources.clickhouse_usage import ClickHouseUsage
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.sources.errors import SourceError
from ratebook.sources.metering import MeteringStore
from ratebook.usage.measure import Band, Condition, Dimension, FactorTable, Slots
from ratebook.usage.rows import SegmentRow, SubjectRow
from tests.sources.ask import COUNT, Both, ask_clickhouse, ask_parquet, d, events, measuring
from tests.sources.cases import START, moment, trusted


def at(offset: int) -> datetime:
    return moment(START + offset)


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [("count", 4), ("sum", 15), ("max", 9), ("min", -2), ("unique", 3), ("latest", -2)],
)
def test_each_aggregate(aggregate: str, expected: int, both: Both) -> None:
    values = [(1, 9), (2, 4), (3, 4), (4, -2)]
    rows = events(*({"ts": at(offset), "bytes": value} for offset, value in values))
    assert both(rows, measuring(aggregate)).told == [((), 4, expected)]


def test_a_level_counts_as_long_as_it_lasts(both: Both) -> None:
    rows = events({"bytes": 10}, {"ts": at(DAY // 2), "bytes": -4}, {"ts": at(DAY - 1), "bytes": 7})
    slots = Slots((START, Instant(START + DAY // 4), Instant(START + DAY)))
    integral = 10 * DAY - 4 * DAY // 2 + 7
    assert both(rows, measuring("time_weighted_sum", slots=slots)).told == [((), 3, integral)]


def test_a_level_counts_for_whom_its_subject_belongs_to_as_long_as_it_does(both: Both) -> None:
    """The subject passes from one contract to another at noon: there its level begins anew."""
    rows = events({"bytes": 10}, {"ts": at(DAY * 3 // 4), "bytes": 6})
    noon = Instant(START + DAY // 2)
    slots = Slots((START, noon, Instant(START + DAY)))
    subjects = (SubjectRow("a", 0, 0, BEGINNING, noon), SubjectRow("a", 1, 0, noon, NEVER))
    segments = [SegmentRow(0, 0, 0, 0, 2, 0)]
    level = measuring("time_weighted_sum", slots=slots)
    asked = both(rows, level, subjects=subjects, segments=segments)
    assert [(row.contract, int(row.quantity)) for row in asked.rows] == [
        (0, 10 * DAY // 2),
        (1, 6 * DAY // 4),
    ]
    assert asked.unbilled == ()


def test_the_last_of_equally_late_events_is_that_with_the_greatest_id(both: Both) -> None:
    rows = [{**row, "id": name} for row, name in zip(events({"bytes": 5}, {"bytes": 3}), "ab", strict=True)]
    assert both(rows, measuring("latest")).told == [((), 2, 3)]
    assert both(rows[::-1], measuring("latest")).told == [((), 2, 3)]


def test_what_does_not_add_up_is_measured_for_each_subject_of_a_contract(both: Both) -> None:
    rows = events({"bytes": 5}, {"bytes": 7}, {"org": "b", "bytes": 7})
    assert both(rows, measuring("max")).told == [((), 3, 14)]
    assert both(rows, measuring("unique")).told == [((), 3, 3)]


def test_nothing_measured_is_no_row(both: Both) -> None:
    """Pitfall 27: a sum over nothing is 0 in one engine and NULL in the other; here it is no row in either."""
    assert both([], measuring("sum")).rows == []
    assert both(events({"org": "b"}), measuring("sum")).rows == []


def test_sums_of_64_bits_do_not_wrap(both: Both) -> None:
    """Pitfall 22: ClickHouse's sum(Int64) wraps; 2**63 - 1 three times is more than 64 bits hold."""
    rows = events(*[{"bytes": 2**63 - 1}] * 3)
    assert both(rows, measuring("sum")).told == [((), 3, 3 * (2**63 - 1))]


def test_a_product_that_does_not_fit_fails(tmp_path: Path, clickhouse: Client) -> None:
    """Pitfall 22: products of wide integers wrap silently in ClickHouse; both engines say so instead."""
    heavy = FactorTable("weights", (), (), {(0, ()): 10**30}, 0, ((0,),))
    measure = measuring("sum", factors=(heavy,))
    with pytest.raises(SourceError) as files:
        ask_parquet(tmp_path, events({"bytes": 2**62}), measure)
    with pytest.raises(SourceError) as table:
        ask_clickhouse(clickhouse, events({"bytes": 2**62}), measure)
    assert files.value.finding.code == table.value.finding.code == "RB416"


def test_decimals_add_up_exactly(both: Both) -> None:
    rows = events(
        *[{"level": d("0.000001")}] * 3, {"level": d("123456789012345678.9")}, {"level": d("-0.000004")}
    )
    assert both(rows, measuring("sum", "level")).told == [((), 5, d("123456789012345678.899999"))]


def test_a_million_distinct_values_are_counted_exactly(tmp_path: Path, clickhouse: Client) -> None:
    """Pitfall 28: uniq() would say 1,001,943; a tenth of that shows it, too."""
    rows = events(*({"bytes": number * 7919} for number in range(100_000)))
    assert ask_parquet(tmp_path, rows, measuring("unique")).told == [((), 100_000, 100_000)]
    assert ask_clickhouse(clickhouse, rows, measuring("unique")).told == [((), 100_000, 100_000)]


def test_an_event_at_the_end_belongs_to_the_next_period(both: Both) -> None:
    """Pitfalls 35 and 46: half-open to the microsecond."""
    offsets = (-1, 0, DAY // 2 - 1, DAY // 2, DAY - 1, DAY)
    rows = events(*({"ts": at(offset)} for offset in offsets))
    measure = replace(COUNT, slots=Slots((START, Instant(START + DAY // 2), Instant(START + DAY))))
    segments = [SegmentRow(0, 0, 0, 0, 1, 0), SegmentRow(0, 1, 0, 1, 2, 0)]
    asked = both(rows, measure, segments=segments)
    assert [(row.boundary, row.events) for row in asked.rows] == [(0, 2), (1, 2)]


def test_march_in_istanbul_begins_in_february(both: Both) -> None:
    """Pitfall 36: an event at 2026-02-28T22:30Z is March in Istanbul."""
    istanbul = zone("Europe/Istanbul")
    march = Interval(instant_of(date(2026, 3, 1), istanbul), instant_of(date(2026, 4, 1), istanbul))
    rows = events(
        {"ts": datetime(2026, 2, 28, 20, 59, 59, 999999, tzinfo=UTC)},
        {"ts": datetime(2026, 2, 28, 22, 30, tzinfo=UTC)},
        {"ts": datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)},
        {"ts": datetime(2026, 3, 31, 21, 0, tzinfo=UTC)},
    )
    assert both(rows, replace(COUNT, slots=Slots(tuple(march)))).told == [((), 2, 2)]


@pytest.mark.parametrize(
    ("percent", "expected"), [("50", 3), ("60", 3), ("60.1", 4), ("95", 5), ("100", 5), ("0.1", 1), ("20", 1)]
)
def test_a_percentile_is_the_nearest_rank(percent: str, expected: int, both: Both) -> None:
    """Of five values 95 % is the fifth: rank ceil(95 x 5 / 100) = 5."""
    rows = events(*({"bytes": one} for one in (3, 1, 5, 2, 4)))
    assert both(rows, measuring("percentile", percent=Decimal(percent))).told == [((), 5, expected)]


def test_equal_values_have_their_ranks_each(both: Both) -> None:
    rows = events(*({"bytes": one} for one in [1] * 95 + [2] * 4 + [1000]))
    assert both(rows, measuring("percentile", percent=Decimal(95))).told == [((), 100, 1)]
    assert both(rows, measuring("percentile", percent=Decimal(96))).told == [((), 100, 2)]


def test_a_percentile_is_taken_of_each_subject_of_a_contract(both: Both) -> None:
    rows = events({"bytes": 5}, {"bytes": 7}, {"org": "b", "bytes": 3})
    assert both(rows, measuring("percentile", percent=Decimal(50))).told == [((), 3, 8)]


def test_a_percentile_without_events_is_no_row(both: Both) -> None:
    """Pitfall 27."""
    assert both([], measuring("percentile", percent=Decimal(95))).rows == []
    nothing = replace(measuring("percentile", percent=Decimal(95)), where=(Condition("chain", "eq", "btc"),))
    assert both(events({"bytes": 1}), nothing).rows == []


def test_a_run_that_measures_nothing_needs_no_source(tmp_path: Path) -> None:
    with MeteringStore(DuckDBUsage({"raw": "nothing/*.parquet"}, tmp_path)) as store:
        metered = store.measure([], [], COUNT.slots.window)
        assert (metered.unbilled(), metered.findings(), metered.counts()) == ((), (), ())


@pytest.mark.parametrize("aggregate", ["count", "latest"])
def test_events_need_no_id_where_the_source_is_trusted(aggregate: str, both: Both) -> None:
    source = replace(trusted(COUNT.source), event_id="")
    rows = events({"bytes": 3}, {"bytes": 5}, {"org": "x", "bytes": 1})
    asked = both(rows, measuring(aggregate, source=source))
    assert asked.told == [((), 2, 2 if aggregate == "count" else 5)]
    assert [one.example for one in asked.unbilled] == [""]


def test_many_slots(both: Both) -> None:
    bounds = tuple(Instant(START + number * SECOND) for number in range(301))
    rows = events(*({"ts": at(number * SECOND)} for number in range(0, 300, 7)))
    measure = replace(COUNT, slots=Slots(bounds))
    segments = [SegmentRow(0, number, 0, number, number + 1, 0) for number in range(300)]
    assert [row.boundary for row in both(rows, measure, segments=segments).rows] == list(range(0, 300, 7))


def test_null_and_empty_are_two_keys(both: Both) -> None:
    rows = events({"chain": None}, {"chain": None}, {"chain": ""}, {"chain": "eth"})
    measure = replace(COUNT, dimensions=(Dimension("chain"),), keep=("chain",))
    assert both(rows, measure).told == [((None,), 2, 2), (("",), 1, 1), (("eth",), 1, 1)]


def test_a_bound_belongs_to_the_band_that_it_names(both: Both) -> None:
    values = [d("0.5"), d("0.500001"), d("3"), d("3.000001"), None]
    rows = events(*({"level": value} for value in values))
    band = Dimension("size", Band("level", (Decimal("0.50"), 3)))
    measure = replace(COUNT, dimensions=(band,), keep=("size",))
    told = both(rows, measure).told
    assert told == [((None,), 1, 1), (("0.5",), 1, 1), (("3",), 2, 2), (("over",), 1, 1)]


def test_dimensions_of_every_type_are_the_same_text_everywhere(both: Both) -> None:
    rows = events({"status": 200, "paid": True, "level": d("1.50")})
    names = ("status", "paid", "level")
    measure = replace(COUNT, dimensions=tuple(map(Dimension, names)), keep=names)
    assert both(rows, measure).told == [(("200", "true", "1.5"), 1, 1)]


def test_usage_without_a_factor_is_neither_billed_nor_zero(both: Both) -> None:
    weights = FactorTable("weights", ("chain",), (frozenset({"eth"}),), {(0, ("eth",)): 25}, 1, ((0,),))
    measure = replace(COUNT, dimensions=(Dimension("chain"),), factors=(weights,))
    rows = events({"chain": "eth"}, {"chain": "eth"}, {"chain": "new"}, {"chain": None})
    asked = both(rows, measure)
    assert [(row.events, row.quantity, row.units) for row in asked.rows] == [(2, d("2"), d("5.0"))]
    assert asked.lost == {("no_multiplier", ("chain=new",)): 1, ("no_multiplier", ("chain=(none)",)): 1}


def test_a_multiplier_may_name_many_keys(both: Both) -> None:
    """Few keys are searched for each event, many are joined to groups of events; the usage is the same."""
    keys = [f"m{number}" for number in range(300)]
    rows: dict[tuple[int, tuple[str | None, ...]], int] = {
        (0, (key,)): number for number, key in enumerate(keys)
    }
    weights = FactorTable("weights", ("method",), (frozenset(keys),), rows, 0, ((0,),))
    measure = replace(COUNT, dimensions=(Dimension("method"),), factors=(weights,))
    asked = both(events({"method": "m299"}, {"method": "m7"}, {"method": "x"}), measure)
    assert [(row.events, row.units) for row in asked.rows] == [(2, Decimal(306))]
    assert asked.lost == {("no_multiplier", ("method=x",)): 1}


def test_each_variant_reads_its_own_version(both: Both) -> None:
    """Pitfall 51: a multiplier that changes at a local midnight changes at another instant in each zone."""
    slots = Slots((START, Instant(START + DAY // 8), Instant(START + DAY)))
    weights = FactorTable("weights", (), (), {(0, ()): 1, (1, ()): 2}, 0, ((0, 1), (0, 0)))
    measure = replace(COUNT, slots=slots, factors=(weights,), variants=2)
    rows = events({"ts": at(DAY // 8 - 1)}, {"ts": at(DAY // 8)})
    for variant, units in ((0, 3), (1, 2)):
        asked = both(rows, measure, segments=[SegmentRow(0, 0, 0, 0, 2, variant)])
        assert [row.units for row in asked.rows] == [units]


def test_numbers_in_results_are_never_datetimes(tmp_path: Path, clickhouse: Client) -> None:
    """Pitfall 33b: clients attach a session's zone to datetimes; only integers of microseconds leave an engine."""
    measure = measuring("latest")
    ask_parquet(tmp_path, events({"bytes": 1}), measure)
    for source in (
        DuckDBUsage({"raw": "events.parquet"}, tmp_path),
        ClickHouseUsage("chdb", {"raw": _filled(clickhouse)}, client=clickhouse),
    ):
        source.prepare([(measure.source, measure.slots.window)])
        (batch,) = source.measure(measure)
        assert not any(pa.types.is_temporal(field.type) for field in batch.schema)
        source.close()


def _filled(client: Client) -> str:
    client.command(
        "CREATE OR REPLACE TABLE never_datetimes (id String, org String, ts DateTime64(6, 'UTC'), "
        "chain String, method String, status Int8, bytes Int8, level Decimal(9, 2), paid Bool) ENGINE = Memory"
    )
    client.command(
        "INSERT INTO never_datetimes VALUES ('e', 'a', '2026-06-01 00:00:00', '', '', 0, 1, 0, true)"
    )
    return "never_datetimes"
