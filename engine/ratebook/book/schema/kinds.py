"""The kinds of files, and what the docstrings of their models say."""

import ast
import inspect
import sys
from functools import cache
from typing import Final, NamedTuple

from pydantic import BaseModel

from ratebook.book.model import (
    Costs,
    Labels,
    Meter,
    Multiplier,
    Plan,
    Policy,
    RatingRule,
    Settings,
    Sink,
    Spec,
)
from ratebook.book.model.contract import ContractDocument
from ratebook.book.model.pricing_tests import PricingTests


class Kind(NamedTuple):
    """A kind of file: the name of its schema, its model, and where its files stand."""

    name: str
    model: type[BaseModel]
    path: str


KINDS: Final = (
    Kind("book", Settings, "specs/book.yaml"),
    Kind("meter", Meter, "meters/*.yaml"),
    Kind("rating", RatingRule, "specs/rating/*.yaml"),
    Kind("multiplier", Multiplier, "specs/multipliers/*.yaml"),
    Kind("labels", Labels, "specs/labels/*.yaml"),
    Kind("plan", Plan, "plans/*.yaml"),
    Kind("contract", ContractDocument, "contracts/*.yaml"),
    Kind("spec", Spec, "specs/*.yaml"),
    Kind("sink", Sink, "sinks/*.yaml"),
    Kind("policy", Policy, "specs/policy.yaml"),
    Kind("costs", Costs, "specs/costs.yaml"),
    Kind("tests", PricingTests, "tests/pricing/*.yaml"),
)


@cache
def _docs_of_module(name: str) -> dict[tuple[str, str], str]:
    """Read the docstrings that follow the fields of a module's classes: (class, field) → text."""
    found: dict[tuple[str, str], str] = {}
    for node in ast.parse(inspect.getsource(sys.modules[name])).body:
        if isinstance(node, ast.ClassDef):
            field = ""
            for part in node.body:
                if field and isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant):
                    found[node.name, field] = inspect.cleandoc(str(part.value.value))
                is_field = isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
                field = part.target.id if is_field else ""  # type: ignore[attr-defined]
    return found


def field_doc(model: type[BaseModel], name: str) -> str:
    """Give the docstring of a field, from the class that declares it."""
    for cls in model.__mro__:
        text = (
            _docs_of_module(cls.__module__).get((cls.__name__, name)) if issubclass(cls, BaseModel) else None
        )
        if text:
            return text
    return ""


def model_doc(model: type[BaseModel]) -> str:
    """Give what the docstring of a model says before it lists attributes."""
    return (inspect.getdoc(model) or "").partition("\n\nAttributes:")[0]
