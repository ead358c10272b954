"""Change the arithmetic of an invoice in small ways, one at a time, and count how many of the changes a test notices.

    python -m benchmarks.mutants                          every change
    python -m benchmarks.mutants --sample 200 --seed 1    some, drawn by chance

The tests are imported once. A run of all of them tells which tests call which function; then each change is made in
a process forked for it, by putting other code into the function, and the tests of that function run there, the
quickest first, up to the first failure. Survivors are printed as they are found, and the share that was noticed last.
"""

import argparse
import gc
import json
import os
import random
import resource
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Final, NamedTuple

import pytest

from benchmarks.mutations import Mutant, mutants_of

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "engine" / "ratebook"
MODULES: Final = (
    PACKAGE / "money.py",
    PACKAGE / "calendar.py",
    *sorted((PACKAGE / "rating").glob("*.py")),
    *sorted((PACKAGE / "invoice").glob("*.py")),
)
TESTS: Final = (
    "tests/test_money.py",
    "tests/test_calendar.py",
    "tests/rating",
    "tests/invoice",
    "tests/billrun",
    # Other processes, which have no change: they would notice every change as a difference.
    "--ignore=tests/billrun/test_determinism.py",
)
CACHED: Final = type(cache(print))
MEMORY: Final = 8 << 30
SURVIVED, KILLED = 0, 1
OUTCOMES: Final = {
    SURVIVED: "survived",
    KILLED: "killed",
    -signal.SIGXCPU: "timed out",
    -signal.SIGKILL: "timed out",
}

Place = tuple[str, str]
"""A file and the qualified name of an outermost function in it."""


class Known(NamedTuple):
    """What a test did where nothing was changed."""

    seconds: float
    calls: frozenset[Place]


