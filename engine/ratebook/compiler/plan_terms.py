"""What a contract agreed to on one plan: fees, charges and a minimum, whatever the period."""

from dataclasses import dataclass, replace

from ratebook.book.model import Minimum
from ratebook.book.terms import FeeSources
from ratebook.compiler.charges import ChargeTerms
from ratebook.compiler.coverage import Covered
from ratebook.compiler.timed import Timed


@dataclass(frozen=True, slots=True, eq=False)
class PlanTerms:
    """The terms of one plan, with what the contract adds to it and overrides.

    Attributes:
        plan: its id; "" where the contract has no plan.
        fees: with where they stand.
        charges: with all their versions.
        minimum: of the plan, with its pointer and home currency.
        covered: the usage for which it has a price, or of a level a later plan has.
        uncovered: measures of what all its rules on a meter, being narrowed, do not bill.
        is_trial: whether usage costs nothing and nothing accrues.
    """

    plan: str
    fees: tuple[FeeSources, ...]
    charges: tuple[ChargeTerms, ...]
    minimum: Timed[tuple[Minimum, str, str]]
    covered: Covered
    uncovered: frozenset[int] = frozenset()
    is_trial: bool = False

    def bills(self, meter: str, measure: int) -> bool:
        """Tell whether usage of a meter, as a measure counts it, has a price."""
        return meter in self.covered and measure not in self.uncovered

    def in_trial(self, pointer: str) -> "PlanTerms":
        """Give the terms of a trial: usage is shown and costs nothing, and nothing else accrues."""
        charges = tuple(charge.for_nothing(pointer) for charge in self.charges)
        return replace(self, fees=(), charges=charges, minimum=Timed(()), is_trial=True)
