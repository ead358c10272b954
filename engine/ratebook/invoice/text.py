"""An invoice as text for people: fixed width, amounts in the currency's own decimals, nothing computed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import Any, Final

from ratebook.findings import printable
from ratebook.money import EXACT, plain, total_of

WIDTH: Final = 96
_AMOUNT: Final = 16
_QUANTITY: Final = 30


def draw_invoice(invoice: Mapping[str, Any]) -> str:
    """Draw one invoice."""
    period = invoice["period"]
    customer = invoice["customer"].get("name", invoice["contract"])
    days = f"{_day(period['from'])} until {_day(period['to'])} ({period['time_zone']})"
    opening = "Opening invoice" if invoice["kind"] == "opening" else "Invoice"
    rows = [
        _ends(f"{opening} {invoice['invoice']}", f"{invoice['contract']} · {invoice['spec']}"),
        customer,
        f"{days} · issued {invoice['issue_date']} · due {invoice['due_date']}",
        "=" * WIDTH,
        *_lines(invoice),
        "-" * WIDTH,
        *_taxes(invoice),
    ]
    if invoice["tax"] is None:
        rows.append(_ends("Tax", "added by the sink"))
    if "credited" in invoice:
        paid = (line for line in invoice["lines"] if line["kind"] == "credit")
        rows += [_ends(printable(line["description"]), grouped(line["amount"])) for line in paid]
    rows += [_ends(f"Total {invoice['currency']}", grouped(invoice["total"])), "=" * WIDTH]
    rows += [_quote(quote) for quote in invoice["fx"]]
    if invoice.get("appendix"):
        rows += ["Usage in this period (no charge)", *(_line(line) for line in invoice["appendix"])]
    rows += _balances(invoice)
    rows += [f"! {finding['code']} {printable(finding['message'])}" for finding in invoice["findings"]]
    return "\n".join(row.rstrip() for row in rows) + "\n"


def draw_summary(invoices: Iterable[Mapping[str, Any]], totals: dict[str, list[str]]) -> Iterator[str]:
    """Draw one row for each invoice as it comes, and gather the totals by currency."""
    yield f"{'contract':<22}{'customer':<28}{'period':<22}{'total':>19} cur"
    yield "-" * WIDTH
    for invoice in invoices:
        add_total(invoice, totals)
        yield summary_row(invoice)


def add_total(invoice: Mapping[str, Any], totals: dict[str, list[str]]) -> None:
    """Add an invoice to the totals by currency."""
    totals.setdefault(invoice["currency"], []).append(invoice["total"])


def draw_totals(totals: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Draw how many invoices there are in each currency, and what they come to."""
    yield "-" * WIDTH
    for currency in sorted(totals):
        total = total_of(Decimal(amount) for amount in totals[currency])
        yield _ends(f"{len(totals[currency])} invoice(s)", grouped(str(total)), WIDTH - 4) + f" {currency}"


def summary_row(invoice: Mapping[str, Any]) -> str:
    """Draw an invoice as one row."""
    period = invoice["period"]
    days = f"{_day(period['from'])}…{_day(period['to'])[5:]}"
    customer = invoice["customer"].get("name", "")
    total = grouped(invoice["total"])
    return f"{_cut(invoice['contract'], 21):<22}{_cut(customer, 27):<28}{days:<22}{total:>19} {invoice['currency']}"


def _taxes(invoice: Mapping[str, Any]) -> Iterator[str]:
    """Draw the subtotal and the tax: where it has groups, with what each is on, and in which currency it is owed."""
    contained = " without the tax that prices contain" if invoice.get("prices") == "inclusive" else ""
    yield _ends(f"Subtotal{contained}", grouped(invoice["subtotal"]))
    groups = iter(invoice.get("taxes", ()))
    for line in invoice["lines"]:
        if line["kind"] == "tax":
            group = next(groups, None) if line["charge"] == "tax" else None
            text = line["description"] if group is None else _taxed(group)
            yield from _wrapped(printable(text), grouped(line["amount"]))
    for group in invoice.get("taxes", ()):
        if "owed" in group:
            owed = group["owed"]
            text = f"{group['name']} {group['percent']} % in {owed['currency']}"
            yield f"{text}: {grouped(owed['amount'])} on {grouped(owed['base'])}"


