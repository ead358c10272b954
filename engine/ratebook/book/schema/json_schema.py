"""JSON Schemas of the files of a book, in the draft that all editors read (draft-07).

They are a little more lenient than the model: they see one file at a time, and a grouped number as a text.
"""

import types
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from ratebook.book.model.base import MARK
from ratebook.book.model.dated import Dated
from ratebook.book.model.meter import Band, ColumnConditions, Dimension
from ratebook.book.model.price import CellPrice, Matrix, PerUnit
from ratebook.book.model.rating import Multiplication, Multiplier
from ratebook.book.model.settings import PricingUnit
from ratebook.book.model.times import WhenField
from ratebook.book.model.values import COLUMN_PATTERN, NotNegative, Text, Worth
from ratebook.book.schema.kinds import KINDS, Kind, field_doc, model_doc

Schema = dict[str, Any]

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"


def json_schemas() -> dict[str, Schema]:
    """Give all schemas: name of the file in `specs/schema/` → schema."""
    return {f"{kind.name}.schema.json": json_schema(kind) for kind in KINDS}


def json_schema(kind: Kind) -> Schema:
    """Give the schema of a kind of file."""
    writer = _Writer()
    root = writer.schema(kind.model)
    if "$ref" in root:
        root = writer.definitions.pop(root["$ref"].rpartition("/")[2])
    return {
        "$schema": _DRAFT,
        "title": f"Ratebook: {kind.path}",
        **root,
        **({"definitions": dict(sorted(writer.definitions.items()))} if writer.definitions else {}),
    }


