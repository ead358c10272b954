"""Trees with `default`: the named key first, level by level, and back again where a branch has no answer."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.compiler.tree import Tree

WEIGHTS = Tree.of(
    2,
    {
        ("ethereum", "default"): 1,
        ("ethereum", "eth_call"): 26,
        ("solana", "getBlock"): 5,
        ("default", "getBlock"): 3,
        ("default", "trace"): 9,
    },
)


@pytest.mark.parametrize(
    ("chain", "method", "found"),
    [
        ("ethereum", "eth_call", 26),
        ("ethereum", "trace", 1),  # the named chain goes before the named method of `default`
        ("solana", "getBlock", 5),
        ("solana", "trace", 9),  # solana has no answer: back to `default`
        ("solana", "getSlot", None),
        ("base", "getBlock", 3),
        ("ethereum", None, 1),
        (None, "trace", 9),
        (None, None, None),
        ("", "trace", 9),
        ("default", "trace", 9),
    ],
)
def test_the_most_specific_answer_from_the_first_level_on(
    chain: str | None, method: str | None, found: int | None
) -> None:
    answer = WEIGHTS.resolve((chain, method))
    assert (answer and answer[1]) == found


def test_an_answer_says_by_which_path() -> None:
    assert WEIGHTS.resolve(("solana", "trace")) == (("default", "trace"), 9)


def test_the_named_keys_are_without_default() -> None:
    chains, methods = WEIGHTS.named()
    assert chains == {"ethereum", "solana"}
    assert methods == {"eth_call", "getBlock", "trace"}


keys = st.sampled_from(["a", "b", "c", "default"])
trees = st.integers(1, 3).flatmap(
    lambda depth: st.dictionaries(st.tuples(*[keys] * depth), st.integers(), max_size=8).map(
        lambda leaves: Tree.of(depth, leaves)
    )
)


def walk(tree: Tree[int], path: tuple[str, ...], rest: Sequence[str | None]) -> int | None:
    """Look for a leaf level by level, the plain way."""
    if not rest:
        return tree.leaves.get(path)
    for key in (rest[0], "default"):
        if key is not None and (found := walk(tree, (*path, key), rest[1:])) is not None:
            return found
    return None


@given(trees, st.lists(st.sampled_from(["a", "b", "x", None]), min_size=3, max_size=3))
def test_looking_up_is_walking_with_backtracking(tree: Tree[int], values: list[str | None]) -> None:
    found = tree.resolve(values[: tree.depth])
    assert (found and found[1]) == walk(tree, (), values[: tree.depth])


@given(trees, st.lists(st.sampled_from(["a", "b", "x", None]), min_size=3, max_size=3))
def test_all_combinations_say_the_same_as_looking_up(tree: Tree[int], values: list[str | None]) -> None:
    """SQL knows only combinations, with None for any key that is not named at its level."""
    named = tree.named()
    combinations = dict(tree.combinations(named))
    key = tuple(value if value in names else None for value, names in zip(values, named, strict=False))
    found = tree.resolve(values[: tree.depth])
    assert combinations.get(key) == (found and found[1])
