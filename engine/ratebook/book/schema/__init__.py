"""The formats of a book, told from its model: JSON Schemas for editors, a reference for people."""

from ratebook.book.schema.json_schema import json_schema, json_schemas
from ratebook.book.schema.kinds import KINDS, Kind
from ratebook.book.schema.markdown import reference

__all__ = ["KINDS", "Kind", "json_schema", "json_schemas", "reference"]
