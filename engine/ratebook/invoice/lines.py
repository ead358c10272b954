"""The lines of an invoice, in order: fees, usage with its discounts and bounds, contract discounts, minimum."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from ratebook.calendar import Instant, Interval
from ratebook.compiler.program import ChargeProgram, DiscountProgram
from ratebook.invoice.form import Fee, Form
from ratebook.invoice.line import Line, amount_line, shown
from ratebook.money import ZERO, allocate, plain, total_of
from ratebook.rating.amounts import decimal_of
from ratebook.rating.charge import RatedCharge
from ratebook.template import Template

_NOTHING: Final = Fraction(0)
_CHANGED: Final = {"discount": "Discount on", "maximum": "Maximum of", "minimum": "Minimum of"}


class Described(NamedTuple):
    """Lines of a charge whose descriptions a template still has to write, and the names of their dimensions."""

    template: Template
    dimensions: tuple[str, ...]
    lines: list[Line]


@dataclass(slots=True)
class Entry:
    """What one fee or charge comes to after rounding, for discounts and minimums to count on.

    `pieces` are what discounts with a window tell apart: when a part of the period begins, and its exact part of
    the amount that is left. A discount reduces the pieces in its window, so that one after it in time finds its own
    as they were.
    """

    id: str
    kind: str
    amount: Decimal
    pieces: list[tuple[Instant, Fraction]]

    def inside(self, window: Interval) -> Fraction:
        """Give what is left of it in a window."""
        return sum((part for start, part in self.pieces if start in window), _NOTHING)

    def take_off(self, amount: Decimal, window: Interval) -> None:
        """Reduce it in a window."""
        kept = 1 - Fraction(amount) / self.inside(window)
        self.pieces = [(start, part * kept if start in window else part) for start, part in self.pieces]
        self.amount -= amount


@dataclass(slots=True)
class LineWriter:
    """Collects the lines of one invoice; every amount that enters is rounded once, here."""

    form: Form
    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    described: list[Described] = field(default_factory=list)
    appendix: list[Line] = field(default_factory=list)
    subtotal: Decimal = ZERO

    def add_fee(self, fee: Fee) -> None:
        """Add one fee for one of its periods."""
        self.lines.append(fee.line)
        self.subtotal += fee.amount
        if self.form.has_entries:
            self.entries.append(Entry(fee.fee, "fee", fee.amount, [(fee.start, Fraction(fee.amount))]))

    def add_charge(self, rated: RatedCharge) -> None:
        """Add a charge: its usage lines, and what its discount, maximum and minimum changed."""
        program = rated.program
        if program.report_only:
            self._add_usage(rated, [None] * len(rated.lines), self.appendix)
            return
        before = self.form.rounded(rated.gross)
        if rated.lines:
            unit = self.form.program.agreement.minor_unit
            amounts = allocate(before, [line.weight for line in rated.lines], unit)
            self._add_usage(rated, amounts, self.lines)
            self.subtotal += before
        elif before:
            self._add_without_usage(program, before)
        if program.changes_gross:
            before = self._add_changes(rated, before)
        if self.form.has_entries and (rated.lines or before):
            self.entries.append(Entry(program.charge, "usage", before, self._pieces(rated, before)))

    def _add_changes(self, rated: RatedCharge, before: Decimal) -> Decimal:
        """Add what discount, maximum and minimum changed about a rounded gross, and give the rounded net."""
        charge, exact = rated.program.charge, rated.gross
        for kind, net in (("discount", rated.discounted), ("maximum", rated.capped), ("minimum", rated.net)):
            if net is not exact:
                after = self.form.rounded(net)
                if after != before:
                    self._add(charge, kind, f"{_CHANGED[kind]} {charge}", after - before)
                exact, before = net, after
        return before

    def _add_usage(self, rated: RatedCharge, amounts: Sequence[Decimal | None], into: list[Line]) -> None:
        program = rated.program
        names, lines = program.use.line_names, list[Line]()
        blank = self.form.usage_lines[program.charge, program.report_only]
        for (key, quantity, billable, _), amount in zip(rated.lines, amounts, strict=True):
            line = blank.copy()
            line["quantity"] = text = shown(quantity)
            line["billable"] = text if billable is quantity else shown(billable)
            if amount is not None:
                line["amount"] = str(amount)
            line["dimensions"] = {names[0]: key[0]} if len(key) == 1 else dict(zip(names, key, strict=True))
            lines.append(line)
        into += lines
        self.described.append(Described(program.description, names, lines))

    def _add_without_usage(self, program: ChargeProgram, amount: Decimal) -> None:
        """Add the line of a price that asks for something even without usage; it has no dimensions to describe."""
        nothing = {"description": program.charge, "quantity": "0", "billable": "0", "amount": str(amount)}
        self.lines.append(self.form.usage_lines[program.charge, False] | nothing | {"dimensions": {}})
        self.subtotal += amount

    def _add(self, charge: str, kind: str, description: str, amount: Decimal) -> None:
        currency = self.form.program.agreement.currency
        self.lines.append(amount_line(charge, kind, description, amount, currency, self.form.period))
        self.subtotal += amount

    def _pieces(self, rated: RatedCharge, amount: Decimal) -> list[tuple[Instant, Fraction]]:
        """Divide a charge over its segments by what they cost; what costs nothing counts where the period begins."""
        if not self.form.discounted:
            return []
        segments = rated.program.segments
        gross = sum((part.gross.fraction for part in rated.priced), _NOTHING)
        if not gross:
            return [(segments[0].at, Fraction(amount))]
        each = Fraction(amount) / gross
        return [(segments[part.segment].at, part.gross.fraction * each) for part in rated.priced]

    def add_discounts(self) -> None:
        """Take each contract discount off what the ones before it left."""
        for discount in self.form.program.discounts:
            bases = [
                (entry, inside)
                for entry in self.entries
                if applies(discount.applies_to, entry) and (inside := entry.inside(discount.window))
            ]
            self._take_off(discount, bases)

    def _take_off(self, discount: DiscountProgram, bases: list[tuple[Entry, Fraction]]) -> None:
        percent = Fraction(discount.percent) / 100
        parts = [inside * percent for _, inside in bases]
        amount = self.form.rounded(decimal_of(sum(parts, _NOTHING)))
        if not amount:
            return
        unit = self.form.program.agreement.minor_unit
        for (entry, _), part in zip(bases, allocate(amount, parts, unit), strict=True):
            entry.take_off(part, discount.window)
        text = discount.name or f"Discount {plain(discount.percent)} %"
        self._add(discount.discount, "discount", text, -amount)

    def add_minimum(self) -> None:
        """Fill up to the plan's minimum, if what counts towards it came to less."""
        minimum = self.form.program.minimum
        if minimum is None:
            return
        rate = self.form.rates[minimum.bound.currency]
        numerator = minimum.bound.amount * minimum.share.numerator * rate.numerator
        wanted = self.form.rounded(numerator / (minimum.share.denominator * rate.denominator))
        reached = total_of(entry.amount for entry in self.entries if applies(minimum.applies_to, entry))
        if reached < wanted:
            self._add("minimum", "minimum", "Minimum", wanted - reached)

    def add_tax(self) -> tuple[Decimal, Decimal]:
        """Tax what stands on the invoice, and give the subtotal and the tax."""
        subtotal = self.form.rounded(self.subtotal)
        tax = self.form.program.tax
        if tax is None or self.form.tax_line is None:
            return subtotal, self.form.rounded(ZERO)
        parts = [subtotal] if tax.round_on == "rate_group" else [Decimal(one["amount"]) for one in self.lines]
        amount = total_of([self.form.rounded(part * tax.percent / 100) for part in parts])
        self.lines.append(self.form.tax_line | {"amount": str(amount)})
        return subtotal, amount


def applies(applies_to: frozenset[str], entry: Entry) -> bool:
    """Tell whether a discount or minimum counts a fee or charge: by its id or its kind."""
    return entry.id in applies_to or entry.kind in applies_to
