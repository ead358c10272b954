"""Small books from one YAML text, usage from a few lines of text, and the run that bills one with the other.

    book("rating: {rpc: {meter: requests, price: {amount: 0.45, per: 1000}}} …")
    bill(book, "2026-10", "requests 2026-10-05T12:00:00Z o1 1000 chain=eth")

What a test does not write is `DEFAULTS`: a source `raw`, a meter `requests`, a spec `global` in UTC and USD.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from ratebook.billrun.outcomes import BillRun, Outcome
from ratebook.book import Book
from ratebook.book.model import (
    Contract,
    ContractDocument,
    ContractTerms,
    Costs,
    Labels,
    Meter,
    Multiplier,
    Plan,
    Policy,
    RatingRule,
    Settings,
    Spec,
)
from ratebook.book.reader import read_yaml
from ratebook.calendar import RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding, Position
from ratebook.fx import RateTable, read_rates
from tests.memory_store import MemoryStore, read_events

DEFAULTS = """
book:
  syntax: 1
  name: test
  currency: USD
  sources:
    raw:
      {subject: org, event_id: id, event_time: ts,
       columns: {chain: string, method: string, bytes: integer, level: decimal}}
meters:
  requests: {source: raw, aggregate: count, unit: request, dimensions: [chain, method]}
  egress: {source: raw, aggregate: sum, value: bytes, unit: byte, dimensions: [chain]}
  peak: {source: raw, aggregate: max, value: level, unit: seat, dimensions: [chain]}
specs:
  global: {time_zone: UTC, currency: USD}
"""


PARTS: Mapping[str, tuple[str, type[BaseModel]]] = {
    "meters": ("meters", Meter),
    "rating": ("rules", RatingRule),
    "multipliers": ("multipliers", Multiplier),
    "labels": ("labels", Labels),
    "plans": ("plans", Plan),
    "specs": ("specs", Spec),
}


class NoPlaces:
    """The places of a book that stands in no file."""

    def position(self, pointer: str) -> Position | None:
        return None

    def source_line(self, position: Position) -> str | None:
        return None


@dataclass(frozen=True)
class Listed:
    """Contracts in a list, in order of their ids."""

    contracts: tuple[Contract, ...]

    def stream(self) -> Iterator[Contract]:
        return iter(self.contracts)


def yaml(text: str) -> dict[str, Any]:
    """Read YAML as a book's files are read: numbers as typed."""
    document = read_yaml("test.yaml", text.encode())
    assert document.root is not None, document.findings
    assert not document.findings, document.findings
    data: dict[str, Any] = document.root.data
    return data


def book(text: str) -> Book:
    """Make a book of one YAML text, with the keys of `PARTS` and `contracts`; it is not checked across files."""
    written, defaults = yaml(text), yaml(DEFAULTS)

    def part(name: str) -> dict[str, Any]:
        return {**defaults.get(name, {}), **written.get(name, {})}

    parts: dict[str, Any] = {
        field: {name: model.model_validate(one) for name, one in part(key).items()}
        for key, (field, model) in PARTS.items()
    }
    return Book(
        settings=Settings.model_validate(part("book")),
        **parts,
        sinks={},
        policy=Policy(),
        costs=Costs.model_validate(part("costs")),
        digest="",
        source_digest="",
        places=NoPlaces(),
        contract_source=Listed(contracts(part("contracts"))),
    )


def contracts(written: Mapping[str, Any]) -> tuple[Contract, ...]:
    """Make contracts, in order of ids; those with equal terms share them."""
    known: list[ContractTerms] = []
    found = []
    for name in sorted(written):
        document = ContractDocument.model_validate(written[name])
        said = {key: value for key, value in written[name].items() if key in ContractTerms.model_fields}
        terms = ContractTerms.model_validate(said)
        shared = next((other for other in known if other == terms), terms)
        known.append(shared)
        found.append(
            Contract(
                name,
                document.subjects_of_usage(),
                document.start,
                document.end,
                document.customer,
                document.sink,
                shared,
                document.children,
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class Billed:
    """What a run gave."""

    run: BillRun
    store: MemoryStore
    outcomes: tuple[Outcome, ...]

    @property
    def findings(self) -> list[Finding]:
        return self.run.findings

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [outcome.document for outcome in self.outcomes if outcome.document is not None]

    @property
    def invoice(self) -> dict[str, Any]:
        """The only invoice of the run."""
        (document,) = self.documents
        return document

    def invoices(self) -> list[list[str]]:
        """Each invoice as a few lines of text."""
        return [summary(document) for document in self.documents]


@dataclass(frozen=True)
class IssuedBefore:
    """Invoices that were issued before, in memory."""

    invoices: Sequence[Mapping[str, Any]] = ()

    def of(self, contract: str) -> list[Mapping[str, Any]]:
        return [one for one in self.invoices if one["contract"] == contract]


def bill(
    of: Book | str,
    period: str,
    usage: str = "",
    *,
    rates: str = "",
    detailed: bool = False,
    issued: Sequence[Mapping[str, Any]] = (),
    corrects: bool = False,
) -> Billed:
    """Bill a period of a book.

    Args:
        of: the book, or its text.
        period: as the command line takes it.
        usage: an event a line: meter, time, subject, quantity, dimensions; a `count` counts the quantity.
        rates: rows of the rate table, as in `2026-10-30,tcmb,USD/TRY,41.5`.
        detailed: as an explanation asks for it.
        issued: invoices of earlier runs.
        corrects: compares closed periods with them.
    """
    made = book(of) if isinstance(of, str) else of
    store = MemoryStore(read_events(usage))
    compiler = RunCompiler(made, RunPeriod.parse(period), detailed=detailed, corrects=corrects)
    run = BillRun(compiler, made.contracts, store, rate_table(rates), IssuedBefore(issued))
    return Billed(run, store, tuple(run.outcomes()))


def rate_table(rows: str) -> RateTable:
    """Make a rate table of its rows."""
    stripped = "\n".join(row.strip() for row in rows.strip().splitlines())
    table, findings = read_rates(f"date,source,pair,rate\n{stripped}".encode(), "fx.csv")
    assert not findings, findings
    return table


def summary(invoice: Mapping[str, Any]) -> list[str]:
    """Write an invoice in a few lines: `usage rpc chain=eth 12.30`, and last the total."""
    rows = [_row(line) for line in invoice["lines"]]
    return [*rows, f"total {invoice['total']}"]


def _row(line: Mapping[str, Any]) -> str:
    dimensions = [f"{name}={value}" for name, value in line["dimensions"].items()]
    return " ".join([line["kind"], line["charge"], *dimensions, str(line["amount"])])


def lines_of(invoice: Mapping[str, Any]) -> list[str]:
    """Write an invoice's lines with their periods: `usage rpc 12.30 10-01..11-01`."""
    return [
        f"{_row(line)} {_day(line['period']['from'])}..{_day(line['period']['to'])}"
        for line in invoice["lines"]
    ]


def _day(moment: str) -> str:
    return _short(moment)[5:]


def amounts(invoice: Mapping[str, Any], *kinds: str) -> list[Decimal]:
    """Give the amounts of an invoice's lines, of some kinds or all."""
    return [Decimal(line["amount"]) for line in invoice["lines"] if not kinds or line["kind"] in kinds]


def periods(invoices: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give kind and period of invoices, as in `period 2026-10-01 2026-11-01`."""
    return [
        f"{one['kind']} {_short(one['period']['from'])} {_short(one['period']['to'])}" for one in invoices
    ]


def _short(moment: str) -> str:
    return moment[:10] if moment[11:19] == "00:00:00" else moment[:16]
