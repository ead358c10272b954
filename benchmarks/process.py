"""Run a command in a process of its own, and tell how long it took and how much memory it held at its peak."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
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
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode not in allowed:
        msg = f"{' '.join(command)} ended with {process.returncode}:\n{output[-2000:]}"
        raise RuntimeError(msg)
    return Run(seconds, usage.ru_maxrss / 1024, output)


def best(commands: Sequence[Callable[[int], Sequence[str]]], rounds: int) -> list[Run]:
    """Run several commands in turns, so that a slow moment of the machine hits all; give each one's quickest run.

    Exit code 1 is allowed: usage that could not be billed is part of what is generated.

    Args:
        commands: each gives its words for a round, by the round's number.
        rounds: how often each runs.
    """
    runs = [[run(command(number), allowed=(0, 1)) for command in commands] for number in range(rounds)]
    return [min(of_one, key=lambda one: one.seconds) for of_one in zip(*runs, strict=True)]
