"""What texts, comments and reports of a diff document say in the same words."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from ratebook.invoice.text import grouped
from ratebook.preview.document import (
    Category,
    Cause,
    ChangeOfBook,
    ContractChange,
    DiffDocument,
    MeterUsage,
    RuleVerdict,
    Shield,
    ShieldedBy,
    Verdict,
)

CATEGORIES: Final[Mapping[Category, str]] = {
    "price_up": "price up",
    "price_down": "price down",
    "mixed": "up for some, down for others",
    "restating": "restates a closed period",
    "forward_only": "forward only",
    "cosmetic": "cosmetic",
}
SHIELDS: Final[Mapping[ShieldedBy, str]] = {
    "minimum": "a minimum",
    "maximum": "a maximum",
    "commitment": "a commitment",
    "price_lock": "a price lock",
    "override": "its own terms",
    "credit": "a credit",
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    "allowed": "allowed",
    "needs_approval": "needs approval",
    "refused": "refused",
}
UNCHANGED: Final = "Nothing changes: every contract pays the same with both books."
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
"""Stands where a row is not to be broken."""


class Shielded(NamedTuple):
    """A contract, what shields it, and from which causes; none where it is from all of them together."""

    contract: ContractChange
    shield: Shield
    causes: tuple[int, ...]


def signed(amount: str) -> str:
    """Group an amount and say its sign, as in `+1,234.50`."""
    sign = "+" if Decimal(amount) > 0 else ""
    return f"{sign}{grouped(amount)}"


def percent(number: str | None) -> str:
    """Say a percentage with its sign; nothing where there is none."""
    return "" if number is None else f"{signed(number)} %"


def counted(number: int, what: str) -> str:
    """Say how many of something there are, as in `1 contract` and `12 contracts`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def moves_later(cause: Cause, document: DiffDocument) -> bool:
    """Tell whether a cause begins later and moves no money for that reason alone."""
    is_later = "forward_only" in cause["categories"] and cause["begins"] is not None
    return is_later and not cause["money"] and document["as_if"] is None


def not_judged(document: DiffDocument) -> str:
    """Say which causes the policy cannot judge by what they move, as they begin later; nothing where none is."""
    later = [str(number) for number, one in enumerate(document["causes"], 1) if moves_later(one, document)]
    if not later or document["policy"] is None:
        return ""
    causes = f"cause {later[0]} begins" if len(later) == 1 else f"causes {', '.join(later)} begin"
    return f"{causes} later, and what will move is not judged: --as-if all does"


def is_unchanged(document: DiffDocument) -> bool:
    """Tell whether there is nothing to show: no change of the book, of a bill or of what was found."""
    usage = document["usage_changes"]
    parts = (document["causes"], document["contracts"], document["findings"], *usage.values())
    return not any(parts) and (document["policy"] is None or document["policy"]["verdict"] == "allowed")


def sides(document: DiffDocument) -> str:
    """Say what is compared: the period, both books, and the date that was taken for granted."""
    as_if = f", as if from {document['as_if']}" if document["as_if"] else ""
    return f"{document['period']}, {document['base']['name']} → {document['head']['name']}{as_if}"


def reach(document: DiffDocument) -> str:
    """Say how far the change reaches: how many contracts were compared, can be touched, and move."""
    moved = len({one["contract"] for one in document["contracts"] if Decimal(one["difference"]) != 0})
    compared = counted(document["contracts_compared"], "contract")
    return f"{compared} compared, {document['contracts_touched']:,} touched, {moved:,} moved"


def was_now(change: ChangeOfBook) -> str:
    """Say what stood there and what stands there."""
    was, now = change["was"], change["now"]
    if was is None:
        return f"new: {now}" if now is not None else ""
    return f"{was} → {now}" if now is not None else f"{was} → gone"


def place_of(change: ChangeOfBook | Shield | RuleVerdict) -> str:
    """Say where it stands: in a file, or in the book where no file is known."""
    return change["place"] or change["pointer"]


def money_of(cause: Cause) -> str:
    """Say what a cause moves in each currency."""
    return " · ".join(f"{one['currency']}{NO_BREAK}{signed(one['difference'])}" for one in cause["money"])


def kinds_of(cause: Cause) -> str:
    """Say of what kind a cause is, and from when on it holds."""
    words = [CATEGORIES[category] for category in cause["categories"]]
    if cause["begins"] is not None:
        words.append(f"from {cause['begins']}")
    return ", ".join(words)


def name_of(contract: ContractChange) -> str:
    """Name the customer, or the contract where the customer has no name."""
    return contract["customer"] or contract["contract"]


def movers(document: DiffDocument) -> list[ContractChange]:
    """Give the contracts whose bill moves, the largest difference first."""
    return [one for one in document["contracts"] if Decimal(one["difference"]) != 0]


def shielded(document: DiffDocument) -> list[Shielded]:
    """Give the contracts that something shields, each with every reason."""
    return [found for one in document["contracts"] for found in shields_of(one)]


def shields_of(contract: ContractChange) -> list[Shielded]:
    """Give what shields a contract, each once, with all causes that it stands before."""
    found: dict[tuple[str, str], tuple[Shield, list[int]]] = {}
    for shield in contract["shielded"]:
        _, causes = found.setdefault((shield["by"], shield["pointer"]), (shield, []))
        if shield["cause"] is not None and shield["cause"] not in causes:
            causes.append(shield["cause"])
    return [Shielded(contract, shield, tuple(sorted(causes))) for shield, causes in found.values()]


def from_causes(shield: Shielded) -> str:
    """Say from which causes a contract is shielded; causes count from 1 for people."""
    numbers = [str(cause + 1) for cause in shield.causes]
    if not numbers:
        return ""
    return f" from cause {numbers[0]}" if len(numbers) == 1 else f" from causes {', '.join(numbers)}"


def usage_rows(document: DiffDocument) -> Iterator[tuple[str, MeterUsage]]:
    """Give usage that begins or ceases to be billed, with the words for it."""
    for usage in document["usage_changes"]["newly_unbilled"]:
        yield "no longer billed", usage
    for usage in document["usage_changes"]["newly_billed"]:
        yield "newly billed", usage


def approvers(document: DiffDocument) -> list[str]:
    """Name who must approve, each once."""
    policy = document["policy"]
    rules = policy["rules"] if policy else []
    return sorted({role for rule in rules if rule["verdict"] == "needs_approval" for role in rule["needs"]})


def verdict_of(document: DiffDocument) -> str:
    """Say what the policy says to the change, and who must approve it; nothing where there is no policy."""
    if document["policy"] is None:
        return ""
    needed = " and ".join(approvers(document))
    verdict = VERDICTS[document["policy"]["verdict"]]
    return f"{verdict} by {needed}" if verdict == VERDICTS["needs_approval"] and needed else verdict
