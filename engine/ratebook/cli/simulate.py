"""`ratebook simulate`: a book over past months, beside the book that it changes."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from ratebook.cli.options import as_if_option

if TYPE_CHECKING:
    from ratebook.book import Book
    from ratebook.cli.session import Session
    from ratebook.preview.months import Months

_WORKING_TREE: Final = "working tree"
_A_YEAR: Final = 12


class Asked(NamedTuple):
    """What the options ask for."""

    against: str | None
    months: str | None
    last: int | None
    by: str | None
    currency: str | None
    day: str | None


@click.command()
@click.option("--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book.")
@click.option("--environment", default="local", show_default=True, help="Environment of specs/book.yaml.")
@click.option(
    "--against",
    help="The book before: a folder, or a commit, of which the common ancestor with the work at hand is taken.",
)
@click.option("--months", help="The months, both included: 2026-01/2026-12, or 2026-10; at most 24.")
@click.option("--last", type=int, help="So many months that are over instead; 12 unless given.")
@click.option("--by", help="Tell revenue and cost apart by a dimension of usage lines, as in chain.")
@as_if_option("Run")
@click.option("--currency", help="Convert all figures at the rates of the book, each at its period's end.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
@click.option(
    "--out",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Write a file as well, by its ending: .csv, .parquet, .json or .html; may be repeated.",
)
def simulate(root: Path, environment: str, form: str, files: tuple[Path, ...], **given: Any) -> None:  # noqa: ANN401
    """Run a book over past months: revenue by month, plan, dimension and contract, and who moves by how much.

    Each contract is rated on the newest version of every other plan too, which tells who would pay less there. With
    specs/costs.yaml margins are told besides. Revenue is without tax, in the currency of each invoice.
    The exit code is 1 when usage could not be billed or something else was found.
    """
    from ratebook.cli.session import open_session
    from ratebook.preview.simulation_text import draw_simulation
    from ratebook.sinks.simulation import WRITERS, write_file

    asked = Asked(**given)
    for file in files:
        if file.suffix not in WRITERS:
            endings = ", ".join(WRITERS)
            raise click.BadParameter(f"{file} has none of the endings {endings}", param_hint="--out")
    session = open_session(root, environment)
    document = _simulated(session, asked)
    for file in files:
        write_file(file, document)
    if form == "json":
        import orjson

        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    else:
        click.echo(draw_simulation(document), nl=False)
    if any(finding["severity"] != "info" for finding in document["findings"]):
        sys.exit(1)


def _simulated(session: "Session", asked: Asked) -> dict[str, Any]:
    from ratebook.cli.session import broken, read_as_if
    from ratebook.preview.diff import Side
    from ratebook.preview.simulation import Simulation
    from ratebook.sources.environment import open_store
    from ratebook.sources.errors import SourceError

    _check(session, asked)
    months = _months(asked)
    head = Side(_WORKING_TREE, session.book)
    base = None if asked.against is None else Side(*_base(session, asked.against))
    day = read_as_if(asked.day, (base or head).book, head.book, months.end)
    try:
        return Simulation(
            head,
            base,
            months,
            open_store(session.book, session.environment, session.root),
            session.rates,
            asked.by or "",
            asked.currency or "",
            day,
        ).document()
    except SourceError as error:
        raise broken(error) from None


def _check(session: "Session", asked: Asked) -> None:
    """Refuse names that are none, before anything is measured."""
    from ratebook.book.suggest import did_you_mean, one_of
    from ratebook.money import MINOR_UNITS

    dimensions = {one.name for meter in session.book.meters.values() for one in meter.dimensions}
    if asked.by is not None and asked.by not in dimensions:
        help_ = did_you_mean(asked.by, dimensions) or f"the meters have {one_of(dimensions)}"
        raise click.BadParameter(f"no meter has a dimension {asked.by!r}; {help_}", param_hint="--by")
    if asked.currency is not None and asked.currency not in MINOR_UNITS:
        raise click.BadParameter(f"{asked.currency!r} is not a currency, as in EUR", param_hint="--currency")
    if asked.day == "all" and asked.against is None:
        raise click.UsageError("--as-if all needs --against: what changes is seen beside the book before")


def _base(session: "Session", against: str) -> tuple[str, "Book"]:
    from ratebook.cli.session import BrokenError, read_book
    from ratebook.trees import TreeError, merge_base

    if Path(against).is_dir():
        return against, read_book(Path(against))
    try:
        name, commit = merge_base(session.root, against)
    except TreeError as error:
        raise BrokenError(str(error)) from None
    return name, read_book(session.root, commit)


def _months(asked: Asked) -> "Months":
    from ratebook.calendar import local_date, zone
    from ratebook.cli.session import now
    from ratebook.preview.months import Months

    if asked.months is not None and asked.last is not None:
        raise click.UsageError("--months and --last exclude one another; name the months in one way")
    try:
        if asked.months is not None:
            return Months.parse(asked.months)
        return Months.before(local_date(now(), zone("UTC")), _A_YEAR if asked.last is None else asked.last)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--months" if asked.months else "--last") from None
