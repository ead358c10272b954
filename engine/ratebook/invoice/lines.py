"""The lines of an invoice, in order: fees, usage with its discounts and bounds, contract discounts, minimum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, NamedTuple

from ratebook.calendar import Interval, iso
from ratebook.compiler.program import DiscountProgram, FeeProgram, Program
from ratebook.fx import Rate
from ratebook.money import ZERO, allocate, plain, round_money, total_of
from ratebook.rating.amounts import decimal_of
from ratebook.rating.charge import RatedCharge, RatedLine
from ratebook.template import Template

Line = dict[str, Any]

_DISPLAYED: Final = Decimal("1e-12")
"""Quantities that do not end are shown to twelve places; no amount is computed from what is shown."""


class Described(NamedTuple):
    """A line whose description a template still has to write, with the template's variables."""

    template: Template
    variables: Mapping[str, str]
    line: Line


@dataclass(slots=True)
class Entry:
    """What one fee or charge comes to after rounding, for discounts and minimums to count on."""

    id: str
    kind: str
    amount: Decimal
    shares: Mapping[Interval, Fraction]


@dataclass(slots=True)
class LineWriter:
    """Collects the lines of one invoice; every amount that enters is rounded once, here."""

    program: Program
    rates: Mapping[str, Rate]
    period: Mapping[str, str]
    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    described: list[Described] = field(default_factory=list)
    appendix: list[Line] = field(default_factory=list)

    def rounded(self, amount: Decimal) -> Decimal:
        """Round an exact amount to the invoice's currency."""
        agreement = self.program.agreement
        return round_money(amount, agreement.minor_unit, agreement.rounding)

    def add_fee(self, fee: FeeProgram) -> None:
        """Add one fee for one of its periods."""
        rate = self.rates[fee.currency]
        numerator = fee.amount * fee.quantity * fee.share.numerator * rate.numerator
        amount = self.rounded(numerator / (fee.share.denominator * rate.denominator))
        zone = self.program.agreement.zone
        period = {"from": iso(fee.period.start, zone), "to": iso(fee.period.end, zone)}
        self._add(fee.fee, "fee", fee.name, amount, quantity=shown(fee.quantity), period=period)
        covered = [window for window in self._windows() if fee.period.start in window]
        self.entries.append(Entry(fee.fee, "fee", amount, dict.fromkeys(covered, Fraction(1))))

    def add_charge(self, rated: RatedCharge) -> None:
        """Add a charge: its usage lines, and what its discount, maximum and minimum changed."""
        program = rated.program
        if program.report_only:
            self._add_usage(rated, [None] * len(rated.lines), self.appendix)
            return
        steps = [self.rounded(net) for net in (rated.gross, rated.discounted, rated.capped, rated.net)]
        if rated.lines:
            amounts = allocate(
                steps[0], [line.weight for line in rated.lines], self.program.agreement.minor_unit
            )
            self._add_usage(rated, amounts, self.lines)
        elif steps[0]:
            self._add(program.charge, "usage", program.charge, steps[0])
        for kind, (before, after) in zip(("discount", "maximum", "minimum"), pairwise(steps), strict=True):
            if before != after:
                self._add(program.charge, kind, f"{kind.capitalize()} {program.charge}", after - before)
        if rated.lines or steps[-1]:
            self.entries.append(Entry(program.charge, "usage", steps[-1], self._window_shares(rated)))

    def _add_usage(self, rated: RatedCharge, amounts: Sequence[Decimal | None], into: list[Line]) -> None:
        program = rated.program
        names = [program.use.keep[index] for index in program.use.lines_by]
        currency = self.program.agreement.currency
        for rated_line, amount in zip(rated.lines, amounts, strict=True):
            dimensions = dict(zip(names, rated_line.key, strict=True))
            line = {
                "charge": program.charge,
                "kind": "usage",
                "description": "",
                "quantity": shown(rated_line.quantity),
                "unit": program.quantity_unit,
                "billable": shown(rated_line.billable),
                "billable_unit": program.billable_unit,
                "amount": None if amount is None else str(amount),
                "currency": currency,
                "dimensions": dimensions,
                "period": self.period,
            }
            into.append(line)
            self.described.append(Described(program.description, _variables(line, rated_line), line))

    def _add(
        self,
        charge: str,
        kind: str,
        description: str,
        amount: Decimal,
        *,
        quantity: str | None = None,
        period: Mapping[str, str] | None = None,
    ) -> None:
        self.lines.append(
            {
                "charge": charge,
                "kind": kind,
                "description": description,
                "quantity": quantity,
                "unit": None,
                "billable": None,
                "billable_unit": None,
                "amount": str(amount),
                "currency": self.program.agreement.currency,
                "dimensions": {},
                "period": period or self.period,
            }
        )

    def _windows(self) -> set[Interval]:
        return {discount.window for discount in self.program.discounts}

    def _window_shares(self, rated: RatedCharge) -> dict[Interval, Fraction]:
        """Give the share of a charge that each discount window covers: by the gross of the segments inside it."""
        return {
            window: _share_inside(window, rated, self.program.boundary.billed) for window in self._windows()
        }

    def add_discounts(self) -> None:
        """Take each contract discount off what the ones before it left."""
        for discount in self.program.discounts:
            eligible = [entry for entry in self.entries if applies(discount.applies_to, entry)]
            self._take_off(
                discount,
                [
                    (entry, entry.shares[discount.window])
                    for entry in eligible
                    if entry.shares.get(discount.window)
                ],
            )

    def _take_off(self, discount: DiscountProgram, bases: list[tuple[Entry, Fraction]]) -> None:
        percent = Fraction(discount.percent) / 100
        parts = [Fraction(entry.amount) * inside * percent for entry, inside in bases]
        amount = self.rounded(decimal_of(sum(parts, Fraction(0))))
        if not amount:
            return
        unit = self.program.agreement.minor_unit
        for (entry, _), part in zip(bases, allocate(amount, parts, unit), strict=True):
            entry.amount -= part
        self._add(discount.discount, "discount", f"Discount {plain(discount.percent)} %", -amount)

    def add_minimum(self) -> None:
        """Fill up to the plan's minimum, if what counts towards it came to less."""
        minimum = self.program.minimum
        if minimum is None:
            return
        rate = self.rates[minimum.bound.currency]
        numerator = minimum.bound.amount * minimum.share.numerator * rate.numerator
        wanted = self.rounded(numerator / (minimum.share.denominator * rate.denominator))
        reached = total_of(entry.amount for entry in self.entries if applies(minimum.applies_to, entry))
        if reached < wanted:
            self._add("minimum", "minimum", "Minimum", wanted - reached)

    def add_tax(self) -> tuple[Decimal, Decimal]:
        """Tax what stands on the invoice, and give the subtotal and the tax."""
        amounts = [Decimal(line["amount"]) for line in self.lines]
        subtotal = self.rounded(total_of(amounts))
        tax = self.program.tax
        if tax is None:
            return subtotal, self.rounded(ZERO)
        taxed = [subtotal] if tax.round_on == "rate_group" else amounts
        amount = total_of(self.rounded(part * tax.percent / 100) for part in taxed)
        self._add("tax", "tax", f"{tax.name} {plain(tax.percent)} %", amount)
        return subtotal, amount


