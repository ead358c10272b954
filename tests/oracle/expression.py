"""Expressions of a meter's value, computed with fractions; Python's own parser reads them."""

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

SIGNS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {"min": min, "max": max, "ceil": ceil, "floor": floor}


def value_of(text: str, row: Mapping[str, Any]) -> Any:
    """Give an event's value: what stands in the column, or what an expression over columns comes to; None is NULL."""
    if text.isidentifier():
        return row.get(text)
    value = computed(ast.parse(text, mode="eval").body, text, row)
    if value is None:
        return None
    fraction = Fraction(value)
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def computed(node: ast.expr, text: str, row: Mapping[str, Any]) -> Fraction | int | None:
    if isinstance(node, ast.Name):
        value = row.get(node.id)
        return None if value is None else Fraction(value)
    if isinstance(node, ast.Constant):
        return Fraction(ast.get_source_segment(text, node) or "")
    if isinstance(node, ast.UnaryOp):
        value = computed(node.operand, text, row)
        return None if value is None else -value
    if isinstance(node, ast.BinOp):
        left, right = computed(node.left, text, row), computed(node.right, text, row)
        return None if left is None or right is None else SIGNS[type(node.op)](left, right)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    values = [computed(one, text, row) for one in node.args]
    if node.func.id == "coalesce":
        return next((value for value in values if value is not None), None)
    return None if None in values else FUNCTIONS[node.func.id](*values)
