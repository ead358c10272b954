"""Tax: one plain rate on the sum of what is left, or line by line; or groups of rates, and each line says its own."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from ratebook.compiler.tax_programs import RateGroup, TaxProgram, TaxRules, Withholding
from ratebook.invoice.entries import ALWAYS, Entry
from ratebook.invoice.form import Form
from ratebook.invoice.line import Line, amount_line
from ratebook.invoice.rate_groups import (
    NO_GROUPS,
    Part,
    Shares,
    Taxation,
    Taxed,
    divide,
    tax_groups,
    taxes_of_entries,
)
from ratebook.invoice.supply import Standing, parts_of
from ratebook.money import ZERO, allocate, minor_unit, plain, round_money, total_of


class Tax(NamedTuple):
    """What tax adds to an invoice.

    Attributes:
        subtotal: without the tax.
        amount: the sum of the tax's lines.
        lines: of the tax.
        said: what else the invoice says of it.
        parts: of the lines, where the tax has groups.
        taxation: of the parts.
    """

    subtotal: Decimal
    amount: Decimal
    lines: list[Line]
    said: dict[str, Any]
    parts: Sequence[Part] = ()
    taxation: Taxation = NO_GROUPS


def tax(form: Form, lines: Sequence[Line], standing: Standing) -> Tax:
    """Tax what stands on an invoice; where there are groups, each line then says its own tax.

    Args:
        form: what the invoice has in common with others.
        lines: of the invoice, in order.
        standing: how they came about.
    """
    rules = form.program.tax
    amount = form.rounded(total_of([entry.amount for entry in standing.entries]))
    if isinstance(rules, TaxRules):
        return _by_groups(form, rules, lines, amount, parts_of(form.program, rules, standing))
    if rules is None or form.tax_line is None:
        return Tax(amount, form.rounded(ZERO), [], {})
    return _plain(form, rules, form.tax_line, lines, amount)


def with_tax(form: Form, entries: Sequence[Entry], taxed: Tax) -> list[Entry]:
    """Add to what is left of each fee and charge its share of the tax, so that all come to what is to be paid."""
    unit = form.program.agreement.minor_unit
    shares = [max(entry.amount, ZERO) for entry in entries]
    if taxed.parts:
        shares = taxes_of_entries(taxed.parts, taxed.taxation.taxes, len(entries), unit)
    more = taxed.subtotal + taxed.amount - total_of(entry.amount for entry in entries)
    if not more:
        return list(entries)
    divided = allocate(
        more, shares if (more < 0) == (total_of(shares) < 0) else [-one for one in shares], unit
    )
    return [entry.less(-part, ALWAYS) for entry, part in zip(entries, divided, strict=True)]


def tax_corrections(form: Form, lines: Sequence[Line], known: Sequence[Mapping[str, Any]]) -> Tax:
    """Tax corrections of an earlier invoice as that invoice was taxed: at the rates of its own boundary.

    Args:
        form: of the boundary that is corrected.
        lines: the corrections; where the tax has groups, each then says its own tax.
        known: the lines that they correct, as they were taxed, in the same order.
    """
    rules = form.program.tax
    amount = form.rounded(total_of(Decimal(line["amount"]) for line in lines))
    if isinstance(rules, TaxRules):
        parts = [
            Part(number, group, part, {})
            for number, (line, taxed) in enumerate(zip(lines, known, strict=True))
            for group, part in divide(
                Decimal(line["amount"]), _shares(rules, taxed), form.program.agreement.minor_unit
            )
        ]
        return _by_groups(form, rules, lines, amount, parts)
    if rules is None or form.tax_line is None:
        return Tax(amount, form.rounded(ZERO), [], {})
    return _plain(form, rules, form.tax_line, lines, amount)


def _shares(rules: TaxRules, taxed: Mapping[str, Any]) -> Shares:
    """Find the groups in which a line was taxed, with what of it was taxed in each."""
    said = taxed.get("tax_parts") or [{"tax_rate": taxed.get("tax_rate"), "percent": None, "amount": "1"}]
    return [(_known_group(rules, part), Fraction(part["amount"])) for part in said]


def _known_group(rules: TaxRules, part: Mapping[str, Any]) -> RateGroup | None:
    rate = part["tax_rate"] or rules.otherwise
    versions = [group for _, group in rules.versions(rate)]
    return next(
        (group for group in versions if part["percent"] == plain(group.percent)),
        rules.group(rate, rules.last),
    )


def _plain(form: Form, rate: TaxProgram, blank: Line, lines: Sequence[Line], subtotal: Decimal) -> Tax:
    parts = [subtotal] if rate.round_on == "rate_group" else [Decimal(line["amount"]) for line in lines]
    amount = total_of([form.rounded(part * rate.percent / 100) for part in parts])
    return Tax(subtotal, amount, [blank | {"amount": str(amount)}], {})


def _by_groups(form: Form, rules: TaxRules, lines: Sequence[Line], amount: Decimal, parts: list[Part]) -> Tax:
    unit = form.program.agreement.minor_unit
    taxation = tax_groups(parts, rules, form.rounded, unit)
    _say_on_lines(lines, parts, taxation.taxes)
    added = [_tax_line(form, rules, one) for one in taxation.groups]
    if rules.withholding is not None:
        added += [
            _withheld_line(form, rules, rules.withholding, one) for one in taxation.groups if one.withheld
        ]
    said: dict[str, Any] = {"taxes": [_document(form, rules, one) for one in taxation.groups]}
    if rules.inclusive:
        said["prices"] = "inclusive"
    return Tax(amount - _contained(rules, taxation), _sum(form, added), added, said, parts, taxation)


def _contained(rules: TaxRules, taxation: Taxation) -> Decimal:
    return taxation.amount if rules.inclusive else ZERO


def _sum(form: Form, lines: Sequence[Line]) -> Decimal:
    return form.rounded(total_of(Decimal(line["amount"]) for line in lines))


def _say_on_lines(lines: Sequence[Line], parts: Sequence[Part], taxes: Sequence[Decimal]) -> None:
    """Say on each line its tax and rate; one that is taxed in several groups says all of them."""
    of_line: dict[int, list[tuple[Part, Decimal]]] = {}
    for part, amount in zip(parts, taxes, strict=True):
        of_line.setdefault(part.line, []).append((part, amount))
    for number, found in of_line.items():
        line = lines[number]
        line["tax"] = str(total_of(amount for _, amount in found))
        if len(found) == 1:
            group = found[0][0].group
            line["tax_rate"] = group.rate if group is not None else None
        else:
            line["tax_parts"] = [_part_document(part, amount) for part, amount in found]


def _part_document(part: Part, amount: Decimal) -> dict[str, Any]:
    rate, percent = (part.group.rate, plain(part.group.percent)) if part.group is not None else (None, None)
    return {"tax_rate": rate, "percent": percent, "amount": str(part.amount), "tax": str(amount)}


def _tax_line(form: Form, rules: TaxRules, one: Taxed) -> Line:
    text = f"{rules.name} {plain(one.group.percent)} %{_why(one.group)}"
    return _line(form, "tax", text, one.amount, one.group)


def _withheld_line(form: Form, rules: TaxRules, withholding: Withholding, one: Taxed) -> Line:
    share = f"{withholding.share.numerator}/{withholding.share.denominator}"
    text = f"{rules.name} {plain(one.group.percent)} %, {share} withheld, {withholding.code}"
    return _line(form, "withholding", text, -one.withheld, one.group)


def _why(group: RateGroup) -> str:
    return "".join(f", {word}" for word in (group.code, group.reason) if word)


def _line(form: Form, charge: str, text: str, amount: Decimal, group: RateGroup) -> Line:
    line = amount_line(charge, "tax", text, amount, form.program.agreement.currency, form.period)
    return line | {"tax_rate": group.rate}


def _document(form: Form, rules: TaxRules, one: Taxed) -> dict[str, Any]:
    group, withholding = one.group, rules.withholding
    document: dict[str, Any] = {
        "rate": group.rate,
        "name": rules.name,
        "percent": plain(group.percent),
        "base": str(one.base),
        "amount": str(one.amount),
        "code": group.code or None,
        "reason": group.reason or None,
    }
    if withholding is not None:
        share = f"{withholding.share.numerator}/{withholding.share.denominator}"
        document |= {
            "withheld": str(one.withheld),
            "withholding_code": withholding.code,
            "withholding_share": share,
        }
    if rules.currency:
        document["owed"] = _owed(form, rules.currency, one)
    return document


def _owed(form: Form, currency: str, one: Taxed) -> dict[str, str]:
    """State a group in the currency in which the tax is owed, by the invoice's own exchange rate."""
    rate, unit = form.rates[currency], minor_unit(currency)

    def owed(amount: Decimal) -> str:
        exact = amount * rate.denominator / rate.numerator
        return str(round_money(exact, unit, form.program.agreement.rounding))

    return {"currency": currency, "base": owed(one.base), "amount": owed(one.amount)}
