"""Secrets: none stands in a book, whatever key it is under."""

import re
from collections.abc import Iterator
from typing import Final

from ratebook.book.draft import Draft
from ratebook.book.layout import BOOK
from ratebook.findings import Finding

_WITH_PASSWORD: Final = re.compile(r"[a-z0-9+.-]+://[^/@\s]*:[^/@\s]+@", re.IGNORECASE | re.ASCII)
_IN_QUERY: Final = re.compile(r"[?&;](pass(word|wd)?|secret|token|api_?key)=", re.IGNORECASE | re.ASCII)
_MOST_CHARACTERS: Final = 1_000
_HELP: Final = (
    "write a reference, as in env:NAME, and replace the secret itself: git keeps what was committed"
)


def check_secrets(draft: Draft) -> Iterator[Finding]:
    """Check that no address holds a password."""
    for name, environment in draft.settings.environments.items() if draft.settings else ():
        pointer = f"{BOOK}#environments/{name}"
        addresses = {"store": environment.store or ""}
        if environment.usage and environment.usage.clickhouse:
            addresses["usage/clickhouse/url"] = environment.usage.clickhouse.url
        for key, address in addresses.items():
            shown = address[:_MOST_CHARACTERS]
            if _WITH_PASSWORD.match(shown) or _IN_QUERY.search(shown):
                yield Finding("RB213", "the address holds a password", f"{pointer}/{key}", help=_HELP)
