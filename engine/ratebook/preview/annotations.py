"""A diff document at the places of its causes and findings: commands for GitHub's log, a report for GitLab."""

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Final, Literal, NamedTuple

from ratebook.finding_codes import CODES
from ratebook.preview.document import Cause, ChangeOfBook, DiffDocument, NewFinding
from ratebook.preview.wording import NO_BREAK, counted, kinds_of, money_of, was_now

Level = Literal["error", "warning", "notice"]

_LEVELS: Final[Mapping[str, Level]] = {"error": "error", "warning": "warning", "info": "notice"}
_VERDICTS: Final[Mapping[str, Level]] = {
    "refused": "error",
    "needs_approval": "warning",
    "allowed": "notice",
}
_GITLAB: Final[Mapping[Level, str]] = {"error": "critical", "warning": "major", "notice": "info"}
_MOST: Final = 10
"""GitHub shows so many annotations of a level for each step."""

_PLACE: Final = re.compile(r"(?P<file>.+):(?P<line>\d+)")


class Annotation(NamedTuple):
    """What is said at a line of a file; `line` is 0 where no file is known."""

    level: Level
    title: str
    text: str
    file: str = ""
    line: int = 0


def workflow_command(level: Level, text: str, properties: Mapping[str, str]) -> str:
    """Write a command that GitHub reads from the log of a step, as `::warning file=…,line=…::text`."""
    written = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{level}{written and ' '}{written}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    return re.sub(f"[%\r\n{more}]", lambda found: f"%{ord(found[0]):02X}", text)


def draw_github(document: DiffDocument, root: str = "") -> str:
    """Draw annotations as GitHub's workflow commands, the most serious first.

    Args:
        document: what is drawn.
        root: folder of the book as seen from the repository.
    """
    found = annotations(document, root)
    rows = []
    for level in ("error", "warning", "notice"):
        of_level = [one for one in found if one.level == level]
        rows += [workflow_command(one.level, one.text, _properties(one)) for one in of_level]
        if len(of_level) > _MOST:
            more = f"{counted(len(of_level), level)}; GitHub shows {_MOST}"
            rows.append(workflow_command("notice", more, {"title": "ratebook diff"}))
    return "".join(f"{row}\n" for row in rows)


def _properties(one: Annotation) -> dict[str, str]:
    place = {"file": one.file, "line": str(one.line)} if one.file else {}
    return {**place, "title": one.title}


def gitlab(document: DiffDocument, root: str = "") -> list[dict[str, Any]]:
    """Give annotations as GitLab's report of code quality; it has no place for what is about no file.

    Args:
        document: what is drawn.
        root: folder of the book as seen from the repository.
    """
    return [
        {
            "description": f"{one.title}: {one.text}",
            "check_name": f"ratebook-{one.level}",
            "fingerprint": sha256("\n".join(map(str, one)).encode()).hexdigest(),
            "severity": _GITLAB[one.level],
            "location": {"path": one.file, "lines": {"begin": one.line}},
        }
        for one in annotations(document, root)
        if one.file
    ]


def annotations(document: DiffDocument, root: str = "") -> list[Annotation]:
    """Say at the place of each cause what it moves, at that of each finding what it is, and what the policy says."""
    found = [*_of_policy(document), *map(_of_finding, document["findings"]), *_of_causes(document["causes"])]
    return [
        one._replace(file=(PurePosixPath(root) / one.file).as_posix()) if one.file else one for one in found
    ]


def _of_policy(document: DiffDocument) -> Iterator[Annotation]:
    for rule in document["policy"]["rules"] if document["policy"] else ():
        needs = f" (needs approval by {' and '.join(rule['needs'])})" if rule["needs"] else ""
        text = f"{rule['message']}{needs}"
        yield Annotation(
            _VERDICTS[rule["verdict"]], f"Policy: {rule['rule']}", text, *_file_line(rule["place"])
        )


def _of_finding(finding: NewFinding) -> Annotation:
    parts = [finding["message"], finding.get("help", "")]
    title = (
        f"{finding['code']} {CODES[finding['code']].title}" if finding["code"] in CODES else finding["code"]
    )
    text = "\n".join(part for part in parts if part)
    level = _LEVELS[finding["severity"]]
    return Annotation(level, title, text, finding.get("file", ""), finding.get("line", 0))


def _of_causes(causes: Sequence[Cause]) -> Iterator[Annotation]:
    for number, cause in enumerate(causes, 1):
        moves = "moves no money"
        if cause["money"]:
            moves = f"{counted(cause['contracts'], 'contract')}: {money_of(cause).replace(NO_BREAK, ' ')}"
        kinds = kinds_of(cause)
        yield _change(cause, f"Cause {number}", f"{moves}{kinds and f' ({kinds})'}")
        for other in cause["with"]:
            yield _change(other, f"Part of cause {number}", moves)


def _change(change: ChangeOfBook, title: str, moves: str) -> Annotation:
    what = f"{change['title']}: {was_now(change)}".removesuffix(": ")
    return Annotation("notice", title, f"{what}\n{moves}", *_file_line(change["place"]))


def _file_line(place: str | None) -> tuple[str, int]:
    found = _PLACE.fullmatch(place or "")
    return (found["file"], int(found["line"])) if found else ("", 0)
