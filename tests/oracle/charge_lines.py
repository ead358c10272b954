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
from tests.oracle.price import Cost
from tests.oracle.usage import Segment, Usage

ZERO = Fraction(0)


@dataclass(frozen=True)
class ChargeLines:
    """Writes the lines of a charge in one part of a billing period.

    Attributes:
        unit: the pricing unit of its price; None where it is in money.
    """

    book: Mapping[str, Any]
    agreement: Agreement
    charge: Item
    span: Span
    segments: Sequence[Segment]
    unit: str | None

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
        costs = line_costs(ladders, lines, [ladder.costs for ladder in ladders])
        amounts = divide_up(whole, costs, minor_unit(self.agreement.currency))
        quantities = [
            sum((usage.quantity for usage in billed if self.line_of(usage) == line), ZERO) for line in lines
        ]
        found = [
            {**self.usage_line(*one), "supplies": self.supplies(ladders, one[0])}
            for one in zip(lines, amounts, quantities, self.line_billable(ladders, lines), strict=True)
        ]
        if self.unit is None:
            return found
        in_units = line_costs(ladders, lines, [ladder.in_units for ladder in ladders])
        return [
            {**line, "pricing": {"unit": self.unit, "amount": amount}}
            for line, amount in zip(found, in_units, strict=True)
        ]

    def supplies(self, ladders: Sequence[Ladder], line: Texts) -> list[tuple[datetime, Fraction]]:
        """What a line costs in each segment."""
        return [
            (
                segment.priced_at,
                sum((line_shares(one, one.costs[number], number, [line])[0] for one in ladders), ZERO),
            )
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
        name = meters_of(self.rule)[int(line[0] or 0)].meter
        meter = self.book["meters"][name]
        known = ["account", *dimension_names(meter)]
        named = zip(self.names, line[1:], strict=False)
        return {
            **self.line("usage", amount),
            "quantity": quantity,
            "unit": meter["unit"],
            **({"meter": name} if "meters" in self.rule and line[0] is not None else {}),
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


def line_costs(
    ladders: Sequence[Ladder], lines: Sequence[Texts], costs: Sequence[Sequence[Cost]]
) -> list[Fraction]:
    """What each line costs, exactly, in all ladders and segments."""
    found = [ZERO] * len(lines)
    for ladder, own in zip(ladders, costs, strict=True):
        for number, cost in enumerate(own):
            more = line_shares(ladder, cost, number, lines)
            found = [have + part for have, part in zip(found, more, strict=True)]
    return found
