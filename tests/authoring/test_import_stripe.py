"""`ratebook import stripe`: an export in, a book out that bills what Stripe would, and a word on everything else."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.authoring.stripe.book import Imported, import_book
from ratebook.authoring.stripe.export import ExportError, read_export
from ratebook.book import load
from ratebook.findings import has_errors
from tests.example import ratebook

EXPORT = Path(__file__).parent / "stripe.json"


def product(**fields: Any) -> dict[str, Any]:
    return {"id": "prod_1", "object": "product", "active": True, "name": "Pro", **fields}


def price(**fields: Any) -> dict[str, Any]:
    """Make a price of 49 dollars a month."""
    return {
        "id": "price_1",
        "object": "price",
        "active": True,
        "product": "prod_1",
        "type": "recurring",
        "billing_scheme": "per_unit",
        "currency": "usd",
        "unit_amount": 4900,
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        **fields,
    }


def metered(**fields: Any) -> dict[str, Any]:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "metered", "meter": "mtr_1"}
    return price(**{"id": "price_2", "unit_amount": 1, "recurring": recurring, **fields})


def meter(**fields: Any) -> dict[str, Any]:
    formula = {"default_aggregation": {"formula": "sum"}}
    return {
        "id": "mtr_1",
        "object": "billing.meter",
        "display_name": "Calls",
        "event_name": "calls",
        **formula,
        **fields,
    }


def imported(*objects: Any) -> Imported:
    export = read_export([("export.json", json.dumps(objects).encode())])
    return import_book(export, "ours")


def test_a_fee_and_the_usage_beside_it_are_a_plan() -> None:
    made = imported(product(), price(lookup_key="pro_monthly"), metered(nickname="Calls"), meter())
    assert made.lost == []
    assert made.files["plans/pro_monthly.yaml"] == (
        """\
# yaml-language-server: $schema=../specs/schema/plan.schema.json
#
# Stripe: product prod_1.
name: Pro
cycle: {every: month, anchor: contract_start}
fees:
  # price_1
  - {id: pro_monthly, name: Pro, amount: 49, bill: in_advance, prorate: seconds}
charges:
  # price_2
  - {rating: pro-calls}
"""
    )
    assert made.files["specs/rating/pro-calls.yaml"] == (
        """\
# yaml-language-server: $schema=../schema/rating.schema.json
#
# Stripe: product prod_1, price price_2.
meter: calls
price: {amount: 0.01, per: 1}
description: Calls
"""
    )
    assert made.files["meters/calls.yaml"] == (
        """\
# yaml-language-server: $schema=../specs/schema/meter.schema.json
#
# Stripe: meter mtr_1.
description: Calls
source: meter_events
where: {event_name: calls}
aggregate: sum
value: value
unit: unit
"""
    )
    assert made.files["specs/book.yaml"] == (
        """\
# yaml-language-server: $schema=schema/book.schema.json
#
# Taken over from Stripe by `ratebook import stripe`.
syntax: 1
name: ours
currency: USD
sources:
  meter_events:
    subject: stripe_customer_id
    event_id: identifier
    event_time: timestamp
    dedupe: exact
    columns: {event_name: string, value: decimal}
