"""Rows of several meters, and of several accounts, put together as rows of one charge."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ratebook.compiler.program import ChargeProgram
from ratebook.compiler.reading import MeasureUse, Reading, meter_key
from ratebook.rating.ladders import Key, key_order
from ratebook.usage.rows import UsageRow


class Read(NamedTuple):
    """What an account used of one meter; the account of a contract's own usage is None."""

    account: str | None
    reading: int
    rows: Sequence[UsageRow]


def put_together(program: ChargeProgram, found: Iterable[Read]) -> list[UsageRow]:
    """Give the rows of a charge, in order of segment and dimensions.

    Quantities are scaled and units multiplied by what one of their meter counts. What does not add up is usage of the
    last segment: it is priced at the period's end.
    """
    last = len(program.segments) - 1
    rows = [
        _row(row, _key(program.use, account, number, row), program.use.readings[number], last)
        for account, number, own in found
        for row in own
    ]
    return sorted(rows, key=lambda row: (row.segment, key_order(row.dimensions)))


def _key(use: MeasureUse, account: str | None, number: int, row: UsageRow) -> Key:
    meter = (meter_key(number),) if use.has_meters else ()
    accounts = (account,) if use.tells_accounts else ()
    own = (None if place is None else row.dimensions[place] for place in use.readings[number].places)
    return (*meter, *accounts, *own)


def _row(row: UsageRow, key: Key, reading: Reading, last: int) -> UsageRow:
    return row._replace(
        segment=last if reading.at_end else row.segment,
        dimensions=key,
        quantity=row.quantity * reading.scale,
        units=row.units * reading.factor * reading.scale,
    )
