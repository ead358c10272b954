"""The lives of contracts: when they begin and end, and that no two bill the same subject at the same time."""

from array import array
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ratebook.book.accounts import accounts_of
from ratebook.book.checks.locks import check_lock
from ratebook.book.checks.stages import check_stages
from ratebook.book.checks.terms import check_terms
from ratebook.book.contract_tables import Report
from ratebook.book.draft import Draft, Placed
from ratebook.book.model import Contract, When
from ratebook.book.model.money_off import Commitment
from ratebook.calendar import NEVER, Interval, instant_of, zone
from ratebook.findings import Finding

_MOST_OVERLAPS: Final = 100


def check_life(draft: Draft, placed: Placed) -> Iterator[Finding]:
    """Check that a contract, and what is dated in it, ends after it begins."""
    contract = placed.contract
    pointer = contract.pointer
    yield from check_window(draft, contract, contract.start, contract.end, f"{pointer}#end")
    terms = contract.terms
    for index, discount in enumerate(terms.discounts):
        begin = discount.from_ if discount.from_ is not None else contract.start
        yield from check_window(draft, contract, begin, discount.until, f"{pointer}#discounts/{index}/until")
    for index, promise in enumerate(terms.commitments):
        place = f"{pointer}#commitments/{index}"
        begin = promise.from_ if promise.from_ is not None else contract.start
        yield from check_window(draft, contract, begin, promise.until, f"{place}/until")
        yield from _billed_at_all(draft, contract, promise, place)
    for index, credit in enumerate(terms.credits):
        begin = credit.from_ if credit.from_ is not None else contract.start
        yield from check_window(draft, contract, begin, credit.expires, f"{pointer}#credits/{index}/expires")
    for name, override in contract.terms.overrides.items():
        begin = override.from_ if override.from_ is not None else contract.start
        yield from check_window(draft, contract, begin, override.until, f"{pointer}#overrides/{name}/until")
    lock = contract.terms.price_lock
    if lock is not None:
        begin = lock.at if lock.at is not None else contract.start
        yield from check_window(draft, contract, begin, lock.until, f"{pointer}#price_lock/until")
    yield from check_stages(contract, _zone(draft, contract))
    yield from check_lock(draft, contract, _zone(draft, contract))
    yield from check_terms(draft, contract, _zone(draft, contract))


def _billed_at_all(draft: Draft, contract: Contract, promise: Commitment, pointer: str) -> Iterator[Finding]:
    """Check that the contract lives when a commitment is billed in advance: it is then or never."""
    if promise.pay != "in_advance" or promise.from_ is None:
        return
    where = _zone(draft, contract)
    begin = instant_of(promise.from_, where)
    if begin < instant_of(contract.start, where):
        when = f"before its contract does, at {contract.start.isoformat()}"
    elif contract.end is not None and begin >= instant_of(contract.end, where):
        when = f"after its contract has ended, at {contract.end.isoformat()}"
    else:
        return
    message = f"`{promise.id}` is billed in advance when it begins, and that is {when}"
    yield Finding("RB323", message, f"{pointer}/from", expected="a time at which the contract lives")


def check_window(
    draft: Draft, contract: Contract, begin: When, end: When | None, pointer: str
) -> Iterator[Finding]:
    """Check that something of a contract ends after it begins."""
    if end is None:
        return
    where = _zone(draft, contract)
    if instant_of(end, where) <= instant_of(begin, where):
        yield Finding(
            "RB310", f"{end.isoformat()} is not after {begin.isoformat()}", pointer, expected="a later time"
        )
    elif not isinstance(end, datetime) and _is_last_of_month(end):
        following = (end + timedelta(days=1)).isoformat()
        message = (
            f"{end.isoformat()} is the last day of a month, and the end is exclusive: that day is not billed"
        )
        yield Finding("RB311", message, pointer, help=f"write {following} if the whole month is meant")


def _zone(draft: Draft, contract: Contract) -> ZoneInfo:
    spec = draft.specs.get(contract.terms.spec)
    return zone(spec.time_zone if spec else "UTC")


def _is_last_of_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


class SubjectOverlaps:
    """Finds subjects that two contracts bill at the same time, in eight bytes of memory a subject.

    A first pass keeps a hash of each subject. Only when hashes meet does a second pass look at those contracts.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._hashes = array("q")

    def add(self, contract: Contract) -> None:
        """Note the subjects of a contract and of its children."""
        self._hashes.extend(map(hash, contract.subjects))
        if contract.children:
            self._hashes.extend(map(hash, contract.all_subjects[len(contract.subjects) :]))

    def check(self, report: Report) -> None:
        """Report the overlaps, once all contracts were added."""
        twice = self._met_twice()
        if not twice:
            return
        lives: dict[str, list[_Life]] = {}
        for placed in self._draft.contracts.placed(lambda _: None):
            for life in self._lives(placed):
                for subject in life.subjects:
                    if hash(subject) in twice:
                        lives.setdefault(subject, []).append(life)
        found = [finding for subject in lives for finding in _overlaps(subject, lives[subject])]
        for finding in found[:_MOST_OVERLAPS]:
            report(finding)

    def _met_twice(self) -> set[int]:
        ordered = array("q", sorted(self._hashes))
        return {one for one, following in pairwise(ordered) if one == following}

    def _lives(self, placed: Placed) -> Iterator["_Life"]:
        contract = placed.contract
        where = _zone(self._draft, contract)
        end = NEVER if contract.end is None else instant_of(contract.end, where)
        life = Interval(instant_of(contract.start, where), end)
        key = "subjects" if len(contract.subjects) > 1 else "org"
        yield _Life(life, contract.subjects, contract.start, placed, key, contract.id)
        for index, account in enumerate(accounts_of(contract, life, where)[1:]):
            child = contract.children[index]
            key = f"children/{index}/{'org' if child.org is not None else 'subjects'}"
            begin = contract.start if child.from_ is None else child.from_
            yield _Life(account.life, account.subjects, begin, placed, key, f"{contract.id}/{child.id}")


class _Life(NamedTuple):
    """A time in which a contract, or a child of one, has subjects: when it is said to begin, where, and for whom."""

    interval: Interval
    subjects: tuple[str, ...]
    begin: When
    placed: Placed
    key: str
    name: str


def _overlaps(subject: str, lives: list[_Life]) -> Iterator[Finding]:
    ordered = sorted(lives, key=lambda life: (life.interval, life.placed.contract.id))
    holder, *rest = ordered
    for life in rest:
        if life.interval.start < min(holder.interval.end, life.interval.end):
            yield _overlap(subject, holder, life)
        if life.interval.end > holder.interval.end:
            holder = life


def _overlap(subject: str, holder: _Life, life: _Life) -> Finding:
    contract, other = life.placed.contract, holder.placed.contract
    name = "" if holder.name == other.id else f"`{holder.name.removeprefix(f'{other.id}/')}` of "
    where = "twice" if holder.name == life.name else f"by {name}`{other.id}` too"
    message = f"`{subject}` is billed {where} from {life.begin.isoformat()} on"
    place = f"contracts/{other.id}" + ("" if holder.name == other.id else f"#{holder.key}")
    help_ = f"end {place} when this one begins, or take the subject out of one of the two"
    return Finding("RB309", message, f"{contract.pointer}#{life.key}", life.placed.position, help=help_)
