"""`ratebook test --record`: a case made from real usage, its names replaced, run before it is written."""

from pathlib import Path
from typing import Any, NamedTuple

import click

from ratebook.authoring.formatting import formatted
from ratebook.billrun.outcomes import BillRun
from ratebook.book import Book
from ratebook.book.model import Contract
from ratebook.book.places import FilePlaces
from ratebook.calendar import zone
from ratebook.cli.session import BrokenError, Session, broken, open_session, read_period
from ratebook.findings import draw
from ratebook.sources.environment import open_source
from ratebook.sources.errors import SourceError
from ratebook.testing.files import FOLDER
from ratebook.testing.pseudonyms import names_of, pseudonym, replaced, without_names
from ratebook.testing.rating import Rated, prepare, rate_jobs
from ratebook.testing.recorded import Recorded, expected_of, money_of, rates_of
from ratebook.testing.recording import RecordingError, Row, record
from ratebook.testing.running import result_of


class Wanted(NamedTuple):
    """What is recorded, and from where."""

    root: Path
    environment: str
    contract: str
    period: str


def record_case(wanted: Wanted) -> None:
    """Record a case, run it, and write it if it is billed as the contract is."""
    session = open_session(wanted.root, wanted.environment)
    (contract,) = session.contracts([wanted.contract])
    try:
        run = session.run(read_period(wanted.period), [contract.id])
        billed = _billed(run)
        if not billed.documents:
            raise BrokenError(
                f"contract {contract.id} is not invoiced in {wanted.period}: there is nothing to record"
            )
        usage = _usage(session, run, contract)
    except SourceError as error:
        raise broken(error) from None
    except RecordingError as error:
        raise BrokenError(str(error)) from None
    recorded = _recorded(session.book, contract, wanted.period, usage, billed)
    path = wanted.root / FOLDER / f"{recorded.name}.yaml"
    if path.exists():
        raise BrokenError(
            f"{path.as_posix()} is there already; nothing is overwritten. Remove it to record anew"
        )
    text = _verified(session.book, recorded, path, billed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(formatted(f"{FOLDER}/{path.name}", text.encode()))
    rows = sum(map(len, usage.values()))
    click.echo(
        f"{path.as_posix()}: {rows:,} row{'' if rows == 1 else 's'}, billed as {contract.id} is", err=True
    )


def _billed(run: BillRun) -> Rated:
    documents = tuple(one.document for one in run.outcomes() if one.document is not None)
    return Rated(documents, tuple(run.findings))


def _usage(session: Session, run: BillRun, contract: Contract) -> dict[str, list[Row]]:
    environment = session.book.settings.environments[session.environment]
    usage = open_source(environment, session.environment, session.root)
    try:
        return record(usage, run.plan.measures if run.plan is not None else (), contract.all_subjects)
    finally:
        usage.close()


def _recorded(
    book: Book, contract: Contract, period: str, usage: dict[str, list[Row]], billed: Rated
) -> Recorded:
    names = names_of(contract)
    rows = {
        source: [row._replace(subject=names[row.subject], values=replaced(row.values, names)) for row in own]
        for source, own in usage.items()
    }
    where = zone(book.specs[contract.terms.spec].time_zone)
    name = f"{pseudonym('customer', contract.id)}-{period.lower().replace('/', '-')}"
    document = without_names(_document(book, contract), names)
    return Recorded(name, document, period, rates_of(billed.documents), rows, where)


def _document(book: Book, contract: Contract) -> dict[str, Any]:
    """Give the file, or the row, of a contract as plain data."""
    book.position(contract.pointer)  # reads the row of a table
    if not isinstance(book.places, FilePlaces):
        raise TypeError(type(book.places).__name__)
    _, node = book.places.documents[contract.pointer]
    data: dict[str, Any] = node.data
    return data


def _verified(book: Book, recorded: Recorded, path: Path, billed: Rated) -> str:
    """Rate the case as it will stand in its file, and give the file's text if it is billed as it was."""
    rated = _rate(book, recorded, path, recorded.text(None))
    if money_of(rated) != money_of(billed):
        raise BrokenError(
            f"the recording would not be billed as it was: {_totals(rated)} instead of {_totals(billed)}; "
            "name a file of the events as `usage` of a case instead"
        )
    text = recorded.text(expected_of(rated))
    for case in recorded.file(path, text).cases():
        for failure in result_of(case, recorded.name, rated).failures:
            raise BrokenError(f"the recording does not pass: {failure.difference.text}; please report this")
    return text


def _rate(book: Book, recorded: Recorded, path: Path, text: str) -> Rated:
    file = recorded.file(path, text)
    jobs, findings = prepare(book, list(file.cases()))
    wrong = [*file.findings, *findings]
    if not jobs or wrong:
        drawn = "\n".join(draw(one, one.position) for one in wrong)
        raise BrokenError(f"the recording cannot be read, please report this:\n{drawn}")
    ((_, rated),) = rate_jobs(book, jobs)
    return rated


def _totals(rated: Rated) -> str:
    if rated.refused:
        return rated.refused[0].message
    return ", ".join(f"{one['total']} {one['currency']}" for one in rated.documents) or "nothing"
