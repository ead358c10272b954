"""Plans, and the terms of contracts with the plans that they are on: what they name, bill and promise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from ratebook.book.checks.currencies import check_currencies
from ratebook.book.checks.money_off import check_amounts, check_money_off, check_plan_of
from ratebook.book.checks.plan_changes import check_plan_changes, plans_of
from ratebook.book.checks.prices import begins, tiers_and_versions, zones_of
from ratebook.book.checks.pricing_units import currencies_of_units, unknown_units
from ratebook.book.checks.references import (
    dangling,
    ids_of_plan,
    matrix_dimensions,
    pool_dimensions,
    to_file,
)
from ratebook.book.checks.shares import check_share_currencies, check_shares
from ratebook.book.checks.taxes import check_contract_tax
from ratebook.book.checks.templates import check_template
from ratebook.book.checks.twice import check_twice
from ratebook.book.checks.walk import Part
from ratebook.book.draft import Draft
from ratebook.book.model import ContractTerms, Dated, Fee, Override, Plan, Pricing
from ratebook.book.model.contract import FIXED
from ratebook.book.model.plan import FEE, USAGE
from ratebook.book.terms import ChargeSources, Homes, Sources, Term
from ratebook.calendar import zone
from ratebook.findings import Finding
from ratebook.money import plain

_OF_CHARGES: Final = tuple(name for name in Pricing.model_fields if name not in Fee.model_fields)
_WHEN: Final = ("from_", "until")
_OF_FEES: Final = tuple(name for name in Override.model_fields if name not in (*Pricing.model_fields, *_WHEN))
_FOR_A_TIME: Final = (
    *("price", "included", "discount", "minimum", "maximum"),
    *("name", "amount", "quantity"),
    *_WHEN,
)
"""What an override may change for a time; all else holds for whole billing periods, or for all of the contract."""


def check_plans(draft: Draft) -> Iterator[Finding]:
    """Check each plan by itself."""
    book = draft.settings.currency if draft.settings else ""
    zones = _zones(draft, "")
    for name, plan in draft.plans.items():
        home = plan.currency or book
        pointer = f"plans/{name}"
        sources = Sources("", None, plan, pointer, draft.rules, Homes(book, home, home))
        charges = list(sources.charges())
        yield from _ids(_places_of(plan, pointer))
        yield from check_twice(charges)
        yield from _bounds(charges, zones)
        yield from check_shares(charges, draft.meters, pointer)
        for index, charge in enumerate(plan.charges):
            yield from _dimensions(draft, charge, charge.rating, f"{pointer}#charges/{index}")


def _dimensions(draft: Draft, pricing: Pricing, rating: str, pointer: str) -> Iterator[Finding]:
    rule = draft.rules.get(rating)
    if rule is not None:
        yield from pool_dimensions(draft, pricing.pool_by or (), f"{pointer}/pool_by", rule)
        yield from matrix_dimensions(draft, pricing.price, f"{pointer}/price", rule)


def _places_of(part: Plan | ContractTerms, pointer: str) -> list[tuple[str, str]]:
    fees = [(fee.id, f"{pointer}#fees/{index}") for index, fee in enumerate(part.fees)]
    if isinstance(part, ContractTerms) and part.price_fixed is not None:
        fees.insert(0, (FIXED, f"{pointer}#price_fixed"))
    return fees + [(charge.id, f"{pointer}#charges/{index}") for index, charge in enumerate(part.charges)]


def _ids(places: list[tuple[str, str]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, pointer in places:
        if name in {USAGE, FEE}:
            message = f"the id `{name}` means all lines of that kind"
            yield Finding("RB317", message, pointer, help="give it an `id` of its own")
        elif name in seen:
            message = f"the id `{name}` is taken by another fee or charge"
            yield Finding("RB317", message, pointer, help="give one of the two an `id` of its own")
        seen.add(name)


def check_agreement(draft: Draft, terms: ContractTerms, pointer: str) -> Iterator[Finding]:
    """Check the terms of a contract, together with the plan and spec that they name."""
    yield from to_file(draft, "specs", terms.spec, f"{pointer}#spec")
    yield from to_file(draft, "plans", terms.plan, f"{pointer}#plan")
    for index, charge in enumerate(terms.charges):
        yield from to_file(draft, "rating", charge.rating, f"{pointer}#charges/{index}/rating")
        yield from _dimensions(draft, charge, charge.rating, f"{pointer}#charges/{index}")
    for index, discount in enumerate(terms.discounts):
        place = f"{pointer}#discounts/{index}/plan"
        yield from to_file(draft, "plans", discount.plan, place)
        yield from check_plan_of(terms, index, draft.known["plans"], place)
    for index, rule in enumerate(terms.report):
        yield from to_file(draft, "rating", rule, f"{pointer}#report/{index}")
    yield from tiers_and_versions(Part(terms, pointer), _zones(draft, terms.spec))
    yield from unknown_units(draft, Part(terms, pointer))
    yield from check_plan_changes(draft, terms, pointer)
    names = plans_of(terms)
    if all(name is None or name in draft.plans for name in names):
        plans = {name: draft.plans[name] if name is not None else None for name in names}
        yield from _once(_with_plans(draft, terms, plans, pointer))


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what is wrong with the contract's own terms, and was found with another of its plans."""
    seen: list[Finding] = []
    for finding in findings:
        if finding not in seen:
            seen.append(finding)
            yield finding


