"""SQL of the assignment: measured groups meet subjects and segments, and become what contracts used.

A measured group belongs to the contracts whose subject it is and whose life meets its slot, and there to the segment
that holds its slot. What belongs to no segment stays, by subject and slot, if it may have to be reported.
"""

from typing import Final

from ratebook.money import decimals
from ratebook.usage.measure import Measure

SUBJECTS: Final = "subject VARCHAR, contract INTEGER, timeline INTEGER, life_start BIGINT, life_end BIGINT"
SEGMENTS: Final = (
    "timeline INTEGER, boundary INTEGER, segment INTEGER, first INTEGER, last INTEGER, variant INTEGER"
)

UNPRICED: Final = "timeline INTEGER, unpriced_start BIGINT, unpriced_end BIGINT"

_JOINED: Final = """
FROM measured AS m
JOIN slots_{number} AS t ON t.slot = CAST(m.slot AS INTEGER)
LEFT JOIN {subjects} AS s ON s.subject = m.subject AND t.slot_start < s.life_end AND t.slot_end > s.life_start
LEFT JOIN {segments} AS g ON g.timeline = s.timeline{since} AND t.slot < g.last{days}
WHERE g.boundary IS NOT NULL OR (t.reported AND (
  s.contract IS NULL OR t.slot_start < s.life_start OR t.slot_end > s.life_end
  OR s.timeline NOT IN (SELECT timeline FROM priced_{number}){unpriced}
))
"""
_UNPRICED: Final = """
  OR EXISTS (SELECT 1 FROM unpriced_{number} AS u WHERE u.timeline = s.timeline
    AND t.slot_start >= u.unpriced_start AND t.slot_end <= u.unpriced_end)"""
_DAYS: Final = """
LEFT JOIN days_{number} AS d ON d.timeline = g.timeline AND d.boundary = g.boundary
  AND t.slot >= d.first AND t.slot < d.last
LEFT JOIN days_{number} AS x ON x.timeline = g.timeline AND x.boundary = g.boundary
  AND s.level_end >= x.day_start AND s.level_end < x.day_end"""
"""The day of a state, and the first day at whose end the subject is not in the contract any more."""
_SUBJECTS: Final = (
    "(SELECT *, max(life_end) OVER (PARTITION BY subject, contract) AS level_end FROM subjects)"
)


def keys(measure: Measure) -> list[str]:
    """Name the columns of the kept dimensions."""
    return [f"k{number}" for number in range(len(measure.keep))]


def _of_variant(measure: Measure, name: str) -> str:
    """Choose the column of the variant that a contract reads."""
    if measure.variants == 1:
        return f"CAST({name}_0 AS HUGEINT)"
    branches = " ".join(f"WHEN {number} THEN {name}_{number}" for number in range(measure.variants))
    return f"CAST(CASE g.variant {branches} END AS HUGEINT)"


def additive_sql(measure: Measure, number: int, *, unpriced: bool) -> str:
    """Write the table of what adds up: `events`, `quantity` and `units` that are billed, and `bare` events.

    Where there are times in which a timeline is `unpriced`, usage in them is kept to be reported.
    """
    events, quantity = "CAST(m.events AS HUGEINT)", "CAST(m.quantity AS HUGEINT)"
    if measure.aggregate == "count":
        quantity = events
    columns = [f"sum({events}) AS events", f"sum({quantity}) AS quantity"]
    if measure.factors:
        bare_events = _of_variant(measure, "bare_events")
        bare = bare_events if measure.aggregate == "count" else _of_variant(measure, "bare_quantity")
        columns = [
            f"sum({events} - coalesce({bare_events}, 0)) AS events",
            f"sum({quantity} - coalesce({bare}, 0)) AS quantity",
            f"sum({_of_variant(measure, 'units')}) AS units",
            f"sum({bare_events}) AS bare",
            f"sum({events}) AS all_events",
        ]
    select = ["s.contract", "g.boundary", "g.segment", *(f"m.{key}" for key in keys(measure)), *_unmatched()]
    since = " AND t.slot >= g.first"
    joined = _JOINED.format(
        number=number,
        subjects="subjects",
        segments=f"segments_{number}",
        since=since,
        days="",
        unpriced=_UNPRICED.format(number=number) if unpriced else "",
    )
    return f"CREATE TABLE rows_{number} AS SELECT {', '.join([*select, *columns])} {joined} GROUP BY ALL"


