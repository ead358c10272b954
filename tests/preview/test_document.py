"""The diff document is read by its definition, and its JSON Schema is made from it."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ratebook.cli.schema import dump
from ratebook.preview.document import DocumentError, json_schema, read
from tests.example import REPOSITORY
from tests.preview.documents import DOCUMENTS, EMPTY, RICH


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_read_as_it_was_written(document: Any) -> None:
    assert read(json.dumps(document).encode()) == document


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_the_schema_accepts_the_documents(document: Any) -> None:
    assert list(Draft202012Validator(json_schema()).iter_errors(document)) == []


def test_the_schema_in_the_reference_is_that_of_the_definition() -> None:
    written = (REPOSITORY / "docs" / "reference" / "diff.schema.json").read_text("utf-8")

    assert written == dump(json_schema()), "run: ratebook schema diff > docs/reference/diff.schema.json"


def test_every_key_that_does_not_speak_for_itself_is_described() -> None:
    described = json_schema()["$defs"]["Cause"]["properties"]

    assert described["begins"]["description"] == "From when it holds; null where it holds for all time."
    assert described["pointer"]["description"].startswith("A place of the book")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "this is no JSON"),
        (b"[]", 'its "kind" is not "diff"'),
        (b'{"kind": "diff", "format_version": "2.0"}', "format_version 2.0, and this release reads 1.x"),
        (b'{"kind": "diff"}', "format_version None"),
        (b'{"kind": "diff", "format_version": "1.0"}', "broken at period: Field required"),
    ],
    ids=["no JSON", "another document", "a later major version", "no version", "without its keys"],
)
def test_what_is_no_such_document_is_refused_with_a_reason(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read(data)


def test_a_number_is_no_amount() -> None:
    total = {**RICH["totals"][0], "was": 1.5}

    with pytest.raises(DocumentError, match="broken at totals/0/was"):
        read(json.dumps({**RICH, "totals": [total]}).encode())


def test_a_later_minor_version_may_have_more_keys() -> None:
    later = {**EMPTY, "format_version": "1.7", "margin": {"USD": "1.00"}}

    assert read(json.dumps(later).encode())["format_version"] == "1.7"
