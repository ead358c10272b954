"""`ratebook fmt`: all files of a book in one form."""

import difflib
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ratebook.authoring.formatting import UnformattableError


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--book",
    "root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Folder of the book.",
)
@click.option("--check", is_flag=True, help="Write nothing; name the files that are not in form.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def fmt(paths: tuple[Path, ...], root: Path, *, check: bool, diff: bool) -> None:
    """Format the YAML files of a book: PATHS, or all of them.

    Keys are put into the order of the model; rows are indented and spaced in one way. Comments stay with what they
    are about, numbers and texts as they were typed. A file that would not mean the same is left alone. The exit
    code is 1 when --check or --diff found a file that is not in form, and 2 when one could not be formatted.
    """
    from ratebook.authoring.files import refuse_others, replace, yaml_files
    from ratebook.authoring.formatting import UnformattableError, formatted

    outcomes: Counter[str] = Counter()
    for file, name in yaml_files(root, paths).items():
        before = file.read_bytes()
        try:
            refuse_others(file)
            after = formatted(name, before)
        except UnformattableError as error:
            _explain(error, file, before)
            outcomes["left alone"] += 1
            continue
        outcomes["in form" if after == before else "changed"] += 1
        if after != before:
            click.echo(_difference(file, before, after) if diff else file.as_posix(), nl=not diff)
        if after != before and not (check or diff):
            replace(file, after)
    _sum_up(outcomes, written=not (check or diff))
    sys.exit(2 if outcomes["left alone"] else int(outcomes["changed"] > 0 and (check or diff)))


def _difference(file: Path, before: bytes, after: bytes) -> str:
    rows = difflib.unified_diff(
        before.decode("utf-8-sig").splitlines(keepends=True),
        after.decode().splitlines(keepends=True),
        f"{file.as_posix()} (as it is)",
        f"{file.as_posix()} (in form)",
    )
    return "".join(row if row.endswith("\n") else f"{row}\n" for row in rows)


def _explain(error: "UnformattableError", file: Path, data: bytes) -> None:
    from ratebook.findings import draw

    click.echo(f"{file.as_posix()}: {error}", err=True)
    lines = data.decode("utf-8-sig", "replace").splitlines()
    for finding in error.findings:
        position = finding.position and finding.position._replace(file=file.as_posix())
        source = lines[position.line - 1] if position and position.line <= len(lines) else None
        click.echo(draw(finding, position, source), err=True)


def _sum_up(outcomes: Counter[str], *, written: bool) -> None:
    changed = "formatted" if written else "not in form"
    said = [("in form", "in form"), ("changed", changed), ("left alone", "left alone")]
    found = [f"{outcomes[key]:,} {text}" for key, text in said if outcomes[key]]
    click.echo(
        ", ".join(found) or "there is no YAML file of a book here; name its folder with --book", err=True
    )
