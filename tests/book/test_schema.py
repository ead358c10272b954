"""The JSON Schemas are those of the model, and agree with it about good files and bad ones."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from pydantic import ValidationError

from ratebook.book.draft import MODELS
from ratebook.book.model.pricing_tests import PricingTests
from ratebook.book.reader import read_yaml
from ratebook.book.schema import KINDS, json_schema, json_schemas
from ratebook.cli.schema import dump
from tests.example import REPOSITORY

FOLDER = Path(__file__).parent / "schema"
GOOD, BAD = sorted((FOLDER / "good").glob("*.yaml")), sorted((FOLDER / "bad").glob("*.yaml"))
BOOK = [
    path
    for folder in ("meters", "plans", "contracts", "sinks", "specs", "tests/pricing")
    for path in sorted((REPOSITORY / folder).rglob("*.yaml"))
]
MODEL = {kind.name: kind.model for kind in KINDS}


class EditorsLoader(yaml.SafeLoader):
    """YAML 1.2 as the language server of editors reads it: grouped digits are texts, and dates are."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way


EditorsLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))
EditorsLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$"), list("-+.0123456789")
)


def errors(schema: dict[str, Any], file: Path) -> list[str]:
    data = yaml.load(file.read_text("utf-8"), EditorsLoader)  # noqa: S506 - a safe loader
    return [error.message for error in Draft7Validator(schema).iter_errors(data)]


def kind_of(file: Path) -> str:
    return file.stem.partition("-")[0]


@pytest.mark.parametrize("name", json_schemas())
def test_the_schemas_of_the_book_are_the_models(name: str) -> None:
    written = (REPOSITORY / "specs" / "schema" / name).read_text("utf-8")

    assert written == dump(json_schemas()[name]), "run: ratebook schema --write"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_schema_is_one_that_every_editor_reads(kind: Any) -> None:
    schema = json_schema(kind)
    Draft7Validator.check_schema(schema)

    for node in nodes(schema):
        assert "$defs" not in node
        assert "$ref" not in node or len(node) == 1
        assert "§" not in json.dumps(node, ensure_ascii=False)


def nodes(schema: Any) -> list[dict[str, Any]]:
    below = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return ([schema] if isinstance(schema, dict) else []) + [node for item in below for node in nodes(item)]


def test_every_key_has_a_description() -> None:
    for kind in KINDS:
        for node in nodes(json_schema(kind)):
            properties = node.get("properties", {})
            silent = [key for key, one in properties.items() if not one.get("description")]
            assert silent == [], kind.name


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_file_passes_schema_and_model(file: Path) -> None:
    root = read_yaml(file.name, file.read_bytes()).root
    assert root is not None
    data = {**root.data}
    if file.stem == "multiplier":
        data["versions"] = [
            data["versions"][0],
            {**data["versions"][1], "values": {"default": {"default": 1}}},
        ]

    MODEL[kind_of(file)].model_validate(data)
    assert errors(json_schemas()[f"{kind_of(file)}.schema.json"], file) == []


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_bad_file_passes_neither(file: Path) -> None:
    root = read_yaml(file.name, file.read_bytes()).root
    assert root is not None

    with pytest.raises(ValidationError):
        MODEL[kind_of(file)].model_validate(root.data)
    assert errors(json_schemas()[f"{kind_of(file)}.schema.json"], file) != []


def test_there_is_a_good_and_a_bad_file_of_every_kind() -> None:
    assert {kind_of(file) for file in GOOD} == {kind_of(file) for file in BAD} == set(MODEL)


def test_every_kind_of_file_has_a_schema() -> None:
    assert {id(kind.model) for kind in KINDS} == {id(model) for model in (*MODELS.values(), PricingTests)}


@pytest.mark.parametrize("file", BOOK, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_the_example_book_passes_the_schemas_that_its_files_name(file: Path) -> None:
    named = re.search(r"^# yaml-language-server: \$schema=(\S+)", file.read_text("utf-8"))
    assert named is not None
    schema = json.loads((file.parent / named[1]).read_text("utf-8"))

    assert errors(schema, file) == []
