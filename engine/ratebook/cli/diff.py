"""`ratebook diff`: who pays what before and after a change of the book, and why."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from ratebook.cli.options import RunOptions, as_if_option, last_month, run_options, today

if TYPE_CHECKING:
    from ratebook.book import Book
    from ratebook.cli.session import Session

_REFUSED: Final = 1
_CHANGES: Final = 3
_WORKING_TREE: Final = "working tree"


class Asked(NamedTuple):
    """What the options ask for."""

    period: str | None
    day: str | None
    on: str | None
    form: str
    exit_code: bool


@click.command()
@click.argument("base", required=False)
@click.argument("head", required=False)
@run_options
@click.option("--period", help="The period whose usage is rated; the last full month unless given.")
@as_if_option("Rate")
@click.option("--on", help="The day of judgement: periods before it are closed; today unless given.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html", "github", "gitlab", "junit"]),
    metavar="FORM",
    default="text",
    show_default=True,
    help="text, json, markdown (a comment), html (a report); github, gitlab, junit (what CI reads).",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with 1 where the policy does not allow it, with 3 where anything changes.",
)
def diff(base: str | None, head: str | None, options: RunOptions, **given: Any) -> None:  # noqa: ANN401
    """Compare two books over the same usage: who pays what, before and after, and which change is why.

    BASE is a folder, or a branch or commit of git, of which the common ancestor with HEAD is taken; the main branch
    unless given. HEAD is likewise a folder or a commit; the working tree unless given.

    Where both are .json files of `ratebook rate --save`, these results are compared, without usage: who pays what, but
    not why. A single .json file, which --format json printed, is shown in another form.
    """
    asked = Asked(**given)
    names = (base, head)
    document = _saved(*names) if _is_saved(names) else _compared(options, names, asked)
    click.echo(_drawn(document, asked.form, "" if options.root == Path() else options.root.as_posix()))
    if asked.exit_code:
        judged = document["policy"] or {"verdict": "allowed"}
        sys.exit(_REFUSED if judged["verdict"] != "allowed" else _CHANGES if _has_changes(document) else 0)


def _has_changes(document: Mapping[str, Any]) -> bool:
    return bool(document["causes"] or document["contracts"])


def _is_saved(names: tuple[str | None, str | None]) -> bool:
    return any(name is not None and name.endswith(".json") for name in names)


def _saved(base: str | None, head: str | None) -> Mapping[str, Any]:
    from ratebook.cli.session import BrokenError
    from ratebook.preview.document import DocumentError, read
    from ratebook.preview.saved import compare_saved, read_saved

    if base is None:
        raise BrokenError("a saved result is compared with another one: ratebook diff A.json B.json")
    try:
        if head is None:
            return read(Path(base).read_bytes())
        return compare_saved(*(read_saved(Path(name).read_bytes(), name) for name in (base, head)))
    except OSError as error:
        raise BrokenError(f"{error.filename} cannot be read: {error.strerror}") from None
    except DocumentError as error:
        pairs = (
            "; results of rate --save are compared in pairs: ratebook diff A.json B.json"
            if head is None
            else ""
        )
        raise BrokenError(f"{error}{pairs}") from None


def _drawn(document: Any, form: str, root: str) -> str:  # noqa: ANN401 - the diff document
    from ratebook.preview.annotations import draw_github, gitlab
    from ratebook.preview.html import draw_html
    from ratebook.preview.junit import draw_junit
    from ratebook.preview.markdown import draw_markdown
    from ratebook.preview.text import draw_text

    draw: dict[str, Callable[[Any], str]] = {
        "text": draw_text,
        "markdown": draw_markdown,
        "html": draw_html,
        "github": partial(draw_github, root=root),
        "junit": draw_junit,
    }
    if form in draw:
        return draw[form](document)
    import orjson

    written = gitlab(document, root) if form == "gitlab" else document
    return orjson.dumps(written, option=orjson.OPT_INDENT_2).decode()


def _compared(options: RunOptions, names: tuple[str | None, str | None], asked: Asked) -> dict[str, Any]:
    from ratebook.billrun.issued import NothingIssued
    from ratebook.cli.session import broken, earlier_book, open_session, read_as_if, read_date, read_period
    from ratebook.preview.diff import Comparison, Side
    from ratebook.preview.sources_read import read_otherwise
    from ratebook.sources.environment import open_store
    from ratebook.sources.errors import SourceError
    from ratebook.sources.issued import IssuedFolders

    session = open_session(options.root, options.environment)
    work = None if names[1] is None or Path(names[1]).is_dir() else names[1]
    first, second = Side(*earlier_book(session.root, names[0], work)), Side(*_head(session, names[1]))
    period = read_period(asked.period or last_month())
    try:
        return Comparison(
            first,
            second,
            period,
            open_store(second.book, options.environment, options.root),
            session.rates,
            read_date(asked.on, "--on") or today(),
            read_as_if(asked.day, first.book, second.book, period.last),
            IssuedFolders(options.issued) if options.issued else NothingIssued(),
        ).document()
    except SourceError as error:
        raise broken(SourceError([*error.findings, *read_otherwise(first.book, second.book)])) from None


def _head(session: "Session", head: str | None) -> tuple[str, "Book"]:
    from ratebook.cli.session import read_book

    if head is None:
        return _WORKING_TREE, session.book
    return head, read_book(Path(head)) if Path(head).is_dir() else read_book(session.root, head)
