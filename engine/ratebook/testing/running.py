"""Running cases: which of them, in how many processes, and what became of each."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ratebook.book import Book, load
from ratebook.findings import Position, draw
from ratebook.testing.comparing import (
    Comparison,
    Difference,
    count_difference,
    finding_differences,
)
from ratebook.testing.files import NamedCase, read_files
from ratebook.testing.golden import golden_differences
from ratebook.testing.rating import Job, Rated, groups_of, prepare, rate_jobs
from ratebook.trees import read_folder

Status = Literal["passed", "failed", "skipped"]


class Failure(NamedTuple):
    """Why a case failed, and where the expectation stands.

    Attributes:
        difference: what is not as expected.
        position: where.
    """

    difference: Difference
    position: Position


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case.

    Attributes:
        file: its file, as shown.
        name: its name.
        position: where it begins.
        status: `passed`, `failed`, or `skipped`.
        failures: what is not as expected.
        reason: why it was skipped.
        documents: its invoices.
    """

    file: str
    name: str
    position: Position
    status: Status
    failures: tuple[Failure, ...] = ()
    reason: str = ""
    documents: tuple[dict[str, Any], ...] = ()


def run_jobs(book: Book, jobs: Sequence[Job]) -> Iterator[Result]:
    """Rate jobs and compare what comes of them."""
    for job, rated in rate_jobs(book, jobs):
        yield with_golden(job.case, result_of(job.case, job.contract.id, rated))


def result_of(case: NamedCase, who: str, rated: Rated) -> Result:
    """Compare what came of a case with what it expects."""
    differences = list(differences_of(case, who, rated))
    failures = tuple(Failure(one, case.place("expect", *one.parts)) for one in differences)
    status: Status = "failed" if failures else "passed"
    return Result(case.file.shown, case.name, case.place(), status, failures, documents=rated.documents)


def with_golden(case: NamedCase, result: Result) -> Result:
    """Compare the invoices of a case with its golden as well, if it has one."""
    if not case.case.golden:
        return result
    place = case.place("golden")
    found = tuple(Failure(one, place) for one in golden_differences(case, result.documents))
    failures = (*result.failures, *found)
    return replace(result, failures=failures, status="failed" if failures else "passed")


def differences_of(case: NamedCase, who: str, rated: Rated) -> Iterator[Difference]:
    """Give everything that is not as a case expects it."""
    for finding in rated.refused:
        what = f"{who} cannot be rated"
        yield Difference(what, f"{what}: {draw(finding, finding.position)}", (), None, finding.code)
    if rated.refused:
        return
    expected, documents = case.case.expect, rated.documents
    yield from finding_differences(who, expected.findings, rated.findings)
    yield from Comparison(who).invoices(expected, documents)
    if expected.invoices is not None:
        counted = count_difference(who, len(expected.invoices), documents)
        if counted is not None:
            yield counted
        for number, (wanted, document) in enumerate(zip(expected.invoices, documents, strict=False)):
            yield from Comparison(who, ("invoices", number)).invoices(wanted, [document])


def skipped(case: NamedCase, reason: str) -> Result:
    """Say why a case did not run."""
    return Result(case.file.shown, case.name, case.place(), "skipped", reason=reason)


def marked(cases: Sequence[NamedCase]) -> Iterator[tuple[Position, str]]:
    """Find what may not stay in a file of cases: that only some of them run."""
    for case in cases:
        if case.case.focus:
            yield case.place("focus"), f"{case.name} has `focus`: no other case would run"
        if case.case.skip is not None:
            yield case.place("skip"), f"{case.name} has `skip`: {case.case.skip}"


def chosen(cases: Sequence[NamedCase], name: str) -> tuple[list[NamedCase], list[Result]]:
    """Choose the cases that run: those whose names hold `name`, with `focus` where any has it, without `skip`."""
    named = [case for case in cases if name in case.name]
    focused = [case for case in named if case.case.focus]
    left_out = [skipped(case, "others have focus") for case in named if focused and not case.case.focus]
    run = focused or named
    left_out += [skipped(case, case.case.skip) for case in run if case.case.skip is not None]
    return [case for case in run if case.case.skip is None], left_out


def run_in_processes(root: Path, jobs: Sequence[Job], processes: int) -> Iterator[Result]:
    """Rate and compare in several processes, each of which reads the book and its files of cases for itself."""
    parts: list[list[tuple[str, str]]] = [[] for _ in range(processes)]
    for group in sorted(groups_of(jobs), key=len, reverse=True):
        min(parts, key=len).extend((str(job.case.file.path), job.case.name) for job in group)
    parts = [part for part in parts if part]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(parts), mp_context=context) as pool:
        for results in pool.map(_run_part, [root] * len(parts), parts):
            yield from results


def _run_part(root: Path, names: Sequence[tuple[str, str]]) -> list[Result]:
    book = load(read_folder(root)).book
    if book is None:
        raise AssertionError
    wanted = set(names)
    files = read_files([Path(path) for path in dict.fromkeys(path for path, _ in names)])
    cases = [case for file in files for case in file.cases() if (str(file.path), case.name) in wanted]
    jobs, _ = prepare(book, cases)
    return list(run_jobs(book, jobs))
