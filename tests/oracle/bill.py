"""The independent oracle: what a rate book bills, worked out once more in fractions, naively, from raw events.

It shares no code with the engine. `bill(book, events, fx, period)` is all of it. The rules, each where it is computed:

Time (`calendar`). Intervals are half-open; a date is local midnight in the spec's zone. Period *n* is counted from the
anchor. The nominal period is the full one, the billed period what of it the contract lives through; a share is the days
touched, or the exact time, of the billed period as a part of the nominal one. A run takes the period ends *b* with
`from < b <= to` and the openings *s* with `from <= s < to`.

Usage (`measure`, `usage`). An event id counts once a UTC day, and not at all where its rows contradict one another.
Count and sum are multiplied by the factors in force at each event and split at dated prices and discounts; every other
aggregate is taken over the billed period for each subject and combination of the dimensions that the charge needs, and
multiplied and priced at the period's last instant. A tree is answered by the key, else `default`, with backtracking; no
answer is a finding, and these units are not billed.

Ladders (`ladder`). Usage with equal `pool_by` values and the same matrix cell shares a ladder. Billable units are units
divided, and rounded over the whole period. Included units are deducted once for the charge, spread over its ladders by
billable units, and used up from the beginning of the period. They are spread by largest remainder, in steps of the
finest decimal place: of the multiplied units before conversion and of included units × divisor, or where conversion
rounds, of billable and included units. Units before conversion of `time_weighted_sum` are value × microseconds, and the
divisor is there multiplied by the microseconds of the nominal period. A change inside the period carries the position
on.

Prices (`price`). Graduated: each unit costs what its tier says, a bound belongs to the lower tier, a flat is due when
its tier is entered. Volume: all units cost what the tier says where the period's quantity ends. Package: started
packages. Flat: one amount once there is usage. Without usage nothing is due, but for `flat_at_zero`.

Charges (`charge`). Gross, less the discount, at most the maximum, at least the minimum: each net is exact, converted,
and rounded once; lines show differences of rounded nets. `lines_by` divides the rounded gross by largest remainder,
in proportion to what the lines cost exactly (evenly where none costs anything); ties go to the earlier line.

Fees (`fees`). A fee bills its own periods, in advance at the boundary from which they begin, in arrears at the first
boundary not before their end; its amount is that in force at the beginning of its period, times quantity and share.

Invoices (`invoice`). Contract discounts take percentages off rounded amounts in order, each rounded once on what the
earlier ones left in its window. What it takes is divided over the fees and charges by largest remainder in minor units;
that rounded part reduces what they are worth for later discounts and the plan's minimum. A window covers a charge by
what its segments in the window cost, if they cost anything; of a meter that does not add up, all of it or nothing, by
the period's last instant. The plan's minimum adds what is missing, tax comes last, on the sum or on each line. Without
any line there is no invoice.

Largest remainder (`money`). Of total × share / sum of the shares each gets the whole minor units (or steps), and what
is left goes, one by one, to the largest remainders, among equal ones to the earlier.

Money (`money`, `exchange`). An amount listed in the invoice's currency counts as it is; any other is converted by the
latest row of the table before the issue date. Rounding is to the currency's minor unit, in the spec's mode.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.agreement import Agreement, Item, agreement, reported_as
from tests.oracle.balances import Balances, balances_of
from tests.oracle.book import Own, meters_of
from tests.oracle.calendar import Span, run_window
from tests.oracle.charge import Carried, RatedCharge, Rating
from tests.oracle.claims import is_surcharge, narrower
from tests.oracle.exchange import Exchange
from tests.oracle.fees import Boundary, accrues, boundaries, fee_lines
from tests.oracle.findings import Findings
from tests.oracle.invoice import Due, Invoicing
from tests.oracle.measure import Deduplicated, Event, Row, deduplicate, events_of, meets
from tests.oracle.stages import Part, Stage, parts_of, plan_names, stages_of
from tests.oracle.units import with_worth


@dataclass(frozen=True)
class Bill:
    """The outcome of a run.

    Attributes:
        invoices: ordered by contract and boundary; amounts and quantities are fractions, instants are in UTC.
        findings: events that could not be billed, counted by reason and place.
    """

    invoices: list[dict[str, Any]]
    findings: Findings


@dataclass(frozen=True)
class Run:
    """What a run works on."""

    book: Mapping[str, Any]
    rows: Mapping[str, Deduplicated]
    fx: Sequence[Mapping[str, Any]]
    period: str
    agreements: Sequence[Agreement]
    stages: Mapping[str, Sequence[Stage]]

    def boundaries(self, one: Agreement) -> Iterator[Boundary]:
        """The boundaries of a contract that the run takes."""
        window = run_window(self.period, one.where)
        for boundary in boundaries(one, window.end):
            is_opening = boundary.ending is None
            if is_opening and window.start <= boundary.at < window.end:
                yield boundary
            if not is_opening and window.start < boundary.at <= window.end:
                yield boundary

    def events(self, one: Agreement, charge: Item) -> dict[str, list[Event]]:
        """The events that a charge bills, by meter: those that its rule counts and no more specific charge claims."""
        rule = self.book["rating"][charge.get("rating")]
        found = {}
        for use in meters_of(rule):
            claims = list(narrower(self.book, one, charge, use.meter))
            rows = [row for row in self.meter_rows(use.meter) if not any(meets(row, one) for one in claims)]
            found[use.meter] = events_of(self.book, use.meter, rows, rule.get("where"))
        return found

    def meter_rows(self, meter: str) -> list[Row]:
        """The rows of a meter's source, each event once."""
        return self.rows[self.book["meters"][meter]["source"]].rows

    def all_terms(self) -> list[Agreement]:
        """What the contracts come to on all of their plans, also on one that a pause leaves no time to."""
        return [agreement(self.book, one.id, name) for one in self.agreements for name in plan_names(one)]

    def rules_of(self, meter: str, row: Row) -> set[str]:
        """The rules that count a row of a meter."""
        counting = {
            name: rule
            for name, rule in self.book["rating"].items()
            if meter in {use.meter for use in meters_of(rule)}
        }
        return {name for name, rule in counting.items() if meets(row, rule.get("where", {}))}

    def covering(self, one: Agreement, meter: str) -> set[str]:
        """The rules of a contract that cover usage of a meter: its surcharges do only where it has nothing else."""
        counting = [
            charge
            for charge in one.charges
            if meter in {use.meter for use in meters_of(self.book["rating"][charge.get("rating")])}
        ]
        proper = [charge for charge in counting if not is_surcharge(self.book, charge)]
        return {charge.get("rating") for charge in proper or counting}

    def rules(self, one: Agreement) -> list[str]:
        """The rating rules whose usage a contract bills or reports."""
        return [*(charge.get("rating") for charge in one.charges), *one.contract.get("report", [])]


