"""Which part of a fee's period is due by whose terms, where stages divide it."""

from collections.abc import Iterator

from ratebook.book.model import Fee
from ratebook.calendar import Interval
from ratebook.compiler.spans import Span
from ratebook.compiler.stages import Stages


def fee_part(fee: Fee, period: Interval, span: Span, stages: Stages) -> Span | None:
    """Give the part of a fee's period that is due by a stage.

    A fee that is charged in full is so once, though several stages have it in full: by the first of them if there it is
    due in advance, else by the last.

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
        in_full = [
            (one, other.bill)
            for one, other in _fees_of(fee, stages)
            if other.prorate == "none" and not one.clip(period).is_empty
        ]
        chosen, _ = in_full[0] if in_full[0][1] == "in_advance" else in_full[-1]
        return part if span == chosen else None
    return part


def first_span(fee: Fee, stages: Stages) -> Span | None:
    """Give the first stage that has a fee of this id: where one that is due once falls due."""
    return next((span for span, _ in _fees_of(fee, stages)), None)


def _fees_of(fee: Fee, stages: Stages) -> Iterator[tuple[Span, Fee]]:
    """Give the stages that have a fee of the same id, each with its own."""
    for span, terms in stages:
        for source in terms.fees if terms is not None else ():
            if source.fee.id == fee.id:
                yield span, source.fee
