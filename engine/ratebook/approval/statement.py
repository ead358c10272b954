"""What an approval says: someone agrees, in some roles, to one book over one usage, at some rates, by one engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ratebook.canonical import canonical_json, digest_bytes

FORMAT_VERSION: Final = "1.0"
KIND: Final = "ratebook-approval"

Document = Mapping[str, Any]

_BOOK: Final = ("book", "source")
_FORM: Final[Mapping[str, tuple[str, ...]]] = {
    "base": _BOOK,
    "head": _BOOK,
    "usage": ("from", "to", "digest"),
    "fx": ("digest",),
    "engine": ("ratebook", "semantics", "tzdata"),
}
"""What a statement binds, part by part."""

_PERIOD: Final = ("period", "as_if")
_OWN: Final = ("by", "at", "roles")
_WORDS: Final = {
    ("base", "book"): "another base",
    ("base", "source"): "other files of the base",
    ("head", "book"): "another book",
    ("head", "source"): "other files of the book",
    ("usage", "from"): "another window of usage",
    ("usage", "to"): "another window of usage",
    ("usage", "digest"): "other usage",
    ("fx", "digest"): "other exchange rates",
    ("engine", "ratebook"): "another version of ratebook",
    ("engine", "semantics"): "other rating semantics",
    ("engine", "tzdata"): "another release of time zones",
}


class IncompleteError(ValueError):
    """Something that an approval must bind is not there; `missing` names it, as in `fx/digest`."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, as it is signed.

    Attributes:
        document: the whole statement.
    """

    document: Document

    @property
    def by(self) -> str:
        """The signer's address."""
        return str(self.document["by"])

    @property
    def at(self) -> str:
        """When it was signed, by the signer's clock, as in `2026-11-25T10:00:00Z`."""
        return str(self.document["at"])

    @property
    def roles(self) -> tuple[str, ...]:
        """In the name of which roles."""
        return tuple(self.document["roles"])

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        return canonical_json(self.document)

    @property
    def name(self) -> str:
        """The name of its file: the beginning of its digest, and who."""
        return f"{digest_bytes(self.signed).removeprefix('sha256:')[:16]}-{self.by}.json"


def bound(result: Document) -> dict[str, Any]:
    """Take what an approval binds from a saved result of `ratebook diff`.

    Raises:
        IncompleteError: the result does not say all of it.
    """
    usage = _part(result, "usage")
    parts = {**result, "usage": {**_part(usage, "window"), **usage}}
    found: dict[str, Any] = {key: parts[key] for key in _PERIOD if key in parts}
    for name, keys in _FORM.items():
        part = _part(parts, name)
        found[name] = {key: part[key] for key in keys if key in part}
    missing = list(_missing(found))
    if missing:
        raise IncompleteError(missing)
    return found


def state(binding: Document, by: str, at: str, roles: Sequence[str]) -> Statement:
    """Make the statement that someone agrees to what is bound."""
    own = {"by": by, "at": at, "roles": sorted(roles)}
    return Statement({"format_version": FORMAT_VERSION, "kind": KIND, **binding, **own})


def read_statement(document: object) -> Statement:
    """Read a statement.

    Raises:
        ValueError: it is no statement that this version understands.
        IncompleteError: it does not bind everything that an approval binds.
    """
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise ValueError(f"it holds no statement of kind {KIND}")
    if document.get("format_version") != FORMAT_VERSION:
        raise ValueError(f"its format_version is not {FORMAT_VERSION}")
    missing = list(_missing(document))
    if missing:
        raise IncompleteError(missing)
    known = {"format_version", "kind", *_PERIOD, *_FORM, *_OWN}
    more = sorted([*(document.keys() - known), *_more(document)])
    if more:
        raise ValueError(f"nobody knows what `{more[0]}` in it means")
    if not _is_own(document):
        raise ValueError("`by`, `at` or `roles` does not have the right form")
    return Statement(document)


def differences(statement: Statement, wanted: Document) -> list[str]:
    """Say in words what a statement is about that is not what is wanted; what nobody asks for is not compared."""
    found = []
    for name, part in wanted.items():
        if name in _FORM:
            said = statement.document[name]
            found += [_WORDS[name, key] for key, value in part.items() if said[key] != value]
        elif statement.document[name] != part:
            found.append("another period" if name == "period" else "another day of prices")
    return list(dict.fromkeys(found))


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _missing(document: Document) -> Iterator[str]:
    """Name what is not bound. Only `as_if` may be null, where no other day's prices are taken."""
    for name, keys in _FORM.items():
        part = _part(document, name)
        yield from (f"{name}/{key}" for key in keys if key not in part or type(part[key]) not in {str, int})
    for name, kinds in (("period", (str,)), ("as_if", (str, type(None)))):
        if name not in document or type(document[name]) not in kinds:
            yield name


def _more(document: Document) -> Iterator[str]:
    for name, keys in _FORM.items():
        yield from (f"{name}/{key}" for key in document[name] if key not in keys)


def _is_own(document: Document) -> bool:
    roles = document.get("roles")
    texts = [document.get("by"), document.get("at"), *(roles if isinstance(roles, list) else [None])]
    return all(isinstance(text, str) and text for text in texts)
