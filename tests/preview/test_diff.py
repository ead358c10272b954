"""Two books are compared over the same usage: who pays what, why, and what kind of change it is."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from ratebook.book import Book, load
from ratebook.calendar import RunPeriod
from ratebook.fx import RateTable, read_rates
from ratebook.preview.as_if import last_begin
from ratebook.preview.diff import Comparison, Side
from ratebook.preview.document import validated
from ratebook.preview.wording import reach
from tests.oracle.memory_source import MemorySource

FILES = {
    "specs/book.yaml": "syntax: 1\nname: small\ncurrency: USD\nsources:\n  raw:"
    " {subject: org, event_id: id, event_time: at, columns: {chain: string}}\n",
    "specs/world.yaml": "time_zone: UTC\ncurrency: USD\n",
    "meters/calls.yaml": "source: raw\naggregate: count\nunit: call\ndimensions: [chain]\n",
    "specs/rating/calls.yaml": "meter: calls\nprice: {amount: 1, per: 1}\ndescription: Calls\n",
    "plans/pro.yaml": "name: Pro\nfees: [{id: base, name: Base, amount: 10, bill: in_arrears}]\n"
    "charges: [{rating: calls, included: 10}]\n",
    "contracts/acme.yaml": "org: acme\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n",
    "contracts/bolt.yaml": "org: bolt\ntype: hybrid\nspec: world\nplan: pro\nstart: 2026-01-01\n",
}
USAGE = (("acme", 100), ("bolt", 30))


def events(usage: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Give so many calls of each subject, all at one time."""
    at = datetime(2026, 10, 5, 12, tzinfo=UTC)
    return [
        {"id": f"{subject}-{number}", "at": at, "org": subject, "chain": "eth"}
        for subject, count in usage
        for number in range(count)
    ]


def book(files: dict[str, str]) -> Book:
    loaded = load({path: text.encode() for path, text in files.items()})
    assert loaded.book is not None, [str(finding) for finding in loaded.findings]
    return loaded.book


def edited(*edits: tuple[str, str, str]) -> dict[str, str]:
    """Give the files with a text replaced in some of them."""
    files = dict(FILES)
    for path, old, new in edits:
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    return files


def compare(
    first: dict[str, str], second: dict[str, str], *, day: date | None = None, rates: RateTable | None = None
) -> dict[str, Any]:
    return Comparison(
        Side("first", book(first)),
        Side("second", book(second)),
        RunPeriod.parse("2026-10"),
        MemorySource({"raw": events(USAGE)}),
        rates or RateTable(),
        date(2026, 11, 20),
        day,
    ).document()


def money(document: dict[str, Any]) -> dict[str, str]:
    return {
        cause["pointer"]: ", ".join(f"{one['difference']} {one['currency']}" for one in cause["money"])
        for cause in document["causes"]
    }


def bills(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(one["contract"], one["status"], one["was"], one["will_be"]) for one in document["contracts"]]


def test_each_change_carries_what_the_bill_moves_by_when_it_is_made_after_those_before_it() -> None:
    """acme: 90 × 1 + 10 = 100; at 2 a call 190; with 20 included 80 × 2 + 10 = 170. bolt: 30, 50, 30."""
    second = edited(
        ("specs/rating/calls.yaml", "amount: 1", "amount: 2"),
        ("plans/pro.yaml", "included: 10", "included: 20"),
    )
    document = compare(FILES, second)
    assert bills(document) == [("acme", "changed", "100.00", "170.00"), ("bolt", "changed", "30.00", "30.00")]
    assert money(document) == {
        "rating/calls#price/amount": "110.00 USD",
        "plans/pro#charges/0/included": "-40.00 USD",
    }
    assert [one["causes"] for one in document["contracts"]] == [
        [{"cause": 0, "difference": "90.00"}, {"cause": 1, "difference": "-20.00"}],
        [{"cause": 0, "difference": "20.00"}, {"cause": 1, "difference": "-20.00"}],
    ]


def test_equal_books_and_other_formatting_give_an_empty_comparison() -> None:
    written = {
        path: f"# a comment\n{text}".replace("amount: 10,", "amount: 10.0,") for path, text in FILES.items()
    }
    for second in (FILES, written):
        document = compare(FILES, second)
        assert (document["causes"], document["contracts"], document["totals"]) == ([], [], [])


