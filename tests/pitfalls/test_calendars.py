"""Periods, shares of them and clocks, as other engines got them wrong; amounts were worked out by hand."""

import json
from pathlib import Path

import pytest

from tests.book.small_book import check
from tests.builders import bill, lines_of, periods
from tests.example import ratebook
from tests.test_rating_examples import files_of, rate, write

RULE = "rating: {rpc: {meter: requests, price: {amount: 1, per: 1}}}\n"
ANNIVERSARY = "cycle: {every: month, anchor: contract_start}"


def fee(start: str, written: str, spec: str = "time_zone: UTC", more: str = "cycle: {every: month}") -> str:
    """Write a contract with one fee."""
    return f"""
specs: {{local: {{currency: USD, {spec}}}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: local, start: {start}, {more}, fees: [{{id: base, name: Base, {written}}}]}}
"""


def minimum(start: str, zone: str) -> str:
    """Write a contract whose plan asks for 310 a month."""
    return f"""
{RULE}
specs: {{local: {{time_zone: {zone}, currency: USD}}}}
plans: {{pro: {{name: Pro, charges: [{{rating: rpc}}], minimum: {{amount: 310, applies_to: [usage]}}}}}}
contracts: {{acme: {{org: o1, type: metered, spec: local, plan: pro, start: {start}}}}}
"""


# Periods


def test_pitfall_d48_a_change_of_time_zone_is_a_new_contract_whose_first_instant_is_said() -> None:
    """Istanbul's 16 October begins at 21:00Z; said so, no usage is lost between the two, and none counts twice."""
    text = f"""
{RULE}
specs:
  istanbul: {{time_zone: Europe/Istanbul, currency: USD}}
  berlin: {{time_zone: Europe/Berlin, currency: USD}}
contracts:
  a: {{org: o1, type: metered, spec: istanbul, start: 2026-01-01, end: 2026-10-16, charges: [{{rating: rpc}}]}}
  b: {{org: o1, type: metered, spec: berlin, start: START, charges: [{{rating: rpc}}]}}
"""
    usage = "requests 2026-10-15T20:59:59Z o1 3\nrequests 2026-10-15T21:00:00Z o1 5"
    said = bill(text.replace("START", "2026-10-15T21:00:00Z"), "2026-10", usage)
    assert [lines_of(one) for one in said.documents] == [
        ["usage rpc 3.00 10-01..10-16"],
        ["usage rpc 5.00 10-15T23:00..11-01"],
    ]
    assert said.findings == []
    by_date = bill(text.replace("START", "2026-10-16"), "2026-10", usage)
    assert by_date.invoices() == [["usage rpc 3.00", "total 3.00"]]
    assert [one.code for one in by_date.findings] == ["RB502"]


def test_pitfall_d48_a_spec_has_one_time_zone() -> None:
    dated = "time_zone: {versions: [{value: Europe/Berlin}, {from: 2026-06-01, value: Europe/Istanbul}]}"
    found = check({"specs/world.yaml": {"time_zone: Europe/Berlin": dated}})
    assert [line.split()[1] for line in found] == ["RB212"]


def test_pitfall_d49_an_event_of_a_wrong_clock_is_in_the_period_of_its_own_time_or_in_none() -> None:
    acme = "{org: o1, type: metered, spec: global, start: 2026-01-01, charges: [{rating: rpc}]}"
    text = f"{RULE}contracts: {{acme: {acme}}}"
    usage = "requests 1970-01-01T00:00:00Z o1 3\nrequests 2027-03-05T00:00:00Z o1 5"
    assert bill(text, "2026-10", usage).invoices() == []
    assert bill(text, "2027-03", usage).invoices() == [["usage rpc 5.00", "total 5.00"]]
    assert [one.code for one in bill(text, "1970-01", usage).findings] == ["RB502"]


# Threads about proration and calendars


def test_lago_1569_1655_1794_contracts_of_the_31st_and_of_leap_day_have_whole_periods() -> None:
    months = bill(fee("2026-01-31", "amount: 30", more=ANNIVERSARY), "2026-01-01/2026-07-01")
    assert periods(months.documents) == [
        "period 2026-01-31 2026-02-28",
        "period 2026-02-28 2026-03-31",
        "period 2026-03-31 2026-04-30",
        "period 2026-04-30 2026-05-31",
        "period 2026-05-31 2026-06-30",
    ]
    assert months.invoices() == [["fee base 30.00", "total 30.00"]] * 5
    yearly = "cycle: {every: year, anchor: contract_start}"
    years = bill(fee("2024-02-29", "amount: 365", more=yearly), "2025-01-01/2029-01-01")
    assert periods(years.documents) == [
        "period 2024-02-29 2025-02-28",
        "period 2025-02-28 2026-02-28",
        "period 2026-02-28 2027-02-28",
        "period 2027-02-28 2028-02-29",
    ]
    assert years.invoices() == [["fee base 365.00", "total 365.00"]] * 4


def test_flexprice_96d38bb34_from_31_january_to_28_february_is_one_month() -> None:
    run = bill(fee("2026-01-31", "amount: 10, quantity: 3", more=ANNIVERSARY), "2026-02")
    assert run.invoices() == [["fee base 30.00", "total 30.00"]]


