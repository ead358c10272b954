"""Two saved results compared without usage: who pays what, and what else may have moved it."""

import json
from copy import deepcopy
from typing import Any

import pytest

from ratebook.preview.document import DocumentError, validated
from ratebook.preview.saved import SavedResult, compare_saved, read_saved
from ratebook.preview.text import draw_text

PERIOD = {"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}
RATE = {"source": "ecb", "pair": "EUR/USD", "rate": "1.1774", "wanted": "2026-11-02"}


def line(charge: str, amount: str, kind: str = "usage") -> dict[str, Any]:
    return {
        "charge": charge,
        "kind": kind,
        "description": f"of {charge}",
        "amount": amount,
        "dimensions": {"chain": "base"} if kind == "usage" else {},
        "period": PERIOD,
    }


def invoice(contract: str, total: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return {
        "contract": contract,
        "customer": {"name": contract.title()},
        "spec": "global",
        "currency": "EUR",
        "lines": list(lines),
        "total": total,
        "fx": [RATE],
        "findings": [],
    }


def result(*invoices: dict[str, Any], **digests: Any) -> dict[str, Any]:
    said = {"book": "sha256:1", "source": "sha256:2", "period": "2026-10"}
    made = {"ratebook": "0.1.0", "semantics": 1, "tzdata": "2026f"}
    usage = [{"measure": "requests", "events": 90, "filtered_out": 8, "duplicates": 2}]
    return {
        "format_version": "1.0",
        "invoices": list(invoices),
        "findings": [],
        "usage": usage,
        "digests": {**said, **made, **digests},
    }


WAS = result(
    invoice("acme", "119.00", line("requests", "100.00"), line("tax", "19.00", "tax")),
    invoice("old", "10.00", line("fee", "10.00", "fee")),
    invoice("same", "5.00", line("fee", "5.00", "fee")),
)
NOW = result(
    invoice("acme", "107.10", line("requests", "90.00"), line("tax", "17.10", "tax")),
    invoice("new", "20.00", line("fee", "20.00", "fee")),
    invoice("same", "5.00", line("fee", "5.00", "fee")),
    book="sha256:3",
)


def compared(was: Any = WAS, now: Any = NOW) -> Any:
    return validated(compare_saved(SavedResult("a.json", was), SavedResult("b.json", now)))


def test_who_pays_what_before_and_after() -> None:
    document = compared()

    assert [(one["contract"], one["status"], one["difference"]) for one in document["contracts"]] == [
        ("new", "new", "20.00"),
        ("acme", "changed", "-11.90"),
        ("old", "gone", "-10.00"),
    ]
    assert document["totals"] == [
        {
            "currency": "EUR",
            "was": "129.00",
            "will_be": "127.10",
            "difference": "-1.90",
            "percent": "-1.47",
            "up": 1,
            "down": 2,
        }
    ]
    assert (document["contracts_compared"], document["contracts_touched"]) == (4, 3)
    assert (document["base"]["book"], document["head"]["book"]) == ("sha256:1", "sha256:3")


def test_lines_that_differ_add_up_with_tax() -> None:
    acme = compared()["contracts"][1]

    assert [(one["charge"], one["was"], one["will_be"], one["difference"]) for one in acme["lines"]] == [
        ("requests", "100.00", "90.00", "-10.00"),
        ("tax", "19.00", "17.10", "-1.90"),
    ]


def test_the_same_result_twice_has_no_difference() -> None:
    document = compared(WAS, WAS)

    assert (document["contracts"], document["findings"]) == ([], [])
    assert "Nothing changes" in draw_text(document)


def test_several_invoices_of_a_contract_are_one() -> None:
    twice = result(*NOW["invoices"], invoice("acme", "1.00", line("requests", "1.00")))

    assert compared(WAS, twice)["contracts"][1]["difference"] == "-10.90"


def test_a_finding_that_only_the_second_run_has_is_told() -> None:
    now: Any = deepcopy(NOW)
    now["findings"] = [{"code": "RB504", "severity": "error", "message": "12 events"}]
    now["invoices"][0]["findings"] = [
        *now["findings"],
        {"code": "RB509", "severity": "warning", "message": "E"},
    ]

    assert [one["code"] for one in compared(WAS, now)["findings"]] == ["RB504", "RB509"]


def test_what_else_may_have_moved_an_amount_is_told() -> None:
    now: Any = deepcopy(NOW)
    now["digests"]["tzdata"] = "2026g"
    now["usage"][0]["events"] = 91
    now["invoices"][0]["fx"] = [{**RATE, "rate": "1.2"}]

    assert [one["message"] for one in compared(WAS, now)["findings"]] == [
        "the two results have not the same time zones: 2026f and 2026g",
        "the two results have not the same usage: requests met 100 and 101 events",
        "the two results have not the same exchange rates: EUR/USD differs",
    ]


def test_another_filter_over_the_same_usage_is_no_other_usage() -> None:
    now: Any = deepcopy(NOW)
    now["usage"][0] = {"measure": "requests", "events": 50, "filtered_out": 48, "duplicates": 2}

    assert compared(WAS, now)["findings"] == []


def test_results_of_different_periods_are_not_compared() -> None:
    with pytest.raises(
        DocumentError, match=r"a\.json is of 2026-10, b.json of 2026-11; two results are compared"
    ):
        compared(WAS, result(period="2026-11"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no", "a.json is no JSON"),
        (b'{"kind": "diff"}', "a.json is no result of a run; make one with ratebook rate --save"),
        (json.dumps({**WAS, "format_version": "2.0"}).encode(), "a.json has format_version 2.0"),
    ],
    ids=["no JSON", "another document", "a later major version"],
)
def test_what_is_no_saved_result_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read_saved(data, "a.json")


def test_a_result_that_lacks_something_is_refused() -> None:
    broken: Any = deepcopy(NOW)
    del broken["invoices"][0]["total"]

    with pytest.raises(DocumentError, match=r"a\.json or b\.json lacks 'total'"):
        compared(WAS, broken)
    assert read_saved(json.dumps(WAS).encode(), "a.json").document == WAS


@pytest.mark.parametrize(
    "breaks",
    [{"total": "much"}, {"total": None}, {"total": "NaN"}, {"customer": None}, {"lines": [1]}],
    ids=str,
)
def test_a_result_that_is_not_as_a_run_writes_it_is_refused(breaks: dict[str, Any]) -> None:
    broken: Any = deepcopy(NOW)
    broken["invoices"][0].update(breaks)
    with pytest.raises(DocumentError, match=r"a\.json or b\.json is not as a run writes it"):
        compared(WAS, broken)
