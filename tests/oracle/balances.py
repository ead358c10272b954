"""What is left of commitments and credits from one boundary to the next: each invoice carries it forward."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

ZERO = Fraction(0)
Document = Mapping[str, Any]


@dataclass
class CommitmentBalance:
    """Where a commitment is.

    Attributes:
        spent: what has counted towards it, or has been drawn from it.
        trued_up: what has been billed because too little was spent.
        left: what is left of it: of a prepaid one to draw from, of another to spend.
    """

    spent: Fraction
    trued_up: Fraction
    left: Fraction


@dataclass
class CreditBalance:
    """Where a credit is: granted = used + expired + left."""

    granted: Fraction
    used: Fraction
    expired: Fraction
    left: Fraction


@dataclass
class Balances:
    """The commitments and credits of one contract by id, and what fees in advance left of amounts off."""

    commitments: dict[str, CommitmentBalance] = field(default_factory=dict)
    credits: dict[str, CreditBalance] = field(default_factory=dict)
    discounts: dict[str, Fraction] = field(default_factory=dict)

    def commitment(self, name: str, amount: Fraction) -> CommitmentBalance:
        return self.commitments.setdefault(name, CommitmentBalance(ZERO, ZERO, amount))

    def credit(self, name: str, amount: Fraction) -> CreditBalance:
        return self.credits.setdefault(name, CreditBalance(amount, ZERO, ZERO, amount))

    def document(self) -> dict[str, Any]:
        """What an invoice carries forward."""
        return {
            "commitments": {name: dict(vars(one)) for name, one in self.commitments.items()},
            "credits": {name: dict(vars(one)) for name, one in self.credits.items()},
        }


def balances_of(document: Document | None) -> Balances:
    """Balances that an earlier invoice carried forward; without one everything is unspent."""
    found = Balances()
    for name, one in (document or {}).get("commitments", {}).items():
        found.commitments[name] = CommitmentBalance(**{key: Fraction(value) for key, value in one.items()})
    for name, one in (document or {}).get("credits", {}).items():
        found.credits[name] = CreditBalance(**{key: Fraction(value) for key, value in one.items()})
    return found