class Reports:
    """Plugin: what the tests that ran reported."""

    def __init__(self) -> None:
        self.failed = ""
        self.seconds = 0.0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a failure, and add up how long setup, call and teardown took."""
        self.seconds += report.duration
        if report.failed:
            self.failed = f"{report.nodeid}\n{report.longreprtext}"


class Mutation:
    """Plugin: instead of running the tests once, run those of each change with it."""

    def __init__(self, mutants: Sequence[Mutant], processes: int) -> None:
        self.mutants = mutants
        self.processes = processes
        self.outcomes: dict[int, str] = {}

    def pytest_configure(self) -> None:
        """Let a failure be enough: nobody reads how small the case can become."""
        from hypothesis import Phase, settings  # noqa: PLC0415 - by now pytest has seen to its assertions

        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("mutants", settings.get_profile("default"), phases=phases)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        known = _learn(session)
        functions = _functions()
        gc.freeze()
        running: dict[int, int] = {}
        for number, mutant in enumerate(self.mutants):
            name = (str(mutant.path), mutant.function)
            tests = [item for item in session.items if name in known[item.nodeid].calls]
            tests.sort(key=lambda item: known[item.nodeid].seconds)
            if len(running) == self.processes:
                self._wait(running)
            child = os.fork()
            if not child:
                seconds = sum(known[item.nodeid].seconds for item in tests)
                _in_child(session, number, mutant, functions.get(name, []), tests, seconds)
            running[child] = number
        while running:
            self._wait(running)
        return True

    def _wait(self, running: dict[int, int]) -> None:
        child, status = os.wait()
        number = running.pop(child)
        outcome = OUTCOMES.get(os.waitstatus_to_exitcode(status), "killed")
        self.outcomes[number] = outcome
        if outcome == "survived":
            mutant = self.mutants[number]
            print(
                f"{mutant.path.relative_to(ROOT)}:{mutant.line} in {mutant.function}: {mutant.change}",
                flush=True,
            )


def _learn(session: pytest.Session) -> Mapping[str, Known]:
    """Run all tests once, in a process of their own, and learn how long each takes and what it calls."""
    with tempfile.NamedTemporaryFile() as file:
        child = os.fork()
        if not child:
            _be_quiet()
            Path(file.name).write_text(json.dumps(_traced(session)))
            os._exit(0)
        os.waitpid(child, 0)
        known, failed = json.load(file)
    if failed:
        raise pytest.UsageError(f"a test fails where nothing was changed: {failed}")
    return {name: Known(seconds, frozenset(map(tuple, calls))) for name, (seconds, calls) in known.items()}


def _traced(session: pytest.Session) -> tuple[dict[str, tuple[float, list[Place]]], str]:
    files = frozenset(map(str, MODULES))
    calls: set[Place] = set()

    def trace(frame: FrameType, _event: str, _argument: object) -> None:
        code = frame.f_code
        if code.co_filename in files:
            calls.add((code.co_filename, code.co_qualname.split(".<locals>")[0]))

    caches = [one for one in gc.get_objects() if isinstance(one, CACHED)]
    known = {}
    for item in session.items:
        for one in caches:  # or only the first test to ask would be seen calling
            one.cache_clear()
        calls.clear()
        sys.settrace(trace)
        reports = _run(session, item)
        sys.settrace(None)
        if reports.failed:
            return {}, reports.failed
        known[item.nodeid] = (reports.seconds, list(calls))
    return known, ""


def _functions() -> Mapping[Place, list[FunctionType]]:
    """Find the functions of the modules, whoever holds them: a module, a class, a property, a cache."""
    files = frozenset(map(str, MODULES))
    found = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in files:
            found[one.__code__.co_filename, one.__code__.co_qualname].append(one)
    return found


def _in_child(
    session: pytest.Session,
    number: int,
    mutant: Mutant,
    functions: Sequence[FunctionType],
    tests: Sequence[pytest.Item],
    seconds: float,
) -> None:
    """Make the change, run the tests up to the first that fails, and end the process with the outcome."""
    _be_quiet()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    limit = int(10 + 3 * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    try:
        _change(mutant, functions)
        with tempfile.TemporaryDirectory(prefix=f"mutant-{number}-") as folder:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
            killed = any(_run(session, item).failed for item in tests)
        os._exit(KILLED if killed else SURVIVED)
    except BaseException:  # noqa: BLE001 - whatever breaks the run itself has noticed the change
        os._exit(KILLED)


def _be_quiet() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _change(mutant: Mutant, functions: Sequence[FunctionType]) -> None:
    mutant.place.put(mutant.node)
    codes = {code.co_qualname: code for code in _codes(compile(mutant.tree, str(mutant.path), "exec"))}
    for function in functions:
        function.__code__ = codes[mutant.function]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    yield from chain.from_iterable(_codes(one) for one in code.co_consts if isinstance(one, CodeType))


def _run(session: pytest.Session, item: pytest.Item) -> Reports:
    reports = Reports()
    session.config.pluginmanager.register(reports)
    session.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    session.config.pluginmanager.unregister(reports)
    return reports


def _table(mutants: Sequence[Mutant], outcomes: Mapping[int, str]) -> Iterator[str]:
    counts = Counter((mutants[number].path, outcome) for number, outcome in outcomes.items())
    yield f"{'module':40} {'killed':>8} {'survived':>8} {'timed out':>9}"
    for path in MODULES:
        row = [counts[path, outcome] for outcome in ("killed", "survived", "timed out")]
        if any(row):
            yield f"{path.relative_to(PACKAGE)!s:40} {row[0]:>8} {row[1]:>8} {row[2]:>9}"


def main() -> int:
    """Make the changes and print what came of them; exit code 1 if fewer than 90 % were noticed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--sample", type=int, help="how many changes to draw; without it, all are made")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--processes", type=int, default=1, help="how many changes are tried at once")
    asked = parser.parse_args()
    mutants = [mutant for path in MODULES for mutant in mutants_of(path)]
    of = len(mutants)
    if asked.sample is not None:
        mutants = random.Random(asked.seed).sample(mutants, min(asked.sample, of))
    mutation = Mutation(mutants, asked.processes)
    quietly = ["-s", "-p", "no:cacheprovider", "-p", "no:terminal", "-o", "addopts=--import-mode=importlib"]
    code = pytest.main([*quietly, *TESTS], plugins=[mutation])
    if code:
        return int(code)
    print("\n".join(_table(mutants, mutation.outcomes)))
    noticed = sum(outcome != "survived" for outcome in mutation.outcomes.values())
    drawn = "" if asked.sample is None else f", a sample of {of} drawn with seed {asked.seed}"
    print(f"{100 * noticed / len(mutants):.1f} % of {len(mutants)} mutants noticed{drawn}")
    return int(noticed < 0.9 * len(mutants))


if __name__ == "__main__":
    sys.exit(main())
