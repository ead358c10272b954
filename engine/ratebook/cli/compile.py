"""`ratebook compile`: the rating plan of a book for a period."""

import sys
from pathlib import Path

import click
import orjson

from ratebook.cli.session import broken, open_session, read_period
from ratebook.compiler.plan import describe_plan, draw_plan
from ratebook.compiler.run import RunCompiler
from ratebook.sources.environment import queries_of
from ratebook.sources.errors import SourceError


@click.command(name="compile")
@click.option("--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book.")
@click.option("--period", required=True, help="2026, 2026-Q4, 2026-10, 2026-W40, 2026-10-05 or FROM/TO.")
@click.option("--environment", default="local", show_default=True, help="Environment of specs/book.yaml.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
def compile_(root: Path, period: str, environment: str, form: str) -> None:
    """Print the rating plan: metering queries, slots, price programs, and which contracts share them."""
    session = open_session(root, environment)
    compiler = RunCompiler(session.book, read_period(period))
    users: dict[int, list[str]] = {}
    for contract in session.book.contracts():
        timeline, _ = compiler.enroll(contract)
        compiler.accounts(contract)
        users.setdefault(timeline.number, []).append(contract.id)
    plan = compiler.plan()
    try:
        queries = queries_of(session.book, environment, plan)
    except SourceError as error:
        raise broken(error) from None
    document = describe_plan(compiler, plan, queries, users)
    if form == "json":
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        click.echo(draw_plan(document), nl=False)
