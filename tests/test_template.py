"""Templates: names, filters and `if`; rendered in batches; what they may not hold is refused."""

from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratebook.template import Rows, Template, TemplateError, compact, compile_template

LABELS = {"chain": {"eth": "Ethereum", "sol": "Solana"}}


def render(source: str, **row: str) -> str:
    (text,) = compile_template(source, LABELS).render(Rows(1, {name: [value] for name, value in row.items()}))
    return text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Requests", "Requests"),
        ("", ""),
        ("{{ chain }}", "eth"),
        ("{{ chain | label }} / {{ chain }}", "Ethereum / eth"),
        ("{{ other | label }}", "x"),
        ("{{ other | label('chain') }}", "x"),
        ("{{ chain | label | upper }}", "ETHEREUM"),
        ("{{ quantity | compact }} requests", "1.23 M requests"),
        ("{{ nil | default('-') }}{{ chain | default('-') }}", "-eth"),
        ("{% if chain == 'eth' %}A{% elif chain == 'sol' %}B{% else %}C{% endif %}", "A"),
        ("{% if chain != 'eth' %}A{% elif nil %}B{% elif other == 'x' %}D{% else %}C{% endif %}", "D"),
        ("{% if nil or not chain %}A{% else %}C{% endif %}", "C"),
        ("{% if chain and other %}A{% endif %}!", "A!"),
        ("{# no #}{{ 'a text' }}\n", "a text\n"),
        ("Yalova'dan İzmir'e {{ chain }}", "Yalova'dan İzmir'e eth"),
    ],
)
def test_a_template_renders(source: str, text: str) -> None:
    assert render(source, chain="eth", other="x", nil="", quantity="1234567") == text


def test_many_rows_are_rendered_at_once() -> None:
    template = compile_template("{{ chain | label }}{% if n == '1' %}!{% endif %}", LABELS)

    assert template.render(Rows(2, {"chain": ["eth", "ton"], "n": ["1", "2"]})) == ["Ethereum!", "ton"]
    assert template.render(Rows(0, {"chain": [], "n": []})) == []
    assert compile_template("").render(Rows(2, {})) == ["", ""]


def test_a_template_says_what_it_uses() -> None:
    template: Template = compile_template("{{ a | label }} {% if b %}{{ c | label('d') }}{% endif %}")

    assert sorted(template.names) == ["a", "b", "c"]
    assert sorted(template.labels) == ["a", "d"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ a.b }}", "a dot"),
        ("{{ a['b'] }}", "an index"),
        ("{{ a() }}", "a call"),
        ("{{ 1 }}", "a number or word"),
        ("{{ a + b }}", "something"),
        ("{{ 'x' * 1000000000 }}", "something"),
        ("{% for a in b %}{% endfor %}", "a loop"),
        ("{% set a = b %}", "an assignment"),
        ("{% include 'x' %}", "something"),
        ("{% if a is defined %}{% endif %}", "a test with `is`"),
        ("{% if a > b %}{% endif %}", "something"),
        ("{{ a if b else c }}", "something"),
        ("{{ a | upper('x') }}", "used wrongly"),
        ("{{ a | default }}", "used wrongly"),
        ("{{ a | default(b) }}", "something"),
        ("{{ 'x' | label }}", "follows a name"),
        ("{{ a", "breaks off"),
        ("{% if a %}", "breaks off"),
        ("{{ " + "(" * 900 + "a", "nested too deeply|breaks off"),
        ("x" * 2_001, "too long"),
    ],
)
def test_what_a_template_may_not_hold_is_refused(source: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        compile_template(source)


@pytest.mark.parametrize("name", ["format", "round", "float", "int", "safe", "attr", "map", "e"])
def test_pitfall_a10_no_filter_prints_another_amount_than_was_computed(name: str) -> None:
    with pytest.raises(TemplateError, match=f"no filter `{name}`"):
        compile_template(f"{{{{ a | {name} }}}}")


def test_an_error_names_its_line() -> None:
    with pytest.raises(TemplateError) as caught:
        compile_template("one\n{{ two }}\n{{ three | round }}")

    assert (caught.value.line, caught.value.word) == (3, "round")


def test_pitfall_b18_letters_change_by_ascii_alone() -> None:
    assert render("{{ a | lower }} {{ a | upper }}", a="INVOICE ıİ i") == "invoice ıİ i INVOICE ıİ I"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("0", "0"),
        ("7", "7"),
        ("999", "999"),
        ("999.5", "1 k"),
        ("1000", "1 k"),
        ("1234", "1.23 k"),
        ("1235", "1.24 k"),
        ("999999", "1 M"),
        ("40000000", "40 M"),
        ("1234567890", "1.23 G"),
        ("-1500", "-1.5 k"),
        ("0.25", "0.25"),
        ("0.00012345", "0.000123"),
        ("1" + "0" * 40, "10000000000000000000000 E"),
        ("", ""),
        ("n/a", "n/a"),
    ],
)
def test_compact_keeps_three_digits(text: str, short: str) -> None:
    assert compact(text) == short


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_compact_is_the_same_whatever_the_context(number: Decimal) -> None:
    text = format(number, "f")
    with localcontext(prec=5, rounding=ROUND_HALF_EVEN):
        compact.cache_clear()
        narrow = compact(text)
    compact.cache_clear()

    assert compact(text) == narrow


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_is_compiled_or_refused(source: str, value: str) -> None:
    with suppress(TemplateError):
        template = compile_template(source)
        assert len(template.render(Rows(1, {name: [value] for name in template.names}))) == 1
