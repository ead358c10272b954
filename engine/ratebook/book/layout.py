"""Which file is what: a folder decides the kind, a file's stem is the id, deeper folders are free."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from ratebook.book.model.values import ID_PATTERN, PLAN_PATTERN, plan_id
from ratebook.book.suggest import did_you_mean
from ratebook.findings import Finding, Position

Kind = Literal["book", "meters", "rating", "multipliers", "labels", "plans", "contracts", "specs", "sinks"]
Single = Literal["policy", "costs"]

FOLDERS: Final = ("contracts", "meters", "plans", "sinks", "specs")
IGNORED_FOLDERS: Final = frozenset({"specs/schema"})
SUFFIXES: Final = frozenset({".yaml", ".yml", ".csv"})

_OF_SPECS: Final[dict[str, Kind]] = {"rating": "rating", "multipliers": "multipliers", "labels": "labels"}
_OF_ROOT: Final[dict[str, Kind]] = {
    "meters": "meters",
    "plans": "plans",
    "contracts": "contracts",
    "sinks": "sinks",
}
_SINGLES: Final = frozenset({"specs/book.yaml", "specs/policy.yaml", "specs/costs.yaml"})
_TABLES: Final = frozenset({"contracts", "multipliers"})

BOOK: Final = "specs/book"
"""Pointer of the root of a book."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A file that has a place in the book.

    Attributes:
        file: its path.
        kind: what it is, which is how its pointers begin.
        name: its id; for a table its stem.
        table: whether it is a CSV.
    """

    file: str
    kind: str
    name: str
    table: bool = False

    @property
    def pointer(self) -> str:
        """Its place in the book, as in `plans/pro`."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of a book by what they are, and what is wrong with their names."""

    files: tuple[Filed, ...]
    findings: tuple[Finding, ...]


def lay_out(paths: Iterable[str]) -> Layout:
    """Tell what each file is. Files outside of the book's folders are no part of the book."""
    filed: dict[tuple[str, str, bool], Filed] = {}
    findings: list[Finding] = []
    for path in sorted(paths):
        if not _is_ours(path):
            continue
        found = _file(path)
        if isinstance(found, Finding):
            findings.append(found)
            continue
        if found is None:
            continue
        earlier = filed.setdefault((found.kind, found.name, found.table), found)
        if earlier is not found:
            findings.append(_twice(found, earlier))
    return Layout(tuple(filed.values()), tuple(findings))


def _is_ours(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if not folder or name.startswith(".") or folder.partition("/")[0] not in FOLDERS:
        return False
    if any(f"{folder}/".startswith(f"{ignored}/") for ignored in IGNORED_FOLDERS):
        return False
    return any(name.lower().endswith(suffix) for suffix in SUFFIXES)


def _file(path: str) -> Filed | Finding | None:
    position = Position(path, 1)
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    if suffix not in {"yaml", "csv"}:
        return Finding(
            "RB111",
            f"the file ends in .{suffix}",
            position=position,
            help=f"rename it to {stem}.{suffix.lower().replace('yml', 'yaml')}",
        )
    if path in _SINGLES:
        return Filed(path, "specs", stem)
    kind = _kind(path)
    if suffix == "csv" and kind == "specs":
        return None  # exchange rates, as an environment may name them
    if suffix == "csv" and kind not in _TABLES:
        return Finding(
            "RB111",
            f"a table stands in {path.partition('/')[0]}/",
            position=position,
            expected="tables of contracts in contracts/, and of factors in specs/multipliers/",
            help="move it, or write it as YAML",
        )
    pattern = PLAN_PATTERN if kind == "plans" else ID_PATTERN
    if not re.fullmatch(pattern, stem, re.ASCII):
        return Finding(
            "RB112",
            f"{stem!r} is not an id",
            position=position,
            expected="lower-case letters, digits, `-`, `_` and `.`"
            + (", and @2 for a second version" if kind == "plans" else ""),
            help=f"rename the file, as in {_as_id(stem)}.{suffix}",
        )
    return Filed(path, kind, plan_id(stem) if kind == "plans" else stem, table=suffix == "csv")


def _kind(path: str) -> str:
    first, _, rest = path.partition("/")
    if first != "specs":
        return _OF_ROOT[first]
    return _OF_SPECS.get(rest.partition("/")[0], "specs") if "/" in rest else "specs"


def _as_id(stem: str) -> str:
    return re.sub(r"[^a-z0-9_.-]+", "-", stem.lower(), flags=re.ASCII).strip("-._") or "name"


def _twice(found: Filed, earlier: Filed) -> Finding:
    return Finding(
        "RB113",
        f"the id `{found.name}` is taken",
        found.pointer,
        Position(found.file, 1),
        help=f"rename this file, or {earlier.file}",
    )


def no_book(paths: Iterable[str]) -> Finding:
    """Say that there is no book."""
    files = [path for path in paths if path.endswith(("yaml", "yml"))]
    near = did_you_mean("specs/book.yaml", files)
    return Finding(
        "RB114",
        "there is no specs/book.yaml, the root of a book",
        expected="a file specs/book.yaml with syntax, name, currency and sources",
        help=near.replace("`?", "`? rename it") if near else "name the folder of the book with --book",
    )
