"""Accounts: whose usage a contract pays for, when, and how its invoices tell it apart."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ratebook.book.model import Contract
from ratebook.calendar import NEVER, Instant, Interval, instant_of


class Account(NamedTuple):
    """A part of a contract's usage.

    Attributes:
        id: the child's id; None for the contract's own usage.
        name: what the child is called on an invoice.
        subjects: whose usage it is.
        life: when it belongs to the contract; a child's own time, cut to the contract's life.
    """

    id: str | None
    name: str
    subjects: tuple[str, ...]
    life: Interval

    def within(self, times: Iterable[Interval]) -> Iterator[Interval]:
        """Give what of some times belongs to its life."""
        for time in times:
            start, end = max(time.start, self.life.start), min(time.end, self.life.end)
            if start < end:
                yield Interval(start, end)


def accounts_of(contract: Contract, life: Interval, where: ZoneInfo) -> tuple[Account, ...]:
    """Give the accounts of a contract: its own usage first, then its children's, as they are listed."""
    own = Account(None, "", contract.subjects, life)
    return (own, *_children(contract, life, where)) if contract.children else (own,)


def _children(contract: Contract, life: Interval, where: ZoneInfo) -> Iterator[Account]:
    for child in contract.children:
        start = life.start if child.from_ is None else max(life.start, instant_of(child.from_, where))
        until = NEVER if child.until is None else instant_of(child.until, where)
        end = max(start, min(life.end, until))  # one without any time in the contract's life has none at all
        yield Account(child.id, child.name or child.id, child.subjects_of_usage(), Interval(start, end))


def edges_inside(accounts: tuple[Account, ...], period: Interval) -> set[Instant]:
    """Give the instants inside a period at which an account begins or ends."""
    return {edge for account in accounts for edge in account.life if period.start < edge < period.end}
