"""The digest of terms: every number and word that can change an invoice, and no place in a file."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ratebook.calendar import zone
from ratebook.compiler.meaning import meaning_digest
from ratebook.compiler.program import Program
from ratebook.template import Template, compile_template
from tests.builders import bill

BOOK = """
multipliers:
  weights: {by: [chain], values: {ethereum: 2, default: 1}}
labels:
  chain: {values: {ethereum: Ethereum}}
rating:
  rpc:
    meter: requests
    lines_by: [chain]
    pool_by: [chain]
    convert: {divide_by: 10, round: up}
    price:
      model: graduated
      per: 1000
      tiers: [{up_to: 1000, amount: 0.45}, {amount: 0.40, flat: 1}]
    description: "{{ chain | label }}"
  seats: {meter: peak, multiply_by: [weights], price: {model: volume, per: 1, tiers: [{amount: 9}]}}
  calls: {meter: requests, price: {model: matrix, by: [chain], values: {default: {model: package, size: 9, amount: 1}}}}
plans:
  pro:
    name: Pro
    fees: [{id: base, name: Base fee, amount: 49}]
    charges:
      - {rating: rpc, included: 100, discount: {percent: 10}, maximum: 500, minimum: 1}
      - {rating: seats}
      - {rating: calls}
    minimum: {amount: 20, applies_to: [usage]}
specs:
  global:
    {time_zone: Europe/Berlin, currency: USD, region: EU, fx: {source: ecb}, invoice: {issue_after: 1 day},
     tax: {name: VAT, percent: 20}}
contracts:
  acme: {org: o1, type: hybrid, spec: global, plan: pro, start: 2026-01-01,
         discounts: [{id: new, percent: 5, applies_to: [usage], until: 2026-10-15}]}
"""
EDITS = [
    ("amount: 0.45", "amount: 0.46"),
    ("per: 1000\n", "per: 1001\n"),
    ("up_to: 1000,", "up_to: 1001,"),
    ("flat: 1}", "flat: 2}"),
    ("included: 100", "included: 101"),
    ("percent: 10}", "percent: 11}"),
    ("maximum: 500", "maximum: 501"),
    ("minimum: 1}", "minimum: 2}"),
    ("round: up", "round: down"),
    ("divide_by: 10", "divide_by: 20"),
    ("lines_by: [chain]", "lines_by: []"),
    ("ethereum: 2,", "ethereum: 3,"),
    ("amount: 49", "amount: 50"),
    ("name: Base fee", "name: Base"),
    ("ethereum: Ethereum", "ethereum: ETH"),
    ("| label }}", "| label }}!"),
    ("size: 9", "size: 10"),
    ("amount: 20,", "amount: 21,"),
    ("applies_to: [usage]}\nspecs", "applies_to: [usage, fee]}\nspecs"),
    ("percent: 5,", "percent: 6,"),
    ("until: 2026-10-15", "until: 2026-10-16"),
    ("percent: 20}", "percent: 19}"),
    ("name: VAT", "name: Tax"),
    ("Europe/Berlin", "Europe/Paris"),
    ("issue_after: 1 day", "issue_after: 2 days"),
    ("time_zone: Europe/Berlin,", "time_zone: Europe/Berlin, rounding: {mode: half_even},"),
]
FORMS = [
    ("amount: 0.45", "amount: 0.4500"),
    ("per: 1000\n", "per: 1_000 # one thousand\n"),
    ("{amount: 0.40, flat: 1}", "{flat: 1, amount: 0.4}"),
    ("name: Pro\n", "name: Professional\n    description: for all who have grown\n"),
    ("  seats: {meter", "  unused: {meter: egress, price: free}\n  seats: {meter"),
    ("org: o1", "org: another"),
    ("start: 2026-01-01", "start: 2025-07-05"),
]


def program(text: str = BOOK) -> Program:
    return bill(text, "2026-10", rates="2026-10-30,ecb,USD/EUR,0.9").outcomes[0].program


@pytest.mark.parametrize(("old", "new"), EDITS)
def test_e59_what_can_change_an_invoice_changes_the_digest(old: str, new: str) -> None:
    assert BOOK.count(old) == 1
    assert program().digest != program(BOOK.replace(old, new)).digest


@pytest.mark.parametrize(("old", "new"), FORMS)
def test_e59_what_changes_no_invoice_changes_no_digest(old: str, new: str) -> None:
    assert old in BOOK
    assert program().digest == program(BOOK.replace(old, new)).digest


def test_e59_the_digest_is_that_of_the_month() -> None:
    digests = {one.program.digest for one in bill(BOOK, "2026-Q4").outcomes}
    assert len(digests) == 3


def test_every_leaf_of_a_program_is_covered_but_pointers_and_the_numbers_of_measures() -> None:
    compiled = program()
    parts = (
        compiled.agreement,
        compiled.boundary,
        compiled.fees,
        compiled.charges,
        compiled.discounts,
        compiled.minimums,
        compiled.tax,
    )
    before = meaning_digest(parts)
    seen = 0
    for path, changed in changes(parts):
        says_nothing = path.endswith(("pointer", "measure", "depth"))  # a tree's paths say how deep it is
        assert (meaning_digest(changed) == before) is says_nothing, path
        seen += 1
    assert seen > 200


def changes(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Change one leaf of compiled terms after the other."""
    if isinstance(value, Template):
        yield path, compile_template(value.source + "!", {"chain": {}})
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            for below, changed in changes(getattr(value, field.name), f"{path}.{field.name}"):
                yield below, replace(value, **{field.name: changed})
    elif isinstance(value, tuple | Mapping):
        yield from _inside(value, path)
    elif (other := _other(value)) is not None:
        yield path, other


def _inside(value: tuple[Any, ...] | Mapping[Any, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        for below, changed in changes(item, f"{path}/{key}"):
            if isinstance(value, Mapping):
                yield below, {**value, key: changed}
            else:
                items = (*value[:key], changed, *value[key + 1 :])
                yield below, type(value)(*items) if hasattr(value, "_fields") else items


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal | int):
        return value + 1
    if isinstance(value, ZoneInfo):
        return zone("Europe/Paris")
    if isinstance(value, frozenset):
        return value | {"x"}
    return None if value is None else f"{value}x"
