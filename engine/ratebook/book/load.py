"""From the bytes of a book's files to the book, or to everything that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from ratebook.book.book import Book, Loaded
from ratebook.book.checks import Used, check_contracts, check_parts, check_unused
from ratebook.book.contract_tables import ContractTable
from ratebook.book.digests import ContractDigest, book_digest, source_digest
from ratebook.book.draft import MODELS, Draft, FileContracts, Placed
from ratebook.book.factor_tables import FactorTables
from ratebook.book.interning import Terms
from ratebook.book.layout import BOOK, Filed, lay_out, no_book
from ratebook.book.model import Costs, Policy
from ratebook.book.model.contract import ContractDocument
from ratebook.book.places import FilePlaces, placed
from ratebook.book.reader import read_yaml
from ratebook.book.shape_errors import shape_findings
from ratebook.book.tables import Table
from ratebook.findings import Finding, Position, has_errors


def load(files: Mapping[str, bytes]) -> Loaded:
    """Read and check a book.

    Args:
        files: path inside the book, with `/`, → bytes; files that are no part of a book are ignored.

    Returns:
        Findings in order of their places, and the book unless one of them is an error.
    """
    reading = _Reading(files, FilePlaces(files))
    layout = lay_out(files)
    reading.findings += layout.findings
    for filed in layout.files:
        reading.read(filed)
    if BOOK not in reading.pointers:
        reading.findings.append(no_book(files))
    draft = reading.draft()
    reading.findings += check_parts(draft)
    contracts, used = ContractDigest(reading.terms), Used()
    for contract in check_contracts(draft, used, reading.findings.append):
        contracts.add(contract)
    if not has_errors(reading.findings):
        reading.findings += [*check_unused(draft, used), *reading.unused_tables()]
    findings = placed(reading.findings, reading.places)
    if draft.settings is None or has_errors(findings):
        return Loaded(None, findings, reading.places, len(layout.files), contracts.count)
    book = Book(
        settings=draft.settings,
        meters=draft.meters,
        rules=draft.rules,
        multipliers=draft.multipliers,
        labels=draft.labels,
        plans=draft.plans,
        specs=draft.specs,
        sinks=draft.sinks,
        policy=draft.policy,
        costs=draft.costs,
        digest=book_digest(draft, contracts.value),
        source_digest=source_digest({filed.file: files[filed.file] for filed in layout.files}),
        places=reading.places,
        contract_source=draft.contracts,
    )
    return Loaded(book, findings, reading.places, len(layout.files), contracts.count)


@dataclass
class _Reading:
    """The files of a book while they are read one by one."""

    files: Mapping[str, bytes]
    places: FilePlaces
    findings: list[Finding] = field(default_factory=list)
    pointers: dict[str, Filed] = field(default_factory=dict)
    parts: dict[str, dict[str, Any]] = field(default_factory=lambda: {pointer: {} for pointer in MODELS})
    factors: list[Filed] = field(default_factory=list)
    terms: Terms = field(default_factory=Terms)
    own: list[Placed] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Know the tables that multipliers may name."""
        self.factor_tables = FactorTables(self.files)

    def read(self, filed: Filed) -> None:
        """Read a file and validate its shape."""
        if filed.table:
            self._read_table(filed)
            return
        self.pointers[filed.pointer] = filed
        document = read_yaml(filed.file, self.files[filed.file])
        self.findings += document.findings
        root = document.root
        if root is None:
            return
        self.places.documents[filed.pointer] = (filed.file, root)
        model = MODELS.get(filed.pointer) or MODELS[filed.kind]
        data = root.data
        if filed.kind == "multipliers":
            data = self.factor_tables.fill(filed.file, filed.pointer, root)
        try:
            part = model.model_validate(data)
        except ValidationError as error:
            self.findings += shape_findings(error, model, root, filed.file, filed.pointer)
            return
        if not has_errors(document.findings):
            self._keep(filed, part)

    def _read_table(self, filed: Filed) -> None:
        if filed.kind == "contracts":
            table = ContractTable(Table(filed.file, self.files[filed.file]), self.terms)
            self.places.tables.append(table)
        else:
            self.factors.append(filed)

    def _keep(self, filed: Filed, part: BaseModel) -> None:
        if isinstance(part, ContractDocument):
            contract = part.contract(filed.name, self.terms.shared(part.terms()))
            self.own.append(Placed(contract, filed.file, 0))
        elif filed.pointer in MODELS:
            self.parts[filed.pointer][filed.name] = part
        else:
            self.parts[filed.kind][filed.name] = part

    def draft(self) -> Draft:
        """Give what could be read."""
        self.findings += self.factor_tables.findings
        self.places.cells.update(self.factor_tables.places)
        policy, costs = self.parts["specs/policy"].get("policy"), self.parts["specs/costs"].get("costs")
        return Draft(
            settings=self.parts[BOOK].get("book"),
            meters=self.parts["meters"],
            rules=self.parts["rating"],
            multipliers=self.parts["multipliers"],
            labels=self.parts["labels"],
            plans=self.parts["plans"],
            specs=self.parts["specs"],
            sinks=self.parts["sinks"],
            contracts=FileContracts(
                tuple(sorted(self.own, key=lambda placed: placed.contract.id)), tuple(self.places.tables)
            ),
            known=self._known(),
            places=self.places,
            policy=policy or Policy(),
            costs=costs or Costs(),
        )

    def unused_tables(self) -> list[Finding]:
        """Warn about tables that no multiplier names."""
        return [
            Finding(
                "RB315", "no multiplier names this table", position=Position(filed.file, 1), help="delete it"
            )
            for filed in self.factors
            if filed.file not in self.factor_tables.used
        ]

    def _known(self) -> dict[str, frozenset[str]]:
        names: dict[str, set[str]] = {kind: set() for kind in MODELS}
        for pointer, filed in self.pointers.items():
            if pointer not in MODELS:
                names[filed.kind].add(filed.name)
        return {kind: frozenset(found) for kind, found in names.items()}
