"""`tests/pricing/*.yaml`: cases of usage and what they must cost, which are no part of the book that they test."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from ratebook.book.model.base import MAPPING, MARK, SCALAR, Model, problem, shape
from ratebook.book.model.contract import ContractDocument
from ratebook.book.model.times import Day
from ratebook.book.model.values import Column, Currency, Flag, Id, PlanId, Text, named, quoted
from ratebook.book.scalars import UnclearScalarError, read_number
from ratebook.book.suggest import did_you_mean
from ratebook.calendar import RunPeriod
from ratebook.finding_codes import CODES
from ratebook.money import plain

CASE_ID: Final = "case"
"""Id and subject of a contract that a case makes up."""

_LIST: Final = f"{MARK}list"


def _figure(value: object) -> Decimal:
    """Read an amount or a quantity, as a number or, as invoices have them, as a text."""
    try:
        number = read_number(value) if isinstance(value, str) else value
    except UnclearScalarError as error:
        raise problem("RB107", str(error), help_=error.help) from None
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        raise problem("RB203", f"{named(value)} stands where a number is expected", expected="a number")
    return Decimal(number)


Figure = Annotated[
    Decimal,
    PlainValidator(_figure),
    WithJsonSchema({"title": "number", "type": ["number", "string"], "pattern": r"^-?[\d_]+(\.[\d_]+)?$"}),
]
"""An amount or a quantity; `977.17`, or `"977.17"` as an invoice writes it."""


def _period(value: object) -> RunPeriod:
    text = plain(Decimal(value)) if type(value) is int else value
    if not isinstance(text, str):
        raise problem("RB203", f"{named(value)} stands where a period is expected", expected="as in 2026-10")
    try:
        return RunPeriod.parse(text)
    except ValueError as error:
        raise problem("RB207", str(error)) from None


PeriodField = Annotated[
    RunPeriod, PlainValidator(_period), WithJsonSchema({"title": "period", "type": ["string", "integer"]})
]


def _code(value: str) -> str:
    if value not in CODES:
        raise problem("RB204", f"{quoted(value)} is no code of a finding", help_=did_you_mean(value, CODES))
    return value


FindingCode = Annotated[Text, AfterValidator(_code)]


def _key(value: object) -> str:
    """Read a key of a dimension: what looks like a number, as the bound of a band, is its text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return plain(Decimal(value))
    if not isinstance(value, str):
        raise problem("RB203", f"{named(value)} stands where a text is expected", expected="a text")
    return value


Key = Annotated[
    str, PlainValidator(_key), WithJsonSchema({"title": "text", "type": ["string", "number", "boolean"]})
]

Row = dict[Column, Any]

Rows = Annotated[
    Annotated[Text, Tag(SCALAR)] | Annotated[tuple[Row, ...], Tag(_LIST)],
    Discriminator(lambda value: SCALAR if isinstance(value, str) else _LIST),
]
"""Rows of events, or the path of a file of them, relative to the file of the case."""


def _usage_shape(value: object) -> str:
    if isinstance(value, Mapping):
        return MAPPING
    return SCALAR if isinstance(value, str) else _LIST


GivenUsage = Annotated[
    Annotated[Text, Tag(SCALAR)]
    | Annotated[tuple[Row, ...], Tag(_LIST)]
    | Annotated[dict[Column, Rows], Tag(MAPPING)],
    Discriminator(_usage_shape),
]
"""Rows, or a file, of the book's only source; or source → rows, or a file."""


class ExpectedLine(Model):
    """A line that an invoice must have. It stands for all lines that are like it, whose figures are added up."""

    charge: Text
    """Id of the charge, fee, discount, …, as the invoice names it."""
    kind: Text | None = None
    """Kind of the line: `usage`, `fee`, `discount`, `minimum`, `tax`, …"""
    dimensions: dict[Text, Key] = Field(default_factory=dict)
    """Dimension → its key; lines of all other dimensions are like it."""
    amount: Figure | None = None
    """What it costs."""
    quantity: Figure | None = None
    """How much was measured, or how many of a fee."""
    billable: Figure | None = None
    """Billable units."""
    description: Text | None = None
    """Its text."""


