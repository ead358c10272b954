"""The one exception of this room: a source that cannot do its work, as findings to draw."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from ratebook.findings import Finding


class SourceError(Exception):
    """A source cannot be read, reached or trusted; no usage of it may be billed.

    Attributes:
        findings: everything that is wrong, at least one.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding.message for finding in self.findings))

    @property
    def finding(self) -> Finding:
        """The first thing that is wrong."""
        return self.findings[0]


def failure(code: str, message: str, *, help_: str, source: str = "", expected: str = "") -> SourceError:
    """Make the error of one finding, at a source's place in the book."""
    return SourceError([Finding(code, message, source and pointer(source), expected=expected, help=help_)])


def pointer(source: str, *parts: str) -> str:
    """Point at a source in the book, or below it."""
    return "/".join((f"specs/book#sources/{source}", *parts))


def without_credentials(address: str) -> str:
    """Write an address for people: without user, password and query."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.scheme}://{host}{port}{parts.path}" if parts.scheme and host else "the address"
