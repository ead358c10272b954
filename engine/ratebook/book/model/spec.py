"""`specs/*.yaml`: billing specs, how one region is invoiced; and `sinks/*.yaml`, where invoices go."""

from typing import Literal

from pydantic import Field, model_validator

from ratebook.book.model.base import Model, problem
from ratebook.book.model.tax import TaxField
from ratebook.book.model.times import Duration, DurationField, TimeZone
from ratebook.book.model.values import Currency, Id, LocalText, SecretRef, Text


class Fx(Model):
    """Which exchange rate an invoice is converted with."""

    source: Id
    """Whose rates, as in `tcmb` or `ecb`; a `source` of the feed."""
    rate: Id | None = None
    """Which of the source's rates, as in `forex_buying`."""
    date: Literal["invoice_date", "period_end"] = "invoice_date"
    """The rate of which day."""
    bulletin: Literal["before", "same_day"] = "before"
    """`before`: the last bulletin before that day; `same_day`: that day's, or the last one before it."""
    max_age: DurationField = Duration(10, "day")
    """How old a bulletin may be."""
    on_failure: Literal["estimate", "fail"] = "estimate"
    """What to do without a rate: take the last known one and mark the invoice, or bill nothing."""


class Rounding(Model):
    """How amounts are rounded to the currency's minor unit."""

    mode: Literal["half_up", "half_even", "up", "down"] = "half_up"
    """`half_up` is half away from zero."""


class CreditPolicy(Model):
    """How credits and tax meet."""

    tax: Literal["before", "after"] = "before"
    """Whether credits pay before or after tax."""


class InvoicePolicy(Model):
    """When an invoice is issued and due."""

    issue_after: DurationField = Duration(0, "day")
    """From the end of a period to the planned issue date."""
    due: DurationField = Duration(14, "day")
    """From the issue date to the due date."""


class LateUsage(Model):
    """What becomes of usage that arrives after its period was billed."""

    policy: Literal["next_invoice", "credit_note", "report_only"] = "next_invoice"
    """Where it is billed."""
    until: DurationField = Duration(90, "day")
    """How late it may be."""


class Spec(Model):
    """How one region is invoiced."""

    description: LocalText | None = None
    """What it is for, for people."""
    region: Text | None = None
    """Region it is for."""
    language: Text = "en"
    """Which of several languages descriptions are in."""
    time_zone: TimeZone
    """The zone whose midnights bound days and periods."""
    currency: Currency
    """Currency of invoices, unless a contract says another."""
    fx: Fx | None = None
    """Which exchange rate is used; without it every amount must be listed in the invoice's currency."""
    tax: TaxField | None = None
    """The tax; `external` where a sink adds it; none unless given."""
    rounding: Rounding = Rounding()
    """How amounts are rounded."""
    credits: CreditPolicy = CreditPolicy()
    """How credits and tax meet."""
    invoice: InvoicePolicy = InvoicePolicy()
    """When an invoice is issued and due."""
    late_usage: LateUsage = LateUsage()
    """What becomes of usage that arrives late."""
    sink: Id | None = None
    """The sink that invoices go to."""

    @model_validator(mode="after")
    def _tax_is_known(self) -> "Spec":
        if self.tax == "external" and self.credits.tax == "after":
            raise problem(
                "RB214",
                "credits cannot pay for a tax that a sink adds",
                expected="credits: {tax: before}, or a tax of the spec's own",
            )
        return self


class Sink(Model):
    """Where invoices go."""

    type: Literal["stripe", "parasut", "files"]
    """Which system it is."""
    credentials: SecretRef | None = None
    """A reference to its credentials."""
    fields: dict[str, Text] = Field(default_factory=dict)
    """Field of the system's document → template of its value."""
    lines: dict[str, dict[str, Text]] = Field(default_factory=dict)
    """Charge, or `default` → fields of its lines."""
    appendix: Literal["files", "none"] | None = None
    """Where usage that is only reported goes."""
