"""Run a command in a process of its own, and tell how long it took and how much memory it held at its peak."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    """One run of a command."""

    seconds: float
    peak_mb: float
    output: str


def run(command: Sequence[str], *, allowed: Sequence[int] = (0,)) -> Run:
    """Run a command to its end.

    Raises:
        RuntimeError: it ended with another exit code than those allowed; its last output is in the message.
    """
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode not in allowed:
        msg = f"{' '.join(command)} ended with {process.returncode}:\n{output[-2000:]}"
        raise RuntimeError(msg)
    return Run(seconds, usage.ru_maxrss / 1024, output)


def best(commands: Sequence[Sequence[str]], rounds: int, *, allowed: Sequence[int] = (0,)) -> list[Run]:
    """Run several commands in turns, so that a slow moment of the machine hits all; give each one's quickest run."""
    runs = [[run(command, allowed=allowed) for command in commands] for _ in range(rounds)]
    return [min(of_one, key=lambda one: one.seconds) for of_one in zip(*runs, strict=True)]


def size_mb(folder: Path) -> float:
    """Give the size of a folder's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1_000_000
