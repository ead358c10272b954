"""The usage lines of a charge: one for each combination of `lines_by` values (and meter) that was used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.agreement import Agreement, Item
from tests.oracle.book import dimension_names, meters_of
from tests.oracle.calendar import Span
from tests.oracle.ladder import Ladder, Texts, line_shares, rounding_of
from tests.oracle.money import divide_up, minor_unit, round_to
from tests.oracle.usage import Segment, Usage

ZERO = Fraction(0)


@dataclass(frozen=True)
class ChargeLines:
    """Writes the lines of a charge in one part of a billing period."""

    book: Mapping[str, Any]
    agreement: Agreement
    charge: Item
    span: Span
    segments: Sequence[Segment]

    @property
    def rule(self) -> Mapping[str, Any]:
        rule: Mapping[str, Any] = self.book["rating"][self.charge.get("rating")]
        return rule

    @property
    def names(self) -> list[str]:
        """What lines are told apart by: accounts, where there are several, then what the rule says."""
        several = ["account"] if len(self.agreement.accounts) > 1 else []
        return [*several, *self.rule.get("lines_by", [])]

    def usage_lines(self, ladders: Sequence[Ladder], billed: Sequence[Usage]) -> list[dict[str, Any]]:
        """The usage lines; together they are the rounded gross.

        That is divided among them by largest remainder, in proportion to what each costs exactly (if none of them
        costs anything, evenly).
        Without usage there is a line only where something is due even then.
        """
        lines = sorted(
            {self.line_of(usage) for usage in billed}, key=lambda line: [value or "" for value in line]
        )
        gross = sum((cost.total for ladder in ladders for cost in ladder.costs), ZERO)
        whole = round_to(gross, minor_unit(self.agreement.currency), self.agreement.rounding)
        if not lines:
            return [self.usage_line((None,), whole, ZERO, ZERO)] if whole else []
        amounts = divide_up(whole, line_costs(ladders, lines), minor_unit(self.agreement.currency))
        quantities = [
            sum((usage.quantity for usage in billed if self.line_of(usage) == line), ZERO) for line in lines
        ]
        return [
            {**self.usage_line(*one), "supplies": self.supplies(ladders, one[0])}
            for one in zip(lines, amounts, quantities, self.line_billable(ladders, lines), strict=True)
        ]

    def supplies(self, ladders: Sequence[Ladder], line: Texts) -> list[tuple[datetime, Fraction]]:
        """What a line costs in each segment."""
        return [
            (segment.priced_at, sum((line_shares(one, number, [line])[0] for one in ladders), ZERO))
            for number, segment in enumerate(self.segments)
        ]

    def line_billable(self, ladders: Sequence[Ladder], lines: Sequence[Texts]) -> list[Fraction]:
        """Divide billable units among lines: exactly, or in each ladder by largest remainder if they were rounded."""
        found = [ZERO] * len(lines)
        for ladder in ladders:
            units = ladder.line_units()
            parts = [units.get(line, ZERO) for line in lines]
            if rounding_of(self.rule) != "none":
                parts = divide_up(ladder.billable, parts, Fraction(1))
            found = [have + part for have, part in zip(found, parts, strict=True)]
        return found

    def line_of(self, usage: Usage) -> Texts:
        """The line of some usage: the number of its meter, and what lines are told apart by (None: it lacks that)."""
        return (str(usage.meter), *(usage.dimensions.get(name) for name in self.names))

    def usage_line(
        self, line: Texts, amount: Fraction, quantity: Fraction, billable: Fraction
    ) -> dict[str, Any]:
        meter = self.book["meters"][meters_of(self.rule)[int(line[0] or 0)].meter]
        known = ["account", *dimension_names(meter)]
        named = zip(self.names, line[1:], strict=False)
        return {
            **self.line("usage", amount),
            "quantity": quantity,
            "unit": meter["unit"],
            "billable": billable,
            "dimensions": {name: value for name, value in named if name in known},
        }

    def line(self, kind: str, amount: Fraction) -> dict[str, Any]:
        return {
            "charge": self.charge.id,
            "kind": kind,
            "quantity": None,
            "unit": None,
            "billable": None,
            "amount": amount,
            "dimensions": {},
            "period": self.span,
        }


def line_costs(ladders: Sequence[Ladder], lines: Sequence[Texts]) -> list[Fraction]:
    """What each line costs, exactly, in all ladders and segments."""
    found = [ZERO] * len(lines)
    for ladder in ladders:
        for number in range(len(ladder.costs)):
            more = line_shares(ladder, number, lines)
            found = [have + part for have, part in zip(found, more, strict=True)]
    return found
