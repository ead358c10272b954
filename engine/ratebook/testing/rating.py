"""Cases, rated: many in one run, as opening an engine costs more than measuring some rows.

Cases of one period are rated together, each with subjects of its own, unless their exchange rates contradict one
another. What is found in usage or sources names no case: where there is any, the cases are rated again in two halves,
down to one. A case that took a rate which only another case gives is rated again by itself.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ratebook.billrun.outcomes import BillRun, Outcome
from ratebook.book import Book
from ratebook.book.model import Child, Contract
from ratebook.calendar import RunPeriod, zone
from ratebook.compiler.run import RunCompiler
from ratebook.findings import Finding
from ratebook.fx import COLUMNS, RateTable, read_rates
from ratebook.sources.errors import SourceError
from ratebook.testing.contracts import contract_of, named_contracts
from ratebook.testing.files import NamedCase
from ratebook.testing.store import open_store
from ratebook.testing.usage import Event, Usage, UsageReader

_UTC: Final = "UTC"
_OF_A_CONTRACT: Final = frozenset({"RB505", "RB506", "RB507", "RB508"})
"""Findings that always name the contract that they are about."""


@dataclass(frozen=True, slots=True)
class Job:
    """A case that can be rated."""

    case: NamedCase
    contract: Contract
    usage: Usage
    rates: RateTable

    @property
    def period(self) -> RunPeriod:
        """What is billed."""
        return self.case.case.period

    @property
    def is_alone(self) -> bool:
        """Whether it cannot share a run: recorded files have subjects of their own, and findings may name no case."""
        return bool(self.usage.files or set(self.case.case.expect.findings or ()) - _OF_A_CONTRACT)

    def fits(self, others: RateTable) -> bool:
        """Whether its exchange rates and others can stand in one table."""
        return all(
            dict(others.rates.get(key, ())).get(day, rate) == rate
            for key, rows in self.rates.rates.items()
            for day, rate in rows
        )

    def gives(self, quotes: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the rates that an invoice took are its own."""
        own = {
            (source, f"{base}/{counter}", day.isoformat())
            for (source, base, counter), rows in self.rates.rates.items()
            for day, _ in rows
        }
        return all((one["source"], one["pair"], one["published"]) in own for one in quotes)


