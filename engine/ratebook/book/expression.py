"""Expressions over an event's columns: what a meter aggregates where that is more than one column.

Columns, whole and decimal numbers, `+ - *`, parentheses, `min`, `max`, `coalesce`, and a division that says how it
is rounded: `ceil(bytes / 4096)`, `floor(bytes / 100)`. A missing value (NULL) makes the whole missing, unless
`coalesce` stands around it. Values are exact: whole numbers, or decimals of up to 18 places.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Kind = Literal["integer", "decimal"]
Symbol = Literal["+", "-", "*"]
Rounding = Literal["ceil", "floor"]
Function = Literal["min", "max", "coalesce"]

MOST_CHARACTERS: Final = 300
MOST_DIGITS: Final = 18
"""Of a literal, before the point and after it."""
_DEEPEST: Final = 20
_MOST_ROUNDED: Final = 3
"""Divisions and products of decimals write their operands several times, so they are not nested deeper."""

_TOKEN: Final = re.compile(
    r"(?P<number>\d[\d_]*(?:\.[\d_]*)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<symbol>[-+*/(),])|(?P<space> +)",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"(?:0|[1-9]\d*(?:_\d+)*)(?:\.\d+(?:_\d+)*)?", re.ASCII)
_CHOICES: Final[Mapping[str, Function]] = MappingProxyType(
    {"min": "min", "max": "max", "coalesce": "coalesce"}
)
_ROUNDINGS: Final[Mapping[str, Rounding]] = MappingProxyType({"ceil": "ceil", "floor": "floor"})


class ExpressionError(ValueError):
    """An expression that cannot be understood.

    Attributes:
        at: where in the text, counted from 0.
        width: how many characters it is about.
        expected: what would have been right.
        help: what to do.
    """

    def __init__(self, message: str, token: "Token", *, expected: str = "", help_: str = "") -> None:
        super().__init__(message)
        self.at = token.at
        self.width = max(1, len(token.text))
        self.expected = expected
        self.help = help_


class Token(NamedTuple):
    """A word or symbol of an expression, and where it begins; the end is an empty one."""

    kind: Literal["number", "name", "symbol", "end"]
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the event."""

    name: str
    token: Token = field(compare=False)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    value: int | Decimal


@dataclass(frozen=True, slots=True)
class Negated:
    """A value with the other sign."""

    of: "Expression"


