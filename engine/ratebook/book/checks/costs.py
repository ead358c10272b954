"""Costs: that meters, multipliers, dimensions and plans are there, and that a cost has no steps."""

from collections.abc import Iterator

from ratebook.book import pointers
from ratebook.book.checks.prices import band_keys
from ratebook.book.checks.references import matrix_dimensions, multipliers_of, to_file
from ratebook.book.checks.walk import walk
from ratebook.book.draft import Draft
from ratebook.book.model import Matrix, PerUnit, RatingRule
from ratebook.book.model.costs import UsageCost
from ratebook.findings import Finding

_COSTS = "specs/costs"


def check_costs(draft: Draft) -> Iterator[Finding]:
    """Check what the costs refer to."""
    for name, cost in draft.costs.usage.items():
        pointer = f"{_COSTS}#usage/{name}"
        rule = rule_of(cost)
        (use,) = rule.uses
        yield from to_file(draft, "meters", cost.meter, f"{pointer}/meter")
        yield from multipliers_of(draft, use, pointer)
        yield from matrix_dimensions(draft, cost.price, f"{pointer}/price", rule)
        if cost.meter in draft.meters:
            yield from band_keys(draft, use, rule, f"{pointer}/price")
        yield from _steps(cost, f"{pointer}/price")
    for plan in draft.costs.plans:
        for finding in to_file(draft, "plans", plan, f"{_COSTS}#plans/{pointers.key(plan)}"):
            yield draft.at_key(finding)


def rule_of(cost: UsageCost) -> RatingRule:
    """Give a cost as the rating rule that it is: what usage costs us is rated like what it is sold for."""
    return RatingRule(meter=cost.meter, multiply_by=cost.multiply_by, price=cost.price)


def _steps(cost: UsageCost, pointer: str) -> Iterator[Finding]:
    """Refuse prices that depend on how much a contract uses: nobody's costs start anew with each customer."""
    for version in cost.price.versions:
        place = pointers.at(pointer, version.path)
        if version.value == "blocked":
            yield _step("blocked", place)
        for part in walk(version.value, place):
            if not isinstance(part.value, PerUnit | Matrix):
                yield _step(getattr(part.value, "model", "other"), part.pointer)
                break


def _step(model: str, pointer: str) -> Finding:
    message = f"the cost is `{model}`, which depends on how much one contract uses"
    return Finding("RB204", message, pointer, expected="amount and per, a matrix of such, or free")
