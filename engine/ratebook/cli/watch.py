"""`ratebook watch`: what is wrong with a book, or what its change costs whom, each time a file is saved."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ratebook.cli.options import RunOptions, last_month, run_options, today

if TYPE_CHECKING:
    from ratebook.cli.watching import Watcher

_QUIET: Final = 50
"""Milliseconds without another change after which those before belong together: an editor writes more than once."""
_AWAKE: Final = 250
"""Milliseconds after which the loop wakes up though nothing changed, so that it can begin."""


@click.command()
@run_options
@click.option("--period", help="The period whose usage is rated; the last full month unless given.")
@click.option(
    "--against", help="Compare with this folder or commit; with the book as it is now unless given."
)
@click.option("--contract", help="Rate only this contract, and show its lines.")
def watch(options: RunOptions, period: str | None, against: str | None, contract: str | None) -> None:
    """Check a book as its files are saved, and show what the change costs whom.

    Usage is measured once: start again to see what was added to it since. Ctrl-C ends.
    """
    from ratebook.billrun.issued import NothingIssued
    from ratebook.cli.session import BrokenError, earlier_book, read_period
    from ratebook.cli.watching import Watched, Watcher
    from ratebook.preview.diff import Side
    from ratebook.sources.issued import IssuedFolders

    if not (options.root / "specs").is_dir():
        raise BrokenError(
            f"{options.root} holds no book; name the folder that holds specs/book.yaml with --book"
        )
    issued = IssuedFolders(options.issued) if options.issued else NothingIssued()
    rated = read_period(period or last_month())
    watched = Watched(options.root, options.environment, rated, today(), contract, issued)
    base = None if against is None else Side(*earlier_book(options.root, against))
    watcher = Watcher(watched, base)
    try:
        for saved in _saved(options.root):
            _show(watcher, options.root, saved)
    except KeyboardInterrupt:
        click.echo("", err=True)
    finally:
        watcher.close()


def _saved(root: Path) -> Iterator[list[str]]:
    """Give the names of the files that were saved together, time after time; none at first, to begin with."""
    from watchfiles import watch as changes

    from ratebook.book.layout import FOLDERS, SUFFIXES

    folders = [folder for name in FOLDERS if (folder := root / name).is_dir()]
    has_begun = False
    for found in changes(
        *folders, watch_filter=None, step=_QUIET, rust_timeout=_AWAKE, yield_on_timeout=True
    ):
        paths = {Path(path) for _, path in found}
        names = sorted(
            path.name for path in paths if path.suffix in SUFFIXES and not path.name.startswith(".")
        )
        if names or not has_begun:
            yield names
        has_begun = True


def _show(watcher: "Watcher", root: Path, saved: list[str]) -> None:
    from ratebook.trees import TreeError, read_folder

    click.echo(f"--- {', '.join(saved)}" if saved else f"--- watching {root}; Ctrl-C ends", err=True)
    try:
        click.echo(watcher.see(read_folder(root)))
    except TreeError as error:
        click.echo(str(error))
