"""The reference of a book's formats, for people: each kind of file with its keys, told from the model."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from ratebook.book.model.base import MARK
from ratebook.book.model.dated import Dated
from ratebook.book.model.meter import Band, ColumnConditions, Dimension
from ratebook.book.model.percentage import Dynamic, GraduatedPercentage, Percentage
from ratebook.book.model.price import CellPrice, Flat, Graduated, Matrix, Package, PerUnit, Price, Volume
from ratebook.book.model.rating import Multiplication, Multiplier
from ratebook.book.schema.json_schema import whole_annotation
from ratebook.book.schema.kinds import KINDS, field_doc, model_doc
from ratebook.money import plain

_PRICES: Final[tuple[type[BaseModel], ...]] = (
    PerUnit,
    Flat,
    Graduated,
    Volume,
    Package,
    Percentage,
    GraduatedPercentage,
    Dynamic,
    Matrix,
)

_HEAD: Final = """# The files of a book

<!-- Written by `ratebook schema --markdown` from the model; a test keeps the two equal. -->

A folder decides the kind of a file, its stem is its id, and deeper folders are free. Each kind has a JSON Schema in
`specs/schema/`, which an editor finds by the file's first line. In the tables below a key with * must be there.

```yaml
# yaml-language-server: $schema=../specs/schema/meter.schema.json
```

Reading is strict. A number is what was typed; `_` may group its digits. A date means midnight in the time zone of the
billing spec, a time carries its offset. Texts that look like numbers stand in quotes; `NO` and `on` are texts. Keys
that a kind does not have are errors, as are anchors, aliases, tags and keys without a value.

**Dated** values may be written plainly or as `versions`, in order of time; keys beside `versions` are common to all
of them, a number is written as `value`, and only the first version may be without `from`:

```yaml
included:
  versions:
    - value: 40_000
    - {from: 2026-07-01, value: 60_000, reference: PRICE-88}
```

An **amount** is a number in the currency at hand, a number for each currency: `{USD: 49, EUR: 45}`, or one in a pricing
unit of the book: `{credit: 300}`. A number by itself is in the currency at hand: in a rating
rule and a plan without a currency of its own it is the book's currency, in a plan the plan's, in a contract the
invoice's.

**Many contracts** stand in a CSV in `contracts/`, with a row each. Its first column is `id`, the others are dotted
paths as in `org`, `plan`, `start`, `customer.email` or `overrides.rpc-requests.included`; an empty cell means that the
key is absent. Rows are sorted by id. What needs a list (`fees`, `charges`, `discounts`, several `subjects`) stands in a
file of its own.

**Many factors** stand in a CSV beside their multiplier, which names it as `table`: a column for each dimension of `by`,
and one called `factor`.
"""


def reference() -> str:
    """Write the reference."""
    seen: set[type[BaseModel]] = set()
    parts = [_HEAD]
    for kind in KINDS:
        parts.append(f"## `{kind.path}`\n\n{model_doc(kind.model)}\n")
        parts += _sections(kind.model, seen, top=True)
    return "\n".join(parts)


def _sections(model: type[BaseModel], seen: set[type[BaseModel]], *, top: bool = False) -> Iterator[str]:
    if model in seen:
        return
    seen.add(model)
    if not top:
        yield f"### {_name(model)}\n\n{model_doc(model)}\n"
    yield "\n".join(_table(model)) + "\n"
    for inner in _inner(model):
        yield from _sections(inner, seen)


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | value | meaning |"
    yield "| --- | --- | --- |"
    for owner, name, field in _fields(model):
        key = field.alias or name
        kind = _type(_annotation(owner, name, field))
        star = "" if _may_be_absent(owner, name, field) else " *"
        meaning = _flat(field_doc(owner, name))
        yield f"| `{key}`{star} | {kind}{_default(field)} | {meaning} |"


def _fields(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if model is Multiplier and name == "factors":
            yield from (
                (Multiplication, key, Multiplication.model_fields[key]) for key in ("values", "table")
            )
        elif not (field.alias or name).startswith(MARK):
            yield model, name, field


def _may_be_absent(model: type[BaseModel], name: str, field: FieldInfo) -> bool:
    return (
        not field.is_required()
        or (name == "id" and "rating" in model.model_fields)
        or model is Multiplication
    )


def _annotation(model: type[BaseModel], name: str, field: FieldInfo) -> Any:  # noqa: ANN401 - types
    if name == "values" and model in {Matrix, Multiplication}:
        return "a tree of prices" if model is Matrix else "a tree of factors, may be dated"
    return whole_annotation(field)


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, bool):
        return f", else {str(value).lower()}"
    if isinstance(value, str) and value != "per_unit":
        return f", else `{value}`"
    if hasattr(value, "number"):
        return f", else {value.number} {value.unit}{'' if value.number == 1 else 's'}"
    if hasattr(value, "as_tuple"):
        return f", else {plain(value)}"
    return ""


def _type(kind: Any) -> str:  # noqa: ANN401, PLR0911 - types, each with words of its own
    if isinstance(kind, str):
        return kind
    for extra in getattr(kind, "__metadata__", ()):
        if isinstance(extra, WithJsonSchema):
            return str((extra.json_schema or {}).get("title", ""))
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in {Price, CellPrice}:
        return "price"
    if origin is Annotated:
        return _type(arguments[0])
    if origin in {Union, types.UnionType}:
        return _union([member for member in arguments if member is not type(None)])
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in arguments)
    if origin is dict:
        return f"{_type(arguments[0])} → {_type(arguments[1])}"
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    return _model_type(kind)


def _union(members: list[Any]) -> str:
    if any(PerUnit in get_args(member) for member in members):
        return "[price](#prices)"
    words = [word for member in members if (word := _type(member))]
    return {
        "number from 0 or currency → number from 0": "amount",
        "number above 0 or currency → number above 0": "amount",
        "text or text → text": "text, may be by language",
    }.get(joined := " or ".join(words), joined)


def _model_type(kind: Any) -> str:  # noqa: ANN401 - types
    if kind is str:
        return "text"
    if kind is Dimension:
        return f"column, or name → {_link(Band)}"
    if kind is ColumnConditions:
        return f"value, list of values, or {_link(ColumnConditions)}"
    if isinstance(kind, type) and issubclass(kind, Dated):
        return f"{_type(kind.__pydantic_generic_metadata__['args'][0])}, may be dated"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _link(kind)
    return "anything"


def _name(model: type[BaseModel]) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in model.__name__)
    return words.strip().capitalize()


def _link(model: type[BaseModel]) -> str:
    return f"[{_name(model).lower()}](#{_name(model).lower().replace(' ', '-')})"


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _inner(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for owner, name, field in _fields(model):
        yield from _models(_annotation(owner, name, field))


def _models(kind: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - types
    if isinstance(kind, type) and issubclass(kind, Dated):
        yield from _models(kind.__pydantic_generic_metadata__["args"][0])
    elif kind is Dimension:
        yield Band
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    else:
        for argument in get_args(kind):
            yield from _models(argument)
