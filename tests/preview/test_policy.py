"""The verdict of a policy on literal differences of two books."""

from datetime import date
from typing import Any

import pytest

from ratebook.book.model import Policy
from ratebook.preview.document import validated
from ratebook.preview.policy import verdict
from tests.builders import yaml
from tests.preview.documents import DOCUMENTS

TODAY = date(2026, 11, 25)


def cause(**said: Any) -> dict[str, Any]:
    """Make a cause: a tier's amount that falls for all time, for one contract."""
    return {
        "pointer": "rating/calls#price/tiers/1/amount",
        "place": "specs/rating/calls.yaml:7",
        "title": "rating/calls: price, tier 2, amount",
        "was": "0.45",
        "now": "0.40",
        "with": [],
        "categories": ["price_down"],
        "begins": None,
        "contracts": 1,
        "money": [],
        **said,
    }


def contract(name: str, was: str, difference: str, *causes: int, **said: Any) -> dict[str, Any]:
    """Make a contract whose bill moves by the causes, all of it by the first."""
    shares = [{"cause": one, "difference": difference if one == causes[0] else "0.00"} for one in causes]
    return {
        "contract": name,
        "plan": "pro",
        "currency": "USD",
        "status": "changed",
        "was": was,
        "difference": difference,
        "causes": shares,
        **said,
    }


def difference(
    *contracts: dict[str, Any], causes: tuple[dict[str, Any], ...] = (), totals: Any = ()
) -> dict[str, Any]:
    return {"contracts": list(contracts), "causes": list(causes or (cause(),)), "totals": list(totals)}


def total(was: str, difference: str, up: int = 0, down: int = 1, currency: str = "USD") -> dict[str, Any]:
    return {"currency": currency, "was": was, "difference": difference, "up": up, "down": down}


def judged(policy: str, document: dict[str, Any], **more: Any) -> list[str]:
    """Give the verdict, and each rule as `rule verdict: message`."""
    found = verdict(Policy.model_validate(yaml(policy)), document, TODAY, **more)
    rules = [f"{one['rule']} {one['verdict']}: {one['message']}" for one in found["rules"]]
    return [found["verdict"], *rules]


FIVE = "thresholds: {one: {of: contract, over_percent: 5, needs: [finance]}}"


def test_without_a_policy_everything_is_allowed() -> None:
    assert verdict(Policy(), difference(contract("acme", "10.00", "-9.00", 0)), TODAY) == {
        "verdict": "allowed",
        "rules": [],
    }


def test_a_rule_says_who_must_agree_and_to_what() -> None:
    policy = Policy.model_validate(yaml(FIVE))
    document = difference(contract("acme", "49.00", "-4.00", 0))

    assert verdict(policy, document, TODAY, places=lambda pointer: f"{pointer}!") == {
        "verdict": "needs_approval",
        "rules": [
            {
                "rule": "thresholds/one",
                "pointer": "specs/policy#thresholds/one",
                "place": "specs/policy#thresholds/one!",
                "verdict": "needs_approval",
                "needs": ["finance"],
                "message": "acme pays 8.16 percent (4.00 USD) less, over 5 percent",
                "contracts": ["acme"],
                "causes": [0],
                "permitted_by": None,
            }
        ],
    }


def test_a_bound_belongs_to_what_is_allowed_and_is_compared_exactly() -> None:
    assert judged(FIVE, difference(contract("acme", "100.00", "5.00", 0))) == ["allowed"]
    assert judged(FIVE, difference(contract("acme", "99999.90", "5000.00", 0))) == [
        "needs_approval",
        "thresholds/one needs_approval: acme pays 5 percent (5000.00 USD) more, over 5 percent",
    ]


