"""Which approvals count for a change, and the reason why each of the others does not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ratebook.approval.folder import Approval
from ratebook.approval.ssh import NAMESPACE, Signature, is_by, is_intact, read_signature
from ratebook.approval.statement import Document, differences
from ratebook.book.model import Policy, Signer
from ratebook.book.suggest import one_of
from ratebook.findings import Finding, Position

_AGAIN: Final = "have it approved again by someone whom the policy names"


@dataclass(frozen=True, slots=True)
class Case:
    """What approvals are checked against.

    Attributes:
        policy: of the base: who may sign is what was approved before, not what the change says.
        head: the change's own policy, which only helps to tell why someone may not sign yet.
        wanted: what must be bound, as `bound` of a saved result gives it.
        authors: addresses of those who wrote the change, in lower case.
        on: the day of the check.
    """

    policy: Policy
    head: Policy
    wanted: Document
    authors: frozenset[str]
    on: date

    def signers(self, email: str) -> list[Signer]:
        """Give the keys of a person."""
        return [signer for signer in self.policy.signers if signer.email == email]


@dataclass(frozen=True, slots=True)
class Need:
    """A role that must agree, and who has agreed in its name."""

    role: str
    at_least: int
    by: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """Whether enough people have agreed."""
        return len(self.by) >= self.at_least

    def document(self) -> dict[str, Any]:
        """Give it as a part of a JSON document."""
        return {"role": self.role, "at_least": self.at_least, "by": list(self.by), "met": self.is_met}


def addresses(policy: Policy, email: str) -> set[str]:
    """Give all addresses under which git knows a person."""
    return {email, *(also for signer in policy.signers if signer.email == email for also in signer.also)}


def counted(approvals: Iterable[Approval | Finding], case: Case) -> tuple[list[Approval], list[Finding]]:
    """Tell approvals that count from those that do not. A person's second one in the same roles counts no more."""
    accepted: list[Approval] = []
    findings: list[Finding] = []
    given: dict[str, set[str]] = {}
    for approval in approvals:
        if isinstance(approval, Finding):
            findings.append(approval)
            continue
        found = _refusal(approval, case)
        roles = given.setdefault(approval.statement.by, set())
        if found is None and roles.issuperset(approval.statement.roles):
            message = f"{approval.statement.by} has approved this already, and counts once"
            found = _finding("RB711", approval, message)
        if found is None:
            roles |= set(approval.statement.roles)
            accepted.append(approval)
        else:
            findings.append(found)
    return accepted, findings


def needs_of(roles: Sequence[str], policy: Policy, accepted: Sequence[Approval]) -> list[Need]:
    """Say for each role that must agree who has."""
    return [
        Need(
            role,
            policy.roles[role].at_least,
            tuple(sorted({one.statement.by for one in accepted if role in one.statement.roles})),
        )
        for role in roles
    ]


def missing(need: Need, policy: Policy) -> Finding:
    """Say that too few people have agreed in the name of a role."""
    open_ = sorted(set(policy.roles[need.role].approvers) - set(need.by))
    return Finding(
        "RB712",
        f"{len(need.by)} of {need.at_least} have approved as {need.role}",
        f"specs/policy#roles/{need.role}",
        expected=f"an approval by {one_of(open_)}, who wrote no part of the change",
        help="ratebook approve --of FILE --key KEY",
    )


def _refusal(approval: Approval, case: Case) -> Finding | None:
    """Give the first reason why an approval does not count, if there is one."""
    try:
        signature = read_signature(approval.signature)
    except ValueError as error:
        return _finding("RB702", approval, str(error), help_="have it approved again")
    for check in _CHECKS:
        found = check(approval, signature, case)
        if found is not None:
            return found
    return None


def _finding(code: str, approval: Approval, message: str, *, expected: str = "", help_: str = "") -> Finding:
    return Finding(
        code,
        f"{approval.file}: {message}",
        position=Position(approval.file, 1),
        expected=expected,
        help=help_,
    )


def _purpose(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    del case
    if signature.namespace == NAMESPACE:
        return None
    message = f"it was signed for {signature.namespace!r}, not as an approval"
    return _finding("RB705", approval, message, expected=f"a signature for {NAMESPACE!r}", help_=_AGAIN)


def _intact(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    del case
    if is_intact(approval.statement.signed, signature):
        return None
    message = "the statement or its signature was changed after it was signed"
    return _finding("RB702", approval, message, help_=_AGAIN)


def _covers(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    del signature
    differs = differences(approval.statement, case.wanted)
    if not differs:
        return None
    message = f"it is for {', '.join(differs)}"
    return _finding("RB703", approval, message, help_="have what stands here now approved")


def _known(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    by = approval.statement.by
    if not case.signers(by):
        also = any(signer.email == by for signer in case.head.signers)
        message = f"{by} is no signer of the policy that the change is judged by" + (
            "; that the change itself adds them does not count" if also else ""
        )
        expected = one_of({signer.email for signer in case.policy.signers})
        return _finding("RB706", approval, message, expected=expected, help_=_AGAIN)
    if signature.key in {signer.key for signer in case.signers(by)}:
        return None
    owner = next((one.email for one in case.policy.signers if one.key == signature.key), "")
    whose = f"the key of {owner}" if owner else "a key that the policy does not have"
    message = f"it says that {by} signed it, and {whose} did"
    return _finding("RB707", approval, message, expected=f"a signature by a key of {by}", help_=_AGAIN)


def _in_time(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    by, on = approval.statement.by, case.on
    if approval.statement.at[:10] > on.isoformat():
        message = f"it was signed on {approval.statement.at[:10]}, after {on}"
        return _finding("RB708", approval, message)
    keys = [signer for signer in case.signers(by) if signer.key == signature.key]
    early = [key.from_ for key in keys if key.from_ is not None and on < key.from_]
    late = [key.until for key in keys if key.until is not None and on >= key.until]
    if len(early) + len(late) < len(keys):
        return None
    why = f"has expired on {max(late)}" if late else f"may not sign before {min(early)}"
    return _finding("RB708", approval, f"the key of {by} {why}", help_=_AGAIN)


def _signed(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    by = approval.statement.by
    if is_by(by, case.signers(by), approval.statement.signed, signature, case.on):
        return None
    message = f"ssh-keygen finds no valid signature by {by}"
    return _finding("RB702", approval, message, help_=_AGAIN)


def _roles(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    del signature
    by, known = approval.statement.by, case.policy.roles
    for role in approval.statement.roles:
        if role not in known:
            message = f"it is given as `{role}`, a role that the policy does not have"
            return _finding("RB709", approval, message, expected=one_of(known), help_=_AGAIN)
        if by not in known[role].approvers:
            message = f"{by} does not approve as `{role}`"
            return _finding("RB709", approval, message, expected=one_of(known[role].approvers), help_=_AGAIN)
    return None


def _other(approval: Approval, signature: Signature, case: Case) -> Finding | None:
    del signature
    by = approval.statement.by
    if case.authors.isdisjoint(addresses(case.policy, by)):
        return None
    message = f"{by} wrote a part of the change, and nobody approves their own"
    return _finding("RB710", approval, message, expected="an approval by someone else", help_=_AGAIN)


_CHECKS: Final[tuple[Callable[[Approval, Signature, Case], Finding | None], ...]] = (
    _purpose,
    _intact,
    _covers,
    _known,
    _in_time,
    _signed,
    _roles,
    _other,
)
"""In this order: an approval for another book is only told from a forgery; who may sign today does not matter to it."""
