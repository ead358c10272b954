"""The text of a recorded case: a contract without names, usage as rows, rates that were taken, what was billed."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from ratebook.calendar import Instant, iso
from ratebook.testing.comparing import FIGURES, TOTALS
from ratebook.testing.files import CaseFile, read_cases
from ratebook.testing.rating import Rated
from ratebook.testing.recording import Row
from ratebook.testing.rewriting import line_of
from ratebook.testing.spans import block, flow

Invoices = Sequence[Mapping[str, Any]]

_HEAD: Final = """# yaml-language-server: $schema=../../specs/schema/tests.schema.json
#
# Recorded from real usage. Names are replaced; rows stand for events that nothing in the book tells apart.
cases:
"""


class Recorded(NamedTuple):
    """A case before it is written.

    Attributes:
        name: its name.
        contract: the contract, without names.
        period: what is billed.
        fx: the rates that its invoices took.
        usage: source → rows, without names.
        where: the time zone in which times are written.
    """

    name: str
    contract: Mapping[str, Any]
    period: str
    fx: Sequence[str]
    usage: Mapping[str, Sequence[Row]]
    where: ZoneInfo

    def text(self, expect: Mapping[str, Any] | None) -> str:
        """Write the file of the case."""
        rows = [f"  {self.name}:", "    contract:", f"      {block(self.contract, 6)}"]
        rows += [f'    period: "{self.period}"']
        rows += ["    fx:", *(f"      - {one}" for one in self.fx)] if self.fx else []
        rows += self._usage()
        if expect is not None:
            rows += ["    expect:", *_expected(expect)]
        return _HEAD + "\n".join(rows) + "\n"

    def _usage(self) -> Iterator[str]:
        used = {source: rows for source, rows in self.usage.items() if rows}
        if used:
            yield "    usage:"
        for source, rows in used.items():
            yield f"      {source}:"
            yield from (f"        - {flow(self._row(row))}" for row in rows)

    def _row(self, row: Row) -> dict[str, Any]:
        count = {"count": row.times} if row.times != 1 else {}
        subject = {} if row.subject == self.contract.get("org") else {"subject": row.subject}
        return {"at": _time(row.at, self.where), **subject, **count, **row.values}

    def file(self, path: Path, text: str) -> CaseFile:
        """Read what was written."""
        return read_cases(path, path.as_posix(), text.encode())


def _time(at: Instant, where: ZoneInfo) -> str:
    """Write a time, one that is a midnight as a date."""
    text = iso(at, where)
    return text[:10] if text[11:19] == "00:00:00" and len(text.partition(".")[2]) == 0 else text


def _expected(expect: Mapping[str, Any]) -> Iterator[str]:
    for key, value in expect.items():
        if key == "invoices":
            yield "      invoices:"
            for invoice in value:
                yield f"        - {block(invoice, 10)}"
        else:
            yield f"      {block({key: value}, 6)}"


def expected_of(rated: Rated) -> dict[str, Any]:
    """Say everything that costs money in what was billed, and what was found."""
    codes = sorted({one.code for one in rated.findings if one.severity != "info"})
    found = {"findings": codes} if codes else {}
    if len(rated.documents) == 1:
        return _of_invoice(rated.documents[0]) | found
    return {"invoices": [_of_invoice(one) for one in rated.documents]} | found


def _of_invoice(invoice: Mapping[str, Any]) -> dict[str, Any]:
    lines = [line_of(line) | _billable(line) for line in invoice["lines"] if line["kind"] != "tax"]
    totals = {name: Decimal(invoice[name]) for name in TOTALS if invoice[name] is not None}
    return {"currency": invoice["currency"], "lines": lines, **totals}


def _billable(line: Mapping[str, Any]) -> dict[str, Any]:
    return {"billable": Decimal(line["billable"])} if line["kind"] == "usage" else {}


def rates_of(invoices: Invoices) -> list[str]:
    """Give the exchange rates that invoices took, as rows of a rate table."""
    quotes = [quote for invoice in invoices for quote in invoice["fx"]]
    rows = [f"{one['published']},{one['source']},{one['pair']},{one['rate']}" for one in quotes]
    return sorted(dict.fromkeys(rows))


def money_of(rated: Rated) -> list[object]:
    """Give of invoices everything that must be equal whatever the names are.

    Events that did not count because something is wrong with them (4xx) are not recorded.
    """
    return [
        *(
            (
                *(invoice[name] for name in (*TOTALS, "currency", "boundary", "kind")),
                *sorted(
                    (line["kind"], line["charge"], *(line[one] for one in FIGURES))
                    for line in _known(invoice)
                ),
            )
            for invoice in rated.documents
        ),
        sorted({one.code for one in rated.findings if one.severity != "info" and one.code[:3] != "RB4"}),
    ]


def _known(invoice: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for line in invoice["lines"]:
        yield {**line, **{name: line[name] or "" for name in FIGURES}}
