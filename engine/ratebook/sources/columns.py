"""What the columns of a source are, against what the book declares them to be."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from ratebook.findings import Finding
from ratebook.sources.errors import pointer
from ratebook.usage.measure import DECIMAL_SCALE, EventSource

Kind = Literal[
    "string", "integer", "decimal", "fine_decimal", "boolean", "inexact", "instant", "local_time", "other"
]
"""What an engine's type is for us. `inexact` is a binary float; `fine_decimal` has too many places;
`local_time` is a time without a zone."""


class Found(NamedTuple):
    """A column as an engine has it: what it is for us, and the engine's name of its type."""

    kind: Kind
    written: str
    nullable: bool = True


_ACCEPTED: Final[Mapping[str, frozenset[Kind]]] = {
    "identity": frozenset({"string", "integer"}),
    "string": frozenset({"string"}),
    "integer": frozenset({"integer"}),
    "decimal": frozenset({"integer", "decimal"}),
    "boolean": frozenset({"boolean"}),
}


def column_findings(source: EventSource, found: Mapping[str, Found], where: str) -> Iterator[Finding]:
    """Compare a source's columns with the book; columns that the book does not name are of no interest.

    Args:
        source: what the book declares.
        found: what there is.
        where: the table or file, for messages.
    """
    wanted = {source.subject: "identity", source.event_time: "time"} | dict(source.columns)
    for name in filter(None, (source.event_id, source.reverses)):
        wanted[name] = "identity"
    for name, declared in wanted.items():
        if name not in found:
            yield _missing(source, name, found, where)
        elif declared == "time":
            yield from _time(source, found[name], where)
        elif found[name].kind not in _ACCEPTED[declared]:
            yield _mistyped(source, name, declared, found[name], where)


def _place(source: EventSource, name: str) -> str:
    if name in source.columns:
        return pointer(source.name, "columns", name)
    for key in ("subject", "event_time", "event_id", "reverses"):
        if getattr(source, key) == name:
            return pointer(source.name, key)
    return pointer(source.name)


def _missing(source: EventSource, name: str, found: Mapping[str, Found], where: str) -> Finding:
    near = [one for one in found if one.lower() == name.lower()]
    listed = ", ".join(sorted(found)[:20]) + (", …" if len(found) > 20 else "")  # noqa: PLR2004 - enough to see
    return Finding(
        "RB402",
        f"{where} has no column {name}",
        _place(source, name),
        expected=f"one of {listed}" if found else "",
        help=f"write {near[0]}: names are case-sensitive" if near else "correct the name, or add the column",
    )


def _time(source: EventSource, found: Found, where: str) -> Iterator[Finding]:
    name = source.event_time
    if found.kind == "local_time" and source.event_time_zone != "UTC":
        yield Finding(
            "RB405",
            f"{where}: {name} is {found.written}, a time without a zone",
            _place(source, name),
            expected="a time with its zone, as TIMESTAMP WITH TIME ZONE",
            help="if these times are UTC, add `event_time_zone: UTC` to the source",
        )
    elif found.kind not in {"instant", "local_time"}:
        yield Finding(
            "RB403",
            f"{where}: {name} is {found.written}, which is no time",
            _place(source, name),
            expected="a timestamp",
            help="name the column that holds the time of the event, or convert it where the data is written",
        )


def _mistyped(source: EventSource, name: str, declared: str, found: Found, where: str) -> Finding:
    if found.kind == "inexact" and declared != "string":
        return Finding(
            "RB404",
            f"{where}: {name} is {found.written}, which cannot hold a number exactly",
            _place(source, name),
            expected="an integer or decimal type",
            help="write the column as a decimal (or an integer of the smallest unit) where the data is made",
        )
    if found.kind == "fine_decimal":
        return Finding(
            "RB403",
            f"{where}: {name} is {found.written}, which has more places than can be counted with",
            _place(source, name),
            expected=f"a decimal with up to {DECIMAL_SCALE} places",
            help="use a type with fewer places",
        )
    meant = "a text or an integer" if declared == "identity" else f"a type for `{declared}`"
    return Finding(
        "RB403",
        f"{where}: {name} is {found.written}",
        _place(source, name),
        expected=meant,
        help="correct the type in the book, or convert the column where the data is written",
    )
