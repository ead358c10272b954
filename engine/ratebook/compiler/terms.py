"""Where each term of a contract comes from: rule, plan charge, override; the nearest wins whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from ratebook.book.model import Charge, ContractTerms, Dated, Fee, Override, Plan, RatingRule, Version
from ratebook.calendar import BEGINNING, Instant, instant_of

T = TypeVar("T")

ANY_CONTRACT: Final = "contracts/*"
"""How pointers into a contract begin in terms that many contracts share; see `pointer_for`."""


def pointer_for(pointer: str, contract: str) -> str:
    """Name the contract in a pointer of shared terms."""
    return pointer.replace(ANY_CONTRACT, f"contracts/{contract}", 1)


class Source(NamedTuple):
    """A place that may say a term: what it says, the currency of its plain amounts, and its pointer."""

    says: Any
    home: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T]):
    """A term and where it was found."""

    value: T
    home: str
    pointer: str


def nearest(name: str, sources: Sequence[Source]) -> Sourced[Any] | None:
    """Find a term at the nearest place that says it; the sources are ordered from near to far."""
    for says, home, pointer in sources:
        value = getattr(says, name, None)
        if value is not None:
            return Sourced(value, home, f"{pointer}/{name}" if "#" in pointer else f"{pointer}#{name}")
    return None


@dataclass(frozen=True, slots=True)
class ChargeSources:
    """A charge with all places that say something about it, from near to far."""

    charge: str
    rule_id: str
    rule: RatingRule
    sources: tuple[Source, ...]


def charges_of(
    terms: ContractTerms, plan: Plan | None, rules: Mapping[str, RatingRule], homes: "Homes"
) -> Iterator[ChargeSources]:
    """Give the charges of a contract: its plan's, with what it overrides, then its own."""
    of_plan = plan.charges if plan is not None else ()
    for index, charge in enumerate(of_plan):
        yield _charge(charge, f"plans/{terms.plan}#charges/{index}", homes.plan, terms, rules, homes)
    for index, charge in enumerate(terms.charges):
        yield _charge(charge, f"{ANY_CONTRACT}#charges/{index}", homes.contract, terms, rules, homes)


def _charge(
    charge: Charge,
    pointer: str,
    home: str,
    terms: ContractTerms,
    rules: Mapping[str, RatingRule],
    homes: "Homes",
) -> ChargeSources:
    sources = [
        Source(charge, home, pointer),
        Source(rules[charge.rating], homes.book, f"rating/{charge.rating}"),
    ]
    override = terms.overrides.get(charge.id)
    if override is not None:
        sources.insert(0, Source(override, homes.contract, f"{ANY_CONTRACT}#overrides/{charge.id}"))
    return ChargeSources(charge.id, charge.rating, rules[charge.rating], tuple(sources))


@dataclass(frozen=True, slots=True)
class Homes:
    """The currency of plain amounts, by who writes them."""

    book: str
    plan: str
    contract: str


@dataclass(frozen=True, slots=True)
class FeeSources:
    """A fee as it holds for a contract, with its home currency and its pointer."""

    fee: Fee
    amount: Sourced[Dated[Any]]
    pointer: str


def fees_of(terms: ContractTerms, plan: Plan | None, homes: Homes) -> Iterator[FeeSources]:
    """Give the fees of a contract: its fixed price, its plan's with what it overrides, then its own."""
    if terms.price_fixed is not None:
        yield _fee(terms.price_fixed.fee(), f"{ANY_CONTRACT}#price_fixed", homes.contract, None, homes)
    for index, fee in enumerate(plan.fees if plan is not None else ()):
        yield _fee(fee, f"plans/{terms.plan}#fees/{index}", homes.plan, terms.overrides.get(fee.id), homes)
    for index, fee in enumerate(terms.fees):
        yield _fee(fee, f"{ANY_CONTRACT}#fees/{index}", homes.contract, terms.overrides.get(fee.id), homes)


_OF_A_FEE: Final = ("name", "amount", "quantity", "bill", "prorate", "every")


def _fee(fee: Fee, pointer: str, home: str, override: Override | None, homes: Homes) -> FeeSources:
    sources = [Source(fee, home, pointer)]
    if override is not None:
        sources.insert(0, Source(override, homes.contract, f"{ANY_CONTRACT}#overrides/{fee.id}"))
        said = {name: getattr(override, name) for name in _OF_A_FEE if getattr(override, name) is not None}
        fee = fee.model_copy(update=said)
    amount = nearest("amount", sources)
    if amount is None:
        msg = f"fee {fee.id} has no amount"
        raise TypeError(msg)
    return FeeSources(fee, amount, pointer)


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
