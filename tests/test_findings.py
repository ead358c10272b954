"""Findings: their codes, their documents, and how they are drawn for people."""

import re

from ratebook.finding_codes import CODES
from ratebook.findings import SEVERITIES, Finding, Position, draw, has_errors

FINDING = Finding(
    "RB503",
    "org_acme: 12 event(s) of egress are not billed",
    pointer="meters/egress",
    expected="a charge",
    help="add a charge to the plan",
    details={"events": 12},
)


def test_every_code_has_a_number_a_severity_and_a_title_of_its_own() -> None:
    assert all(re.fullmatch(r"RB[1-9]\d\d", code) for code in CODES)
    assert {code.severity for code in CODES.values()} <= set(SEVERITIES)
    assert len({code.title for code in CODES.values()}) == len(CODES)
    assert list(CODES) == sorted(CODES)


def test_the_severity_is_that_of_the_code() -> None:
    assert FINDING.severity == "error"
    assert Finding("RB509", "").severity == "warning"


def test_errors_are_told_from_the_rest() -> None:
    assert has_errors([Finding("RB509", ""), FINDING])
    assert not has_errors([Finding("RB509", ""), Finding("RB510", "")])


def test_a_finding_is_a_document_that_leaves_out_what_it_has_not() -> None:
    assert Finding("RB510", "not over").document() == {
        "code": "RB510",
        "severity": "info",
        "message": "not over",
        "pointer": "",
    }
    placed = Finding("RB503", "x", position=Position("plans/pro.yaml", 3, 5))
    assert placed.document()["file"] == "plans/pro.yaml"
    assert FINDING.document()["details"] == {"events": 12}


def test_a_finding_without_a_file_is_drawn_at_its_place_in_the_book() -> None:
    assert draw(FINDING, None) == (
        "meters/egress: error RB503: org_acme: 12 event(s) of egress are not billed\n"
        "  = expected: a charge\n"
        "  = help: add a charge to the plan"
    )


def test_a_finding_in_a_file_is_drawn_with_a_caret_under_what_it_is_about() -> None:
    drawn = draw(Finding("RB503", "no price"), Position("plans/pro.yaml", 12, 9, 6), "rating: egress")
    assert drawn.splitlines() == [
        "plans/pro.yaml:12:9: error RB503: no price",
        "   |",
        "12 | rating: egress",
        "   |         ^^^^^^",
    ]


def test_a_caret_stays_inside_its_line() -> None:
    drawn = draw(Finding("RB503", "x"), Position("a.yaml", 1, 3, 999), "ab: c")
    assert drawn.splitlines()[-1] == "  |   ^^^"
    beyond = draw(Finding("RB503", "x"), Position("a.yaml", 1, 6, 4), "ab: c")
    assert beyond.splitlines()[-1] == "  |      ^"
