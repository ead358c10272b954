"""What an invoice brings in without its tax, and what of it belongs to which value of a dimension."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ratebook.money import EXACT, ZERO, allocate, total_of

Parts = dict[str | None, Decimal]
"""Value of the dimension → amount; None for what belongs to no value."""

_CHANGED: Final = frozenset({"discount", "maximum", "minimum"})


def revenue_of(invoice: Mapping[str, Any], by: str, unit: Decimal) -> Parts:
    """Divide the subtotal of an invoice over the values of a dimension.

    Usage lines that are told apart by it count where they say. What a charge's own discount, maximum or minimum
    changed is shared over the lines of the charge. All else (fees, discounts of the whole, commitments, usage that
    is not told apart) belongs to no value.

    Args:
        invoice: the document.
        by: the dimension; "" for none.
        unit: the currency's minor unit.
    """
    parts: Parts = {}
    for lines in _charges(invoice["lines"], by).values():
        amounts = [_net(line, invoice) for line in lines if line["kind"] == "usage"]
        changed = total_of(_net(line, invoice) for line in lines if line["kind"] in _CHANGED)
        shares = _shared(changed, amounts, unit)
        usage = (line for line in lines if line["kind"] == "usage")
        for line, amount, share in zip(usage, amounts, shares, strict=True):
            value = line["dimensions"].get(by)
            parts[value] = parts.get(value, ZERO) + amount + share
    rest = EXACT.subtract(Decimal(invoice["subtotal"]), total_of(parts.values()))
    return {**parts, None: parts.get(None, ZERO) + rest} if rest or not parts else parts


def _charges(lines: Sequence[Mapping[str, Any]], by: str) -> dict[str, list[Mapping[str, Any]]]:
    """Give the lines of each charge whose usage is told apart by the dimension."""
    told = {line["charge"] for line in lines if line["kind"] == "usage" and by in line["dimensions"]}
    found: dict[str, list[Mapping[str, Any]]] = {charge: [] for charge in told}
    for line in lines:
        if line["charge"] in told:
            found[line["charge"]].append(line)
    return found


def _net(line: Mapping[str, Any], invoice: Mapping[str, Any]) -> Decimal:
    """Give a line's amount without the tax that it may contain."""
    amount = Decimal(line["amount"] or 0)
    return amount - Decimal(line.get("tax") or 0) if invoice.get("prices") == "inclusive" else amount


def _shared(amount: Decimal, weights: Sequence[Decimal], unit: Decimal) -> Sequence[Decimal]:
    return allocate(amount, weights, unit) if amount else [ZERO] * len(weights)
