"""Tax: amounts in groups by rate, each taxed as of its date of supply.

What a discount, a credit or a prepaid commitment takes reduces the groups of what it was taken from; a minimum, a
true-up and what is paid in advance are taxed at the standard rate. Usage is taxed as of its period's last instant, a
fee as of its own period's, in advance as of its beginning; everything else as of the last instant of the billed period
(at the opening: then). A group's tax is rounded once, or line by line; lines share it by largest remainder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle.agreement import Agreement
from tests.oracle.book import in_force
from tests.oracle.money import divide_up, minor_unit, round_to

ZERO = Fraction(0)
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


def group_of(terms: Agreement, portion: Portion) -> Group | None:
    """The group of a portion; all of an exempt customer's are one, at nothing."""
    own = terms.contract.get("tax", {})
    for why in ("exempt", "reverse_charge"):
        if why in own:
            return Group(STANDARD, ZERO, own[why], own.get("reason"))
    tax = terms.spec["tax"]
    written = tax if portion.rate == STANDARD else tax["rates"][portion.rate]
    rate = in_force(
        {key: value for key, value in written.items() if key != "rates"}, portion.supplied, terms.where
    )
    if rate is None:
        return None
    return Group(portion.rate, Fraction(rate["percent"]), rate.get("exempt"), rate.get("reason"))


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
    """The amounts of the tax lines: one for each group, and one below zero for what is withheld of it."""
    return [amount for one in groups for amount in (one.amount, *([-one.withheld] if one.withheld else []))]
