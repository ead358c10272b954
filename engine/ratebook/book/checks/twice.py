"""Events that two charges would bill: two conditions on one meter must exclude one another."""

import operator
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final

from ratebook.book.model.meter import ColumnConditions, Scalar
from ratebook.book.terms import ChargeSources
from ratebook.findings import Finding


def check_twice(charges: list[ChargeSources]) -> Iterator[Finding]:
    """Check that no event is billed by two charges."""
    for one, other in combinations(charges, 2):
        if one.rule.meter != other.rule.meter:
            continue
        if not disjoint(one.rule.where, other.rule.where):
            both = f"`{one.charge.id}` and by `{other.charge.id}`"
            message = f"events of the meter `{one.rule.meter}` would be billed by {both}"
            help_ = "keep one, or narrow both rules by `where` so that they exclude one another"
            yield Finding("RB314", message, other.pointer, help=help_)


def disjoint(one: Mapping[str, ColumnConditions], other: Mapping[str, ColumnConditions]) -> bool:
    """Tell whether no event can meet both conditions."""
    return any(_column_disjoint(one[column], other[column]) for column in one.keys() & other.keys())


def _column_disjoint(one: ColumnConditions, other: ColumnConditions) -> bool:
    if (one.exists is False and _needs_value(other)) or (other.exists is False and _needs_value(one)):
        return True
    for listed, conditions in ((_values(one), other), (_values(other), one)):
        if listed is not None:
            return not any(_meets(value, conditions) for value in listed)
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
    return all(_TESTS[name](value, bound) for name, bound in conditions if bound is not None)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Compare numbers; where one of the two is none, the check of columns says so, and any answer will do."""
    return lambda value, bound: isinstance(value, str) or isinstance(bound, str) or compare(value, bound)


_TESTS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "in_": lambda value, bound: value in bound,
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
