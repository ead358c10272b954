"""A simulation as a report: one HTML file with its own styles, script and charts, which loads nothing."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import Template

from ratebook.preview import simulation_words, wording
from ratebook.preview.html import page_policy, part_of_report, report_environment
from ratebook.preview.simulation_charts import currency_charts, spread

MOST_CONTRACTS: Final = 2_000
"""More would make the page slow; the JSON and the tables have all of them."""


def draw_simulation_html(document: Mapping[str, Any], most: int = MOST_CONTRACTS) -> str:
    """Draw a simulation as a self-contained page.

    Args:
        document: what is drawn.
        most: how many contracts are listed, those that move most, then those that bring in most.
    """
    style, script = part_of_report("report.css"), part_of_report("report.js")
    return _template().render(
        document=document,
        contracts=simulation_words.listed(document)[:most],
        cheaper={one["contract"]: one for one in document["cheaper_plans"]},
        spread=spread(document),
        charts=list(currency_charts(document)),
        style=style,
        script=script,
        policy=page_policy(style, script),
    )


@lru_cache
def _template() -> Template:
    environment = report_environment()
    environment.filters["rounded"] = simulation_words.rounded
    environment.globals |= {
        "counted": wording.counted,
        "as_if_words": simulation_words.as_if_words,
        "months_words": simulation_words.months_words,
        "movers": simulation_words.movers,
        "finding_words": simulation_words.finding_words,
        "rate_words": simulation_words.rate_words,
    }
    return environment.from_string(part_of_report("simulation.html"))
