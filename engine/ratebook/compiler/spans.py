"""Stretches of time that divide a period without a gap, by days as well as by seconds."""

from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from ratebook.calendar import WHOLE, Interval, Share, share


class Span(NamedTuple):
    """A stretch of time, and the local days of it that count where something is charged by days.

    A day belongs to the last span that touches it: where another one follows, `counted` ends with the day before.
    """

    interval: Interval
    counted: Interval

    def clip(self, other: Interval) -> "Span":
        """Give the part inside an interval; its interval is empty when its end is not after its start."""
        return Span(self.interval.clip(other), self.counted.clip(other))

    def share_of(self, nominal: Interval, by: Literal["days", "seconds", "none"], where: ZoneInfo) -> Share:
        """Give the share of a nominal period; the shares of all spans that divide it add up to exactly 1."""
        return share(self.counted if by == "days" else self.interval, nominal, by, where)

    @property
    def is_empty(self) -> bool:
        """Whether it has no time at all."""
        return self.interval.end <= self.interval.start


class Part(NamedTuple):
    """A part of a billed period in which a charge holds without a break.

    Attributes:
        number: among the parts of the period.
        nominal: the full period.
        span: the part.
        before: earlier parts from which the charge carries on.
        is_continued: whether a later part carries on from this one.
    """

    number: int
    nominal: Interval
    span: Span
    before: tuple[Span, ...] = ()
    is_continued: bool = False

    @property
    def billed(self) -> Interval:
        """The time that is billed."""
        return self.span.interval

    def share(self, by: Literal["days", "seconds", "none"], where: ZoneInfo) -> Share:
        """Give its share of the full period, together with the parts from which it carries on."""
        shares = [span.share_of(self.nominal, by, where) for span in (*self.before, self.span)]
        if len(shares) == 1 or WHOLE in shares:
            return shares[-1] if len(shares) == 1 else WHOLE
        return Share(sum(one.numerator for one in shares), shares[0].denominator)
