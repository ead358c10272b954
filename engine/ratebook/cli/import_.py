"""`ratebook import`: a book from what another system has."""

import sys
from pathlib import Path

import click


@click.group("import")
def import_() -> None:
    """Make a book from what another system exports. Nothing is overwritten."""


@import_.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder of the book; this one unless given.",
)
@click.option("--name", help="Name of the book; the folder's unless given.")
def stripe(files: tuple[Path, ...], out: Path, name: str | None) -> None:
    """Make a book from products, prices and meters of Stripe: JSON, as its lists are printed, in one or more FILES.

    Every file of the book says which objects it comes from. What has no counterpart in a book is said here and in
    specs/book.yaml. The exit code is 1 when there is something of that kind, and 2 when nothing could be written.
    """
    from ratebook.authoring.stripe.book import import_book
    from ratebook.authoring.stripe.export import ExportError, read_export
    from ratebook.cli.init import name_of, schemas, write_or_stop

    try:
        export = read_export((file.as_posix(), file.read_bytes()) for file in files)
    except ExportError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    made = import_book(export, name_of(name, out))
    write_or_stop(out, made.files | schemas())
    for note in made.skipped:
        click.echo(f"skipped: {note}", err=True)
    for note in made.lost:
        click.echo(f"look at: {note}", err=True)
    for path in made.files:
        click.echo((out / path).as_posix())
    sys.exit(1 if made.lost else 0)
