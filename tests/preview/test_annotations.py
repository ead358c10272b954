"""A diff document at its places in files, for GitHub and GitLab."""

import json
from copy import deepcopy
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ratebook.preview.annotations import draw_github, gitlab, workflow_command
from tests.preview.documents import DOCUMENTS, EMPTY, RICH, SMALL
from tests.preview.golden_file import JsonFile, TextFile


@pytest.mark.parametrize("name", DOCUMENTS)
def test_github(name: str, snapshot: SnapshotAssertion) -> None:
    assert draw_github(DOCUMENTS[name]) == snapshot(extension_class=TextFile)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_gitlab(name: str, snapshot: SnapshotAssertion) -> None:
    report = json.dumps(gitlab(DOCUMENTS[name]), indent=1, ensure_ascii=False)
    assert report == snapshot(extension_class=JsonFile)


def test_a_text_cannot_end_its_command_nor_begin_another() -> None:
    command = workflow_command("notice", "100 %\n::error::no", {"title": "a:b,c\r"})

    assert command == "::notice title=a%3Ab%2Cc%0D::100 %25%0A::error::no"


def test_a_book_in_a_folder_is_annotated_there() -> None:
    assert "file=pricing/specs/rating/rpc-requests.yaml,line=12," in draw_github(SMALL, "pricing")
    assert gitlab(SMALL, "pricing")[0]["location"]["path"] == "pricing/specs/rating/rpc-requests.yaml"


def test_what_has_no_file_is_said_without_a_place() -> None:
    assert "::notice title=Cause 5::meters/timed-requests: filter, status: 200 → gone" in draw_github(RICH)


def test_more_than_a_platform_shows_are_counted() -> None:
    document: Any = {**EMPTY, "causes": SMALL["causes"] * 11}

    assert draw_github(document).splitlines()[-1] == (
        "::notice title=ratebook diff::11 notices; GitHub shows 10"
    )


def test_each_entry_of_the_report_has_its_own_fingerprint() -> None:
    prints = [entry["fingerprint"] for entry in gitlab(deepcopy(RICH))]

    assert len(prints) == len(set(prints)) == 10
