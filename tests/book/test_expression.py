"""Expressions of a meter's value: what they mean, and errors that point at their place in the text."""

from decimal import Decimal

import pytest

from ratebook.book.expression import (
    Chosen,
    Column,
    Combined,
    Constant,
    Divided,
    Expression,
    ExpressionError,
    Negated,
    Token,
    columns,
    is_too_deep,
    kind,
    parse,
)

TYPES = {"a": "integer", "b": "integer", "w": "decimal"}


def col(name: str) -> Column:
    return Column(name, Token("name", name, 0))


A, B, W = col("a"), col("b"), col("w")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a", A),
        ("(a)", A),
        ("a + b * 2", Combined("+", A, Combined("*", B, Constant(2)))),
        ("(a + b) * 2", Combined("*", Combined("+", A, B), Constant(2))),
        ("a - b - 1", Combined("-", Combined("-", A, B), Constant(1))),
        ("-a * b", Combined("*", Negated(A), B)),
        ("a - -1", Combined("-", A, Negated(Constant(1)))),
        ("1_000.50 * a", Combined("*", Constant(Decimal("1000.50")), A)),
        ("min(a, max(b, 0))", Chosen("min", A, Chosen("max", B, Constant(0)))),
        ("coalesce(w, 0.0)", Chosen("coalesce", W, Constant(Decimal("0.0")))),
        ("ceil(a / 4_096)", Divided("ceil", A, 4096)),
        ("floor((a + b) / 100) * w", Combined("*", Divided("floor", Combined("+", A, B), 100), W)),
        ("ceil(a * b / 3)", Divided("ceil", Combined("*", A, B), 3)),
        ("min", col("min")),
        ("min + a", Combined("+", col("min"), A)),
    ],
)
def test_what_is_meant(text: str, meant: Expression) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, "the expression ends too early"),
        ("a +", 3, "the expression ends too early"),
        ("a b", 2, "`b` is not expected here"),
        ("(a", 2, "the expression ends too early"),
        ("a)", 1, "`)` is not expected here"),
        ("a + * b", 4, "`*` is not expected here"),
        ("a / 4", 2, "a division does not say how it is rounded"),
        ("ceil(a / 0)", 9, "the divisor is no whole number above zero"),
        ("ceil(a / 2.5)", 9, "the divisor is no whole number above zero"),
        ("ceil(a / b)", 9, "the divisor is no whole number above zero"),
        ("ceil(a + b / 4)", 7, "what is divided is not in parentheses"),
        ("ceil(a)", 6, "`)` is not expected here"),
        ("round(a / 2)", 0, "there is no function `round`"),
        ("min(a)", 5, "`)` is not expected here"),
        ("min(a, b, 3)", 8, "`,` is not expected here"),
        ("a * 1e3", 5, "`e3` is not expected here"),
        ("a * 007", 4, "007 is not written as a number is here"),
        ("a * 1.", 4, "1. is not written as a number is here"),
        ("a * 1234567890123456789", 4, "1234567890123456789 is not written as a number is here"),
        ("1 + 2", 0, "the expression names no column"),
        ("a % 2", 2, "'%' has no place in an expression"),
        ("a == 2", 2, "'=' has no place in an expression"),
        ("a; b", 1, "';' has no place in an expression"),
        ("a\n+ b", 1, "'\\n' has no place in an expression"),
        (
            "\N{FULLWIDTH LATIN SMALL LETTER A} + 1",
            0,
            "'\N{FULLWIDTH LATIN SMALL LETTER A}' has no place in an expression",
        ),
        ("a + \N{ARABIC-INDIC DIGIT ONE}", 4, "'\N{ARABIC-INDIC DIGIT ONE}' has no place in an expression"),
        ("a.b", 1, "'.' has no place in an expression"),
        ("(" * 30 + "a" + ")" * 30, 21, "the expression is nested too deep"),
        ("a" + "+a" * 150, 0, "the expression is too long"),
    ],
)
def test_errors_say_where(text: str, at: int, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert (error.value.at, str(error.value)) == (at, message)
    assert error.value.expected + error.value.help


def test_columns_come_in_order() -> None:
    assert [column.name for column in columns(parse("ceil(b / 2) * min(w, b)"))] == ["b", "w", "b"]


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("a + b", "integer"),
        ("a + w", "decimal"),
        ("a * 1.0", "decimal"),
        ("floor(w / 2)", "integer"),
        ("coalesce(a, 0.5)", "decimal"),
        ("-a", "integer"),
    ],
)
def test_types(text: str, type_: str) -> None:
    assert kind(parse(text), TYPES) == type_


def test_only_so_many_divisions_and_products_of_decimals_stand_inside_one_another() -> None:
    assert not is_too_deep(parse("ceil(ceil(w * w / 2) / 2) + ceil(a / 2)"), TYPES)
    assert is_too_deep(parse("w * w * w * w * w"), TYPES)
    assert is_too_deep(parse("ceil(ceil(ceil(ceil(a / 2) / 2) / 2) / 2)"), TYPES)
