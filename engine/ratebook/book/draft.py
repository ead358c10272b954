"""A book while it is being checked: what could be read of it, and which ids there are even where it could not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import merge

from pydantic import BaseModel

from ratebook.book.contract_tables import ContractTable, Report
from ratebook.book.model import (
    Contract,
    Costs,
    Labels,
    Meter,
    Multiplier,
    Plan,
    Policy,
    RatingRule,
    Settings,
    Sink,
    Spec,
)
from ratebook.book.model.contract import ContractDocument
from ratebook.book.places import FilePlaces
from ratebook.findings import Finding, Position

MODELS: Mapping[str, type[BaseModel]] = {
    "meters": Meter,
    "rating": RatingRule,
    "multipliers": Multiplier,
    "labels": Labels,
    "plans": Plan,
    "contracts": ContractDocument,
    "specs": Spec,
    "sinks": Sink,
    "specs/book": Settings,
    "specs/policy": Policy,
    "specs/costs": Costs,
}
"""The model of each kind of file, and of the files that are the only one of their kind."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A contract and where it stands: its line in a table, or 0 for a file of its own."""

    contract: Contract
    file: str
    line: int

    @property
    def position(self) -> Position | None:
        """Its line in a table; a file of its own has many lines, of which a pointer names one."""
        return Position(self.file, self.line) if self.line else None


@dataclass(frozen=True)
class FileContracts:
    """The contracts of a book's files: those with files of their own, and tables that are streamed.

    Attributes:
        own: contracts with files of their own, in order of ids.
        tables: CSV files of contracts.
    """

    own: tuple[Placed, ...]
    tables: tuple[ContractTable, ...]

    def stream(self) -> Iterator[Contract]:
        """Stream all contracts in order of their ids."""
        return (placed.contract for placed in self.placed(lambda _: None))

    def placed(self, report: Report) -> Iterator[Placed]:
        """Stream all contracts with their places, and report the rows of tables that are wrong."""
        streams = [iter(self.own), *(_rows(table, report) for table in self.tables)]
        return merge(*streams, key=lambda placed: placed.contract.id)


def _rows(table: ContractTable, report: Report) -> Iterator[Placed]:
    for line, contract in table.contracts(report):
        yield Placed(contract, table.table.file, line)


@dataclass(frozen=True)
class Draft:
    """What could be read of a book.

    Attributes:
        settings: `specs/book.yaml`, if it could be read.
        known: kind → the ids that there are, even of files that could not be read.
        places: where everything stands.
    """

    settings: Settings | None
    meters: Mapping[str, Meter]
    rules: Mapping[str, RatingRule]
    multipliers: Mapping[str, Multiplier]
    labels: Mapping[str, Labels]
    plans: Mapping[str, Plan]
    specs: Mapping[str, Spec]
    sinks: Mapping[str, Sink]
    contracts: FileContracts
    known: Mapping[str, frozenset[str]]
    places: FilePlaces
    policy: Policy = field(default_factory=Policy)
    costs: Costs = field(default_factory=Costs)

    def at_key(self, finding: Finding) -> Finding:
        """Place a finding at the key that leads to its pointer, instead of at the value."""
        return replace(finding, position=self.places.key(finding.pointer))
