"""The steps of one usage line: its share, the charge's nets, ladders and tiers, included units, multipliers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import prod
from typing import Any, Final
from zoneinfo import ZoneInfo

from ratebook.billrun.outcomes import Outcome
from ratebook.book.model import Meter
from ratebook.calendar import Instant, Interval, iso
from ratebook.compiler.measures import factor_tree, versions_at
from ratebook.compiler.program import ChargeProgram, Ladder, Tier
from ratebook.compiler.run import RunCompiler
from ratebook.compiler.terms import at_version
from ratebook.explain.events import PERCENT, event_steps, percent_of
from ratebook.explain.step import Step
from ratebook.invoice.line import shown
from ratebook.invoice.text import grouped
from ratebook.money import ZERO, plain
from ratebook.rating.charge import RatedCharge
from ratebook.rating.ladder import tier_parts
from ratebook.rating.priced import Priced
from ratebook.usage.rows import UsageRow

_NAMED: Final = 3


def charge_step(
    compiler: RunCompiler, queries: Sequence[str], outcome: Outcome, line: Mapping[str, Any]
) -> Step:
    """Explain the charge behind a line, and for a usage line what its own dimensions used."""
    rated, used = next(one for one in outcome.used if _is_behind(one[0].program, outcome, line))
    program = rated.program
    currency = outcome.program.agreement.currency
    steps = [*_nets(rated, currency, outcome.program.agreement.rounding), *_ladders(rated, outcome)]
    if program.included.units:
        units = plain(program.included.units / program.ladder_divisor)
        steps.append(
            Step("Included units", "", f"{grouped(units)} {program.billable_unit}", program.included.pointer)
        )
    if program.divisor != 1 or program.conversion_rounding != "none":
        text = f"units / {plain(program.divisor)}, round {program.conversion_rounding}"
        steps.append(Step("Conversion", text, program.billable_unit, program.conversion_pointer))
    if program.leaves_out:
        steps.append(Step("Left to narrower charges", ", ".join(program.leaves_out)))
    if line["kind"] == "usage":
        rows = [row for row in used if _on_line(row, program, line)]
        steps.append(_usage(compiler, program, rows, outcome.program.agreement.zone, queries))
    lines = sum(1 for one in outcome.document["lines"] if _same_charge(one, line)) if outcome.document else 1
    name = f"Charge {program.charge}"
    if len(outcome.program.parts) > 1:
        name += f", {_span(program.period, outcome)}"
    if line["kind"] == "usage" and lines > 1:
        name += f", divided over {lines} lines by billable units, largest remainder"
    return Step(name, pointer=program.pointer, steps=tuple(steps))


def _is_behind(program: ChargeProgram, outcome: Outcome, line: Mapping[str, Any]) -> bool:
    begin = iso(program.period.start, outcome.program.agreement.zone)
    return bool(program.charge == line["charge"] and begin == line["period"]["from"])


def _same_charge(one: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    return bool(one["kind"] == "usage" and all(one[name] == line[name] for name in ("charge", "period")))


def _on_line(row: UsageRow, program: ChargeProgram, line: Mapping[str, Any]) -> bool:
    dimensions = line["dimensions"]
    if program.use.readings:
        key = tuple(row.dimensions[index] for index in program.use.lines_by)
        of_meter = program.use.reading_of(key).meter == line.get("meter", program.use.readings[0].meter)
        return of_meter and bool(program.use.named(key) == dimensions)
    return all(
        name in dimensions and row.dimensions[index] == dimensions[name]
        for index, name in zip(program.use.lines_by, program.use.line_names, strict=True)
    )


def _nets(rated: RatedCharge, currency: str, rounding: str) -> Iterator[Step]:
    program = rated.program
    yield Step("Gross, exact", result=f"{shown(rated.gross)} {currency}")
    discounts = {one.percent_pointer: one.percent_off for one in program.segments if one.percent_off}
    for pointer, percent in discounts.items():
        yield Step(f"Discount {plain(percent)} %", pointer=pointer)
    if rated.discounted != rated.gross:
        yield Step("After discount", result=f"{shown(rated.discounted)} {currency}")
    for name, bound, net in (
        ("Maximum", program.maximum, rated.capped),
        ("Minimum", program.minimum, rated.net),
    ):
        if bound is not None:
            text = f"{plain(bound.amount)} {bound.currency}"
            yield Step(name, text, f"{shown(net)} {currency}", bound.pointer)
    yield Step("Rounding", f"once, {rounding}")


def _ladders(rated: RatedCharge, outcome: Outcome) -> Iterator[Step]:
    for part in rated.priced:
        price = part.ladder.prices[part.segment]
        if price is None or (part.end == part.start and not part.gross.numerator):
            continue
        names = [*(value or "(none)" for value in part.ladder.pool), *part.ladder.cell]
        name = f"{price.word} price" + (f" of {', '.join(names)}" if names else "")
        segment = rated.program.segments[part.segment].interval
        if len(rated.program.segments) > 1:
            name += f", {_span(segment, outcome)}"
        amount = part.gross.numerator / part.gross.denominator
        result = f"{shown(amount)} {outcome.program.agreement.currency}"
        steps = (*_going_on(part, rated.program), *_parts(part, price, rated.program))
        yield Step(name, "", result, price.pointer, steps)


def _going_on(part: Priced, program: ChargeProgram) -> Iterator[Step]:
    """Say where a ladder goes on that has begun in an earlier part of the period."""
    if program.carries and not part.segment:
        used, position = (number / program.ladder_divisor for number in (part.ladder.start.units, part.start))
        text = f"{grouped(shown(used))} {program.billable_unit} used before it"
        yield Step("Goes on where the part before stopped", text, f"position {grouped(shown(position))}")


def _parts(part: Priced, price: Ladder, program: ChargeProgram) -> Iterator[Step]:
    if price.event_fee is None or not price.event_fee.is_bound:
        yield from _tiers(part, price, program.ladder_divisor, program.billable_unit)
    if price.pricing is not None:
        worth = f"{plain(price.pricing.value)} {price.currency}"
        yield Step(f"1 {price.pricing.name}", "", worth, price.pricing.pointer)
    if part.events is not None:
        yield from event_steps(part.events, price, program.ladder_divisor)


def _span(interval: Interval, outcome: Outcome) -> str:
    zone = outcome.program.agreement.zone
    start, end = (iso(edge, zone)[:16].replace("T", " ") for edge in interval)
    return f"{start} until {end}"


def _tiers(part: Priced, price: Ladder, divisor: Decimal, unit: str) -> Iterator[Step]:
    """Explain what a segment's units cost; where corrections outweigh usage they are taken back, tier by tier."""
    start, end = sorted((part.start, part.end))
    sign = -1 if part.end < part.start else 1
    for tier, units, flats in tier_parts(price, start, end, part.period_end):
        amount = sign * (units * tier.price / price.denominator + flats * tier.flat)
        one = tier.price * divisor / price.denominator
        each = percent_of(one) if price.word in PERCENT else f"{shown(one)} {price.currency}"
        terms = [f"{grouped(shown(sign * units / divisor))} {unit} × {each}"] if units and tier.price else []
        if flats and tier.flat:
            terms.append(f"{sign * flats} × {plain(tier.flat)} {price.currency}")
        detail = " + ".join(terms) or f"{grouped(shown(sign * units / divisor))} {unit} at no charge"
        yield Step(
            _tier_name(tier, price, divisor), detail, f"{shown(amount)} {price.currency}", tier.pointer
        )
    if part.end == part.start and price.flat_at_zero:
        flat = f"{plain(price.tiers[0].flat)} {price.currency}"
        yield Step("Due without usage", "flat_at_zero", flat, price.tiers[0].pointer)


