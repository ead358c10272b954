"""What a contract's invoices of a period come to, and by which lines two such bills differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.billrun.outcomes import Outcome
from ratebook.book import Book
from ratebook.book.model import Charge, Contract
from ratebook.compiler.program import Program
from ratebook.compiler.terms import pointer_for
from ratebook.findings import Finding
from ratebook.invoice.corrections import LineKey, key_of
from ratebook.money import ZERO, total_of
from ratebook.preview.shields import Shielded

Line = Mapping[str, Any]


class Bill(NamedTuple):
    """A contract's invoices of the period, in one state of the book.

    Attributes:
        currency: of its amounts; "" where nothing is billed at all.
        total: what the customer pays, with tax.
        lines: of all invoices, those of equal meaning added up.
        events: meter → how many events were billed.
        findings: what could not be billed.
        programs: the terms.
    """

    currency: str
    total: Decimal
    lines: Mapping[LineKey, tuple[Line, Decimal]]
    events: Mapping[str, int]
    findings: Sequence[Finding]
    programs: Sequence[Program]


NOTHING: Final = Bill("", ZERO, {}, {}, (), ())


def bill_of(outcomes: Sequence[Outcome], book: Book) -> Bill:
    """Add up what became of one contract in one state of a book."""
    if not outcomes:
        return NOTHING
    documents = [one.document for one in outcomes if one.document is not None and one.status == "invoice"]
    return Bill(
        outcomes[0].program.agreement.currency,
        total_of(Decimal(one["total"]) for one in documents),
        lines_of(documents),
        _events(outcomes, book),
        [finding for one in outcomes for finding in one.findings],
        [one.program for one in outcomes],
    )


def lines_of(documents: Iterable[Mapping[str, Any]]) -> Mapping[LineKey, tuple[Line, Decimal]]:
    """Add up the lines of invoices that mean the same; with tax they are what the customer pays."""
    lines: dict[LineKey, tuple[Line, Decimal]] = {}
    for document in documents:
        for line in document["lines"]:
            if document.get("prices") == "inclusive" and line["charge"] == "tax":
                continue  # the lines that it is the tax of hold it already
            key = key_of(line)
            before = lines[key][1] if key in lines else ZERO
            lines[key] = (line, before + Decimal(line["amount"] or 0))
    return lines


def _events(outcomes: Iterable[Outcome], book: Book) -> Mapping[str, int]:
    """Count the events of each meter that some charge bills; a surcharge bills none anew."""
    found: dict[str, int] = {}
    for outcome in outcomes:
        meters = _meters(book, outcome.rated) if outcome.rated is not None else {}
        for rated, rows in outcome.used:
            meter = meters.get(rated.program.charge)
            if meter is not None and not rated.program.report_only:
                billed = sum(row.events for row in rows) - sum(one.row.events for one in rated.missing)
                found[meter] = found.get(meter, 0) + billed
    return {meter: events for meter, events in found.items() if events}


def _meters(book: Book, contract: Contract) -> Mapping[str, str]:
    """Give the meters that the contract's charges bill: charge → names; surcharges are left out."""
    found = {}
    for charge in charges_of(book, contract):
        rule, own = book.rules[charge.rating], contract.terms.overrides.get(charge.id)
        said = [one.surcharge for one in (own, charge) if one is not None and one.surcharge is not None]
        if not (said[0] if said else rule.surcharge):
            found[charge.id] = ", ".join(use.meter for use in rule.uses)
    return found


def charges_of(book: Book, contract: Contract) -> Iterator[Charge]:
    """Give the charges of a contract's plans, then its own."""
    for name in dict.fromkeys((*(phase.plan for phase in contract.terms.phases), contract.terms.plan)):
        yield from book.plans[name].charges if name is not None else ()
    yield from contract.terms.charges


def differing(was: Bill, now: Bill) -> Iterator[tuple[Line, Decimal | None, Decimal | None]]:
    """Give the lines by which two bills differ, in the order of the later bill, then of the earlier."""
    return changed_lines(was.lines, now.lines)


def changed_lines(
    was: Mapping[LineKey, tuple[Line, Decimal]], now: Mapping[LineKey, tuple[Line, Decimal]]
) -> Iterator[tuple[Line, Decimal | None, Decimal | None]]:
    """Give the lines that differ, in the order of the later ones; None stands for a line that is not there."""
    for key in dict.fromkeys((*now, *was)):
        old, new = was.get(key), now.get(key)
        if old is None and new is not None and new[1]:
            yield new[0], None, new[1]
        elif new is None and old is not None and old[1]:
            yield old[0], old[1], None
        elif old is not None and new is not None and old[1] != new[1]:
            yield new[0], old[1], new[1]


_BALANCING: Final = ("minimum", "maximum", "commitment", "credit")


def balanced_by(contract: str, was: Bill, now: Bill) -> Iterator[Shielded]:
    """Name the bounds, commitments and credits of a contract that take up a part of what has changed.

    Only what goes against the other lines takes something up: a commitment that is new is itself what changes.
    """
    taken: dict[tuple[str, str], Decimal] = {}
    moved = ZERO
    for line, old, new in differing(was, now):
        amount = (new or ZERO) - (old or ZERO)
        if line["kind"] in _BALANCING:
            key = line["kind"], line["charge"]
            taken[key] = taken.get(key, ZERO) + amount
        elif line["kind"] != "tax":
            moved += amount
    for (by, name), amount in taken.items():
        if amount * moved < 0:
            yield Shielded(
                by, pointer_for(_pointer(by, name, (*now.programs, *was.programs)), contract), None
            )


def _pointer(by: str, name: str, programs: Iterable[Program]) -> str:
    """Find where the book says a bound, a commitment or a credit."""
    return next((place for one in programs for place, id_ in _places(by, one) if id_ == name), "")


def _places(by: str, program: Program) -> Iterator[tuple[str, str]]:
    if by == "commitment":
        yield from ((one.pointer, one.commitment) for one in program.commitments)
    elif by == "credit":
        yield from ((one.pointer, one.credit) for one in program.credits)
    elif by == "maximum":
        yield from ((one.maximum.pointer, one.charge) for one in program.charges if one.maximum is not None)
    else:
        yield from ((one.minimum.pointer, one.charge) for one in program.charges if one.minimum is not None)
        yield from ((one.bound.pointer, "minimum") for one in program.minimums)
