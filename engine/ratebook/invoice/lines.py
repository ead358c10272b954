"""The first lines of an invoice: fees, then usage with its discounts and bounds, each rounded once, here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import repeat
from typing import Final, NamedTuple

from ratebook.invoice.entries import Entry, Piece
from ratebook.invoice.form import Form
from ratebook.invoice.line import Line, amount_line, shown
from ratebook.money import allocate
from ratebook.rating.amounts import decimal_of
from ratebook.rating.charge import RatedCharge, RatedLines, costs_of_lines
from ratebook.template import Template

_NOTHING: Final = Fraction(0)
_CHANGED: Final = {"discount": "Discount on", "maximum": "Maximum of", "minimum": "Minimum of"}


class Described(NamedTuple):
    """Usage lines of a charge that still lack their quantities and their descriptions by a template.

    `dimensions` are the names of theirs, `rated` are what they are made from.
    """

    template: Template
    dimensions: tuple[str, ...]
    lines: list[Line]
    rated: RatedLines


@dataclass(slots=True)
class LineWriter:
    """Collects the lines of fees and charges, with an entry for each; every amount that enters is rounded once.

    `pieces` says of lines (by `id`) what their parts in time cost, where a tax rate changes inside the period.
    """

    form: Form
    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    described: list[Described] = field(default_factory=list)
    appendix: list[Line] = field(default_factory=list)
    pieces: dict[int, Sequence[Piece]] = field(default_factory=dict)

    def add_fee(self, fee: Entry) -> None:
        """Add one fee for one of its periods."""
        line = fee.lines[0].copy()
        self.lines.append(line)
        self.entries.append(
            Entry(fee.id, fee.kind, fee.tax_rate, fee.amount, fee.pieces, (line,), fee.period)
        )

    def add_charge(self, rated: RatedCharge) -> None:
        """Add a charge: its usage lines, and what its discount, maximum and minimum changed."""
        program, form = rated.program, self.form
        blank, tax_rate, splits = form.of(program)
        if program.report_only:
            self.appendix += self._usage(rated, blank, repeat(None))
            return
        amount = form.rounded(rated.gross)
        lines: list[Line] = []
        if rated.lines.keys:
            parts = allocate(amount, rated.lines.weights, form.program.agreement.minor_unit)
            lines = self._usage(rated, blank, map(str, parts))
        elif amount:
            lines = [_without_usage(program.charge, blank, amount)]
        if program.changes_gross:
            changes, amount = self._changes(rated, amount)
            lines += changes
        if splits:
            self._note_pieces(rated, lines)
        if lines:
            self.lines += lines
            pieces = self._pieces(rated, amount) if form.has_windows else ()
            self.entries.append(Entry(program.charge, "usage", tax_rate, amount, pieces, lines))

    def _changes(self, rated: RatedCharge, before: Decimal) -> tuple[list[Line], Decimal]:
        """Give what discount, maximum and minimum changed about a rounded gross, and the rounded net."""
        charge, exact = rated.program.charge, rated.gross
        lines = []
        for kind, net in (("discount", rated.discounted), ("maximum", rated.capped), ("minimum", rated.net)):
            if net is not exact:
                after = self.form.rounded(net)
                if after != before:
                    text = f"{_CHANGED[kind]} {charge}"
                    period = self.form.printed(rated.program.period)
                    lines.append(
                        changed_line(self.form, charge, kind, text, after - before) | {"period": period}
                    )
                exact, before = net, after
        return lines, before

    def _note_pieces(self, rated: RatedCharge, lines: Sequence[Line]) -> None:
        """Note what each usage line cost in each segment, what the discount took off there, and what all cost."""
        segments = rated.program.segments
        costs = [(one.at, costs_of_lines(rated, number)) for number, one in enumerate(segments)]
        for line, key in zip(lines, rated.lines.keys, strict=False):
            self.pieces[id(line)] = [Piece(at, found[key]) for at, found in costs]
        whole = [Piece(segments[part.segment].at, part.gross.fraction) for part in rated.priced]
        off = [
            Piece(at, cost * Fraction(segments[part.segment].percent_off))
            for (at, cost), part in zip(whole, rated.priced, strict=True)
        ]
        for line in lines:
            if line["kind"] == "discount":
                self.pieces[id(line)] = off
            elif line["kind"] != "usage" and any(piece.amount for piece in whole):
                self.pieces[id(line)] = whole

    def _usage(self, rated: RatedCharge, blank: Line, amounts: Iterable[str | None]) -> list[Line]:
        program, use, rated_lines = rated.program, rated.program.use, rated.lines
        lines = [
            {**blank, "amount": amount, "dimensions": dimensions}
            for amount, dimensions in zip(amounts, use.all_named(rated_lines.keys), strict=False)
        ]
        for line, priced in zip(lines, rated_lines.priced, strict=False):
            line["pricing"] = {"unit": program.pricing_unit, "amount": shown(decimal_of(Fraction(priced)))}
        if use.has_meters:
            for line, key in zip(lines, rated_lines.keys, strict=True):
                reading = use.reading_of(key)
                line |= {"unit": reading.unit, "meter": reading.meter}
        self.described.append(Described(program.description, use.line_names, lines[:], rated_lines))
        return lines

    def _pieces(self, rated: RatedCharge, amount: Decimal) -> tuple[Piece, ...]:
        """Divide a charge over its segments by what they cost; what costs nothing counts where the period begins."""
        segments = rated.program.segments
        gross = sum((part.gross.fraction for part in rated.priced), _NOTHING)
        if not gross:
            return (Piece(segments[0].at, Fraction(amount)),)
        each = Fraction(amount) / gross
        return tuple(Piece(segments[part.segment].at, part.gross.fraction * each) for part in rated.priced)


def _without_usage(charge: str, blank: Line, amount: Decimal) -> Line:
    """Give the line of a price that asks for something even without usage; it has no dimensions to describe."""
    nothing = {"description": charge, "quantity": "0", "billable": "0", "amount": str(amount)}
    return blank | nothing | {"dimensions": {}}


def changed_line(form: Form, charge: str, kind: str, description: str, amount: Decimal) -> Line:
    """Make a line of the invoice's period that has an amount and no usage."""
    return amount_line(charge, kind, description, amount, form.program.agreement.currency, form.period)
