"""Whether a contract could be on terms that stand in no file: by the checks that its file would meet."""

from typing import Final

from ratebook.book.book import Book
from ratebook.book.checks.agreements import check_agreement
from ratebook.book.draft import Draft, FileContracts
from ratebook.book.model import ContractTerms
from ratebook.book.places import FilePlaces

_TYPE: Final = "RB313"
"""That the type fits the content decides nothing about what is billed."""


def draft_of(book: Book) -> Draft:
    """Give a book as checks look at it, without its contracts."""
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
        contracts=FileContracts((), ()),
        known={kind: frozenset(part) for kind, part in parts.items()},
        places=FilePlaces({}),
    )


def could_agree(draft: Draft, terms: ContractTerms) -> bool:
    """Tell whether nothing is wrong with terms: their plan has prices in their currency, and rates of their tax."""
    found = check_agreement(draft, terms, "contracts/offered")
    return not any(finding.severity == "error" and finding.code != _TYPE for finding in found)
