"""Two saved results of `ratebook rate --save` compared: who pays what, without usage and without the books.

They say what is paid, not why: the document has no causes.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

import orjson

from ratebook.calendar import RunPeriod, iso, zone
from ratebook.canonical import digest
from ratebook.findings import Finding
from ratebook.invoice.corrections import Document, LineKey
from ratebook.money import ZERO, total_of
from ratebook.preview.amounts import amounts, by_size, line_change, totals
from ratebook.preview.bills import Line, changed_lines, lines_of
from ratebook.preview.document import FORMAT_VERSION, KIND, DiffDocument, DocumentError

_READ: Final = "1"
"""The major version of saved results that is read."""

_COUNTS: Final = ("events", "filtered_out", "duplicates")


_UNKNOWN: Final[Mapping[str, Any]] = {
    "format_version": FORMAT_VERSION,
    "kind": KIND,
    "as_if": None,
    "closed_until": None,
    "causes": [],
    "usage_changes": {"newly_billed": [], "newly_unbilled": []},
    "price_sheets": [],
    "policy": None,
}
"""What a comparison without the books says nothing about."""


class SavedResult(NamedTuple):
    """What a run came to, and what its file is called."""

    name: str
    document: Document


class _Paid(NamedTuple):
    """What a contract pays in one currency: its invoices, their sum, and their lines."""

    invoices: list[Document]
    total: Decimal
    lines: Mapping[LineKey, tuple[Line, Decimal]]


_NOTHING: Final = _Paid([], ZERO, {})


def read_saved(data: bytes, name: str) -> SavedResult:
    """Read what `ratebook rate --save` wrote.

    Raises:
        DocumentError: it is something else, or of a major version that this release cannot read.
    """
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DocumentError(f"{name} is no JSON: {error}; make one with ratebook rate --save") from None
    if not isinstance(document, dict) or not {"invoices", "findings", "usage", "digests"} <= document.keys():
        raise DocumentError(f"{name} is no result of a run; make one with ratebook rate --save")
    version = str(document.get("format_version"))
    if version.partition(".")[0] != _READ:
        raise DocumentError(
            f"{name} has format_version {version}, and this release reads 1.x; use the ratebook that wrote it"
        )
    return SavedResult(name, document)


def compare_saved(first: SavedResult, second: SavedResult) -> DiffDocument:
    """Compare two results of runs over the same period.

    Raises:
        DocumentError: they are of different periods, or are not as a run writes them.
    """
    try:
        return cast("DiffDocument", _compared(first, second))
    except KeyError as error:
        msg = f"{first.name} or {second.name} lacks {error}; make them with ratebook rate --save"
        raise DocumentError(msg) from None
    except DocumentError:
        raise
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        msg = f"{first.name} or {second.name} is not as a run writes it; make them with ratebook rate --save"
        raise DocumentError(msg) from None


def _compared(first: SavedResult, second: SavedResult) -> dict[str, Any]:
    was, now = first.document, second.document
    period = _period(first, second)
    window = RunPeriod.parse(period).window(zone("UTC"))
    before, after = _paid(was["invoices"]), _paid(now["invoices"])
    keys = sorted({*before, *after})
    found = [_contract(key, before.get(key, _NOTHING), after.get(key, _NOTHING)) for key in keys]
    contracts = sorted((one for one in found if one["lines"] or Decimal(one["difference"])), key=by_size)
    return {
        **_UNKNOWN,
        "period": period,
        "base": _side(first),
        "head": _side(second),
        "engine": {name: now["digests"][name] for name in ("ratebook", "semantics", "tzdata")},
        "usage": {
            "window": {"from": iso(window.start, zone("UTC")), "to": iso(window.end, zone("UTC"))},
            "digest": None,
            "measures": [{"measure": one["measure"], "events": one["events"]} for one in now["usage"]],
        },
        "fx": {"digest": digest(sorted(map(digest, [*_quotes(was), *_quotes(now)])))},
        "contracts_compared": len({contract for contract, _ in keys}),
        "contracts_touched": len({one["contract"] for one in contracts}),
        "totals": totals(contracts),
        "contracts": contracts,
        "findings": [*_unlike(was, now), *_new_findings(was, now)],
    }


def _period(first: SavedResult, second: SavedResult) -> str:
    was, now = (str(one.document["digests"]["period"]) for one in (first, second))
    if was != now:
        names = f"{first.name} is of {was}, {second.name} of {now}"
        raise DocumentError(f"{names}; two results are compared for one period")
    return was


def _paid(invoices: Iterable[Document]) -> dict[tuple[str, str], _Paid]:
    """Put the invoices of a contract in one currency together."""
    found: dict[tuple[str, str], list[Document]] = {}
    for invoice in invoices:
        found.setdefault((invoice["contract"], invoice["currency"]), []).append(invoice)
    return {
        key: _Paid(own, total_of(Decimal(one["total"]) for one in own), lines_of(own))
        for key, own in found.items()
    }


def _contract(key: tuple[str, str], was: _Paid, now: _Paid) -> dict[str, Any]:
    contract, currency = key
    invoice = (now.invoices or was.invoices)[0]
    status = "new" if not was.invoices else "gone" if not now.invoices else "changed"
    return {
        "contract": contract,
        "customer": invoice["customer"].get("name"),
        "spec": invoice["spec"],
        "plan": None,
        "currency": currency,
        "status": status,
        **amounts(was.total, now.total, currency),
        "causes": [],
        "lines": [line_change(*one, currency) for one in changed_lines(was.lines, now.lines)],
        "shielded": [],
    }


def _side(result: SavedResult) -> dict[str, str]:
    digests = result.document["digests"]
    return {"name": result.name, "book": digests["book"], "source": digests["source"]}


def _new_findings(was: Document, now: Document) -> Iterator[Document]:
    known = {_told(one) for one in _findings(was)}
    return (one for one in _findings(now) if _told(one) not in known)


def _findings(result: Document) -> list[Document]:
    """Give the findings of a run, and those of its invoices that are not among them."""
    own: list[Document] = list(result["findings"])
    told = {_told(one) for one in own}
    return own + [
        one for invoice in result["invoices"] for one in invoice["findings"] if _told(one) not in told
    ]


def _told(finding: Document) -> tuple[str, str]:
    return finding["code"], finding["message"]


def _unlike(was: Document, now: Document) -> Iterator[Document]:
    """Say what else but the books may have moved an amount."""
    for name, words in {
        "semantics": "rating semantics",
        "ratebook": "release",
        "tzdata": "time zones",
    }.items():
        values = [str(one["digests"][name]) for one in (was, now)]
        if values[0] != values[1]:
            yield _warning(words, f"{values[0]} and {values[1]}")
    before, after = (_measured(one) for one in (was, now))
    for measure in sorted(before.keys() & after.keys()):
        if before[measure] != after[measure]:
            events = f"{before[measure]:,} and {after[measure]:,} events"
            yield _warning("usage", f"{measure} met {events}")
    rates = {(one["source"], one["pair"], one["wanted"]): one["rate"] for one in _quotes(was)}
    for pair in sorted(
        {one["pair"] for one in _quotes(now) if rates.get(_of(one), one["rate"]) != one["rate"]}
    ):
        yield _warning("exchange rates", f"{pair} differs")


def _of(quote: Document) -> tuple[str, str, str]:
    return quote["source"], quote["pair"], quote["wanted"]


def _measured(result: Document) -> dict[str, int]:
    """Count the events that each measure met, whether or not its filter took them."""
    return {one["measure"]: sum(one[name] for name in _COUNTS) for one in result["usage"]}


def _quotes(result: Document) -> list[Document]:
    """Give the exchange rates of all invoices, each once."""
    found = {digest(quote): quote for invoice in result["invoices"] for quote in invoice["fx"]}
    return [found[key] for key in sorted(found)]


def _warning(what: str, values: str) -> Document:
    return Finding(
        "RB609",
        f"the two results have not the same {what}: {values}",
        help="rate both books anew with the same release over the same usage, or compare them with ratebook diff",
    ).document()
