"""Which documents of a book a contract's bill depends on: what is not among them cannot change it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ratebook.book import Book
from ratebook.book.model import Charge, ContractTerms, RatingRule

SETTINGS: Final = "specs/book"


@dataclass(slots=True)
class Reach:
    """Finds the documents that terms depend on, in any of some books; contracts with equal terms share the answer."""

    books: tuple[Book, ...]
    _found: dict[int, tuple[ContractTerms, frozenset[str]]] = field(default_factory=dict)

    def of(self, terms: ContractTerms) -> frozenset[str]:
        """Give the pointers of documents."""
        found = self._found.get(id(terms))
        if found is None:
            documents = frozenset(one for book in self.books for one in _documents(book, terms))
            found = self._found[id(terms)] = (terms, documents)
        return found[1]


def _documents(book: Book, terms: ContractTerms) -> Iterator[str]:
    yield SETTINGS
    yield f"specs/{terms.spec}"
    yield from _of_rules(book, (*(charge.rating for charge in terms.charges), *terms.report))
    for name in {terms.plan, *(phase.plan for phase in terms.phases)} - {None}:
        yield f"plans/{name}"
        plan = book.plans.get(name or "")
        charges: tuple[Charge, ...] = plan.charges if plan is not None else ()
        yield from _of_rules(book, (charge.rating for charge in charges))


def _of_rules(book: Book, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield f"rating/{name}"
        rule: RatingRule | None = book.rules.get(name)
        for use in rule.uses if rule is not None else ():
            yield f"meters/{use.meter}"
            yield from (f"multipliers/{one}" for one in use.multiply_by)
