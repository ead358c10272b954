"""Units: what a meter counts and what a rule bills must be the same, or be converted exactly."""

from collections.abc import Iterator

from ratebook.book.draft import Draft
from ratebook.book.model import Meter, RatingRule
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.book.units import KINDS, is_exact
from ratebook.findings import Finding


def check_units(draft: Draft) -> Iterator[Finding]:
    """Check each rule's unit against its meter's."""
    for name, rule in draft.rules.items():
        meter = draft.meters.get(rule.meter or "")
        if meter is not None:
            yield from _rule(rule, meter, f"rating/{name}")


def _rule(rule: RatingRule, meter: Meter, pointer: str) -> Iterator[Finding]:
    target = rule.convert.to
    if target is not None:
        yield from _conversion(meter, target, rule.meter or "", pointer)
        if rule.unit is not None and rule.unit != target:
            message = f"the rule bills in {rule.unit!r} and converts to {target!r}"
            yield Finding("RB306", message, f"{pointer}#unit", expected=target, help="leave `unit` out")
    elif (
        rule.unit is not None
        and rule.unit != meter.unit
        and not rule.multiply_by
        and not rule.convert.divide_by
    ):
        message = f"the rule bills in {rule.unit!r}, and the meter `{rule.meter}` counts in {meter.unit!r}"
        help_ = (
            f"convert: {{to: {rule.unit}}}"
            if _kind(rule.unit)
            else f"leave `unit` out, or write {meter.unit}"
        )
        yield Finding("RB306", message, f"{pointer}#unit", expected=meter.unit, help=help_)


def _conversion(meter: Meter, target: str, name: str, pointer: str) -> Iterator[Finding]:
    place = f"{pointer}#convert/to"
    if _kind(target) is None:
        known = [unit for kind in KINDS for unit in kind]
        yield Finding(
            "RB306",
            f"{target!r} is not a unit to convert to",
            place,
            expected=one_of(known),
            help=did_you_mean(target, known),
        )
        return
    if _kind(meter.unit) != _kind(target):
        message = f"{target!r} is not the kind of unit that the meter `{name}` counts in: {meter.unit!r}"
        expected = (
            one_of(_kind(meter.unit) or ()) or "divide_by: a number, and the unit that comes of it as `unit`"
        )
        yield Finding("RB306", message, place, expected=expected)
    elif not is_exact(meter.unit, target):
        message = f"{meter.unit} cannot be converted to {target} exactly"
        yield Finding("RB306", message, place, help="count in a smaller unit, as in byte or millisecond")


def _kind(unit: str) -> tuple[str, ...] | None:
    return next((tuple(kind) for kind in KINDS if unit in kind), None)
