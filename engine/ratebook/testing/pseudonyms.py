"""Names of customers replaced, the same by the same every time: a pseudonym is a part of a digest."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ratebook.book.model import Contract

_DIGITS: Final = 8
_SHORTEST: Final = 3
_KEPT: Final = frozenset({"country"})
"""What of a customer decides about tax, and names nobody."""
_DROPPED: Final = frozenset({"id", "sink"})


def pseudonym(kind: str, name: str) -> str:
    """Give the pseudonym of a name, as in `org-5f2b8c01`."""
    return f"{kind}-{hashlib.sha256(f'{kind}/{name}'.encode()).hexdigest()[:_DIGITS]}"


def names_of(contract: Contract) -> dict[str, str]:
    """Give the pseudonym of every name of a contract, its customer, its subjects and its children."""
    named = {contract.id: pseudonym("customer", contract.id)}
    if contract.customer is not None:
        named[contract.customer.name] = pseudonym("customer", contract.id)
    for child in contract.children:
        named[child.id] = pseudonym("account", child.id)
        if child.name:
            named[child.name] = pseudonym("account", child.id)
    return named | {subject: pseudonym("org", subject) for subject in contract.all_subjects}


def without_names(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Give the file of a contract without what tells whose it is.

    Args:
        document: the file, as plain data.
        names: name → pseudonym.
    """
    kept = {key: value for key, value in document.items() if key not in _DROPPED}
    customer = kept.get("customer")
    if isinstance(customer, Mapping):
        place = {key: value for key, value in customer.items() if key in _KEPT}
        kept["customer"] = {"name": names[customer["name"]], **place}
    return dict(_replaced_in(kept, names))


def _replaced_in(document: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    return ((key, replaced(value, names)) for key, value in document.items())


def replaced(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - plain data
    """Replace names wherever they stand in texts."""
    if isinstance(value, Mapping):
        return dict(_replaced_in(value, names))
    if isinstance(value, list):
        return [replaced(one, names) for one in value]
    if not isinstance(value, str):
        return value
    if value in names:
        return names[value]
    for name in sorted((one for one in names if len(one) >= _SHORTEST), key=len, reverse=True):
        value = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", names[name], value, flags=re.IGNORECASE)
    return value