@pytest.mark.parametrize(("direction", "difference_", "met"), [
    ("rise", "9.00", True), ("rise", "-9.00", False), ("fall", "-9.00", True), ("fall", "9.00", False),
    ("either", "9.00", True), ("either", "-9.00", True), ("either", "0.00", False),
])  # fmt: skip
def test_a_threshold_may_be_for_one_direction(direction: str, difference_: str, met: bool) -> None:
    policy = f"thresholds: {{one: {{of: contract, direction: {direction}, over_percent: 5, refuse: true}}}}"

    found = judged(policy, difference(contract("acme", "100.00", difference_, 0)))

    assert found[0] == ("refused" if met else "allowed")


def test_of_a_percent_and_an_amount_both_must_be_exceeded() -> None:
    policy = "thresholds: {one: {of: contract, over_percent: 5, over_amount: 10, needs: [finance]}}"

    assert judged(policy, difference(contract("small", "1.00", "9.00", 0))) == ["allowed"]
    assert judged(policy, difference(contract("large", "1000.00", "40.00", 0))) == ["allowed"]
    assert judged(policy, difference(contract("both", "100.00", "10.01", 0))) == [
        "needs_approval",
        "thresholds/one needs_approval: both pays 10.01 percent (10.01 USD) more, over 5 percent and 10 USD",
    ]


def test_a_currency_that_is_not_listed_is_over_an_amount_with_any_change() -> None:
    policy = "thresholds: {one: {of: contract, over_amount: {EUR: 100}, needs: [finance]}}"

    assert judged(policy, difference(contract("acme", "9.00", "0.01", 0)))[0] == "needs_approval"
    assert judged(policy, difference(contract("acme", "9.00", "50.00", 0, currency="EUR"))) == ["allowed"]


def test_where_nothing_was_paid_any_change_is_over_a_percent_but_not_for_a_new_contract() -> None:
    free = contract("acme", "0.00", "3.00", 0)

    assert judged(FIVE, difference(free))[1:] == [
        "thresholds/one needs_approval: acme pays 3.00 USD more than nothing, over 5 percent"
    ]
    assert judged(FIVE, difference({**free, "status": "new"})) == ["allowed"]
    gone = contract("acme", "50.00", "-50.00", 0, status="gone")
    assert judged(FIVE, difference(gone))[0] == "needs_approval"


def test_the_total_of_a_currency_is_judged_by_itself() -> None:
    policy = "thresholds: {all: {of: total, over_percent: 2, needs: [finance, pricing]}}"
    one, other = contract("a", "100.00", "-3.00", 0), contract("b", "900.00", "20.00", 0, currency="EUR")
    totals = [total("100.00", "-3.00"), total("900.00", "20.00", 1, 0, "EUR")]

    found = verdict(Policy.model_validate(yaml(policy)), difference(one, other, totals=totals), TODAY)

    assert [(rule["message"], rule["needs"], rule["contracts"]) for rule in found["rules"]] == [
        (
            "together the customers billed in USD pay 3 percent (3.00 USD) less, over 2 percent; and 1 more",
            ["finance", "pricing"],
            ["a", "b"],
        )
    ]


def test_many_contracts_are_one_rule() -> None:
    document = difference(*(contract(f"c{number}", "10.00", "5.00", 0) for number in range(3)))

    assert judged(FIVE, document)[1:] == [
        "thresholds/one needs_approval: c0 pays 50 percent (5.00 USD) more, over 5 percent; and 2 more"
    ]


def test_a_category_asks_for_roles_of_its_own_and_the_gravest_verdict_counts() -> None:
    policy = "categories: {price_down: {needs: [pricing]}, restating: {refuse: true}, mixed: {refuse: true}}"
    document = difference(causes=(cause(categories=["price_down", "restating"]),))

    assert judged(policy, document) == [
        "refused",
        "categories/price_down needs_approval: rating/calls: price, tier 2, amount lowers prices",
        "categories/restating refused: rating/calls: price, tier 2, amount changes what closed periods come to",
    ]


BACK = "back_dating: {started: {refuse: true}, past: {needs: [finance]}, without_reference: {needs: [audit]}}"


