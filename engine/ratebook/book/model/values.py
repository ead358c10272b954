"""The scalars of a book: numbers as typed, ids, currencies, amounts, texts in several languages."""

import re
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)

from ratebook.book.model.base import MAPPING, SCALAR, problem, shape
from ratebook.book.scalars import UnclearScalarError, read_scalar
from ratebook.money import MINOR_UNITS

Every = Literal["day", "week", "month", "quarter", "year"]
Anchor = Literal["calendar", "contract_start"]
Prorate = Literal["days", "seconds", "none"]
ColumnType = Literal["string", "integer", "decimal", "boolean"]

ID_PATTERN: Final = r"[a-z0-9][a-z0-9_.-]{0,99}"
PLAN_PATTERN: Final = ID_PATTERN + r"(@[1-9][0-9]{0,3})?"
COLUMN_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
REFERENCE_PATTERN: Final = r"(env|file|vault|sops):\S+"


_QUOTED: Final = 60


def quoted(text: str) -> str:
    """Quote a text in a message, long ones cut."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}…"


def named(value: object) -> str:
    """Name a value and what it is, as a message quotes it."""
    if isinstance(value, bool):
        return f"{str(value).lower()} (true or false)"
    if isinstance(value, int | Decimal):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else f"{value!r}"


CELLS: Final = MappingProxyType({"cells": True})
"""Context of a validation whose values are the texts of a table's cells."""


def _from_cell(value: object, info: ValidationInfo) -> object:
    """Read the text of a cell as an unquoted scalar of YAML would be; every other value stays."""
    if info.context is not CELLS or not isinstance(value, str):
        return value
    try:
        return read_scalar(value)
    except UnclearScalarError as error:
        raise problem("RB107", str(error), help_=error.help) from None


def _number(value: object, info: ValidationInfo) -> Decimal:
    value = _from_cell(value, info)
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, Decimal):
        return value
    help_ = ""
    if isinstance(value, str) and re.fullmatch(r"-?[\d_]+(\.[\d_]+)?", value, re.ASCII):
        help_ = f"leave the quotes out: {value}"
    raise problem(
        "RB203", f"{named(value)} stands where a number is expected", expected="a number", help_=help_
    )


def _not_negative(value: object, info: ValidationInfo) -> Decimal:
    number = _number(value, info)
    if number < 0:
        raise problem("RB205", f"{number} is below zero", expected="zero or more")
    return number


def _positive(value: object, info: ValidationInfo) -> Decimal:
    number = _number(value, info)
    if number <= 0:
        raise problem("RB205", f"{number} is not above zero", expected="a number above zero")
    return number


def _count(value: object, info: ValidationInfo) -> int:
    number = _number(value, info)
    if number != number.to_integral_value() or not 1 <= number <= _MOST:
        raise problem(
            "RB205", f"{number} is no number of times", expected=f"a whole number from 1 to {_MOST}"
        )
    return int(number)


def _percent(value: object, info: ValidationInfo) -> Decimal:
    number = _not_negative(value, info)
    if number > 100:  # noqa: PLR2004 - the whole
        raise problem("RB205", f"{number} percent is more than the whole", expected="a number from 0 to 100")
    return number


def _positive_percent(value: object, info: ValidationInfo) -> Decimal:
    return _percent(_positive(value, info), info)


def _flag(value: object, info: ValidationInfo) -> bool:
    value = _from_cell(value, info)
    if not isinstance(value, bool):
        raise problem(
            "RB203", f"{named(value)} stands where true or false is expected", expected="true or false"
        )
    return value


# An editor's parser sees grouped digits as a text; `pattern` speaks of texts alone, `minimum` of numbers.
_NUMBER_SCHEMA: Final = {
    "title": "number",
    "type": ["number", "string"],
    "pattern": r"^(?=.*_)-?\d+(_\d+)*(\.\d+(_\d+)*)?$",
}

Number = Annotated[Decimal, PlainValidator(_number), WithJsonSchema(_NUMBER_SCHEMA)]
NotNegative = Annotated[
    Decimal,
    PlainValidator(_not_negative),
    WithJsonSchema({**_NUMBER_SCHEMA, "title": "number from 0", "minimum": 0}),
]
Positive = Annotated[
    Decimal,
    PlainValidator(_positive),
    WithJsonSchema({**_NUMBER_SCHEMA, "title": "number above 0", "exclusiveMinimum": 0}),
]
Percent = Annotated[
    Decimal,
    PlainValidator(_percent),
    WithJsonSchema({**_NUMBER_SCHEMA, "title": "number from 0 to 100", "minimum": 0, "maximum": 100}),
]


PositivePercent = Annotated[
    Decimal,
    PlainValidator(_positive_percent),
    WithJsonSchema(
        {**_NUMBER_SCHEMA, "title": "number above 0, up to 100", "exclusiveMinimum": 0, "maximum": 100}
    ),
]

_MOST: Final = 1_000

Count = Annotated[
    int,
    PlainValidator(_count),
    WithJsonSchema({**_NUMBER_SCHEMA, "title": "whole number from 1", "minimum": 1, "multipleOf": 1}),
]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"title": "true or false", "type": "boolean"})]


