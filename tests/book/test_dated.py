"""Dated values: plain or as versions, with common keys beside them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from ratebook.book.model import Fee, Graduated, RatingRule
from ratebook.book.reader import read_yaml


def fee(amount: str) -> Fee:
    root = read_yaml("fee.yaml", f"id: f\nname: F\namount: {amount}\n".encode()).root
    assert root is not None
    return Fee.model_validate(root.data)


@pytest.mark.parametrize(
    ("amount", "versions"),
    [
        ("3", [(None, Decimal(3), "")]),
        ("{USD: 3}", [(None, {"USD": Decimal(3)}, "")]),
        ("{versions: [{value: 3}]}", [(None, Decimal(3), "versions/0")]),
        (
            "{versions: [3, {from: 2026-05-01, value: 4}]}",
            [(None, 3, "versions/0"), (date(2026, 5, 1), 4, "versions/1")],
        ),
        (
            "{EUR: 2, versions: [{USD: 3}, {from: 2026-05-01, USD: 4}]}",
            [
                (None, {"EUR": 2, "USD": 3}, "versions/0"),
                (date(2026, 5, 1), {"EUR": 2, "USD": 4}, "versions/1"),
            ],
        ),
        ("{versions: [{value: {USD: 3}}]}", [(None, {"USD": 3}, "versions/0")]),
    ],
)
def test_an_amount_may_be_dated(amount: str, versions: list[tuple[object, object, str]]) -> None:
    assert [(one.from_, one.value, one.path) for one in fee(amount).amount.versions] == versions


def test_keys_beside_versions_complete_each_of_them() -> None:
    price = {
        "model": "graduated",
        "per": 10,
        "versions": [{"tiers": [{"amount": 1}]}, {"from": "2026-05-01", "tiers": [{"amount": 2}]}],
    }
    rule = RatingRule.model_validate({"meter": "m", "price": price})
    assert rule.price is not None

    for version, amount in zip(rule.price.versions, (1, 2), strict=True):
        assert isinstance(version.value, Graduated)
        assert version.value.tiers[0].amount == amount
        assert version.value.tiers[0].per == 10


def test_pitfall_d39_a_time_carries_its_offset() -> None:
    (version,) = fee("{versions: [{from: 2026-06-15T14:00:00+03:00, value: 3}]}").amount.versions

    assert version.from_ == datetime(2026, 6, 15, 14, tzinfo=timezone(timedelta(hours=3)))
    assert version.from_ == datetime(2026, 6, 15, 11, tzinfo=UTC)


def test_a_book_is_immutable() -> None:
    with pytest.raises(ValueError, match="frozen"):
        fee("3").quantity = Decimal(2)  # type: ignore[misc]