def _with_plans(
    draft: Draft, terms: ContractTerms, plans: Mapping[str | None, Plan | None], pointer: str
) -> Iterator[Finding]:
    """Check what holds for all plans of a contract together, then it with each of them."""
    own = {fee.id for fee in terms.fees} | {charge.id for charge in terms.charges}
    ids = own.union(*map(ids_of_plan, plans.values()))
    if terms.price_fixed is not None:
        ids.add(FIXED)
    yield from _overrides(draft, terms, list(plans.values()), pointer)
    charges = {one.id for plan in plans.values() if plan is not None for one in plan.charges}
    charges |= {charge.id for charge in terms.charges}
    yield from check_money_off(terms, charges, pointer, ids)
    yield from _type(terms, list(plans.values()), pointer)
    for name, plan in plans.items():
        yield from _with_plan(draft, terms, plan, f"plans/{name}", pointer)


def _with_plan(
    draft: Draft, terms: ContractTerms, plan: Plan | None, plan_pointer: str, pointer: str
) -> Iterator[Finding]:
    places = (_places_of(plan, plan_pointer) if plan else []) + _places_of(terms, pointer)
    yield from _ids(places) if not plan or _own(terms) else ()
    spec = draft.specs.get(terms.spec)
    if spec is None or draft.settings is None:
        return
    book = draft.settings.currency
    homes = Homes(book, (plan and plan.currency) or book, terms.currency or spec.currency)
    sources = Sources(pointer, terms, plan, plan_pointer, draft.rules, homes)
    charges = list(sources.charges())
    units = currencies_of_units(draft.settings)
    yield from check_currencies(sources, units, exchanged=spec.fx is not None)
    yield from check_contract_tax(draft, terms, sources)
    yield from check_amounts(terms, units, homes.contract, pointer)
    yield from check_twice(charges)
    yield from _bounds(charges, _zones(draft, terms.spec))
    yield from check_shares(charges, draft.meters, pointer)
    if spec.fx is None:
        yield from check_share_currencies(charges, draft.meters, homes.contract, pointer)
    yield from _prices(draft, charges, terms, pointer)


def _own(terms: ContractTerms) -> bool:
    return bool(terms.fees or terms.charges or terms.price_fixed)


def _overrides(
    draft: Draft, terms: ContractTerms, plans: Sequence[Plan | None], pointer: str
) -> Iterator[Finding]:
    parts = {part.id: part for one in (*plans, terms) if one for part in one.fees}
    charges = {part.id: part for one in (*plans, terms) if one for part in one.charges}
    for name, override in terms.overrides.items():
        place = f"{pointer}#overrides/{name}"
        if override.from_ is not None or override.until is not None:
            always = tuple(one for one in Override.model_fields if one not in _FOR_A_TIME)
            yield from _fits(override, always, "an override with `from` or `until` has no", place)
        if name in charges:
            yield from _fits(override, _OF_FEES, f"`{name}` is a charge, which has no", place)
            yield from _dimensions(draft, override, charges[name].rating, place)
        elif name in parts:
            yield from _fits(override, _OF_CHARGES, f"`{name}` is a fee, which has no", place)
        else:
            yield draft.at_key(dangling("fee or charge", name, place, parts.keys() | charges.keys()))