def _unmatched() -> list[str]:
    """Keep subject and slot of what belongs to no segment, and only of that."""
    return [
        "CASE WHEN g.boundary IS NULL THEN m.subject END AS subject",
        "CASE WHEN g.boundary IS NULL THEN t.slot END AS slot",
    ]


_QUANTITY: Final = "CAST(m.quantity AS HUGEINT)"
_LEVEL: Final = "CAST(m.level AS HUGEINT)"
_ENDS: Final = "least(g.period_end, s.level_end)"
"""A level ends where its subject leaves the contract, and goes on after a pause."""
_IN_HISTORY: Final = "t.slot < g.first"
"""A level's states before the billed period: they weigh from its start."""
_DAYS_LEFT: Final = "greatest(coalesce(d.segment, g.days) - coalesce(x.segment, 0), 0)"
"""Of the days that are left those before the subject leaves the contract."""


def _states(measure: Measure) -> list[str]:
    """Write what of a state is needed to merge it over a period."""
    if measure.aggregate == "unique":
        return (
            ["m.value"] if measure.operation is None else ["m.value", f"{_QUANTITY} AS quantity", "m.moment"]
        )
    if measure.weighs_time:
        return _weighed(measure)
    states = [f"{_QUANTITY} AS quantity"]
    if measure.prorate == "days":
        states = [f"{_QUANTITY} * {_DAYS_LEFT} AS quantity"]
    if measure.aggregate == "latest":
        states = [f"{_QUANTITY} AS quantity", "m.moment"]
        states += [f"{_DAYS_LEFT} AS days"] if measure.prorate == "days" else []
    return states


def _weighed(measure: Measure) -> list[str]:
    """Write a state of values times microseconds; of what is before the period, only the level is left."""
    if measure.aggregate == "latest":
        return [
            f"{_QUANTITY} AS quantity",
            f"CASE WHEN {_IN_HISTORY} THEN 0 ELSE {_LEVEL} END AS level",
            *("m.began", "m.moment", "g.period_start", f"{_ENDS} AS period_end"),
        ]
    return [
        f"CASE WHEN {_IN_HISTORY} THEN 0 ELSE {_QUANTITY} END AS quantity",
        f"{_LEVEL} AS level",
        f"{_ENDS} - CASE WHEN {_IN_HISTORY} THEN g.period_start ELSE {measure.origin} END AS elapsed",
    ]


def states_sql(measure: Measure, number: int, *, unpriced: bool) -> str:
    """Write the table of states that do not add up, each with its contract and billing period.

    The states of a level that carries over belong to every period that is not over before them.
    """
    select = [
        "s.contract",
        "g.boundary",
        *(f"m.{key}" for key in keys(measure)),
        "m.subject",
        "t.slot",
        "CAST(m.events AS HUGEINT) AS events",
        *_states(measure),
    ]
    since = " AND t.slot >= g.first"
    if measure.recurring:
        since = (
            " AND s.level_end >= g.period_end"
            if measure.prorate == "none"
            else " AND s.level_end > g.period_start"
        )
    days = _DAYS.format(number=number) if measure.prorate == "days" else ""
    joined = _JOINED.format(
        number=number,
        subjects=_SUBJECTS,
        segments=f"periods_{number}",
        since=since,
        days=days,
        unpriced=_UNPRICED.format(number=number) if unpriced else "",
    )
    return f"CREATE TABLE states_{number} AS SELECT {', '.join(select)} {joined}"


_MERGED: Final = {
    "sum": "sum(quantity)",
    "max": "max(quantity)",
    "min": "min(quantity)",
    "unique": "count(DISTINCT value)",
    "latest": "arg_max(quantity, moment)",
    "time_weighted_sum": "sum(level * elapsed - quantity)",
}