def test_a_price_that_changes_for_all_time_restates_and_one_from_a_later_day_does_not() -> None:
    now = compare(FILES, edited(("specs/rating/calls.yaml", "amount: 1", "amount: 2")))
    assert now["causes"][0]["categories"] == ["price_up", "restating"]
    dated = "price: {per: 1, versions: [{amount: 1}, {from: 2026-12-01, amount: 2}]}"
    later = compare(FILES, edited(("specs/rating/calls.yaml", "price: {amount: 1, per: 1}", dated)))
    assert (later["causes"][0]["categories"], later["causes"][0]["begins"]) == (
        ["forward_only"],
        "2026-12-01",
    )
    assert bills(later) == []


def test_a_later_price_is_seen_as_if_it_held_already() -> None:
    """From December on a call costs 2: over October's usage acme would pay 190 instead of 100, bolt 50."""
    dated = "price: {per: 1, versions: [{amount: 1}, {from: 2026-12-01, amount: 2}]}"
    second = edited(("specs/rating/calls.yaml", "price: {amount: 1, per: 1}", dated))
    document = compare(FILES, second, day=date(2026, 12, 1))
    assert bills(document) == [("acme", "changed", "100.00", "190.00"), ("bolt", "changed", "30.00", "50.00")]
    assert document["causes"][0]["categories"] == ["price_up", "forward_only"]
    too_early = compare(FILES, second, day=date(2026, 11, 30))
    assert (bills(too_early), too_early["causes"][0]["categories"]) == ([], ["forward_only"])


def test_all_changes_of_versions_hold_from_the_last_day_on_which_one_begins() -> None:
    """Those of definitions and of contracts count; when a contract itself begins or ends is no version."""
    first = book(FILES)

    def last(*edits: tuple[str, str, str]) -> date | None:
        return last_begin(first, book(edited(*edits)), date(2026, 11, 1))

    price = "price: {per: 1, versions: [{amount: 1}, {from: 2026-12-01, amount: 2}]}"
    dearer = ("specs/rating/calls.yaml", "price: {amount: 1, per: 1}", price)
    start = "start: 2026-01-01\n"
    assert last(("plans/pro.yaml", "amount: 10", "amount: 11")) is None
    assert last(dearer, ("contracts/bolt.yaml", start, f"{start}end: 2027-06-01\n")) == date(2026, 12, 1)
    own = f"{start}overrides: {{calls: {{included: {{versions: [{{value: 10}}, {{from: 2027-01-01, value: 5}}]}}}}}}\n"
    assert last(dearer, ("contracts/acme.yaml", start, own)) == date(2027, 1, 1)
    comes = {
        **FILES,
        "contracts/coin.yaml": FILES["contracts/bolt.yaml"].replace(start, own).replace("bolt", "coin"),
    }
    assert last_begin(first, book(comes), date(2026, 11, 1)) == date(2027, 1, 1)


def test_what_only_makes_sense_together_is_one_cause() -> None:
    """The plan's charge gets another id, so that acme's override of the old one must go; a new one is its own cause."""
    overridden = "start: 2026-01-01\noverrides: {calls: {included: 50}}\n"
    first = edited(("contracts/acme.yaml", "start: 2026-01-01\n", overridden))
    second = dict(first)
    second["plans/pro.yaml"] = first["plans/pro.yaml"].replace("rating: calls,", "rating: calls, id: api,")
    second["contracts/acme.yaml"] = first["contracts/acme.yaml"].replace(
        "{calls: {included: 50}}", "{api: {included: 40}}"
    )
    document = compare(first, second)
    assert [
        [cause["pointer"], *(one["pointer"] for one in cause["with"])] for cause in document["causes"]
    ] == [
        ["plans/pro#charges/0", "plans/pro#charges/0", "contracts/acme#overrides/calls"],
        ["contracts/acme#overrides/api"],
    ]
    assert bills(document)[0] == ("acme", "changed", "60.00", "70.00")


def test_contracts_that_come_and_go_are_named_as_such() -> None:
    second = {path: text for path, text in FILES.items() if path != "contracts/bolt.yaml"}
    second["contracts/coin.yaml"] = FILES["contracts/bolt.yaml"].replace("org: bolt", "org: coin")
    document = compare(FILES, second)
    assert bills(document) == [("bolt", "gone", "30.00", "0.00"), ("coin", "new", "0.00", "10.00")]
    assert document["usage_changes"]["newly_unbilled"] == [
        {"meter": "calls", "events": 30, "contracts": ["bolt"]}
    ]
    assert [(cause["categories"], cause["begins"]) for cause in document["causes"]] == [
        (["restating"], "2026-01-01"),
        (["restating"], "2026-01-01"),
    ]


