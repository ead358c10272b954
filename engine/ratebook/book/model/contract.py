"""`contracts/*.yaml` and `*.csv`: who is billed for what. Terms that are equal are one object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from ratebook.book.model.base import Model, problem
from ratebook.book.model.dated import Dated
from ratebook.book.model.money_off import Commitment, ContractDiscount, Credit
from ratebook.book.model.plan import Bill, Charge, Cycle, Fee, FeeCycle, Pricing
from ratebook.book.model.tax import ContractTax
from ratebook.book.model.times import Trial, When, WhenField
from ratebook.book.model.values import (
    Amount,
    Currency,
    Id,
    LocalText,
    PlanId,
    Positive,
    Prorate,
    Subject,
    Text,
)

FIXED: Literal["fixed"] = "fixed"
"""Id of the fee that `price_fixed` is."""


class Customer(Model):
    """Who receives the invoice."""

    name: Text
    """Name or company."""
    email: Text | None = None
    """Where invoices go."""
    country: Text | None = Field(default=None, pattern="^[A-Z]{2}$")
    """Country by ISO 3166, two letters."""
    tax_id: Text | None = None
    """Number for taxes, as in DE129273398."""
    address: dict[str, Text] = Field(default_factory=dict)
    """Postal address, by the parts it has."""


class Override(Pricing):
    """What a contract changes about a charge or a fee of its plan, by id."""

    name: LocalText | None = None
    """For a fee: text of its line."""
    amount: Dated[Amount] | None = None
    """For a fee: what one costs."""
    quantity: Positive | None = None
    """For a fee: how many."""
    bill: Bill | None = None
    """For a fee: whether it is billed when its period begins or when it ends."""
    prorate: Prorate | None = None
    """For a fee: how a part of a period is charged."""
    every: FeeCycle | None = None
    """For a fee: a cycle of its own, or `once`."""
    from_: WhenField | None = Field(default=None, alias="from")
    """When it begins; the plan's terms hold before."""
    until: WhenField | None = None
    """When it ends, exclusive; the plan's terms hold again from then on."""


class FixedPrice(Model):
    """The whole price of a fixed contract: a fee with the id `fixed`."""

    name: LocalText
    """Text of its line."""
    amount: Dated[Amount]
    """What it costs, for each billing period."""
    bill: Bill = "in_arrears"
    """Whether it is billed when the period begins or when it ends."""
    prorate: Prorate = "days"
    """How a part of a period is charged."""
    every: FeeCycle | None = None
    """A cycle of its own; the contract's unless given."""
    tax: Id | None = None
    """One of the `rates` of the spec's tax; its standard rate unless given."""

    def fee(self) -> Fee:
        """Give it as a fee."""
        return Fee(
            id=FIXED,
            name=self.name,
            amount=self.amount,
            bill=self.bill,
            prorate=self.prorate,
            every=self.every,
            tax=self.tax,
        )


class Phase(Model):
    """A plan for a first part of the contract."""

    until: WhenField
    """When it ends, exclusive."""
    plan: PlanId
    """The plan until then."""


class Pause(Model):
    """A time in which nothing accrues."""

    from_: WhenField = Field(alias="from")
    """When it begins."""
    until: WhenField
    """When it ends, exclusive."""


class PlanChange(Model):
    """What happens to ladders where another plan begins inside a billing period."""

    tiers: Literal["reset", "carry"] = "reset"
    """`reset`: each plan has ladders, included units and bounds of its own; `carry`: charges of one id go on."""


class PriceLock(Model):
    """A time in which no new version of a plan's or rule's terms counts."""

    until: WhenField
    """When it ends, exclusive: the versions that are in force by then count from then on."""
    at: WhenField | None = None
    """The time whose versions hold from then on; the contract's start unless given."""


class ContractTerms(Model):
    """Everything in a contract that decides what is billed, but for whom and when."""

    type: Literal["fixed", "metered", "hybrid"]
    """`fixed` bills no usage, `metered` bills nothing else, `hybrid` both; checked against the content."""
    spec: Id
    """The billing spec: how its region is invoiced."""
    plan: PlanId | None = None
    """The plan; optional where the contract has fees and charges of its own."""
    currency: Currency | None = None
    """Currency of its invoices and amounts; the spec's unless given."""
    cycle: Cycle | None = None
    """How often it is billed; as the plan says unless given."""
    fees: tuple[Fee, ...] = ()
    """Added to the plan's."""
    charges: tuple[Charge, ...] = ()
    """Added to the plan's."""
    overrides: dict[Id, Override] = Field(default_factory=dict)
    """Fee or charge of the plan → what is different."""
    discounts: tuple[ContractDiscount, ...] = ()
    """Taken off lines, in this order."""
    price_fixed: FixedPrice | None = None
    """The price of a fixed contract."""
    report: tuple[Id, ...] = ()
    """Rating rules whose usage is the invoice's appendix: lines without amounts."""
    tax: ContractTax | None = None
    """What is different about the customer's tax."""
    commitments: tuple[Commitment, ...] = ()
    """What the customer promises to spend."""
    credits: tuple[Credit, ...] = ()
    """Money that pays for what is billed."""
    phases: tuple[Phase, ...] = ()
    """Plans for a first part of the contract, in order of time; `plan` holds after the last."""
    plan_change: PlanChange = PlanChange()
    """What happens to ladders where another plan begins inside a billing period."""
    trial: Trial | None = None
    """A first time in which usage costs nothing and nothing else accrues; as its first plan says unless given."""
    price_lock: PriceLock | None = None
    """How long prices, fees and included units of plan and rules stay what they are at its beginning."""
    pauses: tuple[Pause, ...] = ()
    """Times in which nothing accrues, in order; what is used then is reported and not billed."""


