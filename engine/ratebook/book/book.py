"""The book itself: everything that was read, immutable, with its digests and its places."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

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
from ratebook.findings import Finding, Position


class Places(Protocol):
    """Where the parts of a book stand in its files."""

    def position(self, pointer: str) -> Position | None:
        """Find a pointer's place, or that of the nearest part around it."""
        ...

    def source_line(self, position: Position) -> str | None:
        """Give the text of a position's line."""
        ...


class ContractSource(Protocol):
    """The contracts beside a book, which may be too many to hold."""

    def stream(self) -> Iterator[Contract]:
        """Stream all contracts in order of their ids."""
        ...


@dataclass(frozen=True, slots=True)
class Book:
    """A rate book that was read and checked.

    Attributes:
        settings: `specs/book.yaml`.
        meters: id → meter; likewise the other mappings, all in order of ids.
        plans: by the one form of their ids: `pro` for `pro@1`.
        policy: `specs/policy.yaml`; without one nothing asks for anything.
        costs: `specs/costs.yaml`; without one nothing is known to cost anything.
        digest: of the meaning: formatting and comments never change it, a meaning always does.
        source_digest: of all bytes of the book's files.
        places: where the parts stand in the files.
        contract_source: the contracts.
    """

    settings: Settings
    meters: Mapping[str, Meter]
    rules: Mapping[str, RatingRule]
    multipliers: Mapping[str, Multiplier]
    labels: Mapping[str, Labels]
    plans: Mapping[str, Plan]
    specs: Mapping[str, Spec]
    sinks: Mapping[str, Sink]
    policy: Policy
    costs: Costs
    digest: str
    source_digest: str
    places: Places
    contract_source: ContractSource

    def contracts(self) -> Iterator[Contract]:
        """Stream all contracts in order of id; equal terms are one object."""
        return self.contract_source.stream()

    def position(self, pointer: str) -> Position | None:
        """Find the place in a file of a pointer such as `rating/rpc-requests#price/tiers/1`."""
        return self.places.position(pointer)

    def source_line(self, position: Position) -> str | None:
        """Give the text of a position's line, for the excerpt of a finding."""
        return self.places.source_line(position)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of reading a book.

    Attributes:
        book: the book, unless a finding is an error.
        findings: in order of their places.
        places: where the parts stand in the files.
        files: how many files belong to the book.
        contracts: how many contracts could be read.
    """

    book: Book | None
    findings: tuple[Finding, ...]
    places: Places
    files: int
    contracts: int