environments: {local: {usage: {duckdb: {meter_events: "usage/*.jsonl"}}}}
"""
    )


def _row(made: Imported, path: str, key: str) -> str:
    """Give the part of a file that begins with a key, down to its next one."""
    text = made.files[path]
    return key + text.partition(f"\n{key}")[2].split("\ndescription")[0]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"unit_amount": 4999}, "amount: 49.99"),
        ({"unit_amount": 4990, "unit_amount_decimal": "4990.5"}, "amount: 49.905"),
        ({"currency": "jpy", "unit_amount": 5000}, "amount: 5_000"),
        ({"currency": "kwd", "unit_amount": 12500}, "amount: 12.50"),
        ({"currency": "ugx", "unit_amount": 500000}, "amount: 5_000"),     # two places there, though it has none
        ({"currency": "isk", "unit_amount": 99900}, "amount: 999"),
        ({"currency_options": {"usd": {"unit_amount": 4900}, "jpy": {"unit_amount": 7000}}},
         "amount: {USD: 49, JPY: 7_000}"),
    ],
)  # fmt: skip
def test_amounts_are_in_the_units_that_stripe_has_for_a_currency(
    fields: dict[str, Any], expected: str
) -> None:
    assert f"{expected}, bill: in_advance" in imported(product(), price(**fields)).files["plans/pro.yaml"]


@pytest.mark.parametrize(
    ("interval", "count", "every"),
    [("day", 1, "day"), ("week", 1, "week"), ("month", 1, "month"), ("month", 3, "quarter"), ("month", 12, "year"),
     ("year", 1, "year")],
)  # fmt: skip
def test_intervals_are_cycles(interval: str, count: int, every: str) -> None:
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    plan = imported(product(), price(recurring=recurring)).files["plans/pro.yaml"]
    assert f"cycle: {{every: {every}, anchor: contract_start}}\n" in plan


def test_a_price_that_is_due_once_is_a_fee_that_is_due_once() -> None:
    plan = imported(product(), price(type="one_time", recurring=None)).files["plans/pro.yaml"]
    assert "  - {id: pro, name: Pro, amount: 49, bill: in_advance, every: once}\n" in plan


TIERS = [
    {"up_to": 1000, "unit_amount": 5, "flat_amount": 1000},
    {"up_to": None, "unit_amount_decimal": "2.5", "flat_amount": None},
]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"unit_amount": None, "unit_amount_decimal": "0.000045"}, "price: {amount: 0.45, per: 1_000_000}"),
        ({"unit_amount": 250, "transform_quantity": {"divide_by": 100, "round": "up"}},
         "price: {model: package, size: 100, amount: 2.50}"),
        ({"unit_amount": 250, "transform_quantity": {"divide_by": 100, "round": "down"}},
         "price: {model: package, size: 100, amount: 2.50, round: down}"),
        ({"billing_scheme": "tiered", "tiers_mode": "volume", "tiers": TIERS[1:]},
         "price:\n  model: volume\n  per: 1\n  tiers:\n    - {amount: 0.025}"),
        # Tiers begin with 0, so that the first one's flat amount is due even without usage.
        ({"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": TIERS},
         ("price:\n  model: graduated\n  per: 1\n  tiers:\n    - {up_to: 1_000, amount: 0.05, flat: 10}\n"
          "    - {amount: 0.025}\n  flat_at_zero: true")),
    ],
)  # fmt: skip
def test_metered_prices(fields: dict[str, Any], expected: str) -> None:
    made = imported(product(), metered(**fields), meter())
    assert _row(made, "specs/rating/pro.yaml", "price:") == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("sum", "aggregate: sum\nvalue: value\n"), ("last", "aggregate: latest\nvalue: value\n"),
     ("count", "aggregate: count\nunit")],
)  # fmt: skip
def test_meters_aggregate_as_they_did(formula: str, expected: str) -> None:
    made = imported(product(), metered(), meter(default_aggregation={"formula": formula}))
    assert expected in made.files["meters/calls.yaml"]


def test_a_meter_may_know_customers_and_values_by_other_keys() -> None:
    mapping = {
        "customer_mapping": {"event_payload_key": "tenant"},
        "value_settings": {"event_payload_key": "bytes"},
    }
    root = imported(product(), metered(), meter(**mapping)).files["specs/book.yaml"]
    assert "  meter_events_by_tenant:\n    subject: tenant\n" in root
    assert "columns: {event_name: string, bytes: decimal}" in root


def test_prices_that_count_the_same_are_plans_of_their_own() -> None:
    """A customer has one of them: with both, each call would be billed twice."""
    old, new = metered(id="price_2", nickname="Old"), metered(id="price_3", nickname="New", unit_amount=2)
    made = imported(product(), price(), old, new, meter())
    assert [path for path in made.files if path.startswith("plans/")] == [
        "plans/pro.yaml",
        "plans/pro-new.yaml",
        "plans/pro-old.yaml",
    ]
    assert "charges" not in made.files["plans/pro.yaml"]


def test_usage_records_of_old_count_for_a_meter_of_the_price() -> None:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "metered", "aggregate_usage": "max"}
    made = imported(product(), metered(recurring=recurring))
    assert "where: {event_name: price_2}\naggregate: max\n" in made.files["meters/price_2.yaml"]


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([price(recurring={"interval": "week", "interval_count": 2, "usage_type": "licensed"})],
         "price price_1 is left out: it is due every 2 weeks"),
        ([price(custom_unit_amount={"minimum": 1}, unit_amount=None)],
         "price price_1 is left out: customers choose what they pay (USD)"),
        ([price(billing_scheme="tiered", tiers=TIERS)],
         "price price_1 is left out: a fee has one amount; count what it depends on with a meter"),
        ([price(currency="usdc")], "price price_1 is left out: USDC is no currency of ISO 4217"),
        ([metered()],
         ("price price_2 is left out: its meter mtr_1 is not in the export; "
          "add `stripe billing meters list`")),
        ([metered(billing_scheme="tiered"), meter()],
         ("price price_2 is left out: its tiers are not in the export; "
          "list prices with --expand data.tiers")),
        ([metered(billing_scheme="tiered", tiers=TIERS, currency_options={"eur": {"tiers": TIERS[1:]}}), meter()],
         "price price_2 is left out: its tiers end elsewhere in another currency"),
        ([metered(), meter(event_name="a\x1fb")],
         "price price_2 is left out: the event of its meter mtr_1 has no name that can be written"),
        ([metered(), meter(default_aggregation={"formula": "median"})],
         "price price_2 is left out: its meter mtr_1 aggregates by median"),
        ([price(), {"id": "sub_1", "object": "subscription"}],
         "1 × subscription is left out: only products, prices and meters are taken over"),
        ([{"object": "list", "has_more": True, "data": [price()]}],
         "the export is not whole: Stripe has more, list with --limit 100 and join the pages"),
        ([price(tax_behavior="inclusive")],
         "all prices contain the tax: write `tax: {name: …, percent: …, prices: inclusive}` in specs/world.yaml"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_said_and_stands_in_the_book(objects: list[Any], said: str) -> None:
    made = imported(product(), *objects)
    assert made.lost == [said]
    assert f"# - {said}\n" in made.files["specs/book.yaml"]


def test_what_is_not_in_use_is_skipped_and_said() -> None:
    archived = product(id="prod_2", active=False)
    made = imported(
        product(), archived, price(), price(id="price_3", active=False), price(id="price_4", product="prod_2")
    )
    assert made.skipped == [
        "price price_3 is not active",
        "price price_4 is of the product prod_2, which is not active",
    ]
    assert [path for path in made.files if path.startswith("plans/")] == ["plans/pro.yaml"]


@pytest.mark.parametrize(
    ("behaviors", "tax"),
    [(["exclusive"], True), (["exclusive", "unspecified"], True), (["unspecified"], False), (["inclusive"], False),
     (["exclusive", "inclusive"], False)],
)  # fmt: skip
def test_a_tax_that_stripe_adds_is_external(behaviors: list[str], tax: bool) -> None:
    prices = [price(id=f"price_{index}", tax_behavior=one) for index, one in enumerate(behaviors)]
    assert ("tax: external\n" in imported(product(), *prices).files["specs/world.yaml"]) == tax


def test_ids_are_unique_and_do_not_depend_on_the_order_of_the_export() -> None:
    objects = [
        product(),
        price(id="price_a", created=1, lookup_key="Pro Plan!"),
        price(id="price_b", created=2, lookup_key="pro-plan"),
        price(id="price_c", created=3, nickname="Größer"),
        price(id="price_d", created=4),
        price(id="price_e", created=5),
        price(id="price_f", created=6, product="prod_2"),
        product(id="prod_2", name="東京"),
    ]
    made = imported(*objects)
    assert made.files == imported(*objects[::-1]).files
    assert {
        path: text.partition("# price_")[2][0] for path, text in made.files.items() if "plans/" in path
    } == {
        "plans/pro-plan.yaml": "a",
        "plans/pro-plan-2.yaml": "b",
        "plans/pro-grosser.yaml": "c",
        "plans/pro-monthly.yaml": "d",
        "plans/pro-monthly-usd.yaml": "e",
        "plans/price_f.yaml": "f",
    }


TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["yes", "1_000", "- a", "a: b", "{{ x }}", "# no", "'\"", "null", "*a", "&a", "a\nb", "\u202ea", "é"]
    ),
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_book_is_without_errors_whatever_things_are_called(
    name: str, nickname: str, key: str, other: str
) -> None:
    made = imported(
        product(name=name, description=other, unit_label=other, metadata={other: name}),
        price(lookup_key=key, nickname=nickname),
        metered(nickname=nickname),
        meter(event_name=other, display_name=name),
    )
    loaded = load({path: text.encode() for path, text in made.files.items()})
    assert not has_errors(loaded.findings), [str(finding) for finding in loaded.findings]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "a.json is no JSON"),
        (b"\xff\xfe", "a.json is no JSON"),
        (b"[]", "there is no price in the export"),
    ],
)
def test_a_file_that_is_no_export_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        read_export([("a.json", data)])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"unit_amount_decimal": "12e3"},
            "price price_1 is not as Stripe writes it: unit_amount_decimal: '12e3' does not",
        ),
        (
            {"transform_quantity": {"divide_by": 0}},
            "transform_quantity.divide_by: 0 is less than the minimum of 1",
        ),
        ({"tiers": [{"up_to": "many"}]}, "tiers.0.up_to: 'many' is not valid"),
        ({"recurring": []}, r"recurring: \[\] is not of type 'object', 'null'"),
        ({"product": None}, "product: None is not valid"),
    ],
)
def test_an_object_that_is_not_as_stripe_writes_it_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ExportError, match=said):
        imported(product(), price(**fields))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take over the export of several products, and give customers to some of its plans."""
    folder = tmp_path_factory.mktemp("stripe") / "prices"
    done = ratebook("import", "stripe", str(EXPORT), "--out", str(folder))
    assert done.code == 1, done.stderr  # some prices have no counterpart
    contract = "type: hybrid\nspec: world\nstart: 2026-08-10\n"
    customers = {
        "acme": "org: cus_acme\nplan: pro_monthly\n",
        "brava": "org: cus_brava\nplan: pro_monthly\ncurrency: EUR\n",
        "cobalt": "org: cus_cobalt\nplan: pro-yearly\ncharges: [{rating: exports}]\n",
    }
    (folder / "contracts").mkdir()
    for name, text in customers.items():
        (folder / "contracts" / f"{name}.yaml").write_text(text + contract, "utf-8")
    (folder / "usage").mkdir()
    calls = [
        {"stripe_customer_id": customer, "identifier": f"{customer}-{day}", "timestamp": f"2026-09-{day}T12:00:00Z",
         "event_name": "api_calls", "calls": number}
        for customer in ("cus_acme", "cus_brava")
        for day, number in ((12, 60_000), (30, 90_000))
    ]  # fmt: skip
    exports = [
        {"stripe_customer_id": "cus_cobalt", "identifier": f"x{number}", "timestamp": "2026-09-20T00:00:00Z",
         "event_name": "export"}
        for number in range(201)
    ]  # fmt: skip
    rows = "".join(json.dumps(row) + "\n" for row in [*calls, *exports])
    (folder / "usage" / "2026-09.jsonl").write_text(rows, "utf-8")
    return folder


