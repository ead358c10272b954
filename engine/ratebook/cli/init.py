"""`ratebook init`: a new book, from a template."""

import re
import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="[DIR]", default=Path(), type=click.Path(path_type=Path, file_okay=False))
@click.option("--template", help="What to start from; --list names them.")
@click.option("--name", help="Name of the book; the folder's unless given.")
@click.option("--currency", default="USD", show_default=True, help="Currency of its prices and invoices.")
@click.option(
    "--ci",
    "platform",
    type=click.Choice(["github", "gitlab", "none"]),
    default="github",
    show_default=True,
    help="Where pull requests are made, which the book is checked and previewed in.",
)
@click.option("--list", "listing", is_flag=True, help="List the templates.")
def init(
    folder: Path, template: str | None, name: str | None, currency: str, platform: str, *, listing: bool
) -> None:
    """Start a book in DIR (this folder) from a template, with a month of made-up usage to try it on.

    Nothing is overwritten: if a file is there already, they are listed, nothing is written, and the exit code is 2.
    """
    from ratebook.authoring.scaffold import TEMPLATES, scaffold

    if listing:
        click.echo("\n".join(f"{one:<17}{text}" for one, text in TEMPLATES.items()))
        return
    wanted = _template(template, TEMPLATES)
    texts = scaffold(wanted, name_of(name, folder), _currency(currency))
    write_or_stop(folder, texts | schemas() | _workflow(platform))
    _say_what_next(folder, wanted)


def write_or_stop(folder: Path, texts: dict[str, str]) -> None:
    """Write the files of a book; where some are there already, list them and exit with 2."""
    from ratebook.authoring.scaffold import TakenError, write_new

    try:
        write_new(folder, texts)
    except TakenError as error:
        listed = "\n".join(f"  {path.as_posix()}" for path in error.paths)
        click.echo(f"nothing is written, since these are there already:\n{listed}", err=True)
        click.echo("  = help: name another folder, or move them away", err=True)
        sys.exit(2)


def _template(template: str | None, known: dict[str, str]) -> str:
    if template in known:
        return template
    from ratebook.book.suggest import did_you_mean, one_of

    if template is None:
        raise click.UsageError(f"--template is missing: {one_of(known)}")
    help_ = did_you_mean(template, known) or one_of(known)
    raise click.BadParameter(f"there is no template {template!r}; {help_}", param_hint="--template")


def name_of(name: str | None, folder: Path) -> str:
    """Give the name of a book: as asked for, or from that of its folder."""
    from ratebook.book.model.values import ID_PATTERN

    if name is None:
        return re.sub(r"[^a-z0-9_.-]+", "-", folder.resolve().name.lower()).strip("-._")[:100] or "book"
    if not re.fullmatch(ID_PATTERN, name, re.ASCII):
        allowed = "lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit"
        raise click.BadParameter(f"{name!r} is not an id: {allowed}", param_hint="--name")
    return name


def _currency(currency: str) -> str:
    from ratebook.money import MINOR_UNITS

    if currency not in MINOR_UNITS:
        help_ = f"; write {currency.upper()}" if currency.upper() in MINOR_UNITS else ", as in EUR"
        raise click.BadParameter(f"{currency!r} is no code of ISO 4217{help_}", param_hint="--currency")
    return currency


def schemas() -> dict[str, str]:
    """Give the schemas that editors check the book with, as its files name them."""
    from ratebook.book.schema import json_schemas
    from ratebook.cli.schema import dump

    return {f"specs/schema/{name}": dump(schema) for name, schema in json_schemas().items()}


def _workflow(platform: str) -> dict[str, str]:
    """Give the file that a platform runs, and where it stands."""
    if platform == "none":
        return {}
    from ratebook.ci.workflows import workflow

    if platform == "github":
        return {".github/workflows/ratebook.yml": workflow(platform)}
    return {
        ".gitlab/ratebook.yml": workflow(platform),
        ".gitlab-ci.yml": "include: [{local: .gitlab/ratebook.yml}]\n",
    }


def _say_what_next(folder: Path, template: str) -> None:
    click.echo(
        f"the template {template} is written into {folder.as_posix()}/; README.md there says more", err=True
    )
    if folder != Path():
        click.echo(f"  cd {folder.as_posix()}", err=True)
    click.echo("  ratebook rate --period 2026-10 --contract acme", err=True)