class _Writer:
    """Writes the schema of one kind of file, and the definitions that it needs."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def schema(self, kind: Any) -> Schema:  # noqa: ANN401 - types
        """Write the schema of a type."""
        for extra in getattr(kind, "__metadata__", ()):
            if isinstance(extra, WithJsonSchema):
                return dict(extra.json_schema or {})
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self._annotated(kind)
        if origin in {Union, types.UnionType}:
            return self._union(arguments)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in {dict, tuple}:
            return self._several(origin, arguments)
        return {} if kind is Any else self._model(kind)

    def _several(self, origin: Any, arguments: tuple[Any, ...]) -> Schema:  # noqa: ANN401 - types
        if origin is tuple:
            return {"type": "array", "items": self.schema(arguments[0])}
        return self._mapping(*arguments)

    def _annotated(self, kind: Any) -> Schema:  # noqa: ANN401 - types
        schema = self.schema(get_args(kind)[0])
        for extra in kind.__metadata__:
            if isinstance(extra, FieldInfo):
                _add_limits(schema, extra)
        return schema

    def _union(self, members: tuple[Any, ...]) -> Schema:
        kept = [
            self.schema(member) for member in members if member is not type(None) and not _is_refused(member)
        ]
        return kept[0] if len(kept) == 1 else {"anyOf": kept}

    def _mapping(self, key: Any, value: Any) -> Schema:  # noqa: ANN401 - types
        schema: Schema = {"type": "object", "additionalProperties": self.schema(value)}
        pattern = self.schema(key).get("pattern") if key is not str else None
        return schema | ({"propertyNames": {"pattern": pattern}} if pattern else {})

    def _model(self, kind: Any) -> Schema:  # noqa: ANN401 - types
        if kind is str:
            return {"type": "string"}
        if issubclass(kind, Dated):
            return self._dated(kind)
        special = {
            Dimension: self._dimension,
            ColumnConditions: self._conditions,
            Multiplier: self._multiplier,
            PricingUnit: self._pricing_unit,
        }
        if kind not in self.definitions:
            self.definitions[kind.__name__] = {}
            self.definitions[kind.__name__] = special.get(kind, lambda: self.object(kind))()
        return {"$ref": f"#/definitions/{kind.__name__}"}

    def object(self, model: type[BaseModel], *, partial: bool = False) -> Schema:
        """Write the schema of a mapping; a partial one requires nothing."""
        properties: dict[str, Schema] = {}
        required = []
        for name, field in model.model_fields.items():
            key = field.alias or name
            if key.startswith(MARK):
                continue
            properties[key] = self._field(model, name, field)
            if field.is_required() and not (key == "id" and "rating" in model.model_fields):
                required.append(key)
        schema: Schema = {"description": model_doc(model), "type": "object", "properties": properties}
        if required and not partial:
            schema["required"] = required
        return schema | {"additionalProperties": False}

    def _field(self, model: type[BaseModel], name: str, field: FieldInfo) -> Schema:
        if model is Matrix and name == "values":
            schema = self._tree("cells", CellPrice)
        elif model is Multiplication and name == "values":
            schema = self._tree("factors", NotNegative)
        else:
            schema = self.schema(whole_annotation(field))
            _add_limits(schema, field)
        doc = field_doc(model, name)
        described = _alone(schema)
        if field.default is not None and isinstance(field.default, str | bool):
            described = described | {"default": field.default}
        return {"description": doc, **described} if doc else described

    def _tree(self, name: str, leaf: Any) -> Schema:  # noqa: ANN401 - types
        if name not in self.definitions:
            self.definitions[name] = {}
            inner: Schema = {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"$ref": f"#/definitions/{name}"},
            }
            self.definitions[name] = {"anyOf": [self.schema(leaf), inner]}
        return {"$ref": f"#/definitions/{name}"}

    def _dated(self, kind: type[BaseModel]) -> Schema:
        """Write a value that may stand plainly, or as versions whose common keys stand beside them."""
        inner: Any = kind.__pydantic_generic_metadata__["args"][0]
        name = f"Dated{_name_of(inner)}"
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = {"anyOf": [self.schema(inner), self._versions(inner)]}
        return {"$ref": f"#/definitions/{name}"}

    def _versions(self, inner: Any) -> Schema:  # noqa: ANN401 - types
        common = self._partial(inner)
        value = {
            "description": "The value, where it is none with keys of its own.",
            **_alone(self.schema(inner)),
        }
        version = {
            "type": "object",
            "properties": {**self._of_version(), **common["properties"], "value": value},
            "additionalProperties": common["additionalProperties"],
        }
        versions = {
            "description": "The value from one instant on, then from another; keys beside it are common to all.",
            "type": "array",
            "minItems": 1,
            "items": {"anyOf": [version, self.schema(inner)]},
        }
        return {
            "type": "object",
            "required": ["versions"],
            "properties": {**common["properties"], "versions": versions},
            "additionalProperties": common["additionalProperties"],
        }

    def _of_version(self) -> dict[str, Schema]:
        return {
            "from": {"description": "When the version begins.", **self.schema(WhenField)},
            "reference": {"description": "Why it changed, as a ticket.", **self.schema(Text)},
        }

    def _partial(self, kind: Any) -> Schema:  # noqa: ANN401 - types
        """Write all keys that a value may have, none of them required."""
        origin = get_origin(kind)
        if origin is Annotated:
            return self._partial(get_args(kind)[0])
        if origin in {Union, types.UnionType}:
            parts = [self._partial(member) for member in get_args(kind)]
            properties: dict[str, Schema] = {}
            for part in parts:
                for key, schema in part["properties"].items():
                    known = properties.get(key)
                    properties[key] = schema if known is None or known == schema else _either(known, schema)
            more = next(
                (part["additionalProperties"] for part in parts if part["additionalProperties"]), False
            )
            return {"properties": properties, "additionalProperties": more}
        if origin is dict:
            return {"properties": {}, "additionalProperties": self.schema(get_args(kind)[1])}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self.object(kind, partial=True)
        return {"properties": {}, "additionalProperties": False}

    def _dimension(self) -> Schema:
        column = {"type": "string", "pattern": f"^{COLUMN_PATTERN}$"}
        band = {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": column,
            "additionalProperties": self.schema(Band),
        }
        return {"description": model_doc(Dimension), "anyOf": [column, band]}

    def _conditions(self) -> Schema:
        several = {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}}
        written = self.object(ColumnConditions) | {"minProperties": 1}
        return {"anyOf": [{"type": ["string", "number", "boolean"]}, several, written]}

    def _pricing_unit(self) -> Schema:
        fields = PricingUnit.model_fields
        value = {"description": field_doc(PricingUnit, "value"), **self.schema(Worth)}
        version = {
            "type": "object",
            "required": ["value"],
            "properties": {**self._of_version(), "value": value},
            "additionalProperties": False,
        }
        versions = {
            "description": "What one is worth from one instant on, then from another.",
            "type": "array",
            "minItems": 1,
            "items": version,
        }
        return {
            "description": model_doc(PricingUnit),
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": self._field(PricingUnit, "name", fields["name"]),
                "value": value,
                "versions": versions,
            },
            "additionalProperties": False,
        }

    def _multiplier(self) -> Schema:
        schema = self.object(Multiplier)
        once = self.object(Multiplication, partial=True)["properties"]
        once.pop("by")
        version = {
            "type": "object",
            "properties": {**self._of_version(), **once},
            "additionalProperties": False,
        }
        versions = {
            "description": "The factors from one instant on, then from another.",
            "type": "array",
            "minItems": 1,
        }
        schema["properties"] |= {**once, "versions": {**versions, "items": version}}
        schema["required"] = ["by"]
        return schema


def _name_of(kind: Any) -> str:  # noqa: ANN401 - types
    """Name what is dated: a model, a price, an amount or a number."""
    if isinstance(kind, type):
        return kind.__name__
    for extra in kind.__metadata__:
        if isinstance(extra, WithJsonSchema):
            return "Number"
    return "Price" if any(PerUnit in get_args(member) for member in get_args(get_args(kind)[0])) else "Amount"


def _alone(schema: Schema) -> Schema:
    """Let a schema have neighbours, which draft-07 ignores beside a reference."""
    return {"allOf": [schema]} if "$ref" in schema else schema


def whole_annotation(field: FieldInfo) -> Any:  # noqa: ANN401 - types
    """Give a field's type with what it is annotated with, which pydantic keeps apart."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _either(one: Schema, other: Schema) -> Schema:
    """Join what two models say about a key that both have."""
    description = {key: one[key] for key in ("description",) if key in one}
    bare, also = (
        {key: value for key, value in schema.items() if key != "description"} for schema in (one, other)
    )
    known = bare["anyOf"] if set(bare) == {"anyOf"} else [bare]
    return {**description, "anyOf": [*known, *([] if also in known else [also])]}


def _is_refused(member: Any) -> bool:  # noqa: ANN401 - types
    for extra in getattr(member, "__metadata__", ()):
        if isinstance(extra, WithJsonSchema):
            return extra.json_schema == {"not": {}}
    return False


def _add_limits(schema: Schema, field: FieldInfo) -> None:
    names = {
        "min_length": ("minItems", "minProperties"),
        "max_length": ("maxItems", "maxProperties"),
    }
    for limit in field.metadata:
        for name, (of_list, of_mapping) in names.items():
            value = getattr(limit, name, None)
            if isinstance(value, int):
                schema[of_list if schema.get("type") == "array" else of_mapping] = value
