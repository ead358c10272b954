"""Options that commands which run a book have in common."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click


class RunOptions(NamedTuple):
    """Which book is run, in which of its environments, and the folders of what was issued before."""

    root: Path
    environment: str
    issued: tuple[Path, ...]


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command, which gets them as its argument `options`."""

    @click.option(
        "--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book."
    )
    @click.option("--environment", default="local", show_default=True, help="Environment of specs/book.yaml.")
    @click.option(
        "--issued",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Folder of invoices that were issued before; may be repeated.",
    )
    @wraps(command)
    def with_options(root: Path, environment: str, issued: tuple[Path, ...], **others: Any) -> None:  # noqa: ANN401
        command(options=RunOptions(root, environment, issued), **others)

    return with_options


def as_if_option(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add `--as-if` to a command that takes two books as they will hold later, as the argument `day`."""
    return click.option(
        "--as-if",
        "day",
        metavar="DATE|all",
        help=f"{what} both books as if the versions of this date held already; all: as if all that change did.",
    )


def today() -> date:
    """Read the day: only for what is asked for or judged, never for an amount."""
    return datetime.now(UTC).date()  # noqa: TID251 - the edge of the program


def last_month() -> str:
    """Name the last full month, which has all its usage."""
    return (today().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
