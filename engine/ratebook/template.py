"""Jinja cut to names, filters and `if`: compiled when the book is checked, rendered in batches.

A template receives texts and gives texts. It has no arithmetic and no number formats, so a printed amount can
only be the one that was computed. What it may not hold is refused when it is compiled, with its line.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ratebook.money import plain

Column = Callable[["Rows"], Sequence[str]]
Test = Callable[["Rows"], list[bool]]
Tables = Mapping[str, Mapping[str, str]]

MOST_CHARACTERS: Final = 2_000
FILTERS: Final = ("label", "compact", "upper", "lower", "default")
_PLAIN_TEXT: Final = re.compile(r"(?!.*\{[{%#]).*", re.DOTALL)
_NUMBER: Final = re.compile(r"-?\d{1,60}(?:\.\d{1,60})?", re.ASCII)
_PREFIXES: Final = ("", "k", "M", "G", "T", "P", "E")
_STEP: Final = 3
_THREE_DIGITS: Final = Context(prec=3, rounding=ROUND_HALF_UP)
_ALLOWED: Final = "names, the filters label, compact, upper, lower and default, and if"


class Rows(NamedTuple):
    """What many texts are made from, held by columns: how many rows there are, and each variable's values."""

    size: int
    columns: Mapping[str, Sequence[str]]


