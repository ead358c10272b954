"""The text of metering queries: readable, the same each time, without a value, a division or an approximation."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from ratebook.book.expression import parse
from ratebook.calendar import Instant, Interval
from ratebook.compiler.clickhouse_sql import CLICKHOUSE
from ratebook.compiler.conditions import condition_sql
from ratebook.compiler.duckdb_sql import DUCKDB
from ratebook.compiler.follow_ups import (
    Detail,
    detail_query,
    ignored_query,
    missing_query,
    valueless_query,
    window_query,
)
from ratebook.compiler.queries import metering_query, relation_of
from ratebook.compiler.sql import Dialect, MeteringQuery, Writer
from ratebook.usage.measure import (
    Band,
    Condition,
    Dimension,
    EventSource,
    FactorTable,
    Measure,
    Operation,
    Slots,
)

SOURCE = EventSource(
    "requests_raw",
    "org_id",
    "request_id",
    "ts",
    "",
    "",
    "exact",
    {"chain": "string", "method": "string", "status": "integer", "level": "decimal", "paid": "boolean"},
)
WEIGHTS = FactorTable(
    "weights",
    ("chain", "method"),
    (frozenset({"eth"}), frozenset({"call"})),
    {(0, ("eth", "call")): 26, (0, (None, None)): 1, (1, (None, None)): 2},
    0,
    ((0, 1), (0, 0)),
)
MEASURE = Measure(
    name="requests × weights",
    meter="requests",
    source=SOURCE,
    where=(Condition("status", "lt", 500), Condition("method", "not_in", ("net_version",))),
    aggregate="count",
    value="",
    dimensions=(
        Dimension("chain"),
        Dimension("method"),
        Dimension("size", Band("level", (10, Decimal("0.5")))),
    ),
    keep=("chain", "size"),
    factors=(WEIGHTS,),
    variants=2,
    slots=Slots((Instant(0), Instant(86_400_000_000), Instant(172_800_000_000))),
)
PLAIN = replace(MEASURE, factors=(), variants=1, dimensions=(Dimension("chain"),), keep=("chain",))
AGGREGATES = ("sum", "max", "min", "unique", "latest", "time_weighted_sum", "percentile")
DIALECTS: list[Dialect] = [DUCKDB, CLICKHOUSE]
WINDOW = Interval(Instant(0), Instant(1))


def queries(dialect: Dialect) -> Iterable[MeteringQuery]:
    yield metering_query(MEASURE, dialect)
    yield metering_query(replace(MEASURE, aggregate="sum", value="level"), dialect)
    for aggregate in AGGREGATES:
        for value in ("status", "level"):
            yield metering_query(replace(PLAIN, aggregate=aggregate, value=value), dialect)  # type: ignore[arg-type]
    yield from level_queries(dialect)
    yield metering_query(PLAIN, dialect, replace(relation_of(SOURCE), once=WINDOW))
    yield metering_query(replace(PLAIN, unless=(MEASURE.where,)), dialect)
    yield detail_query(
        Detail(MEASURE, uncovered=True, combinations=frozenset({("eth", 1), (None, 0)})), dialect
    )
    yield detail_query(Detail(PLAIN, WINDOW, ("a", "b")), dialect)
    yield missing_query(SOURCE, "subject", WINDOW, dialect)
    yield missing_query(SOURCE, "event_time", WINDOW, dialect)
    yield valueless_query(replace(PLAIN, aggregate="sum", value="level"), dialect)
    yield window_query(SOURCE, WINDOW, dialect)


def level_queries(dialect: Dialect) -> Iterable[MeteringQuery]:
    for aggregate in ("sum", "latest"):
        for prorate in ("none", "days", "seconds"):
            level = replace(PLAIN, aggregate=aggregate, value="level", recurring=True, prorate=prorate)
            yield metering_query(level, dialect)
    users = replace(
        PLAIN, aggregate="unique", value="status", operation=Operation("method", ("add",), ("remove",))
    )
    yield metering_query(users, dialect)
    yield ignored_query(users, dialect)
    text = "ceil(status / 4096) * min(level, 0.25) - coalesce(status, 1)"
    yield metering_query(replace(PLAIN, aggregate="sum", value=text, expression=parse(text)), dialect)


def without_names(text: str) -> str:
    """Take out what may hold digits or quotes: parameters, types, aliases."""
    text = re.sub(r"\$p\d+|\{p\d+:[^}]*\}", "?", text)
    text = re.sub(
        r"DECIMAL\(38, 18\)|Decimal\(76, 18\)|DateTime64\(6, 'UTC'\)|toInt\d+|toUnixTimestamp64Micro",
        "T",
        text,
    )
    return re.sub(r'"\w+"|`\w+`|\b[a-z][a-z_]*\d+\w*\b|cityHash64', "n", text)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.name))
def test_no_value_stands_in_a_query(dialect: Dialect) -> None:
    """Pitfall 24: a literal has a type of its own in each engine."""
    for query in queries(dialect):
        text = without_names(query.text)
        assert not re.search(r"[0-9'\"]", text), text


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.name))
def test_nothing_is_divided_rounded_or_approximated(dialect: Dialect) -> None:
    """Pitfalls 25, 28, 29 and 30."""
    for query in queries(dialect):
        assert not re.search(
            r"/|%|\bround\(|\buniq\w*\(|approx|quantile|\bavg\(|sample|float|double|toDate\(|\bfinal\b",
            query.text,
            re.IGNORECASE,
        )


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.name))
def test_every_parameter_is_used_and_every_use_is_bound(dialect: Dialect) -> None:
    for query in queries(dialect):
        used = set(re.findall(r"\$(p\d+)|\{(p\d+):", query.text))
        assert {one or other for one, other in used} == {parameter.name for parameter in query.parameters}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.name))
def test_equal_measures_make_equal_queries(dialect: Dialect) -> None:
    shuffled = replace(WEIGHTS, rows=dict(reversed(list(WEIGHTS.rows.items()))))
    assert metering_query(replace(MEASURE, factors=(shuffled,)), dialect) == metering_query(MEASURE, dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.name))
def test_what_only_a_multiplier_needs_is_grouped_by_the_code_of_its_key(dialect: Dialect) -> None:
    text = metering_query(MEASURE, dialect).text
    assert f"e.{dialect.quote('chain')} AS d0,\n" in text
    assert " AS d1,\n" not in text
    assert " AS x1_0,\n" in text


def test_a_simple_query_reads_like_one() -> None:
    query = metering_query(replace(PLAIN, slots=Slots(PLAIN.slots.bounds[:2])), DUCKDB)
    assert query.text == (
        "WITH measured AS (\n"
        "  SELECT\n"
        '    e."org_id" AS subject,\n'
        '    e."chain" AS d0,\n'
        "    count(*) AS events\n"
        '  FROM "requests_raw" AS e\n'
        '  WHERE e."ts" >= $p0\n'
        '    AND e."ts" < $p1\n'
        '    AND e."status" < $p2\n'
        '    AND (e."method" IS NULL OR e."method" NOT IN ($p3))\n'
        "  GROUP BY ALL\n"
        ")\n"
        "SELECT\n"
        "  CAST(m.subject AS VARCHAR) AS subject,\n"
        "  $p0 AS slot,\n"
        "  CAST(m.d0 AS VARCHAR) AS k0,\n"
        "  m.events AS events\n"
        "FROM measured AS m\n"
        "WHERE CAST(m.subject AS VARCHAR) <> $p4"
    ).replace("$p0 AS slot", "$p4 AS slot").replace("<> $p4", "<> $p5")
    assert query.columns == ("subject", "slot", "k0", "events")


@pytest.mark.parametrize(
    ("condition", "sql", "values"),
    [
        (Condition("status", "eq", 200), 'e."status" = $p0', [200]),
        (Condition("status", "in", (200, 404, 200)), 'e."status" IN ($p0, $p1)', [200, 404]),
        (Condition("status", "lt", Decimal("2.5")), 'e."status" < $p0', [3]),
        (Condition("status", "lte", Decimal("2.5")), 'e."status" <= $p0', [2]),
        (Condition("status", "gt", Decimal("-2.5")), 'e."status" > $p0', [-3]),
        (Condition("status", "gte", Decimal("-2.5")), 'e."status" >= $p0', [-2]),
        (Condition("status", "eq", Decimal("2.0")), 'e."status" IN ($p0)', [2]),
        (Condition("status", "eq", Decimal("2.5")), "$p0", [False]),
        (Condition("status", "not_in", (Decimal("2.5"),)), None, []),
        (Condition("chain", "in", ()), "$p0", [False]),
        (Condition("chain", "not_in", ()), None, []),
        (Condition("chain", "exists", value=True), 'e."chain" IS NOT NULL', []),
        (Condition("chain", "exists", value=False), 'e."chain" IS NULL', []),
        (Condition("chain", "starts_with", "%"), 'starts_with(e."chain", $p0)', ["%"]),
        (Condition("level", "gte", 1), 'e."level" >= $p0', [Decimal(1)]),
        (Condition("paid", "eq", value=True), 'e."paid" = $p0', [True]),
        (Condition("org_id", "eq", "a"), 'CAST(e."org_id" AS VARCHAR) = $p0', ["a"]),
    ],
)
def test_conditions(condition: Condition, sql: str | None, values: list[object]) -> None:
    writer = Writer(DUCKDB)
    assert condition_sql(condition, SOURCE, writer) == sql
    assert [parameter.value for parameter in writer.parameters.values()] == values


@pytest.mark.parametrize(
    "condition",
    [
        Condition("status", "eq", "200"),
        Condition("status", "eq", value=True),
        Condition("chain", "eq", 1),
        Condition("paid", "eq", "true"),
        Condition("paid", "lt", value=True),
        Condition("status", "starts_with", "2"),
        Condition("nowhere", "eq", 1),
    ],
)
def test_conditions_that_do_not_fit_their_column(condition: Condition) -> None:
    with pytest.raises(ValueError, match=re.escape(condition.column)):
        condition_sql(condition, SOURCE, Writer(DUCKDB))


@pytest.mark.parametrize(
    "measure",
    [
        replace(PLAIN, aggregate="sum", value="chain"),
        replace(PLAIN, aggregate="max", value="paid"),
        replace(PLAIN, dimensions=(Dimension("size", Band("chain", (1,))),), keep=("size",)),
    ],
)
def test_only_numbers_add_up_or_are_cut_into_bands(measure: Measure) -> None:
    with pytest.raises(ValueError, match="number"):
        metering_query(measure, DUCKDB)


def test_a_factor_that_is_too_large_is_refused() -> None:
    huge = replace(WEIGHTS, rows={(0, ("eth", "call")): 2**127})
    with pytest.raises(ValueError, match="too many digits"):
        metering_query(replace(MEASURE, factors=(huge,)), DUCKDB)
