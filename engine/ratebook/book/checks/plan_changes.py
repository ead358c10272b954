"""Contracts that change their plan: the plans are there, are billed alike, and let charges carry on."""

from collections.abc import Iterator
from itertools import pairwise

from ratebook.book.checks.references import to_file
from ratebook.book.draft import Draft
from ratebook.book.model import Charge, ContractTerms, Convert, Plan, RatingRule
from ratebook.findings import Finding


def plans_of(terms: ContractTerms) -> tuple[str | None, ...]:
    """Give the ids of a contract's plans in order, each once; None for a time without a plan."""
    return tuple(dict.fromkeys((*(phase.plan for phase in terms.phases), terms.plan)))


def check_plan_changes(draft: Draft, terms: ContractTerms, pointer: str) -> Iterator[Finding]:
    """Check the plans of a contract's phases."""
    for index, phase in enumerate(terms.phases):
        yield from to_file(draft, "plans", phase.plan, f"{pointer}#phases/{index}/plan")
    plans = [draft.plans[name] for name in plans_of(terms) if name is not None and name in draft.plans]
    yield from _cycles(terms, plans, pointer)
    if terms.plan_change.tiers == "carry":
        for before, after in pairwise(plans):
            yield from _carried(draft, before, after, pointer)


def _cycles(terms: ContractTerms, plans: list[Plan], pointer: str) -> Iterator[Finding]:
    cycles = {
        (cycle.every, cycle.anchor) if (cycle := plan.cycle) else ("month", "calendar") for plan in plans
    }
    if terms.cycle is None and len(cycles) > 1:
        named = " and ".join(sorted(f"every {every}, {anchor}" for every, anchor in cycles))
        yield Finding(
            "RB341",
            f"its plans are billed in different cycles: {named}",
            f"{pointer}#phases",
            expected="one cycle for the whole contract",
            help="say `cycle` in the contract, and `every` in fees that have a cycle of their own",
        )


def _carried(draft: Draft, before: Plan, after: Plan, pointer: str) -> Iterator[Finding]:
    earlier = {charge.id: charge for charge in before.charges}
    for charge in after.charges:
        old, new = _rule(draft, earlier.get(charge.id)), _rule(draft, charge)
        if old is None or new is None or _counts(draft, old) == _counts(draft, new):
            continue
        was, now = (
            ", ".join((*meters, *by)) for meters, by, _, _ in (_counts(draft, old), _counts(draft, new))
        )
        yield Finding(
            "RB342",
            f"`{charge.id}` cannot go on in its ladder: it counted {was}, and then counts {now}",
            f"{pointer}#plan_change/tiers",
            expected="the same meters, pools, conversion and billable unit in both plans",
            help="give one of the two charges another id, or let tiers reset",
        )


def _rule(draft: Draft, charge: Charge | None) -> RatingRule | None:
    return draft.rules.get(charge.rating) if charge is not None else None


def _counts(draft: Draft, rule: RatingRule) -> tuple[tuple[str, ...], tuple[str, ...], str, Convert]:
    """Say what a rule's ladder counts."""
    meters = tuple(use.meter for use in rule.uses)
    meter = draft.meters.get(meters[0])
    unit = rule.unit or rule.convert.to or (meter.unit if meter else "")
    return meters, rule.pool_by, unit, rule.convert