class ExpectedInvoice(Model):
    """What an invoice must be; only what is named is compared."""

    lines: tuple[ExpectedLine, ...] | None = None
    """Its lines, all of them unless `partial`; those of tax, and those that cost nothing, need not be named."""
    partial: Flag = False
    """Whether it may have other lines than those named."""
    currency: Currency | None = None
    """Its currency."""
    subtotal: Figure | None = None
    """Sum of its lines before tax."""
    tax: Figure | None = None
    """Its tax; 0 where the sink adds it."""
    total: Figure | None = None
    """What the customer pays."""
    document: Text | None = None
    """`credit_note`, where it is one."""
    carry_forward: dict[str, Any] | None = None
    """Balances of commitments and credits that it leaves, as the invoice has them."""


class Expected(ExpectedInvoice):
    """What must come of a case. Where it has several invoices, lines and totals are those of all together."""

    invoices: tuple[ExpectedInvoice, ...] | None = None
    """Each of its invoices, in order of time; `[]` for none."""
    findings: tuple[FindingCode, ...] | None = None
    """Codes of what is found besides; unless given there may be nothing but infos."""


class Case(Model):
    """Given usage and a contract, what must be billed for a period. Nothing else is looked at, no rates or usage."""

    description: Text | None = None
    """What it shows."""
    contract: (
        Annotated[
            Annotated[Id, Tag(SCALAR)] | Annotated[ContractDocument, Tag(MAPPING)], Discriminator(shape)
        ]
        | None
    ) = None
    """Id of a contract of the book, or a contract as a file of its own has it; `org` may be left out there."""
    plan: PlanId | None = None
    """Instead of a contract: one on this plan, which began a year before the period."""
    spec: Id | None = None
    """Billing spec of a contract that is made up from `plan`; may be left out where the book has but one."""
    period: PeriodField
    """What is billed: `2026`, `2026-Q4`, `2026-10`, `2026-W40`, `2026-10-05` or `FROM/TO`."""
    fx: tuple[Text, ...] = ()
    """Exchange rates, as rows of a rate table: `2026-10-30,ecb,EUR/USD,1.1`; there are no others."""
    usage: GivenUsage = ()
    """What was used. A row has columns of its source, and may have `at`, `subject`, `id` and `count` besides."""
    expect: Expected = Expected()
    """What must come of it."""
    golden: Flag = False
    """Whether all of its invoices are compared with those in a file of their own, besides."""
    focus: Flag = False
    """Runs this case and no others that lack it; refused in CI."""
    skip: Text | None = None
    """Why it does not run; refused in CI."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if not isinstance(value, Mapping):
            return value
        if ("contract" in value) == ("plan" in value):
            twice = "contract" in value
            message = "`contract` and `plan` exclude one another" if twice else "`contract` is missing"
            raise problem("RB214" if twice else "RB202", message, expected="either `contract` or `plan`")
        contract = value.get("contract")
        if isinstance(contract, Mapping) and not {"org", "subjects"} & contract.keys():
            return {**value, "contract": {"org": CASE_ID, **contract}}
        return value


class Rewriting(Model):
    """When expectations of a file were rewritten from what was billed, by whom, and why."""

    date: Day
    """The day."""
    by: Text
    """Who did it."""
    because: Text
    """Why what is billed now is right."""
    cases: tuple[Text, ...]
    """The cases whose expectations changed."""


class PricingTests(Model):
    """Tests of the book: cases that `ratebook test` rates, and compares with what is expected."""

    cases: dict[Id, Case] = Field(min_length=1)
    """Name → case."""
    history: tuple[Rewriting, ...] = ()
    """Rewritings of expectations, the oldest first; `ratebook test --update` adds to it."""