@pytest.mark.parametrize(("said", "rules"), [
    ({}, ["started", "without_reference"]),
    ({"reference": "PRICE-9"}, ["started"]),
    ({"pointer": "rating/calls#price/versions/1/amount", "begins": "2026-11-25"}, ["started", "without_reference"]),
    ({"pointer": "rating/calls#price/versions/1/amount", "begins": "2026-11-26"}, []),
    ({"pointer": "rating/calls#price", "begins": "2026-12-01", "categories": ["forward_only"]}, []),
    ({"adds_version": True, "begins": "2026-07-01T00:00:00+03:00"}, ["past", "without_reference"]),
    ({"adds_version": True, "begins": "2026-07-01", "reference": "PRICE-9"}, ["past"]),
    ({"was": None, "begins": "2026-07-01"}, ["past", "without_reference"]),
    ({"was": None, "categories": ["restating"]}, ["past", "without_reference"]),
    ({"was": None, "pointer": "contracts/new"}, []),
    ({"now": None, "pointer": "plans/pro"}, ["started", "without_reference"]),
    ({"was": None, "now": "2026-12-31", "pointer": "contracts/acme#end"}, []),
    ({"was": "2027-01-01", "now": "2026-12-31", "pointer": "contracts/acme#discounts/0/until"}, []),
    ({"was": "2027-01-01", "now": "2026-11-01", "pointer": "contracts/acme#end"}, ["started", "without_reference"]),
    ({"was": "2027-01-01", "now": None, "pointer": "contracts/acme#end"}, ["started", "without_reference"]),
    ({"categories": ["cosmetic"], "pointer": "plans/pro#name"}, []),
])  # fmt: skip
def test_what_has_started_may_only_be_ended_and_the_past_needs_a_reason(
    said: dict[str, Any], rules: list[str]
) -> None:
    found = verdict(Policy.model_validate(yaml(BACK)), difference(causes=(cause(**said),)), TODAY)

    assert [one["rule"] for one in found["rules"]] == [f"back_dating/{rule}" for rule in rules]


ROLES = "roles: {finance: {approvers: [mia@rpc.example]}}"


def test_a_change_of_the_policy_is_refused_unless_it_names_who_may() -> None:
    moved = difference(causes=(cause(pointer="specs/policy#roles/finance/approvers", categories=[]),))

    assert judged(ROLES, moved) == [
        "refused",
        "policy_change refused: specs/policy.yaml changes, and it has no `policy_change` that says who may",
    ]
    assert judged(f"policy_change: {{needs: [finance]}}\n{ROLES}", moved) == [
        "needs_approval",
        "policy_change needs_approval: specs/policy.yaml changes",
    ]


def test_a_change_of_the_policy_is_seen_in_the_policies_too() -> None:
    assert judged(ROLES, difference(), head=Policy())[0] == "refused"
    assert judged(ROLES, difference(), head=Policy.model_validate(yaml(ROLES))) == ["allowed"]


def test_a_book_whose_policy_says_nothing_may_get_one() -> None:
    moved = difference(causes=(cause(pointer="specs/policy", was=None, categories=[]),))

    assert verdict(Policy(), moved, TODAY, head=Policy.model_validate(yaml(ROLES)))["verdict"] == "allowed"


def permitted(scope: str, document: dict[str, Any], rule: str = FIVE, expires: str = "2026-11-26") -> str:
    name = "categories/price_down" if rule.startswith("categories") else "thresholds/one"
    permission = f"{{rule: {name}, {scope}, reason: CRM-1, by: mia@rpc.example, expires: {expires}}}"
    return judged(f"{rule}\npermissions: [{permission}]", document)[0]


