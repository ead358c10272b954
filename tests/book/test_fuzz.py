"""Whatever stands in the files of a book, reading it gives findings and never an exception."""

from hypothesis import given
from hypothesis import strategies as st

from ratebook.book import Loaded, load
from ratebook.book.reader import read_yaml
from tests.book.small_book import BOOK, broken

CSV = "id,org,type,spec,plan,start,overrides.calls.included\nb-1,org_b1,hybrid,world,pro,2026-01-01,60_000\n"
FACTORS = {
    "specs/multipliers/weights.yaml": "by: [chain, network]\nversions:\n  - table: weights.csv\n",
    "specs/multipliers/weights.csv": "chain,network,factor\neth,main,2\ndefault,default,0.5\n",
}
FILES = {**BOOK, **FACTORS, "contracts/many.csv": CSV}
PIECES = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "\t",
        "-",
        ":",
        ",",
        "[",
        "]",
        "{",
        "}",
        "#",
        "&a",
        "*a",
        "<<",
        "!!str",
        "null",
        "~",
        "versions: ",
        "true",
        "0",
        "-1",
        "1e9",
        "1_000",
        "2026-02-30",
        "from: ",
        "value: ",
        "default",
        "matrix",
        "{{",
        "}}",
        "{%",
        "|",
        "'",
        '"',
        "é",
        "\u200b",
        "\ud7ff",
        "[[1]]",
        "{a: {b: 1}}",
        "price: {model: matrix, by: [chain], values: {x: {y: 1}}}",
    ]
)


def whole(loaded: Loaded) -> None:
    """Look at all that a caller looks at."""
    assert (loaded.book is None) == any(finding.severity == "error" for finding in loaded.findings)
    for finding in loaded.findings:
        assert finding.message
        if finding.position is not None:
            loaded.places.source_line(finding.position)
    if loaded.book is not None:
        assert sum(1 for _ in loaded.book.contracts()) == loaded.contracts


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    document = read_yaml("x.yaml", data)

    assert document.root is not None or document.findings


@given(st.sampled_from(sorted(FILES)), st.binary(max_size=60))
def test_any_file_may_hold_any_bytes(file: str, data: bytes) -> None:
    whole(load(broken({}) | {name: text.encode() for name, text in FILES.items()} | {file: data}))


@given(st.sampled_from(sorted(FILES)), st.data())
def test_any_file_may_be_mangled(file: str, data: st.DataObject) -> None:
    text = FILES[file]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    mangled = text[:start] + data.draw(PIECES) + text[end:]

    whole(load({name: one.encode() for name, one in FILES.items()} | {file: mangled.encode()}))


SCALARS = st.sampled_from(
    ["a", "eth", "2026-01-01", "usage", "free", "1", "-1", "0.5", "true", '""', "pro@2", "USD"]
)
TREES = st.recursive(
    SCALARS,
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from(
                [
                    "versions",
                    "value",
                    "from",
                    "amount",
                    "per",
                    "tiers",
                    "model",
                    "by",
                    "values",
                    "USD",
                    "id",
                    "percent",
                    "x",
                ]
            ),
            below,
            max_size=4,
        ).map(lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"),
    ),
    max_leaves=8,
)
KEYS = {
    "specs/rating/calls.yaml": ["price", "where", "convert", "description", "multiply_by", "lines_by"],
    "plans/pro.yaml": ["charges", "fees", "minimum", "cycle", "name"],
    "contracts/acme.yaml": [
        "overrides",
        "discounts",
        "price_fixed",
        "customer",
        "subjects",
        "start",
        "end",
        "credits",
    ],
    "specs/world.yaml": ["tax", "fx", "invoice", "rounding"],
    "meters/calls.yaml": ["dimensions", "where", "value"],
    "specs/multipliers/weights.yaml": ["by", "values", "versions", "table"],
}


@given(st.sampled_from([(file, key) for file, keys in KEYS.items() for key in keys]), TREES)
def test_any_key_may_hold_any_value(where: tuple[str, str], value: str) -> None:
    file, key = where
    rest = [line for line in FILES[file].splitlines() if not line.startswith((f"{key}:", " "))]
    text = "\n".join([*rest, f"{key}: {value}"]) + "\n"

    whole(load({name: one.encode() for name, one in FILES.items()} | {file: text.encode()}))