def _fits(override: Override, wrong: tuple[str, ...], text: str, pointer: str) -> Iterator[Finding]:
    for name in wrong:
        if getattr(override, name) is not None:
            yield Finding("RB318", f"{text} `{name}`", f"{pointer}/{name}", help="delete it")


def _type(terms: ContractTerms, plans: Sequence[Plan | None], pointer: str) -> Iterator[Finding]:
    charges = any(one.charges for one in (*plans, terms) if one)
    fixed = any(one.fees for one in (*plans, terms) if one) or terms.price_fixed is not None
    wrong = ""
    if terms.type == "fixed" and charges:
        wrong = "a fixed contract bills no usage, and this one has charges"
    elif terms.type == "fixed" and not fixed:
        wrong = "a fixed contract has a price_fixed or fees, and this one has neither"
    elif terms.type == "metered" and fixed:
        wrong = "a metered contract bills nothing but usage, and this one has fees"
    elif terms.type != "fixed" and not charges:
        wrong = f"a {terms.type} contract bills usage, and this one has no charges"
    elif terms.type == "hybrid" and not fixed:
        wrong = "a hybrid contract has fees, and this one has none"
    elif terms.type != "fixed" and terms.price_fixed is not None:
        wrong = f"a {terms.type} contract has no price_fixed"
    if wrong:
        actual = "hybrid" if charges and fixed else "metered" if charges else "fixed"
        yield Finding("RB313", wrong, f"{pointer}#type", expected=f"type: {actual} for what is in it")


def _prices(
    draft: Draft, charges: list[ChargeSources], terms: ContractTerms, pointer: str
) -> Iterator[Finding]:
    for charge in charges:
        if charge.nearest("price") is None:
            message = f"the charge `{charge.charge.id}` has no price"
            help_ = f"give rating/{charge.charge.rating} a list price, or the charge one of its own"
            yield Finding("RB319", message, charge.pointer, help=help_)
        override = terms.overrides.get(charge.charge.id)
        for says, place in (
            (charge.charge, charge.pointer if charge.pointer.startswith(pointer) else ""),
            (override, f"{pointer}#overrides/{charge.charge.id}"),
        ):
            if says is not None and place and says.description is not None:
                yield from check_template(draft, says.description, charge.rule, f"{place}/description")


def _bounds(charges: list[ChargeSources], zones: tuple[ZoneInfo, ...]) -> Iterator[Finding]:
    for charge in charges:
        low, high = charge.nearest("minimum"), charge.nearest("maximum")
        if low is not None and high is not None:
            yield from _crossing(low, high, zones)


def _crossing(low: Term, high: Term, zones: tuple[ZoneInfo, ...]) -> Iterator[Finding]:
    lows: Dated[object] = low.value
    highs: Dated[object] = high.value
    where = zones[0]
    for moment in sorted({begins(version, where) for version in (*lows.versions, *highs.versions)}):
        found = [
            [version for version in dated.versions if begins(version, where) <= moment]
            for dated in (lows, highs)
        ]
        if not all(found):
            continue
        least, most = (
            _listed(versions[-1].value, term.home) for versions, term in zip(found, (low, high), strict=True)
        )
        for currency in sorted(least.keys() & most.keys()):
            if least[currency] > most[currency]:
                bound = f"{plain(most[currency])} {currency}"
                message = (
                    f"the minimum of {plain(least[currency])} {currency} is above the maximum of {bound}"
                )
                yield Finding("RB312", message, low.pointer, expected=f"at most {bound}")
                return


def _listed(amount: object, home: str) -> Mapping[str, Decimal]:
    if isinstance(amount, Mapping):
        return amount
    return {home: amount} if isinstance(amount, Decimal) else {}


def _zones(draft: Draft, spec: str) -> tuple[ZoneInfo, ...]:
    found = draft.specs.get(spec)
    return (zone(found.time_zone),) if found else zones_of(draft)