def _tier_name(tier: Tier, price: Ladder, divisor: Decimal) -> str:
    if price.model == "package":
        return f"Packages of {grouped(shown(price.size / divisor))}"
    return (
        f"Tier up to {grouped(shown(tier.up_to / divisor))}" if tier.up_to is not None else "Tier without end"
    )


@dataclass(slots=True)
class _Weighed:
    """Usage that the same factors weigh, and what it was."""

    factors: tuple[Decimal, ...]
    pointers: tuple[str, ...]
    quantity: Decimal = ZERO
    of: dict[str, None] = field(default_factory=dict)

    @property
    def units(self) -> Decimal:
        return prod(self.factors, start=self.quantity)

    def step(self, unit: str) -> Step:
        names = list(self.of)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        what = "; ".join(names[:_NAMED]) + more
        detail = " × ".join((f"{grouped(shown(self.quantity))} {unit}", *map(plain, self.factors)))
        return Step(what, detail, grouped(plain(self.units)), " ".join(self.pointers))


def _usage(
    compiler: RunCompiler,
    program: ChargeProgram,
    rows: Sequence[UsageRow],
    zone: ZoneInfo,
    queries: Sequence[str],
) -> Step:
    """Explain a line's units: what was counted, by which factors it was multiplied, and the query that counted."""
    use = program.use
    read = use.reading_of(rows[0].dimensions) if use.readings and rows else None
    measure = read.measure if read else use.measure
    meter, unit = compiler.measures[measure].spec.meter, read.unit if read else program.quantity_unit
    query = [queries[measure]] if queries else []
    events = sum(row.events for row in rows)
    quantity = sum((row.quantity for row in rows), ZERO) / program.quantity_divisor
    weighed: dict[tuple[str, ...], _Weighed] = {}
    for row in rows:
        factors, pointers = _factors(compiler, program, row, zone)
        same = weighed.setdefault(pointers, _Weighed(factors, pointers))
        same.quantity += row.quantity / program.quantity_divisor
        if factors:
            same.of[", ".join(program.use.words(row.dimensions))] = None
    counted = Step(
        f"Meter {meter}",
        "1 event" if events == 1 else f"{events:,} events",
        f"{grouped(shown(quantity))} {unit}",
        f"meters/{meter}",
        (*_carried(compiler.book.meters[meter], program), *(Step(f"Query\n{one}") for one in query)),
    )
    return Step(
        "Units",
        "",
        grouped(shown(sum((one.units for one in weighed.values()), ZERO))),
        "",
        (*(one.step(unit) for one in weighed.values() if one.factors), counted),
    )


