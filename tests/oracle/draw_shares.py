"""Draws prices that are a share of an amount: percentage, graduated_percentage, dynamic."""

from typing import Any

from tests.oracle.choices import Chooser

PERCENTS = ("2.9", "1", "0", "12.5", "100", "0.333", "33.3")
FIXED = ("0.30", "1", "0", "0.005", "2.5")
FREE_AMOUNTS = ("10", "1000", "0.005", "2.5")
BOUNDS = ("10", "1000", "1", "2.5")
LEAST = ("0.5", "0.001", "0.015", "1")
MOST = ("20", "1", "2.5", "10.005")


def share_price(chooser: Chooser, *, bounded: bool) -> dict[str, Any]:
    """A share; one that bounds what an event costs has no allowances, as these have no order of events."""
    model = chooser.one(("percentage", "percentage", "graduated_percentage", "dynamic"))
    if model == "dynamic":
        return {"model": model, **chooser.maybe(70, "markup_percent", lambda: chooser.number(PERCENTS))}
    if model == "graduated_percentage":
        return {"model": model, "tiers": tiers(chooser)}
    fixed = chooser.maybe(60, "fixed", lambda: chooser.number(FIXED))
    besides = chooser.maybe(70, "each", lambda: each(chooser)) if bounded else free(chooser)
    return {"model": model, "percent": chooser.number(PERCENTS), **fixed, **besides}


def tiers(chooser: Chooser) -> list[dict[str, Any]]:
    bounds = sorted({chooser.number(BOUNDS) for _ in range(chooser.count(0, 3))})
    return [
        {
            **({} if bound is None else {"up_to": bound}),
            "percent": chooser.number(PERCENTS),
            **chooser.maybe(30, "flat", lambda: chooser.number(FIXED)),
        }
        for bound in [*bounds, None]
    ]


def free(chooser: Chooser) -> dict[str, Any]:
    """Allowances of events, of an amount, or both; or none."""
    found = {
        **chooser.maybe(40, "events", lambda: chooser.count(1, 5)),
        **chooser.maybe(40, "amount", lambda: chooser.number(FREE_AMOUNTS)),
    }
    return {"free": found} if found else {}


def each(chooser: Chooser) -> dict[str, Any]:
    """What an event costs at least, at most, or both."""
    least, most = sorted((chooser.number(LEAST), chooser.number(MOST)))
    bounds = {"minimum": least, "maximum": most}
    return {name: bounds[name] for name in chooser.some(sorted(bounds), 1)}
