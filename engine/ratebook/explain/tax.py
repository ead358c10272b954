"""The steps of a tax line: what it is on, at which rate and by which rounding, or what of it is withheld."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ratebook.compiler.tax_programs import TaxProgram, TaxRules
from ratebook.explain.step import Step
from ratebook.invoice.text import grouped

_NAMED: Final = 12


def tax_pointer(tax: TaxProgram | TaxRules, document: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    """Point at where the book says the rate of a tax line, or that a part of it is withheld."""
    if isinstance(tax, TaxProgram):
        return tax.pointer
    if line["charge"] == "withholding" and tax.withholding is not None:
        return tax.withholding.pointer
    said = group_of(document, line)
    versions = tax.versions(said["rate"])
    return next((one.pointer for _, one in versions if str(one.percent) == said["percent"]), tax.pointer)


def tax_steps(
    tax: TaxProgram | TaxRules, document: Mapping[str, Any], line: Mapping[str, Any]
) -> Iterator[Step]:
    """Explain a tax line."""
    currency = document["currency"]
    if isinstance(tax, TaxProgram):
        yield Step("Subtotal", result=f"{grouped(document['subtotal'])} {currency}")
        return
    said = group_of(document, line)
    if line["charge"] == "withholding":
        yield Step(f"Tax at {said['percent']} %", result=f"{grouped(said['amount'])} {currency}")
        yield Step("Share that is withheld", f"{said['withholding_share']}, code {said['withholding_code']}")
        return
    how = "contained in prices" if tax.inclusive else "added to prices"
    yield Step("Rate", f"{said['rate']}, {said['percent']} %, {how}")
    yield Step("Base", _lines(document["lines"], said), f"{grouped(said['base'])} {currency}")
    yield Step(
        "Rounding", "each line by itself" if tax.round_on == "line" else "once, on the sum of the lines"
    )
    if "owed" in said:
        owed = said["owed"]
        yield Step("Owed", f"on {grouped(owed['base'])}", f"{grouped(owed['amount'])} {owed['currency']}")


def group_of(document: Mapping[str, Any], line: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the group that a tax line is of: tax lines stand in the order of their groups."""
    same = [one for one in document["lines"] if one["kind"] == "tax" and one["charge"] == line["charge"]]
    taxes = document["taxes"]
    if line["charge"] == "withholding":
        taxes = [one for one in taxes if one["withheld"].strip("0.")]
    found: Mapping[str, Any] = taxes[next(number for number, one in enumerate(same) if one is line)]
    return found


def _lines(lines: Sequence[Mapping[str, Any]], said: Mapping[str, Any]) -> str:
    """Name the lines of a group, the first of many."""
    numbers = [str(number) for number, line in enumerate(lines, start=1) if _is_in(line, said)]
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers[:_NAMED])}{more}"


def _is_in(line: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    if line["kind"] == "tax":
        return False
    if "tax_parts" not in line:
        return bool(line.get("tax_rate") == said["rate"])
    here = (said["rate"], said["percent"])
    return any((part["tax_rate"], part["percent"]) == here for part in line["tax_parts"])
