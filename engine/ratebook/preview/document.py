"""The diff document: what two books come to over the same usage, as `ratebook diff --format json` prints it.

This is its one definition. The JSON Schema in docs/reference/diff.schema.json is made from it, and a document that
comes from a file is held against it. A minor version adds keys, which readers pass over; a major one may change them.
"""

from functools import cache
from typing import Annotated, Any, Final, Literal, NotRequired

import orjson
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # pydantic reads the one of `typing` only from Python 3.12 on

FORMAT_VERSION: Final = "1.0"
KIND: Final = "diff"

Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
"""A decimal as text, so that no reader makes a binary fraction of it."""

Count = Annotated[int, Field(ge=0)]
Pointer = Annotated[
    str, Field(description="A place of the book, as in `rating/rpc-requests#price/tiers/1/amount`.")
]
Place = Annotated[
    str | None, Field(description="`file:line` of the pointer, in the second book where it is there.")
]
ShortText = Annotated[str | None, Field(description="What stands there, in short; null where nothing does.")]
Category = Literal["price_up", "price_down", "mixed", "restating", "forward_only", "cosmetic"]
ShieldedBy = Literal["minimum", "maximum", "commitment", "price_lock", "override", "credit"]
Verdict = Literal["allowed", "needs_approval", "refused"]

_DOCUMENTED: Final = with_config(ConfigDict(extra="allow", strict=True, use_attribute_docstrings=True))

Window = TypedDict("Window", {"from": str, "to": str})
"""Two instants or dates; the second is the first that is not inside."""


class DocumentError(ValueError):
    """Bytes that are no diff document, or one of a version that this release cannot read."""


@_DOCUMENTED
class Side(TypedDict):
    """One of the two books."""

    name: str
    """What people call it: a git ref, a folder, `working tree`, or the file of a saved result."""
    book: str | None
    """Digest of its meaning."""
    source: str | None
    """Digest of its files."""


@_DOCUMENTED
class Engine(TypedDict):
    """What computed both sides."""

    ratebook: str
    """Version of the package."""
    semantics: int
    """Number of the rating semantics."""
    tzdata: str
    """Release of the time zones."""


@_DOCUMENTED
class MeasuredEvents(TypedDict):
    """How many events one measure counted."""

    measure: str
    events: Count


@_DOCUMENTED
class ComparedUsage(TypedDict):
    """The usage that both books were rated on."""

    window: Window | None
    """From when until when; null where nothing was rated."""
    digest: str | None
    """Digest of what was measured; null where two saved results are compared."""
    measures: list[MeasuredEvents]


@_DOCUMENTED
class ExchangeRates(TypedDict):
    """The exchange rates that both sides were converted with."""

    digest: str | None


@_DOCUMENTED
class CurrencyTotal(TypedDict):
    """What all touched contracts of a currency pay together."""

    currency: str
    was: Amount
    will_be: Amount
    difference: Amount
    percent: Amount | None
    """With two decimals; null where it was nothing before."""
    up: Count
    """How many contracts pay more."""
    down: Count
    """How many contracts pay less."""


@_DOCUMENTED
class Money(TypedDict):
    """An amount that moves, in one currency."""

    currency: str
    difference: Amount


@_DOCUMENTED
class ChangeOfBook(TypedDict):
    """One semantic change between the books."""

    pointer: Pointer
    place: Place
    title: Annotated[str, Field(description="What changes, in words.")]
    was: ShortText
    now: ShortText


_With = TypedDict("_With", {"with": list[ChangeOfBook]})


@_DOCUMENTED
class Cause(ChangeOfBook, _With):
    """The smallest change to which money is put down: one, `with` those that only make sense together with it."""

    categories: list[Category]
    begins: str | None
    """From when it holds; null where it holds for all time."""
    reference: NotRequired[str | None]
    """Why it is made, as a ticket: the `reference` of the version that comes."""
    adds_version: NotRequired[bool]
    """Whether it comes as a version of its own, so that what held before stays as it was."""
    contracts: Count
    """How many contracts it moves money of."""
    money: list[Money]
    """What it moves, for each currency."""


@_DOCUMENTED
class CauseShare(TypedDict):
    """What one cause moves of one contract."""

    cause: Count
    """Its place in the list of causes, counted from 0."""
    difference: Amount


@_DOCUMENTED
class LineChange(TypedDict):
    """An invoice line that is not the same on both sides."""

    charge: str
    kind: str
    description: str
    account: str | None
    """The child account whose usage it bills."""
    dimensions: dict[str, str]
    period: Window
    was: Amount | None
    """Null where there was no such line."""
    will_be: Amount | None
    """Null where there is no such line any longer."""
    difference: Amount


@_DOCUMENTED
class Shield(TypedDict):
    """What keeps a contract from paying more or less by a cause."""

    by: ShieldedBy
    pointer: Pointer
    place: Place
    cause: Count | None
    """The cause it shields from, counted from 0; null where it does from all of them."""


