"""Equal meaning, equal bytes: canonical JSON, digests, ids."""

import doctest
import importlib
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.canonical import business_id, canonical_json, digest, digest_bytes
from ratebook.money import EXACT

documents: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text()
    | st.decimals(-9, 9, places=3),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.text("abcXYZ-09", max_size=4), below, max_size=4)
    ),
    max_leaves=12,
)


def test_b17_a_decimal_is_a_plain_string_whatever_its_exponent() -> None:
    numbers = [Decimal("1E+3"), Decimal("1.10"), Decimal("-0.00"), Decimal("0.0000012")]
    assert canonical_json(numbers) == b'["1000","1.1","0","0.0000012"]'


def test_b17_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical_json({"b": 1, "a": [True, None, {}]}) == b'{"a":[true,null,{}],"b":1}'


def test_b19_texts_are_written_as_they_are() -> None:
    """RFC 8785 escapes control characters alone; é and e with an accent are two texts, NUL is one character."""
    assert (
        canonical_json(["é", "e\u0301", "\u0000\u200b", '"\\'])
        == '["é","e\u0301","\\u0000\u200b","\\"\\\\"]'.encode()
    )


@pytest.mark.parametrize(
    "odd",
    [2**53, -(2**53), date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, b"x", object(), "\ud800"],
)
def test_b17_what_json_has_no_place_for_is_refused(odd: object) -> None:
    with pytest.raises(TypeError):
        canonical_json({"x": odd})


@given(documents)
def test_e59_the_order_of_keys_has_no_meaning(document: Any) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(one) for one in value] if isinstance(value, list) else value

    assert digest(document) == digest(turned(document))


@given(documents, documents)
def test_e59_another_meaning_has_another_digest(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) is (canonical_json(one) == canonical_json(other))


def test_a_digest_names_its_algorithm() -> None:
    assert digest_bytes(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest({}) == digest_bytes(b"{}")


def test_an_id_comes_from_business_identity_alone() -> None:
    assert business_id("inv", "acme", "2026-11-01T00:00:00Z", "period", 0) == "inv_a98c168fe0155b2c3d5bbc4c"


def test_an_id_keeps_apart_what_runs_together() -> None:
    ids = {
        business_id("inv", *parts)
        for parts in [("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", 0), ("ab", "c", "0")]
    }
    assert len(ids) == 5


@pytest.mark.parametrize(
    "module", ["money", "canonical", "template", "compiler.prices", "compiler.tree", "invoice.line"]
)
def test_the_examples_of_docstrings_are_true(module: str) -> None:
    with localcontext(EXACT):
        results = doctest.testmod(importlib.import_module(f"ratebook.{module}"))
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_no_hash_seed_changes_a_digest(seed: str) -> None:
    code = "from ratebook.canonical import digest; print(digest({k: [k] for k in {'x', 'y', 'z', 'chain', 'method'}}))"
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest({key: [key] for key in ("chain", "method", "x", "y", "z")})
