"""What the web book's invoices come to, worked out a second time with nothing but `csv` and `fractions`.

Shares no code with the engine and does not read the book: prices, dates and rules stand here a second time, as the
book's YAML says them. Amounts are whole cents (kuruş).
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

MAY, JUNE = date(2015, 5, 1), date(2015, 6, 1)


class Event(NamedTuple):
    """A row of the log."""

    time: datetime
    method: str
    section: str
    path: str
    status: int
    size: int


@dataclass(frozen=True)
class Client:
    """A client of the log under a pseudonym, with the contract that a fixed rule gives it."""

    name: str
    pseudonym: str
    turkish: bool
    press: bool
    start: date
    end: date | None
    known: bool

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its spec."""
        return ZoneInfo("Europe/Istanbul" if self.turkish else "UTC")

    @property
    def until(self) -> date:
        """The local day at whose midnight its billing period ends."""
        return self.end or JUNE

    def is_under_contract(self, time: datetime) -> bool:
        """Tell whether a time lies between the midnights at which its contract begins and ends."""
        first, last = (
            datetime(day.year, day.month, day.day, tzinfo=self.zone) for day in (self.start, self.until)
        )
        return first <= time < last


class Line(NamedTuple):
    """A line of an invoice: what is compared with the engine's."""

    kind: str
    charge: str
    section: str | None
    quantity: Fraction | None
    billable: Fraction | None
    amount: int


@dataclass
class Invoice:
    """An invoice as it should be."""

    kind: str
    lines: list[Line] = field(default_factory=list)
    subtotal: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.subtotal + self.tax


def clients_of(log: Iterable[str]) -> list[Client]:
    """Number the clients in the order of their first requests, and give each a contract by its number.

    The pseudonym is the number: a digest of an address could be turned back by trying all addresses.
    """
    return [_client(name, f"v-{number:04d}") for number, name in enumerate(log, start=1)]


def _client(name: str, pseudonym: str) -> Client:
    chance = hashlib.sha256(pseudonym.encode()).digest()
    start, end = {2: (date(2015, 5, 18), None), 3: (MAY, date(2015, 5, 20))}.get(chance[2] % 4, (MAY, None))
    return Client(
        name=name,
        pseudonym=pseudonym,
        turkish=chance[0] % 2 == 0,
        press=chance[1] % 4 == 0,
        start=start,
        end=end,
        known=chance[3] % 64 != 0,
    )


