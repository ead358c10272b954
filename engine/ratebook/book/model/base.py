"""What all parts of the model share: strictness, and how they say what is wrong in plain words.

Before it is validated, a value may be brought into a more regular shape (`versions` gathered, a bare condition
wrapped). Keys that only that shape has begin with `MARK`, so that an error's place can be found in the file.
"""

from typing import Any, Final, LiteralString

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

MARK: Final = "§"
"""Begins every key and tag that a validator adds and no file has."""

MAPPING: Final = f"{MARK}mapping"
SCALAR: Final = f"{MARK}scalar"


class Model(BaseModel):
    """A mapping of the book: immutable, and without keys that it does not declare."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )


def problem(code: str, message: str, *, expected: str = "", help_: str = "") -> PydanticCustomError:
    """Make the error that a validator raises: a finding without its place."""
    template: LiteralString = "{message}"
    kind: Any = code  # pydantic asks for a literal; the codes are a closed list of their own
    return PydanticCustomError(kind, template, {"message": message, "expected": expected, "help": help_})


def shape(value: object) -> str:
    """Tell a mapping from everything else, as the tag of a union."""
    return MAPPING if isinstance(value, dict | BaseModel) else SCALAR