def applies(applies_to: frozenset[str], entry: Entry) -> bool:
    """Tell whether a discount or minimum counts a fee or charge: by its id, its kind, or because it names none."""
    return not applies_to or entry.id in applies_to or entry.kind in applies_to


def shown(number: Decimal) -> str:
    """Write a quantity: exactly, or to twelve places where it has no end."""
    text = plain(number)
    places = len(text) - text.find(".") - 1 if "." in text else 0
    return plain(number.quantize(_DISPLAYED)) if places > -_DISPLAYED.as_tuple().exponent else text  # type: ignore[operator]


def _variables(line: Line, rated: RatedLine) -> dict[str, str]:
    dimensions = {name: value or "" for name, value in line["dimensions"].items()}
    return dimensions | {name: line[name] for name in ("quantity", "unit", "billable", "billable_unit")}


def _share_inside(window: Interval, rated: RatedCharge, billed: Interval) -> Fraction:
    inside = window.clip(billed)
    if inside == billed:
        return Fraction(1)
    if inside.end <= inside.start:
        return Fraction(0)
    segments = rated.program.segments
    gross = sum((part.gross.fraction for part in rated.priced), Fraction(0))
    if not gross:
        return Fraction(int(billed.start in window))
    covered = (
        part.gross.fraction for part in rated.priced if segments[part.segment].interval.start in window
    )
    return sum(covered, Fraction(0)) / gross
