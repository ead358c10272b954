"""What was billed beside what was expected: differences in money, each at its place.

An expected line stands for all lines that are like it and that no more exact expectation has taken: their figures are
added up. Of expectations that read alike each takes one line, in order, and the last takes the rest. Lines that cost
nothing and lines of tax need not be expected.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.book.model.pricing_tests import ExpectedInvoice, ExpectedLine
from ratebook.findings import Finding
from ratebook.invoice.text import grouped
from ratebook.money import EXACT, plain, total_of

Line = Mapping[str, Any]
Invoices = Sequence[Mapping[str, Any]]

FIGURES: Final = ("amount", "quantity", "billable")
TOTALS: Final = ("subtotal", "tax", "total")


class Difference(NamedTuple):
    """Something that is not as it was expected.

    Attributes:
        what: what it is about, as in `acme usage rpc-requests`.
        text: the whole of it in words.
        parts: where the expectation stands below `expect`.
        expected: what was expected, as text; None for nothing.
        billed: what there is; None for nothing.
        amount: by how much money more is billed than expected; None where it is not about money.
        currency: of the amount.
    """

    what: str
    text: str
    parts: tuple[str | int, ...]
    expected: str | None
    billed: str | None
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison.

    Attributes:
        who: the contract, for texts.
        parts: where the expectation stands below `expect`.
    """

    who: str
    parts: tuple[str | int, ...] = ()

    def invoices(self, expected: ExpectedInvoice, invoices: Invoices) -> Iterator[Difference]:
        """Compare the invoices of a case, all together, with what is expected of them."""
        currency = invoices[0]["currency"] if invoices else expected.currency or ""
        if expected.lines is not None:
            yield from self.lines(expected, expected.lines, invoices)
        if expected.currency is not None and invoices and expected.currency != currency:
            yield self._other("currency", expected.currency, currency)
        for name in TOTALS:
            wanted = getattr(expected, name)
            if wanted is not None:
                billed = total_of(Decimal(invoice[name] or "0") for invoice in invoices)
                if billed != wanted:
                    yield self._money(name, (name,), wanted, billed, currency)
        yield from self._documents(expected, invoices)

    def _documents(self, expected: ExpectedInvoice, invoices: Invoices) -> Iterator[Difference]:
        last = invoices[-1] if invoices else {}
        if expected.document is not None and last.get("document", "invoice") != expected.document:
            yield self._other("document", expected.document, last.get("document", "invoice"))
        if expected.carry_forward is not None:
            yield from self._tree(expected.carry_forward, last.get("carry_forward"), ("carry_forward",))

    def _tree(self, expected: Any, found: Any, parts: tuple[str | int, ...]) -> Iterator[Difference]:  # noqa: ANN401 - a part of a document
        if isinstance(expected, Mapping):
            below = found if isinstance(found, Mapping) else {}
            for key, one in expected.items():
                yield from self._tree(one, below.get(key), (*parts, key))
        elif _same(expected) != _same(found):
            name = " ".join(map(str, parts))
            yield self._other(name, _same(expected) or "", _same(found), parts)

    def lines(
        self, expected: ExpectedInvoice, wanted: Sequence[ExpectedLine], invoices: Invoices
    ) -> Iterator[Difference]:
        """Compare lines, and name those that nobody expects."""
        lines = [line for invoice in invoices for line in invoice["lines"]]
        taken = assigned(wanted, lines)
        for number, (one, own) in enumerate(zip(wanted, taken, strict=True)):
            yield from self._line(one, own, ("lines", number), lines)
        if not expected.partial:
            known = {id(line) for own in taken for line in own}
            for line in lines:
                if id(line) not in known and line["kind"] != "tax" and Decimal(line["amount"] or "0"):
                    yield self._unexpected(line)

    def _line(
        self,
        expected: ExpectedLine,
        own: Sequence[Line],
        place: tuple[str | int, ...],
        all_lines: Sequence[Line],
    ) -> Iterator[Difference]:
        what = _named(expected)
        if not own:
            currency = all_lines[0]["currency"] if all_lines else ""
            yield self._missing(what, expected, place, currency)
            return
        for name in FIGURES:
            wanted = getattr(expected, name)
            found = total_of(Decimal(line[name] or "0") for line in own)
            if wanted is None or wanted == found:
                continue
            if name == "amount":
                yield self._money(what, (*place, name), wanted, found, own[0]["currency"])
            else:
                yield self._measured(f"{what} {name}", (*place, name), wanted, found, _unit(own[0], name))
        if expected.description is not None and own[0]["description"] != expected.description:
            yield self._other(
                f"{what} description", expected.description, own[0]["description"], (*place, "description")
            )

    def _money(
        self, what: str, place: tuple[str | int, ...], expected: Decimal, billed: Decimal, currency: str
    ) -> Difference:
        more = EXACT.subtract(billed, expected)
        wanted, found = _written(expected, billed), _written(billed, billed)
        text = f"expected {grouped(wanted)} {currency}, billed {grouped(found)} {currency} ({signed(more)})"
        return self._difference(what, text, place, (wanted, found), more, currency)

    def _measured(
        self, what: str, place: tuple[str | int, ...], expected: Decimal, found: Decimal, unit: str
    ) -> Difference:
        wanted, measured = plain(expected), plain(found)
        text = f"expected {grouped(wanted)} {unit}, measured {grouped(measured)} {unit}"
        return self._difference(what, text, place, (wanted, measured))

    def _missing(
        self, what: str, expected: ExpectedLine, place: tuple[str | int, ...], currency: str
    ) -> Difference:
        if expected.amount is None:
            return self._difference(what, "expected a line, not billed", place, ("a line", None))
        wanted, less = str(expected.amount), EXACT.minus(expected.amount)
        text = f"expected {grouped(wanted)} {currency}, not billed ({signed(less)})"
        return self._difference(what, text, place, (wanted, None), less, currency)

    def _unexpected(self, line: Line) -> Difference:
        billed = line["amount"] or "0"
        text = f"not expected, billed {grouped(billed)} {line['currency']} ({signed(Decimal(billed))})"
        what = words(line["kind"], line["charge"], line["dimensions"])
        return self._difference(what, text, ("lines",), (None, billed), Decimal(billed), line["currency"])

    def _other(
        self, what: str, expected: str, found: str | None, parts: tuple[str | int, ...] | None = None
    ) -> Difference:
        text = f"expected {expected!r}, found {'nothing' if found is None else repr(found)}"
        return self._difference(what, text, parts or (what,), (expected, found))

    def _difference(
        self,
        what: str,
        text: str,
        place: tuple[str | int, ...],
        values: tuple[str | None, str | None],
        amount: Decimal | None = None,
        currency: str | None = None,
    ) -> Difference:
        whole = f"{self.who} {what}"
        return Difference(whole, f"{whole}: {text}", (*self.parts, *place), *values, amount, currency)


