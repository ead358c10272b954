"""Price locks: that they hold something back."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from ratebook.book.checks.plan_changes import plans_of
from ratebook.book.checks.prices import begins
from ratebook.book.draft import Draft
from ratebook.book.model import Contract
from ratebook.book.terms import Homes, Sources
from ratebook.calendar import instant_of
from ratebook.findings import Finding


def check_lock(draft: Draft, contract: Contract, where: ZoneInfo) -> Iterator[Finding]:
    """Warn about a lock without effect: no version of what it locks begins in it."""
    lock = contract.terms.price_lock
    if lock is None:
        return
    at, until = (instant_of(edge, where) for edge in (lock.at or contract.start, lock.until))
    if until <= at:
        return
    for name in plans_of(contract.terms):
        plan = draft.plans.get(name) if name is not None else None
        sources = Sources(
            contract.pointer, contract.terms, plan, f"plans/{name}", draft.rules, Homes("", "", "")
        )
        versions = (version for dated in sources.locked() for version in dated.versions)
        if any(at < begins(version, where) < until for version in versions):
            return
    yield Finding(
        "RB343",
        f"no price, fee or included units of the plan change until {lock.until.isoformat()}",
        f"{contract.pointer}#price_lock",
        expected="a version of what is locked that begins within the lock",
        help="leave it in if versions are still to come",
    )