def _of_subjects(measure: Measure, number: int) -> str:
    """Write what each subject of a contract comes to in a period."""
    group = ", ".join(["contract", "boundary", *keys(measure), "subject"])
    states = f"FROM states_{number} WHERE boundary IS NOT NULL"
    if measure.aggregate == "percentile":
        return _percentile_sql(measure, group, states)
    if measure.operation is not None:
        return _active_sql(group, states)
    if measure.aggregate == "latest" and measure.prorate != "none":
        return (_latest_by_days_sql if measure.prorate == "days" else _latest_by_time_sql)(group, states)
    merged = _MERGED["time_weighted_sum" if measure.weighs_time else measure.aggregate]
    return f"SELECT {group}, sum(events) AS events, {merged} AS quantity {states} GROUP BY {group}"


def _percentile_sql(measure: Measure, group: str, states: str) -> str:
    """Write the nearest rank of each subject: the least value of which so many events have at most as much."""
    places = decimals(measure.percent)
    percent, whole = int(measure.percent.scaleb(places)), 100 * 10**places
    return (
        f"SELECT {group}, max(among) AS events, min(quantity) AS quantity FROM (SELECT {group}, quantity, "
        f"sum(sum(events)) OVER (PARTITION BY {group} ORDER BY quantity) AS up_to, "
        f"sum(sum(events)) OVER (PARTITION BY {group}) AS among {states} GROUP BY {group}, quantity) "
        f"WHERE up_to * {whole} >= among * {percent} GROUP BY {group}"
    )


def _active_sql(group: str, states: str) -> str:
    """Write how many values were added last, and not removed."""
    return (
        f"SELECT {group}, sum(events) AS events, count(*) FILTER (WHERE active = 1) AS quantity FROM ("
        f"SELECT {group}, value, sum(events) AS events, arg_max(quantity, moment) AS active {states} "
        f"GROUP BY {group}, value) GROUP BY {group}"
    )


def _latest_by_days_sql(group: str, states: str) -> str:
    """Write the sum over days of the newest value at the end of each: it holds until the next day that has one."""
    return (
        f"SELECT {group}, sum(events) AS events, sum(quantity * (days - later)) AS quantity FROM ("
        f"SELECT {group}, days, sum(events) AS events, arg_max(quantity, moment) AS quantity, "
        f"lead(days, 1, 0) OVER (PARTITION BY {group} ORDER BY days DESC) AS later {states} "
        f"GROUP BY {group}, days) GROUP BY {group}"
    )


def _latest_by_time_sql(group: str, states: str) -> str:
    """Write the integral of the newest value: a state's last one holds until the next state begins."""
    lasts = "greatest(later, period_start) - greatest(moment, period_start)"
    return (
        f"SELECT {group}, sum(events) AS events, sum(level + quantity * ({lasts})) AS quantity FROM ("
        f"SELECT *, lead(began, 1, period_end) OVER (PARTITION BY {group} ORDER BY moment) AS later {states}) "
        f"GROUP BY {group}"
    )


def merged_sql(measure: Measure, number: int) -> str:
    """Write the table of what does not add up: merged over a period for each subject, then added up over subjects."""
    keyed = "".join(f"{key}, " for key in keys(measure))
    return (
        f"CREATE TABLE rows_{number} AS SELECT contract, boundary, 0 AS segment, {keyed}"
        "CAST(NULL AS VARCHAR) AS subject, CAST(NULL AS INTEGER) AS slot, "
        f"sum(events) AS events, sum(quantity) AS quantity FROM ({_of_subjects(measure, number)}) GROUP BY ALL "
        f"UNION ALL SELECT NULL, NULL, 0, {''.join('NULL, ' for _ in keys(measure))}subject, slot, sum(events), 0 "
        f"FROM states_{number} WHERE boundary IS NULL GROUP BY subject, slot"
    )


def rows_sql(measure: Measure, number: int) -> str:
    """Write the query of a measure's rows, in order; large integers come as text."""
    order = ["contract", "boundary", "segment", *keys(measure)]
    units = "CAST(units AS VARCHAR)" if measure.factors else "NULL"
    ordered = ", ".join(f"{name} ASC NULLS FIRST" for name in order)
    return (
        f"SELECT {', '.join(order)}, CAST(events AS BIGINT), CAST(quantity AS VARCHAR), {units} "
        f"FROM rows_{number} WHERE boundary IS NOT NULL AND events <> 0 ORDER BY {ordered}"
    )
