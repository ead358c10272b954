"""The worked examples of docs/explanation/rating.md, each rated by the engine from files to invoice.

An example is a fenced YAML block whose first line is `# example: NAME`. It says what differs from these defaults:

    source     `events` with columns org, id, at, n: integer, and every other column that a row of `usage` has
    meter      `{aggregate: sum, value: n, unit: call}` over `events`, called `calls` (if there is a rule); dimensions
               all columns of text; `meters: {name: …}` adds others
    rule       none; or `calls`, which prices that meter; or several, `rules: {name: …}`
    plan       none; or `pro`, with a charge for each rule unless it lists charges; or several, `plans: {name: …}`
    contract   `acme` on org `acme` from 2026-01-01, with a charge for each rule unless a plan or itself lists charges;
               or several, `contracts: {name: …}`, each on an org of its name
    spec       `world`: UTC, USD, calendar months
    book       specs/book.yaml, whose currency is USD
    period     2026-10
    fx         rows of the rate table, as in `2026-10-30,ecb,EUR/USD,1.1`
    usage      rows of events; org is `acme`, at is noon of 2026-10-15, id is a number, unless given
    issued     none; or what was otherwise when an earlier period was billed, whose invoices were issued: its `period`,
               and what of the above differed then

and what comes of it: `lines` (all of them, in order, or with `partial: true` some of them), `subtotal`, `tax`, `total`
and the other keys of `DOCUMENT`, `findings` (codes of the run; none unless given); where there are several invoices,
a list of `invoices` with these keys and `contract`; or, for a book that is refused, `error`: the code of a finding. Of
lines and documents only the keys that are given are compared.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from ratebook.billrun.outcomes import BillRun
from ratebook.book import load
from ratebook.book.reader import read_yaml
from ratebook.calendar import RunPeriod
from ratebook.compiler.run import RunCompiler
from ratebook.findings import draw
from ratebook.money import plain
from ratebook.sources.environment import open_rates, open_store
from ratebook.trees import read_folder
from tests.builders import IssuedBefore

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "rating.md"
BLOCK = re.compile(r"^```yaml\n# example: (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

DOCUMENT = frozenset(
    {"document", "refers_to", "subtotal", "tax", "total", "taxes", "sections", "carry_forward"}
)
OUTCOME = frozenset({*DOCUMENT, "lines", "partial"})
PARTS = frozenset(
    {"meter", "meters", "rule", "rules", "multipliers", "labels", "plan", "plans", "spec", "book"}
)
SITUATION = frozenset({*PARTS, "contract", "contracts", "period", "fx", "usage", "issued"})
FOLDERS = {"rules": "specs/rating", "multipliers": "specs/multipliers", "labels": "specs/labels"}

Tree = dict[str, Any]


def examples() -> dict[str, Tree]:
    """Read the page's examples."""
    found: dict[str, Tree] = {}
    for name, text in BLOCK.findall(PAGE.read_text("utf-8")):
        document = read_yaml(f"{name}.yaml", text.encode())
        assert document.root is not None, (name, document.findings)
        assert not document.findings, (name, document.findings)
        assert name not in found, f"two examples are called {name}"
        found[name] = document.root.data
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str, tmp_path: Path) -> None:
    """To look at one: `pytest tests/test_rating_examples.py -k NAME`."""
    example = EXAMPLES[name]
    unknown = example.keys() - SITUATION - OUTCOME - {"findings", "invoices", "error"}
    assert unknown == set(), f"no example has such keys; one of {sorted(SITUATION | OUTCOME)}"
    write(tmp_path, files_of(example))
    if "error" in example:
        assert example["error"] in codes_of_book(tmp_path)
        return
    issued: list[Tree] = []
    if "issued" in example:
        write(tmp_path / "before", files_of({**example, **example["issued"]}))
        issued, _ = rate(tmp_path / "before", example["issued"]["period"])
    documents, codes = rate(tmp_path, example.get("period", "2026-10"), issued)
    assert codes == sorted(example.get("findings", []))
    expected = example.get("invoices") or [{key: example[key] for key in OUTCOME if key in example}]
    assert len(documents) == len(expected)
    for wanted, document in zip(expected, documents, strict=True):
        compare(wanted, document)