def _carried(meter: Meter, program: ChargeProgram) -> Iterator[Step]:
    """Explain how a level counts that carries over from before the billed period."""
    if not meter.recurring:
        return
    counts = {
        "none": "at the end of the period",
        "days": f"at the end of each of {len(program.days)} days, over the days of the full period",
        "seconds": "for as long as it lasts, over the length of the full period",
    }
    yield Step("The level carries over from the contract's start on", counts[meter.prorate])


def _factors(
    compiler: RunCompiler, program: ChargeProgram, row: UsageRow, zone: ZoneInfo
) -> tuple[tuple[Decimal, ...], tuple[str, ...]]:
    """Find the factors of a row, and where the book says them; those of the period's end where they come late."""
    use = program.use
    late = program.late_factors(row.segment, row.dimensions)
    segment = program.segments[row.segment]
    read = use.reading_of(row.dimensions) if use.readings else None
    at = Instant(segment.interval.end - 1) if read is not None and read.at_end else segment.at
    values = dict(zip(use.keep, row.dimensions, strict=True))
    names = [one.multiplier for one in late]
    if not names:
        names = list(compiler.measures[read.measure if read else use.measure].spec.multipliers)
    factors, pointers = [], []
    if read is not None and read.factor != 1:
        factors.append(read.factor)
        pointers.append(read.pointer)
    for name in names:
        multiplier = compiler.book.multipliers[name]
        (version,) = versions_at(multiplier, [at], zone)
        found = factor_tree(multiplier, version).resolve([values[one] for one in multiplier.by])
        if found is not None:
            path, factor = found
            pointer = at_version(f"multipliers/{name}", multiplier.factors.versions[version])
            factors.append(factor)
            pointers.append(f"{pointer}{'/' if '#' in pointer else '#'}values/{'/'.join(path)}")
    return tuple(factors), tuple(pointers)
