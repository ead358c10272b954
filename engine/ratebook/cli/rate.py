"""`ratebook rate`: rate a period of a book into invoices."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import click
import orjson

from ratebook import SEMANTICS, __version__
from ratebook.billrun.outcomes import BillRun
from ratebook.calendar import tzdata_version
from ratebook.cli.options import RunOptions, run_options
from ratebook.cli.session import BrokenError, Session, broken, now, open_session, read_period
from ratebook.cli.trace import draw_traces, traced
from ratebook.findings import SEVERITIES, Finding
from ratebook.invoice.text import add_total, draw_invoice, draw_summary, draw_totals
from ratebook.sinks.files import InvoiceFolder
from ratebook.sources.errors import SourceError
from ratebook.sources.metering import MeteringStore

_SHOWN: Final = 3


class _Output(NamedTuple):
    """What becomes of the invoices: how they are printed, whether lines have a trace, and where they are written."""

    form: str
    trace: bool
    out: Path | None
    save: Path | None


def _output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command, which gets them as its argument `output`."""
    path = click.Path(path_type=Path)
    forms = click.Choice(["text", "json"])

    @click.option("--format", "form", type=forms, default="text", show_default=True, help="Output.")
    @click.option(
        "--trace", is_flag=True, help="Give each line the steps that led to it, as explain shows them."
    )
    @click.option("--out", type=path, help="Write invoices into this folder as well.")
    @click.option("--save", type=path, help="Write the JSON into this file as well, for `ratebook diff`.")
    @wraps(command)
    def with_options(**given: Any) -> None:  # noqa: ANN401
        output = _Output(**{name: given.pop(name) for name in _Output._fields})
        command(output=output, **given)

    return with_options


@click.command()
@run_options
@click.option("--period", required=True, help="2026, 2026-Q4, 2026-10, 2026-W40, 2026-10-05 or FROM/TO.")
@click.option("--contract", "contracts", multiple=True, help="Rate only this contract; may be repeated.")
@_output_options
def rate(options: RunOptions, period: str, contracts: tuple[str, ...], output: _Output) -> None:
    """Rate a period: usage and book in, invoices out.

    Text shows one row for each invoice, with --contract the invoices themselves, with --out only the totals.
    Balances of commitments and credits are brought forward from the invoices in the folders of --issued, as
    --out wrote them; their periods are rated again, and what changed since is corrected.
    With --trace each line of JSON has its `trace`; text draws it below each invoice of --contract.
    The exit code is 1 when usage could not be billed or something else was found.
    """
    wanted = read_period(period)
    session = open_session(options.root, options.environment)
    try:
        run = session.run(wanted, contracts, issued=options.issued)
        detailed = (
            session.run(wanted, contracts, issued=options.issued, detailed=True) if output.trace else None
        )
        invoices = _documents(run, detailed)
        if output.out is not None:
            invoices = _write(output.out, run, invoices, _manifest(session, period))
        if output.save is not None:
            invoices = _saved(output.save, run, invoices, _manifest(session, period))
        if output.form == "json":
            _print_json(run, invoices, _manifest(session, period))
        elif contracts:
            for invoice in invoices:
                click.echo("\n".join([draw_invoice(invoice), *draw_traces(invoice, session.place)]))
        else:
            _print_summary(invoices, output.out)
    except SourceError as error:
        raise broken(error) from None
    findings = [*run.findings, *_provisional(run)]
    if output.form == "text":
        _print_findings(session, findings)
    if any(finding.severity != "info" for finding in findings):
        sys.exit(1)


def _documents(run: BillRun, detailed: BillRun | None) -> Iterator[dict[str, Any]]:
    """Give the invoices as they come; usage is measured now, so that its errors come before any output."""
    found = (outcome.document for outcome in run.outcomes()) if detailed is None else traced(run, detailed)
    first = list(islice(found, 1))
    return (document for document in chain(first, found) if document is not None)


def _provisional(run: BillRun) -> Iterator[Finding]:
    """Say that the period is not over: usage may still come, and what is there already is of a wrong clock."""
    if run.plan is not None and run.plan.window.end > (moment := now()):
        yield Finding(
            "RB510",
            f"the period {run.compiler.period.text} is not over: its invoices are provisional",
            help="rate it again when it is over",
        )
        if isinstance(run.store, MeteringStore):
            yield from run.store.events_after(moment)


def _manifest(session: Session, period: str) -> dict[str, Any]:
    return {
        "book": session.book.digest,
        "source": session.book.source_digest,
        "period": period,
        "ratebook": __version__,
        "semantics": SEMANTICS,
        "tzdata": tzdata_version(),
    }


def _print_findings(session: Session, findings: Iterable[Finding]) -> None:
    """Print findings for people, the most serious first, and only some of those that are alike."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code, alike in sorted(
        by_code.items(), key=lambda one: (SEVERITIES.index(one[1][0].severity), one[0])
    ):
        for finding in alike[:_SHOWN]:
            click.echo(session.draw(finding), err=True)
        if len(alike) > _SHOWN:
            click.echo(f"… and {len(alike) - _SHOWN:,} more of {code}; --format json has them all", err=True)


def _print_json(run: BillRun, invoices: Iterable[dict[str, Any]], digests: dict[str, Any]) -> None:
    """Print one JSON document, invoice by invoice as they come."""
    for _ in _written(sys.stdout.buffer, run, invoices, digests):
        pass


def _saved(
    file: Path, run: BillRun, invoices: Iterable[dict[str, Any]], digests: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Write the same document into a file, which is there once it is whole."""
    partial = file.with_name(f"{file.name}.partial")
    with partial.open("wb") as stream:
        yield from _written(stream, run, invoices, digests)
    partial.replace(file)


def _written(
    stream: BinaryIO, run: BillRun, invoices: Iterable[dict[str, Any]], digests: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    stream.write(b'{"format_version":"1.0","invoices":[')
    for index, invoice in enumerate(invoices):
        stream.write(b",\n" if index else b"\n")
        stream.write(orjson.dumps(invoice))
        yield invoice
    findings = [finding.document() for finding in (*run.findings, *_provisional(run))]
    usage = [count._asdict() for count in run.counts]
    stream.write(b'\n],"findings":' + orjson.dumps(findings))
    stream.write(b',\n"usage":' + orjson.dumps(usage))
    stream.write(b',\n"digests":' + orjson.dumps(digests) + b"}\n")


def _write(
    folder: Path, run: BillRun, invoices: Iterable[dict[str, Any]], manifest: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    try:
        with InvoiceFolder(folder) as files:
            for invoice in invoices:
                files.write(invoice)
                yield invoice
            files.finish((finding.document() for finding in run.findings), manifest)
    except FileExistsError:
        msg = f"{folder} holds invoices already; nothing is overwritten. Name another folder, or remove it"
        raise BrokenError(msg) from None


def _print_summary(invoices: Iterable[dict[str, Any]], out: Path | None) -> None:
    """Print a row for each invoice, or only the totals where the invoices are in a folder."""
    totals: dict[str, list[str]] = {}
    if out is None:
        for row in draw_summary(invoices, totals):
            click.echo(row)
    else:
        for invoice in invoices:
            add_total(invoice, totals)
    for row in draw_totals(totals):
        click.echo(row)
    if out is not None:
        click.echo(f"{sum(map(len, totals.values())):,} invoice(s) are in {out}", err=True)
