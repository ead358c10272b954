"""Random pairs of books: a drawn book, and the same after a few random edits of what its files mean."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from ratebook.billrun.outcomes import BillRun
from ratebook.book import Book, load
from ratebook.calendar import RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.fx import RateTable, read_rates
from tests.oracle.memory_source import MemorySource
from tests.oracle.strategies import Case, case_of
from tests.oracle.write import book_files, fx_of

KINDS = ("multipliers", "rating", "plans", "contracts", "specs")


@dataclass(frozen=True)
class Pair:
    """Two books over the same usage."""

    case: Case
    first: Book
    second: Book

    @property
    def rates(self) -> RateTable:
        return read_rates(fx_of(self.case.fx), "fx.csv")[0]

    @property
    def usage(self) -> MemorySource:
        return MemorySource(self.case.events)

    def bills(self, book: Book) -> dict[tuple[str, str], Decimal]:
        """Rate one of the books by itself: contract and currency → what it pays."""
        period = RunPeriod.parse(self.case.period)
        run = BillRun(RunCompiler(book, period), book.contracts, self.usage, self.rates)
        found: dict[tuple[str, str], Decimal] = {}
        for outcome in run.outcomes():
            if outcome.document is not None:
                key = (outcome.contract, outcome.document["currency"])
                found[key] = found.get(key, Decimal(0)) + Decimal(outcome.document["total"])
        return found


def pair_of(seed: int) -> Pair | None:
    """Draw a pair; None where the edits broke the book."""
    case, random = case_of(seed), Random(seed)
    edited = deepcopy(dict(case.book))
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        edit(edited, random)
    first, second = load(book_files(case.book)).book, load(book_files(edited)).book
    return None if first is None or second is None else Pair(case, first, second)


def edit(book: dict[str, Any], random: Random) -> None:
    """Change a number, take an entry of a list away, or take a contract away."""
    places = list(walk({kind: book[kind] for kind in KINDS if kind in book}))
    numbers = [(holder, key) for holder, key in places if is_number(holder[key])]
    entries = [(holder, key) for holder, key in places if isinstance(holder, list) and len(holder) > 1]
    what = random.choice(("number", "number", "number", "entry", "contract"))
    if what == "contract" and len(book["contracts"]) > 1:
        del book["contracts"][random.choice(sorted(book["contracts"]))]
    elif what == "entry" and entries:
        holder, key = random.choice(entries)
        del holder[key]
    elif numbers:
        holder, key = random.choice(numbers)
        holder[key] = type(holder[key])(holder[key] + random.choice((1, 2, 5)))


def walk(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give every place below a value: what holds it, and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        yield value, key
        yield from walk(value[key])


def is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def rewritten(case: Case) -> Book:
    """Read a drawn book whose files have their keys in the other order, and comments."""
    files = {name: b"# rewritten\n" + data for name, data in book_files(reversed_keys(case.book)).items()}
    book = load(files).book
    assert book is not None
    return book


def reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(one) for one in value] if isinstance(value, list) else value
