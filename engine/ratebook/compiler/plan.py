"""The rating plan for people and tools: what is measured how, the price programs, and who shares them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from ratebook.calendar import NEVER, Interval, iso, zone
from ratebook.compiler.agreement import Agreed
from ratebook.compiler.program import ChargeProgram, Program
from ratebook.compiler.run import RunCompiler, RunPlan
from ratebook.compiler.sql import MeteringQuery

_UTC: Final = zone("UTC")
_SHOWN: Final = 5
_EXACT: Final = 2**53
"""From here on JSON readers may not keep an integer exact: it is written as text."""


def describe_plan(
    compiler: RunCompiler, plan: RunPlan, queries: Sequence[MeteringQuery], users: Mapping[int, Sequence[str]]
) -> dict[str, Any]:
    """Describe a run's plan as a JSON document.

    Args:
        compiler: of the run, with all contracts enrolled.
        plan: what is measured.
        queries: the metering query of each measure.
        users: timeline → ids of its contracts.
    """
    measures = [
        {
            "measure": measure.name,
            "meter": measure.meter,
            "source": measure.source.name,
            "slots": [iso(bound, _UTC) for bound in measure.slots.bounds],
            "bounds": list(measure.slots.bounds),
            "dialect": query.dialect,
            "query": query.text,
            "parameters": {one.name: _value(one.value) for one in query.parameters},
        }
        for measure, query in zip(plan.measures, queries, strict=True)
    ]
    timelines = [
        {
            "timeline": timeline.number,
            "spec": timeline.agreed.header.spec,
            "plan": timeline.agreed.header.plan,
            **_phases(timeline.agreed),
            "currency": timeline.agreed.header.currency,
            "contracts": list(users.get(timeline.number, ())),
            "programs": [_program(program, plan) for program in timeline.programs],
        }
        for timeline in compiler.timelines
    ]
    return {
        "format_version": "1.0",
        "period": compiler.period.text,
        "measures": measures,
        "timelines": timelines,
    }


def draw_query(query: MeteringQuery) -> str:
    """Draw a metering query with what its parameters are bound to."""
    rows = [query.text.rstrip(), *(f"-- {one.name} = {_shortened(one.value)}" for one in query.parameters)]
    return "\n".join(rows)


def _value(value: object) -> object:
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    return (
        str(value)
        if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) >= _EXACT)
        else value
    )


def _shortened(value: object) -> str:
    if isinstance(value, tuple) and len(value) > _SHOWN:
        return f"{', '.join(map(str, value[:_SHOWN]))} … ({len(value)} values)"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _program(program: Program, plan: RunPlan) -> dict[str, Any]:
    zone_ = program.agreement.zone
    return {
        "kind": program.boundary.kind,
        "at": iso(program.boundary.at, zone_),
        "period": _interval(program.boundary.billed, zone_),
        "terms": program.digest,
        "fees": [fee.fee for fee in program.fees],
        "charges": [
            {
                "charge": charge.charge,
                "pointer": charge.pointer,
                **({"period": _interval(charge.period, zone_)} if len(program.parts) > 1 else {}),
                "measure": " + ".join(plan.measures[measure].name for measure in charge.use.measures),
                "segments": [_interval(segment.interval, zone_) for segment in charge.segments],
                "price": _prices(charge),
            }
            for charge in program.charges
        ],
    }


def _phases(agreed: Agreed) -> dict[str, Any]:
    """Name the plans of contracts that change theirs, in order, each with its end."""
    where = agreed.header.zone
    if len(agreed.phases) == 1:
        return {}
    ends = [None if phase.until == NEVER else iso(phase.until, where) for phase in agreed.phases]
    plans = [phase.terms.plan for phase in agreed.phases]
    return {"phases": [{"plan": plan, "until": end} for plan, end in zip(plans, ends, strict=True)]}


def _prices(charge: ChargeProgram) -> list[str]:
    return [
        segment.price.ladder.word if segment.price.ladder is not None else "matrix"
        for segment in charge.segments
    ]


def _interval(interval: Interval, where: ZoneInfo) -> dict[str, str]:
    return {"from": iso(interval.start, where), "to": iso(interval.end, where)}


def _bound(value: object) -> str:
    return _shortened(tuple(value) if isinstance(value, list) else value)


def draw_plan(document: Mapping[str, Any]) -> str:
    """Draw a plan for people."""
    return "\n".join(_rows(document)) + "\n"


def _rows(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"Rating plan for {document['period']}"
    for number, measure in enumerate(document["measures"]):
        yield ""
        yield f"Measure {number}: {measure['measure']}, from {measure['source']}"
        yield f"  slots: {', '.join(measure['slots'])}"
        yield from (f"  {row}" for row in measure["query"].rstrip().split("\n"))
        yield from (f"  -- {name} = {_bound(value)}" for name, value in measure["parameters"].items())
    for timeline in document["timelines"]:
        yield ""
        contracts = timeline["contracts"]
        more = f" and {len(contracts) - _SHOWN} more" if len(contracts) > _SHOWN else ""
        plans = [phase["plan"] or "none" for phase in timeline.get("phases", ())] or [timeline["plan"]]
        plan = f", plan {', then '.join(plans)}" if plans != [""] else ""
        yield f"Timeline {timeline['timeline']}: spec {timeline['spec']}{plan}, {timeline['currency']}"
        yield f"  contracts: {', '.join(contracts[:_SHOWN])}{more}"
        for program in timeline["programs"]:
            yield f"  {program['kind']} at {program['at']}: fees {', '.join(program['fees']) or 'none'}"
            for charge in program["charges"]:
                prices = ", then ".join(charge["price"])
                until = f" until {charge['period']['to']}" if "period" in charge else ""
                yield f"    {charge['charge']}{until}: {prices} of {charge['measure']} [{charge['pointer']}]"
