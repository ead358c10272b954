"""Compares the invoices and findings of the engine with those of the oracle, and says where they differ.

Amounts must be equal. Quantities are compared as they are printed, to twelve places: a third has no last decimal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from tests.oracle.accounts import subjects_of
from tests.oracle.bill import Bill
from tests.oracle.book import meters_of
from tests.oracle.calendar import Span
from tests.oracle.findings import Findings
from tests.oracle.money import plain, round_to

CODES = {
    "RB501": "unknown_subject",
    "RB502": "outside_contract",
    "RB503": "no_price",
    "RB504": "no_multiplier",
    "RB505": "no_matrix_cell",
    "RB506": "blocked",
}
"""The engine's codes of usage that was not billed."""

PRINTED = Fraction(1, 10**12)

Line = tuple[Any, ...]


def differences(bill: Bill, documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say in a line each what the engine's invoices have otherwise than the oracle's; nothing if all are equal."""
    expected = {identity(invoice): invoice for invoice in bill.invoices}
    actual = {identity_of(document): document for document in documents}
    found = [f"missing: {key}" for key in expected.keys() - actual.keys()]
    found += [f"not expected: {key}" for key in actual.keys() - expected.keys()]
    for key in sorted(expected.keys() & actual.keys(), key=str):
        found += [f"{key}: {one}" for one in invoice_differences(expected[key], actual[key])]
    return found


def identity(invoice: Mapping[str, Any]) -> tuple[str, str, datetime]:
    return invoice["contract"], invoice["kind"], invoice["boundary"]


def identity_of(document: Mapping[str, Any]) -> tuple[str, str, datetime]:
    """An invoice of the engine; its boundary is the end of its period, at an opening the start."""
    kind = document["kind"]
    edge = document["period"]["from" if kind == "opening" else "to"]
    return document["contract"], kind, moment(document.get("boundary", edge))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def invoice_differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    found = [
        f"{name} is {actual[name]}, expected {shown(expected[name])}"
        for name in ("subtotal", "tax", "total")
        if Fraction(actual[name] or 0) != expected[name]
    ]
    if actual["currency"] != expected["currency"]:
        found.append(f"currency is {actual['currency']}, expected {expected['currency']}")
    if "taxes" in actual:
        found += tax_differences(expected["taxes"], actual["taxes"])
        expected, actual = without_zero_taxes(expected), without_zero_taxes(actual)
    if "tax" not in {line["kind"] for line in actual["lines"]}:
        expected = {**expected, "lines": [line for line in expected["lines"] if line["kind"] != "tax"]}
    found += section_differences(expected, actual.get("sections", []))
    found += balance_differences(expected["carry_forward"], actual.get("carry_forward") or {})
    ours = [line_of(line) for line in [*expected["lines"], *expected["appendix"]]]
    theirs = [line_of(read_line(line)) for line in [*actual["lines"], *actual.get("appendix", [])]]
    found += [f"line missing: {line}" for line in (Counter(ours) - Counter(theirs)).elements()]
    found += [f"line not expected: {line}" for line in (Counter(theirs) - Counter(ours)).elements()]
    if not found and ordered(ours) != ordered(theirs):
        found.append(f"lines in another order: {theirs}, expected {ours}")
    return found


def section_differences(expected: Mapping[str, Any], sections: Sequence[Mapping[str, Any]]) -> list[str]:
    """Compare what usage lines of each child come to."""
    found = []
    for section in sections:
        own = [line for line in expected["lines"] if line["dimensions"].get("account") == section["account"]]
        amount = sum((line["amount"] for line in own if line["kind"] == "usage"), Fraction(0))
        if amount != Fraction(section["amount"]):
            found.append(f"{section['account']} used {section['amount']}, expected {shown(amount)}")
    return found


def ordered(lines: Sequence[Line]) -> list[Line]:
    """Lines in their order, but for commitments and credits, of which only the kinds have one."""
    return sorted(
        (line for line in lines if line[0] in {"commitment", "credit"}), key=lambda line: str(line[:3])
    ) + [line for line in lines if line[0] not in {"commitment", "credit"}]


def balance_differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Compare what an invoice carries forward of commitments and credits."""
    found = []
    for kind in ("commitments", "credits"):
        ours, theirs = (
            {
                name: {key: shown(Fraction(value)) for key, value in one.items()}
                for name, one in document.get(kind, {}).items()
            }
            for document in (expected, actual)
        )
        if ours != theirs:
            found.append(f"{kind} carried forward are {theirs}, expected {ours}")
    return found


def tax_differences(expected: Sequence[Mapping[str, Any]], actual: Sequence[Mapping[str, Any]]) -> list[str]:
    """Compare groups of tax; of nothing there may be one."""
    ours, theirs = (
        [tax_of(one) for one in groups if Fraction(one["base"]) or Fraction(one["amount"])]
        for groups in (expected, actual)
    )
    return (
        [] if sorted(ours, key=str) == sorted(theirs, key=str) else [f"taxes are {theirs}, expected {ours}"]
    )


def without_zero_taxes(invoice: Mapping[str, Any]) -> Mapping[str, Any]:
    """An invoice without tax lines of nothing, and the others in order of what they come to."""
    taxes = [line for line in invoice["lines"] if line["kind"] == "tax" and Fraction(line["amount"])]
    lines = [line for line in invoice["lines"] if line["kind"] != "tax"]
    return {**invoice, "lines": [*lines, *sorted(taxes, key=lambda line: Fraction(line["amount"]))]}


def tax_of(group: Mapping[str, Any]) -> tuple[Any, ...]:
    numbers = (Fraction(group.get(name) or 0) for name in ("percent", "base", "amount", "withheld"))
    return (group["rate"], group.get("code"), group.get("reason"), *(shown(number) for number in numbers))


def read_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the engine's JSON with its numbers and times."""
    period = line["period"]
    return {
        **line,
        "amount": fraction(line.get("amount")),
        "quantity": fraction(line.get("quantity")),
        "billable": fraction(line.get("billable")),
        "period": Span(moment(period["from"]), moment(period["to"])),
    }


def fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def line_of(line: Mapping[str, Any]) -> Line:
    """What two lines must agree in. Of fees, discounts and the like only usage has quantities; tax has no name."""
    is_usage = line["kind"] == "usage"
    return (
        line["kind"],
        "" if line["kind"] == "tax" else line["charge"],
        shown(line["amount"]),
        *((shown(line["quantity"]), shown(line["billable"]), line["unit"]) if is_usage else ()),
        line.get("meter"),
        priced_in(line.get("pricing")),
        tuple(line["dimensions"].items()),
        *([line["period"]] if line["kind"] in {"usage", "fee"} else []),
    )


def priced_in(pricing: Mapping[str, Any] | None) -> str | None:
    """What a line costs in a pricing unit, if it is anything that can be printed."""
    amount = "0" if pricing is None else shown(Fraction(pricing["amount"]))
    return None if pricing is None or amount == "0" else f"{amount} {pricing['unit']}"


def shown(number: Fraction | None) -> str:
    """A number in decimals, rounded half to even to the twelve places to which quantities are printed."""
    return "none" if number is None else plain(round_to(number, PRINTED, "half_even"))


def finding_differences(
    book: Mapping[str, Any], expected: Findings, findings: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Compare counts of events that were not billed: by reason, subject or contract, and meter or charge.

    A multiplier's are compared for each meter; of blocked prices it is compared that there are some. The engine
    measures a meter once for each need and names the most that one of these met: at most what the oracle counts.
    """
    ours: Counter[tuple[str, str, str]] = Counter()
    for place, events in expected.items():
        if place.reason == "conflicting_duplicates":
            continue
        key = (reason_of(book, place.reason, place.who), place.who, place.what)
        if place.reason == "no_multiplier":
            key = (place.reason, "", meter_of(book, place.who, place.what))
        ours[key] = 1 if place.reason == "blocked" else ours[key] + events
    theirs: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        if finding["code"] in CODES:
            for key, events in read_finding(book, finding):
                theirs[key] = 1 if key[0] == "blocked" else theirs[key] + events
    missed = [key for key in ours if not theirs[key]]
    found = [f"not found: {key} × {ours[key]}" for key in sorted(missed)]
    found += [
        f"{key}: found {theirs[key]}, expected {count}"
        for key, count in sorted(ours.items())
        if key[0] == "no_matrix_cell" and theirs[key] not in {0, count}
    ]
    return found + [f"found in vain: {key} × {count}" for key, count in sorted((theirs - ours).items())]


def reason_of(book: Mapping[str, Any], reason: str, who: str) -> str:
    """Why an event was not billed; of a child that is not paid for in what is measured, nothing need be known."""
    children = [child for one in book["contracts"].values() for child in one.get("children", [])]
    is_child = any(who in subjects_of(child) for child in children)
    return "outside_contract" if is_child and reason == "unknown_subject" else reason


def read_finding(
    book: Mapping[str, Any], finding: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, str, str], int]]:
    """A finding of the engine about a charge of a contract, or about a meter with what was met most there."""
    reason, details = CODES[finding["code"]], finding["details"]
    if "contract" not in details:
        for one in details["largest"]:
            if reason == "no_multiplier":
                yield (reason, "", together(book, details["meter"])), one["events"]
            else:
                who = one["key"][0]
                yield (reason_of(book, reason, who), who, details["meter"]), one["events"]
        return
    contract, charge = details["contract"], details["charge"]
    if reason == "no_multiplier":
        yield (reason, "", meter_of(book, contract, charge)), details["events"]
    else:
        yield (reason, contract, charge), details.get("events", 1)


def meter_of(book: Mapping[str, Any], contract_id: str, charge: str) -> str:
    """The meters of a contract's charge, or of a rule that it reports by."""
    contract = book["contracts"][contract_id]
    plan = book["plans"].get(contract.get("plan", "").removesuffix("@1"), {})
    for one in [*plan.get("charges", []), *contract.get("charges", [])]:
        if one.get("id", one["rating"]) == charge:
            return counted_by(book["rating"][one["rating"]])
    return counted_by(book["rating"][charge])


def counted_by(rule: Mapping[str, Any]) -> str:
    return ", ".join(use.meter for use in meters_of(rule))


def together(book: Mapping[str, Any], meter: str) -> str:
    """A meter with those that share a ladder with it: their findings are not told apart."""
    joint = [counted_by(rule) for rule in book["rating"].values() if "meters" in rule]
    return next((names for names in joint if meter in names.split(", ")), meter)
