"""The stages of a contract's life: phases, pauses and a trial must follow one another inside it."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from ratebook.book.model import Contract, TrialUntil, When
from ratebook.calendar import NEVER, instant_of, local_date, shift
from ratebook.findings import Finding


def check_stages(contract: Contract, where: ZoneInfo) -> Iterator[Finding]:
    """Check that phases, pauses and the trial rise and lie inside the contract's life."""
    terms, pointer = contract.terms, contract.pointer
    before, what = contract.start, "the contract begins"
    for index, phase in enumerate(terms.phases):
        place = f"{pointer}#phases/{index}/until"
        yield from _rises(before, what, phase.until, place, where)
        yield from _inside(contract, phase.until, "the phase", place, where)
        before, what = phase.until, "the phase before it ends"
    before, what = contract.start, "the contract begins"
    for index, pause in enumerate(terms.pauses):
        place = f"{pointer}#pauses/{index}"
        if instant_of(pause.from_, where) < instant_of(before, where):
            yield _wrong(
                f"the pause begins at {_text(pause.from_)}, before {what} ({_text(before)})", f"{place}/from"
            )
        yield from _rises(pause.from_, "it begins", pause.until, f"{place}/until", where)
        yield from _inside(contract, pause.from_, "the pause", f"{place}/from", where)
        before, what = pause.until, "the pause before it ends"
    yield from _trial(contract, where)


def _trial(contract: Contract, where: ZoneInfo) -> Iterator[Finding]:
    trial = contract.terms.trial
    if isinstance(trial, TrialUntil):
        place = f"{contract.pointer}#trial/until"
        yield from _rises(contract.start, "the contract begins", trial.until, place, where)
        yield from _inside(contract, trial.until, "the trial", place, where)
    elif trial is not None:
        last = shift(local_date(instant_of(contract.start, where), where), trial.number, trial.unit)
        yield from _inside(contract, last, "the trial", f"{contract.pointer}#trial", where)


def _rises(before: When, what: str, after: When, pointer: str, where: ZoneInfo) -> Iterator[Finding]:
    if instant_of(after, where) <= instant_of(before, where):
        yield _wrong(f"{_text(after)} is not after {_text(before)}, when {what}", pointer)


def _inside(contract: Contract, moment: When, what: str, pointer: str, where: ZoneInfo) -> Iterator[Finding]:
    end = NEVER if contract.end is None else instant_of(contract.end, where)
    if contract.end is not None and instant_of(moment, where) >= end:
        verb = "begins" if pointer.endswith("/from") else "ends"
        yield _wrong(
            f"{what} {verb} at {_text(moment)}, when the contract is over ({_text(contract.end)})", pointer
        )


def _wrong(message: str, pointer: str) -> Finding:
    return Finding(
        "RB340", message, pointer, expected="times that follow one another inside the contract's life"
    )


def _text(moment: When) -> str:
    return moment.isoformat()
