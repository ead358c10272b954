"""Terms in time and place: which version holds when, and where it stands in the book."""

from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from ratebook.book.model import Dated, Version
from ratebook.calendar import BEGINNING, Instant, instant_of

T = TypeVar("T")

ANY_CONTRACT: Final = "contracts/*"
"""How pointers into a contract begin in terms that many contracts share; see `pointer_for`."""


def pointer_for(pointer: str, contract: str) -> str:
    """Name the contract in a pointer of shared terms."""
    return pointer.replace(ANY_CONTRACT, f"contracts/{contract}", 1)


def in_force(dated: Dated[T], moment: Instant, where: ZoneInfo) -> Version[T] | None:
    """Give the version that holds at an instant, or None before the first one begins."""
    found = None
    for version in dated.versions:
        if begins(version, where) <= moment:
            found = version
    return found


def begins(version: Version[Any], where: ZoneInfo) -> Instant:
    """Give the instant from which a version holds in a zone."""
    return BEGINNING if version.from_ is None else instant_of(version.from_, where)


def at_version(pointer: str, version: Version[Any]) -> str:
    """Point at a version of a term."""
    if not version.path:
        return pointer
    return f"{pointer}/{version.path}" if "#" in pointer else f"{pointer}#{version.path}"