@_DOCUMENTED
class ContractChange(TypedDict):
    """A contract whose bill moves, or that something shields."""

    contract: str
    customer: str | None
    spec: str
    plan: str | None
    """Null where it has none, and where two saved results are compared."""
    currency: str
    status: Literal["changed", "new", "gone"]
    was: Amount
    """Total of its invoices of the period before, tax included."""
    will_be: Amount
    """Total of its invoices of the period after, tax included."""
    difference: Amount
    percent: Amount | None
    """With two decimals; null where it was nothing before."""
    causes: list[CauseShare]
    """They add up to the difference exactly; empty where two saved results are compared."""
    lines: list[LineChange]
    """They add up to the difference exactly."""
    shielded: list[Shield]


@_DOCUMENTED
class MeterUsage(TypedDict):
    """Usage of a meter that one book bills and the other does not."""

    meter: str
    events: Count
    contracts: list[str]


@_DOCUMENTED
class UsageChanges(TypedDict):
    """Usage that begins or ceases to be billed."""

    newly_billed: list[MeterUsage]
    newly_unbilled: list[MeterUsage]


@_DOCUMENTED
class SheetRow(TypedDict):
    """A price of a plan."""

    item: str
    was: str | None
    will_be: str | None


@_DOCUMENTED
class PriceSheet(TypedDict):
    """The prices of a plan that change."""

    plan: str
    rows: list[SheetRow]


@_DOCUMENTED
class NewFinding(TypedDict):
    """Something that only the run over the second book found."""

    code: str
    severity: Literal["error", "warning", "info"]
    message: str
    pointer: NotRequired[str]
    file: NotRequired[str]
    line: NotRequired[int]
    column: NotRequired[int]
    expected: NotRequired[str]
    help: NotRequired[str]
    details: NotRequired[dict[str, Any]]


@_DOCUMENTED
class RuleVerdict(TypedDict):
    """What one rule of the policy says to the change."""

    rule: str
    pointer: Pointer
    place: Place
    verdict: Verdict
    needs: list[str]
    """Who must approve."""
    message: str
    contracts: list[str]
    causes: list[Count]
    permitted_by: str | None
    """The permission that lets it through."""


@_DOCUMENTED
class PolicyVerdict(TypedDict):
    """What the policy of the book says to the change."""

    verdict: Verdict
    rules: list[RuleVerdict]


@_DOCUMENTED
class DiffDocument(TypedDict):
    """What two books come to over the same usage, for each contract and for each cause."""

    format_version: Annotated[str, StringConstraints(pattern=r"^1\.[0-9]+$")]
    """Of this form; readers of 1.0 read each 1.x."""
    kind: Literal["diff"]
    period: str
    as_if: str | None
    """The date from which the second book was taken to hold; null where it holds as it says."""
    closed_until: str | None
    """The date up to which periods are closed: changes before it restate them; null where none is known."""
    base: Side
    head: Side
    engine: Engine
    usage: ComparedUsage
    fx: ExchangeRates
    contracts_compared: Count
    contracts_touched: Count
    """How many of them could have changed, and were rated with both books."""
    totals: list[CurrencyTotal]
    """For each currency, of the touched contracts."""
    causes: list[Cause]
    contracts: list[ContractChange]
    """The largest difference first, whatever its sign, then by id."""
    usage_changes: UsageChanges
    price_sheets: list[PriceSheet]
    findings: list[NewFinding]
    policy: PolicyVerdict | None
    """Null where the book has no policy."""


@cache
def _adapter() -> TypeAdapter[DiffDocument]:
    """Build the validator when a document is read: who only writes or draws one need not wait for it."""
    return TypeAdapter(DiffDocument)


def read(data: bytes) -> DiffDocument:
    """Read a diff document that was saved as JSON.

    Raises:
        DocumentError: it is no diff document, or of a major version that this release cannot read.
    """
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DocumentError(f"this is no JSON: {error}; expected a document of ratebook diff") from None
    return validated(document)


def validated(document: object) -> DiffDocument:
    """Hold a document against its definition.

    Raises:
        DocumentError: it is no diff document, or of a major version that this release cannot read.
    """
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise DocumentError('this is no diff document: its "kind" is not "diff"; make one with --format json')
    version = str(document.get("format_version"))
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise DocumentError(
            f"the document has format_version {version}, and this release reads 1.x; use the ratebook that wrote it"
        )
    try:
        return _adapter().validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "/".join(map(str, first["loc"]))
        raise DocumentError(f"the diff document is broken at {place}: {first['msg']}") from None


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of the document."""
    schema = _adapter().json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_untitled(schema),
        "title": "Ratebook: diff",
    }


def _untitled(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Take the titles away, which only repeat the keys."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _untitled(one) for name, one in value.items()}
        if key in {"properties", "$defs"}
        else _untitled(value)
        for key, value in schema.items()
        if key != "title" or not isinstance(value, str)
    }