@dataclass(frozen=True, slots=True)
class Combined:
    """Two values added, subtracted or multiplied."""

    symbol: Symbol
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The lesser or greater of two values, or the first that is there."""

    function: Function
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Divided:
    """A value over a whole number above zero, rounded to a whole number."""

    rounding: Rounding
    of: "Expression"
    divisor: int


Expression = Column | Constant | Negated | Combined | Chosen | Divided


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: with the place in the text.
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(
            "the expression is too long",
            Token("end", "", 0),
            expected=f"up to {MOST_CHARACTERS} characters",
            help_="compute a part of it where events are recorded",
        )
    tokens = _Tokens(list(_tokens(text)))
    found = tokens.sum(0)
    if tokens.now.kind != "end":
        raise tokens.unexpected("an operator, or the end")
    if not columns(found):
        raise ExpressionError(
            "the expression names no column", Token("symbol", text, 0), expected="a column, as in bytes + 1"
        )
    return found


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(
                f"{text[at]!r} has no place in an expression",
                Token("symbol", text[at], at),
                expected="columns, numbers, + - *, parentheses, min, max, coalesce, ceil(… / n) or floor(… / n)",
            )
        if found.lastgroup == "number":
            yield Token("number", found[0], at)
        elif found.lastgroup == "name":
            yield Token("name", found[0], at)
        elif found.lastgroup == "symbol":
            yield Token("symbol", found[0], at)
        at = found.end()
    yield Token("end", "", at)


class _Tokens:
    """What is left to read of an expression; each method reads what it is named after."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def now(self) -> Token:
        return self._tokens[self._next]

    def take(self) -> Token:
        token = self.now
        self._next += 1
        return token

    def follows(self, *symbols: str) -> bool:
        return self.now.kind == "symbol" and self.now.text in symbols

    def expect(self, symbol: str) -> None:
        if not self.follows(symbol):
            raise self.unexpected(f"`{symbol}`")
        self.take()

    def unexpected(self, expected: str) -> ExpressionError:
        token = self.now
        what = (
            "the expression ends too early" if token.kind == "end" else f"`{token.text}` is not expected here"
        )
        return ExpressionError(what, token, expected=expected)

    def sum(self, depth: int) -> Expression:
        found = self.product(depth)
        while self.follows("+", "-"):
            symbol: Symbol = "+" if self.take().text == "+" else "-"
            found = Combined(symbol, found, self.product(depth))
        return found

    def product(self, depth: int, *, divided: bool = False) -> Expression:
        found = self.factor(depth)
        while self.follows("*"):
            self.take()
            found = Combined("*", found, self.factor(depth))
        if self.follows("/") and not divided:
            raise ExpressionError(
                "a division does not say how it is rounded",
                self.now,
                expected="ceil(bytes / 4096) or floor(bytes / 4096)",
                help_="or divide the units in the rating rule: convert: {divide_by: …} is exact",
            )
        return found

    def factor(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise ExpressionError("the expression is nested too deep", self.now, help_="write it in parts")
        if self.follows("-"):
            self.take()
            return Negated(self.factor(depth + 1))
        if self.follows("("):
            self.take()
            found = self.sum(depth + 1)
            self.expect(")")
            return found
        if self.now.kind == "number":
            return Constant(_number(self.take()))
        if self.now.kind != "name":
            raise self.unexpected("a column, a number or `(`")
        token = self.take()
        return self.call(token, depth + 1) if self.follows("(") else Column(token.text, token)

    def call(self, name: Token, depth: int) -> Expression:
        function = name.text
        self.take()
        if function in _ROUNDINGS:
            return self.quotient(_ROUNDINGS[function], depth)
        if function not in _CHOICES:
            raise ExpressionError(
                f"there is no function `{function}`",
                name,
                expected=f"one of {', '.join((*_CHOICES, *_ROUNDINGS))}",
            )
        left = self.sum(depth)
        self.expect(",")
        right = self.sum(depth)
        self.expect(")")
        return Chosen(_CHOICES[function], left, right)

    def quotient(self, rounding: Rounding, depth: int) -> Expression:
        of = self.product(depth, divided=True)
        if self.follows("+", "-"):
            raise ExpressionError(
                "what is divided is not in parentheses",
                self.now,
                expected=f"{rounding}((a + b) / 100)",
            )
        self.expect("/")
        token = self.take()
        divisor = _number(token) if token.kind == "number" else 0
        if not isinstance(divisor, int) or divisor < 1:
            raise ExpressionError(
                "the divisor is no whole number above zero", token, expected="a number, as in 4096"
            )
        self.expect(")")
        return Divided(rounding, of, divisor)


def _number(token: Token) -> int | Decimal:
    whole, _, fraction = token.text.replace("_", "").partition(".")
    if not _NUMBER.fullmatch(token.text) or max(len(whole), len(fraction)) > MOST_DIGITS:
        raise ExpressionError(
            f"{token.text} is not written as a number is here",
            token,
            expected=f"up to {MOST_DIGITS} digits before the point and after it, as in 1_000.25",
        )
    return Decimal(f"{whole}.{fraction}") if fraction else int(whole)


def columns(expression: Expression) -> tuple[Column, ...]:
    """Give the columns that an expression names, in order; one that stands twice comes twice."""
    if isinstance(expression, Column):
        return (expression,)
    return tuple(column for part in parts(expression) for column in columns(part))


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Give what an expression is made of."""
    if isinstance(expression, Combined | Chosen):
        return expression.left, expression.right
    return (expression.of,) if isinstance(expression, Negated | Divided) else ()


def kind(expression: Expression, types: Mapping[str, str]) -> Kind:
    """Say whether an expression's values are whole numbers or decimals, by the types of its columns."""
    if isinstance(expression, Divided):
        return "integer"
    if isinstance(expression, Column):
        return "decimal" if types[expression.name] == "decimal" else "integer"
    if isinstance(expression, Constant):
        return "decimal" if isinstance(expression.value, Decimal) else "integer"
    return "decimal" if any(kind(part, types) == "decimal" for part in parts(expression)) else "integer"


def is_too_deep(expression: Expression, types: Mapping[str, str]) -> bool:
    """Tell whether more divisions, or products of decimals, stand inside one another than can be written."""
    return _rounded(expression, types) > _MOST_ROUNDED


def _rounded(expression: Expression, types: Mapping[str, str]) -> int:
    own = isinstance(expression, Divided) or is_product_of_decimals(expression, types)
    return own + max((_rounded(part, types) for part in parts(expression)), default=0)


def is_product_of_decimals(expression: Expression, types: Mapping[str, str]) -> bool:
    """Tell whether an expression multiplies two decimals, whose product has the places of both."""
    return (
        isinstance(expression, Combined)
        and expression.symbol == "*"
        and all(kind(part, types) == "decimal" for part in parts(expression))
    )
