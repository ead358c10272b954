"""Plans that contracts of an earlier book are on: what a later book may change about them, and what not."""

import pytest

from ratebook.book import Loaded, load
from ratebook.book.published import check_published
from tests.book.small_book import BOOK, broken, found

PLAN = BOOK["plans/pro.yaml"]
DATED = PLAN.replace("amount: 10", "amount: {versions: [{value: 10}, {from: 2026-06-01, value: 12}]}")
IS = "the plan `pro` is published, as acme is on it, and"


def compared(plan: str, earlier: str = PLAN) -> Loaded:
    return against(load(broken({"plans/pro.yaml": plan})), load(broken({"plans/pro.yaml": earlier})))


def against(new: Loaded, old: Loaded) -> Loaded:
    assert old.book is not None
    return check_published(new, old.book)


@pytest.mark.parametrize(
    ("plan", "earlier"),
    [
        (PLAN, PLAN),
        (PLAN.replace("amount: 10", "amount: 10.0"), PLAN),
        (DATED, PLAN),
        (DATED.replace("value: 12}", "value: 12}, {from: 2027-01-01, value: 15}"), DATED),
        (
            PLAN.replace(
                "included: 50", "included: {versions: [{value: 50}, {from: 2026-07-01, value: 60}]}"
            ),
            PLAN,
        ),
    ],
)
def test_a_plan_may_get_later_versions(plan: str, earlier: str) -> None:
    loaded = compared(plan, earlier)
    assert found(loaded) == []
    assert loaded.book is not None


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (("amount: 10", "amount: 11"), f"plans/pro.yaml:3:40 RB344 {IS} `amount` was 10 and is 11"),
        (("included: 50", "included: 40"), f"plans/pro.yaml:5:31 RB344 {IS} `included` was 50 and is 40"),
        (
            (", amount: 10", ", bill: in_advance, amount: 10"),
            f"plans/pro.yaml:3:38 RB344 {IS} `bill` was in_arrears and is in_advance",
        ),
        (
            ("included: 50", "included: 50, minimum: 5"),
            f"plans/pro.yaml:5:44 RB344 {IS} `minimum` was not given and is 5",
        ),
        (
            ("charges:", "  - {id: more, name: More, amount: 1}\ncharges:"),
            f"plans/pro.yaml:4:5 RB344 {IS} `more` is new",
        ),
        (("id: base", "id: basis"), f"plans/pro.yaml:2:1 RB344 {IS} `base` is gone"),
    ],
)
def test_nothing_else_may_change(change: tuple[str, str], finding: str) -> None:
    loaded = compared(PLAN.replace(*change))
    assert finding in "\n".join(found(loaded))
    assert loaded.book is None


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("{from: 2026-06-01, value: 12}", "{from: 2026-06-01, value: 13}"), "`amount` was 12 and is 13"),
        (
            ("{from: 2026-06-01", "{from: 2026-05-01, value: 11}, {from: 2026-06-01"),
            "a version of `amount` began at 2026-06-01 and begins at 2026-05-01",
        ),
        ((", {from: 2026-06-01, value: 12}", ""), "a version of `amount` is gone"),
    ],
)
def test_versions_that_are_there_stay(change: tuple[str, str], what: str) -> None:
    assert what in "\n".join(found(compared(DATED.replace(*change), DATED)))


def test_a_published_plan_is_not_deleted() -> None:
    moved = {"plan: pro": "plan: new"}
    new = load(broken({"plans/pro.yaml": None, "plans/new.yaml": PLAN, "contracts/acme.yaml": moved}))
    assert found(against(new, load(broken({})))) == [f"RB344 {IS} is gone"]


def test_a_plan_that_no_contract_is_on_may_change() -> None:
    other = {"plans/idle.yaml": "name: Idle\nfees: [{id: f, name: F, amount: 1}]\n"}
    old = load(broken(other))  # type: ignore[arg-type]
    new = load(broken({"plans/idle.yaml": other["plans/idle.yaml"].replace("amount: 1", "amount: 2")}))
    assert [one.code for one in against(new, old).findings] == ["RB315"]


def test_plans_of_phases_are_published_too() -> None:
    starter = "name: S\nfees: [{id: base, name: B, amount: 1}]\n"
    phases = {"plan: pro": "plan: pro\nphases: [{until: 2026-05-01, plan: starter}]"}
    old = load(broken({"plans/starter.yaml": starter, "contracts/acme.yaml": phases}))
    new = load(
        broken(
            {"plans/starter.yaml": starter.replace("amount: 1", "amount: 2"), "contracts/acme.yaml": phases}
        )
    )
    assert [one.code for one in against(new, old).findings] == ["RB344"]
