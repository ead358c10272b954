"""The tax of an agreement: its rates in time, and what of them one boundary needs to know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ratebook.book.model import ContractTax, Spec, Tax, TaxRate
from ratebook.book.model.tax import EXEMPT, REVERSE_CHARGE, STANDARD
from ratebook.book.terms import Sources, Term
from ratebook.book.withholding import SHARES
from ratebook.calendar import BEGINNING, Instant, Interval, Share
from ratebook.compiler.program import Agreement, Boundary, FeeProgram, supply_of
from ratebook.compiler.tax_programs import RateGroup, TaxProgram, TaxRules, Withholding, taxed_part
from ratebook.compiler.terms import ANY_CONTRACT
from ratebook.compiler.timed import Moment, Timed, timed
from ratebook.money import ZERO

_PLAIN: Final[Mapping[str, object]] = {
    "prices": "exclusive",
    "supply": "period_end",
    "rates": {},
    "exempt": None,
    "currency": None,
}
"""What a tax says that has one plain rate."""


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """The tax of an agreement, whatever the period.

    Attributes:
        header: the spec's rules and the currency.
        versions: of the spec's tax, with their pointers.
        rates: by name, what they are in time.
        named: fee or charge, as `taxed_part` names it → its rate, where it names one.
        otherwise: the rate of everything else.
        withholding: what of the tax the customer pays to the authority itself.
        is_plain: whether there is one rate, added to the subtotal.
    """

    header: Agreement
    versions: Timed[tuple[Tax, str]]
    rates: Mapping[str, Timed[RateGroup]]
    named: Mapping[str, str]
    otherwise: str
    withholding: Withholding | None
    is_plain: bool

    def changes(self, inside: Interval) -> set[Instant]:
        """Give the instants inside a period at which a rate changes, where each part is taxed at its own."""
        found = self.versions.at(Instant(inside.end - 1))
        if found is None or found[0].supply != "split":
            return set()
        return {change for rate in self.rates.values() for change in rate.changes(inside)}

    def program(
        self, boundary: Boundary, fees: Sequence[FeeProgram], *, bills_ahead: bool = False
    ) -> TaxProgram | TaxRules | None:
        """Give the tax of a boundary: one plain rate where it is all there is, else rules; None where there is none.

        Args:
            boundary: where is billed.
            fees: that are due there.
            bills_ahead: whether a commitment is billed in advance, which is taxed as of the boundary.
        """
        opening = boundary.kind == "opening"
        last = boundary.at if opening else Instant(boundary.billed.end - 1)
        dates = [supply_of(fee.period, boundary) for fee in fees]
        if bills_ahead or not (opening and dates):
            dates.append(last)
        ends = [Instant(fee.period.end - 1) for fee in fees]
        found = self.versions.at(last if last in dates else min(dates)) or self.versions.at(max(dates))
        found = found or self._split_at(max((last, *ends)))
        if found is None:
            return None
        tax, pointer = found
        if self.is_plain and len({self._percent(date) for date in dates}) == 1:
            return TaxProgram(self.header.say(tax.name), tax.percent, tax.round_on, pointer)
        if tax.supply == "split":
            dates += [*ends, *(fee.period.start for fee in fees)]
            dates.append(boundary.billed.start if boundary.billed.length else last)
        return self._rules(tax, pointer, last, Interval(min(dates), Instant(max(dates) + 1)))

    def _split_at(self, at: Instant) -> tuple[Tax, str] | None:
        """Give the tax at an instant, if only what is supplied from its beginning on is taxed."""
        found = self.versions.at(at)
        return found if found is not None and found[0].supply == "split" else None

    def _percent(self, at: Instant) -> Decimal | None:
        group = self.rates[self.otherwise].at(at)
        return group.percent if group is not None else None

    def _rules(self, tax: Tax, pointer: str, last: Instant, span: Interval) -> TaxRules:
        currency = tax.currency if tax.currency != self.header.currency else None
        return TaxRules(
            name=self.header.say(tax.name),
            round_on=tax.round_on,
            inclusive=tax.prices == "inclusive",
            split=tax.supply == "split",
            rates={name: tuple(_inside(self.rates[name], span)) for name in sorted(self.rates)},
            named=self.named,
            otherwise=self.otherwise,
            last=last,
            withholding=self.withholding,
            currency=currency or "",
            pointer=pointer,
        )


def _inside(rate: Timed[RateGroup], span: Interval) -> Iterator[tuple[Instant, RateGroup]]:
    """Give what a rate is in a span of time; what it was at the span's beginning counts as what it always was."""
    first = rate.at(span.start)
    if first is not None:
        yield BEGINNING, first
    yield from (moment for moment in rate.moments if span.start < moment.start < span.end)


