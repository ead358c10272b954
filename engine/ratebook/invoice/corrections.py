"""What a closed period costs today against what was billed for it: signed lines that correct, and their cause.

An issued invoice never changes. Its period is rated again; what its lines and their earlier corrections came to is
subtracted, charge by charge. An issued document is never allocated anew (largest remainders may move a unit of a line
that nothing happened to): only the difference is divided over lines.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.invoice.line import Line, shown
from ratebook.money import ZERO, allocate, total_of

COMPARED: Final = ("fee", "usage", "discount", "maximum", "minimum")
"""Kinds of lines that a correction looks at; commitments and credits of a closed period are not reopened."""
CAUSES: Final = (("usage", "usage"), ("terms", "book"), ("fx", "fx"))
"""Digest of an invoice → the cause of a correction that it names when it has changed."""

Document = Mapping[str, Any]


class LineKey(NamedTuple):
    """What makes two lines of different documents the same line; a child account is one of its dimensions."""

    charge: str
    kind: str
    meter: str
    dimensions: tuple[tuple[str, str | None], ...]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Stand:
    """What a line came to: amount, and for usage its quantity and billable units."""

    amount: Decimal
    quantity: Decimal
    billable: Decimal

    def __add__(self, other: "Stand") -> "Stand":
        """Add what a correction changed."""
        return Stand(
            self.amount + other.amount, self.quantity + other.quantity, self.billable + other.billable
        )


_NOTHING: Final = Stand(ZERO, ZERO, ZERO)


class Correction(NamedTuple):
    """One line of a closed period: what it was, what it is now, and by how much the next document corrects it.

    `amount` is the signed correction. Over all lines of a charge it adds up to the charge's change.
    """

    key: LineKey
    line: Line
    was: Stand
    now: Stand
    amount: Decimal


def billed(issued: Document, later: Iterable[Document]) -> dict[LineKey, tuple[Line, Stand]]:
    """Give what was billed for a period: the lines of its invoice, with all corrections that later documents made."""
    found = {key_of(line): (line, _stand(line)) for line in issued["lines"] if line["kind"] in COMPARED}
    for document in later:
        for line in document["lines"]:
            if line["kind"] == "correction" and line["corrects"]["invoice"] == issued["invoice"]:
                key = key_of(line)
                first, before = found.get(key, (line, _NOTHING))
                found[key] = (first, before + _stand(line))
    return found


def key_of(line: Line) -> LineKey:
    """Give what identifies a line, or the line that a correction corrects."""
    kind = line["corrects"]["kind"] if line["kind"] == "correction" else line["kind"]
    period = line["period"]
    dimensions = tuple(line["dimensions"].items())
    return LineKey(line["charge"], kind, line.get("meter") or "", dimensions, period["from"], period["to"])


def _stand(line: Line) -> Stand:
    return Stand(*(Decimal(line[name] or 0) for name in ("amount", "quantity", "billable")))


def corrections(was: Mapping[LineKey, tuple[Line, Stand]], now: Document, unit: Decimal) -> list[Correction]:
    """Compare what was billed for a period with what it costs now.

    The change of a charge goes to its lines whose billable units changed: to each its own change, and what the shares
    of the others moved by is divided among them by how much they changed. Where no units changed (another price, or
    another exchange rate) each line has its own change. A charge whose units and total are what they were is not
    corrected.

    Args:
        was: from `billed`.
        now: the period's document as it is rated today.
        unit: the currency's minor unit.
    """
    today = {key_of(line): (line, _stand(line)) for line in now["lines"] if line["kind"] in COMPARED}
    groups: dict[tuple[str, str], list[LineKey]] = {}
    for key in {**today, **was}:
        groups.setdefault((key.charge, key.kind), []).append(key)
    return [one for keys in groups.values() for one in _of_group(keys, was, today, unit)]


def _of_group(
    keys: Sequence[LineKey],
    was: Mapping[LineKey, tuple[Line, Stand]],
    today: Mapping[LineKey, tuple[Line, Stand]],
    unit: Decimal,
) -> Iterator[Correction]:
    before = [was[key][1] if key in was else _NOTHING for key in keys]
    after = [today[key][1] if key in today else _NOTHING for key in keys]
    amounts = _divided(before, after, unit)
    for key, old, new, amount in zip(keys, before, after, amounts, strict=True):
        if amount or old.quantity != new.quantity or old.billable != new.billable:
            line = today[key][0] if key in today else was[key][0]
            yield Correction(key, line, old, new, amount)


def _divided(before: Sequence[Stand], after: Sequence[Stand], unit: Decimal) -> list[Decimal]:
    changes = [new.amount - old.amount for old, new in zip(before, after, strict=True)]
    moved = [abs(new.billable - old.billable) for old, new in zip(before, after, strict=True)]
    total = total_of(changes)
    if any(moved):
        own = [change if units else ZERO for change, units in zip(changes, moved, strict=True)]
        rest = total - total_of(own)
        # the shares of allocate have the sign of its total
        signed = [units.copy_sign(rest) for units in moved]
        return [amount + more for amount, more in zip(own, allocate(rest, signed, unit), strict=True)]
    return changes if total else [ZERO] * len(changes)


def causes(issued: Document, now: Document) -> list[str]:
    """Say what has changed since a document was issued: usage, the book, exchange rates."""
    return [cause for name, cause in CAUSES if issued["digests"].get(name) != now["digests"].get(name)]


def correction_line(one: Correction, invoice: str, cause: Sequence[str]) -> Line:
    """Write the line of a correction.

    Args:
        one: what changed.
        invoice: id of the invoice that is corrected.
        cause: what has changed since.
    """
    usage = one.key.kind == "usage"
    written = {
        "kind": "correction",
        "description": _described(one.line),
        "quantity": shown(one.now.quantity - one.was.quantity) if usage else None,
        "billable": shown(one.now.billable - one.was.billable) if usage else None,
        "amount": str(one.amount),
        "corrects": {
            "invoice": invoice,
            "kind": one.key.kind,
            "was": str(one.was.amount),
            "is": str(one.was.amount + one.amount),
            "cause": list(cause),
        },
    }
    return one.line | written


def _described(line: Line) -> str:
    """Say what is corrected; where today has no such line any more, an earlier correction may be all there is of it."""
    text: str = line["description"]
    return text if line["kind"] == "correction" else f"Correction: {text}"
