"""The steps of one usage line: its share, the charge's nets, ladders and tiers, included units, multipliers."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ratebook.billrun.outcomes import Outcome
from ratebook.calendar import Interval, iso
from ratebook.compiler.measures import factor_tree, versions_at
from ratebook.compiler.program import ChargeProgram, Ladder
from ratebook.compiler.run import RunCompiler
from ratebook.compiler.terms import at_version, pointer_for
from ratebook.explain.step import Step
from ratebook.invoice.line import shown
from ratebook.invoice.text import grouped
from ratebook.money import ZERO, plain
from ratebook.rating.charge import Priced, RatedCharge
from ratebook.rating.ladder import tier_parts
from ratebook.usage.rows import UsageRow


def charge_step(
    compiler: RunCompiler, queries: Sequence[str], outcome: Outcome, line: Mapping[str, Any]
) -> Step:
    """Explain the charge behind a line, and for a usage line what its own dimensions used."""
    rated, used = next(one for one in outcome.used if one[0].program.charge == line["charge"])
    program = rated.program
    currency = outcome.program.agreement.currency
    steps = [*_nets(rated, currency, outcome.program.agreement.rounding), *_ladders(rated, outcome)]
    if program.included.units:
        units = plain(program.included.units / _divisor(program))
        steps.append(
            Step("Included units", "", f"{grouped(units)} {program.billable_unit}", program.included.pointer)
        )
    if program.divisor != 1 or program.conversion_rounding != "none":
        text = f"units / {plain(program.divisor)}, round {program.conversion_rounding}"
        steps.append(Step("Conversion", text, program.billable_unit, program.conversion_pointer))
    if line["kind"] == "usage":
        rows = [row for row in used if _on_line(row, program, line)]
        factors = tuple(_factors(compiler, program, rows, outcome.program.agreement.zone))
        steps.append(_usage(compiler, program, rows, factors, queries[program.use.measure]))
    lines = sum(1 for one in outcome.document["lines"] if _same_charge(one, line)) if outcome.document else 1
    name = f"Charge {program.charge}"
    if line["kind"] == "usage" and lines > 1:
        name += f", divided over {lines} lines by billable units, largest remainder"
    steps = [_named(step, outcome.contract) for step in steps]
    return Step(name, pointer=pointer_for(program.pointer, outcome.contract), steps=tuple(steps))


def _named(step: Step, contract: str) -> Step:
    below = tuple(_named(one, contract) for one in step.steps)
    return Step(step.name, step.detail, step.result, pointer_for(step.pointer, contract), below)


def _same_charge(one: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    return bool(one["kind"] == "usage" and one["charge"] == line["charge"])


def _on_line(row: UsageRow, program: ChargeProgram, line: Mapping[str, Any]) -> bool:
    return all(
        row.dimensions[index] == line["dimensions"][program.use.keep[index]] for index in program.use.lines_by
    )


def _divisor(program: ChargeProgram) -> Decimal:
    return program.divisor if program.conversion_rounding == "none" else Decimal(1)


def _nets(rated: RatedCharge, currency: str, rounding: str) -> Iterator[Step]:
    program = rated.program
    yield Step("Gross, exact", result=f"{shown(rated.gross)} {currency}")
    for segment in program.segments:
        if segment.percent_off:
            yield Step(f"Discount {plain(segment.percent_off)} %", pointer=segment.percent_pointer)
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
        if price is None or part.end == part.start:
            continue
        names = [*(value or "(none)" for value in part.ladder.pool), *part.ladder.cell]
        name = f"{price.word} price" + (f" of {', '.join(names)}" if names else "")
        segment = rated.program.segments[part.segment].interval
        if len(rated.program.segments) > 1:
            name += f", {_span(segment, outcome)}"
        amount = part.gross.numerator / part.gross.denominator
        result = f"{shown(amount)} {outcome.program.agreement.currency}"
        tiers = tuple(_tiers(part, price, _divisor(rated.program), rated.program.billable_unit))
        yield Step(name, "", result, price.pointer, tiers)


def _span(interval: Interval, outcome: Outcome) -> str:
    zone = outcome.program.agreement.zone
    start, end = (iso(edge, zone)[:16].replace("T", " ") for edge in interval)
    return f"{start} until {end}"


def _tiers(part: Priced, price: Ladder, divisor: Decimal, unit: str) -> Iterator[Step]:
    for tier, units, flats in tier_parts(price, part.start, part.end, part.period_end):
        bound = f"up to {grouped(plain(tier.up_to / divisor))}" if tier.up_to is not None else "without end"
        each = tier.price * divisor / price.denominator
        amount = units * tier.price / price.denominator + flats * tier.flat
        detail = f"{grouped(plain(units / divisor))} {unit} × {shown(each)} {price.currency}"
        if flats:
            flat = f"{flats} × {plain(tier.flat)} {price.currency}"
            detail = f"{detail} + {flat}" if units and tier.price else flat
        yield Step(f"Tier {bound}", detail, f"{shown(amount)} {price.currency}", tier.pointer)


def _usage(
    compiler: RunCompiler,
    program: ChargeProgram,
    rows: Sequence[UsageRow],
    factors: Sequence[Step],
    query: str,
) -> Step:
    draft = compiler.measures[program.use.measure]
    events = sum(row.events for row in rows)
    quantity = sum((row.quantity for row in rows), ZERO)
    units = sum((row.units for row in rows), ZERO)
    meter = draft.spec.meter
    counted = Step(
        f"Meter {meter}",
        f"{events:,} events",
        f"{grouped(plain(quantity))} {program.quantity_unit}",
        f"meters/{meter}",
        (Step(f"Query\n{query}"),),
    )
    return Step("Units", "", grouped(plain(units)), "", (*factors, counted))


def _factors(
    compiler: RunCompiler, program: ChargeProgram, rows: Sequence[UsageRow], zone: ZoneInfo
) -> Iterator[Step]:
    names = program.use.keep
    for row in rows:
        at = program.segments[row.segment].interval.start
        values = dict(zip(names, row.dimensions, strict=True))
        for multiplier_id in compiler.measures[program.use.measure].spec.multipliers:
            multiplier = compiler.book.multipliers[multiplier_id]
            (version,) = versions_at(multiplier, [at], zone)
            found = factor_tree(multiplier, version).resolve([values[name] for name in multiplier.by])
            if found is None:
                continue
            path, factor = found
            pointer = at_version(f"multipliers/{multiplier_id}", multiplier.factors.versions[version])
            place = f"{pointer}{'/' if '#' in pointer else '#'}values/{'/'.join(path)}"
            what = ", ".join(value or "(none)" for value in row.dimensions)
            detail = f"{what}: {grouped(plain(row.quantity))} {program.quantity_unit} × {plain(factor)}"
            yield Step(f"Multiplier {multiplier_id}", detail, grouped(plain(row.units)), place)