def test_a_contract_whose_own_terms_keep_the_change_away_is_named() -> None:
    own = "start: 2026-01-01\noverrides: {calls: {price: {amount: 3, per: 1}}}\n"
    locked = "start: 2026-01-01\nprice_lock: {until: 2027-01-01}\n"
    first = edited(
        ("contracts/acme.yaml", "start: 2026-01-01\n", own),
        ("contracts/bolt.yaml", "start: 2026-01-01\n", locked),
    )
    second = dict(first)
    second["specs/rating/calls.yaml"] = first["specs/rating/calls.yaml"].replace(
        "price: {amount: 1, per: 1}",
        "price: {per: 1, versions: [{amount: 1}, {from: 2026-10-01, amount: 2}]}",
    )
    document = compare(first, second)
    assert {
        one["contract"]: [(by["by"], by["place"]) for by in one["shielded"]] for one in document["contracts"]
    } == {
        "acme": [("override", "contracts/acme.yaml:6")],
        "bolt": [("price_lock", "contracts/bolt.yaml:6")],
    }
    assert document["totals"][0]["difference"] == "0.00"


def test_a_maximum_that_takes_up_the_change_is_named() -> None:
    """Acme's usage costs 90, at most 50; at 2 a call 180, at most 50. bolt's costs 20, then 40."""
    first = edited(("plans/pro.yaml", "included: 10", "included: 10, maximum: 50"))
    second = dict(first)
    second["specs/rating/calls.yaml"] = first["specs/rating/calls.yaml"].replace("amount: 1", "amount: 2")
    document = compare(first, second)
    assert bills(document) == [("bolt", "changed", "30.00", "50.00"), ("acme", "changed", "60.00", "60.00")]
    assert [one["by"] for one in document["contracts"][1]["shielded"]] == ["maximum"]
    assert [(line["kind"], line["difference"]) for line in document["contracts"][1]["lines"]] == [
        ("usage", "90.00"),
        ("maximum", "-90.00"),
    ]


def test_names_and_descriptions_are_cosmetic() -> None:
    document = compare(
        FILES, edited(("specs/rating/calls.yaml", "description: Calls", "description: Requests"))
    )
    assert [cause["categories"] for cause in document["causes"]] == [["cosmetic"]]
    assert bills(document) == []


def test_a_bill_in_another_currency_goes_and_comes() -> None:
    first = edited(
        ("specs/rating/calls.yaml", "amount: 1", "amount: {USD: 1, EUR: 2}"),
        ("plans/pro.yaml", "amount: 10", "amount: {USD: 10, EUR: 20}"),
    )
    second = dict(first)
    second["contracts/bolt.yaml"] = first["contracts/bolt.yaml"] + "currency: EUR\n"
    document = compare(first, second)
    assert [(one["currency"], one["was"], one["will_be"]) for one in document["contracts"]] == [
        ("EUR", "0.00", "60.00"),
        ("USD", "30.00", "0.00"),
    ]
    assert document["causes"][0]["money"] == [
        {"currency": "EUR", "difference": "60.00"},
        {"currency": "USD", "difference": "-30.00"},
    ]


def test_a_plan_that_nobody_is_on_yet_restates_nothing() -> None:
    second = {**FILES, "plans/pro@2.yaml": FILES["plans/pro.yaml"]}
    assert [cause["categories"] for cause in compare(FILES, second)["causes"]] == [["forward_only"]]


def test_a_price_sheet_shows_what_held_before_on_each_day_that_a_price_changes() -> None:
    dated = "price: {per: 1, versions: [{amount: 1}, {from: 2026-12-01, amount: 2}]}"
    second = edited(
        ("specs/rating/calls.yaml", "price: {amount: 1, per: 1}", dated),
        ("plans/pro.yaml", "amount: 10", "amount: 12"),
    )
    assert compare(FILES, second)["price_sheets"] == [
        {
            "plan": "pro",
            "rows": [
                {"item": "base", "was": "10.00", "will_be": "12.00"},
                {"item": "calls: included", "was": "10", "will_be": "10"},
                {"item": "calls", "was": "1.00", "will_be": "1.00"},
                {"item": "calls from 2026-12-01", "was": "1.00", "will_be": "2.00"},
            ],
        }
    ]


def test_a_price_sheet_writes_numbers_for_people() -> None:
    tiers = "price: {model: graduated, per: 1_000, tiers: [{up_to: 100_000, amount: 0.5}, {amount: %s}]}"
    first = edited(("specs/rating/calls.yaml", "price: {amount: 1, per: 1}", tiers % "0.4005"))
    second = edited(("specs/rating/calls.yaml", "price: {amount: 1, per: 1}", tiers % "0.30"))
    [sheet] = compare(first, second)["price_sheets"]
    assert [(row["item"], row["was"], row["will_be"]) for row in sheet["rows"]][2:] == [
        ("calls, tier 1 up to 100,000", "0.50 / 1,000", "0.50 / 1,000"),
        ("calls, tier 2", "0.4005 / 1,000", "0.30 / 1,000"),
    ]