class TemplateError(ValueError):
    """A template that cannot be compiled.

    Attributes:
        line: line of the template, from 1.
        word: the word that is wrong, where there is one, so that its place can be found.
        expected: what would have been right.
    """

    def __init__(self, message: str, line: int, word: str = "", expected: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.word = word
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template.

    Attributes:
        source: its text.
        names: the variables it uses, which rows must have.
        labels: the tables of labels it uses.
    """

    source: str
    names: frozenset[str]
    labels: frozenset[str]
    _columns: tuple[Column, ...] = field(repr=False, compare=False)

    def render(self, rows: Rows) -> Sequence[str]:
        """Render many rows in one loop."""
        return _joined(self._columns)(rows)


def compile_template(source: str, labels: Tables | None = None) -> Template:
    """Compile a template.

    Args:
        source: its text.
        labels: table → value → label; `{{ chain | label }}` looks in the table `chain`.

    Raises:
        TemplateError: it holds something else than names, filters and `if`.
    """
    if len(source) > MOST_CHARACTERS:
        raise TemplateError("the template is too long", 1, expected=f"at most {MOST_CHARACTERS:,} characters")
    if _PLAIN_TEXT.fullmatch(source):
        return Template(source, frozenset(), frozenset(), (_constant(source),) if source else ())
    compiler = _Compiler(labels or {})
    columns = tuple(compiler.body(_parse(source)))
    return Template(source, frozenset(compiler.names), frozenset(compiler.tables), columns)


@lru_cache(maxsize=1_000)
def _parse(source: str) -> Any:  # noqa: ANN401 - the nodes of Jinja, loaded late
    from jinja2 import Environment, TemplateSyntaxError  # noqa: PLC0415 - 60 ms that a book without templates saves

    environment = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - texts, not HTML
    try:
        return environment.parse(source).body
    except RecursionError:
        raise TemplateError("the template is nested too deeply", 1, expected=_ALLOWED) from None
    except TemplateSyntaxError as error:
        message = (error.message or "it cannot be parsed").rstrip(".")
        raise TemplateError(
            f"the template breaks off here: {message}", error.lineno, expected=_ALLOWED
        ) from None


class _Compiler:
    """Turns the nodes that a template may hold into functions over batches of rows."""

    def __init__(self, labels: Tables) -> None:
        self.labels = labels
        self.names: set[str] = set()
        self.tables: set[str] = set()

    def body(self, nodes: Sequence[Any]) -> list[Column]:
        """Compile statements."""
        columns: list[Column] = []
        for node in nodes:
            kind = type(node).__name__
            if kind == "Output":
                columns += [self.expression(part) for part in node.nodes]
            elif kind == "If":
                columns.append(self.choice(node))
            else:
                raise _refused(node)
        return columns

    def choice(self, node: Any) -> Column:  # noqa: ANN401 - a node of Jinja
        """Compile an `if` with its branches."""
        column = _joined(self.body(node.else_))
        for branch in reversed((node, *node.elif_)):
            column = _either(self.test(branch.test), _joined(self.body(branch.body)), column)
        return column

    def expression(self, node: Any) -> Column:  # noqa: ANN401 - a node of Jinja
        """Compile what gives a text."""
        kind = type(node).__name__
        if kind == "TemplateData":
            return _constant(node.data)
        if kind == "Const" and isinstance(node.value, str):
            return _constant(node.value)
        if kind == "Name":
            return self.variable(node.name)
        if kind == "Filter" and node.node is not None:
            return self.filtered(node)
        raise _refused(node)

    def variable(self, name: str) -> Column:
        """Compile a name."""
        self.names.add(name)
        return lambda rows: rows.columns[name]

    def filtered(self, node: Any) -> Column:  # noqa: ANN401 - a node of Jinja
        """Compile a filter."""
        if node.name not in FILTERS:
            raise TemplateError(
                f"a template has no filter `{node.name}`",
                node.lineno,
                node.name,
                f"one of {', '.join(FILTERS)}",
            )
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise _refused(node)
        inner = self.expression(node.node)
        change = self._change(node, [self._text(argument) for argument in node.args])
        return lambda rows: [change(value) for value in inner(rows)]

    def _text(self, node: Any) -> str:  # noqa: ANN401 - a node of Jinja
        if type(node).__name__ == "Const" and isinstance(node.value, str):
            return node.value
        raise _refused(node)

    def _change(self, node: Any, arguments: list[str]) -> Callable[[str], str]:  # noqa: ANN401 - a node of Jinja
        if node.name == "default" and len(arguments) == 1:
            (otherwise,) = arguments
            return lambda value: value or otherwise
        if node.name == "label" and len(arguments) <= 1:
            return self._label(node, arguments)
        if node.name not in _SIMPLE or arguments:
            raise TemplateError(
                f"the filter `{node.name}` is used wrongly",
                node.lineno,
                node.name,
                'default("-"), label or label("table"), and the others without anything in brackets',
            )
        return _SIMPLE[node.name]

    def _label(self, node: Any, arguments: list[str]) -> Callable[[str], str]:  # noqa: ANN401 - a node of Jinja
        if not arguments and type(node.node).__name__ != "Name":
            raise TemplateError("`label` follows a name", node.lineno, "label", "{{ chain | label }}")
        table = arguments[0] if arguments else node.node.name
        self.tables.add(table)
        found = self.labels.get(table, {})
        return lambda value: found.get(value, value)

    def test(self, node: Any) -> Test:  # noqa: ANN401 - a node of Jinja
        """Compile the condition of an `if`: an empty text does not hold."""
        kind = type(node).__name__
        if kind in {"And", "Or"}:
            left, right = self.test(node.left), self.test(node.right)
            if kind == "And":
                return lambda rows: [one and two for one, two in zip(left(rows), right(rows), strict=True)]
            return lambda rows: [one or two for one, two in zip(left(rows), right(rows), strict=True)]
        if kind == "Not":
            inner = self.test(node.node)
            return lambda rows: [not met for met in inner(rows)]
        if kind == "Compare":
            return self.comparison(node)
        column = self.expression(node)
        return lambda rows: [bool(value) for value in column(rows)]

    def comparison(self, node: Any) -> Test:  # noqa: ANN401 - a node of Jinja
        """Compile `==` and `!=` of texts."""
        if len(node.ops) != 1 or node.ops[0].op not in {"eq", "ne"}:
            raise _refused(node)
        left, right = self.expression(node.expr), self.expression(node.ops[0].expr)
        wanted = node.ops[0].op == "eq"
        return lambda rows: [(one == two) is wanted for one, two in zip(left(rows), right(rows), strict=True)]


def _refused(node: Any) -> TemplateError:  # noqa: ANN401 - a node of Jinja
    what = {
        "Getattr": "a dot",
        "Getitem": "an index",
        "Call": "a call",
        "For": "a loop",
        "Const": "a number or word",
        "Assign": "an assignment",
        "Test": "a test with `is`",
    }.get(type(node).__name__, "something")
    return TemplateError(f"the template holds {what} that it may not hold", node.lineno, expected=_ALLOWED)


def _constant(text: str) -> Column:
    return lambda rows: [text] * rows.size


def _joined(columns: Sequence[Column]) -> Column:
    if not columns:
        return _constant("")
    if len(columns) == 1:
        return columns[0]
    return lambda rows: list(map("".join, zip(*[column(rows) for column in columns], strict=True)))


def _either(test: Test, chosen: Column, otherwise: Column) -> Column:
    def column(rows: Rows) -> list[str]:
        branches = zip(test(rows), chosen(rows), otherwise(rows), strict=True)
        return [one if met else other for met, one, other in branches]

    return column


_UPPER: Final = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
_LOWER: Final = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _upper(text: str) -> str:
    return text.translate(_UPPER)


def _lower(text: str) -> str:
    return text.translate(_LOWER)


@lru_cache(maxsize=65_536)
def compact(text: str) -> str:
    """Shorten a number to three digits that count, for reading; what is no number stays.

    >>> compact("1234567"), compact("999999"), compact("40000000"), compact("0.25"), compact("n/a")
    ('1.23 M', '1 M', '40 M', '0.25', 'n/a')
    """
    if not _NUMBER.fullmatch(text):
        return text
    number = _THREE_DIGITS.create_decimal(text)
    power = min(number.adjusted() // _STEP, len(_PREFIXES) - 1)
    if power <= 0:
        return plain(number)
    return f"{plain(number.scaleb(-_STEP * power, _THREE_DIGITS))} {_PREFIXES[power]}"


_SIMPLE: Final[Mapping[str, Callable[[str], str]]] = {"compact": compact, "upper": _upper, "lower": _lower}
