"""Events that two charges would bill: of two charges on one meter that share events one must be narrower."""

from collections.abc import Iterator, Sequence

from ratebook.book.overlap import claims_of, contested
from ratebook.book.terms import ChargeSources
from ratebook.findings import Finding


def check_twice(charges: Sequence[ChargeSources]) -> Iterator[Finding]:
    """Check that no event is billed by two charges, of which none is a surcharge."""
    for one, other in contested(claims_of(charges)):
        both = f"`{one.charge.charge.id}` and by `{other.charge.charge.id}`"
        message = f"events of the meter `{one.meter}` would be billed by {both}"
        help_ = (
            "keep one, narrow one of the two by `where` so that it has only some of the other's events, or "
            "say `surcharge: true` of the one that is billed besides"
        )
        yield Finding("RB314", message, other.charge.pointer, help=help_)