def test_what_changes_in_a_plan_is_called_by_the_id_of_its_fee_or_charge() -> None:
    fee = "{id: base, name: Base, amount: 10, bill: in_arrears}"
    second = edited(
        ("plans/pro.yaml", "included: 10", "included: 20"),
        ("plans/pro.yaml", f"[{fee}]", "[{id: seats, name: Seats, amount: 5}]"),
    )
    causes = compare(FILES, second)["causes"]
    assert [[one["title"] for one in (cause, *cause["with"])] for cause in causes] == [
        ["plans/pro: fee base", "plans/pro: fee seats"],
        ["plans/pro: charge calls, included"],
    ]


def test_another_source_of_exchange_rates_moves_what_is_converted() -> None:
    """The fee of 10 EUR is 11 USD at the one source's 1.10, and 12 USD at the other's 1.20; calls are 90 USD."""
    files = edited(
        ("specs/world.yaml", "currency: USD\n", "currency: USD\nfx: {source: ecb}\n"),
        ("plans/pro.yaml", "amount: 10", "amount: {EUR: 10}"),
    )
    second = {**files, "specs/world.yaml": files["specs/world.yaml"].replace("ecb", "bank")}
    rates, _ = read_rates(
        b"date,source,pair,rate\n2026-10-30,ecb,EUR/USD,1.10\n2026-10-30,bank,EUR/USD,1.20\n", "fx.csv"
    )
    document = compare(files, second, rates=rates)
    assert bills(document)[0] == ("acme", "changed", "101.00", "102.00")
    assert money(document) == {"specs/world#fx/source": "2.00 USD"}


def test_changes_of_entries_are_made_in_order_of_their_names_however_the_file_has_them() -> None:
    """Calls are 90 and both fees 20: a minimum of 160 takes up 30 of the first rise of 40."""
    plan = FILES["plans/pro.yaml"].replace(
        "bill: in_arrears}]", "bill: in_arrears}, {id: also, name: Also, amount: 10}]"
    )
    files = {**FILES, "plans/pro.yaml": f"{plan}minimum: {{amount: 160, applies_to: [usage, fee]}}\n"}

    def overridden(amount: int, names: tuple[str, str]) -> dict[str, str]:
        own = ", ".join(f"{name}: {{amount: {amount}}}" for name in names)
        return {**files, "contracts/acme.yaml": f"{files['contracts/acme.yaml']}overrides: {{{own}}}\n"}

    for names in (("also", "base"), ("base", "also")):
        document = compare(overridden(20, names), overridden(60, names))
        assert money(document) == {
            "contracts/acme#overrides/also/amount": "10.00 USD",
            "contracts/acme#overrides/base/amount": "40.00 USD",
        }


def test_another_condition_is_one_change() -> None:
    first, second = (
        edited(("meters/calls.yaml", "unit: call\n", f"unit: call\nwhere: {{chain: {condition}}}\n"))
        for condition in ("{in: [eth]}", "{not_in: [eth]}")
    )
    document = compare(first, second)
    assert money(document) == {"meters/calls#where/chain": "-110.00 USD"}


def test_a_condition_on_a_column_that_is_called_name_is_no_text() -> None:
    files = edited(("specs/book.yaml", "{chain: string}", "{chain: string, name: string}"))
    second = {**files, "meters/calls.yaml": f"{files['meters/calls.yaml']}where: {{name: {{in: [x]}}}}\n"}
    (cause,) = compare(files, second)["causes"]
    assert cause["categories"] == ["price_down", "restating"]


def test_another_price_of_a_fee_that_is_called_name_is_no_text() -> None:
    plan = FILES["plans/pro.yaml"].replace("id: base", "id: name")
    first, second = (
        {
            **FILES,
            "plans/pro.yaml": plan,
            "contracts/acme.yaml": f"{FILES['contracts/acme.yaml']}overrides: {{name: {{amount: {amount}}}}}\n",
        }
        for amount in (1, 2)
    )
    (cause,) = compare(first, second)["causes"]
    assert cause["categories"] == ["price_up", "restating"]


