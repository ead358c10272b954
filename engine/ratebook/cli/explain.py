"""`ratebook explain`: an invoice, from a line back to the YAML and to the counted usage."""

import sys

import click
import orjson

from ratebook.cli.options import RunOptions, run_options
from ratebook.cli.session import BrokenError, broken, open_session, read_period
from ratebook.compiler.plan import draw_query
from ratebook.explain.invoice import Evidence, explain_invoice
from ratebook.explain.step import draw_tree
from ratebook.sources.environment import queries_of
from ratebook.sources.errors import SourceError


@click.command()
@run_options
@click.option("--contract", required=True, help="Whose invoice.")
@click.option("--period", required=True, help="2026, 2026-Q4, 2026-10, 2026-W40, 2026-10-05 or FROM/TO.")
@click.option("--line", type=int, help="Number of one line, as it stands on the invoice, from 1.")
@click.option("--queries", is_flag=True, help="Show the metering query behind each line of usage, too.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
def explain(
    options: RunOptions,
    contract: str,
    period: str,
    line: int | None,
    queries: bool,  # noqa: FBT001 - a flag of the command
    form: str,
) -> None:
    """Explain an invoice: every step from its lines to the book's lines and to what the meters counted.

    The invoice is replayed from the book and the usage. Each step shows its inputs, its result and the place in
    the book that ordered it.
    """
    wanted = read_period(period)
    session = open_session(options.root, options.environment)
    try:
        plain = list(session.run(wanted, [contract], issued=options.issued).outcomes())
        run = session.run(wanted, [contract], issued=options.issued, detailed=True)
        detailed = list(run.outcomes())
    except SourceError as error:
        raise broken(error) from None
    if not plain:
        msg = f"contract {contract} is not invoiced in {period}: none of its billing periods ends in it"
        raise BrokenError(msg)
    texts = (
        [draw_query(query) for query in queries_of(session.book, options.environment, run.plan)]
        if queries
        else ()
    )
    for first, second in zip(plain, detailed, strict=True):
        evidence = Evidence(second._replace(document=first.document), run.compiler, texts)
        try:
            step = explain_invoice(evidence, line)
        except IndexError as error:
            raise BrokenError(str(error)) from None
        if form == "json":
            sys.stdout.buffer.write(orjson.dumps(step.document(), option=orjson.OPT_INDENT_2) + b"\n")
        else:
            click.echo(draw_tree(step, session.place))
