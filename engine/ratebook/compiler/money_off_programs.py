"""What discounts, commitments and credits of a contract mean at one boundary, ready to be counted with."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ratebook.calendar import Instant, Interval, Share


@dataclass(frozen=True, slots=True)
class DiscountProgram:
    """A contract's discount off what `applies_to` names, in its windows: a percentage, or an amount a billing period.

    Attributes:
        percent: of what is left, or with `of_whole` of what there was before any contract discount.
        amount: in the invoice's currency, once for each billing period; None for a percentage.
        meets_twice: whether parts of one billing period stand on two invoices, so that the second needs to know
            what the first left of the amount: fees in advance beside something else.
    """

    discount: str
    name: str
    percent: Decimal
    amount: Decimal | None
    of_whole: bool
    applies_to: frozenset[str]
    windows: tuple[Interval, ...]
    meets_twice: bool
    pointer: str


Age = Literal["open", "rolled", "over"]


@dataclass(frozen=True, slots=True)
class Expiry:
    """How money that was promised or granted ages: all of it until `end`, then `percent` of the rest until `rolled`."""

    end: Instant
    rolled: Instant
    percent: Decimal

    def age(self, moment: Instant) -> Age:
        """Give what holds at a boundary."""
        if moment < self.end:
            return "open"
        return "rolled" if moment < self.rolled else "over"


@dataclass(frozen=True, slots=True)
class OverageProgram:
    """What is billed beyond a commitment changes by: `change` of 0.2 costs a fifth more, -0.2 a fifth less."""

    change: Decimal
    kind: Literal["discount", "commitment"]


@dataclass(frozen=True, slots=True)
class CommitmentProgram:
    """What a commitment means at one boundary.

    Attributes:
        kind: `period` is filled up at each boundary, `arrears` over a term, `prepaid` is billed, then drawn down.
        amount: the whole, in the invoice's currency.
        due: the share of the amount that must be reached by now; None where nothing is filled up at this boundary.
        due_before: likewise at the boundary before.
        bills: whether all of it is billed here, in advance.
        counts: whether what is billed here counts towards it, or draws on it.
        draws_rolled: whether what is billed here draws on what rolled over.
        expiry: of what was prepaid.
    """

    commitment: str
    name: str
    kind: Literal["period", "arrears", "prepaid"]
    amount: Decimal
    term: Interval
    applies_to: frozenset[str]
    due: Share | None
    due_before: Share
    bills: bool
    counts: bool
    draws_rolled: bool
    overage: OverageProgram | None
    expiry: Expiry
    pointer: str


@dataclass(frozen=True, slots=True)
class CreditProgram:
    """Money that pays for service time in its window, and after its end, as far as it rolled over, in `rolled`.

    One that pays `after_tax` pays for what is billed with its tax; others reduce what is taxed.
    """

    credit: str
    name: str
    amount: Decimal
    applies_to: frozenset[str]
    window: tuple[Interval, ...]
    rolled: tuple[Interval, ...]
    after_tax: bool
    expiry: Expiry
    pointer: str
