"""Exchange rates: a dated table in, a quote out, final or estimated. Nothing is fetched here."""

import csv
import io
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.calendar import shift
from ratebook.compiler.program import FxPolicy
from ratebook.findings import Finding, Position
from ratebook.money import MINOR_UNITS, plain

COLUMNS: Final = ("date", "source", "pair", "rate")
"""Columns of a rate table: `2026-10-30,tcmb,USD/TRY,41.9742` means that 1 USD was 41.9742 TRY at the TCMB."""

_ONE: Final = Decimal(1)
_NUMBER: Final = re.compile(r"(0|[1-9]\d{0,17})(\.\d{1,18})?", re.ASCII)


class Rate(NamedTuple):
    """How an amount becomes the invoice's currency: times `numerator`, over `denominator`."""

    numerator: Decimal
    denominator: Decimal

    def convert(self, amount: Decimal) -> Decimal:
        """Convert an exact amount with one division."""
        return amount if self is SAME else amount * self.numerator / self.denominator


SAME: Final = Rate(_ONE, _ONE)
"""The rate of a currency to itself."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One exchange rate as an invoice uses it.

    Attributes:
        source: who published it.
        base: the currency of which one unit costs `rate` units of `counter`.
        counter: see `base`.
        rate: at the source's precision.
        published: date of the bulletin.
        wanted: the date for which a rate was asked.
        estimated: whether the bulletin is older than the spec allows.
    """

    source: str
    base: str
    counter: str
    rate: Decimal
    published: date
    wanted: date
    estimated: bool

    def from_currency(self, currency: str) -> Rate:
        """Give the rate that converts amounts in `currency` to the other one; the inverse divides, once."""
        return Rate(self.rate, _ONE) if currency == self.base else Rate(_ONE, self.rate)

    def document(self) -> dict[str, Any]:
        """Give the quote as it stands on an invoice."""
        return {
            "source": self.source,
            "pair": f"{self.base}/{self.counter}",
            "rate": plain(self.rate),
            "published": self.published.isoformat(),
            "wanted": self.wanted.isoformat(),
            "estimated": self.estimated,
        }


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates by source and pair, ordered by date."""

    rates: Mapping[tuple[str, str, str], tuple[tuple[date, Decimal], ...]] = field(default_factory=dict)

    def quote(self, policy: FxPolicy, base: str, counter: str, wanted: date) -> Quote | None:
        """Find the rate of a currency pair for a date, in whichever direction the source lists it.

        The newest bulletin that the policy allows is taken: published on the wanted date or before it, and with
        `bulletin: before` on an earlier day. One that is older than `max_age` is an estimate, if the policy
        takes estimates.

        Returns:
            The quote, or None where the table has no usable rate.
        """
        for first, second in ((base, counter), (counter, base)):
            rows = self.rates.get((policy.source, first, second), ())
            cut = bisect_left if policy.bulletin == "before" else bisect_right
            index = cut(rows, wanted, key=lambda row: row[0])
            if not index:
                continue
            published, rate = rows[index - 1]
            stale = published < shift(wanted, -policy.max_age.number, policy.max_age.unit)
            if stale and policy.on_failure == "fail":
                continue
            return Quote(policy.source, first, second, rate, published, wanted, stale)
        return None


def read_rates(data: bytes, file: str) -> tuple[RateTable, list[Finding]]:
    """Read a rate table from CSV bytes with the columns `date,source,pair,rate`.

    Returns:
        The table of all good rows, and a finding (RB607) for each bad one, at its line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return RateTable(), [_bad("the file is not UTF-8", file, 1)]
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = list(lines)
    except csv.Error as error:
        return RateTable(), [_bad(f"it cannot be read: {error}", file, max(lines.line_num, 1))]
    if not rows or tuple(rows[0]) != COLUMNS:
        return RateTable(), [_bad(f"the first line is {','.join(rows[0]) if rows else ''!r}", file, 1)]
    findings: list[Finding] = []
    found: dict[tuple[str, str, str], dict[date, Decimal]] = {}
    for line, row in enumerate(rows[1:], start=2):
        parsed = _parse(row)
        if isinstance(parsed, str):
            findings.append(_bad(parsed, file, line))
            continue
        source, base, counter, day, rate = parsed
        days = found.setdefault((source, base, counter), {})
        if day in days and days[day] != rate:
            findings.append(_bad(f"{source} has two rates for {base}/{counter} on {day}", file, line))
        days[day] = rate
    return RateTable({key: tuple(sorted(days.items())) for key, days in found.items()}), findings


def _parse(row: list[str]) -> tuple[str, str, str, date, Decimal] | str:
    if len(row) != len(COLUMNS):
        return f"the line has {len(row)} values instead of {len(COLUMNS)}"
    day, source, pair, rate = (value.strip() for value in row)
    base, _, counter = pair.partition("/")
    if base not in MINOR_UNITS or counter not in MINOR_UNITS or base == counter:
        return f"{pair!r} is not a pair of two ISO 4217 currencies, as in USD/TRY"
    if not _NUMBER.fullmatch(rate) or not Decimal(rate):
        return f"{rate!r} is not a rate above zero in plain decimal notation"
    try:
        return source, base, counter, date.fromisoformat(day), Decimal(rate)
    except ValueError:
        return f"{day!r} is not a date, as in 2026-10-30"


def _bad(message: str, file: str, line: int) -> Finding:
    return Finding(
        "RB607",
        f"exchange rate table: {message}",
        position=Position(file, line),
        expected="date,source,pair,rate as in 2026-10-30,tcmb,USD/TRY,41.9742",
        help="correct the line; no invoice uses a line that could not be read",
    )