def test_a_permission_lets_one_contract_through_and_says_why() -> None:
    permission = (
        "{rule: thresholds/one, contract: acme, reason: CRM-1, by: mia@rpc.example, expires: 2026-11-26}"
    )
    policy = Policy.model_validate(yaml(f"{FIVE}\npermissions: [{permission}]"))
    document = difference(contract("acme", "49.00", "-4.00", 0), contract("bolt", "49.00", "-4.00", 0))

    found = verdict(policy, document, TODAY)

    assert found["verdict"] == "needs_approval"
    assert [(one["contracts"], one["needs"], one["permitted_by"]) for one in found["rules"]] == [
        (["bolt"], ["finance"], None),
        (["acme"], [], "CRM-1 (mia@rpc.example, until 2026-11-26)"),
    ]


@pytest.mark.parametrize(("scope", "expires", "verdict_"), [
    ("contract: acme", "2026-11-26", "allowed"),
    ("contract: acme", "2026-11-25", "needs_approval"),
    ("contract: bolt", "2026-11-26", "needs_approval"),
    ("plan: pro", "2026-11-26", "allowed"),
    ("plan: pro@2", "2026-11-26", "needs_approval"),
    ("plan: pro, contract: bolt", "2026-11-26", "needs_approval"),
    ("pointer: rating/calls", "2026-11-26", "allowed"),
    ("pointer: rating/calls#price", "2026-11-26", "allowed"),
    ("pointer: rating/call", "2026-11-26", "needs_approval"),
    ("pointer: plans/pro", "2026-11-26", "needs_approval"),
])  # fmt: skip
def test_a_permission_is_scoped_and_expires(scope: str, expires: str, verdict_: str) -> None:
    document = difference(contract("acme", "49.00", "-4.00", 0))

    assert permitted(scope, document, expires=expires) == verdict_


def test_a_permission_for_one_cause_does_not_cover_a_contract_that_another_moves_too() -> None:
    mover = contract("acme", "49.00", "-4.00", 0, 1)
    mover["causes"][1]["difference"] = "-1.00"
    document = difference(mover, causes=(cause(), cause(pointer="plans/pro#fees/0/amount")))

    assert permitted("pointer: rating/calls", document) == "needs_approval"


def test_a_permission_for_a_contract_covers_a_cause_only_where_it_touches_no_other() -> None:
    rule = "categories: {price_down: {refuse: true}}"
    acme = contract("acme", "49.00", "-4.00", 0)

    assert permitted("contract: acme", difference(acme), rule) == "allowed"
    more = difference(acme, causes=(cause(contracts=2),))
    assert permitted("contract: acme", more, rule) == "refused"
    own = difference(causes=(cause(pointer="contracts/acme#discounts/0/percent"),))
    assert permitted("contract: acme", own, rule) == "allowed"


EVERYTHING = """
thresholds:
  one: {of: contract, over_percent: 0, over_amount: {USD: 1}, needs: [finance]}
  all: {of: total, direction: fall, over_amount: 0, refuse: true}
categories:
  price_up: {needs: [pricing]}
  price_down: {needs: [pricing]}
  mixed: {needs: [pricing]}
  restating: {needs: [finance]}
  forward_only: {needs: [pricing]}
  cosmetic: {needs: [pricing]}
back_dating: {started: {needs: [finance]}, past: {needs: [finance]}, without_reference: {needs: [finance]}}
policy_change: {needs: [finance]}
permissions:
  - {rule: thresholds/all, pointer: rating, reason: CRM-1, by: mia@rpc.example, expires: 2027-01-01}
  - {rule: categories/restating, plan: pro, reason: CRM-1, by: mia@rpc.example, expires: 2027-01-01}
"""


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("day", [date(2020, 1, 1), TODAY, date(2030, 1, 1)])
def test_every_rule_has_a_verdict_on_every_document(document: dict[str, Any], day: date) -> None:
    policy = Policy.model_validate(yaml(EVERYTHING))

    judged_ = verdict(policy, document, day, head=Policy())

    assert judged_ == verdict(policy, document, day, head=Policy())
    read: Any = validated({**document, "policy": judged_})
    assert read["policy"] == judged_
    assert "policy_change" in [rule["rule"] for rule in judged_["rules"]]
