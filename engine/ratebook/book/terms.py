"""Where each term of a contract comes from: override, plan charge, rule; the nearest wins whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from ratebook.book.model import Charge, ContractTerms, Dated, Fee, Override, Plan, RatingRule, When
from ratebook.calendar import BEGINNING, NEVER, Instant, Interval, instant_of

_DATED: Final = ("price", "included", "discount", "minimum", "maximum")
_OF_A_FEE: Final = ("name", "amount", "quantity", "bill", "prorate", "every", "tax")


class Term(NamedTuple):
    """A term as it was found: its value, the currency of its plain amounts, and its pointer."""

    value: Any
    home: str
    pointer: str


class Layer(NamedTuple):
    """A term and when it holds: from a time to a time, or always; `lock` holds its later versions back."""

    term: Term
    from_: When | None = None
    until: When | None = None
    lock: Interval | None = None

    @property
    def is_dated(self) -> bool:
        """Whether it holds for a time only."""
        return self.from_ is not None or self.until is not None

    def window(self, where: ZoneInfo) -> Interval:
        """Give when it holds in a zone."""
        return Interval(
            BEGINNING if self.from_ is None else instant_of(self.from_, where),
            NEVER if self.until is None else instant_of(self.until, where),
        )


class Saying(NamedTuple):
    """A place that may say a term: what it says, the currency of its plain amounts, its pointer, and when it counts."""

    says: Any
    home: str
    pointer: str
    from_: When | None = None
    until: When | None = None
    lock: Interval | None = None


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
        """Find a term at the nearest place that says it for all time."""
        return next((layer.term for layer in self.layers(name) if not layer.is_dated), None)

    def layers(self, name: str) -> list[Layer]:
        """Find a term at all places that count: those that say it for a time, and the nearest that says it for all."""
        found: list[Layer] = []
        for says, home, pointer, from_, until, lock in self.sayings:
            value = getattr(says, name, None)
            if value is not None:
                place = f"{pointer}/{name}" if "#" in pointer else f"{pointer}#{name}"
                found.append(Layer(Term(value, home, place), from_, until, lock))
                if not found[-1].is_dated:
                    break
        return found


@dataclass(frozen=True, slots=True)
class FeeSources:
    """A fee as it holds for a contract, with its amount and where that stands.

    Attributes:
        lock: from when until when no new version of the amount counts.
        override: when it is another, and what it is then.
    """

    fee: Fee
    pointer: str
    amount: Term
    lock: Interval | None = None
    override: "tuple[Layer, FeeSources] | None" = None

    def at(self, moment: Instant, where: ZoneInfo) -> "FeeSources":
        """Give the fee as it holds at an instant."""
        if self.override is None or moment not in self.override[0].window(where):
            return self
        return self.override[1]


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
        lock: from when until when no new version of a plan's or rule's terms counts.
    """

    pointer: str
    terms: ContractTerms | None
    plan: Plan | None
    plan_pointer: str
    rules: Mapping[str, RatingRule]
    homes: Homes
    lock: Interval | None = None

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
        own = Saying(charge, home, pointer, lock=None if self._is_own(pointer) else self.lock)
        listed = Saying(rule, self.homes.book, f"rating/{charge.rating}", lock=self.lock)
        sayings: tuple[Saying, ...] = (own, listed)
        override = self.terms.overrides.get(charge.id) if self.terms else None
        if override is not None:
            place = f"{self.pointer}#overrides/{charge.id}"
            near = Saying(override, self.homes.contract, place, override.from_, override.until)
            sayings = (near, *sayings)
        yield ChargeSources(charge, pointer, rule, sayings)

    def _is_own(self, pointer: str) -> bool:
        """Tell the contract's own fees and charges from those of its plan."""
        return not pointer.startswith(f"{self.plan_pointer}#")

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
        lock = None if self._is_own(pointer) else self.lock
        plain = FeeSources(fee, pointer, Term(fee.amount, home, f"{pointer}/amount"), lock)
        override = self.terms.overrides.get(fee.id) if self.terms else None
        if override is None:
            return plain
        changed = self._changed(plain, override)
        if override.from_ is None and override.until is None:
            return changed
        return replace(plain, override=(Layer(changed.amount, override.from_, override.until), changed))

    def _changed(self, plain: FeeSources, override: Override) -> FeeSources:
        said = {name: getattr(override, name) for name in _OF_A_FEE if getattr(override, name) is not None}
        changed = replace(plain, fee=plain.fee.model_copy(update=said))
        if override.amount is None:
            return changed
        place = f"{self.pointer}#overrides/{plain.fee.id}/amount"
        return replace(changed, amount=Term(override.amount, self.homes.contract, place), lock=None)

    def locked(self) -> Iterator[Dated[Any]]:
        """Give what a lock holds back: the dated terms of the plan, and the list prices of all rules in use."""
        for fee in self.plan.fees if self.plan else ():
            yield fee.amount
        if self.plan is not None and self.plan.minimum is not None:
            yield self.plan.minimum
        for charge in self.charges():
            for says, _, pointer, *_ in charge.sayings:
                if not pointer.startswith(f"{self.pointer}#"):
                    yield from (one for name in _DATED if (one := getattr(says, name, None)) is not None)
