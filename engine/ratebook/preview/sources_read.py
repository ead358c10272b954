"""Sources that two books read otherwise: usage is measured once, as the second book reads it."""

from collections.abc import Iterator
from typing import Final

from ratebook.book import Book
from ratebook.book.model.settings import Source
from ratebook.findings import Finding

_HELP: Final = "run `ratebook rate --save` with each book, then compare these: `ratebook diff A.json B.json`"


def read_otherwise(first: Book, second: Book) -> Iterator[Finding]:
    """Name the sources of the first book that the second one lacks or reads otherwise; more columns are no matter."""
    for name, was in sorted(first.settings.sources.items()):
        now = second.settings.sources.get(name)
        if now is None or not _is_alike(was, now):
            done = "is read otherwise in the second book" if now is not None else "is not in the second book"
            yield Finding(
                "RB610",
                f"the source {name} {done}, by which the usage of both is measured: what that moves is not seen",
                f"specs/book#sources/{name}",
                help=_HELP,
            )


def _is_alike(was: Source, now: Source) -> bool:
    types = {**now.columns, **was.columns}
    return types == now.columns and was.model_copy(update={"columns": now.columns}) == now
