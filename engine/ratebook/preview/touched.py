"""Which contracts the changes between two books reach, and the states in which each of them must be rated."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from ratebook.book import Book
from ratebook.book.changes import Change, ContractPair, contract_changes, contract_pairs
from ratebook.book.difference import ABSENT
from ratebook.book.draft import Draft
from ratebook.book.model import Contract, ContractTerms
from ratebook.book.validity import draft_of, fits
from ratebook.calendar import RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.preview.causes import Causes
from ratebook.preview.reach import Reach
from ratebook.preview.shields import Shielded, shields
from ratebook.preview.steps import Step, Way

NO_MONEY: Final = frozenset({"customer", "sink"})
"""Keys of a contract that no amount depends on."""

Terms = tuple[object, ...]
"""What an invoice of the period comes from: equal ones give equal invoices for equal usage."""


class State(NamedTuple):
    """A contract as it is rated after some changes; None where there is no such contract."""

    contract: Contract | None
    causes: tuple[int, ...]


class Touched(NamedTuple):
    """A contract whose bill may change: the states to rate, the first as it was, and what shields it."""

    pair: ContractPair
    states: tuple[State, ...]
    shielded: tuple[Shielded, ...]

    @property
    def rated(self) -> Iterator[Contract]:
        """The contract in all states in which there is one."""
        return (state.contract for state in self.states if state.contract is not None)


@dataclass(slots=True)
class Tracer:
    """Follows each contract along the way from one book to another.

    Attributes:
        way: the states of the book.
        causes: all changes; those of contracts are added, equal ones of several contracts as one.
        period: which period is rated.
        books: the state of the book of each edition.
        compiler: compiles contracts in all editions, for the run that rates what is touched too.
    """

    way: Way
    second: Book
    causes: Causes
    period: RunPeriod
    books: list[Book] = field(init=False)
    compiler: RunCompiler = field(init=False)
    compared: int = 0
    _reach: Reach = field(init=False)
    _drafts: dict[int, Draft] = field(default_factory=dict)
    _fits: dict[tuple[int, int], tuple[ContractTerms, bool]] = field(default_factory=dict)
    _terms: dict[tuple[int, int, object, object, int], Terms | None] = field(default_factory=dict)
    _alike: dict[tuple[str, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Number the states of the book: the first, those ahead of contracts' changes, those after them."""
        steps = (*self.way.ahead, *self.way.after)
        self.books = [self.way.first, *(step.book for step in steps)]
        self._reach = Reach((self.way.first, self.second))
        self.compiler = RunCompiler(self.books[0], self.period, editions=tuple(self.books[1:]))

    def touched(self) -> Iterator[Touched]:
        """Give the contracts that some change reaches, in order of id."""
        for pair in contract_pairs(self.way.first.contracts(), self.second.contracts()):
            self.compared += 1
            found = self._follow(pair)
            if len(found.states) > 1 or found.shielded:
                yield found

    def _follow(self, pair: ContractPair) -> Touched:
        walk = _Walk(self)
        middle, last = len(self.way.ahead), len(self.way.ahead) + len(self.way.after)
        if pair.was is not None:
            walk.begin(pair.was)
            for edition, step in enumerate(self.way.ahead, start=1):
                walk.take(step, replace(pair.was, edition=edition))
        else:
            walk.states.append(State(None, ()))
        self._change(pair, walk, middle)
        if pair.now is not None:
            for edition, step in enumerate(self.way.after, start=middle + 1):
                walk.take(step, replace(pair.now, edition=edition))
            walk.end(replace(pair.now, edition=last))
        return Touched(pair, tuple(walk.states), tuple(walk.shielded))

    def _change(self, pair: ContractPair, walk: "_Walk", edition: int) -> None:
        """Make the changes of the contract itself, one after the other."""
        if pair.was is None or pair.now is None:
            whole = _whole(pair)
            place = pair.now or pair.was
            group = (
                ("whole", str(pair.was is None), place.terms.plan or "", place.terms.spec) if place else ()
            )
            now = None if pair.now is None else replace(pair.now, edition=edition)
            walk.add(now, self._cause(whole, group))
            return
        contract = pair.was
        changes = contract_changes(pair)
        for number, change in enumerate(changes):
            contract = change.make(contract) if number < len(changes) - 1 else pair.now
            cause = self._cause(change, (*change.path, str(change.was), str(change.now)))
            if change.path[0] not in NO_MONEY:
                walk.add(replace(contract, edition=edition), cause)

    def _cause(self, change: Change, group: tuple[str, ...]) -> int:
        if group not in self._alike:
            self._alike[group] = self.causes.add(change)
        return self._alike[group]

    def reaches(self, step: Step, terms: ContractTerms) -> bool:
        """Tell whether a step changes a document that terms depend on."""
        return not step.documents.isdisjoint(self._reach.of(terms))

    def terms(self, contract: Contract) -> Terms | None:
        """Give what a contract's invoices come from in its edition; None where it does not fit to the book."""
        key = (contract.edition, id(contract.terms), contract.start, contract.end, len(contract.children))
        if key not in self._terms:
            self._terms[key] = self._compile(contract) if self._fit(contract) else None
        return self._terms[key]

    def _fit(self, contract: Contract) -> bool:
        key = (contract.edition, id(contract.terms))
        if key not in self._fits:
            if contract.edition not in self._drafts:
                self._drafts[contract.edition] = draft_of(self.books[contract.edition])
            found = fits(self._drafts[contract.edition], contract.terms)
            self._fits[key] = (contract.terms, found)
        return self._fits[key][1]

    def _compile(self, contract: Contract) -> Terms:
        timeline, _ = self.compiler.enroll(contract)
        return tuple(
            (program.digest, tuple(charge.use.measures for charge in program.charges))
            for program in timeline.programs
        )


