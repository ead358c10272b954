"""Events that take back others: pitfall 72. Neither of the two counts, in any aggregate, on both engines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ratebook.calendar import DAY, Instant
from ratebook.sources.clickhouse_usage import ClickHouseUsage
from ratebook.sources.duckdb_usage import DuckDBUsage
from ratebook.usage.measure import Dimension, Slots
from tests.sources.ask import COUNT, Both, events, measuring
from tests.sources.cases import (
    SOURCE,
    START,
    Case,
    Row,
    fill_clickhouse,
    moment,
    random_case,
    write_csv,
    write_json_lines,
    write_parquet,
)
from tests.sources.test_parity import ask, expected

UNDOING = replace(SOURCE, reverses="undoes")
LATER = Slots((Instant(START + DAY), Instant(START + 2 * DAY)))


def summing(**changes: Any) -> Any:
    return measuring("sum", source=UNDOING, **changes)


def at(days: float) -> datetime:
    return moment(int(START + days * DAY))


def test_neither_the_event_nor_what_takes_it_back_counts(both: Both) -> None:
    asked = both(events({"bytes": 5}, {"bytes": 7}, {"undoes": "e0", "bytes": 100}), summing())
    assert asked.told == [((), 1, 7)]
    assert asked.codes == []


@pytest.mark.parametrize(("aggregate", "quantity"), [("max", 7), ("min", 7), ("latest", 7), ("unique", 1)])
def test_what_cannot_be_added_up_is_as_if_the_event_had_never_been(
    aggregate: str, quantity: int, both: Both
) -> None:
    rows = events({"bytes": 7}, {"bytes": 9, "ts": at(0.2)}, {"bytes": 3}, {"undoes": "e1", "ts": at(0.5)})
    rows.append({**rows[3], "id": "e4", "undoes": "e2"})
    asked = both(rows, measuring(aggregate, source=UNDOING))
    assert asked.told == [((), 1, quantity)]


def test_it_happens_at_the_time_and_in_the_dimensions_of_what_it_takes_back(both: Both) -> None:
    rows = events({"bytes": 5, "chain": "eth"}, {"undoes": "e0", "chain": "sol", "ts": at(40)})
    measure = summing(dimensions=(Dimension("chain"),), keep=("chain",))
    assert both(rows, measure).told == []
    assert both(rows, replace(measure, slots=Slots((START, Instant(START + 60 * DAY))))).told == []
    assert both(rows, replace(measure, slots=LATER)).codes == []


def test_an_event_that_is_taken_back_twice_is_taken_back_once(both: Both) -> None:
    rows = events({"bytes": 5}, {"bytes": 7}, {"undoes": "e0"}, {"undoes": "e0", "ts": at(0.5)})
    asked = both([*rows, rows[3]], summing())
    assert asked.told == [((), 1, 7)]
    assert asked.codes == ["RB413"]


@pytest.mark.parametrize(
    ("reversal", "reason"),
    [
        ({"undoes": "nothing"}, "unknown"),
        ({"undoes": "e0", "ts": at(0.1)}, "unknown"),
        ({"undoes": "e1", "ts": at(0.9)}, "reversal"),
        ({"undoes": "e0", "ts": at(0.9), "org": "b"}, "other_subject"),
    ],
)
def test_what_takes_back_nothing_is_reported_and_not_billed(reversal: Row, reason: str, both: Both) -> None:
    rows = events(
        {"bytes": 5, "ts": at(0.5)}, {"undoes": "e2", "ts": at(0.8)}, {"ts": at(0.7)}, {"bytes": 9} | reversal
    )
    asked = both(rows, summing())
    assert asked.told == [((), 1, 5)]
    assert asked.codes == ["RB418"]
    named = reversal["undoes"]
    assert asked.findings[0].details == {"events": 1, "reason": reason, "example": "e3", "reverses": named}


def test_it_is_reported_in_its_own_time_alone(both: Both) -> None:
    rows = events({"bytes": 5}, {"undoes": "nothing", "ts": at(1.5)})
    assert both(rows, summing()).codes == []
    assert both(rows, summing(slots=LATER)).codes == ["RB418"]


def test_of_an_id_on_several_days_the_last_one_before_is_taken_back(both: Both) -> None:
    first, second, third, reversal = events({"bytes": 1}, {"bytes": 2}, {"bytes": 4}, {"undoes": "e0"})
    rows = [first, {**second, "id": "e0", "ts": at(1)}, {**third, "id": "e0", "ts": at(5)}]
    slots = Slots((START, Instant(START + 9 * DAY)))
    asked = both([*rows, {**reversal, "ts": at(3)}], summing(slots=slots))
    assert asked.told == [((), 2, 5)]


def test_contradictory_reversals_take_nothing_back_whatever_the_window(both: Both) -> None:
    """Deduplication looks at the days of a window, and reversals may lie beyond it."""
    first, reversal, other = events(
        {"bytes": 5}, {"undoes": "e0", "ts": at(3)}, {"undoes": "e9", "ts": at(3)}
    )
    rows = [first, reversal, {**other, "id": "e1"}]
    assert both(rows, summing()).told == [((), 1, 5)]
    asked = both(rows, summing(slots=Slots((START, Instant(START + 9 * DAY)))))
    assert (asked.told, asked.codes) == ([((), 1, 5)], ["RB411"])


def test_an_empty_text_takes_back_nothing_and_is_no_fault(both: Both) -> None:
    asked = both(events({"bytes": 5, "undoes": ""}), summing())
    assert (asked.told, asked.codes) == ([((), 1, 5)], [])


def test_without_the_key_the_column_is_of_no_interest(both: Both) -> None:
    asked = both(events({}, {"undoes": "e0"}), COUNT)
    assert (asked.told, asked.codes) == ([((), 2, 2)], [])


@pytest.mark.parametrize("seed", range(12))
def test_every_engine_leaves_out_what_plain_python_leaves_out(
    seed: int, tmp_path: Path, clickhouse: Client
) -> None:
    case = undoing(random_case(seed), Random(seed))
    rows, unbilled = expected(replace(case, rows=remaining(case.rows, case.measures[0].source.dedupe)))
    files = ask(DuckDBUsage({"raw": write_parquet(case, tmp_path)}, tmp_path), case)
    assert files.rows == rows
    assert files.unbilled == unbilled
    fill_clickhouse(case, clickhouse, f"undone_{seed}")
    table = ask(ClickHouseUsage("chdb", {"raw": f"undone_{seed}"}, client=clickhouse), case)
    assert table == files


def test_text_says_what_parquet_says(tmp_path: Path) -> None:
    case = undoing(random_case(10), Random(10))
    case = replace(case, rows=[{**row, "method": row["method"] or None} for row in case.rows])
    parquet = ask(DuckDBUsage({"raw": write_parquet(case, tmp_path)}, tmp_path), case)
    assert any("RB418" in one for one in parquet.findings)
    assert ask(DuckDBUsage({"raw": write_csv(case, tmp_path)}, tmp_path), case) == parquet
    assert ask(DuckDBUsage({"raw": write_json_lines(case, tmp_path)}, tmp_path), case) == parquet


def undoing(case: Case, random: Random) -> Case:
    """Let some events take back others, or each other, or what is not there."""
    ids = [row["id"] for row in case.rows] or ["e0"]
    rows = []
    for row in case.rows:
        other = random.choice(case.rows)
        undoes = random.choice([None, None, None, random.choice(ids), other["id"], "nowhere"])
        late = {"org": other["org"], "ts": other["ts"] + timedelta(hours=random.choice([0, 1, 50]))}
        rows.append({**row, **(late if undoes == other["id"] else {}), "undoes": undoes})
    measures = [replace(one, source=replace(one.source, reverses="undoes")) for one in case.measures]
    return replace(case, rows=rows, measures=measures)


def remaining(rows: Sequence[Row], dedupe: str) -> list[Row]:
    """Read the words in plain Python: what stands once, is no reversal, and was not taken back by one."""
    kept = once(rows) if dedupe == "exact" else list(rows)
    taken = set()
    for one in kept:
        days = [
            other["ts"].date()
            for other in rows
            if other["id"] == one["undoes"] and other["org"] == one["org"] and other["ts"] <= one["ts"]
            if other["undoes"] is None
        ]
        if days:
            taken.add((one["undoes"], one["org"], max(days)))
    return [
        row
        for row in kept
        if row["undoes"] is None and (row["id"], row["org"], row["ts"].date()) not in taken
    ]


def once(rows: Sequence[Row]) -> list[Row]:
    def place(row: Row) -> tuple[str, Any]:
        return row["id"], row["ts"].date()

    kept = []
    for _, same in groupby(sorted(rows, key=place), place):
        contents = list(same)
        if all(row == contents[0] for row in contents):
            kept.append(contents[0])
    return kept
