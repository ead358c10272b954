"""What a run could not bill, in words: counts, examples, when it was seen, and what to do."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from ratebook.calendar import Instant, iso, zone
from ratebook.compiler.program import FxPolicy, Program
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding
from ratebook.fx import Quote
from ratebook.invoice.line import shown
from ratebook.money import plain
from ratebook.rating.charge import RatedCharge
from ratebook.usage.rows import Unbilled

_REASONS: Final = {
    "unknown_subject": (
        "RB501",
        "add a contract for the subject, or leave its usage out with `where` in the meter",
    ),
    "outside_contract": ("RB502", "extend the contract, or add one for that time"),
    "no_price": (
        "RB503",
        "add a charge to the plan, or name the meter under `not_billed` in specs/book.yaml",
    ),
    "no_multiplier": ("RB504", "add the key to the multiplier, or a `default` at its level"),
}
_UTC: Final[ZoneInfo] = zone("UTC")
_NAMED: Final = 3
_LISTED: Final = 1000


def unbilled_findings(unbilled: Iterable[Unbilled], compiler: RunCompiler) -> Iterator[Finding]:
    """Say which usage was measured and cannot be billed: one finding for each reason and meter.

    Its details list what it was, the largest first, each with counts, an example and when it was seen.
    """
    groups: dict[tuple[str, str], dict[tuple[str, ...], Unbilled]] = {}
    for one in unbilled:
        meter = compiler.meter_of(one.measure)
        found = groups.setdefault((one.reason, meter), {})
        if one.key not in found or found[one.key].events < one.events:
            found[one.key] = one
    for (reason, meter), found in sorted(groups.items()):
        yield _unbilled(reason, meter, sorted(found.values(), key=lambda one: (-one.events, one.key)))


def _unbilled(reason: str, meter: str, found: list[Unbilled]) -> Finding:
    code, help_ = _REASONS[reason]
    events = sum(one.events for one in found)
    named = "; ".join(f"{', '.join(one.key)}: {one.events:,}" for one in found[:_NAMED])
    more = f"; and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    seen = [moment for one in found for moment in (one.first_seen, one.last_seen) if moment is not None]
    when = f", seen from {_second(min(seen))} until {_second(max(seen))} UTC" if seen else ""
    return Finding(
        code,
        f"{events:,} event(s) of {meter} are not billed ({named}{more}){when}",
        pointer=f"meters/{meter}",
        help=help_,
        details={
            "reason": reason,
            "meter": meter,
            "events": events,
            "groups": len(found),
            "largest": [_details(one) for one in found[:_LISTED]],
        },
    )


def _details(one: Unbilled) -> dict[str, Any]:
    return {
        "key": list(one.key),
        "events": one.events,
        "quantity": plain(one.quantity),
        "subjects": one.subjects,
        "first_seen": one.first_seen if one.first_seen is None else iso(one.first_seen, _UTC),
        "last_seen": one.last_seen if one.last_seen is None else iso(one.last_seen, _UTC),
        "example": one.example,
    }


def _second(moment: Instant) -> str:
    return iso(moment, _UTC)[:19].replace("T", " ")


def charge_findings(contract: str, rated: RatedCharge) -> Iterator[Finding]:
    """Say what of a contract's charge could not be billed."""
    charge = rated.program.charge
    for missing in rated.missing:
        keys = ", ".join(rated.program.use.words(missing.row.dimensions))
        what = "multiplier" if missing.code == "RB504" else "cell of the price matrix"
        yield Finding(
            missing.code,
            f"{contract}: {missing.row.events} event(s) of {charge} at {keys} are not billed: no {what} covers them",
            pointer=missing.pointer,
            help="add the key, or a `default` at its level",
            details={
                "contract": contract,
                "charge": charge,
                "events": missing.row.events,
                "key": list(missing.row.dimensions),
            },
        )
    for refused in rated.refused:
        units = shown(refused.units)
        reason = (
            f"{units} units are used beyond the included ones, and the price is blocked"
            if refused.code == "RB506"
            else f"usage adds up to {units}, less than zero"
        )
        yield Finding(
            refused.code,
            f"{contract}: {charge}: {reason}; they are not billed",
            pointer=rated.program.pointer,
            help="move the contract to a plan with a price for more usage"
            if refused.code == "RB506"
            else "look at the events that subtract; a correction of billed usage is a document of its own",
            details={"contract": contract, "charge": charge, "units": units},
        )


def no_rate(contract: str, program: Program, currency: str, wanted: date) -> Finding:
    """Say that a contract's invoice needs an exchange rate that is not there."""
    agreement = program.agreement
    policy = agreement.fx
    source = f"{policy.source} rate" if policy else "`fx` in the spec"
    return Finding(
        "RB508",
        f"{contract} cannot be invoiced: no {source} for {currency}/{agreement.currency} on {wanted.isoformat()}",
        pointer=policy.pointer if policy else f"specs/{agreement.spec}",
        expected="a rate not older than `max_age` allows, in either direction of the pair",
        help="add the bulletin to the rate table, or list the price in the contract's currency",
        details={
            "contract": contract,
            "pair": f"{currency}/{agreement.currency}",
            "date": wanted.isoformat(),
        },
    )


def estimated_rate(quote: Quote, policy: FxPolicy) -> Finding:
    """Say that invoices use a bulletin that is older than the spec allows."""
    pair = f"{quote.base}/{quote.counter}"
    return Finding(
        "RB509",
        f"the newest {quote.source} rate for {pair} is of {quote.published.isoformat()}:"
        f" invoices that need that of {quote.wanted.isoformat()} are estimated",
        pointer=policy.pointer,
        expected=f"a rate not older than {policy.max_age.number} {policy.max_age.unit}(s)",
        help="add the bulletin to the rate table and rate again",
        details=quote.document(),
    )