@dataclass(slots=True)
class _Walk:
    """One contract on its way through the states of the book."""

    tracer: Tracer
    states: list[State] = field(default_factory=list)
    shielded: list[Shielded] = field(default_factory=list)
    _terms: Terms | None = None
    _waiting: list[int] = field(default_factory=list)

    def begin(self, contract: Contract) -> None:
        """Begin with the contract as it was."""
        self.states.append(State(contract, ()))
        self._terms = ()

    def take(self, step: Step, contract: Contract) -> None:
        """Make a step of the book, if it reaches the contract."""
        tracer = self.tracer
        if not tracer.reaches(step, contract.terms):
            return
        if self._terms == ():
            first = self.states[0].contract
            self._terms = tracer.terms(first) if first is not None else None
        terms = tracer.terms(contract)
        if terms is None:
            self._waiting += step.causes
        elif terms != self._terms:
            self._put(contract, terms, step.causes)
        elif not self._waiting:
            self.shielded += shields(tracer.causes, step, contract)

    def add(self, contract: Contract | None, cause: int) -> None:
        """Make a change of the contract itself."""
        terms = () if contract is None else self.tracer.terms(contract)
        if terms is None:
            self._waiting.append(cause)
        else:
            self._put(contract, terms, (cause,))

    def end(self, contract: Contract) -> None:
        """End with the contract as it is in the second book, where changes still wait for one that fits."""
        if self._waiting:
            self._put(contract, self.tracer.terms(contract) or (), ())

    def _put(self, contract: Contract | None, terms: Terms, causes: tuple[int, ...]) -> None:
        together = (*self._waiting, *causes)
        self.tracer.causes.unite(together)
        self.states.append(State(contract, together))
        self._terms, self._waiting = terms, []


def _whole(pair: ContractPair) -> Change:
    """Make one change of a contract that came or went."""
    pointer = f"contracts/{pair.id}"
    if pair.was is None:
        begins = pair.now.start if pair.now is not None else None
        return Change(pointer, ABSENT, pair.now, lambda _: pair.now, begins=begins)
    return Change(pointer, pair.was, ABSENT, lambda _: None, removes=True, begins=pair.was.start)
