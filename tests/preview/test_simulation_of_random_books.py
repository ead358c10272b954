"""What a simulation says adds up, and to what two runs by themselves say, for any pair of books."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from ratebook.billrun.outcomes import BillRun
from ratebook.book import Book
from ratebook.book.model import Costs
from ratebook.calendar import RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.preview.diff import Side
from ratebook.preview.months import Months
from ratebook.preview.simulation import Simulation
from ratebook.preview.simulation_rows import simulation_rows
from tests.preview.random_pairs import Pair, pair_of

PAIRS = 60
TABLES = ("by_month", "by_plan", "by_value", "by_contract")
MEASURES = tuple((name, side) for name in ("revenue", "cost", "margin") for side in ("was", "will_be"))
Sums = dict[tuple[str, str, str], Decimal]


def months_of(period: RunPeriod) -> Months:
    """Give the months that a period touches."""
    first, last = period.first.replace(day=1), period.last
    return Months.of(first, (last.year - first.year) * 12 + last.month - first.month + (last.day > 1))


def with_costs(book: Book) -> Book:
    """Say of each meter that adds up what it costs."""
    usage = {
        name: {"meter": name, "price": {"amount": Decimal("0.013"), "per": Decimal(7)}}
        for name, meter in book.meters.items()
        if meter.aggregate in {"count", "sum"} and not meter.recurring
    }
    return replace(book, costs=Costs.model_validate({"usage": usage, "contract": Decimal("1.5")}))


def simulated(pair: Pair, random: Random) -> dict[str, Any]:
    second = with_costs(pair.second)
    dimensions = sorted({one.name for meter in second.meters.values() for one in meter.dimensions})
    return Simulation(
        Side("second", second),
        Side("first", pair.first),
        months_of(RunPeriod.parse(pair.case.period)),
        pair.usage,
        pair.rates,
        random.choice(dimensions) if dimensions else "",
    ).document()


def subtotals(pair: Pair, book: Book) -> dict[str, Decimal]:
    """Rate one of the books by itself: currency → what all invoices come to without tax."""
    period = months_of(RunPeriod.parse(pair.case.period)).run_period()
    run = BillRun(RunCompiler(book, period), book.contracts, pair.usage, pair.rates)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for outcome in run.outcomes():
        if outcome.document is not None:
            found[outcome.document["currency"]] += Decimal(outcome.document["subtotal"])
    return dict(found)


def sums(rows: list[Mapping[str, Any]]) -> Sums:
    found: Sums = defaultdict(Decimal)
    for row in rows:
        for name, side in MEASURES:
            found[row["currency"], name, side] += Decimal(row[name][side])
    return dict(found)


def wrong(pair: Pair, seed: int) -> str:
    document = simulated(pair, Random(seed))
    totals = sums(document["totals"])
    for table in TABLES:
        if (table != "by_value" or document["by"]) and sums(document[table]) != totals:
            return f"{table} adds up to {sums(document[table])}, and all of it is {totals}"
    for side, book in (("was", pair.first), ("will_be", pair.second)):
        told = {
            currency: amount
            for (currency, name, one), amount in totals.items()
            if (name, one) == ("revenue", side) and amount
        }
        alone = {currency: amount for currency, amount in subtotals(pair, book).items() if amount}
        if told != alone:
            return f"{side}: {told} is told, and a run by itself gives {alone}"
    return ""


def test_each_table_adds_up_to_the_totals_and_these_to_two_runs() -> None:
    pairs = {seed: pair for seed in range(PAIRS) if (pair := pair_of(seed)) is not None}
    assert len(pairs) > PAIRS / 2
    found = {seed: said for seed, pair in pairs.items() if (said := wrong(pair, seed))}
    assert not found


def test_the_rows_of_files_are_those_of_the_document() -> None:
    pair = next(pair for seed in range(20) if (pair := pair_of(seed)) is not None)
    document = simulated(pair, Random(1))
    rows = list(simulation_rows(document))
    by = {"by_month": "month", "by_plan": "plan", "by_value": document["by"], "by_contract": "contract"}
    for table, name in by.items():
        told = [row["revenue_will_be"] for row in rows if row["table"] == name]
        assert told == [row["revenue"]["will_be"] for row in document[table]]
