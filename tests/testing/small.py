"""A small book, and its cases run as `ratebook test` does, without a process."""

from functools import cache
from pathlib import Path

from click.testing import CliRunner

from ratebook.book import Book, load
from ratebook.cli.main import cli
from ratebook.findings import Finding
from ratebook.testing.files import read_cases
from ratebook.testing.rating import prepare
from ratebook.testing.running import Result, run_jobs
from tests.example import Done

FILES = {
    "specs/book.yaml": """
syntax: 1
name: small
currency: USD
sources:
  events:
    subject: org
    event_id: id
    event_time: ts
    columns: {chain: string, size: integer, weight: decimal, ok: boolean}
environments:
  local: {usage: {duckdb: {events: usage.csv}}, fx: {file: fx.csv}}
""",
    "specs/world.yaml": "time_zone: Europe/Istanbul\ncurrency: USD\ntax: {name: VAT, percent: 20}\n"
    "fx: {source: ecb, date: invoice_date, bulletin: same_day, max_age: 5 days, on_failure: fail}\n",
    "meters/calls.yaml": "source: events\naggregate: count\nunit: call\ndimensions: [chain]\n"
    "where: {chain: {exists: true}}\n",
    "meters/largest.yaml": "source: events\naggregate: max\nvalue: size\nunit: byte\n",
    "specs/rating/calls.yaml": "meter: calls\nlines_by: [chain]\nprice: {model: matrix, by: [chain], values: "
    "{eth: {amount: 2, per: 1000}, base: {amount: 1, per: 1000}}}\n",
    "specs/rating/largest.yaml": "meter: largest\nprice: {amount: 1, per: 100}\n",
    "plans/pro.yaml": "name: Pro\nfees: [{id: base, name: Base, amount: 49, bill: in_arrears}]\n"
    "charges: [{rating: calls}, {rating: largest}]\n",
    "contracts/acme.yaml": "org: org_acme\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n",
    "contracts/euro.yaml": "org: org_euro\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\ncurrency: EUR\n",
}


@cache
def small_book() -> Book:
    """Load the book."""
    loaded = load({path: text.encode() for path, text in FILES.items()})
    assert loaded.book is not None, loaded.findings
    return loaded.book


def run(text: str) -> dict[str, Result]:
    """Run the cases of a file."""
    file = read_cases(Path("tests/pricing/a.yaml"), "a.yaml", text.encode())
    assert file.findings == ()
    jobs, findings = prepare(small_book(), list(file.cases()))
    assert findings == []
    return {result.name: result for result in run_jobs(small_book(), jobs)}


def texts(text: str, name: str = "case") -> list[str]:
    """Run a case and give what is not as it expects."""
    return [failure.difference.text for failure in run(text)[name].failures]


def errors(text: str) -> list[Finding]:
    """Give what is wrong with a file of cases, by itself or beside the book."""
    file = read_cases(Path("tests/pricing/a.yaml"), "a.yaml", text.encode())
    return [*file.findings, *prepare(small_book(), list(file.cases()))[1]]


def command(*arguments: str, ci: str = "") -> Done:
    """Run a command in this process."""
    result = CliRunner(env={"CI": ci}).invoke(cli, arguments, catch_exceptions=False)
    return Done(result.exit_code, result.stdout, result.stderr)
