"""Child accounts of a contract: their ids, their time, and that nothing else goes by the name that tells them apart."""

from collections.abc import Iterator

from ratebook.book.checks.lives import check_window
from ratebook.book.draft import Draft, Placed
from ratebook.book.model import Contract, Meter
from ratebook.book.model.plan import ACCOUNT
from ratebook.calendar import NEVER, instant_of, zone
from ratebook.findings import Finding


def check_children(draft: Draft, placed: Placed) -> Iterator[Finding]:
    """Check the children of a contract."""
    contract = placed.contract
    seen: set[str] = set()
    for index, child in enumerate(contract.children):
        pointer = f"{contract.pointer}#children/{index}"
        if child.id in seen:
            message = f"the id `{child.id}` is taken by another child"
            yield Finding("RB317", message, f"{pointer}/id", help="rename one of the two")
        seen.add(child.id)
        begin = contract.start if child.from_ is None else child.from_
        yield from check_window(draft, contract, begin, child.until, f"{pointer}/until")
        yield from _has_time(draft, contract, index)
    if contract.children:
        yield from _account_dimensions(draft, contract)


def _has_time(draft: Draft, contract: Contract, index: int) -> Iterator[Finding]:
    """Check that a child's time and the life of the contract meet."""
    child, pointer = contract.children[index], f"{contract.pointer}#children/{index}"
    spec = draft.specs.get(contract.terms.spec)
    where = zone(spec.time_zone if spec else "UTC")
    start = instant_of(contract.start, where)
    end = NEVER if contract.end is None else instant_of(contract.end, where)
    if child.from_ is not None and instant_of(child.from_, where) >= end:
        message = f"`{child.id}` begins when the contract has ended"
        yield Finding("RB310", message, f"{pointer}/from", help="take it out, or extend the contract")
    elif child.until is not None and instant_of(child.until, where) <= start:
        message = f"`{child.id}` ends before the contract begins"
        yield Finding("RB310", message, f"{pointer}/until", help="take it out, or begin the contract earlier")


def _account_dimensions(draft: Draft, contract: Contract) -> Iterator[Finding]:
    """Refuse rules that tell usage apart by a dimension of events with the name that tells accounts apart."""
    terms = contract.terms
    plans = [draft.plans.get(name) for name in (*(phase.plan for phase in terms.phases), terms.plan or "")]
    charges = [*(charge for plan in plans if plan for charge in plan.charges), *terms.charges]
    names = dict.fromkeys((*(charge.rating for charge in charges), *terms.report))
    for rule in (draft.rules[name] for name in names if name in draft.rules):
        meters = [(use.meter, draft.meters[use.meter]) for use in rule.uses if use.meter in draft.meters]
        for name, meter in meters:
            if _has_account(meter):
                message = (
                    f"the meter `{name}` has a dimension `{ACCOUNT}`, by which child accounts are told apart"
                )
                help_ = f"rename the dimension of meters/{name}, as a band or a column"
                yield Finding("RB317", message, f"{contract.pointer}#children", help=help_)


def _has_account(meter: Meter) -> bool:
    return meter.dimension(ACCOUNT) is not None
