"""Taxes: what a billing spec says about its tax and its rates, and a contract about its own."""

import re
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from ratebook.book.model.base import MAPPING, SCALAR, Model, problem, shape
from ratebook.book.model.dated import Dated
from ratebook.book.model.values import Currency, Id, LocalText, Percent, named
from ratebook.book.withholding import SHARES

STANDARD: Final = "standard"
"""The rate of everything that names no other."""

EXEMPT: Final = "exempt"
"""The rate of a contract that is exempt."""

REVERSE_CHARGE: Final = "reverse_charge"
"""The rate of a contract whose customer accounts for the tax."""

_TAKEN: Final = frozenset({STANDARD, EXEMPT, REVERSE_CHARGE})
_CODE_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}"
_SHARE_PATTERN: Final = r"[1-9][0-9]{0,5}/[1-9][0-9]{0,5}"


def _code(value: object) -> str:
    """Read a code of an authority's list; one of digits alone may be written as a number."""
    text = str(value) if type(value) is int else value
    if isinstance(text, str) and re.fullmatch(_CODE_PATTERN, text, re.ASCII):
        return text
    raise problem("RB206", f"{named(value)} is not a code", expected="a code as in 301, 603 or VATEX-EU-AE")


def _share(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(_SHARE_PATTERN, value, re.ASCII) and Fraction(value) <= 1:
        return value
    raise problem(
        "RB206", f"{named(value)} is not a share of a tax", expected="a fraction up to 1, as in 7/10"
    )


TaxCode = Annotated[
    str,
    PlainValidator(_code),
    WithJsonSchema({"title": "code", "type": ["string", "integer"], "pattern": f"^{_CODE_PATTERN}$"}),
]
"""A code of an authority's list, as in `301`."""

TaxShare = Annotated[
    str,
    PlainValidator(_share),
    WithJsonSchema({"title": "fraction", "type": "string", "pattern": f"^{_SHARE_PATTERN}$"}),
]
"""A part of a tax, as in `7/10`."""


class TaxRate(Model):
    """A rate of a tax."""

    percent: Percent
    """How much of what it is on; where prices contain the tax, of what is left without it."""
    exempt: TaxCode | None = None
    """Code of the exemption, for a rate of 0 percent that is no rate but an exemption, as in `301`."""
    reason: LocalText | None = None
    """The exemption in words, as the invoice says it."""

    @model_validator(mode="after")
    def _is_exempt(self) -> "TaxRate":
        if self.exempt is not None and self.percent:
            raise problem("RB214", "what is exempt has a rate", expected="percent: 0 beside `exempt`")
        if self.reason is not None and self.exempt is None:
            raise problem(
                "RB202", "`exempt` is missing", expected="the code of the exemption beside its reason"
            )
        return self


class Tax(TaxRate):
    """A tax on an invoice; its own percent is the rate `standard`."""

    name: LocalText
    """What it is called, as in `KDV`."""
    round_on: Literal["rate_group", "line"] = "rate_group"
    """Whether it is rounded on the sum of each rate, or on each line."""
    prices: Literal["exclusive", "inclusive"] = "exclusive"
    """Whether it is added to amounts, or contained in them."""
    supply: Literal["period_end", "split"] = "period_end"
    """Which rate counts for a period in which it changes: that of its end, or of each part its own."""
    currency: Currency | None = None
    """Currency in which it is owed: an invoice in another one states it in both."""
    rates: dict[Id, Dated[TaxRate]] = Field(default_factory=dict)
    """Other rates, which fees, rules and charges name with `tax`."""

    @model_validator(mode="after")
    def _names(self) -> "Tax":
        for name in sorted(_TAKEN & self.rates.keys()):
            raise problem("RB204", f"the rate `{name}` has a meaning of its own", expected="another name")
        return self


TaxField = Annotated[
    Annotated[Dated[Tax], Tag(MAPPING)] | Annotated[Literal["external"], Tag(SCALAR)], Discriminator(shape)
]


class ContractTax(Model):
    """What is different about a customer's tax: one of `exempt`, `reverse_charge` and `withholding`."""

    exempt: TaxCode | None = None
    """Code of the exemption: everything is at 0 percent, and the invoice says why."""
    reverse_charge: TaxCode | None = None
    """Code of the reverse charge: everything is at 0 percent, since the customer accounts for the tax."""
    reason: LocalText | None = None
    """The exemption or reverse charge in words, as the invoice says it."""
    withholding: TaxCode | None = None
    """Code of the service of which the customer pays a part of the tax to the authority itself, as in `602`."""
    share: TaxShare | None = None
    """How much of the tax is withheld, as in `7/10`; that of the code in Türkiye unless given."""

    @model_validator(mode="after")
    def _say_one(self) -> "ContractTax":
        said = [name for name in (EXEMPT, REVERSE_CHARGE, "withholding") if getattr(self, name) is not None]
        if len(said) > 1:
            raise problem(
                "RB214", f"`{said[0]}` and `{said[1]}` exclude one another", expected="one of the two"
            )
        if not said:
            expected = "exempt: 351, reverse_charge: AE, or withholding: 602"
            raise problem("RB202", "what is different about the tax is missing", expected=expected)
        if self.withholding is None and self.share is not None:
            raise problem("RB214", f"`share` and `{said[0]}` exclude one another", expected="one of the two")
        if self.withholding is not None and self.reason is not None:
            raise problem(
                "RB214", "`reason` and `withholding` exclude one another", expected="one of the two"
            )
        return self

    @model_validator(mode="after")
    def _share_is_known(self) -> "ContractTax":
        if self.withholding is not None and self.share is None and self.withholding not in SHARES:
            raise problem(
                "RB202",
                f"nothing says how much of the tax `withholding: {self.withholding}` withholds",
                expected="a code from 601 to 627, or `share` beside it",
            )
        return self