@dataclass(frozen=True, slots=True)
class Rated:
    """What came of a case: its invoices in order of time, and what was found.

    Attributes:
        documents: the invoices.
        findings: what could not be billed, or is worth knowing.
        refused: what kept it from being rated.
    """

    documents: tuple[dict[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()


def prepare(book: Book, cases: Sequence[NamedCase]) -> tuple[list[Job], list[Finding]]:
    """Make jobs of cases, or say what is wrong with them at their places."""
    known = named_contracts(book, cases)
    jobs, findings = [], list[Finding]()
    for case in cases:
        contract, wrong = contract_of(case, book, known)
        rates, wrong_rates = _rates(case)
        findings += [*wrong, *wrong_rates]
        if contract is None:
            continue
        spec = book.specs.get(contract.terms.spec)
        where = zone(spec.time_zone if spec else _UTC)
        reader = UsageReader(case, book.settings.sources, contract.all_subjects[0], where)
        jobs.append(Job(case, contract, reader.read(), rates))
        findings += reader.findings
    return jobs, findings


def _rates(case: NamedCase) -> tuple[RateTable, list[Finding]]:
    text = "\n".join((",".join(COLUMNS), *case.case.fx))
    rates, findings = read_rates(text.encode(), case.file.shown)
    return rates, [
        replace(one, position=case.place("fx", one.position.line - 2)) for one in findings if one.position
    ]


def rate_jobs(book: Book, jobs: Sequence[Job]) -> Iterator[tuple[Job, Rated]]:
    """Rate jobs; they come in groups of those that share a run."""
    for group in groups_of(jobs):
        yield from zip(group, _rate(book, group), strict=True)


def groups_of(jobs: Sequence[Job]) -> list[list[Job]]:
    """Put jobs together that share a run."""
    alone = [[job] for job in jobs if job.is_alone]
    shared: dict[str, list[tuple[list[Job], RateTable]]] = {}
    for job in jobs:
        if not job.is_alone:
            _join(shared.setdefault(job.period.text, []), job)
    return [group for groups in shared.values() for group, _ in groups] + alone


def _join(groups: list[tuple[list[Job], RateTable]], job: Job) -> None:
    for number, (group, rates) in enumerate(groups):
        if job.fits(rates):
            groups[number] = ([*group, job], _together([rates, job.rates]))
            return
    groups.append(([job], job.rates))


def _together(tables: Sequence[RateTable]) -> RateTable:
    """Put tables together that do not contradict one another."""
    pairs = {key for table in tables for key in table.rates}
    rows = {key: {row for table in tables for row in table.rates.get(key, ())} for key in pairs}
    return RateTable({key: tuple(sorted(found)) for key, found in rows.items()})


def _rate(book: Book, jobs: Sequence[Job]) -> list[Rated]:
    """Rate jobs in one run; where something is found that names no case, in several."""
    try:
        rated, loose = _run(book, jobs)
    except SourceError as error:
        rated, loose = [Rated(refused=error.findings)], list(error.findings)
    if len(jobs) == 1:
        return [rated[0] if rated[0].refused else replace(rated[0], findings=(*loose, *rated[0].findings))]
    if loose:
        half = len(jobs) // 2
        return [*_rate(book, jobs[:half]), *_rate(book, jobs[half:])]
    return [
        one if all(job.gives(document["fx"]) for document in one.documents) else _rate(book, [job])[0]
        for job, one in zip(jobs, rated, strict=True)
    ]


def _run(book: Book, jobs: Sequence[Job]) -> tuple[list[Rated], list[Finding]]:
    """Rate jobs in one run, and give the findings that name no contract apart."""
    contracts = [_apart(number, job) if len(jobs) > 1 else job.contract for number, job in enumerate(jobs)]
    compiler = RunCompiler(book, jobs[0].period)
    with tempfile.TemporaryDirectory(prefix="ratebook-test-") as folder:
        files = jobs[0].usage.files
        store = open_store(book.settings.sources, _events(jobs), files, Path(folder))
        try:
            run = BillRun(compiler, lambda: iter(contracts), store, _together([job.rates for job in jobs]))
            outcomes = list(run.outcomes())
        finally:
            store.close()
    named = [finding for outcome in outcomes for finding in outcome.findings]
    own = {id(finding) for finding in named}
    unsaid = {"RB409"} if not files else set()  # a row without a value did not name its column
    loose = [one for one in run.findings if id(one) not in own and one.code not in unsaid]
    return list(_by_contract(compiler, contracts, outcomes)), loose


def _by_contract(
    compiler: RunCompiler, contracts: Sequence[Contract], outcomes: Sequence[Outcome]
) -> Iterator[Rated]:
    """Divide outcomes over contracts, some of which may have one id: each has as many as boundaries."""
    stream = iter(outcomes)
    for contract in contracts:
        timeline, _ = compiler.enroll(contract)
        own = list(islice(stream, len(timeline.programs)))
        documents = tuple(outcome.document for outcome in own if outcome.document is not None)
        yield Rated(documents, tuple(finding for outcome in own for finding in outcome.findings))


def _apart(number: int, job: Job) -> Contract:
    """Give a contract whose subjects nobody else has."""
    contract = job.contract
    return replace(
        contract,
        subjects=tuple(_subject(number, one) for one in contract.subjects),
        children=tuple(_child(number, child) for child in contract.children),
    )


def _child(number: int, child: Child) -> Child:
    subjects = tuple(_subject(number, one) for one in child.subjects_of_usage())
    return child.model_copy(update={"org": None, "subjects": subjects})


def _subject(number: int, subject: str) -> str:
    return f"{number}/{subject}"


def _events(jobs: Sequence[Job]) -> Mapping[str, Sequence[Event]]:
    """Put the events of jobs together, their subjects and ids told apart where there are several."""
    found: dict[str, list[Event]] = {}
    for number, job in enumerate(jobs):
        for source, events in job.usage.events.items():
            own = (event._replace(id=event.id or f"row-{row}") for row, event in enumerate(events, start=1))
            found.setdefault(source, []).extend(
                own if len(jobs) == 1 else (_event(number, one) for one in own)
            )
    return found


def _event(number: int, event: Event) -> Event:
    reverses = event.reverses and f"{number}/{event.reverses}"
    subject = _subject(number, event.subject)
    return event._replace(id=f"{number}/{event.id}", subject=subject, reverses=reverses)
