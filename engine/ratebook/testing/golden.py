"""Goldens: all invoices of a case in a file of their own, and what differs from them in money, line by line."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from ratebook.invoice.text import grouped
from ratebook.money import EXACT
from ratebook.testing.comparing import TOTALS, Difference, signed, words
from ratebook.testing.files import NamedCase

FOLDER: Final = "__snapshots__"
"""Where goldens stand beside the file of their cases: syrupy's own place."""

_LEFT_OUT: Final = ("digests",)
_OF_LINES: Final = ("description", "quantity", "unit", "billable", "billable_unit", "currency", "period")

Invoice = Mapping[str, Any]


def golden_path(case: NamedCase) -> Path:
    """Give the file of a case's golden."""
    return case.file.path.parent / FOLDER / case.file.path.stem / f"{case.name}.json"


def golden_text(documents: Sequence[Invoice]) -> str:
    """Write invoices as a golden has them, without digests of what they were made from."""
    kept = [{key: one for key, one in document.items() if key not in _LEFT_OUT} for document in documents]
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def golden_differences(case: NamedCase, documents: Sequence[Invoice]) -> list[Difference]:
    """Compare the invoices of a case with its golden."""
    path = golden_path(case)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        help_ = "write it with `ratebook test --update`, or with `pytest --snapshot-update`"
        what = f"{case.name} golden"
        return [Difference(what, f"{what}: there is none yet; {help_}", (), None, None)]
    return list(differences(text, golden_text(documents)))


def differences(golden: str, billed: str) -> Iterator[Difference]:
    """Tell what differs between two goldens: money by line first, then everything else."""
    try:
        before, now = json.loads(golden), json.loads(billed)
    except ValueError:
        yield Difference("golden", "golden: the file is no JSON; write it anew", (), None, None)
        return
    known = {_boundary(invoice): invoice for invoice in before}
    for invoice in now:
        yield from _invoice(known.pop(_boundary(invoice), None), invoice)
    for invoice in known.values():
        yield from _invoice(invoice, None)


def _boundary(invoice: Invoice) -> tuple[str, ...]:
    return invoice["invoice"], invoice.get("document", "invoice")


def _invoice(golden: Invoice | None, billed: Invoice | None) -> Iterator[Difference]:
    either = billed or golden or {}
    who, currency = str(either["contract"]), str(either["currency"])
    lines = _by_key((golden or {}).get("lines", ())), _by_key((billed or {}).get("lines", ()))
    for key in dict.fromkeys((*lines[0], *lines[1])):
        for was, now in zip_longest(lines[0].get(key, ()), lines[1].get(key, ())):
            yield from _line(who, was, now)
    for name in TOTALS:
        was, now = (golden or {}).get(name), (billed or {}).get(name)
        if was != now:
            yield _money(f"{who} {name}", was, now, currency)
    if golden is not None and billed is not None:
        rest = (name for name in dict.fromkeys((*golden, *billed)) if name not in {"lines", *TOTALS})
        for name in rest:
            if golden.get(name) != billed.get(name):
                yield _other(f"{who} {name}", golden.get(name), billed.get(name))


def _by_key(lines: Sequence[Invoice]) -> dict[object, list[Invoice]]:
    found: dict[object, list[Invoice]] = {}
    for line in lines:
        key = (line["kind"], line["charge"], *sorted((line["dimensions"] or {}).items(), key=str))
        found.setdefault(key, []).append(line)
    return found


def _line(who: str, golden: Invoice | None, billed: Invoice | None) -> Iterator[Difference]:
    either = billed or golden or {}
    what = f"{who} {words(either['kind'], either['charge'], either['dimensions'])}"
    was, now = (None if line is None else line["amount"] for line in (golden, billed))
    if was != now or golden is None or billed is None:
        yield _money(what, was, now, either["currency"])
    if golden is not None and billed is not None:
        for name in _OF_LINES:
            if golden.get(name) != billed.get(name):
                yield _other(f"{what} {name}", golden.get(name), billed.get(name))


def _money(what: str, was: str | None, now: str | None, currency: str) -> Difference:
    more = EXACT.subtract(Decimal(now or "0"), Decimal(was or "0"))
    before = "not in the golden" if was is None else f"golden {grouped(was)} {currency}"
    after = "not billed" if now is None else f"billed {grouped(now)} {currency}"
    return Difference(what, f"{what}: {before}, {after} ({signed(more)})", (), was, now, more, currency)


def _other(what: str, was: object, now: object) -> Difference:
    before, after = (json.dumps(one, ensure_ascii=False, sort_keys=True) for one in (was, now))
    return Difference(what, f"{what}: golden {before}, now {after}", (), before, after)
