"""The strict reader: numbers as typed, YAML 1.2 scalars, places of keys and values, limits."""

from decimal import Decimal

import pytest

from ratebook.book.reader import MOST_BYTES, Document, read_yaml
from ratebook.book.scalars import UnclearScalarError, read_scalar


def read(text: str) -> Document:
    return read_yaml("test.yaml", text.encode())


def data(text: str) -> object:
    document = read(text)
    assert document.root is not None
    assert not document.findings
    return document.root.data


def codes(text: str | bytes) -> list[str]:
    document = read_yaml("test.yaml", text.encode() if isinstance(text, str) else text)
    return [finding.code for finding in document.findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.0000012", Decimal("0.0000012")),
        ("12345678901234567.89", Decimal("12345678901234567.89")),
        ("1.10", Decimal("1.10")),
        ("1_000_000", 1_000_000),
        ("1_000.000_5", Decimal("1000.0005")),
        ("-3", -3),
        ("-0", 0),
        ("-0.0", Decimal("0.0")),
        ("0", 0),
    ],
)
def test_pitfall_b13_a_number_is_what_was_typed(text: str, value: object) -> None:
    found = read_scalar(text)

    assert found == value
    assert type(found) is type(value)
    assert not str(found).startswith("-0")


@pytest.mark.parametrize(
    "text",
    ["NO", "no", "on", "yes", "off", "y", "1:30", "12:30:45", "2026-02-29", "1.2.3", "0x", "1e", "٣", "10 %"],
)
def test_pitfall_b14_a_text_stays_a_text(text: str) -> None:
    assert read_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("false", False), ("null", None), ("~", None), ("", None)]
)
def test_pitfall_b14_only_true_and_false_are_truth_values(text: str, value: object) -> None:
    assert read_scalar(text) is value


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("1e-6", "write 0.000001, or"),
        ("1E3", "write 1000, or"),
        (".5", "write 0.5, or"),
        ("5.", "write 5, or"),
        ("+10", "write 10, or"),
        ("1,000.50", "write 1000.5, or"),
        ("1__000", "write 1000, or"),
        ("010", 'or "010" in quotes for the text'),
        ("0777", 'or "0777" in quotes'),
        ("0x1F", 'or "0x1F" in quotes'),
        (".inf", 'or ".inf" in quotes'),
        ("-.NaN", 'or "-.NaN" in quotes'),
        ("True", 'write true, or "True" for the text'),
    ],
)
def test_pitfall_b15_what_looks_like_a_number_but_is_none_is_refused(text: str, advice: str) -> None:
    with pytest.raises(UnclearScalarError) as caught:
        read_scalar(text)

    assert advice in caught.value.help


@pytest.mark.parametrize("text", ["1e999999999", "9" * 31, "0." + "1" * 19, "9" * 5_000])
def test_pitfall_b16_endless_numbers_are_refused(text: str) -> None:
    with pytest.raises(UnclearScalarError):
        read_scalar(text)


def test_a_quoted_scalar_is_a_text() -> None:
    assert data('a: "1"\nb: \'true\'\nc: ""\n') == {"a": "1", "b": "true", "c": ""}


def test_keys_are_texts_as_typed() -> None:
    assert data("NO: 1\n1.10: 2\n100: 3\ntrue: 4\n") == {"NO": 1, "1.10": 2, "100": 3, "true": 4}


def test_pitfall_b14_a_duplicate_key_is_an_error_at_its_place() -> None:
    (finding,) = read("a: 1\nb: 2\na: 3\n").findings

    assert finding.code == "RB103"
    assert finding.position == ("test.yaml", 3, 1, 1)
    assert "line 1" in finding.help


def test_all_errors_are_found_and_not_only_the_first() -> None:
    assert codes("a: 010\nb:\nc: &x 1\nd: *x\na: 2\n") == ["RB107", "RB110", "RB104", "RB104", "RB103"]


def test_a_byte_order_mark_is_no_error() -> None:
    assert read_yaml("test.yaml", b"\xef\xbb\xbfa: 1\n").findings == ()


@pytest.mark.parametrize("text", ["a: 1\r\nb: 2\r\n", "# only\n\na: 1\nb: 2", "---\na: 1\nb: 2\n...\n"])
def test_line_ends_comments_and_markers_change_nothing(text: str) -> None:
    assert data(text) == {"a": 1, "b": 2}


def test_bytes_that_are_not_utf8_are_placed() -> None:
    (finding,) = read_yaml("test.yaml", b"a: 1\nb: \xff\n").findings

    assert (finding.code, finding.position) == ("RB101", ("test.yaml", 2, 4, 1))


@pytest.mark.parametrize(
    "text",
    ["[" * 40 + "]" * 40, "{a: " * 40 + "1" + "}" * 40, "[" + "1," * 200_001 + "1]"],
    ids=["lists", "mappings", "values"],
)
def test_a_file_that_is_too_deep_or_holds_too_much_is_refused(text: str) -> None:
    assert codes(text) == ["RB109"]


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    assert codes(b"#" * (MOST_BYTES + 1)) == ["RB109"]


def test_a_billion_laughs_are_refused() -> None:
    bomb = "a: &a [1]\n" + "".join(
        f"{name}: &{name} [*{before}, *{before}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )

    assert set(codes(bomb)) == {"RB104"}


def test_positions_count_characters_and_not_bytes() -> None:
    root = read("ülke: Türkiye\nşehir: {ad: İzmir}\n").root

    assert root is not None
    city = root.child("şehir")
    assert city is not None
    name = city.child("ad")
    assert name is not None
    assert (city.key, name.key, name.mark) == ((2, 1, 5), (2, 9, 2), (2, 13, 5))
