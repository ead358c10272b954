"""Pitfall E59: the digest of meaning changes with every meaning and with nothing else."""

import pytest

from ratebook.book import Book, load
from tests.book.small_book import BOOK, broken

RULE = "specs/rating/calls.yaml"


def book(changes: dict[str, str | dict[str, str] | None]) -> Book:
    loaded = load(broken(changes))
    assert loaded.book is not None, loaded.findings
    return loaded.book


@pytest.mark.parametrize(
    "changes",
    [
        {RULE: {"meter: calls\n": "# by chain\nmeter:   calls\n\n"}},
        {RULE: {"meter: calls\nlines_by: [chain]\n": "lines_by:\n  - chain\nmeter: 'calls'\n"}},
        {RULE: {"{up_to: 100, amount: 2}": "{amount: 2.00, up_to: 100}"}},
        {RULE: {"per: 1_000": "per: 1000"}},
        {
            RULE: {
                "  per: 1_000\n": "",
                "amount: 2}": "amount: 2, per: 1000}",
                "amount: 1}": "amount: 1, per: 1000}",
            }
        },
        {RULE: {"{amount: 1}": "{amount: 1, flat: 0}"}},
        {"plans/pro.yaml": {"amount: 10": "amount: {versions: [{value: 10}]}"}},
        {"plans/pro.yaml": {"amount: 10": "amount: 10, quantity: 1, prorate: days"}},
        {"contracts/acme.yaml": {"plan: pro": "plan: pro@1"}},
        {"contracts/acme.yaml": {"org: org_acme": "subjects: [org_acme]"}},
        {"contracts/acme.yaml": None, "contracts/eu/acme.yaml": BOOK["contracts/acme.yaml"]},
        {
            "contracts/acme.yaml": None,
            "contracts/all.csv": "id,plan,org,type,spec,start\nacme,pro,org_acme,hybrid,world,2026-01-01\n",
        },
        {
            "specs/book.yaml": {
                "currency: USD": "currency: USD\nenvironments: {local: {store: sqlite:///x.db}}"
            }
        },
        {"meters/calls.yaml": {"{status: {lt: 500}}": "{status: {lt: 500.0}}"}},
    ],
)
def test_pitfall_e59_writing_it_differently_changes_the_source_digest_only(
    changes: dict[str, str | dict[str, str] | None],
) -> None:
    assert book(changes).digest == book({}).digest
    assert book(changes).source_digest != book({}).source_digest


@pytest.mark.parametrize(
    "changes",
    [
        {RULE: {"amount: 2}": "amount: 2.000001}"}},
        {"specs/policy.yaml": "policy_change: {refuse: true}\n"},
        {"specs/costs.yaml": "contract: 2\n"},
        {RULE: {"{amount: 1}": "{amount: 1, flat: 1}"}},
        {RULE: {"graduated": "graduated\n  flat_at_zero: true"}},
        {RULE: {'"{{ chain }}: ': '"{{ chain }}; '}},
        {RULE: {"lines_by: [chain]\n": "lines_by: [chain, network]\n"}},
        {
            "plans/pro.yaml": {
                "amount: 10": "amount: {versions: [{value: 10}, {from: 2026-05-01, value: 10}]}"
            }
        },
        {"plans/pro.yaml": {"included: 50": "included: 51"}},
        {"plans/pro.yaml": {"amount: 10": "amount: {USD: 10}"}},
        {"contracts/acme.yaml": {"org_acme": "org_acne"}},
        {"contracts/acme.yaml": {"2026-01-01": "2026-01-02"}},
        {"contracts/acme.yaml": {"2026-01-01": "2026-01-01\nsink: {stripe_customer: cus_1}"}},
        {"meters/calls.yaml": {"lt: 500": "lte: 500"}},
        {"specs/world.yaml": {"Europe/Berlin": "Europe/Paris"}},
        {"specs/world.yaml": {"sink: stripe": "sink: stripe\nrounding: {mode: up}"}},
        {"specs/book.yaml": {"name: small": "name: smaller"}},
        {"sinks/stripe.yaml": {"STRIPE_KEY": "STRIPE"}},
    ],
)
def test_pitfall_e59_meaning_something_else_changes_both(
    changes: dict[str, str | dict[str, str] | None],
) -> None:
    assert book(changes).digest != book({}).digest
    assert book(changes).source_digest != book({}).source_digest


def test_the_order_of_files_has_no_meaning() -> None:
    files = broken({})
    loaded = load(dict(reversed(list(files.items()))))

    assert loaded.book is not None
    assert loaded.book.digest == book({}).digest
    assert loaded.book.source_digest == book({}).source_digest


def test_digests_are_those_of_any_other_machine() -> None:
    assert book({}).digest == "sha256:72ef0c3b3472d490e28228a808fb128992b9067870f7b8078b4c2359f652a222"
