"""Where each term of a contract comes from: override, plan charge, rule; the nearest wins whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ratebook.book.model import Charge, ContractTerms, Fee, Plan, RatingRule

_OF_A_FEE: Final = ("name", "amount", "quantity", "bill", "prorate", "every", "tax")


class Term(NamedTuple):
    """A term as it was found: its value, the currency of its plain amounts, and its pointer."""

    value: Any
    home: str
    pointer: str


class Saying(NamedTuple):
    """A place that may say a term: what it says, the currency of its plain amounts, and its pointer."""

    says: Any
    home: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Homes:
    """The currency of plain amounts, by who writes them."""

    book: str
    plan: str
    contract: str


@dataclass(frozen=True, slots=True)
class ChargeSources:
    """A charge with all places that say something about it, from near to far; the last is its rule."""

    charge: Charge
    pointer: str
    rule: RatingRule
    sayings: tuple[Saying, ...]

    @property
    def is_surcharge(self) -> bool:
        """Whether it bills besides, and has no say in which charge bills an event."""
        found = self.nearest("surcharge")
        return found is not None and bool(found.value)

    def nearest(self, name: str) -> Term | None:
        """Find a term at the nearest place that says it."""
        for says, home, pointer in self.sayings:
            value = getattr(says, name, None)
            if value is not None:
                return Term(value, home, f"{pointer}/{name}" if "#" in pointer else f"{pointer}#{name}")
        return None


@dataclass(frozen=True, slots=True)
class FeeSources:
    """A fee as it holds for a contract, with its amount and where that stands."""

    fee: Fee
    pointer: str
    amount: Term


@dataclass(frozen=True, slots=True)
class Sources:
    """What a contract's terms refer to.

    Attributes:
        pointer: of the contract.
        terms: its terms; None for a plan that is looked at by itself.
        plan: its plan.
        plan_pointer: of the plan.
        rules: all rating rules.
        homes: currencies of plain amounts.
    """

    pointer: str
    terms: ContractTerms | None
    plan: Plan | None
    plan_pointer: str
    rules: Mapping[str, RatingRule]
    homes: Homes

    def charges(self) -> Iterator[ChargeSources]:
        """Give the charges: the plan's, with what the contract overrides, then its own. Unknown rules are left out."""
        for index, charge in enumerate(self.plan.charges if self.plan else ()):
            yield from self._charge(charge, f"{self.plan_pointer}#charges/{index}", self.homes.plan)
        for index, charge in enumerate(self.terms.charges if self.terms else ()):
            yield from self._charge(charge, f"{self.pointer}#charges/{index}", self.homes.contract)

    def _charge(self, charge: Charge, pointer: str, home: str) -> Iterator[ChargeSources]:
        rule = self.rules.get(charge.rating)
        if rule is None:
            return
        sayings: tuple[Saying, ...] = (
            Saying(charge, home, pointer),
            Saying(rule, self.homes.book, f"rating/{charge.rating}"),
        )
        override = self.terms.overrides.get(charge.id) if self.terms else None
        if override is not None:
            near = Saying(override, self.homes.contract, f"{self.pointer}#overrides/{charge.id}")
            sayings = (near, *sayings)
        yield ChargeSources(charge, pointer, rule, sayings)

    def fees(self) -> Iterator[FeeSources]:
        """Give the fees: the fixed price, the plan's with what the contract overrides, then its own."""
        fixed = self.terms.price_fixed if self.terms else None
        if fixed is not None:
            pointer = f"{self.pointer}#price_fixed"
            yield FeeSources(
                fixed.fee(), pointer, Term(fixed.amount, self.homes.contract, f"{pointer}/amount")
            )
        for index, fee in enumerate(self.plan.fees if self.plan else ()):
            yield self._fee(fee, f"{self.plan_pointer}#fees/{index}", self.homes.plan)
        for index, fee in enumerate(self.terms.fees if self.terms else ()):
            yield self._fee(fee, f"{self.pointer}#fees/{index}", self.homes.contract)

    def _fee(self, fee: Fee, pointer: str, home: str) -> FeeSources:
        override = self.terms.overrides.get(fee.id) if self.terms else None
        amount = Term(fee.amount, home, f"{pointer}/amount")
        if override is None:
            return FeeSources(fee, pointer, amount)
        if override.amount is not None:
            amount = Term(override.amount, self.homes.contract, f"{self.pointer}#overrides/{fee.id}/amount")
        said = {name: getattr(override, name) for name in _OF_A_FEE if getattr(override, name) is not None}
        return FeeSources(fee.model_copy(update=said), pointer, amount)