def bill(
    book: Mapping[str, Any],
    events: Mapping[str, Sequence[Row]],
    fx: Sequence[Mapping[str, Any]],
    period: str,
    brought_forward: Mapping[str, Any] | None = None,
) -> Bill:
    """Bill a period.

    Args:
        book: what the YAML of a book means (see `tests.oracle.book`).
        events: raw rows by source, with the source's columns.
        fx: rows with `date`, `source`, `pair` (as in `USD/TRY`) and `rate`.
        period: the run's period, as in `2026-10`.
        brought_forward: for each contract the balances that its last invoice carried forward.
    """
    units, home = book["book"].get("pricing_units", {}), book["book"]["currency"]
    book = {key: part if key == "book" else with_worth(part, units, home) for key, part in book.items()}
    sources = book["book"]["sources"]
    rows = {name: deduplicate(source, events.get(name, [])) for name, source in sources.items()}
    agreements = [agreement(book, name) for name in sorted(book["contracts"])]
    stages = {one.id: stages_of(book, one) for one in agreements}
    run = Run(book, rows, fx, period, agreements, stages)
    findings = Findings()
    for name, deduplicated in rows.items():
        findings.add("conflicting_duplicates", "", name, deduplicated.conflicting)
    invoices = []
    for one in run.agreements:
        balances = balances_of((brought_forward or {}).get(one.id))
        for boundary in run.boundaries(one):
            invoice = bill_boundary(run, one, boundary, balances, findings)
            if invoice is not None:
                invoices.append(invoice)
    find_uncovered(run, findings)
    return Bill(invoices, findings)


