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

_JOINED: Final = """
FROM measured AS m
JOIN slots_{number} AS t ON t.slot = CAST(m.slot AS INTEGER)
LEFT JOIN subjects AS s ON s.subject = m.subject AND t.slot_start < s.life_end AND t.slot_end > s.life_start
LEFT JOIN {segments} AS g ON g.timeline = s.timeline AND t.slot >= g.first AND t.slot < g.last
WHERE g.boundary IS NOT NULL OR (t.reported AND (
  s.contract IS NULL OR t.slot_start < s.life_start OR t.slot_end > s.life_end
  OR s.timeline NOT IN (SELECT timeline FROM priced_{number})
))
"""


def keys(measure: Measure) -> list[str]:
    """Name the columns of the kept dimensions."""
    return [f"k{number}" for number in range(len(measure.keep))]


def _of_variant(measure: Measure, name: str) -> str:
    """Choose the column of the variant that a contract reads."""
    if measure.variants == 1:
        return f"CAST({name}_0 AS HUGEINT)"
    branches = " ".join(f"WHEN {number} THEN {name}_{number}" for number in range(measure.variants))
    return f"CAST(CASE g.variant {branches} END AS HUGEINT)"


def additive_sql(measure: Measure, number: int) -> str:
    """Write the table of what adds up: `events`, `quantity` and `units` that are billed, and `bare` events."""
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
    joined = _JOINED.format(number=number, segments=f"segments_{number}")
    return f"CREATE TABLE rows_{number} AS SELECT {', '.join([*select, *columns])} {joined} GROUP BY ALL"


def _unmatched() -> list[str]:
    """Keep subject and slot of what belongs to no segment, and only of that."""
    return [
        "CASE WHEN g.boundary IS NULL THEN m.subject END AS subject",
        "CASE WHEN g.boundary IS NULL THEN t.slot END AS slot",
    ]


_MERGED: Final = {
    "max": "max(quantity)",
    "min": "min(quantity)",
    "unique": "count(DISTINCT value)",
    "latest": "arg_max(quantity, moment)",
    "time_weighted_sum": "sum(level * elapsed - quantity)",
}


def states_sql(measure: Measure, number: int) -> str:
    """Write the table of states that do not add up, each with its contract and billing period."""
    states = {
        "unique": ["m.value"],
        "latest": ["CAST(m.quantity AS HUGEINT) AS quantity", "m.moment"],
        "time_weighted_sum": [
            "CAST(m.quantity AS HUGEINT) AS quantity",
            "CAST(m.level AS HUGEINT) AS level",
            f"least(g.period_end, s.life_end) - {measure.slots.bounds[0]} AS elapsed",
        ],
    }.get(measure.aggregate, ["CAST(m.quantity AS HUGEINT) AS quantity"])
    select = [
        "s.contract",
        "g.boundary",
        *(f"m.{key}" for key in keys(measure)),
        "m.subject",
        "t.slot",
        "CAST(m.events AS HUGEINT) AS events",
        *states,
    ]
    joined = _JOINED.format(number=number, segments=f"periods_{number}")
    return f"CREATE TABLE states_{number} AS SELECT {', '.join(select)} {joined}"


def _percentile_sql(measure: Measure, number: int) -> str:
    """Write the nearest rank of each subject: the least value of which so many events have at most as much."""
    group = ", ".join(["contract", "boundary", *keys(measure), "subject"])
    places = max(0, decimals(measure.percent))
    percent, whole = int(measure.percent.scaleb(places)), 100 * 10**places
    return (
        f"SELECT {group}, max(among) AS events, min(quantity) AS quantity FROM (SELECT {group}, quantity, "
        f"sum(sum(events)) OVER (PARTITION BY {group} ORDER BY quantity) AS up_to, "
        f"sum(sum(events)) OVER (PARTITION BY {group}) AS among "
        f"FROM states_{number} WHERE boundary IS NOT NULL GROUP BY {group}, quantity) "
        f"WHERE up_to * {whole} >= among * {percent} GROUP BY {group}"
    )


def _of_subjects(measure: Measure, number: int) -> str:
    """Write what each subject of a contract comes to in a period."""
    if measure.aggregate == "percentile":
        return _percentile_sql(measure, number)
    group = ", ".join(["contract", "boundary", *keys(measure), "subject"])
    return (
        f"SELECT {group}, sum(events) AS events, {_MERGED[measure.aggregate]} AS quantity "
        f"FROM states_{number} WHERE boundary IS NOT NULL GROUP BY {group}"
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
