"""Whether a state of a book holds together that stands in no file: between two books, or with terms made up."""

from typing import Final

from ratebook.book.book import Book
from ratebook.book.checks import check_parts
from ratebook.book.checks.agreements import check_agreement
from ratebook.book.draft import Draft, FileContracts
from ratebook.book.model import ContractTerms
from ratebook.book.places import FilePlaces
from ratebook.findings import has_errors

_TYPE: Final = "RB313"
"""That the type fits the content decides nothing about what is billed."""
NO_CONTRACTS: Final = FileContracts((), ())


def draft_of(book: Book, contracts: FileContracts = NO_CONTRACTS, places: FilePlaces | None = None) -> Draft:
    """Give a book as checks look at it, with other contracts than its own, or none."""
    parts = {
        "meters": book.meters,
        "rating": book.rules,
        "multipliers": book.multipliers,
        "labels": book.labels,
        "plans": book.plans,
        "specs": book.specs,
        "sinks": book.sinks,
    }
    return Draft(
        settings=book.settings,
        meters=book.meters,
        rules=book.rules,
        multipliers=book.multipliers,
        labels=book.labels,
        plans=book.plans,
        specs=book.specs,
        sinks=book.sinks,
        contracts=contracts,
        known={"contracts": frozenset(), **{kind: frozenset(named) for kind, named in parts.items()}},
        places=places or FilePlaces({}),
    )


def holds_together(draft: Draft) -> bool:
    """Tell whether everything but contracts is free of errors."""
    return not has_errors(check_parts(draft))


def fits(draft: Draft, terms: ContractTerms) -> bool:
    """Tell whether the terms of a contract fit to a book that holds together."""
    return not has_errors(list(check_agreement(draft, terms, "contracts/*")))


def could_agree(draft: Draft, terms: ContractTerms) -> bool:
    """Tell whether a contract could be on terms: their plan has prices in their currency, and rates of their tax."""
    found = check_agreement(draft, terms, "contracts/offered")
    return not any(finding.severity == "error" and finding.code != _TYPE for finding in found)
