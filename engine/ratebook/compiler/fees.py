"""Which part of a fee's period is due by whose terms, where stages divide it."""

from collections.abc import Iterator

from ratebook.book.model import Fee
from ratebook.calendar import Interval
from ratebook.compiler.spans import Span
from ratebook.compiler.stages import Stages


def fee_part(fee: Fee, period: Interval, span: Span, stages: Stages) -> Span | None:
    """Give the part of a fee's period that is due by a stage.

    A fee that is charged in full is so once, though several stages have it: by the first of them if it is due in
    advance, else by the last.

    Args:
        fee: the fee.
        period: one of its periods, cut to the contract's life.
        span: the stage by whose terms it holds.
        stages: of the contract.
    """
    part = span.clip(period)
    if part.is_empty:
        return None
    if fee.prorate == "none":
        everyones = [one for one in _spans_of(fee, stages) if not one.clip(period).is_empty]
        chosen = everyones[0] if fee.bill == "in_advance" else everyones[-1]
        return part if span == chosen else None
    return part


def first_span(fee: Fee, stages: Stages) -> Span | None:
    """Give the first stage that has a fee of this id: where one that is due once falls due."""
    return next(_spans_of(fee, stages), None)


def _spans_of(fee: Fee, stages: Stages) -> Iterator[Span]:
    for span, terms in stages:
        if terms is not None and any(source.fee.id == fee.id for source in terms.fees):
            yield span
