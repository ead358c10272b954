"""A diff document as a report: one HTML file with its own styles, script and charts, which loads nothing.

Styles and script are named by their hashes in the page's security policy: what else a page might hold does not run.
"""

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from ratebook.invoice.text import grouped
from ratebook.preview import wording
from ratebook.preview.document import ContractChange, DiffDocument
from ratebook.preview.report_charts import currency_charts, spread

MOST_CONTRACTS: Final = 2_000
"""More would make the page slow; the JSON has all of them."""

_SAID: Final = (
    "counted",
    "from_causes",
    "is_unchanged",
    "kinds_of",
    "movers",
    "name_of",
    "place_of",
    "reach",
    "shields_of",
    "sides",
    "usage_rows",
    "verdict_of",
    "was_now",
)
"""Functions of `wording` that the template uses."""


def draw_html(document: DiffDocument, most: int = MOST_CONTRACTS) -> str:
    """Draw a diff document as a self-contained page.

    Args:
        document: what is drawn.
        most: how many contracts are listed, those that move most; charts and totals are of all of them.
    """
    style, script = part_of_report("report.css"), part_of_report("report.js")
    return _template().render(
        document=document,
        contracts=document["contracts"][:most],
        spread=spread(document),
        charts=list(currency_charts(document)),
        style=style,
        script=script,
        policy=page_policy(style, script),
    )


def page_policy(style: str, script: str) -> str:
    """Say what a page may do: apply its own style and run its own script, and nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; "
        "form-action 'none'"
    )


def tone(amount: str) -> str:
    """Give the class that colours an amount by its sign."""
    return "down" if amount.startswith("-") else "up" if amount.strip("0.") else "level"


def found_by(contract: ContractChange) -> str:
    """Give the words by which a contract is found."""
    words = (contract["contract"], contract["customer"], contract["spec"], contract["plan"])
    return " ".join(word for word in words if word)


def report_environment() -> Environment:
    """Give what templates of reports have in common: everything is escaped, nothing may be missing."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "grouped": grouped,
        "signed": wording.signed,
        "percent": wording.percent,
        "tone": tone,
    }
    return environment


@lru_cache
def _template() -> Template:
    environment = report_environment()
    environment.filters["found_by"] = found_by
    environment.globals |= {name: getattr(wording, name) for name in _SAID}
    environment.globals |= {"SHIELDS": wording.SHIELDS, "VERDICTS": wording.VERDICTS}
    return environment.from_string(part_of_report("report.html"))


@lru_cache
def part_of_report(name: str) -> str:
    """Read one of the files that a report is made of."""
    return files("ratebook.preview").joinpath("report", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
