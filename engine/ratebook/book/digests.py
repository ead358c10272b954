"""The two digests of a book: of all bytes, and of the meaning."""

import hashlib
from collections.abc import Mapping

from ratebook.book.draft import Draft
from ratebook.book.interning import Terms
from ratebook.book.meaning import meaning
from ratebook.book.model import Contract
from ratebook.canonical import canonical_json, digest, digest_bytes


def source_digest(files: Mapping[str, bytes]) -> str:
    """Digest the paths and bytes of all files of a book."""
    return digest({path: digest_bytes(data) for path, data in files.items()})


def book_digest(draft: Draft, contracts: str) -> str:
    """Digest what a book means: everything but its environments.

    Args:
        draft: the book without errors.
        contracts: digest of its contracts.
    """
    settings = meaning(draft.settings)
    settings.pop("environments", None)
    document = {
        "book": settings,
        "meters": meaning(draft.meters),
        "rating": meaning(draft.rules),
        "multipliers": meaning(draft.multipliers),
        "labels": meaning(draft.labels),
        "plans": meaning(draft.plans),
        "specs": meaning(draft.specs),
        "sinks": meaning(draft.sinks),
        "policy": meaning(draft.policy),
        "costs": meaning(draft.costs),
        "contracts": contracts,
    }
    return digest(document)


class ContractDigest:
    """A digest over contracts that stream by in order of their ids."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, contract: Contract) -> None:
        """Add the next contract."""
        self.count += 1
        document = [
            contract.id,
            contract.subjects,
            meaning(contract.start),
            meaning(contract.end),
            meaning(contract.customer),
            meaning(contract.sink),
            self._terms.digest(contract.terms),
            *([meaning(contract.children)] if contract.children else []),
        ]
        self._hash.update(canonical_json(document) + b"\n")

    @property
    def value(self) -> str:
        """The digest of the contracts so far."""
        return "sha256:" + self._hash.hexdigest()
