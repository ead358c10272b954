"""Terms that are equal become one object, so that contracts share what is made of them."""

from dataclasses import dataclass, field

from ratebook.book.meaning import meaning
from ratebook.book.model.contract import ContractTerms
from ratebook.canonical import digest


@dataclass
class Terms:
    """The terms of all contracts of a book that differ."""

    _shared: dict[str, ContractTerms] = field(default_factory=dict)
    _digests: dict[int, str] = field(default_factory=dict)

    def shared(self, terms: ContractTerms) -> ContractTerms:
        """Give the one object for terms of this meaning."""
        key = digest(meaning(terms))
        found = self._shared.setdefault(key, terms)
        self._digests[id(found)] = key
        return found

    def digest(self, terms: ContractTerms) -> str:
        """Give the digest of shared terms."""
        return self._digests[id(terms)]
