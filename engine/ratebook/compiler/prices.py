"""From a price as the book writes it to a ladder or a matrix of ladders with exact unit prices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, Inexact
from itertools import chain
from math import prod
from typing import Any, Final

from ratebook.book.model.percentage import Dynamic, GraduatedPercentage, Percentage
from ratebook.book.model.price import Flat, Graduated, Matrix, Package, PerUnit, Volume, amounts_of
from ratebook.compiler.pricing_units import Amount, Worths, in_money, unit_of
from ratebook.compiler.program import EventFee, Ladder, LadderModel, Price, Pricing, Tier
from ratebook.compiler.tree import Tree
from ratebook.money import EXACT, ZERO

_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)
_FINITE: Final = EXACT.copy()
_FINITE.traps[Inexact] = True

Share = Percentage | GraduatedPercentage | Dynamic
Written = PerUnit | Flat | Graduated | Volume | Package | Share | Matrix | str


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What a price needs to know of where it is used.

    Attributes:
        currency: of the invoice.
        home: of amounts that name none.
        divisor: units for a billable one; put into the ladder, so that rating need not divide units.
        keep: the measure's dimensions, in which a matrix finds its own.
        billable_unit: of the units; the currency of prices that are a share of them.
        worths: what pricing units are worth while the price holds.
    """

    currency: str
    home: str
    divisor: Decimal
    keep: tuple[str, ...]
    billable_unit: str = ""
    worths: Worths = field(default_factory=dict)


class NoCommonCurrencyError(ValueError):
    """The amounts of a price have no currency in common."""


def compile_price(written: Written, terms: PriceTerms, pointer: str) -> Price:
    """Compile one version of a price."""
    if isinstance(written, Matrix):
        by = tuple(terms.keep.index(name) for name in written.by)
        leaves = {
            path: compile_ladder(leaf, terms, "/".join((pointer, "values", *path)))
            for path, leaf in _leaves(written.values, len(written.by))
        }
        return Price(None, Tree.of(len(by), leaves), by, pointer)
    return Price(compile_ladder(written, terms, pointer), None, (), pointer)