def tax_terms(
    spec_id: str, spec: Spec, own: ContractTax | None, plans: Iterable[Sources], header: Agreement
) -> TaxTerms | None:
    """Compile the tax of an agreement on some plans; None where the spec has none, or somebody else adds it."""
    if spec.tax is None or isinstance(spec.tax, str):
        return None
    term = Term(spec.tax, header.currency, f"specs/{spec_id}#tax")
    versions: Timed[tuple[Tax, str]] = timed(term, header.zone, lambda tax, at: (tax, at))
    is_plain = own is None and all(
        getattr(tax, key) == value for tax, _ in _values(versions) for key, value in _PLAIN.items()
    )
    special = _special(own, header) if own is not None else None
    named = {} if special is not None else {name: rate for sources in plans for name, rate in _named(sources)}
    otherwise = special.rate if special is not None else STANDARD
    rates = {otherwise: _always(special)} if special is not None else {}
    for name in {STANDARD, *named.values()} if special is None else ():
        rates[name] = _rate_in_time(name, versions, header)
    return TaxTerms(header, versions, rates, named, otherwise, _withholding(own), is_plain)


def _values(versions: Timed[tuple[Tax, str]]) -> Iterable[tuple[Tax, str]]:
    return [value for _, value in versions.moments]


def _named(sources: Sources) -> Iterator[tuple[str, str]]:
    for fee in sources.fees():
        if fee.fee.tax is not None:
            yield taxed_part(fee.pointer, fee.fee.id), fee.fee.tax
    for charge in sources.charges():
        found = charge.nearest("tax")
        if found is not None:
            yield taxed_part(charge.pointer, charge.charge.id), found.value


def _special(own: ContractTax, header: Agreement) -> RateGroup | None:
    """Give the only rate of a contract that is exempt or under reverse charge."""
    rate, code = (EXEMPT, own.exempt) if own.exempt is not None else (REVERSE_CHARGE, own.reverse_charge)
    if code is None:
        return None
    reason = header.say(own.reason) if own.reason is not None else ""
    return RateGroup(rate, ZERO, code, reason, f"{ANY_CONTRACT}#tax")


def _always(group: RateGroup) -> Timed[RateGroup]:
    return Timed((Moment(BEGINNING, group),))


def _rate_in_time(name: str, versions: Timed[tuple[Tax, str]], header: Agreement) -> Timed[RateGroup]:
    """Give what a rate is from each instant on at which the tax, or the rate itself, has a new version.

    Before its own first version a rate is the standard one.
    """
    written: dict[Instant, Timed[RateGroup]] = {}
    standard: dict[Instant, RateGroup] = {}
    starts = set()
    are_common = len({repr(tax.rates.get(name)) for tax, _ in _values(versions)}) == 1
    for start, (tax, pointer) in versions.moments:
        place = pointer.partition("/versions/")[0] if are_common and name != STANDARD else pointer
        written[start] = _of_version(name, tax, place, header)
        standard[start] = _group(STANDARD, tax, pointer, header)
        starts |= {start, *(max(start, inner) for inner, _ in written[start].moments)}
    moments = []
    for start in sorted(starts):
        outer = max(outer for outer in written if outer <= start)
        moments.append(Moment(start, written[outer].at(start) or standard[outer]))
    return Timed(tuple(moments))


def _of_version(name: str, tax: Tax, pointer: str, header: Agreement) -> Timed[RateGroup]:
    """Give what a rate is by one version of its tax."""
    if name == STANDARD:
        return _always(_group(name, tax, pointer, header))
    found = tax.rates.get(name)
    if found is None:
        return Timed(())
    term = Term(found, header.currency, f"{pointer}/rates/{name}")
    return timed(term, header.zone, lambda rate, at: _group(name, rate, at, header))


def _group(name: str, rate: TaxRate, pointer: str, header: Agreement) -> RateGroup:
    reason = header.say(rate.reason) if rate.reason is not None else ""
    return RateGroup(name, rate.percent, rate.exempt or "", reason, pointer)


def _withholding(own: ContractTax | None) -> Withholding | None:
    if own is None or own.withholding is None:
        return None
    share = SHARES[own.withholding] if own.share is None else Fraction(own.share)
    return Withholding(
        own.withholding, Share(share.numerator, share.denominator), f"{ANY_CONTRACT}#tax/withholding"
    )
