"""A diff document as test cases."""

from copy import deepcopy
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from syrupy.assertion import SnapshotAssertion

from ratebook.preview.junit import draw_junit
from tests.preview.documents import DOCUMENTS, RICH, SMALL
from tests.preview.golden_file import XmlFile


@pytest.mark.parametrize("name", DOCUMENTS)
def test_junit(name: str, snapshot: SnapshotAssertion) -> None:
    assert draw_junit(DOCUMENTS[name]) == snapshot(extension_class=XmlFile)


def failing(document: Any) -> list[str | None]:
    suites = fromstring(draw_junit(document))  # noqa: S314 - just written here
    return [case.get("name") for case in suites.iterfind(".//failure/..")]


def test_what_the_policy_does_not_allow_fails_and_so_do_the_contracts_it_names() -> None:
    assert failing(RICH) == [
        "a customer by more than 5 percent",
        "no restating of a closed period",
        "kapadokya",
        "bosphorus-pay",
        "RB504 meters/requests",
    ]


def test_contracts_that_move_by_more_than_five_percent_are_cases() -> None:
    assert draw_junit(SMALL).count("<testcase") == 2
    assert draw_junit(SMALL, Decimal(10)).count("<testcase") == 1


def test_any_name_gives_good_xml() -> None:
    document: Any = deepcopy(RICH)
    document["policy"]["rules"][0]["message"] = 'x < y & "z" \x00\x1b]]>\ud800'

    assert len(failing(document)) == 5
