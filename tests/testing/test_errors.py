"""What is wrong with a file of cases is told at its place, with what may have been meant."""

import pytest

from tests.testing.small import errors

HEAD = "cases:\n  case:\n    contract: acme\n    period: 2026-10\n"

WRONG = {
    "an unknown key": (HEAD + "    expects: {total: 1}\n", "5:5 RB201", "did you mean `expect`?"),
    "a mistyped key of a line": (
        HEAD + "    expect:\n      lines: [{charge: a, amuont: 1}]\n",
        "6:27 RB201",
        "did you mean `amount`?",
    ),
    "an unknown contract": (HEAD.replace("acme", "acmee"), "3:15 RB301", "did you mean `acme`?"),
    "no contract": ("cases: {case: {period: 2026-10}}\n", "1:9 RB202", ""),
    "an unknown plan": (
        "cases: {case: {plan: prro, period: 2026-10}}\n",
        "1:22 RB301",
        "did you mean `pro`?",
    ),
    "a period": (HEAD.replace("2026-10", "2026-13"), "4:13 RB207", ""),
    "an unknown code": (HEAD + "    expect: {findings: [RB950]}\n", "5:25 RB204", ""),
    "a column": (HEAD + "    usage: [{chian: eth}]\n", "5:14 RB201", "did you mean `chain`?"),
    "a type": (HEAD + "    usage: [{chain: 7}]\n", "5:21 RB203", 'put it in quotes: "7"'),
    "a number of times": (HEAD + "    usage: [{count: -1}]\n", "5:21 RB205", ""),
    "a time without a zone": (HEAD + "    usage: [{at: 2026-10-05T12:00:00}]\n", "5:18 RB208", ""),
    "a count of one id": (HEAD + "    usage: [{id: a, count: 2}]\n", "5:28 RB214", ""),
    "a source": (HEAD + "    usage: {event: [{chain: eth}]}\n", "5:13 RB301", "did you mean `events`?"),
    "an exchange rate": (HEAD + "    fx: [a, '2026-10-30,ecb,EUR/USD,x']\n", "5:10 RB607", ""),
    "a contract of its own": (
        HEAD.replace("acme", "{type: hybrid, spec: wrld, start: 2026-01-01, plan: pro}"),
        "3:36 RB301",
        "did you mean `world`?",
    ),
    "a rewriting without a reason": (
        HEAD + "history: [{date: 2026-10-01, by: a, cases: [case]}]\n",
        "5:11 RB202",
        "",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_has_its_place_and_a_code(name: str) -> None:
    text, place, help_ = WRONG[name]

    first, *_ = errors(text)

    position = first.position
    assert position is not None
    assert f"{position.line}:{position.column} {first.code}" == place
    if help_:
        assert help_ in first.help
