"""The past months that a simulation runs over, and to which of them an invoice belongs."""

import re
from datetime import date
from typing import Final, NamedTuple

from ratebook.calendar import Instant, RunPeriod, add_months, local_date
from ratebook.compiler.program import Program

MOST_MONTHS: Final = 24

_MONTH: Final = r"(\d{4})-(0[1-9]|1[0-2])"


class Months(NamedTuple):
    """Some months one after the other: the first, and how many."""

    first: date
    number: int

    @classmethod
    def parse(cls, text: str) -> "Months":
        """Read `2026-01/2026-12`, both included, or one month.

        Raises:
            ValueError: with a sentence that says what was expected.
        """
        found = re.fullmatch(rf"{_MONTH}(/{_MONTH})?", text, re.ASCII)
        if found is None:
            raise ValueError(f"{text!r} are no months; write 2026-01/2026-12, or 2026-10 for one")
        first = date(int(found[1]), int(found[2]), 1)
        last = date(int(found[4]), int(found[5]), 1) if found[3] else first
        return cls.of(first, (last.year - first.year) * 12 + last.month - first.month + 1)

    @classmethod
    def before(cls, day: date, count: int) -> "Months":
        """Give the last months that are over on a day.

        Raises:
            ValueError: there are too many of them, or none.
        """
        return cls.of(add_months(day.replace(day=1), -count), count)

    @classmethod
    def of(cls, first: date, count: int) -> "Months":
        """Give months from their first day on.

        Raises:
            ValueError: there are too many of them, or none.
        """
        if not 1 <= count <= MOST_MONTHS:
            raise ValueError(f"these are {count} months; a simulation runs over 1 to {MOST_MONTHS}")
        return cls(first, count)

    @property
    def end(self) -> date:
        """The first day after them."""
        return add_months(self.first, self.number)

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, as in `2026-10`."""
        return tuple(_name(add_months(self.first, number)) for number in range(self.number))

    @property
    def text(self) -> str:
        """Both ends, as in `2026-01/2026-12`."""
        names = self.names
        return names[0] if len(names) == 1 else f"{names[0]}/{names[-1]}"

    def run_period(self) -> RunPeriod:
        """Give them as one period, so that one run measures all of them."""
        return RunPeriod(self.text, self.first, self.end)


def month_of(program: Program) -> str:
    """Name the month in whose run an invoice is made: that in which its period ends, or the contract begins."""
    boundary = program.boundary
    moment = boundary.at if boundary.kind == "opening" else Instant(boundary.at - 1)
    return _name(local_date(moment, program.agreement.zone))


def _name(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"
