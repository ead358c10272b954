"""`ratebook check`: everything that is wrong with a book, each at its place."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ratebook.book import Loaded


@click.command()
@click.option("--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs, or annotations of a pull request.",
)
@click.option(
    "--against",
    help="An earlier book, a folder or a commit: plans that its contracts are on may only get later versions.",
)
def check(root: Path, form: str, against: str | None) -> None:
    """Check a rate book: its files, and that they fit together.

    All findings are shown, each at its place, with what was expected and what to do. The exit code is 0 when the
    book can be used (it may have warnings), and 2 when it is broken.
    """
    loaded = _load(root)
    if against is not None:
        loaded = _compared(loaded, root, against)

    from ratebook.cli.render import document, draw_github, draw_text

    if form == "json":
        import orjson

        click.echo(orjson.dumps(document(loaded, root), option=orjson.OPT_INDENT_2))
    else:
        for text in draw_github(loaded, root) if form == "github" else draw_text(loaded, root):
            click.echo(text)
    sys.exit(0 if loaded.book else 2)


def _compared(loaded: "Loaded", root: Path, against: str) -> "Loaded":
    from ratebook.book.published import check_published

    earlier = _load(Path(against)) if Path(against).exists() else _load(root, commit=against)
    if earlier.book is None:
        click.echo(f"the book in {against} is broken itself: check it first", err=True)
        sys.exit(2)
    return check_published(loaded, earlier.book)


def _load(root: Path, commit: str = "") -> "Loaded":
    gc.disable()  # what is made here holds no cycles; looking for some takes a fifth of the time
    try:
        from ratebook.book import load
        from ratebook.trees import TreeError, read_commit, read_folder

        try:
            return load(read_commit(root, commit) if commit else read_folder(root))
        except TreeError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
    finally:
        gc.enable()
