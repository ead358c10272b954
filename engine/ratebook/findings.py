"""What is wrong or worth knowing, where, and what to do: findings, their codes, and how one is drawn.

A finding names a place of the book as a pointer (`rating/rpc-requests#price/tiers/1`); the position in a file
is looked up when it is drawn. Every code stands in `CODES` and, word for word, in docs/reference/findings.md.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from ratebook.finding_codes import CODES

Severity = Literal["error", "warning", "info"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")

_LONGEST_EXCERPT: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
"""What a terminal would obey instead of showing it; texts of usage may hold any character."""


class Position(NamedTuple):
    """A place in a file; line and column count from 1, `width` is how many characters the caret covers."""

    file: str
    line: int
    column: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth knowing.

    Attributes:
        code: a key of `CODES`, which gives its severity.
        message: what is wrong, with the value that was met.
        pointer: the place in the book, or "" for a finding about no place.
        position: the place in a file, where it is known already (the reader knows, the rater does not).
        expected: what would have been right.
        help: what to do.
        details: machine-readable facts, as counts and examples of usage that was not billed.
    """

    code: str
    message: str
    pointer: str = ""
    position: Position | None = None
    expected: str = ""
    help: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How serious it is: an error breaks a book or leaves usage unbilled."""
        return CODES[self.code].severity

    def document(self) -> dict[str, Any]:
        """Give the finding as a JSON document."""
        document: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "pointer": self.pointer,
        }
        if self.position is not None:
            document["file"] = self.position.file
            document["line"] = self.position.line
            document["column"] = self.position.column
        for name in ("expected", "help"):
            if getattr(self, name):
                document[name] = getattr(self, name)
        if self.details:
            document["details"] = dict(self.details)
        return document


def draw(finding: Finding, position: Position | None, source: str | None = None) -> str:
    """Draw a finding for people: `file:line:column: CODE message`, the excerpt with a caret, what to do.

    Args:
        finding: what to draw.
        position: its place in a file, if it has one.
        source: the text of that line, if it is at hand.
    """
    place = f"{position.file}:{position.line}:{position.column}: " if position else ""
    if not position and finding.pointer:
        place = f"{finding.pointer}: "
    rows = [f"{place}{finding.severity} {finding.code}: {finding.message}"]
    if position and source is not None:
        gutter = " " * len(str(position.line))
        excerpt, before = _excerpt(source, position.column - 1)
        width = max(1, min(position.width, len(excerpt) - before))
        rows += [f"{gutter} |", f"{position.line} | {excerpt}", f"{gutter} | {' ' * before}{'^' * width}"]
    if finding.expected:
        rows.append(f"  = expected: {finding.expected}")
    if finding.help:
        rows.append(f"  = help: {finding.help}")
    return "\n".join(map(printable, rows))


def printable(row: str) -> str:
    """Replace what a terminal would obey in a row of text for people."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", row)


def _excerpt(source: str, column: int) -> tuple[str, int]:
    """Cut a line to what a terminal shows, and say how many characters of it stand before the column."""
    if len(source) <= _LONGEST_EXCERPT:
        return source, column
    start = max(0, min(column - _LONGEST_EXCERPT // 2, len(source) - _LONGEST_EXCERPT))
    end = start + _LONGEST_EXCERPT
    left, right = "…" if start else "", "…" if end < len(source) else ""
    return f"{left}{source[start:end]}{right}", column - start + len(left)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any of the findings is an error."""
    return any(finding.severity == "error" for finding in findings)