def _pattern(pattern: str, what: str, expected: str, title: str) -> tuple[PlainValidator, WithJsonSchema]:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise problem("RB203", f"{named(value)} stands where {what} is expected", expected=expected)
        if not compiled.fullmatch(value):
            raise problem("RB206", f"{quoted(value)} is not {what}", expected=expected)
        return value

    return PlainValidator(check), WithJsonSchema(
        {"title": title, "type": "string", "pattern": f"^{pattern}$"}
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        help_ = f'put it in quotes: "{value}"' if isinstance(value, bool | int | Decimal) else ""
        raise problem(
            "RB203", f"{named(value)} stands where a text is expected", expected="a text", help_=help_
        )
    if not value.strip():
        raise problem("RB206", "the text is empty", expected="a text", help_="write it, or leave the key out")
    return value


Text = Annotated[
    str, PlainValidator(_text), WithJsonSchema({"title": "text", "type": "string", "minLength": 1})
]


def _subject(value: object) -> str:
    text = _text(value)
    if text != text.strip() or not text.isprintable():
        raise problem(
            "RB206",
            f"{quoted(text)} begins or ends with a space, or holds a line end",
            expected="the bare id",
        )
    return text


Subject = Annotated[
    str, PlainValidator(_subject), WithJsonSchema({"title": "text", "type": "string", "minLength": 1})
]
"""Who is billed, byte for byte as the events say it."""

_ID, _ID_SCHEMA = _pattern(
    ID_PATTERN,
    "an id",
    "lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
    "id",
)
Id = Annotated[str, _ID, _ID_SCHEMA]

_COLUMN, _COLUMN_SCHEMA = _pattern(
    COLUMN_PATTERN,
    "a name of a column or source",
    "letters, digits and `_`, not beginning with a digit",
    "column",
)
Column = Annotated[str, _COLUMN, _COLUMN_SCHEMA]

_SECRET, _SECRET_SCHEMA = _pattern(
    REFERENCE_PATTERN, "a reference to a secret", "env:…, file:…, vault:… or sops:…", "reference to a secret"
)


def _secret(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(REFERENCE_PATTERN, value, re.ASCII):
        return value
    raise problem(
        "RB213",
        "a secret stands here in the clear" if isinstance(value, str) else f"{named(value)} is no secret",
        expected="a reference: env:NAME, file:path, vault:path or sops:path",
        help_="write a reference to it, and replace the secret itself: git keeps what was committed",
    )


SecretRef = Annotated[str, PlainValidator(_secret), _SECRET_SCHEMA]


def plan_id(value: object) -> str:
    """Bring the id of a plan into its one form: `pro@1` is `pro`."""
    if not isinstance(value, str):
        raise problem("RB203", f"{named(value)} stands where a plan is expected", expected="pro, or pro@2")
    if not re.fullmatch(PLAN_PATTERN, value, re.ASCII):
        raise problem(
            "RB206",
            f"{quoted(value)} is not an id of a plan",
            expected="pro, or pro@2 for its second version",
        )
    return value.removesuffix("@1")


PlanId = Annotated[
    str,
    PlainValidator(plan_id),
    WithJsonSchema({"title": "plan", "type": "string", "pattern": f"^{PLAN_PATTERN}$"}),
]


def _currency(value: object) -> str:
    if isinstance(value, str) and value in MINOR_UNITS:
        return value
    raise problem(
        "RB211",
        f"{named(value)} is not a currency",
        expected="a code of ISO 4217, as in EUR",
        help_=f"write {value.upper()}" if isinstance(value, str) and value.upper() in MINOR_UNITS else "",
    )


Currency = Annotated[
    str,
    PlainValidator(_currency),
    WithJsonSchema({"title": "currency", "type": "string", "pattern": "^[A-Z]{3}$"}),
]


def _money(value: object) -> str:
    """Read what an amount is listed in: a currency, or an id of a pricing unit, which no currency is called."""
    is_id = isinstance(value, str) and re.fullmatch(ID_PATTERN, value, re.ASCII) is not None
    return str(value) if is_id and str(value).upper() not in MINOR_UNITS else _currency(value)


def _one_kind(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    units = [name for name in amounts if name not in MINOR_UNITS]
    if units and len(amounts) > 1:
        raise problem(
            "RB214",
            f"an amount in the pricing unit `{units[0]}` is listed in something else too",
            expected=f"{{{units[0]}: …}}, or an amount for each currency",
        )
    return amounts


def _no_currency(value: str) -> str:
    if value.upper() in MINOR_UNITS:
        raise problem(
            "RB206", f"{value!r} is called like a currency", expected="a name of its own, as in credit"
        )
    return value


PricingUnitId = Annotated[Id, AfterValidator(_no_currency)]

Money = Annotated[
    str,
    PlainValidator(_money),
    WithJsonSchema(
        {"title": "currency", "type": "string", "pattern": f"^([A-Z]{{3}}|{ID_PATTERN})$"},
    ),
]

Amount = Annotated[
    Annotated[NotNegative, Tag(SCALAR)]
    | Annotated[dict[Money, NotNegative], Field(min_length=1), AfterValidator(_one_kind), Tag(MAPPING)],
    Discriminator(shape),
]
"""An amount of money: a number in the currency at hand, one for each currency, or one in a pricing unit."""

Worth = Annotated[
    Annotated[Positive, Tag(SCALAR)] | Annotated[dict[Currency, Positive], Field(min_length=1), Tag(MAPPING)],
    Discriminator(shape),
]
"""What a pricing unit is worth: a number in the book's currency, or one for each currency."""

LocalText = Annotated[
    Annotated[Text, Tag(SCALAR)] | Annotated[dict[str, Text], Field(min_length=1), Tag(MAPPING)],
    Discriminator(shape),
]
"""A text, or one for each language: `{en: …, tr: …}`."""
