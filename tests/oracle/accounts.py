"""Whose usage a contract pays for: its own subjects', and those of its children in their time."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.calendar import Life, instant


class Account(NamedTuple):
    """Subjects whose usage a contract pays for in some time.

    Attributes:
        name: the child's id; None for the contract's own usage.
    """

    name: str | None
    subjects: tuple[str, ...]
    life: Life

    def knows(self, subject: str) -> bool:
        """Whether the contract ever pays for a subject's usage."""
        return subject in self.subjects and (self.life.end is None or self.life.start < self.life.end)


def accounts_of(contract: Mapping[str, Any], life: Life) -> tuple[Account, ...]:
    own = Account(None, subjects_of(contract), life)
    return (
        own,
        *(
            Account(child["id"], subjects_of(child), child_life(child, life))
            for child in contract.get("children", [])
        ),
    )


def subjects_of(written: Mapping[str, Any]) -> tuple[str, ...]:
    if "subjects" in written:
        return tuple(written["subjects"])
    return (written["org"],) if "org" in written else ()


def child_life(child: Mapping[str, Any], life: Life) -> Life:
    """From `from` until `until`, inside the life of the contract that pays."""
    start = max(life.start, edge(child, "from", life.where) or life.start)
    until = edge(child, "until", life.where)
    ends = [end for end in (until, life.end) if end is not None]
    return Life(start, min(ends) if ends else None, life.where)


def edge(child: Mapping[str, Any], key: str, where: ZoneInfo) -> Any:
    return instant(child[key], where) if key in child else None
