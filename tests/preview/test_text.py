"""A diff document at a terminal: goldens, and what they cannot show."""

from copy import deepcopy
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ratebook.preview.markdown import draw_markdown
from ratebook.preview.text import WIDTH, draw_text
from tests.preview.documents import DOCUMENTS, EMPTY, RICH, SMALL
from tests.preview.golden_file import TextFile


@pytest.mark.parametrize("name", DOCUMENTS)
def test_text(name: str, snapshot: SnapshotAssertion) -> None:
    assert draw_text(DOCUMENTS[name]) == snapshot(extension_class=TextFile)


def test_no_row_is_wider_than_a_terminal_of_100_columns() -> None:
    assert max(map(len, draw_text(RICH).splitlines())) <= WIDTH


def test_nothing_but_a_sentence_is_said_where_nothing_changes() -> None:
    assert draw_text(EMPTY).splitlines()[-1] == (
        "Nothing changes: every contract pays the same with both books."
    )


def test_a_change_that_moves_no_money_is_still_shown() -> None:
    document: Any = {**EMPTY, "causes": [RICH["causes"][5]]}

    assert "moves no money" in draw_text(document)


def test_what_begins_later_is_said_not_to_be_judged_yet() -> None:
    document: Any = deepcopy(SMALL)
    later = {"categories": ["forward_only"], "begins": "2026-12-01", "money": [], "contracts": 0}
    document |= {"policy": {"verdict": "allowed", "rules": []}}
    document["causes"][0] |= later

    said = "cause 1 begins later, and what will move is not judged: --as-if all does"
    assert f"    no rule is met\n    {said}" in draw_text(document)
    assert f"**Not judged yet:** {said}" in draw_markdown(document)
    document["as_if"] = "2026-12-01"
    assert "not judged" not in draw_text(document)


def test_a_name_cannot_command_the_terminal() -> None:
    document: Any = deepcopy(SMALL)
    document["contracts"][0]["customer"] = "Acme \x1b[2J GmbH"

    assert "\x1b" not in draw_text(document)


def test_what_shields_a_contract_from_several_causes_is_said_once() -> None:
    document: Any = deepcopy(RICH)
    [own] = [one for one in document["contracts"] if one["contract"] == "evergreen"]
    own["shielded"] += [{**own["shielded"][0], "cause": cause} for cause in (2, 1)]

    row = "    evergreen, by a minimum from causes 1, 2, 3: pays the same (contracts/evergreen.yaml:9)"
    assert [one for one in draw_text(document).splitlines() if "evergreen," in one] == [row]


def test_causes_and_contracts_are_cut_to_the_largest() -> None:
    rows = draw_text(RICH).splitlines()

    assert "… and 48 more; --format html or json has them all" in rows
