"""The pitfalls of billing that a book is checked for, by their numbers, where no other test has the number."""

import pytest

from ratebook.book import Book, load
from ratebook.book.model import PerUnit
from ratebook.book.reader import read_yaml
from tests.book.small_book import broken, check

RULE, PLAN, CONTRACT = "specs/rating/calls.yaml", "plans/pro.yaml", "contracts/acme.yaml"


def codes(changes: dict[str, str | dict[str, str] | None]) -> list[str]:
    return [line.split()[1] for line in check(changes)]


def good(changes: dict[str, str | dict[str, str] | None]) -> Book:
    loaded = load(broken(changes))
    assert loaded.book is not None, loaded.findings
    return loaded.book


@pytest.mark.parametrize("org", ["org_e\u0301", "org\u200b", '"org "', '" org"', '"org\\n"'])
def test_pitfall_b19_ids_that_look_the_same_are_the_same(org: str) -> None:
    assert codes({CONTRACT: {"org_acme": org}}) in (["RB108"], ["RB206"])


def test_pitfall_b20_a_gb_is_not_a_gib() -> None:
    of_bytes: dict[str, str | dict[str, str] | None] = {
        "meters/calls.yaml": {"unit: call": "unit: byte"},
        RULE: {"lines_by": "unit: GB\nlines_by"},
    }

    assert codes(of_bytes) == ["RB306"]
    assert check({**of_bytes, RULE: {"lines_by": "convert: {to: GB}\nlines_by"}}) == []


def test_pitfall_b21_a_price_says_for_how_many_units_it_is() -> None:
    assert codes({PLAN: {"included: 50": "price: {amount: 3}"}}) == ["RB202"]
    assert codes({PLAN: {"included: 50": "price: 3"}}) == ["RB209"]


@pytest.mark.parametrize("time", ["2026-03-29T02:30:00", "2026-10-25T02:30:00", "2026-10-25T02:30"])
def test_pitfall_d39_times_that_clocks_skip_or_repeat_carry_their_offset(time: str) -> None:
    assert codes({CONTRACT: {"2026-01-01": time}}) == ["RB208"]
    assert codes({CONTRACT: {"2026-01-01": f"{time}+01:00"}}) == []


def test_pitfall_d45_a_contract_ends_after_it_starts() -> None:
    assert codes({CONTRACT: {"start: 2026-01-01": "start: 2026-01-02\nend: 2026-01-01"}}) == ["RB310"]
    assert codes({CONTRACT: {"start: 2026-01-01": "start: 2026-01-01\nend: 2026-01-01"}}) == ["RB310"]
    assert codes({CONTRACT: {"start: 2026-01-01": "start: 2026-01-01\nend: 2026-01-02"}}) == []


def test_pitfall_d47_a_leap_second_is_refused() -> None:
    assert codes({CONTRACT: {"2026-01-01": "2016-12-31T23:59:60Z"}}) == ["RB207"]


def test_pitfall_e53_two_prices_for_one_event_are_refused_with_their_place() -> None:
    twice: dict[str, str | dict[str, str] | None] = {
        PLAN: {"  - {rating: calls, included: 50}": "  - {rating: calls}\n  - {rating: others}"},
        RULE: {"lines_by: [chain]": "lines_by: [chain]\nwhere: {network: main}"},
        "specs/rating/others.yaml": "meter: calls\nwhere: {chain: eth}\nprice: {amount: 1, per: 1}\n",
    }

    assert check(twice) == [
        "plans/pro.yaml:6:5 RB314 events of the meter `calls` would be billed by `calls` and by `others`"
    ]


def test_lago_5916_equal_conditions_would_bill_an_event_twice_and_narrower_ones_do_not() -> None:
    rule = "meter: calls\nwhere: {{chain: {chains}}}\nprice: {{amount: 1, per: 1}}\n"
    charges = {"  - {rating: calls, included: 50}": "  - {rating: calls}\n  - {rating: others}"}

    for others, expected in (("[eth, sol]", []), ("[eth]", ["RB314"]), ("[sol, ton]", [])):
        changes: dict[str, str | dict[str, str] | None] = {
            PLAN: charges,
            RULE: rule.format(chains="eth"),
            "specs/rating/others.yaml": rule.format(chains=others),
        }
        assert codes(changes) == expected


def test_pitfall_e54_a_subject_has_one_contract_at_a_time() -> None:
    later = "org: org_acme\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-06-01\n"

    assert codes({"contracts/beta.yaml": later}) == ["RB309"]
    ended: dict[str, str | dict[str, str] | None] = {
        CONTRACT: {"start: 2026-01-01": "start: 2026-01-01\nend: 2026-06-01"},
        "contracts/beta.yaml": later,
    }
    assert codes(ended) == []


@pytest.mark.parametrize("file", ["meters/calls.yaml", RULE, PLAN, "specs/world.yaml"])
def test_pitfall_e57_what_a_contract_needs_cannot_be_deleted(file: str) -> None:
    assert "RB301" in codes({file: None})


def test_pitfall_e58_a_price_of_zero_is_said_and_a_missing_one_refused() -> None:
    assert codes({RULE: "meter: calls\n"}) == ["RB319"]
    assert codes({RULE: "meter: calls\nprice: free\n"}) == []
    book = good({RULE: "meter: calls\nprice: {amount: 0, per: 1}\n"})
    price = book.rules["calls"].price
    assert price is not None
    assert isinstance(price.versions[0].value, PerUnit)


def test_pitfall_f61_the_cliff_of_a_volume_price_is_a_warning() -> None:
    tiers = "[{up_to: 1_000, amount: 0.010}, {amount: 0.008}]"
    changes: dict[str, str | dict[str, str] | None] = {
        RULE: f"meter: calls\nprice: {{model: volume, per: 1, tiers: {tiers}}}\n"
    }

    assert codes(changes) == ["RB316"]
    assert load(broken(changes)).book is not None


def test_pitfall_f63_one_ladder_for_all_usage_unless_pools_are_named() -> None:
    assert good({}).rules["calls"].pool_by == ()


def test_pitfall_f70_a_minimum_above_its_maximum_is_refused() -> None:
    assert codes({PLAN: {"included: 50": "minimum: 20, maximum: 10"}}) == ["RB312"]
    assert codes({PLAN: {"included: 50": "minimum: 10, maximum: 10"}}) == []
    assert codes({CONTRACT: {"plan: pro": "plan: pro\noverrides: {calls: {minimum: 3, maximum: 2}}"}}) == [
        "RB312"
    ]


def test_pitfall_b17_integers_beyond_two_to_the_53_stay_exact() -> None:
    root = read_yaml("x.yaml", b"big: 9007199254740993\n").root
    assert root is not None

    assert root.data == {"big": 9_007_199_254_740_993}
