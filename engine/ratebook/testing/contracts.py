"""The contract of a case: one of the book, one on a plan, or one that stands in the case itself."""

from collections.abc import Iterable, Mapping
from typing import Final

from ratebook.book import Book
from ratebook.book.checks import Used, check_contracts
from ratebook.book.draft import FileContracts, Placed
from ratebook.book.model import Contract, Plan
from ratebook.book.model.contract import ContractDocument
from ratebook.book.model.pricing_tests import CASE_ID
from ratebook.book.places import FilePlaces, placed
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.book.validity import draft_of
from ratebook.calendar import shift
from ratebook.findings import Finding, has_errors
from ratebook.testing.files import NamedCase

_SOME: Final = 2_000
"""So many ids are looked through for one that resembles a mistyped one."""


def named_contracts(book: Book, cases: Iterable[NamedCase]) -> Mapping[str, Contract]:
    """Find the contracts of the book that cases name, in one pass over all of them."""
    wanted = {case.case.contract for case in cases if isinstance(case.case.contract, str)}
    if not wanted:
        return {}
    return {contract.id: contract for contract in book.contracts() if contract.id in wanted}


def contract_of(
    case: NamedCase, book: Book, known: Mapping[str, Contract]
) -> tuple[Contract | None, tuple[Finding, ...]]:
    """Give the contract of a case, or what is wrong with it at its place in the file of the case."""
    contract = case.case.contract
    if isinstance(contract, str):
        found = known.get(contract)
        return found, () if found else (_unknown(case, contract, book),)
    if contract is not None:
        made = contract.contract(case.name, contract.terms())
    else:
        spec = case.case.spec or (next(iter(book.specs)) if len(book.specs) == 1 else "")
        if not spec:
            return None, (_no_spec(case, book),)
        made = _on_plan(case, book.plans.get(case.case.plan or ""), spec)
    findings = _check(case, made, book)
    return (None if has_errors(findings) else made), findings


def _unknown(case: NamedCase, contract: str, book: Book) -> Finding:
    near = did_you_mean(contract, (one.id for one, _ in zip(book.contracts(), range(_SOME), strict=False)))
    return Finding(
        "RB301",
        f"the book has no contract `{contract}`",
        case.pointer("contract"),
        case.place("contract"),
        help=near,
    )


def _no_spec(case: NamedCase, book: Book) -> Finding:
    return Finding(
        "RB202",
        "`spec` is missing: the book has several",
        case.pointer("plan"),
        case.place("plan"),
        expected=one_of(book.specs),
    )


def _on_plan(case: NamedCase, plan: Plan | None, spec: str) -> Contract:
    """Make up a contract on a plan, a year old when the period begins; its type is what the plan makes it."""
    charges, fees = bool(plan and plan.charges), bool(plan and plan.fees)
    kind = "hybrid" if charges and fees else "fixed" if fees else "metered"
    start = shift(case.case.period.first, -1, "year")
    document = ContractDocument.model_validate(
        {"org": CASE_ID, "type": kind, "spec": spec, "plan": case.case.plan, "start": start}
    )
    return document.contract(case.name, document.terms())


def _check(case: NamedCase, contract: Contract, book: Book) -> tuple[Finding, ...]:
    """Check a contract against the book, as one of its own is."""
    node = case.node("contract") or case.node()
    places = FilePlaces({case.file.shown: case.file.data})
    if node is not None:
        places.documents[contract.pointer] = (case.file.shown, node)
    findings: list[Finding] = []
    for _ in check_contracts(
        draft_of(book, FileContracts((Placed(contract, "", 0),), ()), places), Used(), findings.append
    ):
        pass
    return placed(findings, places)
