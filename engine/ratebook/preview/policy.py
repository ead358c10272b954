"""The verdict of a policy on a difference of two books: allowed, allowed once roles agree, or refused.

It is the policy of the base that judges, so no change loosens the rules that it is judged by.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from ratebook.book import pointers
from ratebook.book.model import Demand, Permission, Policy
from ratebook.preview.rules_met import Document, Met, rules_met

_POLICY: Final = "specs/policy"
_GRAVE: Final = ("allowed", "needs_approval", "refused")

Places = Callable[[str], str | None]
"""Where a pointer stands, as in `specs/policy.yaml:7`, if it is known."""


def verdict(
    policy: Policy,
    document: Document,
    on: date,
    *,
    head: Policy | None = None,
    places: Places = lambda _: None,
) -> dict[str, Any]:
    """Judge a difference of two books.

    Args:
        policy: the policy of the base.
        document: the difference, as `ratebook diff --format json` prints it.
        on: the day on which it is judged: what begins later is still to come, and permissions hold until they expire.
        head: the policy of the head, where it is at hand; another one is a change of the policy, as is a cause in
            `specs/policy`.
        places: finds the places of rules.

    Returns:
        The key `policy` of the document: the gravest verdict, and the rules that are met, in order of the policy, each
        once for what is permitted and once for what is not.
    """
    plans = {one["contract"]: (one["plan"] or "").removesuffix("@1") for one in document["contracts"]}
    groups: dict[tuple[str, int], list[Met]] = {}
    for met in (*rules_met(policy, document, on), *_policy_change(policy, document, head)):
        permission = _permission(policy, met, document, plans, on)
        groups.setdefault((met.rule, permission), []).append(met)
    order = [name for name, _ in policy.rules()]
    entries = [
        _entry(group, policy.permissions[permission] if permission >= 0 else None, places)
        for (_, permission), group in sorted(
            groups.items(), key=lambda one: (order.index(one[0][0]) if one[0][0] in order else -1, one[0][1])
        )
    ]
    return {"verdict": _gravest([entry["verdict"] for entry in entries]), "rules": entries}


def _gravest(verdicts: Sequence[str]) -> str:
    return max(verdicts, key=_GRAVE.index, default="allowed")


def _policy_change(policy: Policy, document: Document, head: Policy | None) -> Iterator[Met]:
    """Find changes of the policy itself. A book whose policy says nothing may get one."""
    if policy == Policy():
        return
    causes = tuple(
        index
        for index, cause in enumerate(document["causes"])
        if pointers.split(cause["pointer"])[0] == _POLICY
    )
    if causes or (head is not None and head != policy):
        demand, message = policy.policy_change, f"{_POLICY}.yaml changes"
        if demand is None:
            demand, message = (
                Demand(refuse=True),
                f"{message}, and it has no `policy_change` that says who may",
            )
        yield Met("policy_change", demand, message, (), causes)


def _permission(policy: Policy, met: Met, document: Document, plans: dict[str, str], on: date) -> int:
    """Find the permission that lets something through: its number, or -1."""
    for index, permission in enumerate(policy.permissions):
        if permission.rule == met.rule and on < permission.expires:
            pointers_of = [document["causes"][cause]["pointer"] for cause in met.causes]
            if _covers(permission, met, pointers_of, plans):
                return index
    return -1


def _covers(permission: Permission, met: Met, places: Sequence[str], plans: dict[str, str]) -> bool:
    """Tell whether a permission covers all that a rule is about, and not only a part of it."""
    by_contract = permission.contract is not None or permission.plan is not None
    if by_contract and not (met.contracts and met.whole):
        return False
    if permission.contract is not None and any(one != permission.contract for one in met.contracts):
        return False
    if permission.plan is not None and any(plans.get(one) != permission.plan for one in met.contracts):
        return False
    wanted = permission.pointer
    return wanted is None or (bool(places) and all(pointers.is_below(place, wanted) for place in places))


def _entry(group: Sequence[Met], permission: Permission | None, places: Places) -> dict[str, Any]:
    """Write what a rule says about all that meets it, with the first as example."""
    met = group[0]
    pointer = f"{_POLICY}#{met.rule}"
    allowed = permission is not None
    verdict_ = "allowed" if allowed else "refused" if met.demand.refuse else "needs_approval"
    more = f"; and {len(group) - 1:,} more" if len(group) > 1 else ""
    return {
        "rule": met.rule,
        "pointer": pointer,
        "place": places(pointer),
        "verdict": verdict_,
        "needs": [] if allowed else list(met.demand.needs),
        "message": f"{met.message}{more}",
        "contracts": sorted({one for each in group for one in each.contracts}),
        "causes": sorted({cause for each in group for cause in each.causes}),
        "permitted_by": _permitted(permission) if permission else None,
    }


def _permitted(permission: Permission) -> str:
    return f"{permission.reason} ({permission.by}, until {permission.expires.isoformat()})"
