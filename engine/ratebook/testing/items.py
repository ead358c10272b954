"""Cases as tests of pytest: a file is a collector, a case an item, and what failed is money."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ratebook.book import Book, load
from ratebook.findings import Finding, draw, has_errors
from ratebook.testing.files import NamedCase, read_cases
from ratebook.testing.golden import differences, golden_differences, golden_text
from ratebook.testing.rating import prepare, rate_jobs
from ratebook.testing.reports import draw_failure
from ratebook.testing.running import Failure, Result, result_of
from ratebook.trees import read_folder

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr


class CaseError(AssertionError):
    """A case that failed; the message is what pytest shows."""


@cache
def book_of(root: Path) -> Book:
    """Load a book once for all files of its cases."""
    loaded = load(read_folder(root))
    if loaded.book is None:
        raise CaseError(_drawn(loaded.findings))
    return loaded.book


def _drawn(findings: Sequence[Finding]) -> str:
    return "\n".join(draw(finding, finding.position) for finding in findings)


class CaseCollector(pytest.File):
    """A file of cases."""

    def __init__(self, *, root: Path, **given: Any) -> None:  # noqa: ANN401 - what pytest gives
        super().__init__(**given)
        self.root = root
        self._results: dict[str, Result] | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """Give an item for each case; a file that is broken is an error of the collection."""
        shown = os.path.relpath(self.path, self.config.invocation_params.dir).replace(os.sep, "/")
        file = read_cases(self.path, shown, self.path.read_bytes())
        if file.findings:
            raise self.CollectError(_drawn(file.findings))
        for case in file.cases():
            yield CaseItem.from_parent(self, name=case.name, callobj=_body(self, case), case=case)

    def result(self, name: str) -> Result:
        """Give what became of a case; the cases of the file that were selected are rated together."""
        if self._results is None:
            cases = [
                item.case
                for item in self.session.items
                if isinstance(item, CaseItem) and item.parent is self and not item.is_left_out
            ]
            self._results = _rated(self.root, cases)
        return self._results[name]


def _rated(root: Path, cases: Sequence[NamedCase]) -> dict[str, Result]:
    book = book_of(root)
    jobs, findings = prepare(book, cases)
    if has_errors(findings):
        raise CaseError(_drawn(findings))
    return {
        job.case.name: result_of(job.case, job.contract.id, rated) for job, rated in rate_jobs(book, jobs)
    }


def _body(collector: CaseCollector, case: NamedCase) -> Callable[..., None]:
    """Make the function of an item; one with a golden asks for the fixture of syrupy, where it is installed."""

    def compare() -> None:
        result = collector.result(case.name)
        golden = golden_differences(case, result.documents) if case.case.golden else []
        _raise(result, [*result.failures, *(Failure(one, case.place("golden")) for one in golden)])

    def compare_golden(snapshot: Any) -> None:  # noqa: ANN401 - syrupy's fixture
        result = collector.result(case.name)
        same = golden_text(result.documents) == snapshot(extension_class=_extension())
        golden = [] if same else list(_golden_failures(case, snapshot, result))
        _raise(result, [*result.failures, *golden])

    has_syrupy = collector.config.pluginmanager.hasplugin("syrupy")
    return compare_golden if case.case.golden and has_syrupy else compare


def _golden_failures(case: NamedCase, snapshot: Any, result: Result) -> Iterator[Failure]:  # noqa: ANN401 - syrupy's fixture
    recalled = list(snapshot.executions.values())[-1].recalled_data
    if recalled is None:
        found = golden_differences(case, result.documents)
    else:
        found = list(differences(recalled, golden_text(result.documents)))
    return (Failure(one, case.place("golden")) for one in found)


@cache
def _extension() -> Any:  # noqa: ANN401 - a class of syrupy, which may not be installed
    from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

    class GoldenInvoices(SingleFileSnapshotExtension):
        """A golden is a file of JSON."""

        file_extension = "json"
        _write_mode = WriteMode.TEXT

        def serialize(self, data: Any, **options: Any) -> str:  # noqa: ANN401 - as syrupy has it
            """Write what is a text already."""
            del options
            return str(data)

    return GoldenInvoices


def _raise(result: Result, failures: Sequence[Failure]) -> None:
    if failures:
        rows = [row for failure in failures for row in draw_failure(failure)]
        raise CaseError("\n".join((f"{result.name} ({result.position.file}:{result.position.line})", *rows)))


class CaseItem(pytest.Function):
    """A case. It is a function to pytest, so that fixtures and syrupy know it."""

    def __init__(self, *, case: NamedCase, **given: Any) -> None:  # noqa: ANN401 - what pytest gives
        super().__init__(**given)
        self.case = case
        self.is_left_out = case.case.skip is not None

    def setup(self) -> None:
        """Skip a case that says why, but never in CI."""
        if is_ci() and (self.case.case.focus or self.case.case.skip is not None):
            what = "focus" if self.case.case.focus else "skip"
            raise CaseError(f"{self.name} has `{what}`; take it out: in CI all cases run")
        if self.case.case.skip is not None:
            pytest.skip(self.case.case.skip)
        if self.is_left_out:
            pytest.skip("others have focus")
        super().setup()

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where the case begins; lines count from 0 here."""
        return self.path, self.case.place().line - 1, self.name

    def repr_failure(
        self,
        excinfo: "ExceptionInfo[BaseException]",
        style: Any = None,  # noqa: ANN401 - as its base class has it
    ) -> "str | TerminalRepr":
        """Show what differs, and no line of Python."""
        del style
        if isinstance(excinfo.value, CaseError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


def is_ci(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this runs in CI, where all cases run."""
    return environment.get("CI", "").lower() not in {"", "0", "false"}


def choose(items: Sequence[pytest.Item]) -> None:
    """Leave out cases where others have `focus`."""
    cases = [item for item in items if isinstance(item, CaseItem)]
    if any(item.case.case.focus for item in cases):
        for item in cases:
            item.is_left_out = item.is_left_out or not item.case.case.focus