def _taxed(group: Mapping[str, Any]) -> str:
    why = [group[key] for key in ("code", "reason") if group[key] is not None]
    return ", ".join([f"{group['name']} {group['percent']} % on {grouped(group['base'])}", *why])


def _wrapped(text: str, amount: str) -> Iterator[str]:
    """Draw a text with an amount beside its first row."""
    first, *rest = wrap(text, WIDTH - _AMOUNT - 1) or [""]
    yield _ends(first, amount)
    yield from (f"  {row}" for row in rest)


def _balances(invoice: Mapping[str, Any]) -> Iterator[str]:
    """Draw what is left of commitments and credits."""
    carried = invoice.get("carry_forward", {})
    for kind, word in (("commitments", "Commitment"), ("credits", "Credit")):
        for name, balance in carried.get(kind, {}).items():
            yield f"{word} {name}: {grouped(balance['left'])} {invoice['currency']} left"


def _lines(invoice: Mapping[str, Any]) -> Iterator[str]:
    """Draw the lines but those of tax: usage of child accounts in sections, and then what reduces or fills up."""
    below = {"tax", "credit"} if "credited" in invoice else {"tax"}
    lines = [line for line in invoice["lines"] if line["kind"] not in below]
    sections = invoice.get("sections", ())
    kinds = {"fee", "usage"} if sections else {line["kind"] for line in lines}
    known = {section["account"] for section in sections}
    own = [line for line in lines if _account_of(line) not in known]
    yield from (_line(line) for line in own if line["kind"] in kinds)
    for section in sections:
        yield f"{section['name']} ({section['account']}): {grouped(section['amount'])}"
        yield from (_line(line) for line in lines if _account_of(line) == section["account"])
    yield from (_line(line) for line in own if line["kind"] not in kinds)


def _account_of(line: Mapping[str, Any]) -> str | None:
    """Give the child account whose usage a line bills; a correction is of another period's."""
    account: str | None = line["dimensions"].get("account") if line["kind"] == "usage" else None
    return account


def _line(line: Mapping[str, Any]) -> str:
    amount = "" if line["amount"] is None else grouped(line["amount"])
    quantity = ""
    if line["kind"] == "usage":
        quantity = f"{grouped(line['billable'], places=3)} {line['billable_unit']}"
    elif line["quantity"] not in {None, "1"}:
        quantity = f"{line['quantity']} ×"
    room = WIDTH - _AMOUNT - _QUANTITY
    first, *rest = wrap(printable(_described(line)), room - 1) or [""]
    row = f"{first:<{room}}{_cut(quantity, _QUANTITY):>{_QUANTITY}}{amount:>{_AMOUNT}}"
    return "\n".join((row.rstrip(), *(f"  {row}" for row in rest)))


def _described(line: Mapping[str, Any]) -> str:
    """Say what a line is of: a fee and a correction have periods of their own, a correction an account."""
    text: str = line["description"]
    if line["kind"] in {"fee", "correction"}:
        text += f", {_day(line['period']['from'])} until {_day(line['period']['to'])}"
    if line["kind"] == "correction" and line["dimensions"].get("account") is not None:
        text += f", {line['dimensions']['account']}"
    return text


def _quote(quote: Mapping[str, Any]) -> str:
    base, counter = quote["pair"].split("/")
    estimated = " (estimated)" if quote["estimated"] else ""
    return f"1 {base} = {quote['rate']} {counter}, {quote['source']} of {quote['published']}{estimated}"


def grouped(number: str, places: int | None = None) -> str:
    """Group thousands of a number in plain notation, as in `1,234,567.80`; cut to `places` decimals for reading."""
    whole, point, rest = number.partition(".")
    if places is not None and len(rest) > places:
        whole, point, rest = plain(
            Decimal(number).quantize(Decimal(1).scaleb(-places), context=EXACT)
        ).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.removeprefix('-')):,}{point}{rest}"


def _ends(left: str, right: str, width: int = WIDTH) -> str:
    return f"{left}{right:>{width - len(left)}}"


def _day(moment: str) -> str:
    if moment[11:19] == "00:00:00":
        return moment[:10]
    return moment[: 16 if moment[17:19] == "00" else 19].replace("T", " ")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
