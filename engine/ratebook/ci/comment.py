"""The sticky comment as text: the marker that finds it again, whether to write it, and how it is cut to fit.

The marker is the first line of the comment, which no reader sees. It names the commit that was previewed, the number
of the run that did it, and a digest of the whole preview.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

_MARKER: Final = re.compile(
    r"<!-- ratebook:preview v1 head=(?P<head>[0-9a-f]*) run=(?P<run>\d+) plan=(?P<plan>[0-9a-f]+) -->"
)
_DIGITS: Final = 16
_FENCE: Final = re.compile(r" {0,3}(```+|~~~+)")
_HEADING: Final = re.compile(r"#{1,6} ")

Decision = Literal["created", "updated", "equal", "older"]


class Marker(NamedTuple):
    """What a comment shows.

    Attributes:
        head: the commit that was previewed, or "".
        run: the number of the run, which grows from run to run; 0 where none is known.
        plan: the first digits of the SHA-256 of the whole preview, before it was cut.
    """

    head: str
    run: int
    plan: str

    def line(self) -> str:
        """Write the marker as it stands in a comment."""
        return f"<!-- ratebook:preview v1 head={self.head} run={self.run} plan={self.plan} -->"


def marker_of(text: str, head: str, run: int) -> Marker:
    """Make the marker of a preview's text."""
    return Marker(head, run, hashlib.sha256(text.encode()).hexdigest()[:_DIGITS])


def read_marker(comment: str) -> Marker | None:
    r"""Read the marker of a comment, or None where it is no preview.

    >>> read_marker("<!-- ratebook:preview v1 head=12ab run=7 plan=90cd -->\nnothing changes")
    Marker(head='12ab', run=7, plan='90cd')
    """
    found = _MARKER.match(comment)
    return Marker(found["head"], int(found["run"]), found["plan"]) if found else None


def decide(posted: str | None, wanted: str) -> Decision:
    """Say what is to become of the comment, given the text of the one that is there and the one that is wanted.

    A comment that a later run wrote is never replaced by an earlier run's, whatever order they end in. One that shows
    the same preview is still written anew for a later run, so that its marker says how recent it is.
    """
    if posted is None:
        return "created"
    before, now = read_marker(posted), read_marker(wanted)
    if before and now and before.run > now.run:
        return "older"
    return "equal" if _lines(posted) == _lines(wanted) else "updated"


def _lines(text: str) -> list[str]:
    """Give the lines as platforms keep them: they change ends of lines and trim the text."""
    return [line.rstrip() for line in text.strip().splitlines()]


def compose(text: str, marker: Marker, most: int, where: str) -> str:
    """Write a comment: the marker, then the preview, cut to whole sections where it is longer than a platform takes.

    Args:
        text: the preview as Markdown.
        marker: of the whole preview.
        most: the longest comment, in characters.
        where: where the whole preview is, as Markdown.
    """
    whole = f"{marker.line()}\n{text.strip()}\n"
    if len(whole) <= most:
        return whole
    note = f"\n> **This is not all of it:** a comment holds {most:,} characters. The whole preview is in {where}.\n"
    room = most - len(note) - len(marker.line()) - 1
    return f"{marker.line()}\n{_cut(text.strip(), room)}{note}"


def _cut(text: str, room: int) -> str:
    """Keep whole sections, or whole lines where not even the first section fits."""
    kept = ""
    for section in _sections(text):
        if len(kept) + len(section) > room:
            break
        kept += section
    if not kept:
        for line in text.splitlines(keepends=True):
            if len(kept) + len(line) > room:
                break
            kept += line
    return kept


def _sections(text: str) -> Iterator[str]:
    """Cut a text before its headings, but not inside a block of code or one that is folded."""
    section, fence, folded = "", "", 0
    for line in text.splitlines(keepends=True):
        if section and not fence and not folded and _HEADING.match(line):
            yield section
            section = ""
        section += line
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        if not fence:
            folded += line.count("<details") - line.count("</details>")
    yield section
