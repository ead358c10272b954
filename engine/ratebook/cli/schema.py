"""`ratebook schema`: the JSON Schemas that editors check a book with, and the reference of its formats."""

import json
import sys
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("kind", required=False)
@click.option("--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book.")
@click.option("--write", is_flag=True, help="Write all schemas into specs/schema/ of the book.")
@click.option("--markdown", is_flag=True, help="Print the reference of the formats instead.")
def schema(kind: str | None, root: Path, *, write: bool, markdown: bool) -> None:
    """Print the JSON Schema of a KIND of file, or list the kinds.

    The kind `diff` is the document that `ratebook diff --format json` prints.

    Editors that speak to yaml-language-server find a schema by the first line of a file:
    `# yaml-language-server: $schema=../specs/schema/plan.schema.json`.
    """
    from ratebook.book.schema import KINDS, json_schema, json_schemas, reference

    if markdown:
        click.echo(reference(), nl=False)
        return
    if write:
        _write(root / "specs" / "schema", json_schemas())
        return
    known = {one.name: one for one in KINDS}
    if kind is None:
        click.echo("\n".join(f"{one.name:<12}{one.path}" for one in KINDS))
    elif kind == "diff":
        from ratebook.preview import document

        click.echo(dump(document.json_schema()), nl=False)
    elif kind in known:
        click.echo(dump(json_schema(known[kind])), nl=False)
    else:
        from ratebook.book.suggest import did_you_mean, one_of

        near = did_you_mean(kind, known) or one_of(known)
        raise click.BadParameter(f"there is no kind {kind!r}; {near}", param_hint="KIND")


def _write(folder: Path, schemas: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in schemas.items():
            (folder / name).write_text(dump(document), encoding="utf-8")
    except OSError as error:
        click.echo(f"{error.filename} cannot be written: {error.strerror}", err=True)
        sys.exit(2)
    click.echo(f"{len(schemas)} schemas written into {folder.as_posix()}/", err=True)


def dump(document: dict[str, Any]) -> str:
    """Write a schema as it stands in a file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