def read_log(path: Path) -> dict[str, list[Event]]:
    """Read the log, by client."""
    events = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            time = datetime.strptime(row["ts"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            event = Event(
                time, row["method"], row["section"], row["path"], int(row["status"]), int(row["bytes_out"])
            )
            events[row["client"]].append(event)
    return dict(events)


def invoices_of(client: Client, events: Sequence[Event]) -> list[Invoice]:
    """Work out the invoices of May 2015: the opening, and the one at the end of the period."""
    last = client.until
    billed = [event for event in events if client.is_under_contract(event.time)]
    opening, closing = Invoice("opening"), Invoice("period")
    share = Fraction((last - client.start).days, 31)
    to_currency = {
        invoice.kind: _rate(client, day) for invoice, day in ((opening, client.start), (closing, last))
    }
    if client.press:
        amount = Fraction("24.90") if client.turkish else Fraction("9.99")
        _fee(opening, "base", amount * share)
        if client.end is None:
            _fee(closing, "base", amount)
        _fee(closing, "seat", Fraction("1.35") * 3 * share * to_currency["period"], Fraction(3))
        _press_charges(closing, client, billed, share, to_currency["period"])
    else:
        _fee(closing, "base", 2 * share * to_currency["period"])
        _reader_charges(closing, client, billed, share, to_currency["period"])
    invoices = [invoice for invoice in (opening, closing) if invoice.lines]
    for invoice in invoices:
        invoice.subtotal = sum(line.amount for line in invoice.lines)
        if client.turkish:
            invoice.tax = _cents(Fraction(invoice.subtotal * 18, 100))
            invoice.lines.append(Line("tax", "tax", None, None, None, invoice.tax))
    return invoices


RATES = {
    date(2015, 4, 30): Fraction("2.6670"),
    date(2015, 5, 15): Fraction("2.5831"),
    date(2015, 5, 20): Fraction("2.5967"),
    date(2015, 5, 29): Fraction("2.6472"),
    date(2015, 6, 1): Fraction("2.6540"),
    date(2015, 6, 2): Fraction("2.6733"),
}


def _rate(client: Client, boundary: date) -> Fraction:
    """Give what an amount in dollars is multiplied by: the rate of the last bulletin before the invoice's date."""
    if not client.turkish:
        return Fraction(1)
    issued = boundary + timedelta(days=1)
    return RATES[max(day for day in RATES if day < issued)]


def _fee(invoice: Invoice, fee: str, amount: Fraction, quantity: Fraction = Fraction(1)) -> None:
    invoice.lines.append(Line("fee", fee, None, quantity, None, _cents(amount * 100)))


def _reader_charges(
    invoice: Invoice, client: Client, events: Sequence[Event], share: Fraction, rate: Fraction
) -> None:
    sections, gross = _requests(client, events, _micro(5 * share))
    usage = _charge(invoice, "requests", sections, [gross] * 4, rate)
    data = _egress(events)
    gross = _graduated(Fraction(0), max(Fraction(0), data[None].billable - Fraction("0.75")), EGRESS)
    discounted = gross * Fraction("0.875")
    usage += _charge(
        invoice,
        "egress",
        data,
        [gross, discounted, min(discounted, Fraction(15)), min(discounted, Fraction(15))],
        rate,
    )
    pages = _pages(events)
    gross = _volume(pages[None].billable)
    usage += _charge(invoice, "pages", pages, [gross, gross, gross, max(gross, Fraction("0.10"))], rate)
    least = _cents(3 * share * rate * 100)
    if usage < least:
        invoice.lines.append(Line("minimum", "minimum", None, None, None, least - usage))


def _press_charges(
    invoice: Invoice, client: Client, events: Sequence[Event], share: Fraction, rate: Fraction
) -> None:
    sections, gross = _requests(client, events, _micro(40 * share))
    discounted = gross * Fraction("0.8")
    _charge(invoice, "requests", sections, [gross, discounted, discounted, discounted], rate)
    data = _egress(events)
    gross = data[None].billable * (Fraction("0.55") if client.turkish else Fraction("0.20"))
    _charge(invoice, "egress", data, [gross] * 4, Fraction(1))
    _charge(invoice, "pages", _pages(events), [Fraction(0)] * 4, rate)


class Used(NamedTuple):
    """What stands on one line: how many events, the quantity, the billable units, the part of the gross."""

    events: int
    quantity: Fraction
    billable: Fraction
    part: Fraction = Fraction(0)


Usage = dict[str | None, Used]


def _charge(invoice: Invoice, charge: str, usage: Usage, nets: Sequence[Fraction], rate: Fraction) -> int:
    """Add a charge's lines: its usage, then what discount, maximum and minimum changed. Gives its last net."""
    steps = [_cents(net * rate * 100) for net in nets]
    used = sorted((section or "", section, one) for section, one in usage.items() if one.events)
    parts = _split(steps[0], [one.part for _, _, one in used])
    for (_, section, one), part in zip(used, parts, strict=True):
        invoice.lines.append(Line("usage", charge, section, one.quantity, one.billable, part))
    for kind, before, after in zip(("discount", "maximum", "minimum"), steps, steps[1:], strict=False):
        if before != after:
            invoice.lines.append(Line(kind, charge, None, None, None, after - before))
    return steps[-1]


WEIGHTS = (
    {
        "presentations": Fraction(3),
        "blog": Fraction(2),
        "articles": Fraction(2),
        "projects": Fraction("1.5"),
        "images": Fraction("0.25"),
        "favicon.ico": Fraction(0),
    },
    {
        "presentations": Fraction("2.5"),
        "blog": Fraction(2),
        "articles": Fraction("1.75"),
        "projects": Fraction("1.5"),
        "images": Fraction("0.2"),
    },
)
DEFAULT_WEIGHTS = (Fraction(1), Fraction("0.9"))
WEIGHTS_CHANGE = datetime(2015, 5, 19, 6, tzinfo=UTC)

Tiers = Sequence[tuple[Fraction | None, Fraction, Fraction]]
"""Upper bound, price of one unit, flat."""

REQUESTS: tuple[Tiers, Tiers] = (
    [
        (Fraction(20), Fraction("0.115"), Fraction(0)),
        (Fraction(200), Fraction("0.085"), Fraction("0.5")),
        (None, Fraction("0.045"), Fraction(0)),
    ],
    [
        (Fraction(20), Fraction("0.125"), Fraction(0)),
        (Fraction(200), Fraction("0.095"), Fraction("0.5")),
        (None, Fraction("0.055"), Fraction(0)),
    ],
)
EGRESS: Tiers = [
    (Fraction(10), Fraction("0.333"), Fraction(0)),
    (Fraction(100), Fraction("0.25"), Fraction(0)),
    (None, Fraction("0.125"), Fraction(0)),
]


def is_request(event: Event) -> bool:
    """Tell whether the meter of requests counts an event."""
    return event.status < 400 and event.method in {"GET", "HEAD", "POST"}


def is_sent(event: Event) -> bool:
    """Tell whether the meter of egress counts an event: any."""
    return event.size >= 0


def is_page(event: Event) -> bool:
    """Tell whether the meter of pages looks at an event."""
    return event.status in {200, 304}


def _requests(client: Client, events: Sequence[Event], included: Fraction) -> tuple[Usage, Fraction]:
    """Weigh the requests, price them on both sides of the change, and divide each side among the sections."""
    change = datetime(2015, 5, 19, tzinfo=client.zone)
    counts: dict[str, int] = defaultdict(int)
    sides: tuple[dict[str, Fraction], dict[str, Fraction]] = (defaultdict(Fraction), defaultdict(Fraction))
    for event in events:
        if is_request(event):
            version = event.time >= WEIGHTS_CHANGE
            counts[event.section] += 1
            weight = WEIGHTS[version].get(event.section, DEFAULT_WEIGHTS[version])
            sides[event.time >= change][event.section] += weight
    parts: dict[str, Fraction] = defaultdict(Fraction)
    gross = position = Fraction(0)
    for side, tiers in zip(sides, REQUESTS, strict=True):
        units = sum(side.values())
        if units:
            amount = _graduated(
                max(Fraction(0), position - included), max(Fraction(0), position + units - included), tiers
            )
            for section, part in side.items():
                parts[section] += amount * part / units
            gross += amount
            position += units
    return {
        section: Used(count, Fraction(count), sides[0][section] + sides[1][section], parts[section])
        for section, count in counts.items()
    }, gross


def _egress(events: Sequence[Event]) -> Usage:
    size = sum(event.size for event in events)
    return {None: Used(len(events), Fraction(size), Fraction(size, 1_000_000), Fraction(1))}


def _pages(events: Iterable[Event]) -> Usage:
    pages = {event.path for event in events if is_page(event)}
    return {None: Used(len(pages), Fraction(len(pages)), Fraction(len(pages)), Fraction(1))}


def _graduated(low: Fraction, high: Fraction, tiers: Tiers) -> Fraction:
    """Price the units above `low` up to `high`; a tier's flat is due by whoever enters it."""
    amount, lower = Fraction(0), Fraction(0)
    for upper, price, flat in tiers:
        top = high if upper is None else min(high, upper)
        amount += max(Fraction(0), top - max(low, lower)) * price
        if low <= lower < high:
            amount += flat
        if upper is not None:
            lower = upper
    return amount


def _volume(pages: Fraction) -> Fraction:
    if not pages:
        return Fraction(0)
    if pages <= 5:
        return pages * Fraction("0.07")
    return pages * Fraction("0.055") if pages <= 50 else pages * Fraction("0.0375") + 1


def _cents(amount: Fraction) -> int:
    """Round to whole cents, half away from zero."""
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


def _micro(units: Fraction) -> Fraction:
    """Round prorated included units half up to six decimals."""
    return Fraction(_cents(units * 1_000_000), 1_000_000)


def _split(total: int, parts: Sequence[Fraction]) -> list[int]:
    """Divide cents by largest remainder, the earlier part first among equals."""
    whole = sum(parts)
    exact = [total * part / whole if whole else Fraction(0) for part in parts]
    cents = [int(amount) for amount in exact]
    order = sorted(range(len(parts)), key=lambda index: (cents[index] - exact[index], index))
    for index in order[: total - sum(cents)]:
        cents[index] += 1
    return cents


def contracts(clients: Iterable[Client]) -> Iterator[dict[str, str]]:
    """Give the rows of the contracts' CSV file, in order of id; clients that are not known have none."""
    for client in sorted(clients, key=lambda one: one.pseudonym):
        if client.known:
            yield {
                "id": client.pseudonym,
                "org": client.name,
                "type": "hybrid",
                "spec": "turkey" if client.turkish else "world",
                "plan": "press" if client.press else "reader",
                "start": client.start.isoformat(),
                "end": client.end.isoformat() if client.end else "",
                "customer.name": client.pseudonym,
            }
