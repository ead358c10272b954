"""The small changes of a module that a test suite should notice, each in a function's body.

A change replaces one node of the syntax tree: a comparison, an operator, a condition, a constant, or a statement by
nothing. Annotations, defaults, docstrings and the words of an error stay as they are, and so does the `strict` of a
`zip`: like an assertion it guards against a mistake that is not there.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef

COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
JOINED: Final[dict[type[ast.boolop], type[ast.boolop]]] = {ast.And: ast.Or, ast.Or: ast.And}
CALLED: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
ORDERED: Final = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
UNTOUCHED: Final = frozenset(
    {"annotation", "returns", "decorator_list", "defaults", "kw_defaults", "format_spec", "exc"}
)


class Place(NamedTuple):
    """Where a node stands in its tree: in a field of its parent, or at an index of a list there."""

    parent: ast.AST
    field: str
    at: int | None

    def put(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.at is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.at] = node


class Mutant(NamedTuple):
    """One change.

    Attributes:
        path: the file.
        function: qualified name of the outermost function in which it is.
        line: of the change.
        change: what was there, and what is there then.
        place: where.
        node: what is put there.
        tree: of the whole file, to be compiled with the change.
    """

    path: Path
    function: str
    line: int
    change: str
    place: Place
    node: ast.AST
    tree: ast.Module


def mutants_of(path: Path) -> Iterator[Mutant]:
    """List the changes of a file in the order of its text."""
    tree = ast.parse(path.read_bytes())
    for name, function in _functions(tree.body):
        again = _stored_again(function)
        for place, node in _places(function):
            for new in _alternatives(place, node, again):
                change = f"{_shown(node)}  →  {_shown(new)}"
                line: int = getattr(node, "lineno", function.lineno)
                yield Mutant(path, name, line, change, place, ast.copy_location(new, node), tree)


def _functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Function]]:
    for statement in body:
        if isinstance(statement, Function):
            yield prefix + statement.name, statement
        elif isinstance(statement, ast.ClassDef):
            yield from _functions(statement.body, f"{prefix}{statement.name}.")


def _stored_again(function: Function) -> set[str]:
    """Name the variables that are given a value more than once, so that leaving one out is no plain NameError."""
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    stored = [
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return {name for name in stored if stored.count(name) > 1 or name in arguments}


def _places(parent: ast.AST) -> Iterator[tuple[Place, ast.AST]]:
    if isinstance(parent, ast.keyword) and parent.arg == "strict":
        return
    for field, value in ast.iter_fields(parent):
        if field in UNTOUCHED:
            continue
        for index, node in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(node, ast.AST):
                yield Place(parent, field, index if isinstance(value, list) else None), node
                yield from _places(node)


def _alternatives(place: Place, node: ast.AST, again: set[str]) -> Iterator[ast.AST]:
    if isinstance(node, ast.stmt):
        if _can_go(place, node, again):
            yield ast.Pass()
        return
    if place.field in {"test", "ifs"} and isinstance(node, ast.expr) and not _is_negated_by_a_swap(node):
        yield ast.UnaryOp(ast.Not(), node)
    of_type = EXPRESSIONS.get(type(node))
    if of_type and not _is_docstring(place):
        yield from of_type(node)


def _can_go(place: Place, node: ast.stmt, again: set[str]) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.Return():
            return isinstance(place.parent, ast.If)
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in again
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return True
    return False


def _is_negated_by_a_swap(node: ast.expr) -> bool:
    match node:
        case ast.Compare(ops=[op]):
            return not isinstance(op, ORDERED)
        case ast.UnaryOp(op=ast.Not()):
            return True
    return False


def _is_docstring(place: Place) -> bool:
    return isinstance(place.parent, ast.Expr)


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for index, op in enumerate(node.ops):
        ops = [*node.ops[:index], COMPARED[type(op)](), *node.ops[index + 1 :]]
        yield ast.Compare(node.left, ops, node.comparators)


def _computed(node: ast.BinOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.BitOr):  # of dictionaries: what the right one adds
        yield node.left
    elif type(node.op) in COMPUTED and not any(map(_is_text, (node.left, node.right))):
        yield ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _joined(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(JOINED[type(node.op)](), node.values)


def _signed(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    match node.value:
        case bool(value):
            yield ast.Constant(not value)
        case int(value):
            yield ast.Constant(value + 1)
        case str(value):
            yield ast.Constant(value + ("1" if value.isdigit() else "X"))


def _called(node: ast.Call) -> Iterator[ast.AST]:
    match node.func:
        case ast.Name(id=name) if name in CALLED:
            yield ast.Call(ast.Name(CALLED[name], ast.Load()), node.args, node.keywords)


EXPRESSIONS: Final[dict[type[ast.AST], Callable[..., Iterator[ast.AST]]]] = {
    ast.Compare: _compared,
    ast.BinOp: _computed,
    ast.BoolOp: _joined,
    ast.UnaryOp: _signed,
    ast.Constant: _constant,
    ast.Call: _called,
}


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
