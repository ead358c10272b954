"""Markdown that shows any text as it is: no table breaks, nobody is called, nothing becomes a link or a tag."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ratebook.findings import printable

_LONGEST: Final = 120
_GAP: Final = "\N{ZERO WIDTH SPACE}"
_SPECIAL: Final = re.compile(r"[\\`*_\[\]|~{}$]")
_TAGS: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_CALLS: Final = re.compile(r"(?<=[@#!%])(?=\w)|(?<=\w)(?=://)|(?<=\bwww)(?=\.)|(?<=\bGH)(?=-)", re.IGNORECASE)
"""Where a platform would call a person, refer to an issue or make a link: what stands there is kept apart."""
_PLAIN: Final = re.compile(r"[\w/.#:@ =,()+-]+", re.ASCII)


def escaped(text: str) -> str:
    """Escape a text for a cell or a sentence: on one row, at most 120 characters, every mark taken literally."""
    return _SPECIAL.sub(r"\\\g<0>", in_html(text))


def in_html(text: str) -> str:
    """Escape a text for where Markdown has no say, as in the summary of a fold."""
    row = printable(" ".join(text.split()))
    if len(row) > _LONGEST:
        row = row[: _LONGEST - 1] + "…"
    return _CALLS.sub(_GAP, row).translate(_TAGS)


def code(text: str) -> str:
    """Write a pointer, a place or an id as code, in which no platform looks for people."""
    if _PLAIN.fullmatch(text) and text == text.strip() and len(text) <= _LONGEST:
        return f"`{text}`"
    return f"<code>{escaped(text)}</code>"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a comment that can be cut after any of its rows.

    Attributes:
        title: what it holds, as HTML; "" where it stands open without one.
        head: rows that stay: those of a table's head.
        rows: what it holds, the most telling first.
        shown: how many of them are shown.
        total: how many there would be.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[str, ...]
    shown: int
    total: int

    def text(self) -> str:
        """Write the section, folded where it has a title."""
        left = self.total - self.shown
        rows = [*(self.head if self.shown else ()), *self.rows[: self.shown]]
        body = "\n".join(rows) + (f"\n\n… and {left:,} more" if left else "")
        if not self.title:
            return body.strip("\n")
        number = f"{self.shown:,} of {self.total:,}" if left else f"{self.total:,}"
        return f"<details><summary>{self.title} ({number})</summary>\n\n{body.strip(chr(10))}\n\n</details>"


def table(title: str, columns: str, rows: Sequence[Sequence[str]], total: int) -> Section:
    """Make a section of a table.

    Args:
        title: of the section.
        columns: names of the columns between `|`; those that begin with `>` are aligned to the right.
        rows: the cells of those that are shown, escaped.
        total: how many there would be.
    """
    names = columns.split("|")
    marks = "|".join("--:" if name.startswith(">") else "---" for name in names)
    head = "|".join(f" {name.removeprefix('>')} " for name in names)
    written = tuple("|" + "|".join(f" {cell} " for cell in row) + "|" for row in rows)
    return Section(title, (f"|{head}|", f"|{marks}|"), written, len(written), total)


def fitted(sections: Sequence[Section], room: int) -> list[Section]:
    """Cut sections at whole rows until they fit: always the longest one, to half of what it shows."""
    found = list(sections)
    while sum(len(one.text()) + 2 for one in found) > room:
        longest = max(range(len(found)), key=lambda index: (found[index].shown > 0, len(found[index].text())))
        if not found[longest].shown:
            break
        found[longest] = replace(found[longest], shown=found[longest].shown // 2)
    return found
