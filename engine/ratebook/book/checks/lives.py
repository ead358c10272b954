"""The lives of contracts: when they begin and end, and that no two bill the same subject at the same time."""

from array import array
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from ratebook.book.checks.stages import check_stages
from ratebook.book.contract_tables import Report
from ratebook.book.draft import Draft, Placed
from ratebook.book.model import Contract, When
from ratebook.calendar import NEVER, Interval, instant_of, zone
from ratebook.findings import Finding

_MOST_OVERLAPS: Final = 100


def check_life(draft: Draft, placed: Placed) -> Iterator[Finding]:
    """Check that a contract, and what is dated in it, ends after it begins."""
    contract = placed.contract
    pointer = contract.pointer
    yield from _window(draft, contract, contract.start, contract.end, f"{pointer}#end")
    for index, discount in enumerate(contract.terms.discounts):
        place = f"{pointer}#discounts/{index}/until"
        begin = discount.from_ if discount.from_ is not None else contract.start
        yield from _window(draft, contract, begin, discount.until, place)
    yield from check_stages(contract, _zone(draft, contract))


def _window(
    draft: Draft, contract: Contract, begin: When, end: When | None, pointer: str
) -> Iterator[Finding]:
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
        """Note the subjects of a contract."""
        self._hashes.extend(map(hash, contract.subjects))

    def check(self, report: Report) -> None:
        """Report the overlaps, once all contracts were added."""
        twice = self._met_twice()
        if not twice:
            return
        lives: dict[str, list[tuple[Interval, Placed]]] = {}
        for placed in self._draft.contracts.placed(lambda _: None):
            for subject in placed.contract.subjects:
                if hash(subject) in twice:
                    lives.setdefault(subject, []).append((self._life(placed.contract), placed))
        found = [finding for subject in lives for finding in _overlaps(subject, lives[subject])]
        for finding in found[:_MOST_OVERLAPS]:
            report(finding)

    def _met_twice(self) -> set[int]:
        ordered = array("q", sorted(self._hashes))
        return {one for one, following in pairwise(ordered) if one == following}

    def _life(self, contract: Contract) -> Interval:
        where = _zone(self._draft, contract)
        end = NEVER if contract.end is None else instant_of(contract.end, where)
        return Interval(instant_of(contract.start, where), end)


def _overlaps(subject: str, lives: list[tuple[Interval, Placed]]) -> Iterator[Finding]:
    ordered = sorted(lives, key=lambda life: (life[0], life[1].contract.id))
    (open_life, holder), *rest = ordered
    for life, placed in rest:
        if life.start < open_life.end:
            other, this = holder.contract.id, placed.contract
            where = "twice" if other == this.id else f"by `{other}` too"
            message = f"`{subject}` is billed {where} from {this.start.isoformat()} on"
            help_ = f"end contracts/{other} when this one begins, or take the subject out of one of the two"
            key = "subjects" if len(this.subjects) > 1 else "org"
            yield Finding("RB309", message, f"{this.pointer}#{key}", placed.position, help=help_)
        if life.end > open_life.end:
            open_life, holder = life, placed
