"""`specs/book.yaml`: the root of a book, its sources of usage, and where each environment finds them."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from ratebook.book.model.base import Model, problem
from ratebook.book.model.dated import Dated
from ratebook.book.model.values import (
    Column,
    ColumnType,
    Currency,
    Id,
    LocalText,
    PricingUnitId,
    SecretRef,
    Text,
    Worth,
)


class Source(Model):
    """A table, or files, with usage events. Each name is a column of it."""

    subject: Column
    """Column of who is billed."""
    event_id: Column | None = None
    """Column of the event's id; may be left out where `dedupe` is `trusted`."""
    event_time: Column
    """Column of when the event happened."""
    event_time_zone: Literal["UTC"] | None = None
    """`UTC` where the column of the time carries no zone; every other zone belongs into the column."""
    ingested_at: Column | None = None
    """Column of when the event was written; separates late usage."""
    dedupe: Literal["exact", "trusted"] = "exact"
    """`exact` counts each event id once a UTC day, `trusted` counts every row."""
    reverses: Column | None = None
    """Column of the id of an earlier event that an event takes back: neither of the two counts."""
    columns: dict[Column, ColumnType] = Field(default_factory=dict)
    """The other columns that meters may use, and their types."""


class ClickHouse(Model):
    """A ClickHouse server that holds the sources as tables of the same names."""

    url: Text
    """Address with scheme and port, and optionally the database as path."""
    credentials: SecretRef | None = None
    """A reference to `user:password`."""
    tables: dict[Column, Text] = Field(default_factory=dict)
    """Source → table, where the two names differ."""


class Usage(Model):
    """Where an environment finds usage: exactly one of the two."""

    duckdb: dict[Column, Text] | None = None
    """Source → files that DuckDB reads: parquet, csv or jsonl; `*` and `**` match; relative to the book."""
    clickhouse: ClickHouse | None = None
    """A ClickHouse server."""

    @model_validator(mode="after")
    def _say_one(self) -> "Usage":
        if (self.duckdb is None) == (self.clickhouse is None):
            raise problem("RB214", "usage is in one place", expected="either `duckdb` or `clickhouse`")
        return self


class FxFeed(Model):
    """Where an environment finds exchange rates."""

    file: Text
    """A CSV file: date, source, currency pair, rate; relative to the book."""


class Environment(Model):
    """Where things are for one way of running the book; no digest of meaning covers it."""

    usage: Usage | None = None
    """Where usage is."""
    fx: FxFeed | None = None
    """Where exchange rates are."""
    store: Text | None = None
    """Address of the database of runs, or a reference to one (`env:…`)."""


class PricingUnit(Model):
    """A unit that amounts may be listed in, as credits are."""

    name: LocalText
    """What it is called."""
    value: Dated[Worth]
    """What one is worth; or `versions` beside `name`, each with a `value`."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: object) -> object:
        if not isinstance(value, Mapping) or "versions" not in value or "value" in value:
            return value
        return {key: one for key, one in value.items() if key != "versions"} | {
            "value": {"versions": value["versions"]}
        }


class Settings(Model):
    """The root of a book."""

    syntax: Literal[1]
    """Version of the format that the book is written in."""
    name: Id
    """Name of the book."""
    currency: Currency
    """Currency of list prices that name none."""
    pricing_units: dict[PricingUnitId, PricingUnit] = Field(default={})
    """Units that amounts may be listed in besides currencies, by the id that amounts name."""
    sources: dict[Column, Source] = Field(default_factory=dict)
    """Where usage events come from."""
    not_billed: tuple[Id, ...] = ()
    """Meters that are measured but have no price, on purpose."""
    environments: dict[Id, Environment] = Field(default_factory=dict)
    """Where things are, for each way of running the book."""
