"""The policy: that its rules can be met. Roles are there, people have keys, and nobody counts as two."""

from collections.abc import Iterator

from ratebook.book.checks.references import dangling
from ratebook.book.draft import Draft
from ratebook.book.model import Policy
from ratebook.findings import Finding

_POLICY = "specs/policy"


def check_policy(draft: Draft) -> Iterator[Finding]:
    """Check what the policy refers to, and that enough people can agree."""
    policy = draft.policy
    for name, demand in policy.rules():
        for index, role in enumerate(demand.needs):
            if role not in policy.roles:
                yield dangling("role", role, f"{_POLICY}#{name}/needs/{index}", policy.roles)
    rules = [name for name, _ in policy.rules()]
    for index, permission in enumerate(policy.permissions):
        if permission.rule not in rules:
            yield dangling("rule", permission.rule, f"{_POLICY}#permissions/{index}/rule", rules)
    yield from _roles(policy)
    yield from _signers(policy)


def _roles(policy: Policy) -> Iterator[Finding]:
    signers = {signer.email for signer in policy.signers}
    for name, role in policy.roles.items():
        pointer = f"{_POLICY}#roles/{name}"
        for index, email in enumerate(role.approvers):
            if email not in signers:
                yield dangling("signer", email, f"{pointer}/approvers/{index}", signers)
        people = len(set(role.approvers))
        if role.at_least > people:
            yield Finding(
                "RB360",
                f"`{name}` asks for {role.at_least} people and lists {people}",
                f"{pointer}/at_least",
                expected=f"at most {people}",
                help="list more approvers, or ask for fewer",
            )


def _signers(policy: Policy) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for index, signer in enumerate(policy.signers):
        pointer = f"{_POLICY}#signers/{index}"
        owner = owners.setdefault(signer.key, signer.email)
        if owner != signer.email:
            yield Finding(
                "RB361",
                f"{signer.email} has the key of {owner}: one person would count as two",
                f"{pointer}/key",
                expected="a key of their own for everyone",
            )
        if signer.from_ is not None and signer.until is not None and signer.until <= signer.from_:
            yield Finding(
                "RB310",
                f"the key stops signing on {signer.until}, and starts on {signer.from_}",
                f"{pointer}/until",
                expected="a later day than `from`",
            )
