"""The comment as text: its marker, when it is written, and where it is cut."""

from ratebook.ci.comment import Marker, compose, decide, marker_of, read_marker

MARKER = Marker("12ab", 7, "90cd")
LINE = "<!-- ratebook:preview v1 head=12ab run=7 plan=90cd -->\n"
SECTIONS = "Totals\n\n## Causes\n| a | b |\n\n## Contracts\n" + "| acme | 1.00 |\n" * 20


def of_run(run: int, text: str = "nothing changes") -> str:
    return compose(text, Marker("12ab", run, "90cd"), 10_000, "the run")


def test_the_marker_is_the_first_line_and_can_be_read_again() -> None:
    written = compose("nothing changes\n\n", MARKER, 10_000, "the run")
    assert written == f"{LINE}nothing changes\n"
    assert read_marker(written) == MARKER


def test_a_text_without_a_marker_at_its_beginning_is_no_preview() -> None:
    assert read_marker(f"look at this:\n{LINE}") is None
    assert read_marker("<!-- ratebook:preview v2 -->\n") is None


def test_the_marker_tells_texts_apart() -> None:
    assert marker_of("a", "12ab", 7) == ("12ab", 7, "ca978112ca1bbdca")
    assert marker_of("b", "12ab", 7).plan != "ca978112ca1bbdca"


def test_a_first_comment_is_created() -> None:
    assert decide(None, of_run(7)) == "created"


def test_another_preview_is_updated() -> None:
    assert decide(of_run(7), of_run(7, "acme pays more")) == "updated"


def test_an_equal_comment_is_left_as_it_is_however_the_platform_keeps_its_lines() -> None:
    assert decide(of_run(7).replace("\n", "\r\n").rstrip(), of_run(7)) == "equal"


def test_an_equal_preview_of_a_later_run_renews_the_marker() -> None:
    """Else a run between the two, ending last, would take itself for the newest."""
    assert decide(of_run(7), of_run(9)) == "updated"


def test_a_comment_of_a_later_run_is_not_replaced() -> None:
    assert decide(of_run(9), of_run(8, "acme pays more")) == "older"


def test_what_somebody_changed_by_hand_is_written_again() -> None:
    assert decide(f"{of_run(7)}and I say no", of_run(7)) == "updated"


def test_a_long_preview_keeps_whole_sections_and_says_where_the_rest_is() -> None:
    note = "\n> **This is not all of it:** a comment holds 240 characters. The whole preview is in the run.\n"
    written = compose(SECTIONS, MARKER, 240, "the run")
    assert written == f"{LINE}Totals\n\n## Causes\n| a | b |\n\n{note}"
    assert len(written) <= 240


def test_a_preview_that_just_fits_is_whole() -> None:
    assert compose(SECTIONS, MARKER, len(LINE) + len(SECTIONS), "the run") == f"{LINE}{SECTIONS}"


def test_a_heading_within_code_or_a_folded_part_begins_no_section() -> None:
    text = "Totals\n\n## Shown\n<details>\n\n## a\n</details>\n```\n## b\n```\n" + "row\n" * 50
    written = compose(text, MARKER, 240, "the run")
    assert "## " not in written
    assert written.startswith(f"{LINE}Totals\n")


def test_a_first_section_that_does_not_fit_is_cut_at_a_whole_line() -> None:
    written = compose("| row |\n" * 100, MARKER, 240, "the run")
    rows = written.removeprefix(LINE).partition("\n> **")[0]
    assert rows.endswith("| row |\n")
    assert len(written) <= 240
