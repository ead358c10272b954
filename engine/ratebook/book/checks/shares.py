"""Prices that are a share of an amount: what they price must be money, and what they say of events must be knowable."""

from collections.abc import Iterable, Iterator, Mapping

from ratebook.book.checks.walk import walk
from ratebook.book.draft import Draft
from ratebook.book.model import Dynamic, GraduatedPercentage, Meter, Percentage, RatingRule
from ratebook.book.terms import ChargeSources, Term
from ratebook.findings import Finding
from ratebook.money import MINOR_UNITS

Share = Percentage | GraduatedPercentage | Dynamic


def check_list_prices(draft: Draft) -> Iterator[Finding]:
    """Check the list prices of rating rules."""
    for name, rule in draft.rules.items():
        if rule.price is not None:
            yield from _fits(Term(rule.price, "", f"rating/{name}#price"), rule, draft.meters)


def check_shares(
    charges: Iterable[ChargeSources], meters: Mapping[str, Meter], own: str
) -> Iterator[Finding]:
    """Check the charges of a plan or a contract, where it says by itself what does not fit; `own` is its pointer."""
    for charge in charges:
        price, included = charge.nearest("price"), charge.nearest("included")
        if price is None:
            continue
        if _is_of(price, own):
            yield from _fits(price, charge.rule, meters)
        if included is not None and (_is_of(price, own) or _is_of(included, own)):
            yield from _includes(price, included)


def _is_of(term: Term, own: str) -> bool:
    return term.pointer.startswith(f"{own}#")


def _shares(price: Term) -> Iterator[tuple[Share, str]]:
    for value, pointer in walk(price.value, price.pointer):
        if isinstance(value, Share):
            yield value, pointer


def _fits(price: Term, rule: RatingRule, meters: Mapping[str, Meter]) -> Iterator[Finding]:
    """Check that a price that is a share of an amount has one, and that single events can be told apart."""
    for value, pointer in _shares(price):
        yield from _is_money(value, pointer, rule, meters)
        if not isinstance(value, Percentage) or value.each is None:
            continue
        bounds, help_ = "`each` bounds what one event costs", "leave out one of the two"
        if rule.convert.round != "none":
            message = f"{bounds}, and `convert` rounds all events together"
            yield Finding("RB321", message, f"{pointer}/each", help=help_)
        if rule.meters is not None:
            message = f"{bounds}, and `meters` adds up what several count"
            yield Finding("RB321", message, f"{pointer}/each", help=help_)


def _is_money(value: Share, pointer: str, rule: RatingRule, meters: Mapping[str, Meter]) -> Iterator[Finding]:
    needs = f"`{value.model}` prices an amount of money"
    known = [(use.meter, meters[use.meter]) for use in rule.uses if use.meter in meters]
    others = [(name, meter) for name, meter in known if meter.aggregate != "sum"]
    for name, meter in others:
        message = f"{needs}, and the meter `{name}` has `aggregate: {meter.aggregate}`"
        yield Finding("RB321", message, pointer, expected="a meter with aggregate: sum over an amount")
    if known and not others:
        unit = billable_unit(rule, known[0][1])
        if unit not in MINOR_UNITS:
            message = f"{needs}, and the billable unit {unit!r} is no currency"
            help_ = "say which it is as `unit` of the meter, or of the rule that converts"
            yield Finding("RB321", message, pointer, expected="a code of ISO 4217, as in USD", help=help_)
    levels = [name for name, meter in known if meter.recurring]
    if levels and isinstance(value, Percentage) and _is_of_events(value):
        message = f"the price asks what single events cost, and the meter `{levels[0]}` is a level"
        yield Finding("RB321", message, pointer, help="leave out `fixed`, `each` and `free: {events: …}`")


def _is_of_events(price: Percentage) -> bool:
    free = price.free is not None and price.free.events is not None
    return bool(price.fixed) or price.each is not None or free


def _includes(price: Term, included: Term) -> Iterator[Finding]:
    if not any(version.value for version in included.value.versions):
        return
    for value, _ in _shares(price):
        if isinstance(value, Percentage) and value.each is not None:
            message = "the price bounds what one event costs, and some units are included"
            help_ = "leave out one of the two: which events are included would depend on their order"
            yield Finding("RB321", message, included.pointer, help=help_)
            return


def billable_unit(rule: RatingRule, meter: Meter) -> str:
    """Give what a rule bills in: the currency of prices that are a share of it."""
    return rule.unit or rule.convert.to or meter.unit


def check_share_currencies(
    charges: Iterable[ChargeSources], meters: Mapping[str, Meter], currency: str, contract: str
) -> Iterator[Finding]:
    """Check, for a contract without exchange rates, that shares are of amounts in the invoice's currency."""
    for charge in charges:
        price, meter = charge.nearest("price"), meters.get(charge.rule.uses[0].meter)
        unit = billable_unit(charge.rule, meter) if meter is not None else currency
        if price is None or unit == currency or unit not in MINOR_UNITS:
            continue
        for value, pointer in _shares(price):
            message = f"`{value.model}` prices an amount in {unit}, and an invoice needs it in {currency}"
            yield Finding("RB308", message, pointer, help=f"for {contract}, give the billing spec `fx`")
