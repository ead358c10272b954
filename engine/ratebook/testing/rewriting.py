"""Expectations rewritten from what was billed: figures where they stand, or the `expect` of a case as a whole.

All else in a file stays as it was typed, comments and order as well; who rewrote what, when and why is added to its
`history`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.book.model.pricing_tests import ExpectedInvoice
from ratebook.money import total_of
from ratebook.testing.comparing import FIGURES, TOTALS, assigned
from ratebook.testing.files import CaseFile, NamedCase, read_cases
from ratebook.testing.rating import Rated
from ratebook.testing.running import result_of
from ratebook.testing.spans import Edit, Value, apply, block, flow, parse, scalar

Invoices = Sequence[Mapping[str, Any]]

_LIKE: Final = ("charge", "kind")


class Why(NamedTuple):
    """Who rewrites expectations, on which day, and why."""

    by: str
    date: date
    because: str


class Rewritten(NamedTuple):
    """The new text of a file, and the cases whose expectations changed."""

    text: str
    cases: tuple[str, ...]


def rewrite(
    file: CaseFile, outcomes: Mapping[str, tuple[str, Rated]], why: Why, also: Sequence[str] = ()
) -> Rewritten:
    """Rewrite what the cases of a file expect.

    Args:
        file: the file.
        outcomes: name of a case → the contract's id and what came of it.
        why: what is added to the history.
        also: cases whose goldens are written anew, so that the history names them too.
    """
    text, changed = file.data.decode("utf-8-sig"), []
    for case in file.cases():
        if case.name not in outcomes:
            continue
        who, rated = outcomes[case.name]
        fails = not rated.refused and result_of(case, who, rated).status == "failed"
        text = _corrected(text, case, who, rated) if fails else text
        changed += [case.name] if fails or case.name in also else []
    return Rewritten(_with_history(text, why, changed) if changed else text, tuple(changed))


def _corrected(text: str, case: NamedCase, who: str, rated: Rated) -> str:
    """Replace figures where they stand, if that is enough, else all that the case expects."""
    figures = _figures(text, case, who, rated)
    if figures is not None and _passes(figures, case, who, rated):
        return figures
    return _whole(text, case, rated)


def _passes(text: str, case: NamedCase, who: str, rated: Rated) -> bool:
    again = read_cases(case.file.path, case.file.shown, text.encode())
    return any(
        one.name == case.name and result_of(one, who, rated).status == "passed" for one in again.cases()
    )


def _figures(text: str, case: NamedCase, who: str, rated: Rated) -> str | None:
    """Replace each expected scalar that differs by what was billed; None where more than that differs."""
    root, edits = parse(text), list[Edit]()
    for failure in result_of(case, who, rated).failures:
        difference = failure.difference
        found = root.at("cases", case.name, "expect", *difference.parts)
        if difference.billed is None or difference.expected is None or found is None or not found.is_scalar:
            return None
        edits.append(Edit(found.start, found.end, _like(found, difference.billed)))
    return apply(text, edits)


def _like(value: Value, billed: str) -> str:
    """Write a figure as another one is written: in quotes, or as a number."""
    quote = value.written[:1]
    if quote in {'"', "'"}:
        return f"{quote}{billed}{quote}"
    try:
        return scalar(Decimal(billed))
    except ArithmeticError:
        return scalar(billed)


def _whole(text: str, case: NamedCase, rated: Rated) -> str:
    """Write anew all that a case expects, in the keys that it names."""
    wanted = expectation(case, rated)
    own = parse(text).at("cases", case.name)
    if own is None:
        return text
    found = own.child("expect")
    if found is not None:
        new = flow(wanted) if found.is_flow else block(wanted, found.column)
        return apply(text, [Edit(found.start, found.end, new)])
    if own.is_flow:
        return apply(text, [Edit(own.end - 1, own.end - 1, f", expect: {flow(wanted)}")])
    end, margin = own.line_end(), " " * own.column
    body = block(wanted, own.column + 2)
    return apply(text, [Edit(end, end, f"\n{margin}expect:\n{margin}  {body}")])


def expectation(case: NamedCase, rated: Rated) -> dict[str, Any]:
    """Give what a case is to expect, in the keys that it names."""
    expected, documents = case.case.expect, rated.documents
    wanted = _of_invoices(expected, documents)
    codes = sorted({one.code for one in rated.findings if one.severity != "info"})
    if codes or expected.findings is not None:
        known = {one.code for one in rated.findings}
        wanted["findings"] = sorted({*codes, *(one for one in expected.findings or () if one in known)})
    if expected.invoices is not None:
        each = [*expected.invoices, *[ExpectedInvoice(total=Decimal(0))] * len(documents)]
        wanted["invoices"] = [
            _of_invoices(one, [document]) for one, document in zip(each, documents, strict=False)
        ]
    return wanted


def _of_invoices(expected: ExpectedInvoice, documents: Invoices) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if expected.partial:
        wanted["partial"] = True
    if expected.lines is not None:
        wanted["lines"] = _lines(expected, documents)
    if expected.currency is not None and documents:
        wanted["currency"] = documents[0]["currency"]
    for name in TOTALS:
        if getattr(expected, name) is not None:
            wanted[name] = total_of(Decimal(document[name] or "0") for document in documents)
    last = documents[-1] if documents else {}
    if expected.document is not None:
        wanted["document"] = last.get("document", "invoice")
    if expected.carry_forward is not None:
        wanted["carry_forward"] = _named(expected.carry_forward, last.get("carry_forward", {}))
    return wanted


def _lines(expected: ExpectedInvoice, documents: Invoices) -> list[dict[str, Any]]:
    """Give the lines that are expected and billed, and unless they are partial those that nobody expects."""
    lines = [line for document in documents for line in document["lines"]]
    taken, rows = assigned(expected.lines or (), lines), []
    for one, own in zip(expected.lines or (), taken, strict=True):
        row = {name: getattr(one, name) for name in _LIKE if getattr(one, name)}
        row |= {"dimensions": one.dimensions} if one.dimensions else {}
        row |= {"description": own[0]["description"]} if one.description is not None and own else {}
        named = [name for name in FIGURES if getattr(one, name) is not None]
        row |= {name: total_of(Decimal(line[name] or "0") for line in own) for name in named}
        rows += [row] if own else []
    known = {id(line) for own in taken for line in own}
    for line in lines if not expected.partial else ():
        if id(line) not in known and line["kind"] != "tax" and Decimal(line["amount"] or "0"):
            rows.append(line_of(line))
    return rows


def line_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """Give what tells a line from others, and what it costs."""
    row = {name: line[name] for name in _LIKE}
    dimensions = {name: key or "" for name, key in line["dimensions"].items()}
    return (
        row | ({"dimensions": dimensions} if dimensions else {}) | {"amount": Decimal(line["amount"] or "0")}
    )


def _named(expected: Any, found: Any) -> Any:  # noqa: ANN401 - parts of a document
    """Give of something found the keys that are expected."""
    if isinstance(expected, Mapping):
        below = found if isinstance(found, Mapping) else {}
        return {key: _named(one, below[key]) for key, one in expected.items() if key in below}
    return found


def _with_history(text: str, why: Why, cases: Sequence[str]) -> str:
    """Add a rewriting to the history, which stands at the end of the file where there is none yet."""
    entry = {"date": why.date.isoformat(), "by": why.by, "because": why.because, "cases": list(cases)}
    root = parse(text)
    history = root.child("history")
    if history is None and root.is_flow:
        return apply(text, [Edit(root.end - 1, root.end - 1, f", history: [{flow(entry)}]")])
    if history is None:
        return f"{text.rstrip()}\n\nhistory:\n  - {flow(entry)}\n"
    if history.is_flow:
        separator = ", " if history.node.value else ""
        return apply(text, [Edit(history.end - 1, history.end - 1, separator + flow(entry))])
    end = history.line_end()
    return apply(text, [Edit(end, end, f"\n{' ' * history.column}- {flow(entry)}")])