def test_every_block_of_yaml_is_an_example() -> None:
    assert len(EXAMPLES) == PAGE.read_text("utf-8").count("```yaml")


# From an example to files


def files_of(example: Tree) -> dict[str, Any]:
    """Give the files of an example's book and usage."""
    rows = [
        {"id": f"e{number:04}", "org": "acme", "at": "2026-10-15T12:00:00Z", **row}
        for number, row in enumerate(example.get("usage", []))
    ]
    columns = columns_of(rows)
    texts = [name for name, kind in columns.items() if kind == "string"]
    rules = example.get("rules") or ({"calls": example["rule"]} if "rule" in example else {})
    meters = {name: meter_of(one, texts) for name, one in example.get("meters", {}).items()}
    if "meter" in example or (rules and not meters):
        meters = {"calls": meter_of(example.get("meter", {}), texts), **meters}
    trees = {
        "rules": {name: one if "meters" in one else {"meter": "calls", **one} for name, one in rules.items()},
        **{kind: example.get(kind, {}) for kind in ("multipliers", "labels")},
    }
    files = {
        f"{FOLDERS[kind]}/{name}.yaml": tree for kind, named in trees.items() for name, tree in named.items()
    }
    files |= {f"meters/{name}.yaml": one for name, one in meters.items()}
    files |= agreements_of(example, list(rules))
    files["specs/world.yaml"] = {"time_zone": "UTC", "currency": "USD", **example.get("spec", {})}
    files["specs/book.yaml"] = book_of(example, columns)
    files["usage.jsonl"] = "".join(json.dumps(row, default=str) + "\n" for row in rows)
    files["fx.csv"] = "\n".join(["date,source,pair,rate", *example.get("fx", [])]) + "\n"
    return files


def columns_of(rows: Sequence[Tree]) -> dict[str, str]:
    """Give the columns of usage, besides those that every source has, and their types."""
    kinds = {bool: "boolean", int: "integer", Decimal: "decimal", str: "string"}
    found = {"n": "integer"}
    for row in rows:
        for name, value in row.items():
            if name not in {"id", "org", "at"} and value is not None:
                found[name] = "decimal" if found.get(name) == "decimal" else kinds[type(value)]
    return found


def meter_of(written: Tree, dimensions: Sequence[str]) -> Tree:
    """Complete a meter."""
    counts = written.get("aggregate") == "count"
    defaults = {"source": "events", "aggregate": "sum", "unit": "call", "dimensions": list(dimensions)}
    return defaults | ({} if counts else {"value": "n"}) | written


def book_of(example: Tree, columns: Mapping[str, str]) -> Tree:
    """Complete specs/book.yaml."""
    source = {"subject": "org", "event_id": "id", "event_time": "at", "columns": dict(columns)}
    local = {"usage": {"duckdb": {"events": "usage.jsonl"}}, "fx": {"file": "fx.csv"}}
    written = example.get("book", {})
    sources = {"events": source, **written.get("sources", {})}
    defaults = {"syntax": 1, "name": "example", "currency": "USD"}
    return {**defaults, **written, "sources": sources, "environments": {"local": local}}


