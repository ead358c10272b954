"""How the conditions of charges on one meter relate: they exclude one another, one is narrower, or they overlap."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple

from ratebook.book.model.meter import ColumnConditions, Condition, Operator, Scalar, Where, conditions
from ratebook.book.terms import ChargeSources

Conditions = Sequence[Condition]

_BOUNDS: Final[tuple[tuple[Operator, Operator], ...]] = (("lt", "lte"), ("gt", "gte"))


class Claim(NamedTuple):
    """The events of a meter that a charge would bill: those that meet `where`."""

    charge: ChargeSources
    meter: str
    where: Where

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of `where`."""
        return conditions(self.where)


def claims_of(charges: Sequence[ChargeSources]) -> list[Claim]:
    """Give what charges claim. A surcharge claims nothing: it bills besides."""
    return [
        Claim(charge, meter, charge.rule.where)
        for charge in charges
        if not charge.is_surcharge
        for meter in dict.fromkeys(use.meter for use in charge.rule.uses)
    ]


def contested(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Give the pairs of claims that share events, and of which none is narrower.

    Where a third claim is narrower than both and has all that they share, nothing is contested.
    """
    for one, other in combinations(claims, 2):
        if one.meter != other.meter or disjoint(one.where, other.where):
            continue
        if is_narrower(one, other) or is_narrower(other, one):
            continue
        both = (*one.conditions, *other.conditions)
        shared = (third for third in claims if is_narrower(third, one) and is_narrower(third, other))
        if not any(_all_implied(both, third.conditions) for third in shared):
            yield one, other


def left_out(claim: Claim, claims: Sequence[Claim]) -> list[Claim]:
    """Give the narrower claims whose events a claim leaves to them; those within others of them are not named."""
    narrower = [other for other in claims if is_narrower(other, claim)]
    return [one for one in narrower if not any(is_narrower(one, other) for other in narrower)]


def is_narrower(one: Claim, other: Claim) -> bool:
    """Tell whether a claim has some of the events of another, and none besides, as far as can be told."""
    return (
        one.meter == other.meter
        and _all_implied(one.conditions, other.conditions)
        and not _all_implied(other.conditions, one.conditions)
    )


def _all_implied(given: Conditions, wanted: Conditions) -> bool:
    return all(_implied(given, one) for one in wanted)


def _implied(given: Conditions, wanted: Condition) -> bool:
    """Tell whether every event that meets all given conditions meets the wanted one, as far as can be told."""
    own = [one for one in given if one.column == wanted.column]
    if wanted in own:
        return True
    listed = next((one.value for one in own if one.operator in {"eq", "in"}), None)
    if listed is not None:
        values = [value for value in _tuple(listed) if all(_holds(value, one) for one in own)]
        return all(_holds(value, wanted) for value in values)
    if wanted.operator == "not_in":
        return bool(own) and all(any(not _holds(value, one) for one in own) for value in _tuple(wanted.value))
    return any(_implies(one, wanted) for one in own)


def _implies(one: Condition, wanted: Condition) -> bool:
    if wanted.operator == "exists":
        return bool(wanted.value) and one.operator != "not_in" and one != (one.column, "exists", False)
    if wanted.operator == "starts_with":
        return one.operator == "starts_with" and str(one.value).startswith(str(wanted.value))
    for bounds in _BOUNDS:
        if wanted.operator in bounds and one.operator in bounds:
            closed_in_open = one.operator == bounds[1] and wanted.operator == bounds[0]
            as_tight: Operator = bounds[0] if closed_in_open else bounds[1]
            return _holds(_tuple(one.value)[0], Condition(one.column, as_tight, wanted.value))
    return False


def _tuple(value: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _holds(value: Scalar, condition: Condition) -> bool:
    return _TESTS[condition.operator](value, condition.value)


def disjoint(one: Mapping[str, ColumnConditions], other: Mapping[str, ColumnConditions]) -> bool:
    """Tell whether no event can meet both conditions."""
    return any(_column_disjoint(one[column], other[column]) for column in one.keys() & other.keys())


def _column_disjoint(one: ColumnConditions, other: ColumnConditions) -> bool:
    if (one.exists is False and _needs_value(other)) or (other.exists is False and _needs_value(one)):
        return True
    for listed, others in ((_values(one), other), (_values(other), one)):
        if listed is not None:
            return not any(_meets(value, others) for value in listed)
    return _ranges_disjoint(one, other) or _starts_disjoint(one, other)


def _needs_value(conditions: ColumnConditions) -> bool:
    return (
        any(value is not None for name, value in conditions if name not in {"exists", "not_in"})
        or conditions.exists is True
    )


def _values(conditions: ColumnConditions) -> list[Scalar] | None:
    """Give the values that alone can meet the conditions, where they are listed."""
    listed = conditions.in_ if conditions.in_ is not None else None
    if conditions.eq is not None:
        listed = (conditions.eq,)
    return None if listed is None else [value for value in listed if _meets(value, conditions)]


def _meets(value: Scalar, conditions: ColumnConditions) -> bool:
    return all(_holds(value, one) for one in conditions.conditions(""))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Compare numbers; where one of the two is none, the check of columns says so, and any answer will do."""
    return lambda value, bound: isinstance(value, str) or isinstance(bound, str) or compare(value, bound)


_TESTS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "in": lambda value, bound: value in bound,
    "not_in": lambda value, bound: value not in bound,
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "exists": lambda _, bound: bool(bound),
    "starts_with": lambda value, bound: str(value).startswith(bound),
}


def _ranges_disjoint(one: ColumnConditions, other: ColumnConditions) -> bool:
    return _below(one, other) or _below(other, one)


def _below(low: ColumnConditions, high: ColumnConditions) -> bool:
    """Tell whether all that meets `low` lies below all that meets `high`."""
    uppers = [(low.lt, True), (low.lte, False)]
    lowers = [(high.gt, True), (high.gte, False)]
    for upper, upper_open in uppers:
        for lower, lower_open in lowers:
            if upper is None or lower is None or isinstance(upper, str) or isinstance(lower, str):
                continue
            if upper < lower or (upper == lower and (upper_open or lower_open)):
                return True
    return False


def _starts_disjoint(one: ColumnConditions, other: ColumnConditions) -> bool:
    first, second = one.starts_with, other.starts_with
    return (
        first is not None
        and second is not None
        and not first.startswith(second)
        and not second.startswith(first)
    )
