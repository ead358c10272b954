"""What a comparison says adds up to two runs by themselves, for any pair of books."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from ratebook.book import load
from ratebook.calendar import RunPeriod
from ratebook.preview.diff import Comparison, Side
from tests.oracle.strategies import case_of
from tests.oracle.write import book_files
from tests.preview.random_pairs import Pair, pair_of, rewritten

PAIRS = 150
Amounts = dict[tuple[str, str], Decimal]


def compare(pair: Pair) -> dict[str, Any]:
    sides = Side("first", pair.first), Side("second", pair.second)
    period = RunPeriod.parse(pair.case.period)
    return Comparison(*sides, period, pair.usage, pair.rates, date(2026, 1, 1)).document()


def differing(pair: Pair) -> str:
    """Say how a comparison and two runs differ; nothing where they agree."""
    document = compare(pair)
    was, now = pair.bills(pair.first), pair.bills(pair.second)
    told: dict[tuple[str, str], dict[str, Any]] = {
        (one["contract"], one["currency"]): one for one in document["contracts"]
    }
    for key in {*was, *now}:
        before, after = was.get(key, Decimal(0)), now.get(key, Decimal(0))
        entry = told.get(key)
        if entry is None:
            if before != after:
                return f"{key} pays {before} and then {after}, and is not named"
            continue
        if (Decimal(entry["was"]), Decimal(entry["will_be"])) != (before, after):
            return f"{key} pays {before} and then {after}, not {entry['was']} and then {entry['will_be']}"
        for part in ("causes", "lines"):
            if sum((Decimal(one["difference"]) for one in entry[part]), Decimal(0)) != after - before:
                return f"the {part} of {key} do not add up to {after - before}: {entry[part]}"
    return by_cause(document)


def by_cause(document: dict[str, Any]) -> str:
    shares: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for entry in document["contracts"]:
        for one in entry["causes"]:
            shares[one["cause"], entry["currency"]] += Decimal(one["difference"])
    for number, cause in enumerate(document["causes"]):
        for one in cause["money"]:
            if shares.pop((number, one["currency"])) != Decimal(one["difference"]):
                return f"the contracts of {cause['pointer']} do not add up to it"
    return f"no cause says {dict(shares)}" if any(shares.values()) else ""


def test_causes_and_lines_add_up_to_the_difference_of_two_runs() -> None:
    pairs = {seed: pair for seed in range(PAIRS) if (pair := pair_of(seed)) is not None}
    assert len(pairs) > PAIRS / 2
    wrong = {seed: found for seed, pair in pairs.items() if (found := differing(pair))}
    assert not wrong


def test_the_order_of_keys_and_comments_never_show() -> None:
    for seed in range(60):
        case = case_of(seed)
        first = load(book_files(case.book)).book
        assert first is not None
        document = compare(Pair(case, first, rewritten(case)))
        assert (seed, document["causes"], document["contracts"]) == (seed, [], [])