def test_another_currency_is_neither_dearer_nor_cheaper() -> None:
    """30 USD were billed to bolt, and 25 EUR are."""
    files = edited(
        ("specs/world.yaml", "currency: USD\n", "currency: USD\nfx: {source: ecb}\n"),
    )
    second = {**files, "contracts/bolt.yaml": f"{files['contracts/bolt.yaml']}currency: EUR\n"}
    rates, _ = read_rates(b"date,source,pair,rate\n2026-10-30,ecb,EUR/USD,1.20\n", "fx.csv")
    (cause,) = (document := compare(files, second, rates=rates))["causes"]
    assert cause["categories"] == ["mixed", "restating"]
    assert money(document) == {"contracts/bolt#currency": "25.00 EUR, -30.00 USD"}
    assert reach(validated(document)) == "2 contracts compared, 1 touched, 1 moved"


def test_as_if_names_what_begins_after_the_day_beside_a_rule_whose_name_begins_alike() -> None:
    """`calls-more` begins as `calls` does, which changes as well, and is another rule."""
    rule = FILES["specs/rating/calls.yaml"]
    files = {**FILES, "specs/rating/calls-more.yaml": rule}
    later = rule.replace(
        "{amount: 1, per: 1}", "{per: 1, versions: [{amount: 1}, {from: 2027-01-01, amount: 9}]}"
    )
    second = {
        **files,
        "specs/rating/calls.yaml": rule.replace("amount: 1", "amount: 2"),
        "specs/rating/calls-more.yaml": later,
    }
    document = compare(files, second, day=date(2026, 12, 1))
    assert [one["pointer"] for one in document["causes"]] == [
        "rating/calls#price/amount",
        "rating/calls-more#price/versions/1/amount",
    ]


def test_a_commitment_that_is_new_shields_from_nothing() -> None:
    """A contract that pays 100 pays 910 more for the 1,000 that it promises, of which nothing is taken up."""
    own = "commitments: [{id: floor, amount: 1000, every: period}]\n"
    second = {**FILES, "contracts/acme.yaml": FILES["contracts/acme.yaml"] + own}
    (contract,) = compare(FILES, second)["contracts"]
    assert (contract["difference"], contract["shielded"]) == ("910.00", [])


def test_a_source_that_is_read_otherwise_is_told_as_usage_is_measured_once() -> None:
    settings = FILES["specs/book.yaml"]
    other = {
        **FILES,
        "specs/book.yaml": settings.replace("event_time: at,", "event_time: at, dedupe: trusted,"),
    }
    more = {**FILES, "specs/book.yaml": settings.replace("{chain: string}", "{chain: string, path: string}")}
    assert [one["code"] for one in compare(FILES, other)["findings"]] == ["RB610"]
    assert [one["code"] for one in compare(more, FILES)["findings"]] == ["RB610"]
    assert compare(FILES, more)["findings"] == []


def test_a_table_that_is_new_all_over_is_one_change() -> None:
    """All 130 calls are of eth, whose factor of 1 becomes 2; 60 others change as well."""

    def files(factor: int) -> dict[str, str]:
        values = ", ".join(f"{chain}: {factor}" for chain in ("eth", *(f"c{number}" for number in range(60))))
        rule = FILES["specs/rating/calls.yaml"] + "multiply_by: [weights]\n"
        table = f"by: [chain]\nvalues: {{{values}}}\n"
        return {**FILES, "specs/rating/calls.yaml": rule, "specs/multipliers/weights.yaml": table}

    assert money(compare(files(1), files(2))) == {"multipliers/weights": "130.00 USD"}


def test_a_currency_that_a_bill_has_only_on_the_way_adds_up_to_nothing() -> None:
    """Acme's spec goes from dollars to euros, and acme itself to lira: 110 in dollars, 220 in euros, 330 in lira."""
    listed = "amount: {USD: 1, EUR: 2, TRY: 3}"
    first = edited(
        ("specs/rating/calls.yaml", "amount: 1", listed),
        ("plans/pro.yaml", "amount: 10", "amount: {USD: 20, EUR: 40, TRY: 60}"),
    )
    second = dict(first)
    second["specs/world.yaml"] = first["specs/world.yaml"].replace("currency: USD", "currency: EUR")
    second["contracts/acme.yaml"] = first["contracts/acme.yaml"] + "currency: TRY\n"
    second.pop("contracts/bolt.yaml")
    first.pop("contracts/bolt.yaml")
    document = compare(first, second)
    assert {
        one["currency"]: (one["was"], one["will_be"], [share["difference"] for share in one["causes"]])
        for one in document["contracts"]
    } == {
        "USD": ("110.00", "0.00", ["-110.00"]),
        "EUR": ("0.00", "0.00", ["220.00", "-220.00"]),
        "TRY": ("0.00", "330.00", ["330.00"]),
    }
