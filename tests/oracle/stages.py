"""A contract's life in stages: on which plan it is when, on trial or in a pause, and the parts of a period by them.

Parts of a period tile it. By days, a local day belongs to the last part that touches it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.oracle.agreement import Agreement, agreement, find_plan
from tests.oracle.calendar import Period, Span, add_months, instant, midnight


@dataclass(frozen=True)
class Stage:
    """A time of a contract's life with one set of terms.

    Attributes:
        start: when it begins.
        end: when it ends; None if it does not.
        terms: what the contract comes to then.
        is_trial: whether nothing is charged.
        is_pause: whether nothing accrues, and usage is not covered.
    """

    start: datetime
    end: datetime | None
    terms: Agreement
    is_trial: bool = False
    is_pause: bool = False

    def within(self, span: Span) -> Span | None:
        """The part of the stage inside a span; None where there is none."""
        start = max(self.start, span.start)
        end = span.end if self.end is None else min(self.end, span.end)
        return Span(start, end) if start < end else None

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True)
class Part:
    """A part of a period that belongs to one stage."""

    period: Period
    stage: Stage

    @property
    def terms(self) -> Agreement:
        return self.stage.terms


def stages_of(book: Mapping[str, Any], one: Agreement) -> list[Stage]:
    """Cut a contract's life where its plan changes, its trial ends, and a pause begins or ends."""
    cuts = {one.life.start, *plan_changes(one), *pause_edges(one)}
    terms = {name: agreement(book, one.id, name) for name in plan_names(one)}
    trial = trial_end(book, one)
    cuts |= {trial} if trial is not None else set()
    end = one.life.end
    inside = sorted(cut for cut in cuts if one.life.start <= cut and (end is None or cut < end))
    found: list[Stage] = []
    for start, stop in zip(inside, [*inside[1:], end], strict=True):
        name = plan_at(one, start)
        paused = any(span.holds(start) for span in pauses(one))
        stage = Stage(start, stop, terms[name], trial is not None and start < trial and not paused, paused)
        if found and same_terms(found[-1], stage):
            stage = Stage(found.pop().start, stop, stage.terms, stage.is_trial, stage.is_pause)
        found.append(stage)
    return found


def same_terms(one: Stage, other: Stage) -> bool:
    return (one.terms.plan, one.is_trial, one.is_pause) == (
        other.terms.plan,
        other.is_trial,
        other.is_pause,
    ) or (one.is_pause and other.is_pause)


def plan_names(one: Agreement) -> list[str]:
    """The plans of a contract in order; bare `pro` is `pro@1`."""
    return [
        plain_name(name) for name in (*(phase["plan"] for phase in one.contract.get("phases", [])), one.plan)
    ]


def plain_name(plan: str) -> str:
    return plan.removesuffix("@1")


def plan_changes(one: Agreement) -> list[datetime]:
    return [instant(phase["until"], one.where) for phase in one.contract.get("phases", [])]


def plan_at(one: Agreement, moment: datetime) -> str:
    """The plan of the first phase that is not over; after the last phase, the contract's plan."""
    for phase in one.contract.get("phases", []):
        if moment < instant(phase["until"], one.where):
            return plain_name(phase["plan"])
    return plain_name(one.plan)


def pauses(one: Agreement) -> list[Span]:
    return [
        Span(instant(pause["from"], one.where), instant(pause["until"], one.where))
        for pause in one.contract.get("pauses", [])
    ]


def pause_edges(one: Agreement) -> list[datetime]:
    return [edge for span in pauses(one) for edge in span]


def trial_end(book: Mapping[str, Any], one: Agreement) -> datetime | None:
    """When the trial ends, which begins with the contract: its own, else that of its first plan; None without one."""
    plan = plan_names(one)[0]
    written = one.contract.get("trial") or (find_plan(book, plan).get("trial") if plan else None)
    if written is None:
        return None
    if isinstance(written, Mapping):
        return instant(written["until"], one.where)
    return later_by(one.life.start, written, one)


def later_by(start: datetime, duration: str, one: Agreement) -> datetime:
    """Go on by a duration in local days or months, to the same time of the day."""
    count, word = duration.split()
    local = start.astimezone(one.where)
    unit = word.removesuffix("s")
    if unit in {"day", "week"}:
        day = local.date() + timedelta(days=int(count) * {"day": 1, "week": 7}[unit])
    else:
        day = add_months(local.date(), int(count) * {"month": 1, "year": 12}[unit])
    time_of_day = local.replace(tzinfo=None) - datetime(local.year, local.month, local.day)  # noqa: DTZ001
    return midnight(day, one.where) + time_of_day


def parts_of(stages: Sequence[Stage], period: Period) -> list[Part]:
    """Divide a period by stages; a part whose last day the next one touches too does not have that day."""
    spans = [(stage, span) for stage in stages if (span := stage.within(period.billed)) is not None]
    found = []
    for number, (stage, span) in enumerate(spans):
        following = spans[number + 1][1] if number + 1 < len(spans) else None
        shared = following is not None and touches_same_day(span, following, stage.terms)
        found.append(Part(Period(period.nominal, span, shared), stage))
    return found


def touches_same_day(span: Span, following: Span, one: Agreement) -> bool:
    before = span.last_instant.astimezone(one.where).date()
    return before == following.start.astimezone(one.where).date()
