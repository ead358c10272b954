"""Pricing units: what one is worth in money at an instant, and amounts in them as amounts of money."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from ratebook.book.model import ContractDiscount, ContractTerms, LocalText, Settings
from ratebook.book.model.money_off import Commitment, Credit
from ratebook.calendar import Instant, instant_of
from ratebook.compiler.terms import begins
from ratebook.money import MINOR_UNITS, ZERO

Amount = Decimal | Mapping[str, Decimal]
Balance = TypeVar("Balance", ContractDiscount, Commitment, Credit)


@dataclass(frozen=True, slots=True)
class Worth:
    """What one of a pricing unit is worth from `start` on, in each currency in which that is said.

    `home` is the book's currency.
    """

    start: Instant
    name: str
    values: Mapping[str, Decimal]
    pointer: str
    home: str


Worths = Mapping[str, Worth]
"""What each pricing unit is worth at an instant; one that has no value yet is not among them."""

NO_WORTHS: Final[Worths] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PricingUnits:
    """The pricing units of a book in one time zone: each with what it is worth, in order of time."""

    versions: Mapping[str, tuple[Worth, ...]]

    @classmethod
    def of(
        cls, settings: Settings, where: ZoneInfo, say: Callable[[str | Mapping[str, str]], str]
    ) -> "PricingUnits":
        """Resolve a book's pricing units; a value that names no currency is in the book's."""
        found: dict[str, tuple[Worth, ...]] = {}
        for unit, written in settings.pricing_units.items():
            name: LocalText = written.name
            found[unit] = tuple(
                Worth(
                    begins(version, where),
                    say(name),
                    _in_currencies(version.value, settings.currency),
                    f"specs/book#pricing_units/{unit}/{version.path or 'value'}",
                    settings.currency,
                )
                for version in written.value.versions
            )
        return cls(found)

    def at(self, moment: Instant) -> Worths:
        """Give what each unit is worth at an instant."""
        if not self.versions:
            return NO_WORTHS
        found = {
            unit: [worth for worth in worths if worth.start <= moment]
            for unit, worths in self.versions.items()
        }
        return {unit: worths[-1] for unit, worths in found.items() if worths}

    def changes(self, amounts: Iterable[Amount]) -> set[Instant]:
        """Give the instants at which what some amounts are worth changes."""
        units = {unit for unit in map(unit_of, amounts) if unit in self.versions}
        return {worth.start for unit in units for worth in self.versions[unit]}


def _in_currencies(value: Amount, currency: str) -> Mapping[str, Decimal]:
    return value if isinstance(value, Mapping) else {currency: value}


def unit_of(amount: Amount) -> str:
    """Give the pricing unit that an amount is in, or ""."""
    if not isinstance(amount, Mapping):
        return ""
    return next((name for name in amount if name not in MINOR_UNITS), "")


def in_money(amount: Amount, worths: Worths) -> Amount | None:
    """Give an amount as money in each currency in which its pricing unit has a value; None where it has none.

    >>> from ratebook.calendar import BEGINNING
    >>> credit = Worth(BEGINNING, "Credits", {"USD": Decimal("0.01")}, "", "USD")
    >>> in_money({"credit": Decimal(3)}, {"credit": credit})
    {'USD': Decimal('0.03')}
    """
    unit = unit_of(amount)
    if not unit or not isinstance(amount, Mapping):
        return amount
    if unit not in worths:
        return None
    return {currency: amount[unit] * value for currency, value in worths[unit].values.items()}


def home_of(amount: Amount, home: str, worths: Worths) -> str:
    """Give the home currency of an amount: of one in a pricing unit that is worth nothing in its own, the book's."""
    worth = worths.get(unit_of(amount))
    return home if worth is None or home in worth.values else worth.home


def balances_in_money(terms: ContractTerms, units: PricingUnits, where: ZoneInfo) -> ContractTerms:
    """Give a contract's terms with discounts, commitments and credits in money: each at its unit's value at `from`."""
    if not units.versions:
        return terms
    changed = {
        kind: tuple(_balance(one, units, where) for one in getattr(terms, kind))
        for kind in ("discounts", "commitments", "credits")
    }
    return terms.model_copy(update=changed)


def _balance(one: Balance, units: PricingUnits, where: ZoneInfo) -> Balance:
    if one.amount is None or not unit_of(one.amount) or one.from_ is None:
        return one
    money = in_money(one.amount, units.at(instant_of(one.from_, where)))
    return one.model_copy(update={"amount": ZERO if money is None else money})
