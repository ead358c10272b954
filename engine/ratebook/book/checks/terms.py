"""The terms of commitments: each counts what is billed up to its end, so it should end where a billing period does."""

from collections.abc import Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ratebook.book.draft import Draft
from ratebook.book.model import Contract
from ratebook.calendar import NEVER, Calendar, Cycle, Instant, instant_of, iso, local_date, midnight, shift
from ratebook.findings import Finding

_MONTHLY: Final = Cycle()


class _Billing(NamedTuple):
    """When a contract is billed: the periods of its cycle, until its end."""

    calendar: Calendar
    end: Instant

    def period_over(self, moment: Instant) -> tuple[str, str] | None:
        """Give the days of the billing period that an instant divides; None where one ends there."""
        period = self.calendar.period(self.calendar.number_at(moment))
        if moment in {period.start, self.end} or moment > self.end:
            return None
        first, last = (
            iso(edge, self.calendar.where)[:10] for edge in (period.start, min(period.end, self.end))
        )
        return first, last


def check_terms(draft: Draft, contract: Contract, where: ZoneInfo) -> Iterator[Finding]:
    """Check that terms of commitments, and what rolls over from them, end where a billing period ends."""
    for index, promise in enumerate(contract.terms.commitments):
        if promise.until is None or promise.every is not None:
            continue
        billing, place = _billing(draft, contract, where), f"{contract.pointer}#commitments/{index}"
        until = instant_of(promise.until, where)
        over = billing.period_over(until)
        if over is not None:
            first, last = over
            yield Finding(
                "RB324",
                f"`{promise.id}` ends inside the billing period from {first} until {last}, which is billed after that:"
                f" what is used from {first} on does not count towards it",
                f"{place}/until",
                help=f"write {last} if that period is to count, or {first}",
            )
        if promise.rollover is not None:
            kept = promise.rollover.for_
            over = billing.period_over(
                midnight(shift(local_date(until, where), kept.number, kept.unit), where)
            )
            if over is not None:
                first, last = over
                yield Finding(
                    "RB324",
                    f"what rolls over from `{promise.id}` lapses inside the billing period from {first} until {last}:"
                    f" it does not pay for what is used from {first} on",
                    f"{place}/rollover/for",
                    help=f"let it last until {last}, by whole billing periods",
                )


def _billing(draft: Draft, contract: Contract, where: ZoneInfo) -> _Billing:
    plan = draft.plans.get(contract.terms.plan or "")
    cycle = contract.terms.cycle or (plan.cycle if plan is not None else None)
    start = instant_of(contract.start, where)
    calendar = Calendar.of(Cycle(cycle.every, cycle.anchor) if cycle else _MONTHLY, start, where)
    return _Billing(calendar, NEVER if contract.end is None else instant_of(contract.end, where))
