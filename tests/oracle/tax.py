"""Tax: amounts in groups by rate, each taxed as of its date of supply.

What a discount, a credit or a prepaid commitment takes reduces the groups of what it was taken from; a minimum, a
true-up and what is paid in advance are taxed at the standard rate. Usage is taxed as of its period's last instant, a
fee as of its own period's, in advance as of its beginning; everything else as of the last instant of the billed period
(at the opening: then). A group's tax is rounded once, or line by line; lines share it by largest remainder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle.agreement import Agreement
from tests.oracle.book import in_force
from tests.oracle.entries import Entry
from tests.oracle.money import divide_up, minor_unit, round_to

ZERO = Fraction(0)
Supplies = Sequence[tuple[datetime, Fraction]]
STANDARD = "standard"

TENTHS_WITHHELD = {
    **dict.fromkeys(("601",), 4),
    **dict.fromkeys(("602", "606", "607", "608", "610", "611", "612", "613", "621", "622"), 9),
    **dict.fromkeys(("603", "609", "615", "617", "618", "619", "620"), 7),
    **dict.fromkeys(("604", "605", "614", "616", "623", "627"), 5),
    **dict.fromkeys(("624", "626"), 2),
    "625": 3,
}
"""How many tenths of the tax the customer withholds, by the Turkish code of the service."""


class Group(NamedTuple):
    """What is taxed alike: the name of a rate, its percentage at the date of supply, and why there is none."""

    rate: str
    percent: Fraction
    code: str | None
    reason: str | None


class Portion(NamedTuple):
    """A part of a line that is taxed at one rate as of one instant."""

    line: int
    rate: str
    supplied: datetime
    amount: Fraction


@dataclass(frozen=True)
class TaxGroup:
    """The tax of one group.

    Attributes:
        base: the sum of what is taxed; it contains the tax where prices are inclusive.
        shares: what each of its portions bears of the tax.
        withheld: what the customer pays to the state instead of the supplier.
    """

    group: Group
    portions: Sequence[Portion]
    base: Fraction
    amount: Fraction
    shares: Sequence[Fraction]
    withheld: Fraction


def tax_groups(terms: Agreement, portions: Sequence[Portion]) -> list[TaxGroup]:
    """The groups of an invoice with their tax; none where the sink adds it, or no rate is in force."""
    written = terms.spec.get("tax")
    if written is None or written == "external":
        return []
    groups: dict[Group, dict[int, Portion]] = {}
    for portion in portions:
        group = group_of(terms, portion)
        if group is not None:
            lines = groups.setdefault(group, {})
            same = lines.get(portion.line)
            amount = portion.amount if same is None else same.amount + portion.amount
            lines[portion.line] = portion._replace(amount=amount)
    return [taxed(terms, group, list(lines.values())) for group, lines in groups.items()]


def portions_in_time(
    terms: Agreement, line: int, entry: Entry, amount: Fraction, supplies: Supplies | None = None
) -> list[Portion]:
    """What is taxed of a line of an entry: all as of its date of supply, or, where it is split, in parts.

    Usage is split by what it cost before and after a change, a fee by days; each part is whole minor units.
    """
    whole = [Portion(line, entry.rate, entry.supplied, amount)]
    tax = terms.spec.get("tax")
    if not isinstance(tax, Mapping) or tax.get("supply") != "split":
        return whole
    weights: dict[Group | None, tuple[datetime, Fraction]] = {}
    for moment, weight in supplies or entry.supplies:
        group = group_of(terms, Portion(line, entry.rate, moment, amount))
        first, before = weights.get(group, (moment, ZERO))
        weights[group] = (first, before + weight)
    if not any(weight for _, weight in weights.values()):
        return whole
    parts = divide_up(amount, [weight for _, weight in weights.values()], minor_unit(terms.currency))
    moments = [moment for moment, _ in weights.values()]
    return [
        Portion(line, entry.rate, moment, part) for moment, part in zip(moments, parts, strict=True) if part
    ]


def group_of(terms: Agreement, portion: Portion) -> Group | None:
    """The group of a portion; all of an exempt customer's are one, at nothing.

    Before the first version of the tax, or of the rate, there is none.
    """
    own = terms.contract.get("tax", {})
    for why in ("exempt", "reverse_charge"):
        if why in own:
            return Group(why, ZERO, str(own[why]), own.get("reason"))
    tax = in_force(terms.spec["tax"], portion.supplied, terms.where)
    if tax is None:
        return None
    rate = tax if portion.rate == STANDARD else tax["rates"][portion.rate]
    if rate is None:
        return None
    code = str(rate["exempt"]) if "exempt" in rate else None
    return Group(portion.rate, Fraction(rate["percent"]), code, rate.get("reason"))


def taxed(terms: Agreement, group: Group, portions: Sequence[Portion]) -> TaxGroup:
    tax, unit = terms.spec["tax"], minor_unit(terms.currency)
    inclusive = tax.get("prices", "exclusive") == "inclusive"
    factor = group.percent / (100 + group.percent if inclusive else 100)
    base = sum((portion.amount for portion in portions), ZERO)
    if tax.get("round_on", "rate_group") == "line":
        shares = [round_to(portion.amount * factor, unit, terms.rounding) for portion in portions]
        amount = sum(shares, ZERO)
    else:
        amount = round_to(base * factor, unit, terms.rounding)
        shares = divide_up(amount, [portion.amount for portion in portions], unit)
    withheld = round_to(amount * withheld_share(terms), unit, terms.rounding)
    return TaxGroup(group, portions, base, amount, shares, withheld)


def withheld_share(terms: Agreement) -> Fraction:
    own = terms.contract.get("tax", {})
    if "withholding" not in own:
        return ZERO
    if "share" in own:
        return Fraction(own["share"])
    return Fraction(TENTHS_WITHHELD[str(own["withholding"])], 10)


def tax_document(terms: Agreement, one: TaxGroup) -> dict[str, Any]:
    """What the document says of a group; the base is without the tax."""
    inclusive = terms.spec["tax"].get("prices", "exclusive") == "inclusive"
    return {
        "rate": one.group.rate,
        "percent": one.group.percent,
        "base": one.base - one.amount if inclusive else one.base,
        "amount": one.amount,
        "code": one.group.code,
        "reason": one.group.reason,
        "withheld": one.withheld,
    }


def tax_amounts(groups: Sequence[TaxGroup]) -> list[Fraction]:
    """The amounts of the tax lines: one for each group, then what is withheld of them, below zero."""
    return [*(one.amount for one in groups), *(-one.withheld for one in groups if one.withheld)]