def agreements_of(example: Tree, rules: Sequence[str]) -> dict[str, Any]:
    """Complete plans and contracts."""
    charges = [{"rating": rule} for rule in rules]
    plans = example.get("plans") or ({"pro": example["plan"]} if "plan" in example else {})
    plans = {name: {"name": name, "charges": charges, **one} for name, one in plans.items()}
    contracts = {}
    for name, one in (example.get("contracts") or {"acme": example.get("contract", {})}).items():
        who = {} if "subjects" in one or "org" in one else {"org": name}
        terms = {"spec": "world", "start": "2026-01-01", **who, **one}
        if plans and "plan" not in terms:
            terms["plan"] = next(reversed(plans))
        if not plans and "price_fixed" not in terms:
            terms = {"charges": charges, **terms}
        contracts[name] = {"type": type_of(terms, plans.get(terms.get("plan", ""), {})), **terms}
    files = {f"plans/{name}.yaml": one for name, one in plans.items()}
    return files | {f"contracts/{name}.yaml": one for name, one in contracts.items()}


def type_of(terms: Tree, plan: Tree) -> str:
    """Give the type of a contract that fits what is in it."""
    charges = bool(terms.get("charges") or plan.get("charges"))
    fees = bool(terms.get("fees") or plan.get("fees") or terms.get("price_fixed"))
    return "hybrid" if charges and fees else "metered" if charges else "fixed"


class Dumper(yaml.SafeDumper):
    """Writes numbers as a person types them, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _number(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    text = plain(number)
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


Dumper.add_representer(Decimal, _number)


def write(folder: Path, files: Mapping[str, Any]) -> None:
    """Write files: trees as YAML, texts as they are."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.dump(content, Dumper=Dumper, sort_keys=False)
        file.write_text(text, "utf-8")


# From files to what comes of them


def codes_of_book(folder: Path) -> set[str]:
    """Give the codes of what is wrong with a book."""
    return {finding.code for finding in load(read_folder(folder)).findings}


def rate(folder: Path, period: str, issued: Sequence[Tree] = ()) -> tuple[list[Tree], list[str]]:
    """Rate a period, correct what was issued before, and give the invoices and the codes of the run's findings."""
    loaded = load(read_folder(folder))
    book = loaded.book
    assert book is not None, "\n".join(draw(one, one.position) for one in loaded.findings)
    rates, findings = open_rates(book, "local", folder)
    assert findings == []
    store = open_store(book, "local", folder)
    compiler = RunCompiler(book, RunPeriod.parse(period), corrects=bool(issued))
    run = BillRun(compiler, book.contracts, store, rates, IssuedBefore(issued))
    documents = [outcome.document for outcome in run.outcomes() if outcome.document is not None]
    return documents, sorted(finding.code for finding in run.findings)


def compare(expected: Tree, document: Tree) -> None:
    """Compare what an example says of an invoice with the invoice."""
    if "lines" in expected:
        wanted, lines = texts_of(expected["lines"]), document["lines"]
        found = list(like(wanted, lines)) if expected.get("partial") else lines
        assert picked(wanted, found) == wanted, lines
    rest = {key: texts_of(one) for key, one in expected.items() if key not in {"lines", "partial"}}
    assert picked(rest, document) == rest


def like(expected: Sequence[Tree], lines: Sequence[Tree]) -> Iterator[Tree]:
    """Find for each expected line the next one that is like it."""
    rest = iter(lines)
    for wanted in expected:
        found = next((line for line in rest if picked(wanted, line) == wanted), None)
        assert found is not None, (wanted, lines)
        yield found


def picked(expected: Any, actual: Any) -> Any:
    """Leave out of something actual the keys that are not expected."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return {key: picked(one, actual.get(key)) for key, one in expected.items()}
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [picked(*both) for both in zip(expected, actual, strict=True)]
    return actual


def texts_of(expected: Any) -> Any:
    """Write numbers as an invoice writes quantities; amounts stand in the examples as texts."""
    if isinstance(expected, Mapping):
        return {key: texts_of(value) for key, value in expected.items()}
    if isinstance(expected, list):
        return [texts_of(value) for value in expected]
    is_number = isinstance(expected, int | Decimal) and not isinstance(expected, bool)
    return plain(Decimal(expected)) if is_number else expected
