"""Whether a state of a book holds together: states that no file says arise between two books that are compared."""

from ratebook.book.book import Book
from ratebook.book.checks import check_parts
from ratebook.book.checks.agreements import check_agreement
from ratebook.book.draft import Draft, FileContracts
from ratebook.book.model import ContractTerms
from ratebook.book.places import FilePlaces
from ratebook.findings import has_errors


def draft_of(book: Book) -> Draft:
    """Give a book's parts as checks read them, without any contract."""
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
        known={"contracts": frozenset(), **{kind: frozenset(named) for kind, named in parts.items()}},
        places=FilePlaces({}),
    )


def holds_together(draft: Draft) -> bool:
    """Tell whether everything but contracts is free of errors."""
    return not has_errors(check_parts(draft))


def fits(draft: Draft, terms: ContractTerms) -> bool:
    """Tell whether the terms of a contract fit to a book that holds together."""
    return not has_errors(list(check_agreement(draft, terms, "contracts/*")))
