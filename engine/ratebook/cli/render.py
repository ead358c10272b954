"""Findings of a book as text for people, JSON for programs, and annotations for GitHub."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ratebook.book import Loaded
from ratebook.finding_codes import CODES
from ratebook.findings import SEVERITIES, Finding, Position, draw
from ratebook.preview.annotations import Level, workflow_command

FORMAT_VERSION: Final = "1.0"
_GITHUB: Final[Mapping[str, Level]] = {"error": "error", "warning": "warning", "info": "notice"}
_MOST_ANNOTATIONS: Final = 10
"""GitHub shows so many annotations of a severity for each step."""


def in_folder(position: Position | None, root: Path) -> Position | None:
    """Give a position as seen from where the command was called, so that it can be clicked."""
    if position is None or root == Path():
        return position
    return position._replace(file=(root / position.file).as_posix())


def draw_text(loaded: Loaded, root: Path) -> Iterator[str]:
    """Draw each finding with its excerpt, and a last line with the sum."""
    for finding in loaded.findings:
        source = loaded.places.source_line(finding.position) if finding.position else None
        yield draw(finding, in_folder(finding.position, root), source) + "\n"
    yield summary(loaded)


def summary(loaded: Loaded) -> str:
    """Say how many files and contracts were checked, and what was found."""
    counts = count(loaded.findings)
    found = ", ".join(_number(counts[severity], severity) for severity in SEVERITIES if counts[severity])
    return (
        f"{_number(loaded.files, 'file')}, {_number(loaded.contracts, 'contract')}: {found or 'all is well'}"
    )


def count(findings: Sequence[Finding]) -> dict[str, int]:
    """Count findings by severity."""
    return {severity: sum(finding.severity == severity for finding in findings) for severity in SEVERITIES}


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 or what == "info" else f"{number:,} {what}s"


def document(loaded: Loaded, root: Path) -> dict[str, Any]:
    """Give the findings as a JSON document."""
    book = loaded.book
    findings = [replace(finding, position=in_folder(finding.position, root)) for finding in loaded.findings]
    return {
        "format_version": FORMAT_VERSION,
        "findings": [finding.document() for finding in findings],
        "summary": {"files": loaded.files, "contracts": loaded.contracts, **count(loaded.findings)},
        "digests": {"book": book.digest, "source": book.source_digest} if book else {},
    }


def draw_github(loaded: Loaded, root: Path) -> Iterator[str]:
    """Draw annotations, errors first; GitHub shows ten of each severity, so the last says how many there are."""
    for severity in SEVERITIES:
        findings = [finding for finding in loaded.findings if finding.severity == severity]
        for finding in findings:
            yield _annotation(finding, in_folder(finding.position, root))
        if len(findings) > _MOST_ANNOTATIONS:
            yield f"::notice title=ratebook check::{_number(len(findings), severity)}; GitHub shows {_MOST_ANNOTATIONS}"
    yield summary(loaded)


def _annotation(finding: Finding, position: Position | None) -> str:
    properties = {"title": f"{finding.code} {CODES[finding.code].title}"}
    if position is not None:
        properties["file"] = position.file
        properties["line"] = str(position.line)
        properties["col"] = str(position.column)
    parts = [finding.message, f"expected: {finding.expected}", f"help: {finding.help}"]
    text = "\n".join(part for part in parts if not part.endswith(": "))
    return workflow_command(_GITHUB[finding.severity], text, properties)