def bill_boundary(
    run: Run, one: Agreement, boundary: Boundary, balances: Balances, findings: Findings
) -> dict[str, Any] | None:
    """Bill what is due at a boundary: fees, and the usage of the period that ended."""
    exchange = Exchange(one, boundary.at, run.fx, run.book["book"]["currency"])
    stages = run.stages[one.id]
    parts = [] if boundary.ending is None else parts_of(stages, boundary.ending)
    charges: list[RatedCharge] = []
    reported: list[dict[str, Any]] = []
    for part in parts:
        if part.stage.is_pause:
            continue
        before = carried(parts, part, charges)
        for charge in part.terms.charges:
            billed = free_of_charge(charge) if part.stage.is_trial else charge
            carries = before.get(charge.id, first_of(parts, part, charge))
            rating = Rating(run.book, part, billed, exchange, carries)
            charges.append(rating.rate(run.events(part.terms, charge), findings))
        for rule in one.contract.get("report", []):
            item = reported_as(rule, one.currency)
            lines = Rating(run.book, part, item, exchange).rate(run.events(part.terms, item), findings).lines
            reported += [{**line, "amount": None} for line in lines]
    due = Due(parts, fee_lines(stages, boundary, exchange), charges, reported, balances)
    return Invoicing(one, boundary, due, exchange).invoice()


def carried(parts: Sequence[Part], part: Part, charges: Sequence[RatedCharge]) -> dict[str, Carried]:
    """What charges have come to in the parts before, where this one goes on from them."""
    earlier = [one for one in parts[: parts.index(part)] if accrues(one.stage)]
    if not earlier or not goes_on(earlier[-1], part) or not accrues(part.stage):
        return {}
    latest = {one.id: one for one in charges if accrues(one.part.stage)}
    return {
        name: replace(one.carries, is_last=is_last(parts, part, one.charge)) for name, one in latest.items()
    }


def first_of(parts: Sequence[Part], part: Part, charge: Item) -> Carried:
    return Carried(is_last=is_last(parts, part, charge))


def goes_on(before: Part, part: Part) -> bool:
    """Whether ladders go on: where a change of plan carries them on, and on the same plan after a pause."""
    carries = part.terms.contract.get("plan_change", {}).get("tiers") == "carry"
    return carries or before.terms.plan == part.terms.plan


def is_last(parts: Sequence[Part], part: Part, charge: Item) -> bool:
    """Whether no later part of the period goes on in the ladders of a charge."""
    later = [one for one in parts[parts.index(part) + 1 :] if accrues(one.stage)]
    if part.terms.contract.get("plan_change", {}).get("tiers") != "carry":
        later = later[:1]
    return not any(
        goes_on(part, one) and charge.id in {other.id for other in one.terms.charges} for one in later
    )


def free_of_charge(charge: Item) -> Item:
    """A charge on trial: what is used is shown, and costs nothing."""
    kept = {key: own for key, own in charge.keys.items() if key in {"id", "rating", "pool_by"}}
    listed = charge.own("price")
    return Item(charge.id, {**kept, "price": Own("free", ""), **({"list_price": listed} if listed else {})})


def find_uncovered(run: Run, findings: Findings) -> None:
    """Find usage of subjects that no contract has, or had then, or whose contract has no rule for it.

    Looked at is the run's period, in whichever zone of its contracts it begins first and ends last. A meter that no
    contract bills is not measured.
    """
    windows = [run_window(run.period, one.where) for one in run.agreements]
    whole = Span(min(window.start for window in windows), max(window.end for window in windows))
    ruling = [run.book["rating"][rule] for terms in run.all_terms() for rule in run.rules(terms)]
    for meter in sorted({use.meter for rule in ruling for use in meters_of(rule)}):
        for row in run.meter_rows(meter):
            for event in events_of(run.book, meter, [row]):
                if whole.holds(event.time):
                    find_uncovered_event(run, meter, event, run.rules_of(meter, row), findings)


def find_uncovered_event(run: Run, meter: str, event: Event, ruled: set[str], findings: Findings) -> None:
    """Find one event that is not covered by the plan of its time; `ruled` are the rules that would count it.

    What changes a level that a later plan bills is not lost.
    """
    known = [one for one in run.agreements if any(account.knows(event.subject) for account in one.accounts)]
    paying = [one for one in known if one.account_of(event.subject, event.time) is not None]
    stages = [stage for one in paying for stage in run.stages[one.id] if stage.holds(event.time)]
    alive = [stage.terms for stage in stages if not stage.is_pause]
    if not known:
        findings.add("unknown_subject", event.subject, meter, 1)
    elif not alive:
        findings.add("outside_contract", event.subject, meter, 1)
    for one in alive:
        is_level = run.book["meters"][meter].get("recurring", False)
        later = [stage.terms for stage in run.stages[one.id] if is_level and stage.start > event.time]
        covering = {rule for terms in (one, *later) for rule in run.covering(terms, meter)}
        if not ruled & covering and one.contract["type"] != "fixed":
            findings.add("no_price", event.subject, meter, 1)
