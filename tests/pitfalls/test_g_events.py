"""Pitfalls G 71 to 78: duplicates, corrections, unknown keys, strange values and test traffic, as invoices see them."""

from pathlib import Path

from tests.pitfalls.situation import rated

PRICED = "rule: {lines_by: [chain], price: {amount: 1, per: 1}}\n"


def test_71_an_event_that_comes_again_counts_once(tmp_path: Path) -> None:
    usage = "usage: [{id: a, n: 3, chain: eth}, {id: b, n: 4, chain: eth}, {id: a, n: 3, chain: eth}]"
    again = rated(tmp_path, PRICED + usage)
    assert (again.amounts, again.codes) == ([["7.00"]], ["RB413"])


def test_71_an_id_with_two_contents_bills_neither(tmp_path: Path) -> None:
    usage = "usage: [{id: a, n: 3, chain: eth}, {id: b, n: 4, chain: eth}, {id: a, n: 5, chain: eth}]"
    twice = rated(tmp_path, PRICED + usage)
    assert (twice.amounts, twice.codes) == ([["4.00"]], ["RB411"])


def test_72_a_negative_event_takes_back_what_its_period_used(tmp_path: Path) -> None:
    usage = "usage: [{n: 30, chain: eth}, {n: -12, chain: eth}]"
    assert rated(tmp_path, PRICED + usage).amounts == [["18.00"]]


def test_72_a_period_that_adds_up_to_less_than_zero_is_reported_and_never_clamped(tmp_path: Path) -> None:
    usage = "usage: [{n: 30, chain: eth}, {n: -42, chain: eth}]"
    below = rated(tmp_path, PRICED + usage)
    assert (below.documents, below.codes) == ([], ["RB507"])


def test_72_what_one_meter_takes_back_counts_on_the_ladder_of_all(tmp_path: Path) -> None:
    shared = """
meters: {calls: {unit: call, where: {kind: call}}, bytes: {unit: byte, where: {kind: byte}}}
rule: {meters: [{meter: calls}, {meter: bytes, factor: 0.5}], unit: u, price: {amount: 1, per: 1}}
usage: [{n: 30, kind: call}, {n: -20, kind: byte}]
"""
    back = rated(tmp_path, shared)
    assert (back.totals, back.codes) == ({"acme": "20.00"}, [])


def test_74_unknown_subjects_and_keys_are_reported_with_counts_and_not_billed(tmp_path: Path) -> None:
    book = """
rule: {multiply_by: [weights], lines_by: [chain], price: {amount: 1, per: 1}}
multipliers: {weights: {by: [chain], values: {eth: 2}}}
"""
    usage = "usage: [{n: 1, chain: eth}, {n: 1, chain: new}, {n: 1, chain: eth, org: nobody}, {n: 1}]"
    unknown = rated(tmp_path, book + usage)
    assert (unknown.amounts, unknown.codes) == ([["2.00"]], ["RB501", "RB504"])


def test_76_a_value_that_is_missing_is_reported_and_zero_is_a_value(tmp_path: Path) -> None:
    missing = rated(tmp_path, PRICED + "usage: [{n: 0, chain: eth}, {n: 5, chain: sol}, {chain: ton}]")
    assert (missing.amounts, missing.codes) == ([["0.00", "5.00"]], ["RB409"])


def test_77_test_traffic_is_left_out_by_its_meter(tmp_path: Path) -> None:
    meter = "meter: {where: {sandbox: {not_in: [true]}}}\nrule: {price: {amount: 1, per: 1}}\n"
    usage = "usage: [{n: 3, sandbox: false}, {n: 4, sandbox: true}, {n: 5}]"
    real = rated(tmp_path, meter + usage)
    assert (real.amounts, real.codes) == ([["8.00"]], [])


def test_78_a_key_with_very_many_values_is_no_dimension_of_lines(tmp_path: Path) -> None:
    """What a rule does not tell apart costs nothing: a thousand methods are one line."""
    methods = ", ".join(f"{{n: 1, chain: eth, method: m{number}}}" for number in range(1000))
    many = rated(tmp_path, f"{PRICED}usage: [{methods}]")
    assert many.amounts == [["1000.00"]]