def test_the_book_passes_its_check_and_is_in_form(book: Path) -> None:
    checked = ratebook("check", "--book", str(book), "--format", "json")
    assert checked.code == 0
    assert {finding["code"] for finding in json.loads(checked.stdout)["findings"]} == {
        "RB315"
    }  # plans without customers
    assert ratebook("fmt", "--book", str(book), "--check", str(book / "plans"), str(book / "specs")).code == 0


def test_it_bills_what_stripe_would(book: Path) -> None:
    """Worked out by hand, for the month from 10 September and with the fee of the next one in advance.

    acme, dollars    150,000 calls: 10,000 free, 90,000 × 0.05 cents = 45.00, 50,000 × 0.035 cents = 17.50 and 10 flat
    brava, euros     90,000 × 0.045 cents = 40.50, 50,000 × 0.03 cents = 15.00 and 9 flat
    cobalt, dollars  201 exports in hundreds, rounded up: 3 × 2.50, billed with the year
    """
    rated = ratebook("rate", "--book", str(book), "--period", "2026-10", "--format", "json")
    assert {
        one["contract"]: (
            one["currency"],
            [(line["charge"], line["amount"]) for line in one["lines"]],
            one["total"],
        )
        for one in json.loads(rated.stdout)["invoices"]
    } == {
        "acme": ("USD", [("pro_monthly", "49.00"), ("pro-api-calls", "72.50")], "121.50"),
        "brava": ("EUR", [("pro_monthly", "45.50"), ("pro-api-calls", "64.50")], "110.00"),
    }


def test_a_book_that_is_there_stays_as_it_is(book: Path) -> None:
    before = (book / "specs" / "book.yaml").read_bytes()
    done = ratebook("import", "stripe", str(EXPORT), "--out", str(book))
    assert (done.code, done.stdout, (book / "specs" / "book.yaml").read_bytes()) == (2, "", before)
    assert f"  {book}/specs/book.yaml\n" in done.stderr