def assigned(expected: Sequence[ExpectedLine], lines: Sequence[Line]) -> list[list[Line]]:
    """Give each expectation the lines that it stands for."""
    taken: list[list[Line]] = [[] for _ in expected]
    left = Counter(map(_key, expected))
    free = {id(line): line for line in lines}
    for number in sorted(range(len(expected)), key=lambda number: -_exactness(expected[number])):
        key = _key(expected[number])
        own = [line for line in free.values() if is_like(expected[number], line)]
        left[key] -= 1
        taken[number] = own[:1] if left[key] else own
        for line in taken[number]:
            del free[id(line)]
    return taken


def is_like(expected: ExpectedLine, line: Line) -> bool:
    """Tell whether an expectation may stand for a line."""
    return (
        line["charge"] == expected.charge
        and expected.kind in {None, line["kind"]}
        and all(
            (line["dimensions"].get(name, _ABSENT) or "") == key for name, key in expected.dimensions.items()
        )
    )


_ABSENT: Final = "\0"


def _key(expected: ExpectedLine) -> tuple[object, ...]:
    return expected.charge, expected.kind, tuple(sorted(expected.dimensions.items()))


def _exactness(expected: ExpectedLine) -> int:
    return 2 * len(expected.dimensions) + (expected.kind is not None)


def finding_differences(
    who: str, expected: Sequence[str] | None, findings: Sequence[Finding]
) -> Iterator[Difference]:
    """Compare codes of findings. Unless some are expected there may be nothing but infos."""
    codes = {finding.code for finding in findings}
    for number, code in enumerate(expected or ()):
        if code not in codes:
            what = f"{who} finding {code}"
            yield Difference(what, f"{what}: expected, not found", ("findings", number), code, None)
    for finding in findings:
        if finding.code not in (expected or ()) and finding.severity != "info":
            what = f"{who} finding {finding.code}"
            yield Difference(
                what, f"{what}: not expected: {finding.message}", ("findings",), None, finding.code
            )


def count_difference(who: str, expected: int, invoices: Invoices) -> Difference | None:
    """Compare the number of invoices."""
    if expected == len(invoices):
        return None
    totals = ", ".join(f"{grouped(one['total'])} {one['currency']}" for one in invoices)
    text = f"{who} invoices: expected {expected}, found {len(invoices)}{totals and f': {totals}'}"
    return Difference(f"{who} invoices", text, ("invoices",), str(expected), str(len(invoices)))


def signed(amount: Decimal) -> str:
    """Write a difference of money with its sign, as in `+1.50`."""
    return ("" if amount < 0 else "+") + grouped(str(amount))


def _written(amount: Decimal, like: Decimal) -> str:
    """Write an amount with as many decimals as another has, where it has fewer."""
    exponent = like.as_tuple().exponent
    own = amount.as_tuple().exponent
    if isinstance(exponent, int) and isinstance(own, int) and exponent < own:
        return str(amount.quantize(Decimal(1).scaleb(exponent), context=EXACT))
    return str(amount)


def _named(expected: ExpectedLine) -> str:
    return words(expected.kind or "", expected.charge, expected.dimensions)


def words(kind: str, charge: str, dimensions: Mapping[str, str | None]) -> str:
    """Name a line, as in `usage rpc-requests (chain base)`."""
    keys = ", ".join(f"{name} {key or 'none'}" for name, key in dimensions.items())
    return f"{kind} {charge}".strip() + (f" ({keys})" if keys else "")


def _unit(line: Line, name: str) -> str:
    return str(line["unit" if name == "quantity" else "billable_unit"] or "")


def _same(value: Any) -> str | None:  # noqa: ANN401 - a part of a document
    """Bring what a document says into the form in which it is compared: numbers as plain texts."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return plain(Decimal(value))
    try:
        return None if value is None else plain(Decimal(str(value)))
    except ArithmeticError:
        return str(value)