def _leaves(node: Any, depth: int, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401
    if not depth:
        yield path, node
        return
    for key, below in node.items():
        yield from _leaves(below, depth - 1, (*path, key))


def leaves_of(tree: Any) -> Iterator[Any]:  # noqa: ANN401 - a tree of any depth
    """Give the leaves of a book's nested mapping, whatever its depth."""
    if isinstance(tree, Mapping):
        for below in tree.values():
            yield from leaves_of(below)
    else:
        yield tree


def tree_of(values: Mapping[str, Any], depth: int) -> Tree[Any]:
    """Make a tree of a book's nested mapping."""
    return Tree.of(depth, dict(_leaves(values, depth)))


def compile_ladder(written: Written, terms: PriceTerms, pointer: str) -> Ladder:
    """Compile a price that is no matrix.

    Raises:
        NoCommonCurrencyError: its amounts are not all listed in one currency.
    """
    if isinstance(written, str):
        return _word("blocked" if written == "blocked" else "free", written, terms, pointer)
    unit = next(filter(None, map(unit_of, amounts_of(written))), "")
    if not unit:
        return _ladder(written, terms, pointer)
    if unit not in terms.worths:
        return _word("blocked", f"no value of {unit}", terms, pointer)
    worth = terms.worths[unit]
    home = terms.home if terms.home in worth.values else worth.home
    ladder = _ladder(written, replace(terms, home=home), pointer)
    value = worth.values[ladder.currency]
    return replace(ladder, pricing=Pricing(unit, worth.name, value, worth.pointer))


def _word(model: LadderModel, word: str, terms: PriceTerms, pointer: str) -> Ladder:
    currency = terms.currency
    return Ladder(
        model, (), (), _ONE, _ONE, flat_at_zero=False, currency=currency, pointer=pointer, word=word
    )


def _ladder(written: Written, terms: PriceTerms, pointer: str) -> Ladder:
    if isinstance(written, PerUnit):
        return _tiered(
            "graduated", [_Step(None, written.amount, written.per, ZERO, pointer)], written, terms, pointer
        )
    if isinstance(written, Flat):
        return _tiered(
            "graduated", [_Step(None, ZERO, _ONE, written.amount, pointer)], written, terms, pointer
        )
    if isinstance(written, Package):
        return _package(written, terms, pointer)
    if isinstance(written, Share):
        return _share(written, terms, pointer)
    if isinstance(written, Matrix | str):
        raise TypeError("a matrix stands inside a matrix")
    steps = [
        _Step(tier.up_to, tier.amount, tier.per or _ONE, tier.flat, f"{pointer}/tiers/{index}")
        for index, tier in enumerate(written.tiers)
    ]
    return _tiered(written.model, steps, written, terms, pointer)


def _package(written: Package, terms: PriceTerms, pointer: str) -> Ladder:
    amount = _money(written.amount, terms)
    currency = _currency([amount], terms)
    tier = Tier(ZERO, None, ZERO, _in(amount, currency, terms), ZERO, pointer)
    return Ladder(
        "package",
        (tier,),
        (),
        _ONE,
        written.size * terms.divisor,
        flat_at_zero=False,
        currency=currency,
        pointer=pointer,
        word="package",
        rounds=written.round,
    )


def _share(written: Share, terms: PriceTerms, pointer: str) -> Ladder:
    """Compile a price that is a share of an amount of money: all that it names is in the currency of that amount."""
    own = replace(terms, home=terms.billable_unit, currency=terms.billable_unit)
    ladder = _tiered("graduated", list(_shares(written, pointer)), written, own, pointer)
    if not isinstance(written, Percentage):
        return ladder
    free = int(written.free.events or 0) if written.free is not None else 0
    least, most = (written.each.minimum, written.each.maximum) if written.each is not None else (None, None)
    fee = EventFee(written.fixed, free, least, most)
    return replace(ladder, event_fee=fee) if written.fixed or fee.is_bound else ladder


def _shares(written: Share, pointer: str) -> Iterator["_Step"]:
    if isinstance(written, Dynamic):
        yield _Step(None, _HUNDRED + written.markup_percent, _HUNDRED, ZERO, pointer)
    elif isinstance(written, GraduatedPercentage):
        for index, tier in enumerate(written.tiers):
            yield _Step(tier.up_to, tier.percent, _HUNDRED, tier.flat, f"{pointer}/tiers/{index}")
    else:
        if written.free is not None and written.free.amount is not None:
            yield _Step(written.free.amount, ZERO, _HUNDRED, ZERO, f"{pointer}/free")
        yield _Step(None, written.percent, _HUNDRED, ZERO, pointer)


def scaled_price(price: Price, factor: Decimal) -> Price:
    """Put a factor into a price as a divisor of its units: what `factor` units of the new price cost, one unit cost."""
    if price.matrix is not None:
        leaves = {path: _scaled(leaf, factor) for path, leaf in price.matrix.leaves.items()}
        return replace(price, matrix=Tree.of(price.matrix.depth, leaves))
    return price if price.ladder is None else replace(price, ladder=_scaled(price.ladder, factor))


def _scaled(ladder: Ladder, factor: Decimal) -> Ladder:
    tiers = tuple(
        replace(
            tier,
            lower=tier.lower * factor,
            up_to=None if tier.up_to is None else tier.up_to * factor,
            base=tier.base * factor,
        )
        for tier in ladder.tiers
    )
    bounds = tuple(bound * factor for bound in ladder.bounds)
    denominator, size = ladder.denominator * factor, ladder.size * factor
    return replace(ladder, tiers=tiers, bounds=bounds, denominator=denominator, size=size)


@dataclass(frozen=True, slots=True)
class _Step:
    up_to: Decimal | None
    amount: Amount
    per: Decimal
    flat: Amount
    pointer: str


def _tiered(
    model: LadderModel,
    steps: Sequence[_Step],
    written: PerUnit | Flat | Graduated | Volume | Share,
    terms: PriceTerms,
    pointer: str,
) -> Ladder:
    steps = [
        replace(step, amount=_money(step.amount, terms), flat=_money(step.flat, terms)) for step in steps
    ]
    amounts = [amount for step in steps for amount in (step.amount, step.flat)]
    currency = _currency(amounts, terms)
    units = [step.per * terms.divisor for step in steps]
    listed = [_in(step.amount, currency, terms) for step in steps]
    prices, denominator = unit_prices(listed, units)
    tiers: list[Tier] = []
    lower, base = ZERO, ZERO
    for step, price in zip(steps, prices, strict=True):
        flat = _in(step.flat, currency, terms)
        base += flat * denominator
        upper = None if step.up_to is None else step.up_to * terms.divisor
        tiers.append(Tier(lower, upper, price, flat, base, step.pointer))
        if upper is not None:
            base += (upper - lower) * price
            lower = upper
    at_zero = getattr(written, "flat_at_zero", False)
    bounds = tuple(tier.up_to for tier in tiers if tier.up_to is not None)
    return Ladder(model, tuple(tiers), bounds, denominator, _ONE, at_zero, currency, pointer, written.model)


def unit_prices(amounts: Sequence[Decimal], units: Sequence[Decimal]) -> tuple[list[Decimal], Decimal]:
    """Give prices of one unit over a common denominator, which is 1 where all of them end.

    >>> unit_prices([Decimal(1), Decimal(1)], [Decimal(4), Decimal(8)])
    ([Decimal('0.25'), Decimal('0.125')], Decimal('1'))
    >>> unit_prices([Decimal(1)], [Decimal(3)])
    ([Decimal('1')], Decimal('3'))
    """
    try:
        return [_FINITE.divide(amount, unit) for amount, unit in zip(amounts, units, strict=True)], _ONE
    except Inexact:
        denominator = prod(dict.fromkeys(units), start=_ONE)
        others = [
            prod((other for other in dict.fromkeys(units) if other != unit), start=_ONE) for unit in units
        ]
        return [amount * other for amount, other in zip(amounts, others, strict=True)], denominator


def _money(amount: Amount, terms: PriceTerms) -> Amount:
    """Give an amount in money; one in a unit without value is blocked as a whole, and here nothing."""
    money = in_money(amount, terms.worths)
    return ZERO if money is None else money


def _currency(amounts: Iterable[Amount], terms: PriceTerms) -> str:
    """Choose the currency of some amounts; nothing at all is nothing in any, so that it needs no exchange rate."""
    listed = [
        set(amount) if isinstance(amount, Mapping) else {terms.home} for amount in amounts if amount != ZERO
    ]
    if not listed:
        return terms.currency
    common = set.intersection(*listed)
    if not common:
        named = ", ".join(sorted(set(chain.from_iterable(listed))))
        msg = f"its amounts are listed in {named}, but not all of them in one currency"
        raise NoCommonCurrencyError(msg)
    return next((currency for currency in (terms.currency, terms.home) if currency in common), min(common))


def _in(amount: Amount, currency: str, terms: PriceTerms) -> Decimal:
    if isinstance(amount, Mapping):
        return amount.get(currency, ZERO)
    return amount if currency == terms.home or not amount else ZERO


def pick(amount: Amount, currency: str, home: str) -> tuple[Decimal, str]:
    """Choose the amount to use: the one in the invoice's currency, else in the home currency, else the first."""
    terms = PriceTerms(currency, home, _ONE, ())
    chosen = _currency([amount], terms)
    return _in(amount, chosen, terms), chosen