class Child(Model):
    """An account whose usage another contract pays for: on its invoice, in a section of its own."""

    id: Id
    """Names the account on lines."""
    name: Text | None = None
    """Name of its section; its id unless given."""
    org: Subject | None = None
    """The subject of its usage."""
    subjects: tuple[Subject, ...] | None = Field(default=None, min_length=1)
    """Several subjects, whose usage is summed."""
    from_: WhenField | None = Field(default=None, alias="from")
    """When its usage begins to belong to the contract; with the contract unless given."""
    until: WhenField | None = None
    """When it ceases to, exclusive; with the contract unless given."""

    @model_validator(mode="before")
    @classmethod
    def _say_who(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        return say_who(value)

    def subjects_of_usage(self) -> tuple[str, ...]:
        """Give the subjects, whichever way they are written."""
        return self.subjects if self.subjects is not None else (self.org or "",)


def say_who(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Refuse what says twice, or not at all, whose usage it is about."""
    if isinstance(value, Mapping):
        if "org" in value and "subjects" in value:
            raise problem("RB214", "`org` and `subjects` exclude one another", expected="one of the two")
        if "org" not in value and "subjects" not in value:
            raise problem(
                "RB202",
                "`org` is missing",
                expected="org: …, or subjects: […] for several that are billed as one",
            )
    return value


class ContractDocument(ContractTerms):
    """A contract as a file has it."""

    org: Subject | None = None
    """The subject of usage."""
    subjects: tuple[Subject, ...] | None = Field(default=None, min_length=1)
    """Several subjects, whose usage is summed before tiering."""
    children: tuple[Child, ...] = ()
    """Accounts whose usage it pays for besides, each in its time."""
    start: WhenField
    """When it begins."""
    end: WhenField | None = None
    """When it ends, exclusive; open unless given."""
    customer: Customer | None = None
    """Who receives the invoice."""
    sink: dict[Id, Text] = Field(default_factory=dict)
    """What a sink must know about the customer, as in `{stripe_customer: cus_123}`."""

    @model_validator(mode="before")
    @classmethod
    def _say_who(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        return say_who(value)

    def subjects_of_usage(self) -> tuple[str, ...]:
        """Give the subjects, whichever way they are written."""
        return self.subjects if self.subjects is not None else (self.org or "",)

    def terms(self) -> ContractTerms:
        """Give what decides about what is billed."""
        return ContractTerms.model_construct(
            **{key: getattr(self, key) for key in ContractTerms.model_fields}
        )

    def contract(self, name: str, terms: ContractTerms) -> "Contract":
        """Give the contract: its terms are those of the document, or an equal object that others share."""
        return Contract(
            id=name,
            subjects=self.subjects_of_usage(),
            start=self.start,
            end=self.end,
            customer=self.customer,
            sink=self.sink,
            terms=terms,
            children=self.children,
        )


@dataclass(frozen=True, slots=True)
class Contract:
    """Who is billed from when to when, and by which terms.

    Attributes:
        id: the file's stem, or the row's `id`.
        subjects: whose usage it bills, summed before tiering.
        start: when it begins: a date (midnight in its spec's zone) or an aware datetime.
        end: when it ends, exclusive; None while it is open.
        customer: who receives the invoice.
        sink: what a sink must know about the customer.
        terms: everything else; contracts with equal terms share one object.
        children: accounts whose usage it pays for besides.
        edition: which state of the book it is read in, where a run rates several side by side.
    """

    id: str
    subjects: tuple[str, ...]
    start: When
    end: When | None
    customer: Customer | None
    sink: Mapping[str, str]
    terms: ContractTerms
    children: tuple[Child, ...] = ()
    edition: int = 0

    @property
    def all_subjects(self) -> tuple[str, ...]:
        """Whose usage it pays for: its own subjects and its children's."""
        return (*self.subjects, *(one for child in self.children for one in child.subjects_of_usage()))

    @property
    def pointer(self) -> str:
        """The contract's place in the book, to which `#` and a key of it may be added."""
        return f"contracts/{self.id}"