@pytest.mark.parametrize(
    ("start", "prorate", "price", "total"),
    [
        ("2026-10-25", "days", "31", "7.00"),
        ("2026-10-25", "seconds", "745", "169.00"),
        ("2026-03-29", "days", "31", "3.00"),
        ("2026-03-29", "seconds", "743", "71.00"),
    ],
)
def test_killbill_139_a_contract_that_begins_when_clocks_change_pays_its_days_or_its_hours(
    start: str, prorate: str, price: str, total: str
) -> None:
    """25 October has 25 hours in Berlin, 29 March 23: 169 of 745 hours are left, and 71 of 743."""
    text = fee(start, f"amount: {price}, prorate: {prorate}", "time_zone: Europe/Berlin")
    assert bill(text, start[:7]).invoices() == [[f"fee base {total}", f"total {total}"]]


def test_meteroid_a_share_of_a_period_is_no_float() -> None:
    """15 of 30 days of 90,071,992,547,409.93, which no float of 64 bits holds, are ….965."""
    run = bill(fee("2026-11-16", "amount: 90071992547409.93"), "2026-11")
    assert run.invoices() == [["fee base 45035996273704.97", "total 45035996273704.97"]]


def test_lago_5522_flexprice_1441_a_preview_is_the_invoice_of_the_whole_period(tmp_path: Path) -> None:
    """31 and the rest of 100 for a month that is far from over: amounts know no today, and the run says so."""
    plan = {
        "fees": [{"id": "base", "name": "Base", "amount": 31}],
        "minimum": {"amount": 100, "applies_to": ["usage"]},
    }
    write(tmp_path, files_of({"rule": {"price": {"amount": 1, "per": 1}}, "plan": plan, "usage": [{"n": 1}]}))
    done = ratebook("rate", "--book", str(tmp_path), "--period", "2099-10", "--format", "json")
    printed = json.loads(done.stdout)
    (invoice,) = printed["invoices"]
    assert [line["amount"] for line in invoice["lines"]] == ["31.00", "100.00"]
    assert lines_of(invoice)[0] == "fee base 31.00 10-01..11-01"
    assert [one["code"] for one in printed["findings"]] == ["RB510"]


def test_lago_5187_each_period_fills_up_its_own_minimum() -> None:
    """From 16 October on 16 of 31 days are 160, less 10; all of November is 310, less 20."""
    usage = "requests 2026-10-20T00:00:00Z o1 10\nrequests 2026-11-20T00:00:00Z o1 20"
    run = bill(minimum("2026-10-16", "UTC"), "2026-10-01/2026-12-01", usage)
    assert run.invoices() == [
        ["usage rpc 10.00", "minimum minimum 150.00", "total 160.00"],
        ["usage rpc 20.00", "minimum minimum 290.00", "total 310.00"],
    ]


# Threads about time zones and times


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Istanbul", "UTC", "Etc/GMT+12"])
def test_lago_879_1868_1988_4795_a_run_each_day_bills_each_month_once_in_every_zone(zone: str) -> None:
    text = fee("2026-01-01", "amount: 30", f"time_zone: {zone}")
    days = [f"2026-10-{day}" for day in range(28, 32)] + [f"2026-11-0{day}" for day in range(1, 5)]
    found = [(day, invoice[-1]) for day in days for invoice in bill(text, day).invoices()]
    assert found == [("2026-10-31", "total 30.00")]


def test_lago_2244_3005_3911_a_true_up_counts_local_days() -> None:
    """22:00Z of the 15th is the 16th in Istanbul: 16 of 31 days, not 17."""
    run = bill(minimum("2026-10-15T22:00:00Z", "Europe/Istanbul"), "2026-10")
    assert run.invoices() == [["minimum minimum 160.00", "total 160.00"]]


def test_flexprice_c1e7c3677_cd60989bf_0dfb7a514_3f6e7b997_the_anchor_is_the_local_day_of_the_start() -> None:
    """22:00Z of 31 January is 1 February in Istanbul: months begin on the 1st."""
    text = fee("2026-01-31T22:00:00Z", "amount: 30", "time_zone: Europe/Istanbul", ANNIVERSARY)
    assert periods(bill(text, "2026-02-01/2026-05-01").documents) == [
        "period 2026-02-01T01:00 2026-03-01",
        "period 2026-03-01 2026-04-01",
        "period 2026-04-01 2026-05-01",
    ]


def test_flexprice_74a058381_the_hour_that_comes_twice_is_told_apart() -> None:
    """02:30 comes at 00:30Z and at 01:30Z in Berlin; the price changes at the second."""
    text = """
rating:
  rpc: {meter: requests, price: {per: 1, versions: [{amount: 1}, {from: 2026-10-25T02:30:00+01:00, amount: 10}]}}
specs: {local: {time_zone: Europe/Berlin, currency: USD}}
contracts: {acme: {org: o1, type: metered, spec: local, start: 2026-01-01, charges: [{rating: rpc}]}}
"""
    usage = "requests 2026-10-25T00:30:00Z o1 3\nrequests 2026-10-25T01:29:59Z o1 1\nrequests 2026-10-25T01:30:00Z o1 2"
    assert bill(text, "2026-10", usage).invoices() == [["usage rpc 24.00", "total 24.00"]]


def test_lago_5104_an_event_in_milliseconds_is_on_its_side_of_a_start(tmp_path: Path) -> None:
    times = ("2026-10-10T11:59:59.999Z", "2026-10-10T12:00:00.000Z", "2026-10-10T12:00:00Z")
    write(
        tmp_path,
        files_of(
            {
                "rule": {"price": {"amount": 1, "per": 1}},
                "contract": {"start": "2026-10-10T12:00:00Z"},
                "usage": [{"at": at, "n": n} for at, n in zip(times, (1, 10, 100), strict=True)],
            }
        ),
    )
    (document,), codes = rate(tmp_path, "2026-10")
    assert document["total"] == "110.00"
    assert codes == ["RB502"]
