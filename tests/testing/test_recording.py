"""A case is made from real usage: few rows, no names, and billed as the contract is."""

from pathlib import Path

import pytest

from ratebook.testing.pseudonyms import pseudonym, replaced
from tests.example import Done
from tests.testing.small import FILES, command

CONTRACT = """org: org_acme
type: hybrid
spec: world
plan: pro
start: 2026-01-01
customer: {name: Acme Ltd, email: ap@acme.example, country: GB, tax_id: GB123}
overrides: {base: {name: Base of Acme Ltd, amount: 10}}
sink: {stripe_customer: cus_1}
"""
METER = """source: events
aggregate: sum
value: weight
unit: gram
where: {ok: true, size: {lt: 500}}
"""
EVENTS = """id,org,ts,chain,size,weight,ok
1,org_acme,2026-10-05T00:00:00Z,eth,100,1.5,true
2,org_acme,2026-10-06T00:00:00Z,eth,200,2.25,true
3,org_acme,2026-10-07T00:00:00Z,eth,300,0,true
4,org_acme,2026-10-08T00:00:00Z,base,100,1,true
5,org_acme,2026-10-08T00:00:00Z,base,100,1,false
6,org_acme,2026-10-08T00:00:00Z,,900,1,false
7,org_other,2026-10-08T00:00:00Z,eth,100,1,true
8,org_acme,2026-11-08T00:00:00Z,eth,100,1,true
"""
PLAN = (
    "name: Pro\nfees: [{id: base, name: Base, amount: 49, bill: in_arrears}]\n"
    "charges: [{rating: calls}, {rating: weight}]\n"
)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    files = FILES | {
        "contracts/acme.yaml": CONTRACT,
        "plans/pro.yaml": PLAN,
        "meters/weight.yaml": METER,
        "specs/rating/weight.yaml": "meter: weight\nprice: {amount: 1, per: 1}\n",
        "usage.csv": EVENTS,
        "fx.csv": "date,source,pair,rate\n",
    }
    for name in ("meters/largest.yaml", "specs/rating/largest.yaml"):
        files.pop(name)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def record(book: Path, contract: str = "acme") -> Done:
    return command("test", "--book", str(book), "--record", contract, "2026-10")


def test_usage_becomes_few_rows_and_names_become_pseudonyms(book: Path) -> None:
    done = record(book)
    assert done.code == 0, done.stderr

    name = f"{pseudonym('customer', 'acme')}-2026-10"
    text = (book / "tests/pricing" / f"{name}.yaml").read_text("utf-8")
    assert (
        text.partition("cases:\n")[2]
        == f"""  {name}:
    contract:
      org: {pseudonym("org", "org_acme")}
      type: hybrid
      spec: world
      plan: pro
      start: 2026-01-01
      customer: {{name: {pseudonym("customer", "acme")}, country: GB}}
      overrides: {{base: {{name: Base of {pseudonym("customer", "acme")}, amount: 10}}}}
    period: "2026-10"
    usage:
      events:
        - {{at: 2026-10-01, chain: base, ok: false, size: 100, weight: 1}}
        - {{at: 2026-10-01, chain: base, ok: true, size: 100, weight: 1}}
        - {{at: 2026-10-01, chain: eth, ok: true, size: 100, weight: 3.75}}
        - {{at: 2026-10-01, count: 2, chain: eth, ok: true, size: 100, weight: 0}}
    expect:
      lines:
        - {{charge: base, kind: fee, amount: 10}}
        - {{charge: calls, kind: usage, dimensions: {{chain: base}}, billable: 2, amount: 0}}
        - {{charge: calls, kind: usage, dimensions: {{chain: eth}}, billable: 3, amount: 0.01}}
        - {{charge: weight, kind: usage, billable: 4.75, amount: 4.75}}
      currency: USD
      subtotal: 14.76
      tax: 2.95
      total: 17.71
"""
    )
    assert "cme" not in text.replace("customer", "")
    assert command("test", "--book", str(book)).stdout == "1 case: 1 passed\n"


def test_nothing_is_overwritten(book: Path) -> None:
    record(book)

    done = record(book)

    assert done.code == 2
    assert "is there already; nothing is overwritten" in done.stderr


def test_a_meter_of_moments_is_not_recorded_as_rows(book: Path) -> None:
    (book / "meters/weight.yaml").write_text(METER.replace("aggregate: sum", "aggregate: latest"), "utf-8")

    done = record(book)

    assert done.code == 2
    assert "weight depends on the moments of events (latest)" in done.stderr


def test_a_contract_that_the_book_does_not_have_is_named(book: Path) -> None:
    done = record(book, "acmee")

    assert (done.code, done.stderr) == (2, "the book has no contract acmee; did you mean `acme`?\n")


def test_names_are_replaced_inside_texts_but_not_inside_words() -> None:
    names = {"acme": "customer-1", "Acme Ltd": "customer-1"}

    assert replaced({"a": ["for ACME LTD, acme", "acmeology"]}, names) == {
        "a": ["for customer-1, customer-1", "acmeology"]
    }
